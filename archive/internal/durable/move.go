package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// MoveAside renames a file or a directory into the quarantine under a new
// name made of its old path and a random end, and returns that name. Nothing
// is copied and nothing unlinked: what cannot be renamed stays where it is.
func MoveAside(fsys FS, from, quarantine string) (string, error) {
	if err := MkdirAll(fsys, quarantine, 0o700); err != nil {
		return "", err
	}
	to := path.Join(quarantine, asideName(from))
	err := fsys.RenameNew(from, to)
	if crossDevice(err) {
		return "", fmt.Errorf("move %s to %s: %w", from, quarantine, ErrCrossDevice)
	}
	if err != nil {
		return "", fmt.Errorf("move %s to %s: %w", from, quarantine, err)
	}
	return to, syncMove(fsys, from, to)
}

// asideName keeps the whole old path readable, from its end if it is too long
// for one name (255 bytes nearly everywhere).
func asideName(from string) string {
	const keep = 200
	name := strings.TrimLeft(strings.ReplaceAll(path.Clean(from), "/", "_"), ".")
	if len(name) > keep {
		name = strings.ToValidUTF8(name[len(name)-keep:], "")
	}
	return name + "-" + random(8)
}

// MoveFile moves a regular file to a name that must be free. Onto another file
// system (a spool may be a mount of its own) it copies, and removes the source
// once the copy is durable; a crash in between leaves both, each whole, and the
// next MoveFile fails with fs.ErrExist.
func MoveFile(fsys FS, from, to string) error {
	err := fsys.RenameNew(from, to)
	if err == nil {
		return syncMove(fsys, from, to)
	}
	if !crossDevice(err) {
		return fmt.Errorf("move %s to %s: %w", from, to, err)
	}
	if err := copyFile(fsys, from, to); err != nil {
		return fmt.Errorf("copy %s to %s on another file system: %w", from, to, err)
	}
	if err := fsys.Remove(from); err != nil {
		return fmt.Errorf("remove %s after copying it: %w", from, err)
	}
	return fsys.SyncDir(path.Dir(from))
}

// copyFile looks at the type before it opens: opening a pipe would wait for ever.
func copyFile(fsys FS, from, to string) (err error) {
	info, err := fsys.Stat(from)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "copy", Path: from, Err: errors.New("not a regular file")}
	}
	src, err := fsys.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := Create(fsys, to, info.Mode().Perm())
	if err != nil {
		return err
	}
	defer dst.Abort()
	if _, err := io.Copy(dst, src); err != nil {
		return err
	}
	return dst.Commit()
}

// syncMove makes the new name durable before the loss of the old one.
func syncMove(fsys FS, from, to string) error {
	for _, dir := range []string{path.Dir(to), path.Dir(from)} {
		if err := fsys.SyncDir(dir); err != nil {
			return fmt.Errorf("move %s to %s: sync %s: %w", from, to, dir, err)
		}
	}
	return nil
}
