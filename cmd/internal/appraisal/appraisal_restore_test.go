package appraisal_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/seal"
	"kartoteka/verify"
)

// disposed is a world whose old bundles are gone, with what it was before: for tests that bring parts of it back.
type disposed struct {
	*world
	event  seal.LeafIndex
	order  string // name of the order's file
	traces [][]byte
	before map[string][]byte // all files before the disposal
	after  map[string][]byte
}

func newDisposed(t *testing.T) *disposed {
	t.Helper()
	d := &disposed{world: newWorld(t)}
	d.old = append(d.old, d.take(bundle{person: 5, facts: card(2000)}, bundle{person: 6, facts: card(2024)})[0])
	d.handOver(d.old...)
	d.traces = slices.Concat(d.world.traces(d.old...), d.blind(0), d.blind(1))
	d.before = d.files(".")
	d.event = d.dispose(d.old...)
	d.after = d.files(".")
	for name := range d.after {
		if strings.HasPrefix(name, "orders/") {
			d.order = name
		}
	}
	if found := d.search(d.traces); len(found) > 0 {
		t.Fatalf("after the disposal: %q", found)
	}
	return d
}

func (d *disposed) fork(t *testing.T) *disposed {
	t.Helper()
	next := *d
	next.world = d.world.fork(t)
	return &next
}

// rewritten lists the keyfiles under a folder that the disposal rewrote.
func (d *disposed) rewritten(top string) (names []string) {
	for name, data := range d.after {
		if strings.HasPrefix(name, top+"/") && !bytes.Equal(data, d.before[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (d *disposed) asBefore(names []string) map[string][]byte {
	files := map[string][]byte{}
	for _, n := range names {
		files[n] = d.before[n]
	}
	return files
}

// TestRestored brings files of before the disposal back, as a backup would. The check says so, keyless, for every one of
// them; opening the archive for writing disposes of them again.
func TestRestored(t *testing.T) {
	t.Parallel()
	first := newDisposed(t)
	keys, keys2 := first.rewritten("keyfiles"), first.rewritten("keyfiles.2")
	if len(keys) < 6 || len(keys) != len(keys2) {
		t.Fatalf("the disposal rewrote %q and %q", keys, keys2)
	}
	segments := slices.DeleteFunc(slices.Sorted(maps.Keys(first.before)), func(n string) bool {
		return !strings.HasPrefix(n, "accessions/") || first.after[n] != nil
	})
	if len(segments) == 0 {
		t.Fatal("the disposal deleted no segment")
	}
	index := []string{"index.db"}
	for name, back := range map[string][]string{
		"one keyfile": keys[:1], "one of the second": keys2[2:3], "one, both copies": {keys[1], keys2[1]}, "all of the first": keys,
		"all of the second": keys2, "all keyfiles": slices.Concat(keys, keys2), "one of each": {keys[0], keys2[1], keys[2]},
		"a segment": segments[:1], "all keyfiles and segments": slices.Concat(keys, keys2, segments),
		"the index": index, "keyfiles and index": slices.Concat(keys, keys2, index), "all": slices.Concat(keys, keys2, segments, index),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := first.fork(t)
			d.put(first.asBefore(back))
			if found := d.search(d.traces); len(found) == 0 && back[0] != segments[0] {
				t.Fatal("nothing came back: the test tests nothing")
			}
			d.wantNamed(back)
			d.write(func(*archive.Archive) error { return nil })
			d.wantDisposedAgain()
		})
	}
}

// wantNamed: the check fails, and names every file that is back, with the code that says why.
func (d *disposed) wantNamed(back []string) {
	d.t.Helper()
	codes := d.failed()
	for _, name := range back {
		if name != "index.db" && codes[name] != verify.CodeDisposal {
			if twin := strings.Replace(name, "keyfiles.2/", "keyfiles/", 1); codes[twin] == verify.CodeDisposal { // a copy of it
				continue
			}
			d.t.Errorf("%s is back, and the check says %q", name, codes[name])
		}
		delete(codes, name)
	}
	for name, code := range codes {
		if code != verify.CodeKeyfileCopy {
			d.t.Errorf("the check names %s too: %s", name, code)
		}
	}
}

func (d *disposed) wantDisposedAgain() {
	d.t.Helper()
	if found := d.search(d.traces); len(found) > 0 {
		d.t.Errorf("not disposed of again: %q", found)
	}
	d.wantGone(d.event, d.old...)
	d.wantOpen(d.young, d.Bundles[0].Leaf, d.Bundles[3].Leaf)
	d.wantSound()
	d.certificate(d.event)
}

// TestLost: what is lost of a disposed archive is made anew where that can be, and named where it cannot.
func TestLost(t *testing.T) {
	t.Parallel()
	first := newDisposed(t)
	keys := first.rewritten("keyfiles")[0]
	for name, lost := range map[string][]string{"the index": {"index.db"}, "its mark": {"index.db.compacted"}, "both": {"index.db", "index.db.compacted"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := first.fork(t)
			for _, n := range lost {
				d.remove(n)
			}
			d.write(func(*archive.Archive) error { return nil })
			d.wantDisposedAgain()
		})
	}
	for _, copies := range [][]string{{keys}, {strings.Replace(keys, "keyfiles/", "keyfiles.2/", 1)}} {
		t.Run("a copy of a keyfile in "+copies[0], func(t *testing.T) {
			t.Parallel()
			d := first.fork(t)
			d.remove(copies[0])
			if codes := d.failed(); codes[copies[0]] != verify.CodeKeyfile || len(codes) != 1 {
				t.Errorf("the check says %q", codes)
			}
			d.write(func(*archive.Archive) error { return nil })
			d.wantDisposedAgain()
		})
	}
	t.Run("the order", func(t *testing.T) {
		t.Parallel()
		d := first.fork(t)
		d.remove(d.order)
		if codes := d.failed(); codes[d.order] != verify.CodeOrder {
			t.Errorf("the check says %q", codes)
		}
		a := d.OpenWrite(t)
		if _, err := a.Certificate(d.event, seal.System{Name: "kartoteka", Version: "test"}); err == nil {
			t.Error("a certificate without the order")
		}
		if _, err := a.Rebuild(); err == nil {
			t.Error("rebuilt without the order")
		}
		a.Close()
		d.put(map[string][]byte{d.order: d.after[d.order]})
		d.write(func(*archive.Archive) error { return nil })
		d.wantDisposedAgain()
	})
}

func (w *world) remove(name string) {
	w.t.Helper()
	if err := os.Remove(filepath.Join(w.Dir, name)); err != nil {
		w.t.Fatal(err)
	}
}

// TestCertificateOfWhatIsThere: no certificate while anything that it says is gone is there.
func TestCertificateOfWhatIsThere(t *testing.T) {
	t.Parallel()
	first := newDisposed(t)
	for _, name := range slices.Concat(first.rewritten("keyfiles"), first.rewritten("keyfiles.2")) {
		d := first.fork(t)
		a := d.OpenWrite(t)
		d.put(first.asBefore([]string{name})) // while it is open, so that nothing mends it
		if _, err := a.Certificate(d.event, seal.System{Name: "kartoteka", Version: "test"}); err == nil {
			t.Errorf("%s is back, and a certificate is issued", name)
		}
		a.Close()
	}
}

// TestDroppedHeader: somebody who can write the files marks records as shredded. No order names them: the check fails, and
// nothing counts as disposed of.
func TestDroppedHeader(t *testing.T) {
	t.Parallel()
	first := newDisposed(t)
	missing := []verify.Code{verify.CodeKeyfile, verify.CodeHeaderMissing}
	for name, order := range map[string]seal.LeafIndex{"under an executed order": first.event, "under an event that is no disposal": first.young, "under no event": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, keyfile := range first.rewritten("keyfiles") {
				d := first.fork(t)
				data := dropHeader(t, first.after[keyfile], order)
				if data == nil { // nothing is left in it to drop
					continue
				}
				twin := strings.Replace(keyfile, "keyfiles/", "keyfiles.2/", 1)
				d.put(map[string][]byte{keyfile: data, twin: data})
				codes := d.failed()
				if !slices.Contains(missing, codes[keyfile]) || !slices.Contains(missing, codes[twin]) {
					t.Errorf("%s: the check says %q", keyfile, codes)
				}
				d.wantNotBelieved()
			}
		})
	}
}

