package interop_test

import (
	"os"
	"path/filepath"
	"testing"

	"kartoteka/archive/archivetest"
	"kartoteka/seal"
)

// A log under which records were disposed of is as whole for tessera as it was before: nothing that was logged is changed,
// whatever is shredded.
func TestFsckAfterDisposal(t *testing.T) {
	l, a := archiveLog(t)
	officers := a.Officers(t)
	before := must(os.ReadFile(filepath.Join(l.dir, "tile/entries/000")))
	var goes []seal.LeafIndex
	for n, b := range a.Bundles {
		if n%3 == 0 || n < 90 { // all of the first accession
			goes = append(goes, b.Leaf)
		}
	}
	order := archivetest.SignOrder(t, a.Order(t, goes...), officers...)
	w := a.OpenWrite(t)
	disposal := must(w.Dispose(order, nil))
	l.size, l.root = peek(t, w.Checkpoint())
	check(t, w.Close())
	if err := l.fsck(t, l.files()); err != nil {
		t.Errorf("after disposal %d: %v", disposal, err)
	}
	if after := must(os.ReadFile(filepath.Join(l.dir, "tile/entries/000"))); string(after) != string(before) {
		t.Error("events of before the disposal are changed")
	}
	for _, file := range []string{"checkpoint", "tile/entries/000", "tile/0/000"} {
		l.refuses(t, file)
	}
}
