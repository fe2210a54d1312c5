package clinical

import "strings"

// bundle gathers the resources of a FHIR document that speak of it as a whole. A resource that
// stands alone is a bundle of one.
type bundle struct {
	head *Header
	root *node // the outermost resource, a Bundle's entries left out
	kept []entry
	held int // nodes
}

type entry struct {
	url      string
	kind     string
	resource *node
}

var keptTypes = words(`Composition Patient DocumentReference DiagnosticReport
	Encounter Practitioner PractitionerRole Organization Device`)

// add keeps an entry's resource if it may matter; nodes is what it holds.
func (b *bundle) add(e *node, nodes int) {
	r := e.at("resource")
	kind := r.str("resourceType")
	if !keptTypes[kind] {
		return
	}
	if b.held += nodes; b.held > maxKeptNodes {
		b.head.warn("more resources than are kept")
		return
	}
	b.kept = append(b.kept, entry{url: e.str("fullUrl"), kind: kind, resource: r})
}

// finish fills the Header once everything that could be read is there.
func (b *bundle) finish() {
	h, kind := b.head, b.root.str("resourceType")
	if kind != "Bundle" {
		b.kept = append(b.kept, entry{kind: kind, resource: b.root})
		b.resource(kind, b.root)
	} else {
		b.document()
	}
	if h.Class == "" {
		h.Class = classOf(h.LOINC)
	}
	h.Language = first(h.Language, b.root.str("language"))
	b.confidentiality(b.root)
}

// document describes a Bundle by its first Composition. A collection may have none: then its only
// DocumentReference or DiagnosticReport speaks for it. Other Bundle types (searchset, transaction,
// message) are envelopes, of which only the patients are taken.
func (b *bundle) document() {
	switch b.root.str("type") {
	case "document", "collection":
		b.head.DocID = fhirID(b.root.at("identifier"))
		if main := b.main(); main != nil {
			b.resource(main.kind, main.resource)
			break
		}
		b.patients(nil)
	default:
		b.patients(nil)
	}
	h := b.head
	h.DocID = first(h.DocID, prefixed("Bundle/", b.root.str("id")))
	h.Authored = first(h.Authored, isoMoment(b.root.str("timestamp")))
}

func (b *bundle) main() *entry {
	for _, kind := range []string{"Composition", "DocumentReference", "DiagnosticReport"} {
		var found []*entry
		for i := range b.kept {
			if b.kept[i].kind == kind {
				found = append(found, &b.kept[i])
			}
		}
		if len(found) == 1 || len(found) > 1 && kind == "Composition" {
			return found[0]
		}
		if len(found) > 1 {
			b.head.warn("several reports and no Composition, none was taken for the document")
			return nil
		}
	}
	return nil
}

// resource describes the document by one resource.
func (b *bundle) resource(kind string, r *node) {
	switch kind {
	case "Composition":
		b.composition(r)
	case "DocumentReference":
		b.documentReference(r)
	case "DiagnosticReport":
		b.diagnosticReport(r)
	default:
		// Not its identifier: a Patient's is the person's own number.
		b.head.DocID = first(b.head.DocID, prefixed(kind+"/", r.str("id")))
	}
	b.patients(r)
	b.confidentiality(r)
}

// patients takes the subject, or every Patient where the subject cannot be found: a mother's or a
// donor's Patient resource in the same Bundle is not whom the document is about.
func (b *bundle) patients(about *node) {
	if subject := b.resolve(about, about.at("subject")); subject.str("resourceType") == "Patient" {
		b.head.addPatient(fhirPatient(b.head, subject))
		return
	}
	for _, e := range b.kept {
		if e.kind == "Patient" {
			b.head.addPatient(fhirPatient(b.head, e.resource))
		}
	}
	if len(b.head.Patients) > 0 || about == nil {
		return
	}
	// The reference itself may carry an identifier (FHIR R4 2.3.0.1, logical reference).
	b.head.addPatient(fhirPatient(b.head, about.at("subject")))
}

// resolve finds what a Reference names: a contained resource ("#x"), an entry by its fullUrl, or by
// Type/id with or without a base and a version (FHIR R4 3.1.5, "Resolving references in Bundles").
func (b *bundle) resolve(in, reference *node) *node {
	ref := reference.str("reference")
	if ref == "" {
		return nil
	}
	if id, local := strings.CutPrefix(ref, "#"); local {
		for _, c := range in.all("contained") {
			if c.str("id") == id {
				return c
			}
		}
		return nil
	}
	ref, _, _ = strings.Cut(ref, "/_history/")
	for _, e := range b.kept {
		if e.url == ref || strings.HasSuffix(e.url, "/"+ref) || e.kind+"/"+e.resource.str("id") == ref {
			return e.resource
		}
	}
	return nil
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}
