package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
)

// Buckets of index.db. Keys that are leaf indexes are 8 bytes, big-endian, so that rows lie in the order of the log.
var (
	bucketMeta    = []byte("meta")    // "cursor": size (8) and root (32) of the log the index has caught up with, summed
	bucketRows    = []byte("rows")    // leaf -> entry, summed
	bucketIDs     = []byte("ids")     // SHA-256 of the bundle id -> leaf (8), summed
	bucketBlind   = []byte("blind")   // blind id, leaf -> nothing
	bucketPersons = []byte("persons") // blind id of the primary identifier -> highest running number of a bundle (8), summed
	bucketLabels  = []byte("labels")  // label of a disposed bundle -> nothing: its number is not given again

	bucketFacts  = []byte("facts")  // file, leaf -> what retention reads of the bundle, summed
	bucketActs   = []byte("acts")   // file, event -> what of the act concerns the file, summed
	bucketOf     = []byte("of")     // event, file -> nothing: the files that an act concerns
	bucketShreds = []byte("shreds") // accession, class, event -> numbers of the records that it shredded, summed; none of a rewrapping
	bucketGone   = []byte("gone")   // accession, segment -> the disposal (8), summed
	bucketNights = []byte("nights") // night, family -> until when its last token holds (8), and whether a renewal waits (1), summed

	keyCursor = []byte("cursor")
)

// buckets lists them all.
func buckets() [][]byte {
	return [][]byte{bucketMeta, bucketRows, bucketIDs, bucketBlind, bucketPersons, bucketLabels, bucketFacts, bucketActs, bucketOf, bucketShreds, bucketGone, bucketNights}
}

// ErrIndexDamaged says that index.db is not a database any more. It is disposable: `rebuild` makes it anew.
var ErrIndexDamaged = errors.New("index.db is damaged; it can be rebuilt")

// Index finds bundles. It is a follower of the log: everything in it comes from index entries, verify never needs it,
// and when it is lost nothing is.
type Index struct {
	db   *bolt.DB
	path string
}

// openIndex opens index.db. A writer makes it when it is missing and sets a damaged one aside.
func (a *Archive) openIndex(readOnly bool) (*Index, error) {
	x, err := openIndexFile(filepath.Join(a.dir, indexName), readOnly)
	if err == nil || readOnly || !errors.Is(err, ErrIndexDamaged) {
		return x, err
	}
	a.aside = err
	if _, err := durable.MoveAside(a.fs, indexName, quarantineDir); err != nil {
		return nil, err
	}
	return openIndexFile(filepath.Join(a.dir, indexName), false)
}

func openIndexFile(path string, readOnly bool) (x *Index, err error) {
	err = guard(func() error {
		db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, ReadOnly: readOnly, FreelistType: bolt.FreelistMapType})
		if err != nil {
			return err
		}
		db.AllocSize = 1 << 20 // grow by so much, instead of doubling
		x = &Index{db: db, path: path}
		if err := checkPages(path, db.Info().PageSize); err != nil {
			return err
		}
		return x.prepare(readOnly)
	})
	switch {
	case err == nil:
		return x, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		err = ErrBusy
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EMFILE): // not the file's fault
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
		err = fmt.Errorf("%w (%w)", ErrIndexDamaged, err)
	}
	if x != nil {
		x.Close()
	}
	return nil, fmt.Errorf("open the index: %w", err)
}

// prepare makes the buckets, or sees that they are there: a look at every root page.
func (x *Index) prepare(readOnly bool) error {
	names := buckets()
	if readOnly {
		return x.db.View(func(tx *bolt.Tx) error {
			for _, n := range names {
				if tx.Bucket(n) == nil {
					return fmt.Errorf("bucket %s is missing", n)
				}
			}
			_, _, err := readCursor(tx)
			return err
		})
	}
	return x.db.Update(func(tx *bolt.Tx) error {
		for _, n := range names {
			b, err := tx.CreateBucketIfNotExists(n)
			if err != nil {
				return err
			}
			b.FillPercent = 0.95 // rows come in order
		}
		_, _, err := readCursor(tx)
		return err
	})
}

// guard turns bbolt's panics and faults on damaged pages into ErrIndexDamaged.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrIndexDamaged, r)
		}
	}()
	if err = f(); errors.Is(err, bolterrors.ErrIncompatibleValue) { // a bucket's key no longer looks like one
		err = fmt.Errorf("%w: %w", ErrIndexDamaged, err)
	}
	return err
}

func (x *Index) view(f func(*bolt.Tx) error) error {
	return guard(func() error { return x.db.View(f) })
}

// Close closes the database.
func (x *Index) Close() error { return guard(x.db.Close) }

// cursor is the log the index has caught up with.
func (x *Index) cursor() (c seal.Checkpoint, ok bool) {
	err := x.view(func(tx *bolt.Tx) (err error) {
		c, ok, err = readCursor(tx)
		return err
	})
	return c, ok && err == nil
}

// readCursor tells a damaged cursor from one that knows a longer log: that would be a rollback.
func readCursor(tx *bolt.Tx) (c seal.Checkpoint, ok bool, err error) {
	v := tx.Bucket(bucketMeta).Get(keyCursor)
	if v == nil {
		return c, false, nil
	}
	if v, err = unsum(v); err != nil || len(v) != 8+len(c.Root) {
		return c, false, fmt.Errorf("%w: its cursor is not what was written", ErrIndexDamaged)
	}
	c.Size = int64(binary.BigEndian.Uint64(v))
	copy(c.Root[:], v[8:])
	return c, true, nil
}

// sumSize is how much of a value's SHA-256 stands before it: bbolt's pages carry no checksums, and a flipped bit in a
// row would be shown as the truth.
const sumSize = 8

