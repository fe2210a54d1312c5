package archive_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/seal"
	"kartoteka/verify"
)

// fullTest is an archive alone on a small disk, its spool elsewhere.
type fullTest struct {
	*spoolTest
	mount string
	spool string
	asked func() // called whenever the archive looks at the clock
}

func newFullTest(t *testing.T, size string) *fullTest {
	mount := tmpfs(t, size)
	s := newSpoolTest(t)
	dir, spool := filepath.Join(mount, "archive"), filepath.Join(t.TempDir(), "spool")
	if err := errors.Join(os.Rename(filepath.Join(s.Dir, "spool"), spool), os.CopyFS(dir, os.DirFS(s.Dir))); err != nil {
		t.Fatal(err)
	}
	s.Dir = dir
	return &fullTest{s, mount, spool, func() {}}
}

func (f *fullTest) open() (*archive.Archive, error) {
	now := func() time.Time { f.asked(); return f.Now }
	return archive.Open(f.Dir, archive.Options{Write: true, Spool: f.spool, Now: now, Reserve: 1})
}

// fill leaves so many bytes free, give or take a page.
func (f *fullTest) fill(t *testing.T, free uint64) {
	t.Helper()
	name := f.filler()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var st syscall.Statfs_t
	if err := syscall.Statfs(f.mount, &st); err != nil {
		t.Fatal(err)
	}
	if have := st.Bavail * uint64(st.Bsize); have > free {
		if _, err := file.Write(make([]byte, have-free)); err != nil {
			t.Fatal(err)
		}
	}
}

func (f *fullTest) filler() string { return filepath.Join(f.mount, "filler") }

func spooledIn(t *testing.T, spool, sub string) []string { return spooled(t, filepath.Dir(spool), sub) }

// TestDiskFull takes bundles in while the disk fills up behind the question whether there is room, with less and less
// of it, so that every write is once the one that fails: never is half a bundle visible or a receipt given for what is
// not there, and with room again the next run makes up for all.
func TestDiskFull(t *testing.T) {
	f := newFullTest(t, "6m")
	scan := make([]byte, 40<<10)
	rand.Read(scan)
	stages, n, bundles := map[string]int{}, 0, len(f.Bundles)
	for free := uint64(160 << 10); ; free -= 4 << 10 {
		d := f.Draft(fullID(n), archivetest.People[n%4], note("note.txt", fmt.Sprint("note ", n)), archivetest.Document{Name: "documents/scan.bin", Body: scan})
		name := filepath.Join(f.spool, "incoming", fullID(n)+".zip")
		if err := os.WriteFile(name, d.Zip(t, d.Sign(t, f.Producer)), 0o600); err != nil {
			t.Fatal(err)
		}
		f.Now = f.Now.Add(time.Hour)
		stages[stageOf(f.takeFull(t, free, n))]++
		n++
		if left := spooledIn(t, f.spool, "incoming"); len(left) != 0 {
			t.Errorf("%d KiB free, then more: left in the spool: %q", free>>10, left)
		}
		r := check(t, f.Dir, archive.CheckOptions{})
		if r.Verdict != verify.Passed || r.Counts["bundles"] != bundles+n {
			t.Fatalf("%d KiB free, then more: %v %v", free>>10, r.Counts, notPassed(r))
		}
		if got, want := len(spooledIn(t, f.spool, "receipts")), bundles+n; got != want {
			t.Errorf("%d KiB free: %d receipts, want %d", free>>10, got, want)
		}
		f.shrink(t)
		if free == 0 {
			break
		}
	}
	t.Log("where the room ended: ", stages)
	for _, want := range []string{"taken", "segment", "keys", "append to log", "checkpoint"} {
		if stages[want] == 0 {
			t.Errorf("no run ended at %q", want)
		}
	}
}

func fullID(n int) string { return fmt.Sprintf("full-%06d", n) }

