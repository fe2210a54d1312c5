package appraisal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/retention"
	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify"
)

// world is an archive with records old enough to go: of Kowalska two bundles from 2000 and 2001, of Wiśniewski one from
// 2000, of Shevchenko one from 2020; a day in March 2026.
type world struct {
	*archivetest.Archive
	t        *testing.T
	officers []*archivetest.Officer
	old      []seal.LeafIndex // Kowalska's two, Wiśniewski's
	young    seal.LeafIndex
}

func newWorld(t *testing.T) *world {
	w := &world{Archive: archivetest.New(t, archivetest.Options{Bundles: 4, Accessions: 1, InMemory: true}), t: t}
	w.officers = w.Officers(t)
	for i, x := range []struct{ person, year int }{{0, 2000}, {0, 2001}, {1, 2000}, {2, 2020}} {
		d := w.Draft(fmt.Sprintf("old-bundle-%04d", i), archivetest.People[x.person], archivetest.Document{
			Name: "documents/letter.txt", Body: fmt.Appendf(nil, "Karta %d: ciśnienie 120/80, waga 71 kg, bez gorączki. %s", i, strings.Repeat("obserwacja ", 100))})
		adult := false
		d.Statement.Predicate.Facts = seal.Facts{Jurisdiction: "PL", LastEntryYear: x.year, ServiceYear: x.year, Under2AtService: &adult}
		d.Statement.Predicate.Patient.Identifiers = []patient.Identifier{identifier(x.person)} // not those of the archive's own bundles
		leaf := w.TakeDraft(t, d)
		if x.year == 2020 {
			w.young = leaf
		} else {
			w.old = append(w.old, leaf)
		}
	}
	w.write(func(a *archive.Archive) error { return a.SetRetention(verify.Retention{Controller: "clinic"}, nil) })
	return w
}

// write opens the archive for writing, for one thing.
func (w *world) write(f func(*archive.Archive) error) {
	w.t.Helper()
	a := w.OpenWrite(w.t)
	defer a.Close()
	if err := f(a); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) appraise(f func(*archive.Archive, *appraisal.Appraiser) error) error {
	w.t.Helper()
	a := w.OpenWrite(w.t)
	defer a.Close()
	p, err := appraisal.New(a)
	if err != nil {
		w.t.Fatal(err)
	}
	return f(a, p)
}

