package archive

import (
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Rehash is a renewal of hash trees to be gathered (RFC 4998 §5.2): the bundles of some nights by their roots with another
// hash. The roots are computed by whoever opens the capsules.
type Rehash struct {
	Family  seal.Family // whose records it renews
	Hash    seal.Family // the new hash, by the name of its family
	Size    int64       // of the log when the records were taken that the roots are over
	Nights  []seal.LeafIndex
	Bundles []seal.RehashBundle
}

// GatherRehash commits it. From its token on it stands in the place of its nights: waves renew it, not them.
func (a *Archive) GatherRehash(r Rehash) (seal.LeafIndex, error) {
	acc, err := a.Begin()
	if err != nil {
		return 0, err
	}
	defer acc.Abort()
	file := seal.Rehash{Schema: seal.SpecRehash, Origin: a.Spec.Origin, Family: r.Family, Hash: r.Hash, Size: r.Size, Nights: slices.Sorted(slices.Values(r.Nights)), Bundles: slices.Clone(r.Bundles)}
	if err := a.rehashable(file); err != nil {
		return 0, err
	}
	// In random order: a record's siblings must not tell what came before and after it.
	if err := shuffle(file.Bundles); err != nil {
		return 0, err
	}
	data, err := file.Marshal()
	if err != nil {
		return 0, err
	}
	e, err := rehashEvent(file)
	if err != nil {
		return 0, err
	}
	e.Before = a.last.Accessioned.Rehash
	if e.File, err = a.keepEvidence(kindRehash, data); err != nil {
		return 0, err
	}
	acc.follow = true
	leaf := acc.add(seal.Event{Kind: seal.KindRehash, Rehash: &e})
	return leaf, acc.Commit()
}

// rehashEvent says of a file what the log says.
func rehashEvent(r seal.Rehash) (e seal.RehashEvent, err error) {
	tree, err := r.Tree()
	if err != nil {
		return e, err
	}
	e = seal.RehashEvent{Family: r.Family, Hash: r.Hash, Bundles: len(r.Bundles), Root: hex.EncodeToString(tree.Root())}
	e.From, e.To = r.Range()
	return e, nil
}

// rehashable says whether a renewal fits the log: its nights have tokens, with another hash, and the bundles are of them.
func (a *Archive) rehashable(r seal.Rehash) error {
	if r.Size > a.head.Size || len(r.Bundles) == 0 {
		return errors.New("the renewal has no bundle, or is of a longer log")
	}
	waiting, err := a.rehashing(r.Family)
	if err != nil {
		return err
	}
	for _, n := range r.Nights {
		hash, err := a.StampHash(n, r.Family)
		switch {
		case err != nil:
			return err
		case hash == r.Hash.Hash():
			return fmt.Errorf("event %d: its last chain has this hash", n)
		case waiting[n]:
			return fmt.Errorf("event %d: a renewal of it waits for its token", n)
		}
		s, err := a.nightState(n, r.Family)
		if err != nil {
			return err
		}
		if s.Until.IsZero() {
			return fmt.Errorf("event %d, %s: %w", n, r.Family, ErrNotStamped)
		}
	}
	return a.bundlesOf(r)
}

// bundlesOf says whether the bundles of a renewal are of its nights.
func (a *Archive) bundlesOf(r seal.Rehash) error {
	of := map[seal.LeafIndex]bool{}
	for _, n := range r.Nights {
		list, err := a.gatheredBundles(n, r.Family)
		if err != nil {
			return err
		}
		for _, i := range list {
			of[i] = true
		}
	}
	for _, b := range r.Bundles {
		if !of[b.Leaf] {
			return fmt.Errorf("event %d is of no bundle of the nights that are renewed", b.Leaf)
		}
	}
	return nil
}

// gatheredBundles lists the bundles of a night or of a renewal of hash trees.
func (a *Archive) gatheredBundles(leaf seal.LeafIndex, f seal.Family) (list []seal.LeafIndex, err error) {
	_, e, err := a.Event(leaf)
	if err != nil {
		return nil, err
	}
	switch {
	case e.Night != nil:
		data, err := a.evidenceFile(kindNight, e.Night.File)
		if err != nil {
			return nil, err
		}
		n, err := seal.ParseNight(data)
		return n.Order, err
	case e.Rehash != nil && e.Rehash.Family == f:
		r, err := a.rehash(e.Rehash.File)
		for _, b := range r.Bundles {
			list = append(list, b.Leaf)
		}
		return list, err
	}
	return nil, fmt.Errorf("event %d is of no night, and of no renewal of %s", leaf, f)
}

// StampHash is the hash function of what an authority is to stamp of a night, a wave or a renewal of hash trees.
func (a *Archive) StampHash(covers seal.LeafIndex, f seal.Family) (h crypto.Hash, err error) {
	_, e, err := a.Event(covers)
	switch {
	case err != nil:
		return 0, err
	case e.Night != nil:
		return f.Hash(), nil
	case e.Wave != nil && e.Wave.Family == f:
		return e.Wave.Chain(), nil
	case e.Rehash != nil && e.Rehash.Family == f:
		return e.Rehash.Hash.Hash(), nil
	}
	return 0, fmt.Errorf("event %d is no night, and no wave and no renewal of %s", covers, f)
}

func (a *Archive) rehash(file seal.Digest) (seal.Rehash, error) {
	name := evidenceName(file, kindRehash)
	data, err := durable.ReadFile(a.fs, name, seal.MaxRehash)
	if err != nil {
		return seal.Rehash{}, &Tampered{Code: verify.CodeNight, Subject: name, Reason: "cannot be read: " + err.Error()}
	}
	if verify.Digest(data) != file {
		return seal.Rehash{}, &Tampered{Code: verify.CodeNight, Subject: name, Reason: "is not the file the log names"}
	}
	return seal.ParseRehash(data)
}

// lastRehash finds the last renewal of hash trees that a bundle is in and that has its token.
func (c *Chains) lastRehash(bundle seal.LeafIndex) (leaf seal.LeafIndex, found bool, err error) {
	err = c.a.rehashes(bundle, func(leafOf seal.LeafIndex, e seal.RehashEvent) (bool, error) {
		if e.Family != c.family || leafOf >= c.size || bundle < e.From || bundle >= e.To {
			return false, nil
		}
		r, err := c.rehash(e.File)
		if err != nil {
			return false, err
		}
		if _, in := r.Place(bundle); !in {
			return false, nil
		}
		_, err = c.tokenOf(leafOf)
		if errors.Is(err, ErrNotStamped) {
			return false, nil
		}
		leaf, found = leafOf, err == nil
		return found, err
	})
	return leaf, found, err
}

// rehashes goes through the renewals of hash trees, from the last one of the log back, until f has enough.
func (a *Archive) rehashes(after seal.LeafIndex, f func(seal.LeafIndex, seal.RehashEvent) (enough bool, err error)) error {
	a.mu.RLock()
	at := a.last.Accessioned.Rehash
	a.mu.RUnlock()
	for at != nil && *at > after {
		_, e, err := a.Event(*at)
		if err != nil {
			return err
		}
		if enough, err := f(*at, *e.Rehash); enough || err != nil {
			return err
		}
		at = e.Rehash.Before
	}
	return nil
}

// rehashing lists what a renewal of hash trees waits for its token for.
func (a *Archive) rehashing(f seal.Family) (nights map[seal.LeafIndex]bool, err error) {
	nights = map[seal.LeafIndex]bool{}
	err = a.rehashes(0, func(leaf seal.LeafIndex, e seal.RehashEvent) (bool, error) {
		s, err := a.nightState(leaf, f)
		if e.Family != f || errors.Is(err, errNoState) || err == nil && !s.Until.IsZero() {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		r, err := a.rehash(e.File)
		for _, n := range r.Nights {
			nights[n] = true
		}
		return false, err
	})
	return nights, err
}

var errNoState = errors.New("nothing of it is renewed: it is no night, or a renewal of the hash tree stands in its place")

// nightState is what the calendar knows of a night, or of a renewal of hash trees.
func (a *Archive) nightState(leaf seal.LeafIndex, f seal.Family) (s NightState, err error) {
	err = a.viewIndex(func(tx *bolt.Tx) error {
		key := nightKey(leaf, f)
		v := tx.Bucket(bucketNights).Get(key)
		if v == nil {
			return fmt.Errorf("event %d, %s: %w", leaf, f, errNoState)
		}
		s, err = parseNightState(key, v)
		return err
	})
	return s, err
}

// rehashed notes a renewal of hash trees that waits for its token.
func rehashed(leaf seal.LeafIndex, e seal.RehashEvent) change {
	return func(tx *bolt.Tx) error { return (NightState{Night: leaf, Family: e.Family}).put(tx) }
}

// replaced takes the nights of a renewal of hash trees that has its token off the calendar.
func (f *follower) replaced(e seal.RehashEvent) (change, error) {
	r, err := f.a.rehash(e.File)
	return func(tx *bolt.Tx) error {
		for _, n := range r.Nights {
			if err := tx.Bucket(bucketNights).Delete(nightKey(n, e.Family)); err != nil {
				return err
			}
		}
		return nil
	}, err
}

// ByHash splits what a family's wave was to renew into waves: one has chains of one hash function only.
func (a *Archive) ByHash(f seal.Family, nights []seal.LeafIndex) (waves [][]seal.LeafIndex, err error) {
	place := map[crypto.Hash]int{}
	for _, n := range nights {
		h, err := a.StampHash(n, f)
		if err != nil {
			return nil, err
		}
		at, known := place[h]
		if !known {
			at, waves = len(waves), append(waves, nil)
			place[h] = at
		}
		waves[at] = append(waves[at], n)
	}
	return waves, nil
}

// Rehashable lists what can be renewed of a family with another hash: nights and earlier renewals that have their token, and
// of which no renewal waits.
func (a *Archive) Rehashable(f, hash seal.Family) (list []seal.LeafIndex, err error) {
	waiting, err := a.rehashing(f)
	if err != nil {
		return nil, err
	}
	err = a.NightStates(func(s NightState) error {
		if s.Family != f || s.Until.IsZero() || waiting[s.Night] {
			return nil
		}
		h, err := a.StampHash(s.Night, f)
		if err == nil && h != hash.Hash() {
			list = append(list, s.Night)
		}
		return err
	})
	return list, err
}
