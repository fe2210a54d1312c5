package archive_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify"
)

// snapshot reads every file of an archive.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range archivetest.Files(t, dir, ".") {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(data)
	}
	return files
}

func sameFiles(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s is gone or changed", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is new", name)
		}
	}
}

func sent(t *testing.T, b *archivetest.Bundle) []byte {
	t.Helper()
	data, err := os.ReadFile(b.Path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A bundle that comes again, whole or as a folder, alone or twice at once, is known: the same receipt to the byte, and
// nothing stored. That is also what a crash between commit and publishing leaves.
func TestTakenTwice(t *testing.T) {
	s := &spoolTest{archivetest.New(t, archivetest.Options{}), t}
	w := s.OpenWrite(t)
	defer w.Close()
	before := snapshot(t, s.Dir)
	for _, b := range s.Bundles {
		receipt := filepath.Join("spool/receipts", filepath.Base(b.Receipt))
		if len(before[receipt]) == 0 {
			t.Fatal("no", receipt)
		}
		os.Remove(filepath.Join(s.Dir, receipt)) // fetched
		s.put(b.ID+".zip", sent(t, b))
		s.put(b.ID+"-again.zip", sent(t, b))
		d := &archivetest.Draft{Files: b.Documents}
		d.Folder(t, filepath.Join(s.Dir, "spool/incoming", b.ID+"-folder"), b.Envelope)
	}
	got := s.mustTake(w)
	if len(got) != 3*len(s.Bundles) {
		t.Errorf("%d outcomes, want %d", len(got), 3*len(s.Bundles))
	}
	for name, o := range got {
		i := slices.IndexFunc(s.Bundles, func(b *archivetest.Bundle) bool { return strings.HasPrefix(name, b.ID) })
		if o.Status != archive.Known || o.Leaf != s.Bundles[i].Leaf {
			t.Errorf("%s: %+v", name, o)
		}
	}
	sameFiles(t, snapshot(t, s.Dir), before)
	// Signed anew it has another signature, but says the same.
	b := s.Bundles[0]
	again, err := seal.ParseEnvelope(b.Envelope)
	if err != nil {
		t.Fatal(err)
	}
	statement, err := seal.ParseStatement(again.Payload)
	if err != nil {
		t.Fatal(err)
	}
	d := &archivetest.Draft{Statement: statement, Files: b.Documents}
	s.put("signed-anew.zip", signed(s, d))
	if o := s.mustTake(w)["signed-anew.zip"]; o.Status != archive.Known || o.Leaf != b.Leaf {
		t.Errorf("signed anew: %+v", o)
	}
	sameFiles(t, snapshot(t, s.Dir), before)
}

// A receipt stays the same to the byte when somebody has signed the checkpoint beside the archive.
func TestReceiptBesideAWitness(t *testing.T) {
	s := &spoolTest{archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1}), t}
	archivetest.Edit(t, s.Dir, "log/checkpoint", func(b []byte) []byte {
		return append(b, "\u2014 witness.example/w "+base64.StdEncoding.EncodeToString(make([]byte, 4+8+64))+"\n"...)
	})
	w := s.OpenWrite(t)
	defer w.Close()
	before := snapshot(t, s.Dir)
	s.put("again.zip", sent(t, s.Bundles[0]))
	if o := s.mustTake(w)["again.zip"]; o.Status != archive.Known {
		t.Errorf("%+v", o)
	}
	sameFiles(t, snapshot(t, s.Dir), before)
}

