// Package archive is the only state on disk: one writer at a time, one commit point. A record is safe when its leaf
// is below the checkpoint's size; that is the whole answer, whatever else the folder holds.
//
// One bundle can be followed through spool.go (taken), accession.go (staged, committed), index.go (found),
// read.go (read back) and reading/packet.go (handed over).
package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"kartoteka/archive/internal/durable"
	"kartoteka/archive/internal/tiles"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Names in an archive's folder. docs/format/archive.md describes each.
const (
	specName       = "archive.json"
	readmeName     = "README.txt"
	recoverName    = "RECOVER.md"
	policyDir      = "policy"
	sealedDir      = "policy/sealed"
	accessionsDir  = "accessions"
	keyfilesDir    = "keyfiles"
	keyfilesDir2   = "keyfiles.2"
	logDir         = "log"
	checkpointName = "log/checkpoint"
	indexName      = "index.db"
	privateDir     = "private"
	quarantineDir  = "quarantine"
	spoolDir       = "spool"
	lockName       = "lock"
)

// File modes: what a clerk's group may read, and what only the daemon may.
const (
	filePerm    fs.FileMode = 0o640
	dirPerm     fs.FileMode = 0o750
	spoolPerm   fs.FileMode = 0o770 // senders of the group rename into it
	secretPerm  fs.FileMode = 0o600
	secretDir   fs.FileMode = 0o700
	maxSpecFile             = 1 << 20
	maxKeyfile              = 1 << 30
)

var (
	// ErrNotArchive says that a folder holds no archive.
	ErrNotArchive = errors.New("no archive here")
	// ErrBusy says that another process writes to the archive.
	ErrBusy = errors.New("another process is writing to this archive")
	// ErrReadOnly says that the archive was opened for reading.
	ErrReadOnly = errors.New("the archive was opened for reading only")
	// ErrReopen says that a commit ended in a way that leaves its outcome unknown: only a fresh Open can tell.
	ErrReopen = errors.New("the last commit did not end cleanly; open the archive again")
)

// Spec is archive.json: what never changes about an archive.
type Spec struct {
	Schema     string          `json:"schema"`
	Origin     string          `json:"origin"`
	Created    seal.Time       `json:"created"`
	Controller seal.Controller `json:"controller"`
	TimeZone   string          `json:"time_zone"` // IANA; calendars and year ends follow it, bytes are UTC
}

// Options of Open.
type Options struct {
	Write   bool             // take the writer's lock; needs the private folder
	Private string           // folder of the private keys; default ARCHIVE/private
	Spool   string           // default ARCHIVE/spool
	Now     func() time.Time // default time.Now
	Workers int              // goroutines that compress and encrypt; default the number of processors
	Segment int64            // size at which a segment is cut, in bytes; default 256 MiB
	Reserve uint64           // free bytes below which nothing is taken in; default 1 GiB, at most a twentieth of the disk

	Again bool // take bundles in that were disposed of before

	// AcceptClock lets a writer go on although the clock jumped; two officers' decision, see docs/runbook.md.
	AcceptClock bool

	files func(dir string) durable.FS // a folder's files; a test puts a faulty disk under them, default durable.OS
}

