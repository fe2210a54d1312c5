package archive

import (
	"errors"
	"io/fs"
	"path"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
)

// rewrapDir holds rewrapped keyfiles until the event that names them is committed and each stands in its place.
const rewrapDir = "rewrap"

func transferName(d seal.Digest) string { return path.Join(policyDir, d.String()+".transfer.json") }

// clearRewrap removes what a rotation left: all of it stands in its place, or was never committed.
func (a *Archive) clearRewrap() error {
	return errors.Join(a.removeTree(rewrapDir), a.clearSealed())
}

// clearSealed removes private keys that were sealed for a rotation which was never committed: the event that their names
// tell of is not there.
func (a *Archive) clearSealed() error {
	names, err := a.list(sealedDir)
	for _, n := range names {
		if i, numbered := sealedEvent(n); durable.IsTemp(n) || numbered && int64(i) >= a.head.Size {
			err = errors.Join(err, a.scrub(path.Join(sealedDir, n)))
		}
	}
	return err
}

// removeTree overwrites and removes a folder's files, then the folder.
func (a *Archive) removeTree(dir string) error {
	entries, err := a.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if e.IsDir() {
			err = errors.Join(err, a.removeTree(name))
		} else {
			err = errors.Join(err, a.scrub(name))
		}
	}
	if err != nil {
		return err
	}
	return errors.Join(a.fs.Remove(dir), a.fs.SyncDir(path.Dir(dir)))
}
