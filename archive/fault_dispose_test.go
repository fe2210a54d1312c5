package archive_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/internal/durable"
	"kartoteka/archive/internal/durable/faulty"
	"kartoteka/archive/reading"
	"kartoteka/seal"
	"kartoteka/verify"
)

// The fault table of a disposal: an order is executed once for every single change that this makes to the disk, and the
// change is lost, or made and reported as failed, or half made; or the power goes just before it. Then the archive is
// opened again. The order is executed or it is not, as a whole, and the certificate never says more than is true.
// KARTOTEKA_FAULTS and KARTOTEKA_FAULT say which are run, as for the night's.

// disposeWorld is an archive before an order is executed, which every run copies. The order takes one of two bundles of an
// accession, both of another, and a fact that was added to the first.
type disposeWorld struct {
	*archivetest.Archive
	order      []byte
	carried    []seal.Act
	goes, stay []seal.LeafIndex
	traces     [][]byte // of what goes
	size       int64
	checkpoint []byte
}

func newDisposeWorld(t *testing.T) *disposeWorld {
	t.Helper()
	w := &disposeWorld{Archive: archivetest.New(t, archivetest.Options{Bundles: 6, Accessions: 3})}
	officers := w.Officers(t)
	leaf := func(n int) seal.LeafIndex { return w.Bundles[n].Leaf }
	w.goes, w.stay = []seal.LeafIndex{leaf(0), leaf(2), leaf(3)}, []seal.LeafIndex{leaf(1), leaf(4), leaf(5)}
	first := w.goes[0]
	w.commit(t, seal.Act{Fact: &seal.Addition{Bundle: &first, Facts: seal.Facts{LastEntryYear: 2025}, Basis: "letter", Officer: "archivist"}})
	w.order = archivetest.SignOrder(t, w.Order(t, w.goes...), officers...)
	a := w.OpenWrite(t)
	defer a.Close()
	files, err := a.FilesOf(w.goes[:1])
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	w.carried = []seal.Act{{Person: &files[0].Key, Carried: &seal.Facts{Jurisdiction: "PL", LastEntryYear: 2025}}}
	w.size, w.checkpoint = a.Head().Size, a.Checkpoint()
	for _, leaf := range w.goes {
		w.traces = append(w.traces, headers(t, a, leaf)...)
	}
	return w
}

func (w *disposeWorld) commit(t *testing.T, act seal.Act) {
	t.Helper()
	a := w.OpenWrite(t)
	defer a.Close()
	acc, err := a.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := acc.Act(act); err != nil {
		t.Fatal(err)
	}
	if err := acc.Commit(); err != nil {
		t.Fatal(err)
	}
}

// headers are those of a bundle's records, as keyfiles have them.
func headers(t *testing.T, a *archive.Archive, leaf seal.LeafIndex) (list [][]byte) {
	t.Helper()
	_, e, err := a.Event(leaf)
	if err != nil {
		t.Fatal(err)
	}
	for class, n := range map[seal.Class]int{seal.ClassContent: e.Bundle.Content, seal.ClassEvidence: e.Bundle.Capsule, seal.ClassIndex: e.Bundle.Entry} {
		k, err := a.Keyfile(e.Accession, class)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, []byte(base64.StdEncoding.EncodeToString(k.Records[n].Header)))
	}
	return list
}

// disposeRun is one execution, on a disk of its own.
type disposeRun struct {
	t     *testing.T
	w     *disposeWorld
	dir   string
	disk  *faulty.Disk
	a     *archive.Archive
	event seal.LeafIndex // that the execution gave, without an error
}

func (w *disposeWorld) run(t *testing.T) *disposeRun {
	t.Helper()
	root := fastDir(t)
	if err := os.CopyFS(filepath.Join(root, "archive"), os.DirFS(w.Dir)); err != nil {
		t.Fatal(err)
	}
	return w.on(t, root)
}

