package clinical

import (
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"kartoteka/seal/patient"
)

// cdaSample is a discharge summary in the Polish manner. Its people are made up; the PESEL is a
// published test number.
const cdaSample = `<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet href="http://example.org/x.xsl" type="text/xsl"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:extPL="http://www.csioz.gov.pl/xsd/extPL/r2" xmlns:sdtc="urn:hl7-org:sdtc">
 <typeId extension="POCD_HD000040" root="2.16.840.1.113883.1.3"/>
 <templateId root="1.2.3"/>
 <id root="2.16.840.1.113883.3.4424.2.7.1.1.1" extension="K-17"/>
 <code code="04.10" codeSystem="2.16.840.1.113883.3.4424.11.1.32">
  <translation code="18842-5" codeSystem="2.16.840.1.113883.6.1"/>
 </code>
 <title>Karta informacyjna
   leczenia szpitalnego</title>
 <effectiveTime value="20260305143000+0100"/>
 <confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
 <languageCode code="pl-PL"/>
 <setId root="2.16.840.1.113883.3.4424.2.7.1.1.2" extension="S-9"/>
 <versionNumber value="2"/>
 <recordTarget><patientRole>
  <id root="2.16.840.1.113883.3.4424.1.1.616" extension="44051401359"/>
  <id root="2.16.840.1.113883.3.4424.2.7.1.17.1" extension="MRN-5"/>
  <id root="2.16.840.1.113883.4.1" extension="***-2222" nullFlavor="MSK"/>
  <id nullFlavor="NI"/>
  <patient>
   <sdtc:id root="9.9.9" extension="not-this"/>
   <name><given>Олена</given><given>Марія</given><family>Шевченко</family><family qualifier="BR">Коваль</family></name>
   <name nullFlavor="MSK"><family>Ukryta</family></name>
   <administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>
   <birthTime value="19440514"/>
  </patient>
  <providerOrganization><id root="1.1.1" extension="org"/><name>Szpital</name></providerOrganization>
 </patientRole></recordTarget>
 <author><time value="20260305"/><assignedAuthor>
  <id root="2.16.840.1.113883.3.4424.1.6.2" extension="7391208"/>
  <assignedPerson><name><prefix>lek.</prefix><given>Adam</given><family>Testowy</family></name></assignedPerson>
 </assignedAuthor></author>
 <author><assignedAuthor><id root="8.8" extension="8"/></assignedAuthor></author>
 <relatedDocument typeCode="RPLC"><parentDocument><id root="2.16.840.1.113883.3.4424.2.7.1.1.1" extension="K-16"/></parentDocument></relatedDocument>
 <relatedDocument typeCode="APND"><parentDocument><id root="4d1c8f0e-1111-2222-3333-444455556666"/></parentDocument></relatedDocument>
 <componentOf><encompassingEncounter>
  <id root="2.16.840.1.113883.3.4424.2.7.1.15.1" extension="KG/77"/>
  <effectiveTime><low value="20260301"/><high value="202603051200"/></effectiveTime>
 </encompassingEncounter></componentOf>
 <component><structuredBody><component><section><title>SECRET</title>
  <text>BODY &undefined;</text></section></component></structuredBody></component>
</ClinicalDocument>`

func TestCDA(t *testing.T) {
	want := Header{
		Format: CDA, MediaType: "text/xml", Class: "discharge_summary",
		Title: "Karta informacyjna leczenia szpitalnego", Language: "pl-PL",
		Authored: "2026-03-05T14:30:00+01:00",
		Author:   Author{"Adam Testowy", "2.16.840.1.113883.3.4424.1.6.2^7391208"},
		DocID:    "2.16.840.1.113883.3.4424.2.7.1.1.1^K-17",
		SetID:    "2.16.840.1.113883.3.4424.2.7.1.1.2^S-9", Version: "2",
		Relations: []Relation{
			{Replaces, "2.16.840.1.113883.3.4424.2.7.1.1.1^K-16"},
			{Appends, "4d1c8f0e-1111-2222-3333-444455556666"},
		},
		Confidentiality: "N", LOINC: "18842-5",
		EncounterID:  "2.16.840.1.113883.3.4424.2.7.1.15.1^KG/77",
		ServiceStart: "2026-03-01", ServiceEnd: "2026-03-05T12:00",
		Patients: []patient.Patient{{
			Identifiers: []patient.Identifier{
				{System: "pl.pesel", Value: "44051401359", Role: "own", Country: "PL"},
				{System: "oid.2.16.840.1.113883.3.4424.2.7.1.17.1", Value: "MRN-5", Role: "own"},
			},
			Names: []patient.Name{
				{Family: "Шевченко", Given: []string{"Олена", "Марія"}, Script: "Cyrl"},
				{Family: "Коваль", Given: []string{"Олена", "Марія"}, Script: "Cyrl"},
			},
			BirthDate: "1944-05-14", Sex: "F",
		}},
	}
	compare(t, mustRead(t, "x.xml", cdaSample), want)
}

