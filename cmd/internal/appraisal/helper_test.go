package appraisal_test

import (
	"bytes"
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
	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify"
)

// bundle is what a test wants taken in.
type bundle struct {
	id     string // made up where it is empty
	person int    // numbers of the test's own, beside those of newWorld's
	facts  seal.Facts
	docs   int // 0 is one
}

// nobody is a bundle whose patient has no identifier.
const nobody = -1

func truth(b bool) *bool { return &b }

// plain is a Polish record of which nothing special is true.
func plain(year int) seal.Facts {
	return seal.Facts{Jurisdiction: "PL", LastEntryYear: year, ServiceYear: year, Under2AtService: truth(false)}
}

// card is a Lithuanian one: its law asks for neither notice nor consent, so that orders have no acts.
func card(year int) seal.Facts {
	return seal.Facts{Jurisdiction: "LT", Class: "025/a", LastEntryYear: year}
}

// identifier is of the n-th patient; newWorld's are 0, 1 and 2.
func identifier(person int) patient.Identifier {
	return patient.Identifier{System: "pl.pesel", Value: fmt.Sprint(90000000000 + person), Role: patient.RoleOwn, Country: "PL"}
}

func (w *world) draft(b bundle) *archivetest.Draft {
	var docs []archivetest.Document
	for n := range max(b.docs, 1) {
		docs = append(docs, archivetest.Document{Name: fmt.Sprintf("documents/%d.txt", n), Body: fmt.Appendf(nil, "%s, strona %d", b.id, n)})
	}
	p := archivetest.People[max(b.person, 0)%len(archivetest.People)]
	if p.Identifiers = nil; b.person != nobody {
		p.Identifiers = []patient.Identifier{identifier(b.person)}
	}
	d := w.Draft(b.id, p, docs...)
	d.Statement.Predicate.Facts = b.facts
	return d
}

// take takes bundles in, in one accession, a day later.
func (w *world) take(list ...bundle) (leaves []seal.LeafIndex) {
	w.t.Helper()
	w.Now = w.Now.Add(24 * time.Hour)
	var names []string
	for i, b := range list {
		if b.id == "" {
			b.id = fmt.Sprintf("bundle-%d-%04d", w.Now.Unix(), i)
		}
		names = append(names, b.id+".zip")
		w.Spool(w.t, b.id+".zip", w.draft(b))
	}
	taken := w.TakeSpool(w.t)
	for _, n := range names {
		leaves = append(leaves, taken[n])
	}
	return leaves
}

// fork is a copy of the world, for a test to spoil.
func (w *world) fork(t *testing.T) *world {
	t.Helper()
	t.Helper()
	next, a := *w, *w.Archive
	a.Dir, next.Archive, next.t = filepath.Join(archivetest.Memory(t), "archive"), &a, t
	if err := os.CopyFS(a.Dir, os.DirFS(w.Dir)); err != nil {
		t.Fatal(err)
	}
	return &next
}

// signed makes an order for bundles and signs it by both officers.
func (w *world) signed(leaves ...seal.LeafIndex) []byte {
	w.t.Helper()
	o, err := w.order(leaves...)
	if err != nil {
		w.t.Fatal(err)
	}
	return archivetest.SignOrder(w.t, o, w.officers...)
}

// dispose makes an order, executes it and gives its event.
func (w *world) dispose(leaves ...seal.LeafIndex) seal.LeafIndex {
	w.t.Helper()
	leaf, err := w.execute(w.signed(leaves...))
	if err != nil {
		w.t.Fatal(err)
	}
	return leaf
}

