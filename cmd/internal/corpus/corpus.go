// Package corpus makes up patients and their documents, for `make demo`, tests and benchmarks.
//
// Nobody in it exists: names are combinations of common ones, numbers pass their check digits but carry
// serials from 0000 on, passports start with XX, birth certificates with ЗР ("зразок", specimen), OIDs
// lie under the example arc 2.999, and every document says that it is made up.
//
// The same Options give the same bytes, today and on another machine: everything is drawn from PCG streams
// seeded by Options.Seed and the person's number, never from maps or the clock. (image/jpeg, compress/flate
// and encoding/json may change their output with the Go version.)
package corpus

import (
	"bytes"
	"io"
	"math/rand/v2"
)

// Scale names a ready-made size.
type Scale string

const (
	ScaleDemo Scale = "demo" // 40 patients, about 100 bundles, at most 30 MB
	ScaleS    Scale = "S"    // about 2,000 documents, 130 MB
	ScaleM    Scale = "M"    // about 20,000 documents, 1.5 GB
)

// Options say how much to make. The zero value is ScaleDemo.
type Options struct {
	Seed     uint64
	Scale    Scale // fills Patients and Bundles where they are zero
	Patients int
	Bundles  int   // approximate; 0 is a hospital's usual 1 to 4 per patient
	Full     bool  // Meta also lists documents[] and digitisation, as in medical.md
	Huge     int64 // if > 0, one more imaging bundle comes last, whose only document has this size and is streamed
}

// Document is one file of a bundle.
type Document struct {
	Name      string // no folder; the subject's name is documents/NAME
	MediaType string
	Bytes     []byte           // nil if the document is made while it is read
	Large     func() io.Reader // set instead of Bytes; every call starts at the beginning
	Size      int64

	entry listed
}

// Open returns a reader of the document's bytes.
func (d Document) Open() io.Reader {
	if d.Large != nil {
		return d.Large()
	}
	return bytes.NewReader(d.Bytes)
}

// Bundle is what a hospital hands over: one patient, one encounter or imaging study, one retention unit.
type Bundle struct {
	Hospital  Hospital
	Meta      []byte // JSON for --meta (architecture.md §6)
	Documents []Document
	Shared    bool // the person was treated in both hospitals
	Person    int  // index in People
}

// sizes fills what the scale says and the caller left open.
func (o Options) sizes() Options {
	patients, bundles := 40, 100
	switch {
	case o.Scale == ScaleS:
		patients, bundles = 97, 240
	case o.Scale == ScaleM:
		patients, bundles = 1030, 2590
	case o.Scale == "" && o.Patients > 0:
		patients, bundles = o.Patients, o.Patients*5/2
	}
	if o.Patients == 0 {
		o.Patients = patients
	} else if o.Bundles == 0 {
		o.Bundles = o.Patients * 5 / 2
	}
	if o.Bundles == 0 {
		o.Bundles = bundles
	}
	return o
}

// Generate makes the bundles one after another, person by person, and hands each to yield, which may keep it.
// Memory is one bundle (a few MB) and the list of people. The first error of yield ends it.
func Generate(o Options, yield func(Bundle) error) error {
	small := o.Scale == ScaleDemo || o.Scale == "" && o.Patients == 0
	o = o.sizes()
	w := newWorkshop(o, small)
	people := People(o)
	for _, p := range people {
		if err := w.person(p, yield); err != nil {
			return err
		}
	}
	if o.Huge > 0 {
		return yield(w.hugeBundle(people[0]))
	}
	return nil
}

// stream is an independent source for one person and one purpose, so that a change in how documents are
// written does not change who the people are.
func stream(seed uint64, person int, purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed^purpose<<48, uint64(person)*0x9e3779b97f4a7c15+purpose))
}

const (
	forPeople uint64 = iota + 1
	forBundles
	forStock
	forHuge
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// between draws from low to high, both included.
func between(r *rand.Rand, low, high int) int { return low + r.IntN(high-low+1) }

// chance is true in the given percentage of draws.
func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }
