package archive_test

import (
	"crypto/rand"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/internal/durable"
	"kartoteka/archive/internal/durable/faulty"
	"kartoteka/seal"
	"kartoteka/verify"
)

// faultWorld is an archive before the night, which every run copies. In the night its spool is taken in: three good
// bundles (one large enough for a second segment, one a folder), one that was sent before and a bad one; then the
// policy changes and a packet is released.
type faultWorld struct {
	*archivetest.Archive
	lab     string // public key of the producer that is trusted in the night
	bundles int    // in the archive after the night
	told    told   // before the night
}

// told is what the archive acknowledged: it must never be missing.
type told struct {
	checkpoint []byte
	taken      map[string]seal.LeafIndex // by receipt
	trusted    bool
	released   seal.LeafIndex // 0: not
}

// atEdge is the size of a log that the night lets grow over the edge of a tile, at 256.
const atEdge = 252

// newFaultWorld makes one; its log has at least so many events.
func newFaultWorld(t *testing.T, events int64) *faultWorld {
	s := newSpoolTest(t)
	s.fillLog(events)
	w := &faultWorld{Archive: s.Archive, lab: archivetest.NewProducer(t).PEM, bundles: 5}
	scan := archivetest.Document{Name: "documents/scan.bin", Body: make([]byte, 90<<10)}
	rand.Read(scan.Body)
	s.Spool(t, "a-good.zip", s.good("a"))
	s.Spool(t, "b-scan.zip", s.Draft("hostile-b", archivetest.People[0], note("note.txt", "b"), scan))
	s.folder("c-folder", s.good("c"))
	s.put("d-bad.zip", []byte("no bundle"))
	s.put("e-known.zip", sent(t, s.Bundles[0]))
	s.Now = time.Date(2027, 1, 1, 1, 0, 0, 0, time.UTC) // a year of its own, with folders of its own
	w.told.checkpoint = read(t, filepath.Join(w.Dir, "log/checkpoint"))
	return w
}

// fillLog lets the log grow by refusals.
func (s *spoolTest) fillLog(events int64) {
	w := s.OpenWrite(s.t)
	defer w.Close()
	if w.Head().Size >= events {
		return
	}
	acc, err := w.Begin()
	if err != nil {
		s.t.Fatal(err)
	}
	for range events - 1 - w.Head().Size {
		acc.Reject(verify.CodeSignature)
	}
	if err := acc.Commit(); err != nil {
		s.t.Fatal(err)
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// cut is the disk at the moment of a power cut, and what was acknowledged until then.
type cut struct {
	left  *faulty.Left
	index []byte // bbolt writes past the faulty disk, and syncs what it writes
	told  told
}

// rehearse runs the night without a fault and gives its changes, and what a power cut before each would leave.
func (w *faultWorld) rehearse(t *testing.T) (changes []string, cuts []cut) {
	r := w.run(t)
	r.disk.Before = func(_ int, _ string, left *faulty.Left) {
		cuts = append(cuts, cut{left, read(t, filepath.Join(r.dir, "index.db")), r.told.clone()})
	}
	if err := r.night(stop); err != nil {
		t.Fatal(err)
	}
	r.wantAll(r.shallow())
	return r.disk.Changes(), cuts
}

// interrupted is the world after a power cut just before the night's first commit, with all that lies beyond the
// checkpoint then.
func (w *faultWorld) interrupted(t *testing.T) *faultWorld {
	changes, cuts := w.rehearse(t)
	n := slices.Index(changes, "rename archive/log/checkpoint")
	next := *w
	archive := *w.Archive
	archive.Dir = w.after(t, cuts[n], func() bool { return true }).dir
	next.Archive = &archive
	return &next
}

func (t told) clone() told {
	t.taken = maps.Clone(t.taken)
	return t
}

// faultRun is one run of the night, or of what is left of it, on a disk of its own.
type faultRun struct {
	t    *testing.T
	w    *faultWorld
	dir  string
	disk *faulty.Disk
	a    *archive.Archive
	told told
	size int64 // of the log when it was last closed

	stuck bool // the archive said that a bundle could not leave the spool
}

func (w *faultWorld) run(t *testing.T) *faultRun {
	t.Helper()
	root := fastDir(t)
	if err := os.CopyFS(filepath.Join(root, "archive"), os.DirFS(w.Dir)); err != nil {
		t.Fatal(err)
	}
	return w.on(t, root, w.told)
}

// fastDir is a temporary folder in memory where there is such a thing: what is durable the faulty disk decides, and
// bbolt's fsyncs only take time.
func fastDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "kartoteka-fault-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// after lays out what a power cut left.
func (w *faultWorld) after(t *testing.T, c cut, keep func() bool) *faultRun {
	t.Helper()
	root := filepath.Join(fastDir(t), "disk")
	if err := c.left.Write(root, keep); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "archive/index.db"), c.index, 0o600); err != nil {
		t.Fatal(err)
	}
	return w.on(t, root, c.told)
}

