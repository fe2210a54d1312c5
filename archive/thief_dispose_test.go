package archive_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/seal"
	"kartoteka/verify"
)

// thief has the log key, and orders that two officers once signed for something else. Whatever he appends, a check says so,
// and the honest program does not carry it out.
type thief struct {
	*archivetest.Archive
	t        *testing.T
	officers []*archivetest.Officer
}

func newThief(t *testing.T) *thief {
	a := archivetest.New(t, archivetest.Options{})
	return &thief{Archive: a, t: t, officers: a.Officers(t)}
}

// append commits events past all that the archive asks.
func (x *thief) append(events ...seal.Event) {
	x.t.Helper()
	w := x.OpenWrite(x.t)
	defer w.Close()
	acc, err := w.Begin()
	if err != nil {
		x.t.Fatal(err)
	}
	for _, e := range events {
		acc.Append(e)
	}
	if err := acc.Commit(); err != nil {
		x.t.Fatal(err)
	}
}

// execute appends a disposal under an order that nothing was asked of.
func (x *thief) execute(o seal.Order, officers ...*archivetest.Officer) {
	x.t.Helper()
	w := x.OpenWrite(x.t)
	sum, err := w.PutOrder(archivetest.SignOrder(x.t, o, officers...))
	w.Close()
	if err != nil {
		x.t.Fatal(err)
	}
	x.append(seal.Event{Kind: seal.KindDisposal, Disposal: &seal.DisposalEvent{Order: sum, Bundles: len(o.Bundles), Documents: o.Documents()}})
}

// wantFoundOut: a check fails for it, and an opening that reads the log anew stops before it shreds anything.
func (x *thief) wantFoundOut(code verify.Code) {
	x.t.Helper()
	r, err := archive.Check(context.Background(), x.Dir, archive.CheckOptions{})
	if err != nil {
		x.t.Fatal(err)
	}
	found := false
	for _, c := range r.Checks {
		found = found || c.Code == code && c.Verdict == verify.Failed
	}
	if !found {
		x.t.Errorf("the check does not say %s: %s", code, r.Verdict)
	}
	if err := os.Remove(filepath.Join(x.Dir, "index.db")); err != nil {
		x.t.Fatal(err)
	}
	w, err := archive.Open(x.Dir, archive.Options{Write: true, Now: func() time.Time { return x.Now }})
	var bad *archive.Tampered
	if !errors.As(err, &bad) {
		x.t.Errorf("opening carries it out: %v", err)
		w.Close()
	}
}

func TestThiefDisposes(t *testing.T) {
	for name, change := range map[string]func(x *thief, o *seal.Order){
		"a bundle among the acts": func(x *thief, o *seal.Order) { o.Acts = []seal.LeafIndex{x.Bundles[3].Leaf} },
		"no act among the acts":   func(x *thief, o *seal.Order) { o.Acts = []seal.LeafIndex{0} },
		"another log":             func(_ *thief, o *seal.Order) { o.Log.Root[0] ^= 1 },
		"an order that is over": func(_ *thief, o *seal.Order) {
			o.Made, o.Until = seal.Date{Year: 2020, Month: 1, Day: 1}, seal.Date{Year: 2020, Month: 2, Day: 1}
		},
		"not due":         func(_ *thief, o *seal.Order) { o.Bundles[0].Due = seal.Date{Year: 2099, Month: 1, Day: 1} },
		"other documents": func(_ *thief, o *seal.Order) { o.Bundles[0].Documents++ },
	} {
		t.Run(name, func(t *testing.T) {
			x := newThief(t)
			o := x.Order(t, x.Bundles[0].Leaf)
			change(x, &o)
			x.execute(o, x.officers...)
			x.wantFoundOut(verify.CodeOrder)
		})
	}
	t.Run("nobody signed", func(t *testing.T) {
		x := newThief(t)
		x.execute(x.Order(t, x.Bundles[0].Leaf))
		x.wantFoundOut(verify.CodeOfficers)
	})
}

// A segment that holds live records is not deleted on the word of one event.
func TestThiefRetires(t *testing.T) {
	x := newThief(t)
	_, e, err := x.event(x.Bundles[0].Leaf)
	if err != nil {
		t.Fatal(err)
	}
	x.append(seal.Event{Kind: seal.KindRetired, Retired: &seal.RetiredEvent{Accession: e.Accession, Segment: 1, Order: 1}})
	if r, err := archive.Check(context.Background(), x.Dir, archive.CheckOptions{}); err != nil || r.Verdict != verify.Failed {
		t.Errorf("check: %v, %v", r.Verdict, err)
	}
	w := x.OpenWrite(t)
	w.Close()
	if _, err := os.Stat(filepath.Join(x.Dir, "accessions", e.Accession.String(), seal.SegmentName(1))); err != nil {
		t.Error(err)
	}
}

func (x *thief) event(leaf seal.LeafIndex) ([]byte, seal.Event, error) {
	a, err := archive.Open(x.Dir, archive.Options{})
	if err != nil {
		return nil, seal.Event{}, err
	}
	defer a.Close()
	return a.Event(leaf)
}

// An officer cannot be ended back to before what he signed.
func TestEndOfficerInThePast(t *testing.T) {
	x := newThief(t)
	w := x.OpenWrite(t)
	defer w.Close()
	if err := w.EndOfficer("archivist", seal.At(x.Now.Add(-time.Hour))); err == nil {
		t.Error("ended before the last event")
	}
	if err := w.EndOfficer("archivist", seal.At(x.Now.Add(time.Hour))); err != nil {
		t.Error(err)
	}
}
