package container

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"kartoteka/seal/fuzztest"
)

func assertStdlibOpens(t *testing.T, b []byte, n int) {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if len(zr.File) != n {
		t.Fatalf("archive/zip sees %d entries, want %d", len(zr.File), n)
	}
	for _, f := range zr.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
}

var fuzzLimits = Limits{MaxEntries: 20, MaxEntrySize: 1 << 20, MaxTotalSize: 4 << 20, MaxRatio: 20, RatioFloor: 2 << 10}

// checkZip: what we accept, archive/zip must read with the same names, sizes and bytes: no other reader is to find
// something else in it.
func checkZip(t *testing.T, b []byte) {
	t.Helper()
	var c *Container
	var err error
	fuzztest.Bounded(t, len(b), func() { c, err = NewZip(bytes.NewReader(b), int64(len(b)), fuzzLimits) })
	if err != nil {
		if codeOf(err) == "" {
			t.Fatalf("error without a code: %v", err)
		}
		return
	}
	got := readAll(c)
	if got != "ok" {
		if got == "" || strings.Contains(got, "DECLARED") {
			t.Fatal(got)
		}
		return
	}
	theirs := stdlibReads(t, b)
	for _, e := range c.Entries() {
		if err := CheckName(e.Name, fuzzLimits); err != nil {
			t.Fatal(err)
		}
		if got, ok := theirs[e.Name]; !ok || got != content(t, c, e.Name) {
			t.Fatalf("archive/zip finds other bytes in %q", e.Name)
		}
	}
	if len(theirs) != len(c.Entries()) {
		t.Fatalf("archive/zip finds %d files, we %d", len(theirs), len(c.Entries()))
	}
}

func stdlibReads(t *testing.T, b []byte) map[string]string {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("we accept it, archive/zip says %v", err)
	}
	theirs := map[string]string{}
	for _, zf := range zr.File {
		if strings.HasSuffix(zf.Name, "/") {
			continue
		}
		r, err := zf.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("we accept %q, archive/zip says %v", zf.Name, err)
		}
		theirs[zf.Name] = string(data)
	}
	return theirs
}

func FuzzNewZip(f *testing.F) {
	for _, z := range []rawZip{
		{},
		one(rawEntry{name: "a", body: "hello", descriptor: 12}),
		one(rawEntry{name: "a", body: "hello", deflate: true, descriptor: 24, localExtra: x64(0, 0)}),
		{entries: []rawEntry{{name: "d/", attr: 0x10}, {name: "d/b", body: strings.Repeat("x", 99), deflate: true}, {name: "ó", flags: 0x800}}},
		{end64: true, entries: []rawEntry{{name: "a", body: "hello", dir: both(u32(20, full), u32(24, full)), dirExtra: x64(5, 5, 0)}}},
		{prefix: []byte("MZ"), entries: []rawEntry{{name: "a"}}}, {trailing: []byte("more"), entries: []rawEntry{{name: "a"}}}, {gap: []byte("gap"), entries: []rawEntry{{name: "a"}}},
	} {
		f.Add(z.bytes())
	}
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, name := range []string{"bundle.sigstore.json", "documents/a.txt", "documents/żółć.txt"} {
		to, err := w.Create(name, name != "documents/a.txt")
		if err == nil {
			_, err = io.WriteString(to, strings.Repeat(name, 9))
		}
		if err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte{})
	f.Fuzz(checkZip)
}

// FuzzZipFields lies in single fields, which mutating a whole file hardly ever does: checksums and places stay right.
// Each three bytes of lies are a record, an offset in it and a value.
func FuzzZipFields(f *testing.F) {
	const folder, same, deflated, second, end64 = 1, 2, 4, 8, 16
	f.Add("documents/a.txt", "", []byte("hello"), []byte(nil), []byte(nil), []byte(nil), uint8(0), uint8(0), []byte(nil))
	f.Add("a", "", []byte("hello hello hello"), []byte(nil), []byte(nil), []byte(nil), uint8(deflated|second), uint8(4), []byte(nil))
	f.Add("a", "b", []byte("hello"), []byte{3, 0}, x64(5, 5), x64(5, 5, 0), uint8(end64|second), uint8(3), []byte{0, 18, 255, 1, 20, 255})
	f.Add("ó", "", []byte("x"), []byte(nil), unhex("5554 0500 03 00000000"), []byte(nil), uint8(same), uint8(2), []byte{0, 7, 8, 1, 9, 8})
	f.Add("d/", "", []byte(nil), []byte{3, 0}, []byte(nil), []byte(nil), uint8(folder|second|deflated), uint8(0), []byte{1, 38, 16})
	f.Add("Z", "", []byte("y"), []byte("y"), unhex("7570 0100 00"), []byte(nil), uint8(second), uint8(0), []byte{2, 8, 2, 3, 24, 2, 4, 16, 1, 5, 0, 1, 6, 0, 9})
	f.Fuzz(func(t *testing.T, name, localName string, body, packed, localExtra, dirExtra []byte, shape, descriptor uint8, lies []byte) {
		if len(name) > 1<<15 || len(localName) > 1<<15 || len(localExtra) > 1<<15 || len(dirExtra) > 1<<15 {
			return
		}
		lie := func(record byte) func([]byte) {
			return func(b []byte) {
				for l := lies; len(l) >= 3; l = l[3:] {
					if l[0]%7 == record && len(b) > 0 {
						b[int(l[1])%len(b)] = l[2]
					}
				}
			}
		}
		e := rawEntry{name: name, localName: localName, body: string(body), localExtra: localExtra, dirExtra: dirExtra, deflate: shape&deflated != 0,
			descriptor: []int{0, 12, 16, 20, 24}[descriptor%5], local: lie(0), dir: lie(1), desc: lie(2)}
		if shape&same != 0 {
			e.dirExtra = localExtra
		}
		if len(packed) > 0 {
			e.packed = packed
		}
		z := rawZip{entries: []rawEntry{e}, end64: shape&end64 != 0, endPatch: lie(3), patch64: func(end, locator []byte) { lie(4)(end); lie(5)(locator) }}
		if shape&second != 0 {
			z.entries = append(z.entries, rawEntry{name: "d/z", body: "second", dir: lie(6)})
		}
		checkZip(t, z.bytes())
	})
}

