package archive_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/internal/durable"
	"kartoteka/archive/internal/durable/faulty"
	"kartoteka/archive/reading"
)

// rotation is one of the acts that change who opens an archive or who signs for it. Whatever step of it fails, and
// wherever the power goes, the next opening finds the archive as it was or as it is to be.
type rotation struct {
	*archivetest.Archive
	do   func(w *archive.Archive) error
	done func(t *testing.T, dir string) bool
}

func rotations(t *testing.T) map[string]*rotation {
	world := func() *archivetest.Archive {
		s := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
		s.Now = s.Now.Add(time.Hour)
		return s
	}
	custodians, log := &rotation{Archive: world()}, &rotation{Archive: world()}
	officers := custodians.Officers(t)
	anna, toAnna := custodian(t, "anna")
	custodians.do = func(w *archive.Archive) error {
		_, err := w.RotateCustodians(change(w, officers, []age.Identity{custodians.Custodian}, toAnna))
		return err
	}
	custodians.done = func(t *testing.T, dir string) bool {
		before, after := opens(t, dir, custodians.Custodian), opens(t, dir, anna)
		if before+after != 2 || before*after != 0 {
			t.Errorf("the old custodian opens %d bundles, the new one %d", before, after)
		}
		return after == 2
	}
	log.do = func(w *archive.Archive) error {
		_, err := w.RotateLogKey(reading.NewRoom(w, log.Custodian).Unseal)
		return err
	}
	log.done = func(t *testing.T, dir string) bool {
		r, err := archive.Open(dir, archive.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		return len(r.Policy().LogKeys) == 2
	}
	return map[string]*rotation{"custodians": custodians, "log key": log}
}

// on copies the archive to a disk of its own and opens it there for writing.
func (x *rotation) on(t *testing.T) (disk *faulty.Disk, dir string, w *archive.Archive) {
	t.Helper()
	root := fastDir(t)
	dir = filepath.Join(root, "archive")
	if err := os.CopyFS(dir, os.DirFS(x.Dir)); err != nil {
		t.Fatal(err)
	}
	disk, err := faulty.New(root)
	if err == nil {
		w, err = x.open(disk, dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return disk, dir, w
}

func (x *rotation) open(disk *faulty.Disk, dir string) (*archive.Archive, error) {
	o := archive.Options{Write: true, Now: func() time.Time { return x.Now }, Reserve: 1 << 20, Workers: 1}
	return archive.Open(dir, o.Over(func(d string) durable.FS { return disk.At(d) }))
}

// rehearse acts without a fault and gives its changes, those of the opening left empty, and what a power cut before each
// would leave.
func (x *rotation) rehearse(t *testing.T) (changes []string, cuts []cut) {
	disk, dir, w := x.on(t)
	defer w.Close()
	opening := len(disk.Changes())
	cuts = make([]cut, opening)
	disk.Before = func(_ int, _ string, left *faulty.Left) {
		cuts = append(cuts, cut{left: left, index: read(t, filepath.Join(dir, "index.db"))})
	}
	if err := x.do(w); err != nil {
		t.Fatal(err)
	}
	return append(make([]string, opening), disk.Changes()[opening:]...), cuts
}

func TestRotateFaults(t *testing.T) {
	for name, x := range rotations(t) {
		changes, cuts := x.rehearse(t)
		for _, kind := range []faulty.Kind{faulty.Lost, faulty.Stored, faulty.Short} {
			each(t, name+" "+kind.String(), changes, func(n int) bool {
				op, _, _ := strings.Cut(changes[n-1], " ")
				return (kind != faulty.Short || op == "write") && (kind != faulty.Lost || op != "close") && (allFaults || n%2 == int(kind)%2)
			}, func(t *testing.T, n int) { x.fault(t, faulty.Fault{Kind: kind, At: n}) })
		}
		for keep, chance := range map[string]float64{"nothing": 0, "some": 0.5, "all": 1} {
			each(t, name+" power cut, kept "+keep, changes, func(n int) bool { return allFaults || chance == 0 || n%3 == 0 }, func(t *testing.T, n int) {
				r := rand.New(rand.NewPCG(2026, uint64(n)))
				x.cut(t, cuts[n-1], func() bool { return r.Float64() < chance })
			})
		}
	}
}

// fault fails one change; what the act says must be true, and a second attempt must end well.
func (x *rotation) fault(t *testing.T, f faulty.Fault) {
	disk, dir, w := x.on(t)
	disk.Fault = f
	err := x.do(w)
	disk.Fault = faulty.Fault{}
	w.Close()
	done := x.settled(t, dir)
	switch {
	case err == nil && !done:
		t.Error("it said that it is done")
	case errors.Is(err, archive.ErrUnfinished) && !done:
		t.Errorf("it said that it is committed: %v", err)
	case err != nil && done && !errors.Is(err, archive.ErrUnfinished) && !errors.Is(err, archive.ErrReopen):
		t.Errorf("it said that it failed: %v", err)
	}
	if err != nil && !done {
		x.again(t, dir)
	}
}

// cut opens what a power cut left.
func (x *rotation) cut(t *testing.T, c cut, keep func() bool) {
	root := filepath.Join(fastDir(t), "disk")
	if err := c.left.Write(root, keep); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "archive")
	if err := os.WriteFile(filepath.Join(dir, "index.db"), c.index, 0o600); err != nil {
		t.Fatal(err)
	}
	if !x.settled(t, dir) {
		x.again(t, dir)
	}
}

// settled opens the archive again and says in which of the two states it is. Nothing of the other may be left.
func (x *rotation) settled(t *testing.T, dir string) (done bool) {
	t.Helper()
	s := *x.Archive
	s.Dir = dir
	w := s.OpenWrite(t)
	acc, err := w.Begin()
	if err == nil {
		acc.Reject("signature")
		err = acc.Commit() // it can sign
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	wantPassed(t, dir)
	done = x.done(t, dir)
	sealed := 1
	if done {
		sealed = 2
	}
	if names := archivetest.Files(t, dir, "policy/sealed"); len(names) != sealed {
		t.Errorf("done %t, sealed: %q", done, names)
	}
	for _, name := range archivetest.Files(t, dir, "keyfiles", "keyfiles.2", "policy", "private") {
		if durable.IsTemp(name) || strings.HasSuffix(name, ".old") || strings.HasSuffix(name, ".new") || strings.HasSuffix(name, ".next") {
			t.Errorf("left: %s", name)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "rewrap")); err == nil {
		t.Error("rewrap/ is left")
	}
	return done
}

// again acts once more where nothing came of the first time.
func (x *rotation) again(t *testing.T, dir string) {
	t.Helper()
	s := *x.Archive
	s.Dir, s.Now = dir, s.Now.Add(time.Minute)
	w := s.OpenWrite(t)
	err := x.do(w)
	w.Close()
	if err != nil || !x.done(t, dir) {
		t.Errorf("a second attempt: %v", err)
	}
	wantPassed(t, dir)
}

// Whatever step fails, the same process can try again, once it has opened the archive anew where it is told to.
func TestRotateFaultsThenAgain(t *testing.T) {
	for name, x := range rotations(t) {
		changes, _ := x.rehearse(t)
		each(t, name, changes, func(n int) bool { return allFaults || n%4 == 0 }, func(t *testing.T, n int) {
			disk, dir, w := x.on(t)
			before := w.Head()
			disk.Fault = faulty.Fault{Kind: faulty.Lost, At: n}
			err := x.do(w)
			if disk.Fault = (faulty.Fault{}); err == nil || errors.Is(err, archive.ErrUnfinished) {
				w.Close()
				return // TestRotateFaults has looked
			}
			if errors.Is(err, archive.ErrReopen) {
				w.Close()
				if w, err = x.open(disk, dir); err != nil {
					t.Fatal(err)
				}
			}
			if w.Head() == before { // else the opening found it committed
				err = x.do(w)
			}
			w.Close()
			if err != nil && !errors.Is(err, archive.ErrReopen) {
				t.Errorf("again: %v", err)
			}
			if !x.done(t, dir) {
				t.Error("not done")
			}
			wantPassed(t, dir)
		})
	}
}
