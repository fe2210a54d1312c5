package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
)

// rewriting is what became of one keyfile since it was committed.
type rewriting struct {
	keyfileID
	latest seal.LeafIndex           // the event that last rewrote it
	shreds map[seal.LeafIndex][]int // numbers of records, by disposal
}

// carryOut does what executed orders and key events say and the disk does not yet show: a crash, a full disk or a restored
// backup left keyfiles as they were. It costs a look at each keyfile that was ever rewritten.
func (a *Archive) carryOut() error {
	pending, segments, err := a.pending()
	if err != nil {
		return err
	}
	for _, r := range pending { // one that is stuck keeps no other from being shredded
		if rerr := a.rewrite(r); rerr != nil {
			err = errors.Join(err, fmt.Errorf("shred in accession %s: %w", r.Accession, rerr))
		}
	}
	a.keys.forget()
	for _, s := range segments {
		if serr := a.drop(s); serr != nil {
			err = errors.Join(err, fmt.Errorf("delete a retired segment: %w", serr))
		}
	}
	// Where headers came back from a backup, the index may have read by them, and freed pages hold what it read.
	if err = errors.Join(err, a.compact(len(pending) > 0)); err != nil {
		return err // rewrap/ may hold what is still to be put into its place
	}
	return errors.Join(a.clearRewrap(), a.dropReceipts())
}

// drop deletes a retired segment, unless a record in it can still be opened: the word of one event is not enough.
func (a *Archive) drop(s seal.Gone) error {
	event, err := a.accessionEvent(s.Accession)
	if err != nil {
		return nil
	}
	for _, sum := range event.Keyfiles {
		k, err := a.Keyfile(s.Accession, sum.Class)
		if err != nil {
			return nil
		}
		for _, r := range k.Records {
			if !r.Shredded() && r.Segment == s.Segment {
				return nil // a check says so
			}
		}
	}
	return a.scrub(segmentName(s.Accession, s.Segment))
}

// dropReceipts removes receipts of disposed bundles that nobody fetched: each has the digest of an envelope, with the salt
// that opens the commitment. An envelope has a random id and a signature, so that nothing can be guessed by it.
func (a *Archive) dropReceipts() error {
	spool := a.opt.files(a.opt.Spool)
	entries, err := spool.ReadDir(receiptsName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	dropped := false
	for _, e := range entries {
		id, perr := seal.ParseDigest(strings.TrimSuffix(e.Name(), ".receipt.json"))
		if perr != nil {
			continue
		}
		if _, _, berr := a.index.byID(id); errors.Is(berr, errDisposed) {
			err = errors.Join(err, spool.Remove(path.Join(receiptsName, e.Name())))
			dropped = true
		}
	}
	if dropped {
		err = errors.Join(err, spool.SyncDir(receiptsName))
	}
	return err
}

// pending lists what is still to be done.
func (a *Archive) pending() (todo []rewriting, segments []seal.Gone, err error) {
	all, gone, err := a.index.rewritings()
	if err != nil {
		return nil, nil, err
	}
	for _, r := range all {
		done, err := a.carriedOut(r)
		if err != nil {
			return nil, nil, err
		}
		if !done {
			todo = append(todo, r)
		}
	}
	for _, s := range gone {
		if _, err := a.fs.Stat(segmentName(s.Accession, s.Segment)); err == nil {
			segments = append(segments, s)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
	}
	return todo, segments, nil
}

// rewritings reads what was ever rewritten or retired.
func (x *Index) rewritings() (all []rewriting, segments []seal.Gone, err error) {
	err = x.view(func(tx *bolt.Tx) error {
		err := tx.Bucket(bucketShreds).ForEach(func(k, v []byte) error {
			return addRewriting(&all, k, v)
		})
		if err != nil {
			return err
		}
		return tx.Bucket(bucketGone).ForEach(func(k, _ []byte) error {
			accession, n, _ := cutLast(string(k), "/")
			id, err := seal.ParseAccessionID(accession)
			segment, nerr := strconv.Atoi(n)
			if err = errors.Join(err, nerr); err != nil {
				return fmt.Errorf("%w: a retired segment: %w", ErrIndexDamaged, err)
			}
			segments = append(segments, seal.Gone{Accession: id, Segment: segment})
			return nil
		})
	})
	return all, segments, err
}

func addRewriting(all *[]rewriting, k, v []byte) error {
	if len(k) < 8 {
		return fmt.Errorf("%w: a rewriting has no event", ErrIndexDamaged)
	}
	name, event := strings.TrimSuffix(string(k[:len(k)-8]), "/"), keyLeaf(k[len(k)-8:])
	accession, class, _ := cutLast(name, "/")
	id, err := seal.ParseAccessionID(accession)
	var c seal.Class
	if err = errors.Join(err, c.UnmarshalText([]byte(class))); err != nil {
		return fmt.Errorf("%w: %w", ErrIndexDamaged, err)
	}
	if v, err = unsum(v); err != nil {
		return err
	}
	file := keyfileID{id, c}
	if n := len(*all); n == 0 || (*all)[n-1].keyfileID != file {
		*all = append(*all, rewriting{keyfileID: file, shreds: map[seal.LeafIndex][]int{}})
	}
	r := &(*all)[len(*all)-1]
	r.latest = max(r.latest, event)
	if numbers := unpackNumbers(v); len(numbers) > 0 {
		r.shreds[event] = numbers
	}
	return nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// packNumbers writes record numbers as differences: documents of a bundle stand together.
func packNumbers(numbers []int) (b []byte) {
	numbers = slices.Clone(numbers)
	slices.Sort(numbers)
	last := -1
	for _, n := range numbers {
		b = binary.AppendUvarint(b, uint64(n-last))
		last = n
	}
	return b
}

func unpackNumbers(b []byte) (numbers []int) {
	for last := -1; len(b) > 0; {
		d, size := binary.Uvarint(b)
		if size <= 0 {
			return numbers
		}
		last += int(d)
		numbers, b = append(numbers, last), b[size:]
	}
	return numbers
}