func (w *disposeWorld) on(t *testing.T, root string) *disposeRun {
	t.Helper()
	disk, err := faulty.New(root)
	if err != nil {
		t.Fatal(err)
	}
	r := &disposeRun{t: t, w: w, dir: filepath.Join(root, "archive"), disk: disk}
	t.Cleanup(r.close)
	return r
}

// after lays out what a power cut left.
func (w *disposeWorld) after(t *testing.T, c cut, keep func() bool) *disposeRun {
	t.Helper()
	root := filepath.Join(fastDir(t), "disk")
	if err := c.left.Write(root, keep); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "archive/index.db"), c.index, 0o600); err != nil {
		t.Fatal(err)
	}
	return w.on(t, root)
}

func (r *disposeRun) cut() cut {
	return cut{left: r.disk.Left(), index: read(r.t, filepath.Join(r.dir, "index.db"))}
}

func (r *disposeRun) open() (err error) {
	o := archive.Options{Write: true, Now: func() time.Time { return r.w.Now }, Reserve: 1 << 20, Workers: 1}
	r.a, err = archive.Open(r.dir, o.Over(func(dir string) durable.FS { return r.disk.At(dir) }))
	return err
}

func (r *disposeRun) close() {
	if r.a != nil {
		r.a.Close()
		r.a = nil
	}
}

// execute opens the archive and executes the order.
func (r *disposeRun) execute() error {
	if err := r.open(); err != nil {
		return err
	}
	leaf, err := r.a.Dispose(r.w.order, r.w.carried)
	if err == nil {
		r.event = leaf
	}
	return err
}

// rehearse executes the order without a fault, and gives the changes and what a power cut before each would leave.
func (w *disposeWorld) rehearse(t *testing.T) (changes []string, cuts []cut) {
	t.Helper()
	r := w.run(t)
	r.disk.Before = func(_ int, _ string, left *faulty.Left) {
		cuts = append(cuts, cut{left: left, index: read(t, filepath.Join(r.dir, "index.db"))})
	}
	if err := r.execute(); err != nil {
		t.Fatal(err)
	}
	r.close()
	changes = r.disk.Changes()
	r.disk.Before = nil
	if !r.wantOneOrOther() {
		t.Fatal("the order is not executed")
	}
	return changes, cuts
}

// TestDisposalFaults fails every change of an execution once.
func TestDisposalFaults(t *testing.T) {
	w := newDisposeWorld(t)
	changes, _ := w.rehearse(t)
	for _, kind := range []faulty.Kind{faulty.Lost, faulty.Stored, faulty.Short} {
		each(t, kind.String(), changes, func(n int) bool {
			op, _, _ := strings.Cut(changes[n-1], " ")
			return (kind != faulty.Short || op == "write") && (kind != faulty.Lost || op != "close") && (allFaults || kind == faulty.Short || (n+2*int(kind))%12 == 0)
		}, func(t *testing.T, n int) { w.fault(t, faulty.Fault{Kind: kind, At: n}, changes[n-1]) })
	}
}

// fault is one execution with one fault.
func (w *disposeWorld) fault(t *testing.T, f faulty.Fault, change string) {
	r := w.run(t)
	r.disk.Fault = f
	err := r.execute()
	op, _, _ := strings.Cut(change, " ")
	if err == nil && op != "remove" && op != "syncdir" && op != "close" {
		t.Errorf("nobody noticed the fault in %s", change)
	}
	r.disk.Fault = faulty.Fault{}
	r.wantTrueCertificate()
	r.close()
	lost := r.cut()
	r.wantWholeSoFar()
	r.finish(err == nil)
	after := w.after(t, lost, func() bool { return false }) // and then the power goes
	after.finish(err == nil)
}

