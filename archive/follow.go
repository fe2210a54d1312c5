package archive

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
)

// catchUpBatch is how many rows a follower holds before it writes them.
const catchUpBatch = 2000

// catchUp brings the index from its cursor to the head of the log: the same code after every commit that it missed
// and from nothing.
func (x *Index) catchUp(a *Archive) error {
	from, _ := x.cursor()
	if from.Size == a.head.Size {
		return nil
	}
	if from.Size > a.head.Size {
		return fmt.Errorf("index: knows %d events, the log has %d", from.Size, a.head.Size)
	}
	f := &follower{a: a, x: x}
	defer f.close()
	err := a.Events(seal.LeafIndex(from.Size), f.take)
	if err == nil {
		err = x.put(f.rows, a.head)
	}
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

// follower reads the index entries of the bundles it passes.
type follower struct {
	a       *Archive
	x       *Index
	rows    []row
	id      seal.AccessionID
	keyfile *seal.Keyfile
	reader  *seal.EntryReader
}

func (f *follower) take(i seal.LeafIndex, e seal.Event) error {
	if e.Bundle == nil {
		return nil
	}
	if e.Accession != f.id {
		if err := f.open(e.Accession); err != nil {
			return err
		}
	}
	entry, err := f.entry(e)
	if errors.Is(err, ErrShredded) {
		return nil
	}
	if err == nil && entry.Leaf != i {
		err = fmt.Errorf("entry is of event %d", entry.Leaf)
	}
	if err != nil {
		return fmt.Errorf("event %d: %w", i, err)
	}
	if f.rows = append(f.rows, row{e.Bundle.ID, entry}); len(f.rows) < catchUpBatch {
		return nil
	}
	root, err := f.a.log.RootAt(int64(i) + 1)
	if err == nil {
		err = f.x.put(f.rows, seal.Checkpoint{Size: int64(i) + 1, Root: seal.Digest(root)})
	}
	f.rows = f.rows[:0]
	return err
}

func (f *follower) open(id seal.AccessionID) error {
	f.close()
	k, err := f.a.Keyfile(id, seal.ClassIndex)
	if err != nil {
		return err
	}
	f.reader, err = seal.OpenEntries(k, f.a.private.Index)
	f.id, f.keyfile = id, k
	return err
}

func (f *follower) close() {
	if f.reader != nil {
		f.reader.Close()
		f.reader = nil
	}
}

func (f *follower) entry(e seal.Event) (seal.Entry, error) {
	r, err := f.keyfile.Record(e.Bundle.Entry)
	if err != nil {
		return seal.Entry{}, err
	}
	payload, err := f.a.Payload(e.Accession, r)
	if err != nil {
		return seal.Entry{}, err
	}
	defer payload.Close()
	return f.reader.Entry(r.Header, payload)
}

// Names of an index that is being made.
const (
	rebuiltName = indexName + ".rebuild"
	checkedName = indexName + ".check"
)

// Rebuild makes the index anew, from nothing but the log and the index entries. The old one stays in place until the
// new one is complete.
func (a *Archive) Rebuild() (rows int, err error) {
	if a.writer == nil {
		return 0, ErrReadOnly
	}
	temp := filepath.Join(a.dir, rebuiltName)
	x, err := a.rebuildAt(temp)
	if err != nil {
		return 0, err
	}
	if rows, err = x.count(); err == nil {
		err = errors.Join(x.Close(), a.index.Close())
	}
	if err != nil {
		return 0, err
	}
	a.index = nil
	if err := a.fs.Rename(rebuiltName, indexName); err != nil {
		return 0, err
	}
	if err := a.fs.SyncDir("."); err != nil {
		return 0, err
	}
	a.index, err = a.openIndex(false)
	return rows, err
}

func (a *Archive) rebuildAt(name string) (*Index, error) {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	x, err := openIndexFile(name, false)
	if err != nil {
		return nil, err
	}
	if err := x.catchUp(a); err != nil {
		return nil, errors.Join(err, x.Close(), os.Remove(name))
	}
	return x, nil
}

func (x *Index) count() (n int, err error) {
	err = x.view(func(tx *bolt.Tx) error {
		n = tx.Bucket(bucketRows).Stats().KeyN
		return nil
	})
	return n, err
}

// CheckIndex rebuilds the index beside the live one and says whether the two are equal, key by key.
func (a *Archive) CheckIndex() (rows int, err error) {
	if a.writer == nil {
		return 0, ErrReadOnly
	}
	temp := filepath.Join(a.dir, checkedName)
	fresh, err := a.rebuildAt(temp)
	if err != nil {
		return 0, err
	}
	defer os.Remove(temp)
	defer fresh.Close()
	if err := sameIndex(fresh, a.index); err != nil {
		return 0, err
	}
	return fresh.count()
}

// ErrIndexDiffers says that the live index holds something else than a rebuilt one.
var ErrIndexDiffers = errors.New("the index is not what a rebuild gives")

func sameIndex(a, b *Index) error {
	return a.view(func(ta *bolt.Tx) error {
		return b.view(func(tb *bolt.Tx) error {
			return ta.ForEach(func(name []byte, ba *bolt.Bucket) error {
				bb := tb.Bucket(name)
				if bb == nil {
					return fmt.Errorf("%w: bucket %s is missing", ErrIndexDiffers, name)
				}
				return sameBucket(string(name), ba.Cursor(), bb.Cursor())
			})
		})
	})
}

func sameBucket(name string, a, b *bolt.Cursor) error {
	ka, va := a.First()
	kb, vb := b.First()
	for n := 0; ka != nil || kb != nil; n++ {
		if !bytes.Equal(ka, kb) || !bytes.Equal(va, vb) {
			return fmt.Errorf("%w: bucket %s, row %d", ErrIndexDiffers, name, n)
		}
		ka, va = a.Next()
		kb, vb = b.Next()
	}
	return nil
}

// ProbeIndex says whether the index is there and can be read, at first sight.
func (a *Archive) ProbeIndex() error {
	x, err := a.openIndex(true)
	if err != nil {
		return err
	}
	return x.Close()
}
