//go:build unix

package container

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// inTime fails instead of hanging: a fifo without a writer blocks open(2).
func inTime(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it hangs")
	}
}

func TestFolderSpecial(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	write(t, outside, "secret")
	tests := []struct {
		name string
		make func(path string) error // path is d/x in the folder
		want string
	}{
		{"link out", func(p string) error { return os.Symlink(outside, p) }, CodeLink},
		{"link within", func(p string) error { return os.Symlink("../a", p) }, CodeLink},
		{"link to a folder", func(p string) error { return os.Symlink(filepath.Dir(outside), p) }, CodeLink},
		{"dangling link", func(p string) error { return os.Symlink("nowhere", p) }, CodeLink},
		{"link to itself", func(p string) error { return os.Symlink("x", p) }, CodeLink},
		{"fifo", func(p string) error { return syscall.Mkfifo(p, 0o666) }, CodeNotRegular},
		{"socket", func(p string) error { _, err := net.Listen("unix", p); return err }, CodeNotRegular},
		{"case twin", func(p string) error { return os.WriteFile(filepath.Join(filepath.Dir(p), "B"), nil, 0o666) }, CodeNameTwin},
		{"NFD twin", func(p string) error { return os.WriteFile(p+"o\u0301", nil, 0o666) }, CodeNameEncoding},
		{"not UTF-8", func(p string) error { return os.WriteFile(p+"\xff", nil, 0o666) }, CodeNameEncoding},
		{"backslash", func(p string) error { return os.WriteFile(p+`\y`, nil, 0o666) }, CodeNameReserved},
		{"reserved", func(p string) error { return os.WriteFile(filepath.Join(filepath.Dir(p), "nul.txt"), nil, 0o666) }, CodeNameReserved},
		{"newline", func(p string) error { return os.WriteFile(p+"\n", nil, 0o666) }, CodeNameReserved},
		{"trailing space", func(p string) error { return os.WriteFile(p+" ", nil, 0o666) }, CodeNameReserved},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "k") // short: a socket's path has 108 bytes
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			write(t, filepath.Join(dir, "a"), "x")
			os.Mkdir(filepath.Join(dir, "d"), 0o777)
			write(t, filepath.Join(dir, "d", "b"), "x")
			if err := tt.make(filepath.Join(dir, "d", "x")); err != nil {
				t.Fatal(err)
			}
			inTime(t, func() { _, err = Open(dir, Limits{}) })
			wantCode(t, err, tt.want)
		})
	}
}

func TestPathItself(t *testing.T) {
	dir := layOut(t, map[string]string{"in/a": "x"})
	link := filepath.Join(dir, "link")
	if err := os.Symlink("in", link); err != nil {
		t.Fatal(err)
	}
	c := openOK(t, link)
	if got := content(t, c, "a"); got != "x" {
		t.Errorf("got %q", got)
	}
	if err := c.Unchanged(); err != nil {
		t.Error(err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{fifo, os.DevNull} {
		var err error
		inTime(t, func() { _, err = Open(p, Limits{}) })
		wantCode(t, err, CodeNotRegular)
	}
}

// Between Open and the reading of an entry the sender swaps it.
func TestFolderSwapped(t *testing.T) {
	outside := t.TempDir()
	write(t, filepath.Join(outside, "a"), "hello")
	swaps := map[string]func(dir string) error{
		"a link out":    func(dir string) error { return os.Symlink(filepath.Join(outside, "a"), filepath.Join(dir, "d", "a")) },
		"a link within": func(dir string) error { return os.Symlink("b", filepath.Join(dir, "d", "a")) },
		"a fifo":        func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "d", "a"), 0o666) },
		"a folder":      func(dir string) error { return os.Mkdir(filepath.Join(dir, "d", "a"), 0o777) },
		"its folder, a link out": func(dir string) error {
			if err := os.Rename(filepath.Join(dir, "d"), filepath.Join(dir, "e")); err != nil {
				return err
			}
			return os.Symlink(outside, filepath.Join(dir, "d"))
		},
	}
	for name, swap := range swaps {
		t.Run(name, func(t *testing.T) {
			dir := layOut(t, map[string]string{"d/a": "hello", "d/b": "hello"})
			c := openOK(t, dir)
			os.Remove(filepath.Join(dir, "d", "a"))
			if err := swap(dir); err != nil {
				t.Fatal(err)
			}
			inTime(t, func() {
				r, err := c.Open("d/a")
				if err == nil {
					b, _ := io.ReadAll(r)
					t.Errorf("it reads %q", b)
					return
				}
				if code := codeOf(err); code != CodeChanged && code != CodeUnreadable {
					t.Error(err)
				}
			})
			wantCode(t, c.Unchanged(), CodeChanged)
		})
	}
}

func TestNoPermission(t *testing.T) {
	dir := layOut(t, map[string]string{"in/d/a": "x", "in/b": "x", "z.zip": "x"})
	for p := dir; p != filepath.Dir(p) && p != os.TempDir(); p = filepath.Dir(p) {
		os.Chmod(p, 0o755) // the tester's own folders are private
	}
	check := func(path, chmod string, reading bool) {
		t.Helper()
		p := filepath.Join(dir, chmod)
		fi, _ := os.Stat(p)
		os.Chmod(p, 0)
		defer os.Chmod(p, fi.Mode())
		asNobody(t, func() {
			c, err := Open(filepath.Join(dir, path), Limits{})
			if err == nil && reading {
				defer c.Close()
				_, err = c.Open("b")
			}
			if codeOf(err) != CodeUnreadable {
				t.Errorf("%s without permission: got %v", chmod, err)
			}
		})
	}
	check("z.zip", "z.zip", false)
	check("in", "in", false)
	check("in", "in/d", false)
	check("in", "in/b", true)
}
