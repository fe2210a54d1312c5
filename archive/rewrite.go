package archive

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
)

// Names that a keyfile's copy has on its way out and in. Both are met only after a crash.
const (
	oldSuffix = ".old" // to be overwritten and removed
	newSuffix = ".new" // durable, to be renamed into place
)

// carriedOut says whether both copies are of the last generation and nothing of an older one lies beside them.
func (a *Archive) carriedOut(r rewriting) (bool, error) {
	for _, top := range []string{keyfilesDir, keyfilesDir2} {
		name := r.name(top)
		for _, beside := range []string{name + oldSuffix, name + newSuffix} {
			if _, err := a.fs.Stat(beside); err == nil {
				return false, nil
			}
		}
		g, err := a.generation(name)
		if errors.Is(err, fs.ErrPermission) {
			return false, err
		}
		if err != nil || g < r.latest {
			return false, nil
		}
	}
	return true, nil
}

// generation reads a keyfile's head alone.
func (a *Archive) generation(name string) (seal.LeafIndex, error) {
	f, err := a.fs.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if n == 0 {
		return 0, err
	}
	return seal.PeekGeneration(head[:n])
}

// rewrite brings both copies of a keyfile to the last generation. The first is finished before the second is touched:
// whatever happens, one of them can be read.
//
// One of which no copy holds is left alone: it is lost or damaged, which a check says, and no certificate is issued over it.
// It must not keep the archive from being written to.
func (a *Archive) rewrite(r rewriting) error {
	k, err := a.newest(r)
	if k == nil {
		return err
	}
	for event, numbers := range r.shreds {
		for _, n := range numbers {
			if err := k.Shred(n, event); err != nil {
				return err
			}
		}
	}
	data, err := k.Marshal()
	if err != nil {
		return err
	}
	for _, top := range []string{keyfilesDir, keyfilesDir2} {
		err = errors.Join(err, a.rewriteCopy(r.name(top), data))
	}
	return err
}

// newest reads the copy with the latest secrets, of those that hold; a rewrapped one may still wait for its place. An error
// is the disk's, or the user's.
func (a *Archive) newest(r rewriting) (best *seal.Keyfile, err error) {
	names := []string{r.name(rewrapDir)}
	for _, top := range []string{keyfilesDir, keyfilesDir2} {
		names = append(names, r.name(top), r.name(top)+newSuffix, r.name(top)+oldSuffix)
	}
	for _, name := range names {
		k, kerr := a.readKeyfile(name, r.Accession, r.Class)
		var bad *Tampered
		if errors.Is(kerr, fs.ErrNotExist) || errors.As(kerr, &bad) {
			continue
		}
		if kerr != nil {
			err = errors.Join(err, kerr)
			continue
		}
		if best == nil || wrapped(k) > wrapped(best) {
			best = k
		}
	}
	if best != nil {
		return best, nil
	}
	return nil, err
}

func wrapped(k *seal.Keyfile) seal.LeafIndex {
	if k.Head.Wrapped == nil {
		return 0
	}
	return *k.Head.Wrapped
}

// rewriteCopy puts a new generation in the place of a copy, then overwrites the old one.
func (a *Archive) rewriteCopy(name string, data []byte) error {
	there, err := durable.ReadFile(a.fs, name, maxKeyfile)
	switch {
	case err == nil && slices.Equal(there, data):
		return a.scrubAside(name)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if derr := durable.MkdirAll(a.fs, path.Dir(name), dirPerm); derr != nil { // a copy that was lost is made anew
		return derr
	}
	if werr := a.writeAside(name+newSuffix, data); werr != nil {
		return werr
	}
	// A crash here leaves the new generation beside the old one.
	if err == nil {
		if err := a.scrub(name + oldSuffix); err != nil {
			return err
		}
		if err := a.fs.Rename(name, name+oldSuffix); err != nil {
			return err
		}
	}
	// A crash here leaves this copy without its name; the other one has it.
	if err := a.fs.Rename(name+newSuffix, name); err != nil {
		return err
	}
	if err := a.fs.SyncDir(path.Dir(name)); err != nil {
		return err
	}
	return a.scrubAside(name)
}

// writeAside writes a file under a name at which [Archive.carriedOut] looks: a temporary one would be left by a crash, in a
// folder that nobody sweeps.
func (a *Archive) writeAside(name string, data []byte) error {
	if err := a.scrub(name); err != nil {
		return err
	}
	h, err := a.fs.Create(name, filePerm)
	if err != nil {
		return err
	}
	if _, err = h.Write(data); err == nil {
		err = h.Sync()
	}
	if err = errors.Join(err, h.Close()); err != nil {
		return err
	}
	return a.fs.SyncDir(path.Dir(name))
}

func (a *Archive) scrubAside(name string) error {
	return errors.Join(a.scrub(name+oldSuffix), a.scrub(name+newSuffix))
}

// scrub overwrites and removes a file, if it is there.
func (a *Archive) scrub(name string) error {
	if _, err := a.fs.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := a.fs.Scrub(name); err != nil {
		return err
	}
	if err := a.fs.Remove(name); err != nil {
		return err
	}
	return a.fs.SyncDir(path.Dir(name))
}
