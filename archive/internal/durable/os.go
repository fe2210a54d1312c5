package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// OS returns the operating system's files below the directory root, which
// must exist. Symbolic links inside it are followed, so that an
// administrator may put a part of an archive on another disk.
func OS(root string) FS { return osFS(root) }

type osFS string

// path turns a name into the operating system's path. It refuses what leads
// out of the root and, on Windows, reserved device names.
func (root osFS) path(name string) (string, error) {
	local, err := filepath.Localize(name)
	if err != nil {
		return "", fmt.Errorf("name %q below %s: %w", name, string(root), err)
	}
	return filepath.Join(string(root), local), nil
}

func (root osFS) Create(name string, perm fs.FileMode) (Handle, error) {
	p, err := root.path(name)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(p, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, err // not f: a nil *os.File in an interface is not nil
	}
	return f, nil
}

func (root osFS) Open(name string) (Reader, error) {
	p, err := root.path(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (root osFS) ReadDir(name string) ([]fs.DirEntry, error) {
	p, err := root.path(name)
	if err != nil {
		return nil, err
	}
	return os.ReadDir(p)
}

func (root osFS) Stat(name string) (fs.FileInfo, error) {
	p, err := root.path(name)
	if err != nil {
		return nil, err
	}
	return os.Stat(p)
}

func (root osFS) Mkdir(name string, perm fs.FileMode) error {
	p, err := root.path(name)
	if err != nil {
		return err
	}
	return os.Mkdir(p, perm)
}

func (root osFS) Rename(from, to string) error { return root.rename(from, to, os.Rename) }

func (root osFS) RenameNew(from, to string) error { return root.rename(from, to, renameNew) }

func (root osFS) rename(from, to string, rename func(from, to string) error) error {
	f, err := root.path(from)
	if err != nil {
		return err
	}
	t, err := root.path(to)
	if err != nil {
		return err
	}
	return rename(f, t)
}

func (root osFS) Scrub(name string) error {
	p, err := root.path(name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(p, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	i, err := f.Stat()
	zeros := make([]byte, 64<<10)
	for n := int64(0); err == nil && n < i.Size(); n += int64(len(zeros)) {
		_, err = f.Write(zeros[:min(int64(len(zeros)), i.Size()-n)])
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func (root osFS) Remove(name string) error {
	p, err := root.path(name)
	if err != nil {
		return err
	}
	return os.Remove(p)
}

func (root osFS) SyncDir(name string) error {
	p, err := root.path(name)
	if err != nil {
		return err
	}
	return syncDir(p)
}
