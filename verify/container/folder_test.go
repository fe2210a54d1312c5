package container

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// tree lays files into a new folder.
func layOut(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		write(t, path, body)
	}
	return dir
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(body), 0o666); err != nil {
		t.Fatal(err)
	}
}

func openOK(t *testing.T, path string) *Container {
	t.Helper()
	c, err := Open(path, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestFolder(t *testing.T) {
	dir := layOut(t, map[string]string{"bundle.sigstore.json": "{}", "documents/ó.xml": "<a/>", "documents/B.pdf": "%PDF"})
	c := openOK(t, dir)
	want := []Entry{{"bundle.sigstore.json", 2}, {"documents/B.pdf", 4}, {"documents/ó.xml", 4}}
	if got := c.Entries(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := content(t, c, "documents/ó.xml"); got != "<a/>" {
		t.Errorf("got %q", got)
	}
	if err := c.Unchanged(); err != nil {
		t.Error(err)
	}
	_, err := c.Open("documents")
	wantCode(t, err, CodeNotFound)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	c.Close()
	_, err = c.Open("documents/ó.xml")
	wantCode(t, err, CodeUnreadable)
}

func TestFolderRefused(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		lim   Limits
		want  string
	}{
		{"empty", nil, Limits{}, CodeEmpty},
		{"too many", map[string]string{"a": "", "b": "", "c": ""}, Limits{MaxEntries: 2}, CodeTooMany},
		{"too many folders", map[string]string{"a/a": "", "b/a": "", "c/a": ""}, Limits{MaxEntries: 2}, CodeTooMany},
		{"too large", map[string]string{"a": "12345"}, Limits{MaxEntrySize: 4}, CodeTooLarge},
		{"too large together", map[string]string{"a": "123", "b": "456"}, Limits{MaxTotalSize: 5}, CodeTooLarge},
		{"too deep", map[string]string{"1/2/3/4/5/6/7/8/9": ""}, Limits{}, CodeNameTooLong},
		{"name too long", map[string]string{"abc/def": ""}, Limits{MaxNameBytes: 6}, CodeNameTooLong},
		{"short name", map[string]string{"DOKUME~1.PDF": ""}, Limits{}, CodeNameReserved},
		{"NFD", map[string]string{"o\u0301.xml": ""}, Limits{}, CodeNameEncoding},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(layOut(t, tt.files), tt.lim)
			wantCode(t, err, tt.want)
		})
	}
	t.Run("folder without files", func(t *testing.T) {
		dir := layOut(t, map[string]string{"a": "x"})
		if err := os.MkdirAll(filepath.Join(dir, "d", "e"), 0o777); err != nil {
			t.Fatal(err)
		}
		_, err := Open(dir, Limits{})
		wantCode(t, err, CodeNotRegular)
	})
	t.Run("no such path", func(t *testing.T) {
		_, err := Open(filepath.Join(t.TempDir(), "x"), Limits{})
		wantCode(t, err, CodeUnreadable)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v is not fs.ErrNotExist", err)
		}
	})
}

func TestChanged(t *testing.T) {
	later := time.Now().Add(time.Hour)
	edits := map[string]func(t *testing.T, dir string){
		"longer":  func(t *testing.T, dir string) { write(t, filepath.Join(dir, "d", "a"), "hello world") },
		"shorter": func(t *testing.T, dir string) { write(t, filepath.Join(dir, "d", "a"), "h") },
		"same size, other time": func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "d", "a"), "jello")
			if err := os.Chtimes(filepath.Join(dir, "d", "a"), later, later); err != nil {
				t.Fatal(err)
			}
		},
		"gone": func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "d", "a")) },
		"another file": func(t *testing.T, dir string) {
			fi, err := os.Stat(filepath.Join(dir, "d", "a"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "new"), "jello")
			os.Chtimes(filepath.Join(dir, "new"), fi.ModTime(), fi.ModTime())
			if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "d", "a")); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			dir := layOut(t, map[string]string{"d/a": "hello", "b": "x"})
			c := openOK(t, dir)
			edit(t, dir)
			_, err := c.Open("d/a")
			wantCode(t, err, CodeChanged)
			wantCode(t, c.Unchanged(), CodeChanged)
			if got := content(t, c, "b"); got != "x" {
				t.Errorf("the other file: %q", got)
			}
		})
	}
	t.Run("new file", func(t *testing.T) {
		dir := layOut(t, map[string]string{"d/a": "hello", "z": "x"})
		c := openOK(t, dir)
		write(t, filepath.Join(dir, "b"), "")
		wantCode(t, c.Unchanged(), CodeChanged)
	})
	t.Run("while read", func(t *testing.T) {
		dir := layOut(t, map[string]string{"d/a": strings.Repeat("x", 1000)})
		c := openOK(t, dir)
		r, err := c.Open("d/a")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(filepath.Join(dir, "d", "a"), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString("more")
		f.Close()
		n, err := io.Copy(io.Discard, r)
		wantCode(t, err, CodeChanged)
		if n != 990 {
			t.Errorf("got %d more bytes, want 990", n)
		}
	})
	t.Run("the folder itself", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("SKIP: Windows does not rename an open folder")
		}
		dir := filepath.Join(layOut(t, map[string]string{"in/a": "x", "other/a": "x"}), "in")
		c := openOK(t, dir)
		os.Rename(dir, dir+"2")
		wantCode(t, c.Unchanged(), CodeChanged)
		os.Rename(filepath.Join(filepath.Dir(dir), "other"), dir)
		wantCode(t, c.Unchanged(), CodeChanged)
		if got := content(t, c, "a"); got != "x" { // still the one we opened
			t.Errorf("got %q", got)
		}
	})
}