// TestCDACharsets reads one header in every encoding.
func TestCDACharsets(t *testing.T) {
	doc := func(label, family string) string {
		return `<?xml version="1.0" encoding="` + label + `"?><ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole>` +
			`<patient><name><family>` + family + `</family></name></patient></patientRole></recordTarget>` +
			`<component><nonXMLBody/></component></ClinicalDocument>`
	}
	for _, tt := range []struct {
		label, family string
		encode        interface{ String(string) (string, error) }
	}{
		{"iso-8859-1", "Núñez", charmap.ISO8859_1.NewEncoder()},
		{"ISO-8859-2", "Łęcka", charmap.ISO8859_2.NewEncoder()},
		{"windows-1250", "Łęcka", charmap.Windows1250.NewEncoder()},
		{"Windows-1251", "Ґалаґан", charmap.Windows1251.NewEncoder()},
		{"windows-1257", "Šimkutė", charmap.Windows1257.NewEncoder()},
		{"utf-16", "Їжак", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()},
		{"UTF-16", "Їжак", unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder()},
		{"utf-16", "Їжак", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder()},
	} {
		text, err := tt.encode.String(doc(tt.label, tt.family))
		if err != nil {
			t.Fatal(err)
		}
		h := mustRead(t, "", text)
		if h.Format != CDA || len(h.Patients) != 1 || h.Patients[0].Names[0].Family != tt.family || h.Warnings != nil {
			t.Errorf("%s: got %+v", tt.label, h)
		}
	}
	if h := mustRead(t, "", "\xef\xbb\xbf"+doc("utf-8", "Łęcka")); len(h.Patients) != 1 || h.Warnings != nil {
		t.Errorf("byte order mark: got %+v", h)
	}
	if h := mustRead(t, "", doc("ebcdic-cp-be", "x")); len(h.Warnings) != 1 || !strings.Contains(h.Warnings[0], "character set") {
		t.Errorf("unknown character set: got %+v", h)
	}
}

func TestCDAOddities(t *testing.T) {
	wrap := func(s string) string {
		return `<ClinicalDocument xmlns="urn:hl7-org:v3">` + s + `<component><structuredBody/></component></ClinicalDocument>`
	}
	for _, tt := range []struct {
		name, body string
		get        func(Header) any
		want       any
	}{
		{"root alone", `<id root="1.2.3"/>`, func(h Header) any { return h.DocID }, "1.2.3"},
		{"null id", `<id nullFlavor="NI" root="1.2.3"/>`, func(h Header) any { return h.DocID }, ""},
		{"low confidentiality", `<confidentialityCode code="L"/>`, func(h Header) any { return len(h.Warnings) }, 1},
		{"foreign id", `<x:id xmlns:x="urn:x" root="1.2.3"/>`, func(h Header) any { return h.DocID }, ""},
		{"deeper id", `<custodian><id root="1.2.3"/></custodian>`, func(h Header) any { return h.DocID }, ""},
		{"bad time", `<effectiveTime value="20261399"/>`, func(h Header) any { return h.Authored + h.Warnings[0] }, "a time is not in HL7 form"},
		{"service event", `<documentationOf><serviceEvent><effectiveTime value="2020"/></serviceEvent></documentationOf>`,
			func(h Header) any { return h.ServiceStart + h.ServiceEnd }, "20202020"},
		{"undivided name", `<recordTarget><patientRole><patient><name>Jan  Nowak</name></patient></patientRole></recordTarget>`,
			func(h Header) any { return h.Patients[0].Names[0].Family }, "Jan Nowak"},
		{"root-only patient id", `<recordTarget><patientRole><id root="1.9.8"/></patientRole></recordTarget>`,
			func(h Header) any { return h.Patients[0].Identifiers[0].Value }, "urn:oid:1.9.8"},
		{"unknown sex", `<recordTarget><patientRole><id root="1.9.8"/><patient><administrativeGenderCode nullFlavor="UNK"/></patient></patientRole></recordTarget>`,
			func(h Header) any { return h.Patients[0].Sex }, "U"},
		{"two patients", `<recordTarget><patientRole><id root="1.9.8"/></patientRole></recordTarget><recordTarget><patientRole><id root="1.9.9"/></patientRole></recordTarget>`,
			func(h Header) any { return len(h.Patients) }, 2},
		{"no class", `<code code="1" codeSystem="1.1"/>`, func(h Header) any { return h.Class + h.LOINC }, "other"},
	} {
		if got := tt.get(mustRead(t, "", wrap(tt.body))); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestMoment(t *testing.T) {
	for in, want := range map[string]string{
		"2019": "2019", "201908": "2019-08", "20190824": "2019-08-24", "2019082410": "2019-08-24T10:00",
		"20190824102143": "2019-08-24T10:21:43", "20190824102143.123+0200": "2019-08-24T10:21:43+02:00",
		"201308151030-0800": "2013-08-15T10:30-08:00", "20190824102143Z": "2019-08-24T10:21:43Z",
		"20190230": "", "": "", "yesterday": "", "2019-08-24": "", "20190824+9999": "2019-08-24", "201908241021+zz": "",
	} {
		if got := moment(in); got != want {
			t.Errorf("moment(%q) = %q, want %q", in, got, want)
		}
	}
}

func mustRead(t *testing.T, name, content string) Header {
	t.Helper()
	h, err := Read(name, strings.NewReader(content))
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return h
}

func compare(t *testing.T, got, want Header) {
	t.Helper()
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		if a, b := g.Field(i).Interface(), w.Field(i).Interface(); !reflect.DeepEqual(a, b) {
			t.Errorf("%s: got %+v, want %+v", g.Type().Field(i).Name, a, b)
		}
	}
}