// takeFull takes in while the disk fills up, once more while it is full, as a daemon would, and then with room.
func (f *fullTest) takeFull(t *testing.T, free uint64, n int) error {
	t.Helper()
	acknowledged := spooledIn(t, f.spool, "receipts")
	w, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { w.Close() }()
	size, calls := w.Head().Size, 0
	f.asked = func() {
		if calls++; calls == 3 { // twice as the accession begins, then when the first bundle is judged
			f.fill(t, free)
		}
	}
	got, failed := f.take(w)
	f.asked = func() {}
	if failed == nil && got[fullID(n)+".zip"].Status != archive.Taken {
		t.Errorf("%d KiB free: no error, but %+v", free>>10, got)
	}
	f.wantWhole(t, free, size, n)
	f.take(w)
	f.wantWhole(t, free, size, n)
	for _, old := range acknowledged {
		if !slices.Contains(spooledIn(t, f.spool, "receipts"), old) {
			t.Errorf("%d KiB free: receipt %s is gone", free>>10, old)
		}
	}
	if err := os.Remove(f.filler()); err != nil {
		t.Fatal(err)
	}
	_, err = f.take(w)
	if errors.Is(err, archive.ErrReopen) {
		w.Close()
		if w, err = f.open(); err == nil {
			_, err = f.take(w)
		}
	}
	if err != nil {
		t.Errorf("%d KiB free, then more: %v", free>>10, err)
	}
	return failed
}

// stageOf names the write that failed.
func stageOf(err error) string {
	switch {
	case err == nil:
		return "taken"
	case errors.Is(err, archive.ErrSpace):
		return "space"
	case !errors.Is(err, syscall.ENOSPC):
		return "other: " + err.Error()
	}
	for _, word := range []string{"segment", "append to log", "keys", "checkpoint", "index", "receipt", "reopen"} {
		if strings.Contains(err.Error(), word) {
			return word
		}
	}
	if strings.Contains(err.Error(), "take in") {
		return "segment"
	}
	return err.Error()
}

// wantWhole sees that the log is whole and that the n-th bundle is in it wholly or not at all.
func (f *fullTest) wantWhole(t *testing.T, free uint64, size int64, n int) {
	t.Helper()
	r, err := archive.Open(f.Dir, archive.Options{})
	if err != nil {
		t.Fatalf("%d KiB free: %v", free>>10, err)
	}
	defer r.Close()
	if grown := r.Head().Size - size; grown != 0 && grown != 2 {
		t.Errorf("%d KiB free: the log grew by %d events", free>>10, grown)
	}
	c := check(t, f.Dir, archive.CheckOptions{At: f.Now})
	if c.Verdict == verify.Failed {
		t.Errorf("%d KiB free: %v", free>>10, notPassed(c))
	}
	receipt := filepath.Join(f.spool, "receipts", seal.ReceiptName(verify.Digest([]byte(fullID(n)))))
	if _, err := os.Stat(receipt); err == nil && r.Head().Size == size {
		t.Errorf("%d KiB free: a receipt for what is not in the log", free>>10)
	}
}

// shrink gives the quarantine's room back, as an operator would.
func (f *fullTest) shrink(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(f.Dir, "quarantine"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		os.RemoveAll(filepath.Join(f.Dir, "quarantine", e.Name()))
	}
}

