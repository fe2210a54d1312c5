package durable

import (
	"io/fs"
	"os"
)

// renameUnlessThere renames from to to unless something stands there. Between
// the look and the rename another process could take the name; the
// archive has one writer at a time, under a lock.
func renameUnlessThere(from, to string) error {
	switch _, err := os.Lstat(to); {
	case err == nil:
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
	case !os.IsNotExist(err):
		return err
	}
	return os.Rename(from, to)
}
