package daemon

import (
	"errors"
	"os"
	"os/exec"
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

// The crash tests run the built programs, and let fail what is under them: system calls (crash_strace_test.go), reads
// (crash_read_test.go), the power (crash_power_test.go), the room on the disk (crash_full_test.go), the program itself
// (kill_test.go). With KARTOTEKA_CRASH=all, as in `make crash`, everything fails once; without it a few things do.
var crashAll = os.Getenv("KARTOTEKA_CRASH") == "all"

// scene is a world before an accession, to which it can be put back: its spool holds two ZIPs, a folder, and a file
// that is no bundle.
type scene struct {
	*world
	kd    string // the program
	sent  []*archivetest.Bundle
	saved string // copy of the archive
}

const badName = "bad.zip"

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{world: newWorld(t, "workers: 1\nlog: {level: debug}"), kd: program(t)}
	s.sent = append(s.send(t, 1, 3), s.folder(t, 3))
	bad, old := s.drop(t, badName, []byte("no ZIP")), time.Now().Add(-time.Hour)
	os.Chtimes(bad, old, old)
	s.save(t)
	return s
}

// folder drops the n-th bundle as a folder.
func (w *world) folder(t *testing.T, n int) *archivetest.Bundle {
	t.Helper()
	b := w.Make(t, n)
	dir := filepath.Join(w.Dir, "spool/incoming/folder")
	err := errors.Join(os.MkdirAll(filepath.Join(dir, "documents"), 0o755), os.WriteFile(filepath.Join(dir, seal.EnvelopeName), b.Envelope, 0o644))
	for _, d := range b.Documents {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, d.Name), d.Body, 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *scene) save(t *testing.T) {
	t.Helper()
	s.saved = filepath.Join(t.TempDir(), "saved")
	copyTree(t, s.Dir, s.saved)
}

func (s *scene) restore(t *testing.T) {
	t.Helper()
	if err := os.RemoveAll(s.Dir); err != nil {
		t.Fatal(err)
	}
	copyTree(t, s.saved, s.Dir)
}

// copyTree keeps times, which os.CopyFS does not: a bundle that is cut short is refused only when it is old.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v: %s", err, out)
	}
}

// ran is how a program ended.
type ran struct {
	exit int // -1: killed
	said string
}

// told says that the program did not pass over what went wrong: it ended with another status than with or without a
// bundle to refuse, warned of something, or said that it comes back to a bundle.
func (r ran) told() bool {
	if r.exit != exitOK && r.exit != exitPartly {
		return true
	}
	for line := range strings.Lines(r.said) {
		warned := strings.Contains(line, `"WARN"`) || strings.Contains(line, `"ERROR"`)
		if warned && !strings.Contains(line, `"code":"not_zip"`) || strings.Contains(line, `"msg":"postponed"`) {
			return true
		}
	}
	return false
}

func run(t *testing.T, env []string, name string, args ...string) ran {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = "/", append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return ran{cmd.ProcessState.ExitCode(), string(out)}
}

// wantWhole sees, before any writer mends anything, that what is committed is whole, that every receipt holds, and that
// every bundle that has none is still in the spool.
func (s *scene) wantWhole(t *testing.T) {
	t.Helper()
	s.wantSound(t)
	for _, b := range s.sent {
		if there(s.receipt(b)) {
			s.checkReceipt(t, b)
		} else if !there(filepath.Join(s.Dir, "spool/incoming", s.spooled(b))) {
			t.Errorf("%s has no receipt and is not in the spool", b.ID)
		}
	}
}

func (s *scene) spooled(b *archivetest.Bundle) string {
	if b == s.sent[len(s.sent)-1] {
		return "folder"
	}
	return filepath.Base(b.Path)
}

// wantSound checks the archive without a key; files beyond the checkpoint are no fault while a run is not made up for.
func (w *world) wantSound(t *testing.T) {
	t.Helper()
	r, err := archive.Check(t.Context(), w.Dir, archive.CheckOptions{At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if c.Verdict != verify.Passed && c.Code != verify.CodeBeyond {
			t.Errorf("%+v", c)
		}
	}
}

// finish runs the daemon on a sound machine: everything is taken in, once, and nothing is left behind.
func (s *scene) finish(t *testing.T) {
	t.Helper()
	if r := run(t, nil, s.kd, "--config", s.config, "--once"); r.exit != exitOK && r.exit != exitPartly && r.exit != exitVerify || strings.Contains(r.said, `"ERROR"`) || strings.Contains(r.said, "hint:") {
		t.Fatalf("the next run: exit %d: %s", r.exit, r.said)
	}
	s.check(t)
	for _, b := range s.sent {
		s.checkReceipt(t, b)
	}
	// A refused bundle that could not be moved is renamed where it stands.
	in := slices.DeleteFunc(s.list(t, "incoming"), func(n string) bool { return strings.HasPrefix(n, ".refused-") })
	if refused := len(s.list(t, "incoming")) > len(in) || slices.Contains(s.list(t, "rejected"), badName); len(in) != 0 || !refused {
		t.Errorf("left in the spool: %q; the bad bundle was refused: %v", in, refused)
	}
	s.wantTidy(t)
	s.wantOnce(t)
}

// wantTidy sees that no temporary file is left, and in quarantine/ only what the overview names.
func (w *world) wantTidy(t *testing.T) {
	t.Helper()
	for _, name := range archivetest.Files(t, w.Dir, ".") {
		aside, quarantined := strings.CutPrefix(name, "quarantine/")
		switch {
		case !quarantined && strings.HasPrefix(filepath.Base(name), ".t"):
			t.Errorf("left over: %s", name)
		case quarantined && !slices.ContainsFunc([]string{"accessions_", "keyfiles_", "keyfiles.2_", "log_tile_", "index.db-"}, func(p string) bool { return strings.HasPrefix(aside, p) }):
			t.Errorf("in quarantine: %s", aside)
		}
	}
}

// wantOnce sees that every bundle is in the log once, and in the index.
func (s *scene) wantOnce(t *testing.T) {
	t.Helper()
	a, err := archive.Open(s.Dir, archive.Options{Write: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	n := 0
	if err := a.Events(0, func(_ seal.LeafIndex, e seal.Event) error {
		if e.Bundle != nil {
			n++
		}
		return nil
	}); err != nil || n != 1+len(s.sent) {
		t.Errorf("the log has %d bundles, want %d: %v", n, 1+len(s.sent), err)
	}
	rows, err := a.CheckIndex()
	if err != nil || rows != n {
		t.Errorf("the index has %d bundles of %d: %v", rows, n, err)
	}
}