func withSum(v []byte) []byte {
	sum := sha256.Sum256(v)
	return append(sum[:sumSize:sumSize], v...)
}

func unsum(v []byte) ([]byte, error) {
	if len(v) < sumSize {
		return nil, fmt.Errorf("%w: a value is cut short", ErrIndexDamaged)
	}
	sum := sha256.Sum256(v[sumSize:])
	if !bytes.Equal(sum[:sumSize], v[:sumSize]) {
		return nil, fmt.Errorf("%w: a value is not what was written", ErrIndexDamaged)
	}
	return v[sumSize:], nil
}

// parseRow reads a row as putRow wrote it.
func parseRow(v []byte) (e seal.Entry, err error) {
	if v, err = unsum(v); err != nil {
		return e, err
	}
	if e, err = seal.ParseEntry(v); err != nil {
		return e, fmt.Errorf("%w: %w", ErrIndexDamaged, err)
	}
	return e, nil
}

// row is one bundle to be indexed.
type row struct {
	id    seal.Digest
	entry seal.Entry
	taken int // year of its accession in the controller's time zone
}

// change is what one event does to the index. Doing it again changes nothing.
type change func(*bolt.Tx) error

// add indexes the bundles that an accession just committed.
func (x *Index) add(added map[seal.Digest]seal.Entry, taken int, head seal.Checkpoint) error {
	var rows []row
	for id, e := range added {
		rows = append(rows, row{id, e, taken})
	}
	slices.SortFunc(rows, func(a, b row) int { return int(a.entry.Leaf - b.entry.Leaf) })
	var changes []change
	for _, r := range rows {
		changes = append(changes, r.put)
	}
	return x.put(changes, head)
}

// put makes changes and moves the cursor in one transaction.
func (x *Index) put(changes []change, head seal.Checkpoint) error {
	return guard(func() error {
		return x.db.Update(func(tx *bolt.Tx) error {
			for _, do := range changes {
				if err := do(tx); err != nil {
					return err
				}
			}
			return tx.Bucket(bucketMeta).Put(keyCursor, withSum(append(leafKey(seal.LeafIndex(head.Size)), head.Root[:]...)))
		})
	})
}

func (r row) put(tx *bolt.Tx) error {
	key := leafKey(r.entry.Leaf)
	data, err := r.entry.Marshal()
	if err != nil {
		return err
	}
	facts, err := r.entry.FactRow(r.taken).Append(nil)
	if err != nil {
		return err
	}
	file := fileOf(r.entry)
	if err := tx.Bucket(bucketFacts).Put(append(file[:], key...), withSum(facts)); err != nil {
		return err
	}
	if err := tx.Bucket(bucketRows).Put(key, withSum(data)); err != nil {
		return err
	}
	if err := tx.Bucket(bucketIDs).Put(r.id[:], withSum(key)); err != nil {
		return err
	}
	for _, b := range r.entry.Blind {
		if err := tx.Bucket(bucketBlind).Put(append(b[:], key...), nil); err != nil {
			return err
		}
		if err := inheritHolds(tx, b, file); err != nil {
			return err
		}
	}
	if p := r.entry.Person; p != nil {
		last, err := highest(tx, *p)
		if err != nil || last >= r.entry.Number {
			return err
		}
		return tx.Bucket(bucketPersons).Put(p[:], withSum(leafKey(seal.LeafIndex(r.entry.Number))))
	}
	return nil
}

// eight reads a value of eight bytes and its sum.
func eight(v []byte) (seal.LeafIndex, error) {
	v, err := unsum(v)
	if err == nil && len(v) != 8 {
		err = fmt.Errorf("%w: a value has %d bytes", ErrIndexDamaged, len(v))
	}
	if err != nil {
		return 0, err
	}
	return keyLeaf(v), nil
}

// highest is the highest running number of a person's bundles that are there.
func highest(tx *bolt.Tx, person seal.Digest) (int, error) {
	v := tx.Bucket(bucketPersons).Get(person[:])
	if v == nil {
		return 0, nil
	}
	n, err := eight(v)
	return int(n), err
}

func leafKey(i seal.LeafIndex) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }

func keyLeaf(k []byte) seal.LeafIndex { return seal.LeafIndex(binary.BigEndian.Uint64(k)) }

// errDisposed says that the index knows a bundle that was disposed of.
var errDisposed = errors.New("the bundle was disposed of")

// byID finds the bundle with this event id; [errDisposed] says that it was here.
func (x *Index) byID(id seal.Digest) (e seal.Entry, ok bool, err error) {
	err = x.view(func(tx *bolt.Tx) error {
		v := tx.Bucket(bucketIDs).Get(id[:])
		if v == nil {
			return nil
		}
		ok = true
		leaf, err := eight(v)
		if err != nil {
			return err
		}
		if v = tx.Bucket(bucketRows).Get(leafKey(leaf)); v == nil {
			return fmt.Errorf("event %d: %w", leaf, errDisposed)
		}
		e, err = parseRow(v)
		return err
	})
	return e, ok, err
}

// lastNumber is the highest running number that a person's bundles ever had: a label is given once, also where the
// bundle is disposed of, or two events of one person would be seen to be.
func (x *Index) lastNumber(k seal.IndexKey, person seal.Digest) (n int, err error) {
	err = x.view(func(tx *bolt.Tx) (err error) {
		if n, err = highest(tx, person); err != nil {
			return err
		}
		key := k.PersonKey(person)
		for {
			label := seal.Label(key, n+1)
			if tx.Bucket(bucketLabels).Get(label[:]) == nil {
				return nil
			}
			n++
		}
	})
	return n, err
}
