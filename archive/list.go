package archive

import (
	"fmt"
	"slices"
	"sort"
	"time"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
)

// listed reads rows in the order of the log until the limit is reached, and beside them every row of the same persons:
// what replaced a bundle may lie outside the list.
func (a *Archive) listed(x *Index, q Query) (list, related []seal.Entry, err error) {
	from, err := a.firstSince(q.Since)
	if err != nil {
		return nil, nil, err
	}
	err = x.view(func(tx *bolt.Tx) error {
		if list, err = q.rows(tx, from); err != nil {
			return err
		}
		if from == 0 && q.Limit == 0 && q.narrow() == q {
			related = list
			return nil
		}
		related, err = samePersons(tx, list)
		return err
	})
	return list, related, err
}

// narrow is the query without what does not select rows.
func (q Query) narrow() Query { return Query{Limit: q.Limit} }

func (q Query) rows(tx *bolt.Tx, from seal.LeafIndex) (list []seal.Entry, err error) {
	c := tx.Bucket(bucketRows).Cursor()
	for k, v := c.Seek(leafKey(from)); k != nil; k, v = c.Next() {
		e, err := parseRow(v)
		if err != nil {
			return nil, err
		}
		if !q.selects(e) {
			continue
		}
		if list = append(list, e); q.Limit > 0 && len(list) == q.Limit {
			break
		}
	}
	return list, nil
}

func samePersons(tx *bolt.Tx, list []seal.Entry) (related []seal.Entry, err error) {
	persons := map[seal.Digest]bool{}
	var leaves []seal.LeafIndex
	for _, e := range list {
		leaves = append(leaves, e.Leaf)
		if p := e.Person; p != nil && !persons[*p] {
			persons[*p] = true
			leaves = append(leaves, leavesOf(tx, [][]seal.Digest{{*p}})...)
		}
	}
	slices.Sort(leaves)
	for _, leaf := range slices.Compact(leaves) {
		e, err := parseRow(tx.Bucket(bucketRows).Get(leafKey(leaf)))
		if err != nil {
			return nil, err
		}
		related = append(related, e)
	}
	return related, nil
}

// firstSince is the first event of a day (UTC) or later; events are in the order of their times, but for the five
// minutes a clock may be set back.
func (a *Archive) firstSince(day string) (seal.LeafIndex, error) {
	if day == "" {
		return 0, nil
	}
	since, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0, fmt.Errorf("since %.20q is not a date YYYY-MM-DD", day)
	}
	var failed error
	n := sort.Search(int(a.Head().Size), func(i int) bool {
		_, e, err := a.Event(seal.LeafIndex(i))
		if err != nil && failed == nil && e.Time.IsZero() {
			failed = err
		}
		return !e.Time.Before(since)
	})
	return seal.LeafIndex(n), failed
}

// eventReader reads events that lie near each other: the log keeps 256 in a file.
type eventReader struct {
	a      *Archive
	from   seal.LeafIndex
	leaves [][]byte
}

const eventsAtOnce = 256

func (r *eventReader) event(i seal.LeafIndex) (seal.Event, error) {
	size := seal.LeafIndex(r.a.Head().Size)
	if i < 0 || i >= size {
		return seal.Event{}, fmt.Errorf("%w: event %d is not in a log of %d", ErrIndexDamaged, i, size)
	}
	if r.leaves == nil || i < r.from || i >= r.from+seal.LeafIndex(len(r.leaves)) {
		r.from, r.leaves = i/eventsAtOnce*eventsAtOnce, [][]byte{}
		err := r.a.log.Leaves(int64(r.from), int64(min(size, r.from+eventsAtOnce)), func(_ int64, leaf []byte) error {
			r.leaves = append(r.leaves, leaf)
			return nil
		})
		if err != nil {
			return seal.Event{}, err
		}
	}
	e, _ := seal.ParseEvent(r.leaves[i-r.from]) // of an unknown kind: no bundle
	return e, nil
}
