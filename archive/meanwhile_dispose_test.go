package archive_test

import (
	"bytes"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/seal"
	"kartoteka/verify"
)

// While orders are executed somebody checks the archive, and somebody reads what stays: the check may not know yet, but it
// finds nothing wrong, and what stays opens.
func TestDisposalMeanwhile(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 18, Accessions: 9, InMemory: true})
	officers := a.Officers(t)
	stop, done := make(chan struct{}), make(chan int, 2)
	watch := func(look func()) {
		n := 0
		for {
			select {
			case <-stop:
				done <- n
				return
			default:
				look()
				n++
			}
		}
	}
	go watch(func() {
		r, err := archive.Check(t.Context(), a.Dir, archive.CheckOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		for _, c := range r.Checks {
			if c.Verdict == verify.Failed {
				t.Errorf("the check: %+v", c)
			}
		}
	})
	go watch(func() {
		for _, n := range []int{0, 17} {
			err := openFresh(a, a.Bundles[n].Leaf)
			if err != nil { // rewritten since it was opened
				err = openFresh(a, a.Bundles[n].Leaf)
			}
			if err != nil {
				t.Errorf("bundle %d stays: %v", n, err)
			}
		}
	})
	for n := 1; n < 17; n += 2 {
		order := archivetest.SignOrder(t, a.Order(t, a.Bundles[n].Leaf, a.Bundles[n+1].Leaf), officers...)
		w := a.OpenWrite(t)
		if _, err := w.Dispose(order, nil); err != nil {
			t.Error(err)
		}
		w.Close()
		a.Now = a.Now.Add(time.Minute)
	}
	close(stop)
	t.Logf("%d and %d looks meanwhile", <-done, <-done)
}

// openFresh opens the archive and a bundle of it.
func openFresh(a *archivetest.Archive, leaf seal.LeafIndex) error {
	r, err := archive.Open(a.Dir, archive.Options{})
	if err != nil {
		return err
	}
	defer r.Close()
	return openBundle(r, a.Custodian, leaf)
}

// openBundle opens a bundle and its first document.
func openBundle(a *archive.Archive, id age.Identity, leaf seal.LeafIndex) error {
	b, err := reading.NewRoom(a, id).Bundle(leaf)
	if err != nil {
		return err
	}
	return b.Document(&bytes.Buffer{}, 1)
}
