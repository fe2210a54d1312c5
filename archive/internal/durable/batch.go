package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync"
)

// batchOpen bounds the files a Batch has open, and so the fsyncs in flight.
// Journaling file systems commit parallel fsyncs together.
const batchOpen = 128

// Batch replaces many files and syncs each directory once, at the end. It is
// not atomic: a crash leaves any part of them, each whole or absent. It serves
// files that nobody reads before some later commit names them.
type Batch struct {
	fsys     FS
	base     string
	filePerm fs.FileMode
	dirPerm  fs.FileMode
	open     []*File
	dirs     []string // in the order first used, so that a run can be repeated step by step
}

// NewBatch returns an empty batch for files below the directory base, whose own
// name is durable already. The owner ends it with Commit or Abort.
func NewBatch(fsys FS, base string, filePerm, dirPerm fs.FileMode) *Batch {
	return &Batch{fsys: fsys, base: path.Clean(base), filePerm: filePerm, dirPerm: dirPerm}
}

// Replace adds a file, making its directory if need be. The file appears with
// one of the next calls, in the order added.
func (b *Batch) Replace(name string, data []byte) error {
	if err := b.enter(path.Dir(name)); err != nil {
		return err
	}
	f, err := Replace(b.fsys, name, b.filePerm)
	if err != nil {
		return err
	}
	b.open = append(b.open, f)
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if len(b.open) < batchOpen {
		return nil
	}
	return b.flush()
}

// enter makes a directory and notes it, with all above it up to the base, for
// the syncs at the end. Noting only the new ones would not do: a run killed
// before its syncs leaves directories that look old and are not durable.
func (b *Batch) enter(dir string) error {
	if slices.Contains(b.dirs, dir) {
		return nil
	}
	if dir != b.base && dir != "." {
		if err := b.enter(path.Dir(dir)); err != nil {
			return err
		}
	}
	err := b.fsys.Mkdir(dir, b.dirPerm)
	if errors.Is(err, fs.ErrExist) {
		err = mustBeDir(b.fsys, dir)
	}
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	b.dirs = append(b.dirs, dir)
	return nil
}

// flush syncs the open files side by side and lets them appear one by one.
func (b *Batch) flush() error {
	errs := make([]error, len(b.open))
	var wg sync.WaitGroup
	for i, f := range b.open {
		wg.Go(func() { errs[i] = f.sync() })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for i, f := range b.open {
		if err := f.appear(); err != nil {
			b.open = b.open[i:]
			return err
		}
	}
	b.open = b.open[:0]
	return nil
}

// Commit returns nil when every file and its name are durable.
func (b *Batch) Commit() error {
	if err := b.flush(); err != nil {
		return err
	}
	for _, dir := range b.dirs {
		if err := b.fsys.SyncDir(dir); err != nil {
			return fmt.Errorf("sync directory %s: %w", dir, err)
		}
	}
	return nil
}

// Abort removes the temporary files. What has appeared stays.
func (b *Batch) Abort() {
	for _, f := range b.open {
		f.Abort()
	}
	b.open = nil
}
