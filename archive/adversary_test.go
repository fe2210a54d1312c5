package archive_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/seal"
	"kartoteka/verify"
)

// What an adversary once got away with. Each test says what must happen instead.

// edit rewrites a file of the archive.
func rewrite(t *testing.T, name string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, change(data), 0o640)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func failedCodes(t *testing.T, dir string) string {
	t.Helper()
	r, err := archive.Check(context.Background(), dir, archive.CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, c := range r.Checks {
		if c.Verdict == verify.Failed {
			codes = append(codes, string(c.Code))
		}
	}
	return strings.Join(codes, " ")
}

// A keyfile that was rewritten in both copies passes only as far as events say so: neither another generation, nor other
// secrets, nor a record without its header is taken on its word.
func TestKeyfileRewritten(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, k *seal.Keyfile){
		"generation": func(_ *testing.T, k *seal.Keyfile) { k.Head.Generation = 2 },
		"secrets": func(t *testing.T, k *seal.Keyfile) {
			other, err := age.GenerateHybridIdentity()
			if err != nil {
				t.Fatal(err)
			}
			junk, err := seal.SealTo(other.Recipient().String(), []byte(seal.NewSecret().Passphrase()))
			if err != nil {
				t.Fatal(err)
			}
			k.Secrets[0].Age = junk
		},
		"secrets exchanged":               func(_ *testing.T, k *seal.Keyfile) { k.Secrets = append(k.Secrets, k.Secrets[0]) },
		"rewrapped by no key event":       func(_ *testing.T, k *seal.Keyfile) { k.Rewrap(k.Secrets, 1) },
		"rewrapped by an event to come":   func(_ *testing.T, k *seal.Keyfile) { k.Rewrap(k.Secrets, 1000) },
		"shredded under no disposal":      func(t *testing.T, k *seal.Keyfile) { shred(t, k, 1) },
		"shredded by an event to come":    func(t *testing.T, k *seal.Keyfile) { shred(t, k, 1000) },
		"a header exchanged for another":  func(_ *testing.T, k *seal.Keyfile) { k.Records[0].Header = k.Records[1].Header },
		"a payload exchanged for another": func(_ *testing.T, k *seal.Keyfile) { k.Records[0].Offset = k.Records[1].Offset },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSpoolTest(t)
			for _, top := range []string{"keyfiles", "keyfiles.2"} {
				found, err := filepath.Glob(filepath.Join(s.Dir, top, "*", "*", "*", "content.keys"))
				if err != nil || len(found) == 0 {
					t.Fatal(found, err)
				}
				rewrite(t, found[0], func(b []byte) []byte {
					k, err := seal.ParseKeyfile(b)
					if err != nil {
						t.Fatal(err)
					}
					change(t, k)
					if b, err = k.Marshal(); err != nil {
						t.Fatal(err)
					}
					return b
				})
			}
			if got := failedCodes(t, s.Dir); got != "keyfile keyfile" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func shred(t *testing.T, k *seal.Keyfile, order seal.LeafIndex) {
	if err := k.Shred(0, order); err != nil {
		t.Fatal(err)
	}
}

// A first copy that is damaged and still parses gives way to the second.
func TestSecondKeyfileCopy(t *testing.T) {
	s := newSpoolTest(t)
	found, err := filepath.Glob(filepath.Join(s.Dir, "keyfiles", "*", "*", "*", "index.keys"))
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	rewrite(t, found[0], func(b []byte) []byte { // inside a wrapped secret
		i := bytes.Index(b, []byte(`"age":"`)) + 200
		b[i] ^= 1
		return b
	})
	if err := os.Remove(filepath.Join(s.Dir, "index.db")); err != nil {
		t.Fatal(err)
	}
	w, err := archive.Open(s.Dir, archive.Options{Write: true, Now: func() time.Time { return s.Now }})
	if err != nil {
		t.Fatalf("the good copy was not asked: %v", err)
	}
	w.Close()
}

// What Init made is named by the first event.
func TestFilesOfInit(t *testing.T) {
	for _, name := range []string{"archive.json", "README.txt", "RECOVER.md", "policy/sealed/*.age"} {
		s := newSpoolTest(t)
		found, err := filepath.Glob(filepath.Join(s.Dir, name))
		if err != nil || len(found) == 0 {
			t.Fatal(name, found, err)
		}
		rewrite(t, found[0], func(b []byte) []byte { return bytes.Replace(b, []byte("a"), []byte("b"), 1) })
		if got := failedCodes(t, s.Dir); got == "" {
			t.Errorf("%s changed: nothing failed", name)
		}
	}
}

// A receipt speaks for one envelope: another digest in its opening is no receipt.
func TestReceiptOfAnotherEnvelope(t *testing.T) {
	s := newSpoolTest(t)
	found, err := filepath.Glob(filepath.Join(s.Dir, "spool", "receipts", "*.json"))
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	r, err := archive.Check(context.Background(), s.Dir, archive.CheckOptions{Since: data, LogOnly: true})
	if err != nil || r.Verdict != verify.Passed {
		t.Fatalf("good receipt: %+v, %v", r, err)
	}
	var receipt seal.Receipt
	if err := json.Unmarshal(data, &receipt); err != nil {
		t.Fatal(err)
	}
	receipt.Opening.SHA256 = seal.Digest{}
	forged, err := receipt.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if r, err = archive.Check(context.Background(), s.Dir, archive.CheckOptions{Since: forged, LogOnly: true}); err != nil || r.Verdict != verify.Failed {
		t.Errorf("forged receipt: %+v, %v", r, err)
	}
}

// Neither a name that is no text, nor a sparse giant, nor a link keeps the bundles behind it from being taken in; and
// none of them is judged and logged again at the next intake.
func TestNothingBlocksTheSpool(t *testing.T) {
	s := newSpoolTest(t)
	incoming := filepath.Join(s.Dir, "spool", "incoming")
	old := s.Now.Add(-time.Hour)
	put := func(name string, data []byte) {
		t.Helper()
		path := filepath.Join(incoming, name)
		if err := os.WriteFile(path, data, 0o640); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	put("0 wypis_Wi\xb6niewski.zip", []byte("junk"))
	put("1 giant.zip", nil)
	if err := os.Truncate(filepath.Join(incoming, "1 giant.zip"), 15<<40); err != nil {
		t.Skipf("this file system has no sparse files of 15 TiB: %v", err)
	}
	if err := os.Symlink("/", filepath.Join(incoming, "2 link.zip")); err != nil {
		t.Fatal(err)
	}
	d := s.Draft("not-blocked-1", archivetest.People[0], archivetest.Document{Name: "documents/a.txt", Body: []byte("a")})
	put("9 good.zip", d.Zip(t, d.Sign(t, s.Producer)))

	w, err := archive.Open(s.Dir, archive.Options{Write: true, Now: func() time.Time { return s.Now }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	take := func() map[string]archive.Outcome {
		t.Helper()
		list, err := w.Spooled()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]archive.Outcome{}
		if err := w.Take(context.Background(), list, func(o archive.Outcome) { got[filepath.Base(o.Path)[:1]] = o }); err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := take()
	for name, want := range map[string]archive.Status{"0": archive.Rejected, "1": archive.Postponed, "2": archive.Rejected, "9": archive.Taken} {
		if got[name].Status != want || got[name].Stuck != "" {
			t.Errorf("%s: %+v, want %s", name, got[name], want)
		}
	}
	size := w.Head().Size
	if again := take(); len(again) != 1 || again["1"].Status != archive.Postponed || w.Head().Size != size {
		t.Errorf("once more: %+v, %d events, had %d", again, w.Head().Size, size)
	}
}

// Event times never run back, however the clock creeps.
func TestClockCreeps(t *testing.T) {
	s := newSpoolTest(t)
	w, err := archive.Open(s.Dir, archive.Options{Write: true, Now: func() time.Time { return s.Now }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	last := w.Last()
	s.Now = last.Time
	for range 5 {
		s.Now = s.Now.Add(-100 * time.Second)
		acc, err := w.Begin()
		if err != nil {
			break // more than five minutes behind: refused
		}
		acc.Reject(verify.CodeSignature)
		if err := acc.Commit(); err != nil {
			t.Fatal(err)
		}
		if w.Last().Before(last.Time) {
			t.Fatalf("dated %s after %s", w.Last(), last)
		}
	}
	if got := failedCodes(t, s.Dir); got != "" {
		t.Errorf("the archive fails: %s", got)
	}
}

// An archive whose making was killed before its first checkpoint is none yet: nothing was tampered with.
func TestInterruptedInit(t *testing.T) {
	s := archivetest.New(t, archivetest.Options{})
	for _, name := range []string{"log/checkpoint", "accessions", "keyfiles", "keyfiles.2"} {
		if err := os.RemoveAll(filepath.Join(s.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := archive.Open(s.Dir, archive.Options{}); !errors.Is(err, archive.ErrNotArchive) {
		t.Errorf("opened with %v", err)
	}
}
