package archive_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/seal/unseal"
	"kartoteka/verify"
)

func rotateLog(s *archivetest.Archive, w *archive.Archive, by ...age.Identity) (archive.LogKeyChange, error) {
	return w.RotateLogKey(reading.NewRoom(w, by...).Unseal)
}

// The log key's successor is the one committed to; what was signed before is judged by the old key, what comes after by the
// new one, and a bundle sent again gets a receipt that holds under the policy of now.
func TestRotateLogKey(t *testing.T) {
	s := &spoolTest{archivetest.New(t, archivetest.Options{}), t}
	old := policyOf(t, s.Archive)
	receipt := read(t, s.Bundles[0].Receipt)
	then, checkpoint := s.Now, read(t, filepath.Join(s.Dir, "log/checkpoint"))
	w := s.OpenWrite(t)
	if _, err := rotateLog(s.Archive, w, s.Custodian); !errors.Is(err, archive.ErrClock) {
		t.Errorf("within the second of the last event: %v", err)
	}
	s.Now = s.Now.Add(time.Hour)
	stranger, _ := custodian(t, "stranger")
	if _, err := rotateLog(s.Archive, w, stranger); !errors.Is(err, unseal.ErrForeign) {
		t.Errorf("by a stranger: %v", err)
	}
	c, err := rotateLog(s.Archive, w, s.Custodian)
	if err != nil || verify.Digest([]byte(c.After)) != old.Successor || c.Before != old.LogKeys[0].Key {
		t.Fatalf("%+v %v", c, err)
	}
	s.Spool(t, "new.zip", s.good("new"))
	if o := s.mustTake(w)["new.zip"]; o.Status != archive.Taken {
		t.Errorf("%+v", o)
	}
	w.Close()
	s.Take(t, 1)
	wantPassed(t, s.Dir)
	if n := opens(t, s.Dir, s.Custodian); n != 8 {
		t.Errorf("opens %d", n)
	}

	now := policyOf(t, s.Archive)
	again := s.sendAgain(s.Bundles[0])
	file := s.Bundles[0].Path
	for _, tt := range []struct {
		name    string
		policy  *verify.Policy
		receipt []byte
		at      time.Time
		want    verify.Verdict
	}{
		{"the first receipt, then", old, receipt, then, verify.Passed},
		{"the first receipt, as of then", now, receipt, then, verify.Passed},
		{"the first receipt, under a policy of then", old, receipt, s.Now, verify.Passed},
		{"the first receipt, now", now, receipt, s.Now, verify.Passed},
		{"the receipt given again, now", now, again, s.Now, verify.Passed},
		{"the receipt given again, under a policy of then", old, again, s.Now, verify.Failed},
	} {
		if got := tt.policy.Bundle(file, tt.receipt, tt.at); got.Verdict != tt.want {
			t.Errorf("%s: %s %v", tt.name, got.Verdict, notPassed(got))
		}
	}
	for name, kept := range map[string][]byte{"checkpoint": checkpoint, "receipt": receipt, "receipt given again": again} {
		if r := check(t, s.Dir, archive.CheckOptions{Policy: now, Since: kept, SinceName: name}); r.Verdict != verify.Passed {
			t.Errorf("since the %s of before: %v", name, notPassed(r))
		}
	}
	if r := check(t, s.Dir, archive.CheckOptions{Policy: old}); r.Verdict != verify.Failed {
		t.Errorf("under the policy of before: %s", r.Verdict)
	}
}

// sendAgain gives the receipt of a bundle that is sent once more.
func (s *spoolTest) sendAgain(b *archivetest.Bundle) []byte {
	s.t.Helper()
	w := s.OpenWrite(s.t)
	defer w.Close()
	s.put("again.zip", sent(s.t, b))
	o := s.mustTake(w)["again.zip"]
	if o.Status != archive.Known {
		s.t.Fatalf("%+v", o)
	}
	return read(s.t, o.Receipt)
}

// Whoever held the successor's private half knows the next key: two rotations in a row get past that, also after the
// custodians changed.
func TestRotateLogKeyTwice(t *testing.T) {
	s := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
	anna, toAnna := custodian(t, "anna")
	rotate(t, s, []age.Identity{s.Custodian}, toAnna)
	for range 2 {
		s.Now = s.Now.Add(time.Second)
		w := s.OpenWrite(t)
		if _, err := rotateLog(s, w, s.Custodian); !errors.Is(err, unseal.ErrForeign) {
			t.Errorf("by the old custodian: %v", err)
		}
		if _, err := rotateLog(s, w, anna); err != nil {
			t.Error(err)
		}
		w.Close()
	}
	s.Take(t, 1)
	wantPassed(t, s.Dir)
	if p := policyOf(t, s); len(p.LogKeys) != 3 {
		t.Errorf("%d log keys", len(p.LogKeys))
	}
	// Without the newest set an earlier one comes out: it is not taken.
	names := archivetest.Files(t, s.Dir, "policy/sealed")
	if len(names) != 4 {
		t.Errorf("sealed: %q", names)
	}
	newest := slices.MaxFunc(names, func(a, b string) int { return len(a)*1000 - len(b)*1000 + strings.Compare(a[len(a)-8:], b[len(b)-8:]) })
	if err := os.Remove(filepath.Join(s.Dir, newest)); err != nil {
		t.Fatal(err)
	}
	s.Now = s.Now.Add(time.Hour)
	w := s.OpenWrite(t)
	defer w.Close()
	var bad *archive.Tampered
	if _, err := rotateLog(s, w, anna); !errors.As(err, &bad) {
		t.Errorf("without %s: %v", newest, err)
	}
}

// What a crash leaves of the private folder is made good by the next opening.
func TestLogKeyLeft(t *testing.T) {
	s := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
	key, next := filepath.Join(s.Dir, "private/log.key"), filepath.Join(s.Dir, "private/log.key.next")
	old := read(t, key)
	put := func(name string, data []byte) {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(next, []byte("of a rotation that was never committed\n"))
	s.OpenWrite(t).Close()
	if _, err := os.Stat(next); err == nil || !bytes.Equal(read(t, key), old) {
		t.Error("what was never committed is not removed")
	}
	s.Now = s.Now.Add(time.Hour)
	w := s.OpenWrite(t)
	if _, err := rotateLog(s, w, s.Custodian); err != nil {
		t.Fatal(err)
	}
	w.Close()
	fresh := read(t, key)
	if _, err := os.Stat(next); err == nil || bytes.Equal(fresh, old) {
		t.Error("log.key is not the new one")
	}
	put(key, old)
	if _, err := archive.Open(s.Dir, archive.Options{Write: true, Now: func() time.Time { return s.Now }}); !errors.Is(err, archive.ErrPrivate) {
		t.Errorf("with the old key: %v", err)
	}
	put(next, fresh)
	s.Take(t, 1)
	if _, err := os.Stat(next); err == nil || !bytes.Equal(read(t, key), fresh) {
		t.Error("what was committed is not put into place")
	}
	wantPassed(t, s.Dir)
}
