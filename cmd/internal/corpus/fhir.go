package corpus

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"kartoteka/seal/patient"
)

// object is a JSON object; encoding/json writes its keys sorted, so the bytes are the same every time.
type object map[string]any

// fhirDocument collects the entries of a FHIR R4 document: a Composition first, then all it points at.
type fhirDocument struct {
	s       sheet
	entries []object
}

// put adds a resource and returns the reference to it.
func (d *fhirDocument) put(resource object) object {
	url := "urn:uuid:" + uuid(d.s.r)
	d.entries = append(d.entries, object{"fullUrl": url, "resource": resource})
	return object{"reference": url}
}

func (f *folder) addFHIR(s sheet) {
	f.writeFHIR(s, panel(s.r, between(s.r, 4, 10)), true)
}

// addLabFHIR is a short one: the results, without prose.
func (f *folder) addLabFHIR(s sheet) {
	f.writeFHIR(s, panel(s.r, between(s.r, 1, 2)), false)
}

func (f *folder) writeFHIR(s sheet, panel []result, prose bool) {
	d := &fhirDocument{s: s, entries: make([]object, 1)}
	subject, visit, writer := d.put(d.patient()), d.put(d.encounter()), d.put(d.practitioner())
	var measured []object
	for _, m := range panel {
		measured = append(measured, d.put(d.observation(m, subject)))
	}
	sections := []object{d.section("results", "30954-2", resultList(s, panel), measured)}
	if prose {
		sections = append(sections,
			d.section("complaint", "46239-0", s.paragraph(s.complaint, 2, 4), nil), d.section("exam", "29545-1", s.paragraph(s.exam, 5, 9), nil),
			d.section("course", "8648-8", s.paragraph(s.course, 4, 8), nil), d.section("advice", "18776-5", s.paragraph(s.advice, 3, 6), nil))
	}
	d.entries[0] = object{"fullUrl": "urn:uuid:" + s.id, "resource": object{
		"resourceType": "Composition", "status": "final", "language": s.code + "-" + s.region, "type": coding("http://loinc.org", cdaCodes[s.kind]),
		"subject": subject, "encounter": visit, "author": []object{writer}, "date": s.at.Format(time.RFC3339), "title": s.title() + ". " + s.made,
		"confidentiality": "N", "section": sections,
		"identifier": object{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:" + s.set},
	}}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // hospital systems write < as it is
	err := encoder.Encode(object{
		"resourceType": "Bundle", "type": "document", "timestamp": s.at.Format(time.RFC3339), "entry": d.entries,
		"identifier": object{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:" + s.id},
	})
	if err != nil {
		panic(err) // maps of strings and numbers: cannot fail
	}
	f.add(s, "json", "application/fhir+json", text.Bytes())
}

func coding(system, code string) object {
	return object{"coding": []object{{"system": system, "code": code}}}
}

func (d *fhirDocument) patient() object {
	p := d.s.patient
	var ids, names []object
	for _, id := range p.Identifiers {
		entry := object{"system": "urn:oid:" + oidOf(id.System, d.s.hospital), "value": id.Value}
		if id.Role == patient.RoleMother {
			entry["use"], entry["type"] = "secondary", object{"text": "PESEL matki"}
		}
		ids = append(ids, entry)
	}
	for _, name := range p.Names {
		entry := object{"family": name.Family}
		given := name.Given
		if name.Patronymic != "" {
			given = append(given[:len(given):len(given)], name.Patronymic)
		}
		if len(given) > 0 {
			entry["given"] = given
		}
		names = append(names, entry)
	}
	gender := "male"
	if p.Sex == "F" {
		gender = "female"
	}
	return object{"resourceType": "Patient", "identifier": ids, "name": names, "gender": gender, "birthDate": p.BirthDate}
}

func (d *fhirDocument) encounter() object {
	e := d.s.encounter
	class := map[string]string{"inpatient": "IMP", "emergency": "EMER", "day": "SS"}[e.kind]
	if class == "" {
		class = "AMB"
	}
	return object{
		"resourceType": "Encounter", "status": "finished", "class": object{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": class},
		"identifier": []object{{"system": "urn:oid:" + e.hospital.Root + ".3", "value": e.id}},
		"period":     object{"start": e.start.Format(time.RFC3339), "end": e.end.Format(time.RFC3339)},
	}
}

func (d *fhirDocument) practitioner() object {
	by := d.s.doctor
	return object{"resourceType": "Practitioner", "identifier": []object{{"system": "urn:oid:" + d.s.hospital.Root + ".4", "value": by.ID}},
		"name": []object{{"family": by.Family, "given": []string{by.Given}}}}
}

func (d *fhirDocument) observation(m result, subject object) object {
	code := coding("http://loinc.org", m.loinc)
	code["text"] = m.name(d.s.code)
	quantity := func(v float64) object {
		return object{"value": json.Number(narrator{tongue: &tongue{}}.decimal(v, m.digits)), "unit": m.unit, "system": "http://unitsofmeasure.org", "code": m.unit}
	}
	return object{
		"resourceType": "Observation", "status": "final", "code": code, "subject": subject, "effectiveDateTime": d.s.at.Format(time.RFC3339),
		"valueQuantity":  quantity(m.value),
		"referenceRange": []object{{"low": quantity(m.low), "high": quantity(m.high)}},
		"interpretation": []object{coding("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", m.flag())},
	}
}

func (d *fhirDocument) section(label, loinc, text string, entries []object) object {
	section := object{"title": d.s.label[label], "code": coding("http://loinc.org", loinc),
		"text": object{"status": "generated", "div": `<div xmlns="http://www.w3.org/1999/xhtml"><p>` + xmlText.Replace(text) + "</p></div>"}}
	if len(entries) > 0 {
		section["entry"] = entries
	}
	return section
}

func resultList(s sheet, panel []result) string {
	var b strings.Builder
	for _, m := range panel {
		b.WriteString(m.name(s.code) + " " + s.decimal(m.value, m.digits) + " " + m.unit + "; ")
	}
	return b.String()
}
