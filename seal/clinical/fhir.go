package clinical

import "strings"

// composition reads the header of a FHIR document. Composition.identifier stays the same over all
// versions of a document, Bundle.identifier names one of them (FHIR R4 3.3.1).
func (b *bundle) composition(r *node) {
	h := b.head
	h.SetID = fhirID(r.at("identifier"))
	h.DocID = first(h.DocID, prefixed("Composition/", r.str("id")))
	h.Version = r.str("version")
	h.Title = r.str("title")
	h.Language = r.str("language")
	h.Authored = b.moment(r.str("date"))
	h.LOINC = loincOf(r.at("type"))
	h.setConfidentiality(r.str("confidentiality"))
	b.author(r, r.at("author"))
	b.encounter(r, r.at("encounter"))
	b.related(r)
}

func (b *bundle) documentReference(r *node) {
	h := b.head
	h.DocID = first(first(h.DocID, fhirID(r.at("masterIdentifier"))), fhirResourceID("DocumentReference", r))
	h.Version = r.str("version")
	h.Title = first(r.str("description"), r.str("type", "text"))
	h.Language = r.str("language")
	h.Authored = b.moment(r.str("date"))
	h.LOINC = loincOf(r.at("type"))
	b.author(r, r.at("author"))
	b.encounter(r, r.at("context", "encounter")) // R4
	b.encounter(r, r.at("context"))              // R5
	for _, period := range []*node{r.at("context", "period"), r.at("period")} {
		b.period(period)
	}
	for _, label := range r.all("securityLabel") {
		b.securityCode(label.at("coding"))
	}
	b.related(r)
}

func (b *bundle) diagnosticReport(r *node) {
	h := b.head
	h.DocID = first(h.DocID, fhirResourceID("DiagnosticReport", r))
	h.Title = first(r.str("code", "text"), r.str("code", "coding", "display"))
	h.Language = r.str("language")
	h.Authored = b.moment(first(r.str("issued"), r.str("effectiveDateTime")))
	h.LOINC = loincOf(r.at("code"))
	b.author(r, r.at("performer"))
	b.encounter(r, r.at("encounter"))
	b.period(r.at("effectivePeriod"))
	if m := b.moment(r.str("effectiveDateTime")); m != "" && h.ServiceStart == "" {
		h.ServiceStart, h.ServiceEnd = m, m
	}
	if h.Class = classOf(h.LOINC); h.Class == "other" {
		h.Class = reportClass(r)
	}
}

// reportClass reads DiagnosticReport.category (HL7 v2 table 0074), for a report's code is mostly a
// panel and not a document.
func reportClass(r *node) string {
	for _, category := range r.all("category") {
		for _, coding := range category.all("coding") {
			switch coding.str("code") {
			case "LAB", "HM", "CH", "MB", "SR", "IMM", "BLB":
				return "lab_report"
			case "RAD", "RUS", "CT", "CUS", "NMR", "NMS", "RX", "XRC", "VUS", "OUS":
				return "imaging_report"
			}
			if c := classOf(coding.str("code")); c != "other" {
				return c
			}
		}
	}
	return "other"
}

func (b *bundle) author(in, ref *node) {
	h := b.head
	h.Author.Name = ref.str("display")
	who := b.resolve(in, ref)
	if person := b.resolve(who, who.at("practitioner")); person != nil {
		who = person // PractitionerRole
	}
	h.Author.ID = fhirID(first2(ref.at("identifier"), who.at("identifier")))
	if h.Author.Name != "" || who == nil {
		return
	}
	name := who.at("name")
	parts := append(name.strs("given"), name.str("family"))
	h.Author.Name = first(tidy(strings.Join(parts, " ")), first(name.str("text"), tidy(nameText(name))))
}

// nameText is the plain name of an Organization or Device.
func nameText(n *node) string {
	if n == nil {
		return ""
	}
	return n.text
}

func (b *bundle) encounter(in, ref *node) {
	e := b.resolve(in, ref)
	id := first2(ref.at("identifier"), e.at("identifier"))
	if e.str("resourceType") != "Encounter" && id == nil {
		return
	}
	b.head.EncounterID = first(b.head.EncounterID, first(fhirID(id), prefixed("Encounter/", e.str("id"))))
	b.period(e.at("period"))
}

func (b *bundle) period(p *node) {
	h := b.head
	h.ServiceStart = first(h.ServiceStart, b.moment(p.str("start")))
	h.ServiceEnd = first(h.ServiceEnd, b.moment(p.str("end")))
}

// related reads relatesTo in its R4 (code, targetIdentifier, targetReference, target) and R5 forms
// (type, resourceReference, code as a CodeableConcept).
func (b *bundle) related(r *node) {
	for _, rel := range r.all("relatesTo") {
		code := first(first(rel.str("code"), rel.str("code", "coding", "code")), rel.str("type"))
		target := rel.at("targetIdentifier")
		for _, name := range []string{"targetReference", "target", "resourceReference"} {
			target = first2(target, rel.at(name))
		}
		id := first(fhirID(target), first(fhirID(target.at("identifier")), target.str("reference")))
		kind := relations[code]
		if kind == "" || id == "" {
			b.head.warn("relatesTo of unknown type or without a target")
			continue
		}
		b.head.Relations = append(b.head.Relations, Relation{Kind: kind, Target: id})
	}
}

func (b *bundle) confidentiality(r *node) {
	for _, label := range r.at("meta").all("security") {
		b.securityCode(label)
	}
}

func (b *bundle) securityCode(coding *node) {
	if b.head.Confidentiality == "" && strings.HasSuffix(coding.str("system"), "/v3-Confidentiality") {
		b.head.setConfidentiality(coding.str("code"))
	}
}

func (b *bundle) moment(s string) string {
	m := isoMoment(s)
	if m == "" && s != "" {
		b.head.warn("a time is not in FHIR form")
	}
	return m
}
