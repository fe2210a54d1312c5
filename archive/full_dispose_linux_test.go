package archive_test

import (
	"errors"
	"os"
	"testing"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/seal"
	"kartoteka/verify"
)

// TestDisposalDiskFull executes orders while the disk fills up behind the question whether there is room, with less and less
// of it: what is committed is carried out as soon as there is room again, and what is not did not happen.
func TestDisposalDiskFull(t *testing.T) {
	f := newFullTest(t, "8m")
	officers := f.officers(t)
	stages, step := map[string]int{}, uint64(20<<10)
	if allFaults {
		step = 4 << 10
	}
	for free := uint64(280 << 10); ; free -= step {
		leaf, other := f.twoBundles(t)
		order := archivetest.SignOrder(t, f.orderFor(t, leaf), officers...)
		ended := f.disposeFull(t, free, order)
		stages[ended]++
		f.wantDisposed(t, order, ended == "refused", leaf, other)
		f.shrink(t)
		if free == 0 {
			break
		}
	}
	t.Log("how the executions ended: ", stages)
	for _, want := range []string{"executed", "not yet carried out", "refused"} {
		if stages[want] == 0 {
			t.Errorf("no execution ended as %q", want)
		}
	}
}

func (f *fullTest) officers(t *testing.T) []*archivetest.Officer {
	t.Helper()
	w, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	list := []*archivetest.Officer{archivetest.NewOfficer(t, "archivist"), archivetest.NewOfficer(t, "director")}
	for _, o := range list {
		if err := w.AddOfficer(verify.Officer{Name: o.Name, Key: o.PEM}); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// twoBundles takes in one that goes and one that stays.
func (f *fullTest) twoBundles(t *testing.T) (goes, stays seal.LeafIndex) {
	t.Helper()
	w, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var leaves []seal.LeafIndex
	var sources []archive.Source
	for range 2 {
		b := f.Make(t, len(f.Bundles))
		f.Bundles = append(f.Bundles, b)
		sources = append(sources, archive.Source{Path: b.Path})
	}
	if err := w.Take(t.Context(), sources, func(o archive.Outcome) { leaves = append(leaves, o.Leaf) }); err != nil {
		t.Fatal(err)
	}
	return leaves[0], leaves[1]
}

func (f *fullTest) orderFor(t *testing.T, leaf seal.LeafIndex) seal.Order {
	t.Helper()
	w, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return archivetest.OrderOf(t, w, leaf)
}

// disposeFull executes an order while the disk fills up, tries again while it is full, and once more with room.
func (f *fullTest) disposeFull(t *testing.T, free uint64, order []byte) string {
	t.Helper()
	w, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	f.fill(t, free)
	_, err = w.Dispose(order, nil)
	w.Close()
	if w, oerr := f.open(); oerr == nil { // the disk is full still
		w.Close()
	}
	if report := check(t, f.Dir, archive.CheckOptions{}); len(otherFaults(report)) > 0 {
		t.Errorf("%d KiB free: %v", free>>10, otherFaults(report))
	}
	if err := os.Remove(f.filler()); err != nil {
		t.Fatal(err)
	}
	switch {
	case err == nil:
		return "executed"
	case errors.Is(err, archive.ErrUnfinished):
		return "not yet carried out"
	}
	return "refused"
}

// otherFaults are those that an interrupted execution does not explain.
func otherFaults(r *verify.Report) (list []verify.Check) {
	for _, c := range notPassed(r) {
		if c.Code != verify.CodeBeyond && c.Code != verify.CodeDisposal {
			list = append(list, c)
		}
	}
	return list
}

// wantDisposed sees, with room again, that the order is executed or can be.
func (f *fullTest) wantDisposed(t *testing.T, order []byte, refused bool, goes, stays seal.LeafIndex) {
	t.Helper()
	w, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := openBundle(w, f.Custodian, goes); err == nil {
		if !refused {
			t.Error("it is committed, and not carried out with room again")
		}
		if _, err := w.Dispose(order, nil); err != nil {
			t.Errorf("with room again: %v", err)
		}
	}
	if err := openBundle(w, f.Custodian, goes); !errors.Is(err, archive.ErrShredded) {
		t.Errorf("the bundle that goes: %v", err)
	}
	if err := openBundle(w, f.Custodian, stays); err != nil {
		t.Errorf("the bundle that stays: %v", err)
	}
	if _, err := w.CheckIndex(); err != nil {
		t.Error(err)
	}
	if report := check(t, f.Dir, archive.CheckOptions{}); report.Verdict != verify.Passed {
		t.Errorf("with room again: %v", notPassed(report))
	}
}