// TestDisposalPowerCut cuts the power before every change of an execution.
func TestDisposalPowerCut(t *testing.T) {
	w := newDisposeWorld(t)
	changes, cuts := w.rehearse(t)
	for name, keep := range map[string]func(*rand.Rand) bool{
		"nothing": func(*rand.Rand) bool { return false },
		"some":    func(r *rand.Rand) bool { return r.IntN(2) == 0 },
		"all":     func(*rand.Rand) bool { return true },
	} {
		each(t, name, changes, func(n int) bool {
			return allFaults || n%map[string]int{"nothing": 9, "some": 10, "all": 17}[name] == 0
		}, func(t *testing.T, n int) {
			chance := rand.New(rand.NewPCG(2026, uint64(n)))
			r := w.after(t, cuts[n-1], func() bool { return keep(chance) })
			if name == "some" && chance.IntN(3) == 0 {
				os.Remove(filepath.Join(r.dir, "index.db"))
			}
			r.wantWholeSoFar()
			r.finish(false)
		})
	}
}

// TestDisposalFaultsInRecovery interrupts an execution right after its commit, and fails what the next opening does about
// it, then cuts the power there.
func TestDisposalFaultsInRecovery(t *testing.T) {
	w := newDisposeWorld(t)
	changes, cuts := w.rehearse(t)
	committed := 0
	for n, c := range changes {
		if c == "rename archive/log/checkpoint" {
			committed = n + 2 // and its folder synced
		}
	}
	interrupted := func(t *testing.T) *disposeRun { return w.after(t, cuts[committed], func() bool { return true }) }
	first := interrupted(t)
	var again []cut
	first.disk.Before = func(_ int, _ string, left *faulty.Left) {
		again = append(again, cut{left: left, index: read(t, filepath.Join(first.dir, "index.db"))})
	}
	if err := first.open(); err != nil {
		t.Fatal(err)
	}
	first.close()
	steps := first.disk.Changes()
	for _, kind := range []faulty.Kind{faulty.Lost, faulty.Stored, faulty.Short} {
		each(t, kind.String(), steps, func(n int) bool { return allFaults || (n+3*int(kind))%16 == 0 }, func(t *testing.T, n int) {
			r := interrupted(t)
			r.disk.Fault = faulty.Fault{Kind: kind, At: n}
			r.open()
			r.disk.Fault = faulty.Fault{}
			r.wantTrueCertificate()
			r.close()
			r.wantWholeSoFar()
			r.finish(true)
		})
	}
	each(t, "power", steps, func(n int) bool { return allFaults || n%16 == 0 }, func(t *testing.T, n int) {
		chance := rand.New(rand.NewPCG(2027, uint64(n)))
		r := w.after(t, again[n-1], func() bool { return chance.IntN(2) == 0 })
		r.wantWholeSoFar()
		r.finish(true)
	})
}

// wantTrueCertificate: as the archive stands open after a fault, it certifies nothing that is still there.
func (r *disposeRun) wantTrueCertificate() {
	r.t.Helper()
	if r.a == nil {
		return
	}
	for _, e := range disposals(r.t, r.a) {
		_, err := r.a.Certificate(e, seal.System{Name: "kartoteka", Version: "test"})
		if found := r.found("keyfiles", "keyfiles.2"); err == nil && len(found) > 0 {
			r.t.Errorf("certified, and there is still %q", found)
		}
	}
}

