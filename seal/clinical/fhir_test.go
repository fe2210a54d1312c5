package clinical

import (
	"reflect"
	"strings"
	"testing"

	"kartoteka/seal/patient"
)

// fhirSample puts members in the order a parser likes least. Its people are made up.
const fhirSample = `{
 "entry": [
  {"fullUrl": "urn:uuid:m", "resource": {"resourceType": "Patient", "id": "m",
    "name": [{"family": "Matka"}]}},
  {"fullUrl": "http://x.example/Patient/p", "resource": {
    "id": "p", "gender": "female", "birthDate": "2021-02-03",
    "contact": [{"name": {"family": "NOT-KEPT"}}],
    "identifier": [{"system": "urn:oid:2.16.840.1.113883.3.4424.1.1.616", "value": "44051401359"},
                   {"value": "MRN-1"}, {"system": "http://hospital.example/mrn", "value": "7"}],
    "name": [{"family": "Шевченко", "given": ["Олена"]}, {"text": "Olena Shevchenko"}],
    "resourceType": "Patient"}},
  {"fullUrl": "urn:uuid:c", "resource": {"resourceType": "Composition", "id": "c",
    "text": {"status": "generated", "div": "<div>NARRATIVE</div>"},
    "identifier": {"system": "urn:oid:1.2.3", "value": "set-1"},
    "language": "uk", "title": "Виписка", "date": "2026-03-05T14:30:00.123+02:00", "confidentiality": "R",
    "type": {"coding": [{"system": "http://other", "code": "X"}, {"system": "http://loinc.org", "code": "34105-7"}]},
    "subject": {"reference": "Patient/p/_history/2"},
    "encounter": {"reference": "Encounter/e"},
    "author": [{"reference": "urn:uuid:d"}],
    "relatesTo": [{"code": "replaces", "targetIdentifier": {"system": "urn:oid:1.2.3", "value": "doc-0"}},
                  {"code": "appends", "targetReference": {"reference": "Composition/z"}}],
    "section": [{"title": "SECTION", "entry": [{"reference": "Patient/m"}]}]}},
  {"fullUrl": "urn:uuid:d", "resource": {"resourceType": "Practitioner", "id": "d",
    "identifier": [{"system": "urn:oid:2.16.840.1.113883.3.4424.1.6.2", "value": "739"}],
    "name": [{"family": "Testowy", "given": ["Adam", "Jan"]}]}},
  {"resource": {"resourceType": "Encounter", "id": "e", "identifier": [{"system": "http://x.example/enc", "value": "E1"}],
    "period": {"start": "2026-03-01", "end": "2026-03-05"}}}
 ],
 "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:77"},
 "type": "document", "timestamp": "2026-03-06T00:00:00Z", "resourceType": "Bundle"}`

var fhirWant = Header{
	Format: FHIR, MediaType: "application/fhir+json", Class: "discharge_summary", Title: "Виписка", Language: "uk",
	Authored: "2026-03-05T14:30:00+02:00", Author: Author{"Adam Jan Testowy", "2.16.840.1.113883.3.4424.1.6.2^739"},
	DocID: "77", SetID: "1.2.3^set-1", Confidentiality: "R", LOINC: "34105-7",
	Relations:   []Relation{{Replaces, "1.2.3^doc-0"}, {Appends, "Composition/z"}},
	EncounterID: "http://x.example/enc^E1", ServiceStart: "2026-03-01", ServiceEnd: "2026-03-05",
	Patients: []patient.Patient{{
		Identifiers: []patient.Identifier{
			{System: "pl.pesel", Value: "44051401359", Role: "own", Country: "PL"},
			{System: "local", Value: "MRN-1", Role: "own"},
			{System: "http://hospital.example/mrn", Value: "7", Role: "own"},
		},
		Names: []patient.Name{
			{Family: "Шевченко", Given: []string{"Олена"}, Script: "Cyrl"},
			{Family: "Olena Shevchenko", Script: "Latn"},
		},
		BirthDate: "2021-02-03", Sex: "F",
	}},
}

func TestFHIRBundle(t *testing.T) {
	compare(t, mustRead(t, "x.json", fhirSample), fhirWant)
}

func TestFHIRXML(t *testing.T) {
	const doc = `<Bundle xmlns="http://hl7.org/fhir"><type value="document"/>
	<identifier><system value="urn:oid:1.2.3"/><value value="v1"/></identifier>
	<entry><fullUrl value="urn:uuid:c"/><resource><Composition><id value="c"/>
	 <text><div xmlns="http://www.w3.org/1999/xhtml">N</div></text>
	 <type><coding><system value="http://loinc.org"/><code value="60591-5"/></coding></type>
	 <title value="Santrauka"/><date value="2026-01"/><subject><reference value="urn:uuid:p"/></subject></Composition></resource></entry>
	<entry><fullUrl value="urn:uuid:p"/><resource><Patient><id value="p"/><name><family value="Šimkutė"/><given value="Ona"/></name>
	 <gender value="female"/></Patient></resource></entry>
	<entry><resource><Binary><data value="` + "QUJD" + `"/></Binary></resource></entry></Bundle>`
	compare(t, mustRead(t, "", doc), Header{
		Format: FHIR, MediaType: "application/fhir+xml", Class: "patient_summary", LOINC: "60591-5", DocID: "1.2.3^v1",
		Title: "Santrauka", Authored: "2026-01",
		Patients: []patient.Patient{{Names: []patient.Name{{Family: "Šimkutė", Given: []string{"Ona"}, Script: "Latn"}}, Sex: "F"}},
	})
}

