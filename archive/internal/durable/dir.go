package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// MkdirAll makes a directory and its missing parents; when it returns nil, all
// their names are durable.
//
// Existing directories' names are synced too, up to the root. A run that ended
// between mkdir and fsync, or whose fsync failed, leaves a directory that
// everybody sees and the next power cut takes away, with every synced file in
// it; and any of them may be such a one. Syncing what is clean costs nothing.
func MkdirAll(fsys FS, dir string, perm fs.FileMode) error {
	if dir == "." {
		return nil
	}
	parent := path.Dir(dir)
	if err := MkdirAll(fsys, parent, perm); err != nil {
		return err
	}
	err := fsys.Mkdir(dir, perm)
	if errors.Is(err, fs.ErrExist) {
		err = mustBeDir(fsys, dir)
	}
	if err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	if err := fsys.SyncDir(parent); err != nil {
		return fmt.Errorf("make directory %s: sync %s: %w", dir, parent, err)
	}
	return nil
}

func mustBeDir(fsys FS, dir string) error {
	info, err := fsys.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrExist}
	}
	return nil
}
