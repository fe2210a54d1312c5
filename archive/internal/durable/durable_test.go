package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// steps records every change made through it and fails the one it is told to.
type steps struct {
	FS
	mu   sync.Mutex
	log  []string
	fail func(op, name string) error
}

var errInjected = errors.New("injected")

func (s *steps) step(op, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, op+" "+name)
	if s.fail == nil {
		return nil
	}
	return s.fail(op, name)
}

func (s *steps) Create(name string, perm fs.FileMode) (Handle, error) {
	if err := s.step("create", name); err != nil {
		return nil, err
	}
	h, err := s.FS.Create(name, perm)
	return &stepHandle{h, s, name}, err
}

func (s *steps) Rename(from, to string) error {
	if err := s.step("rename", to); err != nil {
		return err
	}
	return s.FS.Rename(from, to)
}

func (s *steps) RenameNew(from, to string) error {
	if err := s.step("rename", to); err != nil {
		return err
	}
	return s.FS.RenameNew(from, to)
}

func (s *steps) Scrub(name string) error {
	if err := s.step("scrub", name); err != nil {
		return err
	}
	return s.FS.Scrub(name)
}

func (s *steps) SyncDir(name string) error {
	if err := s.step("syncdir", name); err != nil {
		return err
	}
	return s.FS.SyncDir(name)
}

func (s *steps) Remove(name string) error {
	if err := s.step("remove", name); err != nil {
		return err
	}
	return s.FS.Remove(name)
}

type stepHandle struct {
	Handle
	s    *steps
	name string
}

func (h *stepHandle) Write(p []byte) (int, error) {
	if err := h.s.step("write", h.name); err != nil {
		return 0, err
	}
	return h.Handle.Write(p)
}

func (h *stepHandle) Sync() error {
	if err := h.s.step("sync", h.name); err != nil {
		return err
	}
	return h.Handle.Sync()
}