// What a writer left between two steps of an accession is set aside at the next opening, and nothing else changes.
func TestQuarantine(t *testing.T) {
	s := &spoolTest{archivetest.New(t, archivetest.Options{}), t}
	before := snapshot(t, s.Dir)
	// A copy that went on has what a crashed writer staged, if the old checkpoint is put back beside it.
	checkpoint := []byte(before["log/checkpoint"])
	index := []byte(before["index.db"])
	s.Take(t, 1)
	receipt := filepath.Join(s.Dir, "spool/receipts", filepath.Base(s.Bundles[6].Receipt))
	if err := errors.Join(os.WriteFile(filepath.Join(s.Dir, "log/checkpoint"), checkpoint, 0o640),
		os.WriteFile(filepath.Join(s.Dir, "index.db"), index, 0o600), os.Remove(receipt)); err != nil {
		t.Fatal(err)
	}
	// Publish had removed the narrower tiles.
	for name, data := range before {
		if p := filepath.Join(s.Dir, name); strings.HasPrefix(name, "log/tile") {
			if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(data), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	temp := filepath.Join(s.Dir, "log/.tmp-0123456789abcdef")
	if err := os.WriteFile(temp, []byte("half a checkpoint"), 0o640); err != nil {
		t.Fatal(err)
	}
	if r := check(t, s.Dir, archive.CheckOptions{}); r.Verdict != verify.Indeterminate {
		t.Errorf("before the opening: %s", r.Verdict)
	}
	w := s.OpenWrite(t)
	if _, err := os.Stat(temp); err == nil {
		t.Error("the temporary file was left")
	}
	aside := archivetest.Files(t, s.Dir, "quarantine")
	after := snapshot(t, s.Dir)
	for _, name := range append(aside, "index.db") { // which every opening may write to
		delete(after, name)
	}
	delete(before, "index.db")
	sameFiles(t, after, before)
	if len(aside) < 6 { // a segment, three keyfiles twice, tiles
		t.Errorf("quarantine holds %q", aside)
	}
	// The bundle is taken in as if for the first time.
	s.put("again.zip", sent(t, s.Bundles[6]))
	if o := s.mustTake(w)["again.zip"]; o.Status != archive.Taken {
		t.Errorf("%+v", o)
	}
	w.Close()
	if r := check(t, s.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed || r.Counts["bundles"] != 7 {
		t.Errorf("%v %v", r.Counts, notPassed(r))
	}
}

// restore puts an earlier log back, checkpoint and all.
func restore(t *testing.T, dir string, before map[string]string, tops ...string) {
	t.Helper()
	for _, top := range tops {
		if err := os.RemoveAll(filepath.Join(dir, top)); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range before {
		p := filepath.Join(dir, name)
		if !slices.ContainsFunc(tops, func(top string) bool { return name == top || strings.HasPrefix(name, top+"/") }) {
			continue
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(data), 0o640)); err != nil {
			t.Fatal(err)
		}
	}
}

func openTampered(t *testing.T, a *archivetest.Archive, dir string) *archive.Tampered {
	t.Helper()
	w, err := archive.Open(dir, archive.Options{Write: true, Now: func() time.Time { return a.Now }, Reserve: 1 << 20})
	if err == nil {
		w.Close()
	}
	var bad *archive.Tampered
	if !errors.As(err, &bad) {
		t.Fatalf("opened with %v, want evidence", err)
	}
	return bad
}

// A log put back to an earlier state is found by everything that knows more: the index, or a receipt.
func TestRollback(t *testing.T) {
	for _, c := range []struct {
		name string
		tops []string // what is put back
		lost []string // what is removed
		code verify.Code
	}{
		{"log alone", []string{"log"}, nil, verify.CodeLogRolledBack},
		{"log and index: receipts tell", []string{"log", "index.db"}, nil, verify.CodeLogRolledBack},
		{"log, index lost: receipts tell", []string{"log"}, []string{"index.db"}, verify.CodeLogRolledBack},
		{"log and receipts: the index tells", []string{"log", "spool"}, nil, verify.CodeLogRolledBack},
		{"log and files: receipts tell", []string{"log", "index.db", "accessions", "keyfiles", "keyfiles.2"}, nil, verify.CodeLogRolledBack},
		{"everything: nothing here can tell", []string{"log", "index.db", "accessions", "keyfiles", "keyfiles.2", "spool"}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := archivetest.New(t, archivetest.Options{})
			before := snapshot(t, a.Dir)
			a.Take(t, 2)
			after := snapshot(t, a.Dir)
			restore(t, a.Dir, before, c.tops...)
			for _, name := range c.lost {
				os.Remove(filepath.Join(a.Dir, name))
			}
			if c.code == "" {
				a.OpenWrite(t).Close()
				return
			}
			bad := openTampered(t, a, a.Dir)
			if bad.Code != c.code || !strings.Contains(bad.Proof, before["log/checkpoint"]) {
				t.Errorf("%s, proof %q", bad.Code, bad.Proof)
			}
			if len(archivetest.Files(t, a.Dir, "quarantine")) != 0 && len(c.lost) == 0 {
				t.Error("something was moved before the rollback was found")
			}
			// The right log back, all is well.
			restore(t, a.Dir, after, "log", "accessions", "keyfiles", "keyfiles.2")
			a.OpenWrite(t).Close()
			if r := check(t, a.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed {
				t.Errorf("%v", notPassed(r))
			}
		})
	}
}

// Two copies both went on: a receipt of one convicts the other, whichever is longer.
func TestFork(t *testing.T) {
	for _, c := range []struct {
		name        string
		mine, other int
		code        verify.Code
	}{
		{"as long", 1, 1, verify.CodeLogConsistency},
		{"longer", 3, 1, verify.CodeLogConsistency},
		{"shorter", 1, 3, verify.CodeLogRolledBack},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := archivetest.New(t, archivetest.Options{Bundles: 2})
			copied := a.Copy(t)
			a.Take(t, c.mine)
			other := &spoolTest{&archivetest.Archive{Dir: copied, Producer: a.Producer, Custodian: a.Custodian, Now: a.Now}, t}
			for n := range c.other {
				other.put(string('a'+rune(n)), signed(other, other.good("fork-"+string('a'+rune(n)))))
			}
			w := other.OpenWrite(t)
			other.mustTake(w)
			w.Close()
			for _, name := range spooled(t, copied, "receipts") {
				from, to := filepath.Join(copied, "spool/receipts", name), filepath.Join(a.Dir, "spool/receipts", name)
				if data, err := os.ReadFile(from); err != nil || os.WriteFile(to, data, 0o640) != nil {
					t.Fatal(err)
				}
			}
			if bad := openTampered(t, a, a.Dir); bad.Code != c.code {
				t.Errorf("%s (%s), want %s", bad.Code, bad.Reason, c.code)
			}
		})
	}
}

// The index is disposable: missing or garbage, a writer makes it anew, and it finds what it found.
func TestIndexLost(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	name := filepath.Join(a.Dir, "index.db")
	q := archive.Query{Identifier: patient.Identifier{System: "pl.pesel", Value: "44051401359"}}
	for what, data := range map[string][]byte{"missing": nil, "garbage": bytes.Repeat([]byte("garbage\n"), 8<<10), "empty": {}, "zeros": make([]byte, 64<<10)} {
		os.Remove(name)
		if data != nil {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		w := a.OpenWrite(t)
		rows, err := w.CheckIndex()
		if err != nil || rows != len(a.Bundles) {
			t.Errorf("%s: %d rows, %v", what, rows, err)
		}
		if found, err := w.Find(q); err != nil || len(found) != 2 {
			t.Errorf("%s: found %d, %v", what, len(found), err)
		}
		w.Close()
	}
	if r := check(t, a.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed {
		t.Errorf("%v", notPassed(r))
	}
}

func TestTwoWriters(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	w := a.OpenWrite(t)
	before := snapshot(t, a.Dir)
	if _, err := archive.Open(a.Dir, archive.Options{Write: true}); !errors.Is(err, archive.ErrBusy) {
		t.Errorf("a second writer: %v", err)
	}
	sameFiles(t, snapshot(t, a.Dir), before)
	r, err := archive.Open(a.Dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Take(t.Context(), nil, nil); !errors.Is(err, archive.ErrReadOnly) {
		t.Errorf("a reader takes in: %v", err)
	}
	w.Close()
	a.OpenWrite(t).Close()
}

func TestClock(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	last := a.Now
	for _, c := range []struct {
		off  time.Duration
		want error
	}{
		{0, nil}, {-4 * time.Minute, nil}, {-6 * time.Minute, archive.ErrClock}, {-87600 * time.Hour, archive.ErrClock},
		{365 * 24 * time.Hour, nil}, {367 * 24 * time.Hour, archive.ErrClock}, {20 * 8766 * time.Hour, archive.ErrClock},
	} {
		now := func() time.Time { return last.Add(c.off) }
		w, err := archive.Open(a.Dir, archive.Options{Write: true, Now: now})
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", c.off, err, c.want)
		}
		if err == nil {
			w.Close()
			continue
		}
		if w, err = archive.Open(a.Dir, archive.Options{Write: true, Now: now, AcceptClock: true}); err != nil {
			t.Errorf("%s accepted: %v", c.off, err)
			continue
		}
		w.Close()
	}
	// It jumps while the archive is open.
	now := last
	w, err := archive.Open(a.Dir, archive.Options{Write: true, Now: func() time.Time { return now }, Reserve: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	now = last.Add(-time.Hour)
	if err := w.Take(t.Context(), []archive.Source{{Path: a.Make(t, 1).Path}}, func(o archive.Outcome) { t.Errorf("%+v", o) }); !errors.Is(err, archive.ErrClock) {
		t.Errorf("taken in by a clock set back: %v", err)
	}
	if r := check(t, a.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed {
		t.Errorf("%v", notPassed(r))
	}
}

// A reader stays at the checkpoint it opened, and follows when told to; what it could read it can still read.
func TestRefresh(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
	r, err := archive.Open(a.Dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	old := r.Head()
	count := func() (n int) {
		if err := r.Events(0, func(_ seal.LeafIndex, e seal.Event) error {
			if e.Bundle != nil {
				n++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 10 { // beyond a full tile
		a.Take(t, 30)
		if r.Head() != old {
			t.Fatal("a reader went on by itself")
		}
		if got, want := count(), 2; got != want {
			t.Fatalf("%d bundles under the old checkpoint, want %d", got, want)
		}
		if _, err := r.Proof(3); err != nil {
			t.Fatalf("a proof under the old checkpoint: %v", err)
		}
	}
	if err := r.Refresh(); err != nil {
		t.Fatal(err)
	}
	if got, want := count(), 302; got != want {
		t.Errorf("%d bundles after Refresh, want %d", got, want)
	}
	last := a.Bundles[301]
	if _, e, err := r.Event(last.Leaf); err != nil || e.Bundle == nil {
		t.Errorf("event %d: %v", last.Leaf, err)
	}
}