func (o Options) withDefaults(dir string) Options {
	if o.Private == "" {
		o.Private = filepath.Join(dir, privateDir)
	}
	if o.Spool == "" {
		o.Spool = filepath.Join(dir, spoolDir)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Segment == 0 {
		o.Segment = 256 << 20
	}
	if o.files == nil {
		o.files = durable.OS
	}
	return o
}

// Archive is an open archive. One goroutine writes; Find, Event, Events, State and what tells of the last commit may be
// called beside it.
type Archive struct {
	Spec Spec

	dir    string
	zone   *time.Location // the controller's
	fs     durable.FS
	opt    Options
	log    *tiles.Log
	mu     sync.RWMutex // the next four: Commit changes them while look-ups run beside it
	head   seal.Checkpoint
	signed []byte // the checkpoint as on disk
	last   seal.Event
	trust  trust
	keys   keyfileCache
	orders orderCache

	rewrappings rewrappingCache
	writer      *writer
	private     *Private
	index       *Index
	aside       error // why index.db was set aside
}

// writer is what only the one writer has.
type writer struct {
	lock    *durable.Lock
	sealer  *seal.Sealer
	workers chan struct{} // one for each document being sealed in memory
	broken  bool
}

// Open opens the archive at dir. It never makes one.
//
// A writer first looks for a rollback (the index and receipts know a larger log), then moves what an interrupted
// accession left beyond the checkpoint into quarantine/, then lets the index catch up.
func Open(dir string, opt Options) (*Archive, error) {
	a := &Archive{dir: dir, opt: opt.withDefaults(dir)}
	a.fs = a.opt.files(dir)
	if err := a.open(); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (a *Archive) open() error {
	if err := a.readSpec(); err != nil {
		return err
	}
	if a.opt.Write {
		if err := a.takeLock(); err != nil {
			return err
		}
	}
	if err := a.refresh(); err != nil {
		return err
	}
	if err := a.checkSpec(); err != nil {
		return err
	}
	if !a.opt.Write {
		return nil
	}
	return a.openWriter()
}

func (a *Archive) readSpec() error {
	data, err := durable.ReadFile(a.fs, specName, maxSpecFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("open archive %s: %w", a.dir, ErrNotArchive)
	}
	if err != nil {
		return fmt.Errorf("open archive %s: %w", a.dir, err)
	}
	if err := seal.UnmarshalStrict(data, &a.Spec); err != nil {
		return &Tampered{Code: verify.CodeArchive, Subject: specName, Reason: err.Error()}
	}
	if a.Spec.Schema != seal.SpecArchive {
		return &Tampered{Code: verify.CodeArchive, Subject: specName, Reason: "schema is not " + seal.SpecArchive}
	}
	if a.zone, err = time.LoadLocation(a.Spec.TimeZone); err != nil {
		return &Tampered{Code: verify.CodeArchive, Subject: specName, Reason: err.Error()}
	}
	return nil
}

// unmade says that nothing was ever taken in: with no checkpoint beside it, Init did not come to its end.
func (a *Archive) unmade() bool {
	for _, top := range []string{accessionsDir, keyfilesDir, keyfilesDir2} {
		if names, err := a.list(top); err != nil || len(names) > 0 {
			return false
		}
	}
	return true
}

// checkSpec says whether archive.json is the file the first event names: its controller is printed on packets.
func (a *Archive) checkSpec() error {
	_, first, err := a.Event(0)
	if err != nil {
		return &Tampered{Code: verify.CodeEvent, Subject: "event 0", Reason: err.Error()}
	}
	if first.Trust == nil {
		return &Tampered{Code: verify.CodeEvent, Subject: "event 0", Reason: "is not the event that made the archive"}
	}
	for _, f := range first.Trust.Files {
		if f.Name == specName {
			_, err := a.readNamed(specName, f.SHA256)
			return err
		}
	}
	return &Tampered{Code: verify.CodePolicy, Subject: specName, Reason: "is not named by the first event"}
}

func (a *Archive) takeLock() error {
	lock, err := durable.TryLock(filepath.Join(a.dir, lockName))
	if errors.Is(err, durable.ErrLocked) {
		return fmt.Errorf("open archive %s: %w", a.dir, ErrBusy)
	}
	if err != nil {
		return fmt.Errorf("open archive %s: %w", a.dir, err)
	}
	a.writer = &writer{lock: lock}
	return nil
}

// refresh reads the checkpoint and what stands under it.
func (a *Archive) refresh() error {
	signed, err := durable.ReadFile(a.fs, checkpointName, seal.MaxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) && a.unmade() {
		return fmt.Errorf("open archive %s: %w yet: making it was interrupted; remove the folder and make it again", a.dir, ErrNotArchive)
	}
	if errors.Is(err, fs.ErrPermission) { // not being allowed to look is no evidence
		return fmt.Errorf("open archive: %w", err)
	}
	if err != nil {
		return &Tampered{Code: verify.CodeCheckpoint, Subject: checkpointName, Reason: "cannot be read: " + err.Error()}
	}
	peek, err := seal.PeekCheckpoint(signed)
	if err != nil {
		return &Tampered{Code: verify.CodeCheckpoint, Subject: checkpointName, Reason: err.Error()}
	}
	log, err := tiles.Open(a.fs, logDir, peek.Size)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("open archive: %w", err)
	}
	if err != nil {
		return &Tampered{Code: verify.CodeLogTiles, Subject: logDir, Reason: err.Error()}
	}
	a.log, a.signed = log, signed
	if err := a.readLast(peek.Size); err != nil {
		return err
	}
	if err := a.readTrust(); err != nil {
		return err
	}
	if a.head, err = a.trust.policy.Checkpoint(signed, a.last.Time.Time); err != nil {
		return &Tampered{Code: verify.CodeCheckpoint, Subject: checkpointName, Reason: err.Error()}
	}
	if a.trust.policy.Origin != a.Spec.Origin {
		return &Tampered{Code: verify.CodeArchive, Subject: specName, Reason: "names another log than the policy"}
	}
	root, err := log.RootAt(peek.Size)
	if err != nil || seal.Digest(root) != a.head.Root {
		return &Tampered{Code: verify.CodeLogTiles, Subject: logDir, Reason: "the tiles at the log's edge do not give the checkpoint's root"}
	}
	return nil
}

// Refresh lets a reader see what was committed since. A writer is always up to date.
func (a *Archive) Refresh() error {
	if a.writer != nil {
		return nil
	}
	return a.refresh()
}

// readLast reads the last leaf: by construction an accession event.
func (a *Archive) readLast(size int64) error {
	if size == 0 {
		return &Tampered{Code: verify.CodeCheckpoint, Subject: checkpointName, Reason: "signs for no event; an archive has one from its making on"}
	}
	leaf, err := a.log.Leaf(size - 1)
	if err == nil {
		a.last, err = seal.ParseEvent(leaf)
	}
	if err == nil && a.last.Accessioned == nil {
		err = errors.New("is not an accession event")
	}
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("open archive: %w", err)
	}
	if err != nil {
		return &Tampered{Code: verify.CodeEvent, Subject: fmt.Sprintf("event %d", size-1), Reason: err.Error()}
	}
	return nil
}

