package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
)

// catchUpBatch is how many events a follower holds before it writes what they change.
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
		err = x.put(f.changes, a.head)
	}
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

// follower reads what index keyfiles hold of the events it passes.
type follower struct {
	a       *Archive
	x       *Index
	changes []change
	id      seal.AccessionID
	keyfile *seal.Keyfile
	reader  *seal.IndexReader
}

func (f *follower) take(i seal.LeafIndex, e seal.Event) error {
	do, err := f.change(i, e)
	if err != nil {
		return fmt.Errorf("event %d: %w", i, err)
	}
	if do == nil {
		return nil
	}
	if f.changes = append(f.changes, do); len(f.changes) < catchUpBatch {
		return nil
	}
	root, err := f.a.log.RootAt(int64(i) + 1)
	if err == nil {
		err = f.x.put(f.changes, seal.Checkpoint{Size: int64(i) + 1, Root: seal.Digest(root)})
	}
	f.changes = f.changes[:0]
	return err
}

// change is what an event does to the index; nil: nothing.
func (f *follower) change(i seal.LeafIndex, e seal.Event) (change, error) {
	switch {
	case e.Bundle != nil:
		return f.bundle(i, e)
	case e.Act != nil:
		return f.act(i, e, e.Act.Record)
	case e.Release != nil:
		return f.act(i, e, e.Release.Act)
	case e.HoldRelease != nil:
		return func(tx *bolt.Tx) error { return endHold(tx, e.HoldRelease.Hold, i) }, nil
	case e.Disposal != nil:
		return f.disposal(i, e)
	case e.Key != nil:
		return f.rewrapping(i, e)
	case e.Night != nil:
		return gathered(i), nil
	case e.Wave != nil:
		return f.waved(*e.Wave)
	case e.Rehash != nil:
		return rehashed(i, *e.Rehash), nil
	case e.TimeStamp != nil:
		return f.stamped(*e.TimeStamp)
	case e.Retired != nil:
		key := segmentKey(e.Retired.Accession, e.Retired.Segment)
		return func(tx *bolt.Tx) error { return tx.Bucket(bucketGone).Put(key, withSum(leafKey(e.Retired.Order))) }, nil
	}
	return nil, nil
}

// bundle indexes a bundle. Of one that was disposed of since, id and label remain: neither is taken again.
func (f *follower) bundle(i seal.LeafIndex, e seal.Event) (change, error) {
	var entry seal.Entry
	err := f.record(e.Accession, e.Bundle.Entry, func(header []byte, payload io.Reader) (err error) {
		entry, err = f.reader.Entry(header, payload)
		return err
	})
	if errors.Is(err, ErrShredded) {
		return func(tx *bolt.Tx) error { return putDisposed(tx, i, e.Bundle) }, nil
	}
	if err == nil && entry.Leaf != i {
		err = fmt.Errorf("entry is of event %d", entry.Leaf)
	}
	return row{e.Bundle.ID, entry, f.a.year(e.Time)}.put, err
}

// act indexes an act, unless it was destroyed with the bundles that it was about.
func (f *follower) act(i seal.LeafIndex, e seal.Event, n int) (change, error) {
	act, err := f.openAct(e.Accession, n)
	if errors.Is(err, ErrShredded) {
		return nil, nil
	}
	if err == nil && (act.Event != i || act.Kind() != e.Kind) {
		err = fmt.Errorf("act is of event %d, and of kind %s", act.Event, act.Kind())
	}
	return func(tx *bolt.Tx) error { return putAct(tx, act) }, err
}

func (f *follower) openAct(id seal.AccessionID, n int) (act seal.Act, err error) {
	err = f.record(id, n, func(header []byte, payload io.Reader) (err error) {
		act, err = f.reader.Act(header, payload)
		return err
	})
	return act, err
}

// record opens a record of an accession's index keyfile.
func (f *follower) record(id seal.AccessionID, n int, read func(header []byte, payload io.Reader) error) error {
	if id != f.id {
		if err := f.open(id); err != nil {
			return err
		}
	}
	r, err := f.keyfile.Record(n)
	if err != nil {
		return err
	}
	payload, err := f.a.Payload(id, r)
	if err != nil {
		return err
	}
	defer payload.Close()
	return read(r.Header, payload)
}

func (f *follower) open(id seal.AccessionID) error {
	f.close()
	k, err := f.a.Keyfile(id, seal.ClassIndex)
	if err != nil {
		return err
	}
	identity, err := f.a.indexIdentity()
	if err != nil {
		return err
	}
	f.reader, err = seal.OpenIndex(k, identity)
	f.id, f.keyfile = id, k
	return err
}

func (f *follower) close() {
	if f.reader != nil {
		f.reader.Close()
		f.reader = nil
	}
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
