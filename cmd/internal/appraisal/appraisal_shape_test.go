package appraisal_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/seal"
	"kartoteka/verify"
)

// TestPartOfFile disposes of some bundles of patients, and then of the rest. Steps, holds, facts and packets are about
// bundles of which one goes and another stays, in one accession and in two.
func TestPartOfFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	same := w.take(
		bundle{person: 50, facts: seal.Facts{Jurisdiction: "LT", Class: "070/a-LK", LastEntryYear: 2010, IssuedYear: 2010}}, // 5 years of its own
		bundle{person: 50, facts: card(2020)},
		bundle{person: 51, facts: card(2001), docs: 3},
		bundle{person: 52, facts: card(2024)})
	later := w.take(bundle{person: 51, facts: card(2002)}, bundle{person: 50, facts: seal.Facts{Jurisdiction: "LT", Class: "070/a-LK", LastEntryYear: 2011, IssuedYear: 2011}})
	all := slices.Concat(same, later)
	w.step(seal.Step{Kind: seal.StepHandedOver}, all...)
	w.learn(appraisal.Whose{Identifier: identifier(50)}, seal.Facts{DeathYear: 2025})
	w.learn(appraisal.Whose{Bundles: same[:2]}, seal.Facts{BloodTraceability: truth(false)})
	w.endHold(w.hold(appraisal.Whose{Bundles: all})...)
	w.endHold(w.hold(appraisal.Whose{Identifier: identifier(51)})...)
	packet := w.release(all...)
	w.wantSound()

	first := w.dispose(same[0], later[0], same[2])
	w.wantGone(first, same[0], later[0], same[2])
	w.wantOpen(same[1], same[3], later[1])
	w.wantSound()
	w.wantCopies(first, packet)

	second := w.dispose(later[1])
	w.wantGone(second, later[1])
	w.wantOpen(same[1], same[3])
	w.wantSound()
	w.wantRebuilt()

	w.Now = time.Date(2027, 1, 2, 8, 0, 0, 0, time.UTC)
	w.take(bundle{person: 51, facts: card(2026)}) // comes back after all went
	w.wantSound()
}

// wantCopies: a certificate names the packets that hold copies.
func (w *world) wantCopies(disposal seal.LeafIndex, packets ...seal.LeafIndex) {
	w.t.Helper()
	w.write(func(a *archive.Archive) error {
		data, err := a.Certificate(disposal, seal.System{Name: "kartoteka", Version: "test"})
		if err != nil {
			return err
		}
		c, r := a.Policy().Certificate(data, time.Time{})
		if r.Verdict != verify.Passed {
			w.t.Errorf("certificate: %+v", r.Checks)
		}
		var got []seal.LeafIndex
		for _, x := range c.Copies {
			if x.Kind == seal.CopyRelease {
				got = append(got, *x.Event)
			}
		}
		if !slices.Equal(got, packets) {
			w.t.Errorf("the certificate names packets %d, want %d", got, packets)
		}
		return nil
	})
}

// wantRebuilt rebuilds the index, and the archive is as sound as before.
func (w *world) wantRebuilt() {
	w.t.Helper()
	w.write(func(a *archive.Archive) error { _, err := a.Rebuild(); return err })
	w.wantSound()
	if err := os.Remove(filepath.Join(w.Dir, "index.db")); err != nil {
		w.t.Fatal(err)
	}
	w.wantSound()
}

// TestLastOfAccession: with its last bundle an accession loses its segments, and its keyfiles keep the headers' hashes.
func TestLastOfAccession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leaves := w.take(bundle{person: 60, facts: card(2000), docs: 2}, bundle{person: 61, facts: card(2001)})
	accession := w.accessionOf(leaves[0])
	segments := filepath.Join(w.Dir, "accessions", accession)
	for n, leaf := range leaves {
		if names, err := os.ReadDir(segments); err != nil || len(names) == 0 {
			t.Fatalf("with %d bundles left it has segments %v, %v", len(leaves)-n, names, err)
		}
		event := w.dispose(leaf)
		w.wantGone(event, leaf)
		w.wantSound()
		w.certificate(event)
	}
	if names := archivetest.Files(t, w.Dir, "accessions"); slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, accession) }) {
		t.Errorf("segments are left: %q", names)
	}
	w.wantRebuilt()
}

func (w *world) accessionOf(leaf seal.LeafIndex) string {
	w.t.Helper()
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Close()
	_, e, err := a.Event(leaf)
	if err != nil {
		w.t.Fatal(err)
	}
	return e.Accession.String()
}

// TestOrdersTouchOneKeyfile: one order after the other shreds records of the same keyfiles; each keeps its own.
func TestOrdersTouchOneKeyfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var list []bundle
	for n := range 5 {
		list = append(list, bundle{person: 70 + n, facts: card(2000 + n)})
	}
	leaves := w.take(list...)
	events := map[seal.LeafIndex]seal.LeafIndex{}
	for _, n := range []int{3, 0, 4} {
		traces := w.traces(leaves[n])
		events[leaves[n]] = w.dispose(leaves[n])
		if found := w.search(traces); len(found) > 0 {
			t.Errorf("after the disposal of bundle %d: %q", n, found)
		}
		w.wantSound()
	}
	for leaf, event := range events {
		w.wantGone(event, leaf)
		w.certificate(event)
	}
	w.wantOpen(leaves[1], leaves[2])
	w.wantRebuilt()
}