// The spool's disk fills up before the receipts and reasons are written: the bundle stays in the spool until they are.
func TestSpoolFull(t *testing.T) {
	s := newSpoolTest(t)
	mount := tmpfs(t, "1m")
	f := &fullTest{s, mount, filepath.Join(mount, "spool"), func() {}}
	if err := os.CopyFS(f.spool, os.DirFS(filepath.Join(s.Dir, "spool"))); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(f.spool, "incoming/bad.zip")
	for name, data := range map[string][]byte{"good.zip": signed(s, s.good("good")), "bad.zip": []byte("no bundle")} {
		if err := os.WriteFile(filepath.Join(f.spool, "incoming", name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	os.Chtimes(bad, s.Now.Add(-time.Hour), s.Now.Add(-time.Hour))
	w, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	f.fill(t, 0)
	if _, err := f.take(w); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("on a full spool: %v", err)
	}
	if got := spooledIn(t, f.spool, "incoming"); !slices.Equal(got, []string{"bad.zip", "good.zip"}) {
		t.Errorf("in the spool: %q", got)
	}
	os.Remove(f.filler())
	got := f.mustTake(w)
	if got["good.zip"].Status != archive.Known || got["good.zip"].Receipt == "" || got["bad.zip"].Status != archive.Rejected {
		t.Errorf("with room again: %+v", got)
	}
	if r := check(t, s.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed || r.Counts["bundles"] != 3 {
		t.Errorf("%v %v", r.Counts, notPassed(r))
	}
}

// What may not be read is left alone until it may.
func TestNoPermission(t *testing.T) {
	if os.Getuid() == 0 {
		asNobody(t)
		return
	}
	s := newSpoolTest(t)
	s.Spool(t, "a-closed.zip", s.good("closed"))
	folder := s.folder("b-folder", s.good("closed-folder"))
	s.Spool(t, "c-open.zip", s.good("open"))
	s.age("", s.Now.Add(-time.Hour))
	closed := []string{filepath.Join(s.Dir, "spool/incoming/a-closed.zip"), filepath.Join(folder, "documents/second.txt")}
	for _, name := range closed {
		if err := os.Chmod(name, 0); err != nil {
			t.Fatal(err)
		}
	}
	w := s.OpenWrite(t)
	defer w.Close()
	got := s.mustTake(w)
	for name, want := range map[string]archive.Status{"a-closed.zip": archive.Postponed, "b-folder": archive.Postponed, "c-open.zip": archive.Taken} {
		if got[name].Status != want {
			t.Errorf("%s: %+v, want %s", name, got[name], want)
		}
	}
	for _, name := range closed {
		os.Chmod(name, 0o600)
	}
	for name, o := range s.mustTake(w) {
		if o.Status != archive.Taken {
			t.Errorf("%s, opened: %+v", name, o)
		}
	}
	if r := check(t, s.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed || r.Counts["bundles"] != 5 {
		t.Errorf("%v %v", r.Counts, notPassed(r))
	}
}

// Folders that may not be written to, as a copied CD has them, leave the spool like any other.
func TestReadOnlyFolder(t *testing.T) {
	if os.Getuid() == 0 {
		asNobody(t)
		return
	}
	s := newSpoolTest(t)
	bad := s.good("bad")
	bad.Files = append(bad.Files, note("extra/extra.txt", "not signed for"))
	bad.Statement.Subject = bad.Statement.Subject[:2]
	folders := []string{s.folder("a-bad", bad), s.folder("b-good", s.good("good")), filepath.Join(s.Dir, "spool/incoming", takenLeft, "documents")}
	if err := os.MkdirAll(folders[2], 0o755); err != nil {
		t.Fatal(err)
	}
	put := filepath.Join(folders[2], "half.txt")
	if err := os.WriteFile(put, []byte("half purged"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.age("", s.Now.Add(-time.Hour))
	for _, dir := range []string{folders[0] + "/documents/extra", folders[0] + "/documents", folders[0], folders[1] + "/documents", folders[1], folders[2]} {
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
	}
	w := s.OpenWrite(t)
	defer w.Close()
	got := s.mustTake(w)
	if got["a-bad"].Status != archive.Rejected || got["b-good"].Status != archive.Taken {
		t.Errorf("%+v", got)
	}
	if left := spooled(t, s.Dir, "incoming"); len(left) != 0 {
		t.Errorf("left in the spool: %q", left)
	}
	if aside := spooled(t, s.Dir, "rejected"); len(aside) != 2 {
		t.Errorf("rejected: %q", aside)
	}
}

// takenLeft is how a folder is called while it is purged.
const takenLeft = ".taken-ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// asNobody runs the test at hand once more as an ordinary user: root is refused nothing.
func asNobody(t *testing.T) {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Skip("SKIP: the test cannot find itself:", err)
	}
	dir, err := os.MkdirTemp("", "nobody") // not t.TempDir: its parents are root's alone
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "test")
	if err := errors.Join(os.WriteFile(name, self, 0o755), os.Chmod(dir, 0o777)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, "-test.run=^"+t.Name()+"$")
	cmd.Dir, cmd.Env = dir, []string{"TMPDIR=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		t.Errorf("as an ordinary user:\n%s", out)
	case err != nil:
		t.Skip("SKIP: root cannot become an ordinary user here:", err)
	}
}
