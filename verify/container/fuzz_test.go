package container

import (
	"archive/zip"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
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

// What we accept, archive/zip must read with the same names, sizes and bytes: no
// other reader is to find something else in it.
func FuzzNewZip(f *testing.F) {
	for _, z := range []rawZip{
		{},
		one(rawEntry{name: "a", body: "hello", descriptor: 12}),
		one(rawEntry{name: "a", body: "hello", deflate: true, descriptor: 24, localExtra: x64(0, 0)}),
		{entries: []rawEntry{{name: "d/", attr: 0x10}, {name: "d/b", body: strings.Repeat("x", 99), deflate: true}, {name: "ó", flags: 0x800}}},
		{end64: true, entries: []rawEntry{{name: "a", body: "hello", dir: both(u32(20, full), u32(24, full)), dirExtra: x64(5, 5, 0)}}},
	} {
		f.Add(z.bytes())
	}
	lim := Limits{MaxEntries: 20, MaxEntrySize: 1 << 20, MaxTotalSize: 4 << 20}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := NewZip(bytes.NewReader(b), int64(len(b)), lim)
		if err != nil {
			if codeOf(err) == "" {
				t.Fatalf("error without a code: %v", err)
			}
			return
		}
		if got := readAll(c); got != "ok" {
			if got == "" || strings.Contains(got, "DECLARED") {
				t.Fatal(got)
			}
			return
		}
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
		for _, e := range c.Entries() {
			if err := CheckName(e.Name, lim); err != nil {
				t.Fatal(err)
			}
			if got, ok := theirs[e.Name]; !ok || got != content(t, c, e.Name) {
				t.Fatalf("archive/zip finds other bytes in %q", e.Name)
			}
		}
		if len(theirs) != len(c.Entries()) {
			t.Fatalf("archive/zip finds %d files, we %d", len(theirs), len(c.Entries()))
		}
	})
}

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