func disposals(t *testing.T, a *archive.Archive) (events []seal.LeafIndex) {
	t.Helper()
	err := a.Events(0, func(i seal.LeafIndex, e seal.Event) error {
		if e.Disposal != nil {
			events = append(events, i)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// found lists the files under folders that still have a header of what goes.
func (r *disposeRun) found(folders ...string) (names []string) {
	r.t.Helper()
	for _, name := range archivetest.Files(r.t, r.dir, folders...) {
		data := read(r.t, filepath.Join(r.dir, name))
		for _, x := range r.w.traces {
			if bytes.Contains(data, x) {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// wantWholeSoFar sees, before a writer makes up for anything, that the log goes on from the one before and that all that is
// wrong is what an interrupted execution leaves.
func (r *disposeRun) wantWholeSoFar() {
	r.t.Helper()
	for _, c := range notPassed(check(r.t, r.dir, archive.CheckOptions{Since: r.w.checkpoint, SinceName: "checkpoint"})) {
		switch {
		case c.Code == verify.CodeBeyond, c.Code == verify.CodeDisposal:
		case c.Code == verify.CodeKeyfile && c.Detail == "is missing": // between two renames; the other copy is there
		default:
			r.t.Errorf("before it is opened again: %+v", c)
		}
	}
}

// finish opens the archive again, executes the order if it is not, and wants it executed then.
func (r *disposeRun) finish(executed bool) {
	r.t.Helper()
	if got := r.wantOneOrOther(); executed && !got {
		r.t.Error("the execution was acknowledged, and did not take place")
	} else if got {
		return
	}
	if err := r.execute(); err != nil {
		r.t.Fatalf("executed again: %v", err)
	}
	r.close()
	if !r.wantOneOrOther() {
		r.t.Error("the second execution left no trace")
	}
}

// wantOneOrOther opens the archive for writing, and sees that the order is executed or is not, as a whole, and that nothing
// else is touched.
func (r *disposeRun) wantOneOrOther() (executed bool) {
	r.t.Helper()
	if err := r.open(); err != nil {
		r.close()
		if err := r.open(); err != nil {
			r.t.Fatalf("opened twice: %v", err)
		}
	}
	defer r.close()
	events := disposals(r.t, r.a)
	if len(events) > 1 {
		r.t.Fatalf("executed %d times", len(events))
	}
	executed = len(events) == 1
	if grown := r.a.Head().Size - r.w.size; !executed && grown != 0 {
		r.t.Errorf("not executed, and the log grew by %d events", grown)
	}
	r.wantOpened(events)
	if found := r.found("."); executed && len(found) > 0 {
		r.t.Errorf("executed, and there is still %q", found)
	}
	if _, err := r.a.CheckIndex(); err != nil {
		r.t.Error(err)
	}
	if executed {
		if _, err := r.a.Certificate(events[0], seal.System{Name: "kartoteka", Version: "test"}); err != nil {
			r.t.Errorf("certificate: %v", err)
		}
	}
	if report := check(r.t, r.dir, archive.CheckOptions{Since: r.w.checkpoint, SinceName: "checkpoint"}); report.Verdict != verify.Passed {
		r.t.Errorf("opened for writing: %v", notPassed(report))
	}
	r.wantNothingLeft()
	return executed
}

// wantOpened: every bundle opens that was not disposed of, and no other.
func (r *disposeRun) wantOpened(events []seal.LeafIndex) {
	r.t.Helper()
	room := reading.NewRoom(r.a, r.w.Custodian)
	for _, leaf := range r.w.stay {
		if _, err := room.Bundle(leaf); err != nil {
			r.t.Errorf("bundle %d stays: %v", leaf, err)
		}
	}
	for _, leaf := range r.w.goes {
		_, err := room.Bundle(leaf)
		var gone *archive.Shredded
		if len(events) == 0 && err != nil {
			r.t.Errorf("not executed, and bundle %d: %v", leaf, err)
		} else if len(events) == 1 && (!errors.As(err, &gone) || gone.Order != events[0]) {
			r.t.Errorf("executed, and bundle %d: %v", leaf, err)
		}
	}
}

func (r *disposeRun) wantNothingLeft() {
	r.t.Helper()
	for _, name := range archivetest.Files(r.t, r.dir, ".") {
		aside := strings.HasPrefix(name, "quarantine/")
		if !aside && (durable.IsTemp(name) || strings.HasSuffix(name, ".old") || strings.HasSuffix(name, ".new")) {
			r.t.Errorf("left over: %s", name)
		}
	}
}
