package faulty

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kartoteka/archive/internal/durable"
)

func newDisk(t *testing.T) (*Disk, durable.FS) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "old"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := New(root)
	if err != nil {
		t.Fatal(err)
	}
	return d, d.At(root)
}

// files lists the files below dir as name=content.
func files(t *testing.T, dir string) string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			data, rerr := os.ReadFile(p)
			rel, _ := filepath.Rel(dir, p)
			list, err = append(list, filepath.ToSlash(rel)+"="+string(data)), rerr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// TestLeft: what a power cut leaves after each step, if nothing survives that was not synced, and if all does.
func TestLeft(t *testing.T) {
	d, fsys := newDisk(t)
	var h durable.Handle
	for _, step := range []struct {
		name         string
		do           func() error
		nothing, all string
	}{
		{"create", func() (err error) { h, err = fsys.Create("temp", 0o600); return err }, "old=old", "old=old temp="},
		{"write", func() error { _, err := h.Write([]byte("1234")); return err }, "old=old", "old=old temp=1234"},
		{"syncdir", func() error { return fsys.SyncDir(".") }, "old=old temp=12", "old=old temp=1234"},
		{"sync", func() error { return h.Sync() }, "old=old temp=1234", "old=old temp=1234"},
		{"rename", func() error { return fsys.Rename("temp", "old") }, "old=old temp=1234", "old=1234"},
		{"mkdir", func() error { return fsys.Mkdir("dir", 0o700) }, "old=old temp=1234", "old=1234"},
		{"move", func() error { return fsys.RenameNew("old", "dir/new") }, "old=old temp=1234", "dir/new=1234"},
		{"syncdir dir", func() error { return fsys.SyncDir("dir") }, "old=old temp=1234", "dir/new=1234"},
		{"syncdir .", func() error { return fsys.SyncDir(".") }, "dir/new=1234", "dir/new=1234"},
		{"remove", func() error { return fsys.Remove("dir/new") }, "dir/new=1234", ""},
	} {
		if err := step.do(); err != nil {
			t.Fatal(step.name, err)
		}
		for keep, want := range map[bool]string{false: step.nothing, true: step.all} {
			dir := filepath.Join(t.TempDir(), "left")
			if err := d.Left().Write(dir, func() bool { return keep }); err != nil {
				t.Fatal(err)
			}
			if got := files(t, dir); got != want {
				t.Errorf("after %s, all kept %v: %q, want %q", step.name, keep, got, want)
			}
		}
	}
	h.Close()
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault Fault
		want  string // on the disk, its temporary name cut off
	}{
		{Fault{Lost, 2}, "old=old"},
		{Fault{Stored, 4}, "old=old"},
		{Fault{Short, 2}, "old=old"},
		{Fault{Lost, 5}, "old=old"},
		{Fault{Stored, 5}, "new=1234 old=old"},
		{Fault{Lost, 6}, "new=1234 old=old"},
	} {
		d, fsys := newDisk(t)
		d.Fault = c.fault
		if err := durable.WriteFile(fsys, "new", []byte("1234"), 0o600); !errors.Is(err, Err) {
			t.Errorf("%v: %v", c.fault, err)
		}
		if got := files(t, d.root); got != c.want {
			t.Errorf("%v leaves %q, want %q; %q", c.fault, got, c.want, d.Changes())
		}
	}
	d, fsys := newDisk(t)
	d.Fault = Fault{Flip, 2}
	if data, err := durable.ReadFile(fsys, "old", 10); err != nil || string(data) == "old" || len(data) != 3 {
		t.Errorf("flipped: %q, %v", data, err)
	}
	d.Fault = Fault{Unread, len(d.Looks()) + 1}
	if _, err := durable.ReadFile(fsys, "old", 10); !errors.Is(err, Err) {
		t.Errorf("unread: %v", err)
	}
}
