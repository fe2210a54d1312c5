package corpus

import (
	"fmt"
	"time"
)

// workshop makes bundles; it holds what is expensive to draw and can be used again: lines of scanned pages
// and bodies for images. It is for one goroutine.
type workshop struct {
	o         Options
	small     bool // fewer and smaller images
	hospitals [2]Hospital
	pages     pageStock
	bodies    bodyStock
	packer    packer
}

func newWorkshop(o Options, small bool) *workshop {
	return &workshop{o: o, small: small, hospitals: Hospitals(), pages: newPageStock(o.Seed), bodies: newBodyStock(o.Seed)}
}

// person yields all bundles of one person.
func (w *workshop) person(p Person, yield func(Bundle) error) error {
	r := stream(w.o.Seed, p.Index, forBundles)
	for _, e := range w.encounters(r, p) {
		f := &folder{workshop: w, e: e}
		f.fill()
		if err := yield(f.bundle()); err != nil {
			return err
		}
		if f.toCorrect == nil {
			continue
		}
		if err := yield(f.correction().bundle()); err != nil {
			return err
		}
	}
	return nil
}

// folder gathers the documents of one bundle.
type folder struct {
	*workshop
	e         *encounter
	documents []Document
	toCorrect *sheet // a corrected version of this one arrives later, in a bundle of its own
}

func (f *folder) bundle() Bundle {
	p := f.e.person
	return Bundle{Hospital: f.e.hospital, Meta: f.meta(f.e, f.documents), Documents: f.documents, Shared: p.Shared, Person: p.Index}
}

// correction is the bundle in which the second version of a document comes, days after the stay.
func (f *folder) correction() *folder {
	later := *f.e
	later.end = later.end.AddDate(0, 0, between(f.e.r, 1, 12))
	next := &folder{workshop: f.workshop, e: &later}
	s := f.toCorrect.corrected()
	s.encounter, s.at = &later, later.end
	next.addCDA(s)
	return next
}

func (f *folder) add(s sheet, extension, mediaType string, content []byte) {
	name := fmt.Sprintf("%03d-%s.%s", len(f.documents)+1, s.kind, extension)
	f.documents = append(f.documents, Document{Name: name, MediaType: mediaType, Bytes: content, Size: int64(len(content)), entry: s.entry()})
}

// sheet is one document before it is written: what CDA, FHIR, PDF and scan have in common.
type sheet struct {
	*encounter
	narrator
	kind     string // a key of tongue.label
	id, set  string // UUIDs
	version  int
	replaces string // id of the earlier version
	at       time.Time
}

// sheet begins a document in the hospital's language; a third of a Lithuanian's papers are in Lithuanian.
func (f *folder) sheet(kind string) sheet {
	e, language := f.e, f.e.hospital.Language
	if e.person.Home == "LT" && chance(e.r, 35) {
		language = "lt"
	}
	s := sheet{encounter: e, kind: kind, id: uuid(e.r), set: uuid(e.r), version: 1}
	s.narrator = narrator{tongueOf(language), e.r, e.dx.name(language)}
	minutes := int(e.end.Sub(e.start) / time.Minute)
	s.at = e.start.Add(time.Duration(e.r.IntN(minutes+1)) * time.Minute)
	return s
}

// corrected is the same document's next version.
func (s sheet) corrected() sheet {
	s.replaces, s.id, s.version = s.id, uuid(s.r), s.version+1
	return s
}

func (s sheet) title() string { return s.label[s.kind] }

func (s sheet) entry() listed {
	l := listed{Class: s.kind, Title: s.title(), Language: s.code, Authored: s.at.Format(time.RFC3339), Author: &author{s.doctor.String(), s.doctor.ID}}
	l.DocID, l.SetID, l.Version = s.id, s.set, s.version
	if s.replaces != "" {
		l.Relation = &relation{"replaces", s.replaces}
	}
	return l
}
