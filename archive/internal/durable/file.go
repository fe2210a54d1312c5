package durable

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

const tempPrefix = ".tmp-"

// IsTemp reports whether the last element of name is a temporary name of this
// package. A crash leaves such files; nobody reads them.
func IsTemp(name string) bool { return strings.HasPrefix(path.Base(name), tempPrefix) }

// File is a file that does not exist yet: it is written under a temporary
// name beside its own. The owner calls Commit or Abort; Abort after Commit does
// nothing, so it may be deferred. A crash before Commit leaves the temporary
// file only.
type File struct {
	fsys    FS
	handle  Handle // nil once closed
	name    string
	temp    string
	replace bool
	gone    bool  // the temporary name is no more: renamed or removed
	err     error // the first failed Write: Commit must not publish a torn file
}

// Create starts a file that must not exist by the time it is committed.
func Create(fsys FS, name string, perm fs.FileMode) (*File, error) {
	return start(fsys, name, perm, false)
}

// Replace starts a file that takes the place of one of the same name.
// Until Commit readers see the old one.
func Replace(fsys FS, name string, perm fs.FileMode) (*File, error) {
	return start(fsys, name, perm, true)
}

func start(fsys FS, name string, perm fs.FileMode, replace bool) (*File, error) {
	temp := path.Join(path.Dir(name), tempPrefix+random(8))
	h, err := fsys.Create(temp, perm)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	return &File{fsys: fsys, handle: h, name: name, temp: temp, replace: replace}, nil
}

func random(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // never fails: crypto/rand stops the program instead
	return hex.EncodeToString(b)
}

// Name is the name the file has after Commit.
func (f *File) Name() string { return f.name }

func (f *File) Write(p []byte) (int, error) {
	if f.handle == nil {
		return 0, fmt.Errorf("write %s: %w", f.name, fs.ErrClosed)
	}
	n, err := f.handle.Write(p)
	if err != nil && f.err == nil {
		f.err = fmt.Errorf("write %s: %w", f.name, err)
	}
	return n, err
}

// Commit makes the file durable under its name. On an error from fsync or
// rename the file did not appear and the temporary one is removed. On an error
// from the directory's fsync it may or may not survive a crash: the caller must
// take it for "unknown", not for "not written".
func (f *File) Commit() error {
	if err := f.sync(); err != nil {
		return err
	}
	if err := f.appear(); err != nil {
		return err
	}
	// A crash here: the file is whole, under its own or its temporary name.
	if err := f.fsys.SyncDir(path.Dir(f.name)); err != nil {
		return fmt.Errorf("sync directory of %s: %w", f.name, err)
	}
	return nil
}

// sync makes the content durable, still under the temporary name.
func (f *File) sync() error {
	if f.handle == nil {
		return fmt.Errorf("commit %s: %w", f.name, fs.ErrClosed)
	}
	err := f.err
	if err == nil {
		if err = f.handle.Sync(); err != nil {
			err = fmt.Errorf("sync %s: %w", f.name, err)
		}
	}
	if err != nil {
		f.Abort()
	}
	return err
}

// appear closes the file (Windows renames no open one) and renames it.
func (f *File) appear() error {
	err := f.handle.Close()
	f.handle = nil
	if err == nil {
		if f.replace {
			err = f.fsys.Rename(f.temp, f.name)
		} else {
			err = f.fsys.RenameNew(f.temp, f.name)
		}
	}
	if err != nil {
		f.Abort()
		return fmt.Errorf("commit %s: %w", f.name, err)
	}
	f.gone = true
	return nil
}

// Abort removes the temporary file. It does nothing after a Commit that
// reached the rename.
func (f *File) Abort() error {
	var err error
	if f.handle != nil {
		err = f.handle.Close()
		f.handle = nil
	}
	if !f.gone {
		f.gone = true
		err = errors.Join(err, f.fsys.Remove(f.temp))
	}
	return err
}

// WriteFile writes a new file; it fails with fs.ErrExist if the name is taken.
func WriteFile(fsys FS, name string, data []byte, perm fs.FileMode) error {
	return writeWhole(fsys, name, data, perm, false)
}

// ReplaceFile writes a file in the place of one of the same name, if any.
func ReplaceFile(fsys FS, name string, data []byte, perm fs.FileMode) error {
	return writeWhole(fsys, name, data, perm, true)
}

func writeWhole(fsys FS, name string, data []byte, perm fs.FileMode, replace bool) error {
	f, err := start(fsys, name, perm, replace)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return f.Commit()
}