// Close gives everything back.
func (a *Archive) Close() error {
	var err error
	if a.index != nil {
		err = a.index.Close()
	}
	if w := a.writer; w != nil {
		if w.sealer != nil {
			w.sealer.Close()
		}
		err = errors.Join(err, w.lock.Unlock())
	}
	a.index, a.writer = nil, nil
	return err
}

// IndexAside says why this opening set index.db aside and made it anew, nil if it did not.
func (a *Archive) IndexAside() error { return a.aside }

// Dir is the archive's folder.
func (a *Archive) Dir() string { return a.dir }

// Head is the checkpoint the archive was opened at, or last committed.
func (a *Archive) Head() seal.Checkpoint {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.head
}

// Checkpoint is the signed note of Head.
func (a *Archive) Checkpoint() []byte {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.signed
}

// Policy in force.
func (a *Archive) Policy() *verify.Policy {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.trust.policy
}

// Last is the time of the last commit.
func (a *Archive) Last() seal.Time {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.last.Time
}

// Tampered says that the archive is not what it signed for. It is evidence, not a read error: it is never retried and
// stops the process.
type Tampered struct {
	Code    verify.Code
	Subject string
	Reason  string
	Proof   string // text that anyone can check, if there is one
}

func (t *Tampered) Error() string { return t.Subject + ": " + t.Reason }
