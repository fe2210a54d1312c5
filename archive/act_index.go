package archive

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
)

// part is what of an act concerns one file, without its words.
type part struct {
	Act   seal.Act        `json:"act"`
	Ended *seal.LeafIndex `json:"ended,omitempty"` // of a hold: the event that released it
}

func partKey(file seal.Digest, event seal.LeafIndex) []byte {
	return append(file[:], leafKey(event)...)
}

func ofKey(event seal.LeafIndex, file seal.Digest) []byte { return append(leafKey(event), file[:]...) }

func (p part) put(tx *bolt.Tx, file seal.Digest) error {
	data, err := seal.Marshal(p)
	if err != nil {
		return err
	}
	if err := tx.Bucket(bucketActs).Put(partKey(file, p.Act.Event), withSum(data)); err != nil {
		return err
	}
	return tx.Bucket(bucketOf).Put(ofKey(p.Act.Event, file), nil)
}

func parsePart(v []byte) (p part, err error) {
	if v, err = unsum(v); err == nil {
		err = seal.UnmarshalCanonical(v, &p)
	}
	if err != nil {
		return p, fmt.Errorf("%w: %w", ErrIndexDamaged, err)
	}
	return p, nil
}

// putAct indexes an act under each file that it concerns. Bundles that are disposed of are of no file any more.
func putAct(tx *bolt.Tx, act seal.Act) error {
	if act.Person != nil {
		return putPersonal(tx, part{Act: wordless(act, nil)}, *act.Person)
	}
	files := map[seal.Digest][]seal.LeafIndex{}
	for _, leaf := range act.Bundles() {
		v := tx.Bucket(bucketRows).Get(leafKey(leaf))
		if v == nil {
			continue
		}
		e, err := parseRow(v)
		if err != nil {
			return err
		}
		files[fileOf(e)] = append(files[fileOf(e)], leaf)
	}
	for _, file := range slices.SortedFunc(maps.Keys(files), func(a, b seal.Digest) int { return bytes.Compare(a[:], b[:]) }) {
		if err := (part{Act: wordless(act, files[file])}).put(tx, file); err != nil {
			return err
		}
	}
	return nil
}

// putPersonal indexes an act about a person. A hold goes by any number of the patient's, not only by the one that comes
// first: whoever names a passport means the person.
func putPersonal(tx *bolt.Tx, p part, person seal.Digest) error {
	if err := p.put(tx, person); err != nil || p.Act.Hold == nil {
		return err
	}
	for _, leaf := range leavesOf(tx, [][]seal.Digest{{person}}) {
		e, err := parseRow(tx.Bucket(bucketRows).Get(leafKey(leaf)))
		if err != nil {
			return err
		}
		if err := p.put(tx, fileOf(e)); err != nil {
			return err
		}
	}
	return nil
}

// inheritHolds puts a bundle's file under the holds in force of another number of the patient's.
func inheritHolds(tx *bolt.Tx, number, file seal.Digest) error {
	if number == file {
		return nil
	}
	var holds []part
	err := under(tx, bucketActs, number, func(_ seal.LeafIndex, v []byte) error {
		p, err := parsePart(v)
		if err == nil && p.Act.Hold != nil && p.Act.Person != nil && *p.Act.Person == number && p.Ended == nil {
			holds = append(holds, p)
		}
		return err
	})
	for _, p := range holds {
		err = errors.Join(err, p.put(tx, file))
	}
	return err
}

// wordless is an act as the index has it: years, booleans, days and numbers, of these bundles only. Whoever placed a hold
// and why stays in the record.
func wordless(act seal.Act, bundles []seal.LeafIndex) seal.Act {
	act.Schema = ""
	switch {
	case act.Fact != nil:
		f := *act.Fact
		f.Basis, f.Officer = "", ""
		act.Fact = &f
	case act.Hold != nil:
		act.Hold = &seal.Hold{Kind: act.Hold.Kind, Bundles: bundles, Start: act.Hold.Start, Review: act.Hold.Review}
	case act.Step != nil:
		step := seal.Step{Kind: act.Step.Kind, On: act.Step.On, Until: act.Step.Until}
		for _, b := range act.Step.Bundles {
			if slices.Contains(bundles, b.Leaf) {
				step.Bundles = append(step.Bundles, b)
			}
		}
		act.Step = &step
	case act.Released != nil:
		act.Released = bundles
	}
	return act
}

// endHold marks a hold as released. It stays known, to go with the records it was about.
func endHold(tx *bolt.Tx, hold, end seal.LeafIndex) error {
	for _, file := range filesOf(tx, hold) {
		p, err := parsePart(tx.Bucket(bucketActs).Get(partKey(file, hold)))
		if err != nil {
			return err
		}
		p.Ended = &end
		if err := p.put(tx, file); err != nil {
			return err
		}
	}
	return nil
}

// inForce says whether a hold was not released yet.
func (x *Index) inForce(hold seal.LeafIndex) error {
	return x.view(func(tx *bolt.Tx) error {
		for _, file := range filesOf(tx, hold) {
			p, err := parsePart(tx.Bucket(bucketActs).Get(partKey(file, hold)))
			if err != nil || p.Ended == nil {
				return err
			}
		}
		return fmt.Errorf("the hold of event %d is not in force: it was released, or went with what it was about", hold)
	})
}

// filesOf lists the files that an act concerns.
func filesOf(tx *bolt.Tx, event seal.LeafIndex) (list []seal.Digest) {
	prefix := leafKey(event)
	c := tx.Bucket(bucketOf).Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		list = append(list, seal.Digest(k[len(prefix):]))
	}
	return list
}
