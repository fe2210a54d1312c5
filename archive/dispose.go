package archive

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	bolt "go.etcd.io/bbolt"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// ErrRefused says that an order does not fit what is there: it is of another log, its time is over, or something came in
// since it was made. Nothing was disposed of.
var ErrRefused = errors.New("the order is refused")

func refusef(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrRefused, fmt.Errorf(format, args...))
}

// Dispose executes an order: it commits that the bundles are disposed of, with what they leave behind for the terms of
// those that remain, and shreds them. Whether the law allows it is the caller's to know, with the archive as it is now.
//
// The commit decides. Before it nothing happened; after it whatever a crash left undone is done by the next Open.
func (a *Archive) Dispose(order []byte, carried []seal.Act) (leaf seal.LeafIndex, err error) {
	acc, err := a.Begin()
	if err != nil {
		return 0, err
	}
	defer acc.Abort()
	o, _, err := a.trust.policy.Order(order, acc.now.Time)
	if err != nil {
		return 0, err
	}
	if err := a.fits(o, seal.DateIn(acc.now.Time, a.zone)); err != nil {
		return 0, err
	}
	sum := verify.Digest(order)
	// An attempt before this one may have left the file, its name not durable: it is written again, to the same bytes.
	if err := durable.MkdirAll(a.fs, ordersDir, dirPerm); err != nil {
		return 0, err
	}
	if err := durable.ReplaceFile(a.fs, orderName(sum), order, filePerm); err != nil {
		return 0, err
	}
	leaf = acc.add(seal.Event{Kind: seal.KindDisposal, Disposal: &seal.DisposalEvent{Order: sum, Bundles: len(o.Bundles), Documents: o.Documents()}})
	for _, c := range carried {
		if _, err := acc.Act(c); err != nil {
			return 0, err
		}
	}
	if err := acc.retire(o, leaf); err != nil {
		return 0, err
	}
	acc.follow = true
	return leaf, a.commitAndCarryOut(acc)
}

// ErrUnfinished says that an order or a rotation is committed, and that what it asks of the disk is not done yet: the next
// opening for writing does it.
var ErrUnfinished = errors.New("committed, and not yet carried out")

// commitAndCarryOut commits what rewrites keyfiles, and rewrites them.
func (a *Archive) commitAndCarryOut(acc *Accession) error {
	err := acc.Commit()
	var after *AfterCommit
	if errors.As(err, &after) { // the index is behind: it says what is to be done
		err = a.index.catchUp(a)
	} else if err != nil {
		return err
	}
	if err == nil {
		err = a.carryOut()
	}
	if err != nil {
		a.writer.broken = true
		return fmt.Errorf("%w; the next opening for writing goes on: %w", ErrUnfinished, err)
	}
	return nil
}

// fits says whether an order is of this log and names what is there today, all that goes along, and nothing else.
func (a *Archive) fits(o seal.Order, today seal.Date) error {
	root, err := a.rootAt(o.Log.Size)
	if err != nil {
		return refusef("it was made with %d events, the log has %d: it is of another log", o.Log.Size, a.head.Size)
	}
	if root != o.Log.Root {
		return refusef("it was made in another log, or a fork of this one")
	}
	if today.Before(o.Made) || o.Until.Before(today) {
		return refusef("it may be executed from %s to %s, and today is %s", o.Made, o.Until, today)
	}
	events := &eventReader{a: a}
	var bundles []seal.LeafIndex
	for _, b := range o.Bundles {
		e, err := events.event(b.Leaf)
		if err != nil {
			return err
		}
		if e.Bundle == nil || e.Bundle.Commitment.Count != b.Documents {
			return refusef("event %d is of no bundle of %d documents", b.Leaf, b.Documents)
		}
		bundles = append(bundles, b.Leaf)
	}
	if err := a.there(bundles); err != nil {
		return err
	}
	with, err := a.Along(bundles)
	if err != nil {
		return err
	}
	if !slices.Equal(with.Acts, o.Acts) || !slices.Equal(with.Released, o.Released) {
		return refusef("what goes along with the bundles changed since it was made: %d records and %d releases now, %d and %d then",
			len(with.Acts), len(with.Released), len(o.Acts), len(o.Released))
	}
	return nil
}

// there says whether none of the bundles was disposed of already.
func (a *Archive) there(bundles []seal.LeafIndex) error {
	return a.viewIndex(func(tx *bolt.Tx) error {
		for _, leaf := range bundles {
			if tx.Bucket(bucketRows).Get(leafKey(leaf)) == nil {
				return refusef("the bundle of event %d is not there any more", leaf)
			}
		}
		return nil
	})
}

func (a *Archive) rootAt(size int64) (seal.Digest, error) {
	if size > a.head.Size {
		return seal.Digest{}, errors.New("the log is shorter")
	}
	root, err := a.log.RootAt(size)
	return seal.Digest(root), err
}

// retire stages the end of the segments in which nothing is left when the order is carried out.
func (s *Accession) retire(o seal.Order, order seal.LeafIndex) error {
	goes, err := s.a.destroys(o)
	if err != nil {
		return err
	}
	accessions := map[seal.AccessionID]bool{}
	for k := range goes {
		accessions[k.Accession] = true
	}
	for _, id := range slices.SortedFunc(maps.Keys(accessions), seal.AccessionID.Compare) {
		empty, err := s.a.emptied(id, goes)
		if err != nil {
			return err
		}
		for _, n := range empty {
			s.add(seal.Event{Kind: seal.KindRetired, Retired: &seal.RetiredEvent{Accession: id, Segment: n, Order: order}})
		}
	}
	return nil
}

// emptied lists the segments of an accession in which every record is shredded once more records go.
func (a *Archive) emptied(id seal.AccessionID, goes Records) (empty []int, err error) {
	event, err := a.accessionEvent(id)
	if err != nil {
		return nil, err
	}
	live, lost := map[int]bool{}, map[int]bool{}
	for _, sum := range event.Keyfiles {
		k, err := a.Keyfile(id, sum.Class)
		if err != nil {
			return nil, err
		}
		for _, r := range k.Records {
			switch {
			case r.Shredded():
			case goes.has(keyfileID{id, sum.Class}, r.N):
				lost[r.Segment] = true
			default:
				live[r.Segment] = true
			}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(lost)) {
		if !live[n] {
			empty = append(empty, n)
		}
	}
	return empty, nil
}
