package verify_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"kartoteka/seal"
	"kartoteka/verify"
)

func publicPEM(key any) string { return string(must(cryptoutils.MarshalPublicKeyToPEM(key))) }

func exampleBundle(t testing.TB) map[string][]byte {
	return map[string][]byte{seal.EnvelopeName: vector(t, "envelope-1.json"), "documents/letter.txt": vector(t, "document-1.txt"), "documents/result.txt": vector(t, "document-2.txt")}
}

// resign changes the statement and signs it again as the producer would.
func resign(t testing.TB, f map[string][]byte, change func(*seal.Statement)) {
	s := exampleStatement(t)
	change(&s)
	signer, _ := producer(t, "producer")
	f[seal.EnvelopeName] = must(seal.Sign(s, signer, nil))
}

func TestOpenBundle(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(f map[string][]byte)
		want   string
	}{
		{"good", func(map[string][]byte) {}, "passed"},
		{"no envelope", func(f map[string][]byte) { delete(f, seal.EnvelopeName) }, "envelope_form"},
		{"envelope that is none", func(f map[string][]byte) { f[seal.EnvelopeName] = []byte("{}") }, "envelope_form"},
		{"document missing", func(f map[string][]byte) { delete(f, "documents/result.txt") }, "document_missing"},
		{"document added", func(f map[string][]byte) { f["documents/more.txt"] = []byte("x") }, "document_extra"},
		{"file beside them", func(f map[string][]byte) { f["readme.txt"] = []byte("x") }, "document_extra"},
		{"document flipped", func(f map[string][]byte) { f["documents/letter.txt"] = flip(f["documents/letter.txt"], 3) }, "document_digest"},
		{"document longer", func(f map[string][]byte) { f["documents/letter.txt"] = append(f["documents/letter.txt"], ' ') }, "document_digest"},
		{"document empty", func(f map[string][]byte) {
			f["documents/letter.txt"] = nil
			resign(t, f, func(s *seal.Statement) {
				s.Subject[0].Digest.SHA256, s.Predicate.Documents[0].Size = sha256.Sum256(nil), 0
			})
		}, "document_empty"},
		{"documents swapped", func(f map[string][]byte) {
			f["documents/letter.txt"], f["documents/result.txt"] = f["documents/result.txt"], f["documents/letter.txt"]
		}, "document_digest"},
		{"mixed", func(f map[string][]byte) {
			resign(t, f, func(s *seal.Statement) { s.Predicate.Documents[1].Confidentiality = "V" })
		}, "statement_form"},
		{"mixed by silence", func(f map[string][]byte) {
			resign(t, f, func(s *seal.Statement) {
				s.Predicate.Documents = s.Predicate.Documents[:1]
				s.Predicate.Documents[0].Confidentiality = "V"
			})
		}, "statement_form"},
		{"described in part", func(f map[string][]byte) {
			resign(t, f, func(s *seal.Statement) { s.Predicate.Documents = s.Predicate.Documents[:1] })
		}, "passed"},
		{"forged", func(f map[string][]byte) {
			f[seal.EnvelopeName] = bytes.Replace(f[seal.EnvelopeName], []byte(`"sig":"`), []byte(`"sig":"AAAA`), 1)
		}, "signature"},
		{"of another producer", func(f map[string][]byte) {
			signer, _ := producer(t, "other")
			f[seal.EnvelopeName] = must(seal.Sign(exampleStatement(t), signer, nil))
		}, "producer_unknown indeterminate"},
	} {
		files := exampleBundle(t)
		tt.change(files)
		for form, path := range map[string]string{"zip": zipped(t, files), "folder": folder(t, files)} {
			for _, keep := range []int64{0, 30, 1 << 20} {
				a, err := examplePolicy(t).OpenBundle(path, day("2026-11-21"), keep)
				if got := outcome(err); got != tt.want {
					t.Errorf("%s, %s, %d bytes kept: got %s (%v), want %s", tt.name, form, keep, got, err, tt.want)
				}
				if err == nil {
					accepted(t, a, files)
				}
			}
			if r := examplePolicy(t).Bundle(path, nil, day("2026-11-21")); (r.Verdict == verify.Passed) != (tt.want == "passed") {
				t.Errorf("%s, %s: report %+v", tt.name, form, r)
			}
		}
	}
}