// FuzzFolder: what a folder holds besides plain files below sound names is a refusal, and files give their bytes. Each
// line is a kind (file, directory, link) and a path.
func FuzzFolder(f *testing.F) {
	for _, s := range []string{"fbundle.sigstore.json\nfdocuments/a.txt", "fa\nfA", "dd\nfa", "la/b\nfa", "fo\u0301", "f" + strings.Repeat("a/", 9) + "b", "fcon.txt", "f\xff", "lx"} {
		f.Add(s, []byte("content"))
	}
	top := f.TempDir()
	outside := filepath.Join(top, "outside")
	if err := os.WriteFile(outside, []byte("OUTSIDE"), 0o600); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, list string, data []byte) {
		dir := filepath.Join(top, "in")
		defer os.RemoveAll(dir)
		links := build(t, dir, outside, list, data)
		c, err := Open(dir, fuzzLimits)
		if err != nil {
			if codeOf(err) == "" {
				t.Fatalf("error without a code: %v", err)
			}
			return
		}
		defer c.Close()
		if links > 0 {
			t.Fatalf("%q is accepted with %d links", list, links)
		}
		for _, e := range c.Entries() {
			if err := CheckName(e.Name, fuzzLimits); err != nil || content(t, c, e.Name) != string(data) {
				t.Fatalf("%q: %v", e.Name, err)
			}
		}
		if err := c.Unchanged(); err != nil {
			t.Fatal(err)
		}
	})
}

// build makes a folder as far as the system lets it, and counts the links in it.
func build(t *testing.T, dir, outside, list string, data []byte) (links int) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	lines := strings.Split(list, "\n")
	for _, line := range lines[:min(len(lines), 40)] {
		kind, name := line[:min(len(line), 1)], line[min(len(line), 1):]
		root.MkdirAll(path.Dir(name), 0o700)
		switch kind {
		case "f":
			root.WriteFile(name, data, 0o600)
		case "d":
			root.Mkdir(name, 0o700)
		case "l":
			if root.Symlink(outside, name) == nil {
				links++
			}
		}
	}
	return links
}

// FuzzWriter: what the writer writes the reader accepts, with the same names and bytes.
func FuzzWriter(f *testing.F) {
	f.Add("documents/a.txt\nb", []byte("hello"), true)
	f.Add("a\na/b", []byte{}, false)
	f.Add("A\nb\na", bytes.Repeat([]byte{0}, 1<<12), false)
	f.Fuzz(func(t *testing.T, list string, data []byte, stored bool) {
		var b bytes.Buffer
		w := NewWriter(&b)
		w.Limits = fuzzLimits
		want := map[string]string{}
		for i, name := range strings.Split(list, "\n") {
			to, err := w.Create(name, stored != (i%2 == 0))
			if err == nil {
				_, err = to.Write(data[:len(data)/(i+1)])
			}
			if err != nil {
				return
			}
			want[name] = string(data[:len(data)/(i+1)])
		}
		if err := w.Close(); err != nil {
			return
		}
		c, err := NewZip(bytes.NewReader(b.Bytes()), int64(b.Len()), fuzzLimits)
		if err != nil || len(c.Entries()) != len(want) {
			t.Fatalf("%q: %v", list, err)
		}
		for name, body := range want {
			if content(t, c, name) != body {
				t.Fatalf("%q came back changed", name)
			}
		}
		checkZip(t, b.Bytes())
	})
}

// FuzzSafeName: a made name is acceptable, and a fixed point; a name that two systems take for one has one twin.
func FuzzSafeName(f *testing.F) {
	for _, s := range []string{"", ".", "..", "a", "CON.txt", "a/b", "o\u0301.xml", "\xff", strings.Repeat("ż", 300) + ".pdf", "DOKUME~1.PDF", "a. . .", "\u0301", "NUL .", "COM¹"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := SafeName(s)
		if err := CheckName(got, Limits{}); err != nil || strings.Contains(got, "/") {
			t.Fatalf("SafeName(%q) = %q: %v", s, got, err)
		}
		if again := SafeName(got); again != got {
			t.Fatalf("SafeName(%q) = %q", got, again)
		}
		if CheckName(s, Limits{}) == nil {
			if !strings.Contains(s, "/") && got != s {
				t.Fatalf("SafeName(%q) = %q, though it was acceptable", s, got)
			}
			if !filepath.IsLocal(filepath.FromSlash(s)) {
				t.Fatalf("CheckName accepts %q, filepath does not call it local", s)
			}
		}
		if k := Twin(s); Twin(k) != k {
			t.Fatalf("Twin(%q) = %q, and Twin of that %q", s, k, Twin(k))
		}
	})
}
