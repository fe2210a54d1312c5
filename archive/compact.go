package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
)

// compactedName holds the last disposal after which the index was compacted. It is of this file only, no rebuild makes it.
const compactedName = indexName + ".compacted"

// checkCompacted takes the mark away where it names a disposal that the index does not know yet: then it is of another
// index, in whose place one from a backup stands, and that one's old bytes are still to be overwritten.
func (a *Archive) checkCompacted() error {
	c, _ := a.index.cursor()
	mark, err := durable.ReadFile(a.fs, compactedName, 8)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(mark) == 8 && int64(keyLeaf(mark)) < c.Size {
		return nil
	}
	return a.scrub(compactedName)
}

// compact writes the index anew where something was disposed of since it was last: bbolt's freed pages keep old bytes.
// Whoever looks something up meanwhile must be kept out.
func (a *Archive) compact(anyway bool) error {
	last, err := a.index.lastShred()
	if err != nil {
		return err
	}
	mark := leafKey(last)
	there, err := durable.ReadFile(a.fs, compactedName, 8)
	if last == 0 || !anyway && err == nil && slices.Equal(there, mark) {
		return a.scrub(compactName + oldSuffix)
	}
	if err := a.compactInto(compactName); err != nil {
		return fmt.Errorf("compact the index: %w", err)
	}
	if err := a.scrubAsideIndexes(); err != nil {
		return err
	}
	return durable.ReplaceFile(a.fs, compactedName, mark, 0o600)
}

// scrubAsideIndexes destroys damaged indexes that were set aside: each was made anew since, and has rows of what is disposed
// of. Nothing else in quarantine/ is ever removed.
func (a *Archive) scrubAsideIndexes() error {
	names, err := a.list(quarantineDir)
	for _, n := range names {
		if strings.HasPrefix(n, indexName) {
			err = errors.Join(err, a.scrub(path.Join(quarantineDir, n)))
		}
	}
	return err
}

// compactName is the index on its way.
const compactName = indexName + ".compact"

func (a *Archive) compactInto(name string) error {
	full := filepath.Join(a.dir, name)
	if err := os.Remove(full); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := guard(func() error {
		db, err := bolt.Open(full, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType})
		if err != nil {
			return err
		}
		return errors.Join(bolt.Compact(db, a.index.db, 16<<20), db.Close())
	})
	if err != nil {
		return errors.Join(err, os.Remove(full))
	}
	if err := a.index.Close(); err != nil {
		return err
	}
	a.index = nil
	err = a.swapIndex(name)
	var oerr error
	if a.index, oerr = a.openIndex(false); err != nil || oerr != nil {
		return errors.Join(err, oerr)
	}
	return a.scrub(name + oldSuffix)
}

// swapIndex puts a new index into place and keeps the old one under another name, to be overwritten. Where the disk knows no
// second names, a crash in between leaves no index: it is made anew.
func (a *Archive) swapIndex(name string) error {
	if err := a.scrub(name + oldSuffix); err != nil {
		return err
	}
	if os.Link(filepath.Join(a.dir, indexName), filepath.Join(a.dir, name+oldSuffix)) != nil {
		if err := a.fs.Rename(indexName, name+oldSuffix); err != nil {
			return err
		}
	}
	if err := a.fs.Rename(name, indexName); err != nil {
		return err
	}
	return a.fs.SyncDir(".")
}

// lastShred is the last disposal that the index knows.
func (x *Index) lastShred() (last seal.LeafIndex, err error) {
	all, _, err := x.rewritings()
	for _, r := range all {
		for event := range r.shreds {
			last = max(last, event)
		}
	}
	return last, err
}