func failAt(op string) func(op, name string) error {
	return func(got, _ string) error {
		if got == op {
			return errInjected
		}
		return nil
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			list = append(list, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, " ")
}

func read(t *testing.T, fsys FS, name string) string {
	t.Helper()
	data, err := ReadFile(fsys, name, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	fsys := OS(dir)
	if err := WriteFile(fsys, "a", []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(fsys, "a", []byte("two"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second WriteFile = %v, want ErrExist", err)
	}
	if got := read(t, fsys, "a"); got != "one" {
		t.Errorf("after refused write: %q", got)
	}
	if err := ReplaceFile(fsys, "a", []byte("three"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := read(t, fsys, "a"); got != "three" {
		t.Errorf("after ReplaceFile: %q", got)
	}
	if got := names(t, dir); got != "a" {
		t.Errorf("left behind: %s", got)
	}
}

func TestWriteOrder(t *testing.T) {
	s := &steps{FS: OS(t.TempDir())}
	if err := WriteFile(s, "a", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	var ops []string
	for _, l := range s.log {
		ops = append(ops, strings.Fields(l)[0])
	}
	if got, want := strings.Join(ops, " "), "create write sync rename syncdir"; got != want {
		t.Errorf("steps %q, want %q", got, want)
	}
}

// Whichever step fails, the old content or the new one stands, and no
// temporary file is left.
func TestFailedStep(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "rename", "syncdir"} {
		t.Run(op, func(t *testing.T) {
			dir := t.TempDir()
			s := &steps{FS: OS(dir)}
			if err := WriteFile(s, "a", []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			s.fail = failAt(op)
			err := ReplaceFile(s, "a", []byte("new"), 0o600)
			if !errors.Is(err, errInjected) {
				t.Errorf("error %v", err)
			}
			want := "old"
			if op == "syncdir" {
				want = "new" // it appeared; whether it survives is not known
			}
			if got := read(t, s, "a"); got != want {
				t.Errorf("content %q, want %q", got, want)
			}
			if got := names(t, dir); got != "a" {
				t.Errorf("files: %s", got)
			}
		})
	}
}

func TestFileAbort(t *testing.T) {
	dir := t.TempDir()
	f, err := Create(OS(dir), "a", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "half")
	if n := names(t, dir); !IsTemp(n) {
		t.Errorf("before commit: %q", n)
	}
	if err := f.Abort(); err != nil {
		t.Error(err)
	}
	if err := f.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Commit after Abort = %v", err)
	}
	if n := names(t, dir); n != "" {
		t.Errorf("after abort: %q", n)
	}
}

func TestFileCommitThenAbort(t *testing.T) {
	fsys := OS(t.TempDir())
	f, err := Create(fsys, "a", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "whole")
	if err := errors.Join(f.Commit(), f.Abort()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, fsys, "a"); got != "whole" {
		t.Errorf("content %q", got)
	}
}

// A write that failed must not be published by a caller who overlooked it.
func TestCommitAfterFailedWrite(t *testing.T) {
	dir := t.TempDir()
	s := &steps{FS: OS(dir), fail: failAt("write")}
	f, err := Create(s, "a", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("x"))
	if err := f.Commit(); !errors.Is(err, errInjected) {
		t.Errorf("Commit = %v", err)
	}
	if n := names(t, dir); n != "" {
		t.Errorf("files: %s", n)
	}
}

func TestPerm(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIP: Windows has no permission bits")
	}
	dir := t.TempDir()
	for _, perm := range []fs.FileMode{0o600, 0o400} {
		name := fmt.Sprintf("%o", perm)
		if err := WriteFile(OS(dir), name, nil, perm); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != perm {
			t.Errorf("mode %v, %v; want %v", info.Mode(), err, perm)
		}
	}
}

func TestNamesStayBelowRoot(t *testing.T) {
	fsys := OS(t.TempDir())
	for _, name := range []string{"../a", "/a", "a/../../b", "", "a/"} {
		if err := WriteFile(fsys, name, nil, 0o600); err == nil {
			t.Errorf("WriteFile(%q) succeeded", name)
		}
		if _, err := fsys.Open(name); err == nil {
			t.Errorf("Open(%q) succeeded", name)
		}
	}
}

func TestMkdirAll(t *testing.T) {
	s := &steps{FS: OS(t.TempDir())}
	if err := MkdirAll(s, "a/b/c", 0o700); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(s.log, ", "), "syncdir ., syncdir a, syncdir a/b"; got != want {
		t.Errorf("new: %s; want %s", got, want)
	}
	s.log = nil
	if err := MkdirAll(s, "a/b/c", 0o700); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(s.log, ", "), "syncdir ., syncdir a, syncdir a/b"; got != want {
		t.Errorf("again: %s; want %s", got, want)
	}
	if err := WriteFile(s, "f", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(s, "f", 0o700); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
}

func TestBatch(t *testing.T) {
	dir := t.TempDir()
	s := &steps{FS: OS(dir)}
	b := NewBatch(s, ".", 0o600, 0o700)
	const files = 2*batchOpen + 3
	for i := range files {
		if err := b.Replace(fmt.Sprintf("d%d/x/%03d", i%2, i), []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := len(strings.Fields(names(t, dir))); got != files {
		t.Errorf("%d files, want %d", got, files)
	}
	synced := map[string]int{}
	for _, l := range s.log {
		if d, ok := strings.CutPrefix(l, "syncdir "); ok {
			synced[d]++
		}
	}
	if got, want := fmt.Sprint(synced), "map[.:1 d0:1 d0/x:1 d1:1 d1/x:1]"; got != want {
		t.Errorf("directories synced %s, want %s", got, want)
	}
}

func TestBatchFailure(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "rename"} {
		dir := t.TempDir()
		s := &steps{FS: OS(dir)}
		s.fail = func(got, name string) error {
			if got == op && strings.Count(strings.Join(s.log, "\n"), op) == 3 {
				return errInjected
			}
			return nil
		}
		b := NewBatch(s, ".", 0o600, 0o700)
		var err error
		for i := 0; i < 5 && err == nil; i++ {
			err = b.Replace(fmt.Sprint(i), nil)
		}
		if err == nil {
			err = b.Commit()
		}
		b.Abort()
		if !errors.Is(err, errInjected) {
			t.Errorf("%s: error %v", op, err)
		}
		if got := names(t, dir); strings.Contains(got, tempPrefix) {
			t.Errorf("%s: left %s", op, got)
		}
	}
}

func TestReadFileLimit(t *testing.T) {
	dir := t.TempDir()
	fsys := OS(dir)
	if err := WriteFile(fsys, "a", bytes.Repeat([]byte{1}, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadFile(fsys, "a", 100); err != nil || len(data) != 100 {
		t.Errorf("at the limit: %d bytes, %v", len(data), err)
	}
	if _, err := ReadFile(fsys, "a", 99); !errors.Is(err, ErrTooLarge) {
		t.Errorf("above the limit: %v", err)
	}
	if err := os.Truncate(filepath.Join(dir, "a"), 1<<40); err != nil {
		t.Skipf("SKIP: no sparse files here: %v", err)
	}
	if _, err := ReadFile(fsys, "a", 100); !errors.Is(err, ErrTooLarge) {
		t.Errorf("sparse terabyte: %v", err)
	}
}

func TestMoveAside(t *testing.T) {
	dir := t.TempDir()
	fsys := OS(dir)
	var moved []string
	for range 2 { // twice the same name
		if err := MkdirAll(fsys, "log/tile", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := WriteFile(fsys, "log/tile/f", []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		to, err := MoveAside(fsys, "log/tile", "quarantine")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(to, "quarantine/log_tile-") {
			t.Errorf("moved to %s", to)
		}
		moved = append(moved, to+"/f")
	}
	if moved[0] > moved[1] {
		moved[0], moved[1] = moved[1], moved[0]
	}
	if got, want := names(t, dir), strings.Join(moved, " "); got != want {
		t.Errorf("files %s, want %s", got, want)
	}
	if _, err := MoveAside(fsys, "absent", "quarantine"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	long := strings.Repeat("ż", 120)
	if got := asideName("spool/" + long); len(got) > 255 || !strings.Contains(got, "żż") {
		t.Errorf("long name: %q", got)
	}
}

func crossing(op, _ string) error {
	if op == "rename" {
		return &os.LinkError{Op: "rename", Err: syscall.EXDEV}
	}
	return nil
}

func TestMoveAsideAcrossDevices(t *testing.T) {
	dir := t.TempDir()
	s := &steps{FS: OS(dir)}
	if err := WriteFile(s, "a", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.fail = crossing
	if _, err := MoveAside(s, "a", "q"); !errors.Is(err, ErrCrossDevice) {
		t.Errorf("error %v", err)
	}
	if got := names(t, dir); got != "a" {
		t.Errorf("files: %s", got)
	}
}

// twoDisks refuses every rename between directories.
type twoDisks struct{ FS }

func (d twoDisks) RenameNew(from, to string) error {
	if filepath.Dir(from) != filepath.Dir(to) {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: syscall.EXDEV}
	}
	return d.FS.RenameNew(from, to)
}

func TestMoveFile(t *testing.T) {
	for _, far := range []bool{false, true} {
		t.Run(fmt.Sprintf("far=%v", far), func(t *testing.T) {
			dir := t.TempDir()
			fsys := OS(dir)
			if far {
				fsys = twoDisks{fsys}
			}
			if err := MkdirAll(fsys, "b", 0o700); err != nil {
				t.Fatal(err)
			}
			if err := WriteFile(fsys, "a", []byte("one"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := MoveFile(fsys, "a", "b/a"); err != nil {
				t.Fatal(err)
			}
			if got := names(t, dir); got != "b/a" {
				t.Errorf("files: %s", got)
			}
			if err := WriteFile(fsys, "a", []byte("two"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := MoveFile(fsys, "a", "b/a"); !errors.Is(err, fs.ErrExist) {
				t.Errorf("onto a taken name: %v", err)
			}
			if got := read(t, fsys, "b/a"); got != "one" {
				t.Errorf("content %q", got)
			}
			if got := names(t, dir); got != "a b/a" {
				t.Errorf("files: %s", got)
			}
		})
	}
}

// A copy that fails at any step leaves the source and no torn target.
func TestMoveFileFailedCopy(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "syncdir"} {
		dir := t.TempDir()
		if err := errors.Join(MkdirAll(OS(dir), "b", 0o700), WriteFile(OS(dir), "a", []byte("one"), 0o600)); err != nil {
			t.Fatal(err)
		}
		s := &steps{FS: twoDisks{OS(dir)}, fail: failAt(op)}
		if err := MoveFile(s, "a", "b/a"); !errors.Is(err, errInjected) {
			t.Errorf("%s: %v", op, err)
		}
		want := "a"
		if op == "syncdir" {
			want = "a b/a"
		}
		if got := names(t, dir); got != want {
			t.Errorf("%s: files %s, want %s", op, got, want)
		}
	}
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	l, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("second TryLock = %v, want ErrLocked", err)
	}
	if err := l.Unlock(); err != nil {
		t.Fatal(err)
	}
	l, err = TryLock(path)
	if err != nil {
		t.Fatalf("after Unlock: %v", err)
	}
	l.Unlock()
	if _, err := TryLock(filepath.Join(path, "x")); err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("impossible path: %v", err)
	}
}

func TestFreeSpace(t *testing.T) {
	free, total, err := FreeSpace(t.TempDir())
	if err != nil || free == 0 || total < free {
		t.Errorf("FreeSpace = %d, %d, %v", free, total, err)
	}
	if _, _, err := FreeSpace(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("FreeSpace of an absent path succeeded")
	}
}
