// Package faulty is a disk for tests: a folder with a durable.FS over it that counts what is done to it, fails the step
// it is told to, and knows at every step what a power cut would leave.
//
// It is stricter than any real file system: a file's bytes survive from their Sync on, a name from the SyncDir of its
// folder on, and nothing else does. A journal keeps more, but which more differs by file system and mount option.
package faulty

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"kartoteka/archive/internal/durable"
)

// Err is what an injected fault fails with.
var Err = errors.New("injected fault")

// Kind of fault.
type Kind int

const (
	None   Kind = iota
	Lost        // a change is not made, and fails
	Stored      // a change is made, and fails all the same
	Short       // half of a write is made, and it fails; a change of another kind is lost
	Unread      // a look or a read fails
	Flip        // a read gives one bit wrong
)

func (k Kind) String() string {
	return [...]string{"none", "lost", "stored", "short", "unread", "flip"}[k]
}

// Fault strikes once: at the n-th change, or at the n-th look for Unread and Flip, counted from 1.
type Fault struct {
	Kind Kind
	At   int
}

// Disk is the folder and all that was done to it. Its fields must not be set while it is used.
type Disk struct {
	Fault Fault
	// Before, if set, is called before every change, counted from 1, with what a power cut at that moment would leave.
	Before func(n int, op string, left *Left)

	root    string
	mu      sync.Mutex
	tree    *node
	changes []string
	looks   []string
}

// New takes a folder as it stands for safe.
func New(root string) (*Disk, error) {
	tree, err := load(root)
	return &Disk{root: root, tree: tree}, err
}

// At gives the part of the disk at an operating system's path, which must lie in its folder.
func (d *Disk) At(dir string) durable.FS {
	base, err := filepath.Rel(d.root, dir)
	if err != nil || !filepath.IsLocal(base) {
		panic("faulty: " + dir + " is not on the disk at " + d.root)
	}
	return &view{d: d, os: durable.OS(dir), base: filepath.ToSlash(base)}
}

// Changes lists what was changed, one "op name" each: create write sync close mkdir rename remove syncdir.
func (d *Disk) Changes() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.changes)
}

// Looks lists what was looked at: open readdir stat read.
func (d *Disk) Looks() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.looks)
}

// Left is what a power cut now would leave.
func (d *Disk) Left() *Left {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &Left{d.tree.clone(map[*node]*node{})}
}

// change does one change, or not, as the fault has it. note tells the tree; it is called when the change was made.
func (d *Disk) change(op, name string, do, note func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes = append(d.changes, op+" "+name)
	if d.Before != nil {
		d.Before(len(d.changes), op+" "+name, &Left{d.tree.clone(map[*node]*node{})})
	}
	failed := &fs.PathError{Op: op, Path: name, Err: Err}
	if d.strikes(Lost) || d.strikes(Short) && op != "write" {
		return failed
	}
	err := do()
	if err == nil && note != nil {
		err = note()
	}
	if err == nil && (d.strikes(Stored) || d.strikes(Short)) {
		return failed
	}
	return err
}

// strikes says whether the change at hand has a fault of the kind.
func (d *Disk) strikes(k Kind) bool { return d.Fault == Fault{k, len(d.changes)} }

// look counts a look and says whether it is the one that fails, or reads wrong.
func (d *Disk) look(op, name string) (flip bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.looks = append(d.looks, op+" "+name)
	if d.Fault.At != len(d.looks) {
		return false, nil
	}
	switch d.Fault.Kind {
	case Unread:
		return false, &fs.PathError{Op: op, Path: name, Err: Err}
	case Flip:
		return op == "read", nil
	}
	return false, nil
}