func (w *faultWorld) on(t *testing.T, root string, told told) *faultRun {
	disk, err := faulty.New(root)
	if err != nil {
		t.Fatal(err)
	}
	r := &faultRun{t: t, w: w, dir: filepath.Join(root, "archive"), disk: disk, told: told.clone()}
	if r.told.taken == nil {
		r.told.taken = map[string]seal.LeafIndex{}
	}
	t.Cleanup(r.close)
	return r
}

func (r *faultRun) cut() cut {
	return cut{r.disk.Left(), read(r.t, filepath.Join(r.dir, "index.db")), r.told}
}

func (r *faultRun) open() (err error) {
	o := archive.Options{Write: true, Now: func() time.Time { return r.w.Now }, Reserve: 1 << 20, Workers: 1, Segment: 64 << 10}
	r.a, err = archive.Open(r.dir, o.Over(func(dir string) durable.FS { return r.disk.At(dir) }))
	return err
}

func (r *faultRun) close() {
	if r.a != nil {
		r.size = r.a.Head().Size
		r.a.Close()
		r.a = nil
	}
}

// take takes in what stands in the spool.
func (r *faultRun) take() error {
	list, err := r.a.Spooled()
	if err != nil {
		return err
	}
	err = r.a.Take(r.t.Context(), list, func(o archive.Outcome) {
		r.stuck = r.stuck || o.Stuck != ""
		switch bad := strings.HasSuffix(o.Path, "d-bad.zip"); {
		case o.Status == archive.Rejected && bad:
		case (o.Status == archive.Taken || o.Status == archive.Known) && !bad:
			r.told.taken[filepath.Base(o.Receipt)] = o.Leaf
		default:
			r.t.Errorf("%+v", o)
		}
	})
	if err == nil {
		r.told.checkpoint = r.a.Checkpoint()
	}
	return err
}

// trust trusts a second producer, unless a run before this one did.
func (r *faultRun) trust() error {
	if len(r.a.Policy().Producers) < 2 {
		err := r.a.AddProducer(verify.Producer{Name: "lab", Key: r.w.lab})
		if err = whole(err); err != nil {
			return err
		}
	}
	r.told.trusted, r.told.checkpoint = true, r.a.Checkpoint()
	return nil
}

// release commits a release, unless a run before this one did.
func (r *faultRun) release() error {
	leaf, bundle, err := r.released()
	if err != nil {
		return err
	}
	if leaf == 0 {
		acc, err := r.a.Begin()
		if err != nil {
			return err
		}
		defer acc.Abort()
		entry := seal.Release{Request: "R-1", Requester: seal.Requester{Name: "Anna Kowalska", Relation: "self"}, Basis: "UPP art. 26 ust. 1",
			Evidence: seal.IdentityEvidence{Kind: "passport", Country: "UA", Last4: "1234", CheckedBy: "J. Nowak"}, Way: "carrier", Fee: "first",
			Bundles: []seal.Digest{bundle}, Documents: 1, Seed: seal.NewSeed()}
		if leaf, err = acc.Release(entry, seal.Fingerprint(r.w.Custodian.Recipient().String())); err != nil {
			return err
		}
		if err := whole(acc.Commit()); err != nil {
			return err
		}
	}
	r.told.released, r.told.checkpoint = leaf, r.a.Checkpoint()
	return nil
}

// released looks for the release in the log, and for a bundle that can be released.
func (r *faultRun) released() (leaf seal.LeafIndex, bundle seal.Digest, err error) {
	err = r.a.Events(0, func(i seal.LeafIndex, e seal.Event) error {
		if e.Release != nil && leaf != 0 {
			r.t.Errorf("released twice: events %d and %d", leaf, i)
		}
		if e.Release != nil {
			leaf = i
		}
		if e.Bundle != nil {
			bundle = e.Bundle.ID
		}
		return nil
	})
	return leaf, bundle, err
}

// whole lets pass what does not change that an accession is committed.
func whole(err error) error {
	var after *archive.AfterCommit
	if errors.As(err, &after) {
		return nil
	}
	return err
}