// handOver clears what the law asks for before a disposal.
func (w *world) handOver(leaves ...seal.LeafIndex) {
	w.t.Helper()
	err := w.appraise(func(a *archive.Archive, p *appraisal.Appraiser) error {
		act, err := p.Step(seal.Step{Kind: seal.StepHandedOver, Officer: "archivist"}, slices.Clone(leaves))
		if err != nil {
			return err
		}
		return commit(a, act)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func commit(a *archive.Archive, acts ...seal.Act) error {
	acc, err := a.Begin()
	if err != nil {
		return err
	}
	defer acc.Abort()
	for _, act := range acts {
		if _, err := acc.Act(act); err != nil {
			return err
		}
	}
	return acc.Commit()
}

func (w *world) order(leaves ...seal.LeafIndex) (o seal.Order, err error) {
	err = w.appraise(func(a *archive.Archive, p *appraisal.Appraiser) (err error) {
		o, err = p.Order("1/2026", a.Today().AddDays(30), slices.Clone(leaves))
		return err
	})
	return o, err
}

func (w *world) execute(order []byte) (leaf seal.LeafIndex, err error) {
	err = w.appraise(func(_ *archive.Archive, p *appraisal.Appraiser) (err error) {
		leaf, err = p.Execute(order)
		return err
	})
	return leaf, err
}

func (w *world) check() *verify.Report {
	w.t.Helper()
	r, err := archive.Check(context.Background(), w.Dir, archive.CheckOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) wantPassed() {
	w.t.Helper()
	r := w.check()
	for _, c := range r.Checks {
		if c.Verdict != verify.Passed {
			w.t.Errorf("%s %s: %s: %s", c.Code, c.Verdict, c.Subject, c.Detail)
		}
	}
	w.write(func(a *archive.Archive) error { _, err := a.CheckIndex(); return err })
}

// traces are what must be found nowhere once a bundle is disposed of: the headers of its records, the digests of its
// documents, the blind ids of a patient of whom nothing is left.
func (w *world) traces(leaves ...seal.LeafIndex) (traces [][]byte) {
	w.t.Helper()
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Close()
	room := reading.NewRoom(a, w.Custodian)
	for _, leaf := range leaves {
		b, err := room.Bundle(leaf)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, it := range b.Capsule.Items {
			traces = append(traces, it.SHA256[:], it.SHA512[:], []byte(it.SHA256.String()))
		}
		for c, numbers := range map[seal.Class][]int{
			seal.ClassContent:  {b.Event.Bundle.Content, b.Event.Bundle.Content + 1},
			seal.ClassEvidence: {b.Event.Bundle.Capsule}, seal.ClassIndex: {b.Event.Bundle.Entry}} {
			k, err := a.Keyfile(b.Event.Accession, c)
			if err != nil {
				w.t.Fatal(err)
			}
			for _, n := range numbers {
				traces = append(traces, k.Records[n].Header[30:], []byte(base64.StdEncoding.EncodeToString(k.Records[n].Header)))
			}
		}
	}
	return traces
}

func (w *world) blind(person int) (traces [][]byte) {
	id, err := archive.ReadIndexIdentity(filepath.Join(w.Dir, "private"))
	if err != nil {
		w.t.Fatal(err)
	}
	p := archivetest.People[person]
	p.Identifiers = []patient.Identifier{identifier(person)}
	d := seal.NewIndexKey(id).Person(p)
	return [][]byte{d[:], []byte(hex.EncodeToString(d[:]))}
}

// search looks for traces in every byte of the archive's folder.
func (w *world) search(traces [][]byte) (found []string) {
	w.t.Helper()
	err := filepath.WalkDir(w.Dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(p)
		for i, x := range traces {
			if bytes.Contains(data, x) {
				found = append(found, fmt.Sprintf("%s: trace %d", p, i))
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

func TestDisposal(t *testing.T) {
	w := newWorld(t)
	w.wantPassed()
	if _, err := w.order(w.old...); !refused(err, retention.NoNotice) {
		t.Fatalf("without a notice: %v", err)
	}
	w.handOver(w.old...)
	o, err := w.order(w.old...)
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Bundles) != 3 || o.Rules[0].ID != "PL-20-GENERAL" || len(o.Acts) != 1 {
		t.Fatalf("order %+v", o)
	}
	traces := append(w.traces(w.old...), append(w.blind(0), w.blind(1)...)...)
	if found := w.search(traces); len(found) == 0 {
		t.Fatal("the traces are nowhere before the disposal: they are no traces")
	}
	leaf, err := w.execute(archivetest.SignOrder(t, o, w.officers...))
	if err != nil {
		t.Fatal(err)
	}
	if found := w.search(traces); len(found) > 0 {
		t.Errorf("after the disposal: %q", found)
	}
	w.wantPassed()
	w.wantUndone(leaf)
	w.certificate(leaf)
}

func refused(err error, code retention.Code) bool {
	var r *appraisal.Refused
	return errors.As(err, &r) && slices.ContainsFunc(r.Reasons, func(x appraisal.Reason) bool { return x.Code == code })
}

// wantUndone: no identity opens what is disposed of, all the rest opens.
func (w *world) wantUndone(order seal.LeafIndex) {
	w.t.Helper()
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Close()
	room := reading.NewRoom(a, w.Custodian)
	for _, leaf := range w.old {
		var gone *archive.Shredded
		if _, err := room.Bundle(leaf); !errors.As(err, &gone) || gone.Order != order {
			w.t.Errorf("bundle %d: %v", leaf, err)
		}
	}
	for _, leaf := range []seal.LeafIndex{w.young, w.Bundles[0].Leaf, w.Bundles[3].Leaf} {
		b, err := room.Bundle(leaf)
		if err != nil {
			w.t.Fatal(err)
		}
		if err := b.Document(&bytes.Buffer{}, 1); err != nil {
			w.t.Errorf("bundle %d: %v", leaf, err)
		}
	}
}

func (w *world) certificate(disposals ...seal.LeafIndex) {
	w.t.Helper()
	w.write(func(a *archive.Archive) error {
		for _, leaf := range disposals {
			data, err := a.Certificate(leaf, seal.System{Name: "kartoteka", Version: "test"})
			if err != nil {
				return err
			}
			_, r := a.Policy().Certificate(data, time.Time{})
			if r.Verdict != verify.Passed {
				w.t.Errorf("certificate: %+v", r.Checks)
			}
		}
		return nil
	})
}

// A hold goes by every number of the patient's, whether the bundle was there before it or comes after.
func TestHoldByAnotherNumber(t *testing.T) {
	w := newWorld(t)
	passport := patient.Identifier{System: "passport.UA", Value: "FA123456", Role: patient.RoleOwn, Country: "UA"}
	draft := func(id string) *archivetest.Draft {
		adult := false
		d := w.Draft(id, archivetest.People[3], archivetest.Document{Name: "documents/letter.txt", Body: []byte(id + strings.Repeat(" obserwacja", 50))})
		d.Statement.Predicate.Patient.Identifiers = []patient.Identifier{{System: "pl.pesel", Value: "85121254321", Role: patient.RoleOwn, Country: "PL"}, passport}
		d.Statement.Predicate.Facts = seal.Facts{Jurisdiction: "PL", LastEntryYear: 1999, ServiceYear: 1999, Under2AtService: &adult}
		return d
	}
	before := w.TakeDraft(t, draft("hold-before"))
	var holds []seal.LeafIndex
	err := w.appraise(func(a *archive.Archive, p *appraisal.Appraiser) error {
		acts, err := p.Hold(appraisal.Whose{Identifier: passport}, seal.Hold{ID: "K-1", Kind: seal.HoldCourt, OrderedBy: "SR", Basis: "art. 217 kpk", Review: seal.Date{Year: 2099, Month: 1, Day: 1}})
		if err == nil {
			holds, err = appraisal.Commit(a, acts)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	after := w.TakeDraft(t, draft("hold-after"))
	for _, leaf := range []seal.LeafIndex{before, after} {
		if _, err := w.order(leaf); !refused(err, retention.Held) {
			t.Errorf("bundle %d: %v", leaf, err)
		}
	}
	w.wantPassed()
	w.endHold(holds...)
	w.handOver(before, after)
	if _, err := w.order(before, after); refused(err, retention.Held) {
		t.Errorf("released, and still held: %v", err)
	}
	w.wantPassed()
}
