package archive_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/seal"
	"kartoteka/verify"
)

// A bundle that is still being written waits; complete, it is taken.
func TestStillBeingWritten(t *testing.T) {
	s := newSpoolTest(t)
	whole := signed(s, s.good("slow"))
	w := s.OpenWrite(t)
	defer w.Close()
	for _, part := range []struct {
		data []byte
		code verify.Code
	}{{nil, "empty"}, {whole[:3], "not_zip"}, {whole[:len(whole)/2], "container_truncated"}, {whole[:len(whole)-1], "container_truncated"}} {
		s.put("slow.zip", part.data)
		s.age("slow.zip", s.Now)
		size := w.Head().Size
		o := s.mustTake(w)["slow.zip"]
		if o.Status != archive.Postponed || o.Code != part.code || o.Leaf != -1 {
			t.Errorf("%d bytes: %+v, want postponed %s", len(part.data), o, part.code)
		}
		if w.Head().Size != size {
			t.Errorf("%d bytes: the log grew", len(part.data))
		}
	}
	s.put("slow.zip", whole)
	s.age("slow.zip", s.Now)
	if o := s.mustTake(w)["slow.zip"]; o.Status != archive.Taken {
		t.Errorf("complete: %+v", o)
	}
	if r := check(t, s.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed {
		t.Errorf("%v", notPassed(r))
	}
}

// A bundle that was cut short when it was judged ahead, and is whole and at rest by its turn, is no bad bundle.
func TestWrittenWhileOthersAreStaged(t *testing.T) {
	s := newSpoolTest(t)
	large := archivetest.Document{Name: "documents/large.bin", Title: "TK", Body: bytes.Repeat([]byte("0123456789abcdef"), 4<<20)}
	s.Spool(t, "a-large.zip", s.Draft("large-bundle", archivetest.People[0], large))
	whole := signed(s, s.good("slow"))
	s.put("b-slow.zip", whole[:len(whole)/2])
	s.age("b-slow.zip", s.Now)
	var later atomic.Int64
	w, err := archive.Open(s.Dir, archive.Options{Write: true, Now: func() time.Time { return s.Now.Add(time.Duration(later.Load())) }, Reserve: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	staged := filepath.Join(s.Dir, "accessions", seal.NextAccession(lastAccession(t, w), s.Now).String(), seal.SegmentName(1))
	done := make(chan struct{})
	go func() { // the small bundle was judged beside the large one, whose segment appears later
		defer close(done)
		for {
			if _, err := os.Stat(staged); err == nil {
				s.put("b-slow.zip", whole)
				s.age("b-slow.zip", s.Now)
				later.Store(int64(2 * time.Minute))
				return
			}
			time.Sleep(100 * time.Microsecond)
		}
	}()
	o := s.mustTake(w)["b-slow.zip"]
	<-done
	if o.Status != archive.Postponed && o.Status != archive.Taken {
		t.Errorf("%+v", o)
	}
	if o := s.mustTake(w)["b-slow.zip"]; o.Status != archive.Taken && o.Status != "" {
		t.Errorf("once more: %+v", o)
	}
}

// A sender that puts the next bundle under the name of one that is being taken in loses neither.
func TestReplacedWhileStaged(t *testing.T) {
	s := newSpoolTest(t)
	s.put("same.zip", signed(s, s.good("first")))
	calls := -1 << 20
	now := func() time.Time {
		if calls++; calls == 3 { // twice as the accession begins, then at the first's turn
			next := filepath.Join(s.Dir, "spool", "next.zip")
			if err := errors.Join(os.WriteFile(next, signed(s, s.good("second")), 0o600), os.Rename(next, filepath.Join(s.Dir, "spool/incoming/same.zip"))); err != nil {
				t.Error(err)
			}
		}
		return s.Now
	}
	w, err := archive.Open(s.Dir, archive.Options{Write: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	calls = 0
	if o := s.mustTake(w)["same.zip"]; o.Status != archive.Taken || calls < 3 {
		t.Fatalf("the first: %+v after %d looks at the clock", o, calls)
	}
	if o := s.mustTake(w)["same.zip"]; o.Status != archive.Taken {
		t.Errorf("the second: %+v", o)
	}
	for _, id := range []string{"first", "second"} {
		if _, err := os.Stat(filepath.Join(s.Dir, "spool/receipts", seal.ReceiptName(verify.Digest([]byte("hostile-"+id))))); err != nil {
			t.Errorf("the %s has no receipt: %v", id, err)
		}
	}
	if left := spooledIn(t, filepath.Join(s.Dir, "spool"), "incoming"); len(left) != 0 {
		t.Errorf("left in the spool: %q", left)
	}
}

// A sender that writes to a bundle between judgement and staging neither gets it in nor holds up the others.
func TestChangedWhileRead(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, path string)
	}{
		{"cut", func(t *testing.T, path string) { os.Truncate(path, 1<<20) }},
		{"grown", func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				f.WriteString("more")
				f.Close()
			}
		}},
		{"overwritten", func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				f.WriteAt([]byte("other bytes"), 63<<20)
				f.Close()
			}
		}},
		{"removed", func(t *testing.T, path string) { os.Remove(path) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSpoolTest(t)
			large := archivetest.Document{Name: "documents/large.bin", Title: "TK", Body: bytes.Repeat([]byte("0123456789abcdef"), 4<<20)}
			path := s.Spool(t, "a-large.zip", s.Draft("large-bundle", archivetest.People[0], large))
			s.Spool(t, "b-good.zip", s.good("beside"))
			w := s.OpenWrite(t)
			defer w.Close()
			staged := filepath.Join(s.Dir, "accessions", seal.NextAccession(lastAccession(t, w), s.Now).String(), seal.SegmentName(1))
			done := make(chan struct{})
			go func() { // the segment appears when the judged file is read for the second time
				defer close(done)
				for {
					if _, err := os.Stat(staged); err == nil {
						c.change(t, path)
						return
					}
					time.Sleep(100 * time.Microsecond)
				}
			}()
			got, err := s.take(w)
			<-done
			if err != nil {
				t.Fatalf("one changed bundle stops the intake: %v", err)
			}
			if o := got["a-large.zip"]; o.Status != archive.Postponed && o.Status != archive.Rejected {
				t.Errorf("%+v", o)
			}
			if o := got["b-good.zip"]; o.Status != archive.Taken {
				t.Errorf("the bundle beside it: %+v", o)
			}
			if r := check(t, s.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed || r.Counts["bundles"] != 3 {
				t.Errorf("%v %v", r.Counts, notPassed(r))
			}
		})
	}
}

func lastAccession(t *testing.T, w *archive.Archive) seal.AccessionID {
	t.Helper()
	state, err := w.State()
	if err != nil {
		t.Fatal(err)
	}
	return state.Accession
}
