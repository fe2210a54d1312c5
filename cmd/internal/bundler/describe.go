package bundler

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kartoteka/seal"
	"kartoteka/seal/clinical"
	"kartoteka/seal/patient"
)

// describe pairs documents[] of the metadata with the documents and completes each from what the document says of
// itself. The producer's word stands; where the document says otherwise, the producer is told both.
func (m *maker) describe(meta seal.Metadata, documents []*document) error {
	if err := pair(meta.Documents, documents); err != nil {
		return err
	}
	for _, d := range documents {
		for _, w := range d.header.Warnings {
			m.warn("%s: %s", d.name, w)
		}
		if slices.ContainsFunc(d.header.Patients, func(p patient.Patient) bool {
			return patient.SamePerson(meta.Patient, p) == patient.VerdictMismatch
		}) {
			m.warn("%s names another patient than the metadata", d.name)
		}
		m.describeOne(d)
	}
	return nil
}

// pair gives each document what documents[] says of it: by the path it has in the bundle, or else by the name of the
// file it came from, if only one has that name.
func pair(given []seal.Document, documents []*document) error {
	by := map[string][]*document{}
	for _, d := range documents {
		if original := seal.DocumentsPath + d.source.Name; original != d.name {
			by[original] = append(by[original], d)
		}
	}
	for _, d := range documents {
		by[d.name] = []*document{d}
	}
	done := map[*document]bool{}
	for _, g := range given {
		path := seal.DocumentsPath + strings.TrimPrefix(g.Path, seal.DocumentsPath)
		found := by[path]
		switch {
		case len(found) == 0:
			return fmt.Errorf("metadata: documents[] names %q, which is none of the documents given", g.Path)
		case len(found) > 1 || done[found[0]]:
			return fmt.Errorf("metadata: documents[] names %q twice, or two documents have that name", g.Path)
		}
		done[found[0]] = true
		found[0].says = g
	}
	return nil
}

func (m *maker) describeOne(d *document) {
	s, h := &d.says, d.header
	s.Path = d.name
	if s.Size != 0 && s.Size != d.size {
		m.warn("%s: size is %d in the metadata, the document has %d bytes", d.name, s.Size, d.size)
	}
	s.Size = d.size
	m.fill(d, "media_type", &s.MediaType, h.MediaType, sameMedia)
	m.fill(d, "class", &s.Class, h.Class, sameClass)
	m.fill(d, "title", &s.Title, h.Title, sameText)
	m.fill(d, "language", &s.Language, h.Language, sameLanguage)
	m.fill(d, "authored", &s.Authored, h.Authored, sameTime)
	m.fill(d, "doc_id", &s.DocID, h.DocID, sameID)
	m.fill(d, "set_id", &s.SetID, h.SetID, sameID)
	m.fill(d, "version", &s.Version, h.Version, sameText)
	m.fill(d, "confidentiality", &s.Confidentiality, h.Confidentiality, sameText)
	m.fillAuthor(d)
	m.fillRelation(d)
	m.fillCodes(d)
	m.fillSignature(d)
}

// fill sets what was not given, and warns where the document says something else.
func (m *maker) fill(d *document, field string, given *string, found string, same func(given, found string) bool) {
	switch {
	case *given == "":
		*given = found
	case found != "" && !same(*given, found):
		m.warn("%s: %s is %q in the metadata, %q in the document", d.name, field, *given, found)
	}
}

func (m *maker) fillAuthor(d *document) {
	found := seal.Author{Name: d.header.Author.Name, ID: d.header.Author.ID}
	if found == (seal.Author{}) {
		return
	}
	a := seal.Author{}
	if d.says.Author != nil {
		a = *d.says.Author
	}
	// An id that the document gives belongs to the person it names, who may be another than the metadata's.
	if a.ID != "" || a.Name == "" || samePerson(a.Name, found.Name) {
		m.fill(d, "author.id", &a.ID, found.ID, sameID)
	}
	m.fill(d, "author.name", &a.Name, found.Name, samePerson)
	d.says.Author = &a
}

// fillRelation keeps one relation, a replacement before any other: a statement has room for one.
func (m *maker) fillRelation(d *document) {
	found := d.header.Relations
	if len(found) == 0 {
		return
	}
	first := found[max(0, slices.IndexFunc(found, func(r clinical.Relation) bool { return r.Kind == clinical.Replaces }))]
	if d.says.Relation == nil {
		d.says.Relation = &seal.Relation{Kind: first.Kind, Target: first.Target}
		if len(found) > 1 {
			m.warn("%s: relates to %d documents; the metadata names %s %q only", d.name, len(found), first.Kind, first.Target)
		}
		return
	}
	r := *d.says.Relation
	if !slices.ContainsFunc(found, func(f clinical.Relation) bool { return f.Kind == r.Kind && sameID(r.Target, f.Target) }) {
		m.warn("%s: relation is %s %q in the metadata, %s %q in the document", d.name, r.Kind, r.Target, first.Kind, first.Target)
	}
}

func (m *maker) fillCodes(d *document) {
	if d.header.LOINC == "" {
		return
	}
	loinc := d.says.Codes["loinc"]
	m.fill(d, "codes.loinc", &loinc, d.header.LOINC, sameText)
	codes := maps.Clone(d.says.Codes)
	if codes == nil {
		codes = map[string]string{}
	}
	codes["loinc"] = loinc
	d.says.Codes = codes
}

// fillSignature never guesses the kind of a signature: whether one is qualified is for a validator to say. What was
// looked at and carries none is "none"; what carries one of a kind nobody stated is "unknown".
func (m *maker) fillSignature(d *document) {
	s := seal.DocumentSigning{Kind: "none"}
	if d.signed != "" {
		s.Kind = "unknown"
	}
	if d.says.Signature != nil {
		s = *d.says.Signature
	}
	switch {
	case d.signed == "":
	case s.Kind == "none" || s.Kind == "his_internal" || s.Kind == "unknown":
		m.warn("%s carries a signature (%s), signature.kind is %q; say its kind in documents[]", d.name, d.signed, s.Kind)
		if s.Format == "" {
			s.Format = d.signed
		}
	default:
		m.fill(d, "signature.format", &s.Format, d.signed, sameText)
	}
	d.says.Signature = &s
}
