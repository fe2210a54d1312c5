package archive_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/seal"
	"kartoteka/verify"
)

// spoolTest is an archive whose spool a test fills; bundles go by their names in it.
type spoolTest struct {
	*archivetest.Archive
	t *testing.T
}

func newSpoolTest(t *testing.T) *spoolTest {
	return &spoolTest{archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1}), t}
}

func note(name, body string) archivetest.Document {
	return archivetest.Document{Name: seal.DocumentsPath + name, Title: "Notatka", Body: []byte(body)}
}

// good makes a draft that only lacks its fault.
func (s *spoolTest) good(id string) *archivetest.Draft {
	return s.Draft("hostile-"+id, archivetest.People[1], note("note.txt", "note of "+id), note("second.txt", "second of "+id))
}

func (s *spoolTest) put(name string, data []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir, "spool/incoming", name), data, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *spoolTest) folder(name string, d *archivetest.Draft) string {
	dir := filepath.Join(s.Dir, "spool/incoming", name)
	d.Folder(s.t, dir, d.Sign(s.t, s.Producer))
	return dir
}

// age dates everything in the spool: what was written within the last minute may still be being written.
func (s *spoolTest) age(name string, at time.Time) {
	s.t.Helper()
	err := filepath.WalkDir(filepath.Join(s.Dir, "spool/incoming", name), func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type()&os.ModeSymlink == 0 {
			err = os.Chtimes(p, at, at)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// take takes in what stands in the spool and gives the outcomes by name.
func (s *spoolTest) take(w *archive.Archive) (map[string]archive.Outcome, error) {
	s.t.Helper()
	list, err := w.Spooled()
	if err != nil {
		s.t.Fatal(err)
	}
	got := map[string]archive.Outcome{}
	err = w.Take(s.t.Context(), list, func(o archive.Outcome) { got[filepath.Base(o.Path)] = o })
	return got, err
}

func (s *spoolTest) mustTake(w *archive.Archive) map[string]archive.Outcome {
	s.t.Helper()
	got, err := s.take(w)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

// resign changes an envelope's JSON after it was signed.
func resign(t *testing.T, envelope []byte, change func(dsse map[string]any)) []byte {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(envelope, &e); err != nil {
		t.Fatal(err)
	}
	change(e["dsseEnvelope"].(map[string]any))
	out, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// bomb is an entry that inflates a thousandfold.
func bomb(t *testing.T, name string, size int) *zip.FileHeader {
	return &zip.FileHeader{Name: name, Method: zip.Deflate, UncompressedSize64: uint64(size), CRC32: crc32.ChecksumIEEE(make([]byte, size))}
}

func bombZip(t *testing.T, size int, names ...string) []byte {
	t.Helper()
	var packed, out bytes.Buffer
	f, _ := flate.NewWriter(&packed, flate.BestCompression)
	f.Write(make([]byte, size))
	f.Close()
	z := zip.NewWriter(&out)
	for _, name := range names {
		h := bomb(t, name, size)
		h.CompressedSize64 = uint64(packed.Len())
		w, err := z.CreateRaw(h)
		if err == nil {
			_, err = w.Write(packed.Bytes())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// overlap lets the second entry of a ZIP begin where the first does.
func overlap(t *testing.T, data []byte) []byte {
	t.Helper()
	first := bytes.Index(data, []byte("PK\x01\x02"))
	second := bytes.Index(data[first+4:], []byte("PK\x01\x02"))
	if first < 0 || second < 0 {
		t.Fatal("not two entries")
	}
	second += first + 4
	binary.LittleEndian.PutUint32(data[second+42:], binary.LittleEndian.Uint32(data[first+42:]))
	return data
}

// hostile are bundles no archive may take in, each with one fault, and what it is called.
var hostile = []struct {
	name string
	code verify.Code
	word string // in the reason
	put  func(s *spoolTest, name string)
}{
	{"forged", verify.CodeSignature, "signature", func(s *spoolTest, name string) {
		d := s.good("forged")
		e := resign(s.t, d.Sign(s.t, s.Producer), func(dsse map[string]any) {
			sig, _ := base64.StdEncoding.DecodeString(dsse["signatures"].([]any)[0].(map[string]any)["sig"].(string))
			sig[len(sig)-1] ^= 1
			dsse["signatures"].([]any)[0].(map[string]any)["sig"] = sig
		})
		s.put(name, d.Zip(s.t, e))
	}},
	{"payload-swapped", verify.CodeSignature, "signature", func(s *spoolTest, name string) {
		mine, other := s.good("mine"), s.good("other")
		e := resign(s.t, mine.Sign(s.t, s.Producer), func(dsse map[string]any) {
			payload, _ := seal.Marshal(other.Statement)
			dsse["payload"] = payload
		})
		s.put(name, other.Zip(s.t, e))
	}},
	{"unsigned", verify.CodeEnvelope, "signatures", func(s *spoolTest, name string) {
		d := s.good("unsigned")
		s.put(name, d.Zip(s.t, resign(s.t, d.Sign(s.t, s.Producer), func(dsse map[string]any) { dsse["signatures"] = []any{} })))
	}},
	{"no-envelope", verify.CodeEnvelope, seal.EnvelopeName, func(s *spoolTest, name string) {
		d := s.good("no-envelope")
		data := d.Zip(s.t, []byte("{}"))
		s.put(name, bytes.ReplaceAll(data, []byte(seal.EnvelopeName), []byte("Bundle.sigstore.json")))
	}},
	{"unknown-producer", verify.CodeProducer, "no producer", func(s *spoolTest, name string) {
		d := s.good("unknown-producer")
		s.put(name, d.Zip(s.t, d.Sign(s.t, archivetest.NewProducer(s.t))))
	}},
	{"ended-producer", verify.CodeProducerTime, "not trusted", func(s *spoolTest, name string) {
		d := s.good("ended-producer")
		p := archivetest.NewProducer(s.t)
		w := s.OpenWrite(s.t)
		defer w.Close()
		if err := w.AddProducer(verify.Producer{Name: "old", Key: p.PEM}); err != nil {
			s.t.Fatal(err)
		}
		if err := w.EndProducer("old", seal.At(s.Now.Add(-time.Hour))); err != nil {
			s.t.Fatal(err)
		}
		s.put(name, d.Zip(s.t, d.Sign(s.t, p)))
	}},
	{"payload-type", verify.CodePayloadType, "payload type", func(s *spoolTest, name string) {
		d := s.good("payload-type")
		s.put(name, d.Zip(s.t, resign(s.t, d.Sign(s.t, s.Producer), func(dsse map[string]any) { dsse["payloadType"] = "application/json" })))
	}},
	{"document-changed", verify.CodeDocumentDigest, "documents/note.txt", func(s *spoolTest, name string) {
		d := s.good("document-changed")
		e := d.Sign(s.t, s.Producer)
		d.Files[0].Body = []byte("NOTE of document-changed")
		s.put(name, d.Zip(s.t, e))
	}},
	{"document-missing", verify.CodeDocumentMissing, "documents/second.txt", func(s *spoolTest, name string) {
		d := s.good("document-missing")
		e := d.Sign(s.t, s.Producer)
		d.Files = d.Files[:1]
		s.put(name, d.Zip(s.t, e))
	}},
	{"document-extra", verify.CodeDocumentExtra, "documents/third.txt", func(s *spoolTest, name string) {
		d := s.good("document-extra")
		e := d.Sign(s.t, s.Producer)
		d.Files = append(d.Files, note("third.txt", "third"))
		s.put(name, d.Zip(s.t, e))
	}},
	{"document-empty", verify.CodeDocumentEmpty, "documents/note.txt", func(s *spoolTest, name string) {
		s.put(name, signed(s, s.Draft("hostile-document-empty", archivetest.People[1], note("note.txt", ""))))
	}},
	{"subject-twice", verify.CodeStatement, "listed twice", func(s *spoolTest, name string) {
		d := s.good("subject-twice")
		d.Statement.Subject = append(d.Statement.Subject, d.Statement.Subject[0])
		s.put(name, signed(s, d))
	}},
	{"mixed-confidentiality", verify.CodeStatement, "confidentiality", func(s *spoolTest, name string) {
		d := s.good("mixed")
		d.Statement.Predicate.Documents[1].Confidentiality = "V"
		s.put(name, signed(s, d))
	}},
	{"mixed-retention", verify.CodeStatement, "retention", func(s *spoolTest, name string) {
		d := s.good("mixed-retention")
		d.Statement.Predicate.Documents[1].Class = "referral"
		s.put(name, signed(s, d))
	}},
	{"other-content", verify.CodeDuplicate, "another bundle of the same id", func(s *spoolTest, name string) {
		d := s.good("x")
		d.Statement.Predicate.Bundle.ID = s.Bundles[0].ID
		s.put(name, signed(s, d))
	}},
	{"zip-slip", "name_traversal", `"documents/../../../evil.txt"`, named("documents/../../../evil.txt")},
	{"absolute", "name_absolute", `"/etc/passwd"`, named("/etc/passwd")},
	{"unc", "name_absolute", `server`, named(`\\server\share\x.txt`)},
	{"drive", "name_absolute", `C:`, named(`C:\x.txt`)},
	{"backslash-slip", "name_traversal", `..`, named(`documents\..\..\x.txt`)},
	{"case-twins", "name_twin", "documents/NOTE.TXT", named("documents/NOTE.TXT")},
	{"normal-form-twins", "name_encoding", "", named("documents/o\u0301.txt")},
	{"normal-form-folder", "", "", func(s *spoolTest, name string) {
		d := s.good("nfd")
		d.Files[0].Name, d.Files[1].Name = "documents/\u00f3.txt", "documents/o\u0301.txt"
		s.folder(name, d)
	}},
	{"same-name-twice", "duplicate", "documents/note.txt", named("documents/note.txt")},
	{"latin-name", "name_encoding", "UTF-8", named("documents/\xf3.txt")},
	{"link", "link", "", func(s *spoolTest, name string) {
		dir := s.folder(name, s.good("link"))
		os.Remove(filepath.Join(dir, "documents/second.txt"))
		if err := os.Symlink("note.txt", filepath.Join(dir, "documents/second.txt")); err != nil {
			s.t.Fatal(err)
		}
	}},
	{"folder-link", "link", "", func(s *spoolTest, name string) {
		dir := s.folder(name, s.good("folder-link"))
		if err := os.Rename(filepath.Join(dir, "documents"), filepath.Join(s.Dir, "spool/moved")); err != nil {
			s.t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(s.Dir, "spool/moved"), filepath.Join(dir, "documents")); err != nil {
			s.t.Fatal(err)
		}
	}},
	{"folder-twins", "name_twin", "", func(s *spoolTest, name string) {
		d := s.good("folder-twins")
		d.Files[1].Name = "documents/NOTE.txt"
		s.folder(name, d)
	}},
	{"bomb", "ratio", "", func(s *spoolTest, name string) { s.put(name, bombZip(s.t, 80<<20, seal.EnvelopeName)) }},
	{"overlapping-bomb", "", "", func(s *spoolTest, name string) {
		s.put(name, overlap(s.t, bombZip(s.t, 60<<20, "documents/a", "documents/b")))
	}},
	{"truncated", "container_truncated", "cut", func(s *spoolTest, name string) {
		data := signed(s, s.good("truncated"))
		s.put(name, data[:len(data)-40])
	}},
	{"trailing", "container_trailing_data", "", func(s *spoolTest, name string) { s.put(name, append(signed(s, s.good("trailing")), "junk"...)) }},
	{"empty", "empty", "", func(s *spoolTest, name string) { s.put(name, nil) }},
	{"text", "not_zip", "", func(s *spoolTest, name string) { s.put(name, []byte("a letter, not a bundle")) }},
	{"empty-folder", "", "", func(s *spoolTest, name string) {
		if err := os.Mkdir(filepath.Join(s.Dir, "spool/incoming", name), 0o755); err != nil {
			s.t.Fatal(err)
		}
	}},
	{"line\nbreak\x1b[31m\u202etxt.zip", "not_zip", "", func(s *spoolTest, name string) { s.put(name, []byte("no bundle")) }},
}

func signed(s *spoolTest, d *archivetest.Draft) []byte { return d.Zip(s.t, d.Sign(s.t, s.Producer)) }

// named puts a bundle with one more document of that name in its ZIP.
func named(entry string) func(s *spoolTest, name string) {
	return func(s *spoolTest, name string) {
		d := s.good("named")
		d.Statement.Predicate.Bundle.ID += name
		e := d.Sign(s.t, s.Producer)
		d.Files = append(d.Files, archivetest.Document{Name: entry, Body: []byte("slipped in")})
		s.put(name, d.Zip(s.t, e))
	}
}

// TestHostileBundles hands all bad bundles in at once, between good ones: each bad one is refused with its own code and
// a reason a person can read, and no good one suffers.
func TestHostileBundles(t *testing.T) {
	s := newSpoolTest(t)
	for _, h := range hostile {
		h.put(s, h.name)
	}
	twins := s.Draft("good-same-content", archivetest.People[2], note("one.txt", "the same"), note("two.txt", "the same"))
	good := map[string]*archivetest.Draft{"0-first.zip": s.good("first"), "m-middle.zip": s.good("middle"), "zz-last.zip": twins}
	for name, d := range good {
		s.Spool(t, name, d)
	}
	s.age("", s.Now.Add(-time.Hour))

	w := s.OpenWrite(t)
	defer w.Close()
	before := w.Head().Size
	got := s.mustTake(w)
	for _, h := range hostile {
		s.wantRejected(h.name, h.code, h.word, got[h.name])
	}
	for name := range good {
		if o := got[name]; o.Status != archive.Taken || o.Receipt == "" {
			t.Errorf("%s: %s %s %s", name, o.Status, o.Code, o.Reason)
		}
	}
	if n := len(spooled(t, s.Dir, "incoming")); n != 0 {
		t.Errorf("%d bundles are left in the spool", n)
	}
	s.wantEvents(w, before, len(good), got)
	found, err := w.Find(archive.Query{})
	if err != nil || len(found) != len(s.Bundles)+len(good) {
		t.Errorf("the index finds %d bundles, %v", len(found), err)
	}
	if r := check(t, s.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed || r.Counts["bundles"] != len(s.Bundles)+len(good) {
		t.Errorf("%s %v %v", r.Verdict, r.Counts, notPassed(r))
	}
	if aside := archivetest.Files(t, s.Dir, "quarantine"); len(aside) != 0 {
		t.Errorf("quarantine holds %q", aside)
	}
}

// wantRejected sees that the bundle stands aside, whole, beside a reason that names file and fault.
func (s *spoolTest) wantRejected(name string, code verify.Code, word string, o archive.Outcome) {
	s.t.Helper()
	if o.Status != archive.Rejected || code != "" && o.Code != code || !strings.Contains(o.Reason, word) || o.ID == "" || o.Receipt != "" {
		s.t.Errorf("%q: %s %s (%s), want rejected %s with %q", name, o.Status, o.Code, o.Reason, code, word)
		return
	}
	aside := filepath.Join(s.Dir, "spool/rejected", name)
	if _, err := os.Lstat(aside); err != nil {
		s.t.Errorf("%q was not set aside: %v", name, err)
	}
	text, err := os.ReadFile(aside + ".reason.txt")
	if err != nil {
		s.t.Errorf("%q: no reason file: %v", name, err)
		return
	}
	lines := strings.Split(string(text), "\n")
	field := func(key string) (value string, n int) {
		for _, l := range lines {
			if v, ok := strings.CutPrefix(l, key+":"); ok {
				value, n = strings.TrimSpace(v), n+1
			}
		}
		return value, n
	}
	for key, want := range map[string]string{"file": strings.NewReplacer("\n", "?", "\x1b", "?", "\u202e", "?").Replace(name), "reason": o.Reason, "code": string(o.Code), "rejected": o.ID} {
		if v, n := field(key); n != 1 || v != want {
			s.t.Errorf("%q: the reason file says %s %q (%d times), want %q", name, key, v, n, want)
		}
	}
	if strings.ContainsFunc(string(text), func(r rune) bool { return r < ' ' && r != '\n' || r == '\u202e' }) {
		s.t.Errorf("%q: the reason file has control characters: %q", name, text)
	}
}

// wantEvents sees that the log tells of every outcome, once.
func (s *spoolTest) wantEvents(w *archive.Archive, from int64, taken int, got map[string]archive.Outcome) {
	s.t.Helper()
	rejected := map[string]string{}
	bundles := 0
	err := w.Events(seal.LeafIndex(from), func(_ seal.LeafIndex, e seal.Event) error {
		switch {
		case e.Bundle != nil:
			bundles++
		case e.Rejected != nil:
			rejected[e.Rejected.ID] = e.Rejected.Code
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if bundles != taken {
		s.t.Errorf("%d bundle events, want %d", bundles, taken)
	}
	n := 0
	for name, o := range got {
		if o.Status != archive.Rejected {
			continue
		}
		if n++; rejected[o.ID] != string(o.Code) {
			s.t.Errorf("%q: the log says %q, want %s", name, rejected[o.ID], o.Code)
		}
	}
	if n != len(rejected) {
		s.t.Errorf("%d rejected events for %d bundles", len(rejected), n)
	}
}

func spooled(t testing.TB, dir, sub string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "spool", sub))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A name in rejected/ that is taken, even by a link that leads nowhere, blocks nothing.
func TestRejectedNameTaken(t *testing.T) {
	s := newSpoolTest(t)
	w := s.OpenWrite(t)
	defer w.Close()
	for n := range 3 {
		if n == 1 {
			p := filepath.Join(s.Dir, "spool/rejected/bad.zip")
			os.Remove(p)
			if err := os.Symlink("nowhere", p); err != nil {
				t.Fatal(err)
			}
		}
		s.put("bad.zip", []byte("no bundle"))
		s.age("bad.zip", s.Now.Add(-time.Hour))
		if o := s.mustTake(w)["bad.zip"]; o.Status != archive.Rejected {
			t.Errorf("%d: %+v", n, o)
		}
	}
	names := spooled(t, s.Dir, "rejected")
	if reasons := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasSuffix(n, ".reason.txt") }); len(names) != 6 || len(reasons) != 3 {
		t.Errorf("rejected/ holds %q", names)
	}
}

// The spool may be a mount of its own.
func TestSpoolElsewhere(t *testing.T) {
	s := newSpoolTest(t)
	mount := tmpfs(t, "16m")
	for _, d := range []string{"incoming", "rejected", "receipts"} {
		if err := os.Mkdir(filepath.Join(mount, d), 0o770); err != nil {
			t.Fatal(err)
		}
	}
	put := func(name string, data []byte) {
		p := filepath.Join(mount, "incoming", name)
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		os.Chtimes(p, s.Now.Add(-time.Hour), s.Now.Add(-time.Hour))
	}
	put("good.zip", signed(s, s.good("mounted")))
	put("bad.zip", []byte("no bundle"))
	d := s.good("mounted-folder")
	d.Folder(t, filepath.Join(mount, "incoming/folder"), d.Sign(t, s.Producer))
	w, err := archive.Open(s.Dir, archive.Options{Write: true, Spool: mount, Now: func() time.Time { return s.Now }, Reserve: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	got := s.mustTake(w)
	if got["good.zip"].Status != archive.Taken || got["folder"].Status != archive.Taken || got["bad.zip"].Status != archive.Rejected {
		t.Errorf("%+v", got)
	}
	for dir, want := range map[string]int{"incoming": 0, "rejected": 2, "receipts": 2} {
		entries, err := os.ReadDir(filepath.Join(mount, dir))
		if err != nil || len(entries) != want {
			t.Errorf("%s holds %d, want %d: %v", dir, len(entries), want, err)
		}
	}
	if r := check(t, s.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed {
		t.Errorf("%v", notPassed(r))
	}
}