// act commits what acts says.
func (w *world) act(acts func(*appraisal.Appraiser) ([]seal.Act, error)) (events []seal.LeafIndex) {
	w.t.Helper()
	err := w.appraise(func(a *archive.Archive, p *appraisal.Appraiser) error {
		list, err := acts(p)
		if err != nil {
			return err
		}
		events, err = appraisal.Commit(a, list)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return events
}

func (w *world) learn(whose appraisal.Whose, f seal.Facts) {
	w.t.Helper()
	w.act(func(p *appraisal.Appraiser) ([]seal.Act, error) { return p.Fact(whose, f, "letter", "archivist") })
}

func (w *world) hold(whose appraisal.Whose) []seal.LeafIndex {
	w.t.Helper()
	h := seal.Hold{ID: "H-1", Kind: seal.HoldCourt, OrderedBy: "court", Basis: "letter", Review: seal.DateIn(w.Now, time.UTC).AddDays(90), Officer: "archivist"}
	return w.act(func(p *appraisal.Appraiser) ([]seal.Act, error) { return p.Hold(whose, h) })
}

// endHold ends holds by two officers.
func (w *world) endHold(holds ...seal.LeafIndex) {
	w.t.Helper()
	w.write(func(a *archive.Archive) error {
		acc, err := a.Begin()
		if err != nil {
			return err
		}
		defer acc.Abort()
		log := seal.OrderLog{Size: a.Head().Size, Root: a.Head().Root}
		for _, h := range holds {
			var list []seal.OfficerSignature
			for _, o := range w.officers {
				list = append(list, o.Signature(w.t, seal.HoldReleaseMessage(archivetest.Origin, h, log)))
			}
			if _, err := acc.EndHold(h, log, list); err != nil {
				return err
			}
		}
		return acc.Commit()
	})
}

func (w *world) step(s seal.Step, leaves ...seal.LeafIndex) {
	w.t.Helper()
	s.Officer = "archivist"
	w.act(func(p *appraisal.Appraiser) ([]seal.Act, error) {
		act, err := p.Step(s, slices.Clone(leaves))
		return []seal.Act{act}, err
	})
}

// release commits that a packet of bundles was handed over.
func (w *world) release(leaves ...seal.LeafIndex) (event seal.LeafIndex) {
	w.t.Helper()
	w.write(func(a *archive.Archive) error {
		r := seal.Release{Request: "R-1", Requester: seal.Requester{Name: "Anna Kowalska", Relation: "self"}, Basis: "UPP art. 26 ust. 1",
			Evidence: seal.IdentityEvidence{Kind: "passport", Country: "UA", Last4: "1234", CheckedBy: "J. Nowak"}, Way: "carrier", Fee: "first", Seed: seal.NewSeed()}
		for _, leaf := range leaves {
			_, e, err := a.Event(leaf)
			if err != nil {
				return err
			}
			r.Bundles = append(r.Bundles, e.Bundle.ID)
		}
		acc, err := a.Begin()
		if err != nil {
			return err
		}
		defer acc.Abort()
		if event, err = acc.Release(r, seal.Fingerprint(w.Custodian.Recipient().String())); err != nil {
			return err
		}
		return acc.Commit()
	})
	return event
}

func (w *world) size() int64 {
	w.t.Helper()
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Close()
	return a.Head().Size
}

// wantOpen: each bundle opens, to its last byte.
func (w *world) wantOpen(leaves ...seal.LeafIndex) {
	w.t.Helper()
	w.room(func(room *reading.Room) {
		for _, leaf := range leaves {
			if err := openWhole(room, leaf); err != nil {
				w.t.Errorf("bundle %d: %v", leaf, err)
			}
		}
	})
}

func openWhole(room *reading.Room, leaf seal.LeafIndex) error {
	b, err := room.Bundle(leaf)
	for n := 1; err == nil && n < len(b.Capsule.Items); n++ {
		err = b.Document(&bytes.Buffer{}, n)
	}
	return err
}

// wantGone: no identity opens a bundle, and the archive says which disposal it was.
func (w *world) wantGone(order seal.LeafIndex, leaves ...seal.LeafIndex) {
	w.t.Helper()
	w.room(func(room *reading.Room) {
		for _, leaf := range leaves {
			var gone *archive.Shredded
			if _, err := room.Bundle(leaf); !errors.As(err, &gone) || gone.Order != order {
				w.t.Errorf("bundle %d: %v, want disposed of in event %d", leaf, err, order)
			}
		}
	})
}

func (w *world) room(f func(*reading.Room)) {
	w.t.Helper()
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Close()
	f(reading.NewRoom(a, w.Custodian))
}

// wantSound: the check passes, the index is what a rebuild gives, no label is there twice, and nothing half done lies about.
func (w *world) wantSound() {
	w.t.Helper()
	w.wantPassed()
	w.wantLabels()
	for _, name := range archivetest.Files(w.t, w.Dir, ".") {
		if strings.HasSuffix(name, ".old") || strings.HasSuffix(name, ".new") || strings.HasPrefix(filepath.Base(name), ".") && !strings.HasPrefix(name, "quarantine/") {
			w.t.Errorf("left over: %s", name)
		}
	}
}

// wantLabels: a label that stood twice in the log would tell two bundles of one patient.
func (w *world) wantLabels() {
	w.t.Helper()
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Close()
	seen := map[seal.Digest]seal.LeafIndex{}
	err = a.Events(0, func(i seal.LeafIndex, e seal.Event) error {
		if e.Bundle == nil {
			return nil
		}
		if before, ok := seen[e.Bundle.Label]; ok {
			w.t.Errorf("events %d and %d have one label", before, i)
		}
		seen[e.Bundle.Label] = i
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// failed gives what a check says is wrong, by file.
func (w *world) failed() map[string]verify.Code {
	w.t.Helper()
	codes := map[string]verify.Code{}
	for _, c := range w.check().Checks {
		if c.Verdict == verify.Failed {
			codes[c.Subject] = c.Code
		}
	}
	return codes
}

// put writes files back as they were.
func (w *world) put(files map[string][]byte) {
	w.t.Helper()
	for name, data := range files {
		p := filepath.Join(w.Dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o750); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o640); err != nil {
			w.t.Fatal(err)
		}
	}
}

// files reads all files under folders.
func (w *world) files(folders ...string) map[string][]byte {
	w.t.Helper()
	all := map[string][]byte{}
	for _, name := range archivetest.Files(w.t, w.Dir, folders...) {
		data, err := os.ReadFile(filepath.Join(w.Dir, name))
		if err != nil {
			w.t.Fatal(err)
		}
		all[name] = data
	}
	return all
}