// A receipt judges one bundle, in one log, under one policy.
func TestBundleReceipt(t *testing.T) {
	good := vector(t, "receipt-1.json")
	other := exampleBundle(t)
	resign(t, other, func(s *seal.Statement) { s.Predicate.Documents[0].Title = "Inny tytuł" })
	for _, tt := range []struct {
		name    string
		files   map[string][]byte
		receipt []byte
		want    verify.Verdict
	}{
		{"its own", exampleBundle(t), good, verify.Passed},
		{"of another envelope", other, good, verify.Failed},
		{"of a release", exampleBundle(t), vector(t, "receipt-2.json"), verify.Failed},
		{"changed", exampleBundle(t), bytes.Replace(good, []byte(`"salt":"`), []byte(`"salt":"0`), 1), verify.Failed},
		{"none at all", exampleBundle(t), []byte("{}"), verify.Failed},
	} {
		if r := examplePolicy(t).Bundle(zipped(t, tt.files), tt.receipt, day("2026-11-23")); r.Verdict != tt.want {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
}

func folder(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func accepted(t *testing.T, a *verify.Accepted, files map[string][]byte) {
	t.Helper()
	defer a.Close()
	left := maps.Clone(files)
	if !bytes.Equal(a.Envelope(), left[seal.EnvelopeName]) || a.Signer().Producer != "his" || a.Unresolved() {
		t.Errorf("got %+v", a.Signer())
	}
	delete(left, seal.EnvelopeName)
	for i, d := range a.Documents() {
		f, err := a.Open(i)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(f)
		f.Close()
		if err != nil || !bytes.Equal(data, files[d.Name]) || d.Name != a.Statement().Subject[i].Name {
			t.Errorf("%s: %v", d.Name, err)
		}
		delete(left, d.Name)
	}
	if err := a.Unchanged(); err != nil || len(left) > 0 {
		t.Errorf("left %d, %v", len(left), err)
	}
}

// What a sender may write into its metadata must never make an index entry that cannot be read back.
func TestEntryBound(t *testing.T) {
	s := exampleStatement(t)
	long := func(n int) string { return strings.Repeat("ż", n/2) }
	s.Subject, s.Predicate.Documents = nil, nil
	for i := range seal.MaxDocuments {
		name := seal.DocumentsPath + string(rune('a'+i%26)) + strings.Repeat("x", i/26+1)
		s.Subject = append(s.Subject, seal.Subject{Name: name, Digest: seal.SubjectDigest{SHA256: seal.Digest{1}}})
		s.Predicate.Documents = append(s.Predicate.Documents, seal.Document{Path: name, Class: long(64), Version: long(128)})
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	s.Predicate.Documents[5].Class = long(66)
	if s.Check() == nil {
		t.Error("a class of 66 bytes is accepted")
	}
	s.Predicate.Documents[5].Class, s.Predicate.Documents[6].Version = "", long(130)
	if s.Check() == nil {
		t.Error("a version of 130 bytes is accepted")
	}
}

func TestReport(t *testing.T) {
	r := verify.NewReport()
	if r.Verdict != verify.Passed {
		t.Errorf("an empty report is %s", r.Verdict)
	}
	for _, tt := range []struct {
		add, want verify.Verdict
	}{{verify.Passed, verify.Passed}, {verify.Indeterminate, verify.Indeterminate}, {verify.Passed, verify.Indeterminate}, {verify.Failed, verify.Failed},
		{verify.Indeterminate, verify.Failed}, {verify.Passed, verify.Failed}} {
		r.Add(verify.CodeEvent, tt.add, "", "")
		if r.Verdict != tt.want {
			t.Errorf("after %s: %s, want %s", tt.add, r.Verdict, tt.want)
		}
	}
}
