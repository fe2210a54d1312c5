package cli

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kartoteka/archive/archivetest"
)

// tmpfs mounts a small file system for the test.
func tmpfs(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if os.Getuid() != 0 {
		t.Skip("SKIP: only root may mount a tmpfs")
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skip("SKIP: no tmpfs can be mounted here:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error("unmount:", err)
		}
	})
	return dir
}

// A folder in which there is no room, or nothing may be written, is found out before anything is released.
func TestExportFolder(t *testing.T) {
	c := newCounter(t, archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1}))
	c.out = tmpfs(t, "size=2m")
	filler := filepath.Join(c.out, "filler")
	if err := os.WriteFile(filler, make([]byte, 1500<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := c.releases()
	r := c.export("-o", c.name("p.zip"))
	if r.code != exitFailed || !strings.Contains(r.err, "MiB") {
		t.Errorf("no room: exit %d %s", r.code, r.err)
	}
	c.wantFiles("filler")
	os.Remove(filler)
	if err := syscall.Mount("", c.out, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if r := c.export("-o", c.name("p.zip")); r.code != exitFailed {
		t.Errorf("read only: exit %d %s", r.code, r.err)
	}
	c.wantFiles()
	if after, _ := c.releases(); after != before {
		t.Error("the log tells of a release")
	}
	if err := syscall.Mount("", c.out, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	c.released("p.zip", 3, 0)
}

// The disk fills up while the packet is written: the release is voided, and it is no verdict on the archive.
func TestExportFilledUp(t *testing.T) {
	c := newCounter(t, archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1}))
	c.out = tmpfs(t, "size=2m")
	clock := c.now
	filler := filepath.Join(c.out, "filler")
	calls := 0
	c.now = func() time.Time {
		entries, err := os.ReadDir(c.out)
		if err == nil && len(entries) == 1 && entries[0].Name() != "filler" {
			if calls++; calls > 2 { // the bundle was judged and the entry dated: what is left to do is commit and write
				fillUp(filler)
			}
		}
		return clock()
	}
	r := c.export("-o", c.name("p.zip"))
	if r.code != exitFailed || !strings.Contains(r.err, "voided") || !strings.Contains(r.err, "no space") {
		t.Errorf("exit %d %s", r.code, r.err)
	}
	if releases, voids := c.releases(); releases != 1 || voids != 1 {
		t.Errorf("the log has %d releases and %d voids, want 1 and 1", releases, voids)
	}
	c.wantFiles("filler")
}

// fillUp takes all the room there is.
func fillUp(name string) {
	f, err := os.Create(name)
	if err != nil {
		return
	}
	defer f.Close()
	for b := make([]byte, 4<<10); err == nil; {
		_, err = f.Write(b)
	}
}