func TestFHIRResources(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		want      Header
	}{
		{"patient", `{"resourceType":"Patient","id":"a","identifier":[{"system":"urn:oid:1.2","value":"9"}]}`,
			Header{Class: "other", DocID: "Patient/a", Patients: []patient.Patient{{Identifiers: []patient.Identifier{{System: "oid.1.2", Value: "9", Role: "own"}}}}}},
		{"document reference", `{"resourceType":"DocumentReference","masterIdentifier":{"system":"urn:ietf:rfc:3986","value":"urn:oid:1.2.3"},
			"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","name":[{"family":"Nowak"}]}],
			"type":{"coding":[{"system":"http://loinc.org","code":"11502-2"}]},"description":"Morfologia","date":"2026-02-02T10:00:00Z",
			"securityLabel":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]}],
			"relatesTo":[{"code":"signs","target":{"reference":"DocumentReference/1"}}],
			"context":{"encounter":[{"identifier":{"value":"E"}}],"period":{"start":"2026-02-01"}},
			"content":[{"attachment":{"contentType":"application/pdf","data":"SECRET"}}]}`,
			Header{Class: "lab_report", LOINC: "11502-2", DocID: "1.2.3", Title: "Morfologia", Authored: "2026-02-02T10:00:00Z",
				Confidentiality: "V", EncounterID: "E", ServiceStart: "2026-02-01", Relations: []Relation{{Signs, "DocumentReference/1"}},
				Patients: []patient.Patient{{Names: []patient.Name{{Family: "Nowak", Script: "Latn"}}}}}},
		{"diagnostic report", `{"resourceType":"DiagnosticReport","id":"r","category":[{"coding":[{"code":"RAD"}]}],"code":{"text":"RTG"},
			"effectiveDateTime":"2026-02-01","issued":"2026-02-02T00:00:00Z","performer":[{"display":"Dr T"}],
			"subject":{"identifier":{"system":"urn:oid:2.16.840.1.113883.3.4424.1.1.616","value":"44051401359"}}}`,
			Header{Class: "imaging_report", DocID: "DiagnosticReport/r", Title: "RTG", Authored: "2026-02-02T00:00:00Z", Author: Author{Name: "Dr T"},
				ServiceStart: "2026-02-01", ServiceEnd: "2026-02-01",
				Patients: []patient.Patient{{Identifiers: []patient.Identifier{{System: "pl.pesel", Value: "44051401359", Role: "own", Country: "PL"}}}}}},
		{"two reports", `{"resourceType":"Bundle","type":"collection","id":"b","entry":[{"resource":{"resourceType":"DiagnosticReport"}},{"resource":{"resourceType":"DiagnosticReport"}}]}`,
			Header{Class: "other", DocID: "Bundle/b", Warnings: []string{"several reports and no Composition, none was taken for the document"}}},
	} {
		tt.want.Format, tt.want.MediaType = FHIR, "application/fhir+json"
		t.Run(tt.name, func(t *testing.T) { compare(t, mustRead(t, "", tt.doc), tt.want) })
	}
}

// TestFHIRAttachment: megabytes of base64 go past without being held, and what stands after is read.
func TestFHIRAttachment(t *testing.T) {
	data := strings.Repeat("QUJD", 10<<20/4)
	got := mustRead(t, "", `{"resourceType":"Composition","x":{"data":"`+data+`"},"title":"after"}`)
	if got.Title != "after" || got.Warnings != nil {
		t.Errorf("JSON: got title %q, warnings %v", got.Title, got.Warnings)
	}
	got = mustRead(t, "", `<Composition xmlns="http://hl7.org/fhir"><x><data value="`+data+`"/></x><title value="after"/></Composition>`)
	if got.Title != "after" || got.Warnings != nil {
		t.Errorf("XML: got title %q, warnings %v", got.Title, got.Warnings)
	}
	huge := mustRead(t, "", `{"resourceType":"Composition","title":"before","x":"`+strings.Repeat(data, 7)+`"}`)
	if !reflect.DeepEqual(huge.Warnings, []string{"larger than 64 MiB, the rest was not read"}) || huge.Title != "before" {
		t.Errorf("huge: got title %q, warnings %v", huge.Title, huge.Warnings)
	}
}
