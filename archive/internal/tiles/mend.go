package tiles

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive/internal/durable"
)

// Mend writes the partial tiles of the published size that stand only as the
// beginning of wider ones, so that the wider ones can be set aside. A copy that
// was taken while the writer went on looks like that: the copied checkpoint is
// older than the copied tiles.
//
// A crash here leaves some of them written: each is what this size needs.
func (l *Log) Mend() error {
	size := l.published().size
	for level := entries; level < levels(size); level++ {
		t := edgeTile(size, level)
		if t.W == 0 {
			continue
		}
		if err := l.mend(t); err != nil {
			return fmt.Errorf("mend log of %d leaves: %w", size, err)
		}
	}
	return nil
}

func (l *Log) mend(t tlog.Tile) error {
	_, err := l.fsys.Stat(l.path(t))
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	data, err := l.content(t)
	if err != nil {
		return err
	}
	if err := durable.MkdirAll(l.fsys, path.Dir(l.path(t)), dirPerm); err != nil {
		return err
	}
	return durable.WriteFile(l.fsys, l.path(t), data, filePerm)
}

// content is the tile's file as it must be.
func (l *Log) content(t tlog.Tile) (data []byte, err error) {
	if t.L != entries {
		return l.readHashes(t)
	}
	first := t.N << height
	err = l.Leaves(first, first+int64(t.W), func(_ int64, leaf []byte) error {
		data = appendLeaf(data, leaf)
		return nil
	})
	return data, err
}