// TestSentAgain: what was disposed of is refused when it comes again, and taken in where that is wanted, as a bundle of its
// own that goes its own way.
func TestSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := bundle{id: "sent-again", person: 80, facts: card(2000)}
	w.take(bundle{person: 80, facts: card(1999)}) // the patient has another, and numbers go on
	d := w.draft(b)
	sent := d.Zip(t, d.Sign(t, w.Producer))
	leaves := []seal.LeafIndex{w.takeBytes(sent, false, archive.Taken, "")}
	for range 3 {
		event := w.dispose(leaves[len(leaves)-1])
		w.wantGone(event, leaves[len(leaves)-1])
		w.wantSound()
		w.takeBytes(sent, false, archive.Rejected, verify.CodeDisposed)
		w.takeBytes(w.changed(b), false, archive.Rejected, verify.CodeDisposed) // another bundle under the same id
		leaves = append(leaves, w.takeBytes(sent, true, archive.Taken, ""))
		w.takeBytes(sent, true, archive.Known, "")
		w.takeBytes(w.changed(b), true, archive.Rejected, verify.CodeDuplicate)
		w.wantOpen(leaves[len(leaves)-1])
		w.wantSound()
		w.wantRebuilt()
	}
	w.wantGoneSomehow(leaves[:len(leaves)-1]...)
}

// changed is a bundle of the same id that says something else.
func (w *world) changed(b bundle) []byte {
	b.docs = 2
	d := w.draft(b)
	return d.Zip(w.t, d.Sign(w.t, w.Producer))
}

func (w *world) wantGoneSomehow(leaves ...seal.LeafIndex) {
	w.t.Helper()
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Close()
	found, err := a.Find(archive.Query{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range found {
		if slices.Contains(leaves, f.Leaf) {
			w.t.Errorf("bundle %d is still found", f.Leaf)
		}
	}
}

// takeBytes has a bundle's file taken in, and wants one outcome.
func (w *world) takeBytes(data []byte, again bool, want archive.Status, code verify.Code) (leaf seal.LeafIndex) {
	w.t.Helper()
	w.Now = w.Now.Add(time.Hour)
	name := filepath.Join(w.Dir, "spool/incoming/again.zip")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		w.t.Fatal(err)
	}
	a, err := archive.Open(w.Dir, archive.Options{Write: true, Again: again, Reserve: 1 << 20, Now: func() time.Time { return w.Now }})
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Close()
	err = a.Take(context.Background(), []archive.Source{{Path: name, Spooled: true}}, func(o archive.Outcome) {
		leaf = o.Leaf
		if o.Status != want || o.Code != code {
			w.t.Errorf("%s %s: %s, want %s %s", o.Status, o.Code, o.Reason, want, code)
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return leaf
}

// TestNobody: a bundle whose patient has no identifier is a file of its own, and stays until somebody says whose it is.
func TestNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leaf := w.take(bundle{person: nobody, facts: card(1990)})[0]
	if _, err := w.order(leaf); !refused(err, "unresolved") {
		t.Errorf("an order for it: %v", err)
	}
	w.endHold(w.hold(appraisal.Whose{Bundles: []seal.LeafIndex{leaf}})...)
	w.learn(appraisal.Whose{Bundles: []seal.LeafIndex{leaf}}, seal.Facts{LastEntryYear: 1991})
	w.release(leaf)
	w.wantSound()
	w.dispose(w.take(bundle{person: 81, facts: card(1990)})...)
	w.wantOpen(leaf)
	w.wantRebuilt()
}

// TestLargeOrder disposes of many bundles at once, of several accessions, and of nothing else.
func TestLargeOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := 300
	if everything {
		n = 2000
	}
	var leaves, stay []seal.LeafIndex
	for from := 0; from < n; from += 1000 {
		var list []bundle
		for i := from; i < min(n, from+1000)-1; i++ {
			list = append(list, bundle{person: 1000 + i/3, facts: card(1990 + i%3)})
		}
		taken := w.take(append(list, bundle{person: 90 + from/1000, facts: card(2025)})...)
		leaves, stay = append(leaves, taken[:len(taken)-1]...), append(stay, taken[len(taken)-1])
	}
	some := []seal.LeafIndex{leaves[0], leaves[len(leaves)/2], leaves[len(leaves)-1]}
	traces := w.traces(some...)
	start := time.Now()
	event := w.dispose(leaves...)
	t.Logf("%d bundles in %s", len(leaves), time.Since(start).Round(time.Millisecond))
	if found := w.search(traces); len(found) > 0 {
		t.Errorf("left of three of them: %q", found)
	}
	w.wantGone(event, leaves...)
	w.wantOpen(append(stay, w.old...)...)
	w.wantSound()
	w.certificate(event)
	if got := fmt.Sprint(w.check().Counts["disposed"]); got != fmt.Sprint(len(leaves)) {
		t.Errorf("the check counts %s disposed bundles", got)
	}
}
