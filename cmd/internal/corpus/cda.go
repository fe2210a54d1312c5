package corpus

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"kartoteka/seal/patient"
)

// cdaCodes are the LOINC document types.
var cdaCodes = map[string]string{
	"discharge": "18842-5", "visit": "34131-3", "consult": "11488-4", "emergency": "34111-5", "lab": "11502-2",
	"imaging": "18748-4", "summary": "34133-9", "referral": "57133-1", "consent": "59284-0", "certificate": "64289-2",
}

const cdaTime = "20060102150405+0000"

var xmlText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// cdaWriter writes HL7 CDA R2. Its elements stand in the order of the schema (POCD_MT000040).
type cdaWriter struct {
	bytes.Buffer
	s sheet
}

// printf escapes every string among the arguments.
func (w *cdaWriter) printf(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = xmlText.Replace(s)
		}
	}
	fmt.Fprintf(w, format, args...)
}

func (f *folder) addCDA(s sheet) {
	w := &cdaWriter{s: s}
	w.head()
	w.body()
	w.printf("</ClinicalDocument>\n")
	f.add(s, "xml", "application/xml", w.Bytes())
}

func (w *cdaWriter) head() {
	s := w.s
	w.printf(`<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <id root="%s.1.1" extension="%s"/>
  <code code="%s" codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC" displayName="%s"/>
  <title>%s</title>
  <effectiveTime value="%s"/>
  <confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
  <languageCode code="%s-%s"/>
  <setId root="%s.1.2" extension="%s"/>
  <versionNumber value="%d"/>
`, s.hospital.Root, s.id, cdaCodes[s.kind], s.title(), s.title(), s.at.Format(cdaTime), s.code, s.region, s.hospital.Root, s.set, s.version)
	w.recordTarget()
	w.people()
	if s.replaces != "" {
		w.printf(`  <relatedDocument typeCode="RPLC"><parentDocument><id root="%s.1.1" extension="%s"/><setId root="%s.1.2" extension="%s"/><versionNumber value="%d"/></parentDocument></relatedDocument>
`, s.hospital.Root, s.replaces, s.hospital.Root, s.set, s.version-1)
	}
	w.printf(`  <componentOf><encompassingEncounter><id root="%s.3" extension="%s"/><effectiveTime><low value="%s"/><high value="%s"/></effectiveTime></encompassingEncounter></componentOf>
`, s.hospital.Root, s.encounter.id, s.start.Format(cdaTime), s.end.Format(cdaTime))
}

func (w *cdaWriter) recordTarget() {
	p := w.s.patient
	w.printf("  <recordTarget><patientRole>\n")
	for _, id := range p.Identifiers {
		w.identifier(id)
	}
	w.printf("    <patient>\n")
	for _, name := range p.Names {
		w.name(name)
	}
	w.printf(`      <administrativeGenderCode code="%s" codeSystem="2.16.840.1.113883.5.1"/>
      <birthTime value="%s"/>
    </patient>
  </patientRole></recordTarget>
`, p.Sex, strings.ReplaceAll(p.BirthDate, "-", ""))
}

// identifier: CDA has no place for the role of a mother's number; Polish newborns carry it with assigningAuthorityName.
func (w *cdaWriter) identifier(id patient.Identifier) {
	authority := ""
	if id.Role == patient.RoleMother {
		authority = ` assigningAuthorityName="PESEL matki"`
	}
	w.printf("    <id root=\"%s\" extension=\"%s\"", oidOf(id.System, w.s.hospital), id.Value)
	w.WriteString(authority + "/>\n")
}

func (w *cdaWriter) name(name patient.Name) {
	w.printf("      <name>")
	if len(name.Given) == 0 {
		w.printf(`<given nullFlavor="UNK"/>`)
	}
	for _, given := range name.Given {
		w.printf("<given>%s</given>", given)
	}
	if name.Patronymic != "" {
		w.printf("<given>%s</given>", name.Patronymic)
	}
	w.printf("<family>%s</family></name>\n", name.Family)
}

// people are author, custodian and legal authenticator.
func (w *cdaWriter) people() {
	s := w.s
	w.printf(`  <author><time value="%s"/><assignedAuthor><id root="%s.4" extension="%s"/><assignedPerson><name><given>%s</given><family>%s</family></name></assignedPerson></assignedAuthor></author>
  <custodian><assignedCustodian><representedCustodianOrganization><id root="%s" extension="%s"/><name>%s</name></representedCustodianOrganization></assignedCustodian></custodian>
`, s.at.Format(cdaTime), s.hospital.Root, s.doctor.ID, s.doctor.Given, s.doctor.Family, s.hospital.Root, s.hospital.ID, s.hospital.Name)
	if s.kind == "lab" {
		return
	}
	w.printf(`  <legalAuthenticator><time value="%s"/><signatureCode code="S"/><assignedEntity><id root="%s.4" extension="%s"/><assignedPerson><name><given>%s</given><family>%s</family></name></assignedPerson></assignedEntity></legalAuthenticator>
`, s.at.Add(7*time.Minute).Format(cdaTime), s.hospital.Root, s.doctor.ID, s.doctor.Given, s.doctor.Family)
}
