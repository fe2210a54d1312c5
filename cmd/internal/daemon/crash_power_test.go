package daemon

import (
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
)

// TestPowerCuts cuts the power at random moments of an intake, on file systems of their own: what the kernel had not
// written by then is gone, of the file system's journal too. A journal keeps the order of renames, so a folder's fsync
// that is missing does not show here; it does in archive.TestPowerCut.
func TestPowerCuts(t *testing.T) {
	if !crashAll {
		return
	}
	for _, kind := range []string{"xfs", "ext4"} {
		t.Run(kind, func(t *testing.T) { powerCuts(t, kind, 50) })
	}
}

func powerCuts(t *testing.T, kind string, cuts int) {
	needs(t, "mkfs."+kind, "mount", "xfs_io")
	w := newWorld(t, "calendar: {max_wait: 1ms}\nlog: {level: error}")
	d := newDisk(t, kind, "400M")
	w.moveTo(t, filepath.Join(d.dir, "archive"))
	kd := program(t)
	run(t, nil, "sync")
	sent, seen := map[string]string{}, map[string]string{} // bundles by path, receipts by name
	var bundles []*archivetest.Bundle
	hit, back := 0, 0
	for n := range cuts {
		for _, b := range w.send(t, 1+len(bundles), 13+len(bundles)) {
			bundles, sent[b.Path] = append(bundles, b), read(t, b.Path)
		}
		w.syncSpool(t)
		cmd := exec.Command(kd, "--config", w.config)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(time.Duration(10+rand.IntN(400)) * time.Millisecond); time.Now().Before(end); time.Sleep(time.Millisecond) {
			maps.Copy(seen, w.receipts())
		}
		d.cut(t)
		cmd.Process.Kill()
		cmd.Wait()
		d.remount(t)
		back += w.wantKept(t, bundles, sent, seen)
		if n%5 == 0 {
			reopen(t, w)
			w.check(t)
		}
		aside, _ := os.ReadDir(filepath.Join(w.Dir, "quarantine"))
		hit = max(hit, len(aside))
	}
	if r := run(t, nil, kd, "--config", w.config, "--once"); r.exit != exitOK {
		t.Fatalf("the run after all the cuts: exit %d: %s", r.exit, r.said)
	}
	w.compareReceipts(t, seen)
	w.check(t)
	for _, b := range bundles {
		w.checkReceipt(t, b)
	}
	if left := w.list(t, "incoming"); len(left) != 0 {
		t.Errorf("left in the spool: %q", left)
	}
	w.wantTidy(t)
	t.Logf("%d cuts, %d bundles, %d receipts seen before a cut, quarantine holds %d leftovers, %d bundles were in archive and spool both", cuts, len(bundles), len(seen), hit, back)
	if hit == 0 {
		t.Error("not one cut hit an accession: the test tests nothing")
	}
}

// wantKept sees, before any writer mends anything, that what is committed is whole, that every receipt ever seen is
// proved by the log that is left, and that every other bundle is still in the spool, as it was sent.
func (w *world) wantKept(t *testing.T, bundles []*archivetest.Bundle, sent, seen map[string]string) (both int) {
	t.Helper()
	w.wantSound(t)
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for name, text := range seen {
		if err := a.Since([]byte(text), a.Policy(), time.Now()); err != nil {
			t.Fatalf("receipt %s was seen before the cut: %v", name, err)
		}
	}
	for _, b := range bundles {
		got, err := os.ReadFile(b.Path)
		_, acknowledged := seen[receiptName(b)]
		switch {
		case err == nil && string(got) != sent[b.Path]:
			t.Fatalf("%s is in the spool and is not what was sent", b.ID)
		case err == nil && acknowledged:
			both++
		case err != nil && !there(w.receipt(b)):
			t.Fatalf("%s is neither in the spool nor has a receipt", b.ID)
		}
	}
	maps.Copy(seen, w.receipts())
	return both
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// receipts are those that stand there whole, under their own names.
func (w *world) receipts() map[string]string {
	found := map[string]string{}
	entries, _ := os.ReadDir(filepath.Join(w.Dir, "spool/receipts"))
	for _, e := range entries {
		if b, err := os.ReadFile(filepath.Join(w.Dir, "spool/receipts", e.Name())); err == nil && !strings.HasPrefix(e.Name(), ".") {
			found[e.Name()] = string(b)
		}
	}
	return found
}

// syncSpool makes what was sent durable: a careful sender does.
func (w *world) syncSpool(t *testing.T) {
	t.Helper()
	dir := filepath.Join(w.Dir, "spool/incoming")
	for _, name := range append(archivetest.Files(t, dir, "."), ".") {
		f, err := os.Open(filepath.Join(dir, name))
		if err == nil {
			err = f.Sync()
			f.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// moveTo takes the archive, spool and all, to another folder.
func (w *world) moveTo(t *testing.T, dir string) {
	t.Helper()
	copyTree(t, w.Dir, dir)
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.config, []byte(strings.Replace(string(text), w.Dir, dir, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Dir = dir
	if w.conf, err = LoadConfig(w.config); err != nil {
		t.Fatal(err)
	}
}

// disk is a file system of its own.
type disk struct{ kind, image, dir string }

func newDisk(t *testing.T, kind, size string) *disk {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("SKIP: needs root, to mount a file system")
	}
	d := &disk{kind, filepath.Join(t.TempDir(), "image"), t.TempDir()}
	if kind != "tmpfs" {
		must(t, "truncate", "-s", size, d.image)
		args := []string{"-q", d.image}
		if kind == "ext4" {
			args = append(args, "-m", "0") // nothing kept back for root: a full disk is full
		}
		must(t, "mkfs."+kind, args...)
	}
	d.mount(t, size)
	t.Cleanup(func() { must(t, "umount", d.dir) })
	return d
}

func (d *disk) mount(t *testing.T, size string) {
	t.Helper()
	if d.kind == "tmpfs" {
		must(t, "mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", d.dir)
		return
	}
	must(t, "mount", "-o", "loop", d.image, d.dir)
}

// cut drops what the file system has not written.
func (d *disk) cut(t *testing.T) { must(t, "xfs_io", "-x", "-c", "shutdown", d.dir) }

func (d *disk) remount(t *testing.T) {
	t.Helper()
	must(t, "umount", d.dir)
	d.mount(t, "")
}

func must(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
}