// wantNotBelieved: of no bundle that stays the archive says that it was disposed of.
func (d *disposed) wantNotBelieved() {
	d.t.Helper()
	d.room(func(room *reading.Room) {
		for i := range seal.LeafIndex(d.size()) {
			if _, err := room.Bundle(i); errors.Is(err, archive.ErrShredded) && !slices.Contains(d.old, i) {
				d.t.Errorf("bundle %d: %v", i, err)
			}
		}
	})
}

func dropHeader(t *testing.T, data []byte, order seal.LeafIndex) []byte {
	t.Helper()
	k, err := seal.ParseKeyfile(data)
	if err != nil {
		t.Fatal(err)
	}
	n := slices.IndexFunc(k.Records, func(r seal.KeyRecord) bool { return !r.Shredded() })
	if n < 0 {
		return nil
	}
	if err := k.Shred(n, order); err != nil {
		t.Fatal(err)
	}
	if data, err = k.Marshal(); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestFlippedBytes flips bytes of what a disposal wrote: rewritten keyfiles and the order. Every one counts.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	first := newDisposed(t)
	names := map[string]int{first.order: 5}
	for i, n := range slices.Concat(first.rewritten("keyfiles"), first.rewritten("keyfiles.2")) {
		names[n] = 131 + 2*i
	}
	for name, stride := range names {
		if everything {
			stride = 1
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			d := first.fork(t)
			for at := 0; at < len(first.after[name]); at += stride {
				archivetest.Edit(t, d.Dir, name, func(data []byte) []byte { data[at] ^= 1 << (at % 8); return data })
				if codes := d.failed(); codes[name] == "" {
					t.Errorf("%s: byte %d flipped: the check says %q", name, at, codes)
				}
				d.put(map[string][]byte{name: first.after[name]})
			}
			d.wantPassed()
		})
	}
	for _, name := range []string{first.order, first.rewritten("keyfiles")[0]} {
		for what, data := range map[string][]byte{"cut": first.after[name][:len(first.after[name])-1], "empty": {}, "longer": append(bytes.Clone(first.after[name]), '\n')} {
			t.Run(fmt.Sprint(filepath.Base(name), " ", what), func(t *testing.T) {
				d := first.fork(t)
				d.put(map[string][]byte{name: data})
				if codes := d.failed(); codes[name] == "" {
					t.Errorf("the check says %q", codes)
				}
			})
		}
	}
}