func TestZipFileChanged(t *testing.T) {
	big := strings.Repeat("0123456789", 10000)
	z := rawZip{entries: []rawEntry{{name: "a", body: big}, {name: "b", body: "hello"}}}
	open := func(t *testing.T) (string, *Container) {
		path := filepath.Join(t.TempDir(), "b.zip")
		write(t, path, string(z.bytes()))
		return path, openOK(t, path)
	}
	later := time.Now().Add(time.Hour)
	t.Run("not", func(t *testing.T) {
		_, c := open(t)
		if got := readAll(c); got != "ok" {
			t.Error(got)
		}
		if err := c.Unchanged(); err != nil {
			t.Error(err)
		}
	})
	t.Run("cut while read", func(t *testing.T) {
		path, c := open(t)
		r, _ := c.Open("a")
		defer r.Close()
		io.ReadFull(r, make([]byte, 10))
		if err := os.Truncate(path, 1000); err != nil {
			t.Fatal(err)
		}
		_, err := io.Copy(io.Discard, r)
		wantCode(t, err, CodeChanged)
		wantCode(t, c.Unchanged(), CodeChanged)
		if !strings.Contains(err.Error(), path) {
			t.Errorf("%v does not name the file", err)
		}
	})
	t.Run("bytes changed", func(t *testing.T) {
		path, c := open(t)
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteAt([]byte("X"), 100)
		f.Close()
		os.Chtimes(path, later, later)
		r, _ := c.Open("a")
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		wantCode(t, err, CodeChanged)
	})
	t.Run("another file at the path", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("SKIP: Windows does not replace an open file")
		}
		path, c := open(t)
		fi, _ := os.Stat(path)
		write(t, path+"2", string(z.bytes()))
		os.Chtimes(path+"2", fi.ModTime(), fi.ModTime())
		os.Rename(path+"2", path)
		wantCode(t, c.Unchanged(), CodeChanged)
	})
	t.Run("gone", func(t *testing.T) {
		if runtime.GOOS == "windows" {
			t.Skip("SKIP: Windows does not remove an open file")
		}
		path, c := open(t)
		os.Remove(path)
		wantCode(t, c.Unchanged(), CodeChanged)
	})
	t.Run("still being written", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "b.zip")
		write(t, path, string(z.bytes()[:5000]))
		_, err := Open(path, Limits{})
		wantCode(t, err, CodeTruncated)
	})
}

func TestConcurrentReads(t *testing.T) {
	z := rawZip{}
	files := map[string]string{}
	for i := range 20 {
		name, body := fmt.Sprintf("d/%02d", i), strings.Repeat(fmt.Sprint(i), 50000)
		z.entries = append(z.entries, rawEntry{name: name, body: body, deflate: i%2 == 0})
		files[name] = body
	}
	path := filepath.Join(t.TempDir(), "b.zip")
	write(t, path, string(z.bytes()))
	for _, p := range []string{path, layOut(t, files)} {
		c := openOK(t, p)
		var wg sync.WaitGroup
		for name, body := range files {
			wg.Go(func() {
				r, err := c.Open(name)
				if err != nil {
					t.Error(err)
					return
				}
				defer r.Close()
				if b, err := io.ReadAll(r); err != nil || string(b) != body {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wg.Wait()
	}
}
