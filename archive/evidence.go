package archive

import (
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
)

// ErrNotStamped says that no authority stamped the night of a bundle yet, in this family.
var ErrNotStamped = errors.New("not stamped yet")

// Evidence is what turns a bundle's capsule into evidence records of one family: the ways to the roots that were stamped,
// and the tokens. Records are never stored. One goroutine uses it.
type Evidence struct {
	chains  []evidenceChain // the first of its night, each later one of a renewal of the hash tree
	records []*seal.EvidenceRecord
}

// evidenceChain is one chain of the records.
type evidenceChain struct {
	hash     crypto.Hash
	path     [][]byte // from the bundle's root to what was stamped
	token    []byte
	renewals []renewal
}

type renewal struct {
	path  [][]byte // from the night's leaf to the wave's root
	token []byte
}

// Evidence gathers a bundle's evidence. [ErrNotStamped] says that there is none yet.
func (a *Archive) Evidence(bundle seal.LeafIndex, f seal.Family) (*Evidence, error) {
	return a.evidenceAt(bundle, f, a.Head().Size)
}

// evidenceAt is what it was when the log had size events.
func (a *Archive) evidenceAt(bundle seal.LeafIndex, f seal.Family, size int64) (*Evidence, error) {
	c := a.Chains(f, size)
	leaf, renewed, err := c.lastRehash(bundle)
	if err == nil && !renewed {
		leaf, err = a.nightOf(bundle)
	}
	if err != nil {
		return nil, err
	}
	g, err := c.Of(leaf)
	if err != nil {
		return nil, err
	}
	return g.Bundle(bundle)
}

// Record assembles the record of an item: the envelope is item 0, the documents follow it.
func (e *Evidence) Record(c seal.Capsule, item int) (*seal.EvidenceRecord, error) {
	if item < 0 || item >= len(c.Items) {
		return nil, fmt.Errorf("the capsule has no item %d", item)
	}
	if len(e.chains) == 1 {
		return e.first(c, item)
	}
	if e.records == nil { // a new chain covers what all items' records were
		var err error
		if e.records, err = e.all(c); err != nil {
			return nil, err
		}
	}
	return e.records[item], nil
}

// first assembles the first chain of an item.
func (e *Evidence) first(c seal.Capsule, item int) (*seal.EvidenceRecord, error) {
	one := e.chains[0]
	opening, err := c.Evidence(one.hash, item)
	if err != nil {
		return nil, err
	}
	record, err := seal.NewEvidenceRecord(one.hash, opening, one.path, one.token)
	return one.renew(record, err)
}

func (c evidenceChain) renew(record *seal.EvidenceRecord, err error) (*seal.EvidenceRecord, error) {
	for _, r := range c.renewals {
		if err != nil {
			break
		}
		record, err = record.RenewStamp(r.path, r.token)
	}
	return record, err
}

// all assembles the records of all items, chain by chain.
func (e *Evidence) all(c seal.Capsule) (list []*seal.EvidenceRecord, err error) {
	for item := range c.Items {
		r, err := e.first(c, item)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	for _, next := range e.chains[1:] {
		if list, err = next.begin(c, list); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// begin adds a chain with another hash to the records of all items (RFC 4998 §5.2).
func (c evidenceChain) begin(capsule seal.Capsule, before []*seal.EvidenceRecord) (list []*seal.EvidenceRecord, err error) {
	hs, err := capsule.Digests(c.hash)
	if err != nil {
		return nil, err
	}
	_, values, err := seal.RenewedRoot(c.hash, hs, before)
	if err != nil {
		return nil, err
	}
	tree, err := seal.NewEvidenceTree(c.hash.New, values)
	if err != nil {
		return nil, err
	}
	for i, r := range before {
		path, err := tree.Path(i)
		if err != nil {
			return nil, err
		}
		if r, err = c.renew(r.RenewTree(c.hash, hs[i], false, slices.Concat(path, c.path), c.token)); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// RenewedRoot is the root over the bundle's items in a new chain with another hash. It needs the capsule, and no document.
func (e *Evidence) RenewedRoot(c seal.Capsule, hash crypto.Hash) ([]byte, error) {
	list, err := e.all(c)
	if err != nil {
		return nil, err
	}
	hs, err := c.Digests(hash)
	if err != nil {
		return nil, err
	}
	root, _, err := seal.RenewedRoot(hash, hs, list)
	return root, err
}

// nightOf finds the night of a bundle: the first one gathered after it came in.
func (a *Archive) nightOf(bundle seal.LeafIndex) (leaf seal.LeafIndex, err error) {
	found := errors.New("found")
	err = a.Events(bundle, func(i seal.LeafIndex, e seal.Event) error {
		if e.Night == nil || e.Night.To <= bundle {
			return nil
		}
		leaf = i
		return found
	})
	if err == nil {
		err = fmt.Errorf("event %d: %w", bundle, ErrNotStamped)
	}
	if errors.Is(err, found) {
		err = nil
	}
	return leaf, err
}

func (a *Archive) wave(file seal.Digest) (seal.Wave, error) {
	data, err := a.evidenceFile(kindWave, file)
	if err != nil {
		return seal.Wave{}, err
	}
	return seal.ParseWave(data)
}

// NightState is what the calendar of stamps and renewals knows of a night, in one family; or of a renewal of hash trees,
// which stands in the place of its nights as soon as it is stamped.
type NightState struct {
	Night  seal.LeafIndex // its event
	Family seal.Family
	Until  seal.Time // when it must have been renewed; zero: not stamped yet
	Wave   bool      // gathered to be renewed, and not stamped yet
}

// NightStates calls f for every night and family, in the order of the log. What was gathered after the family's hash had
// ended is left out: no authority's token over it would hold, and the other family stands.
func (a *Archive) NightStates(f func(NightState) error) error {
	events := &eventReader{a: a}
	return a.viewIndex(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketNights).ForEach(func(k, v []byte) error {
			s, err := parseNightState(k, v)
			if err != nil {
				return err
			}
			if dead, err := a.hopeless(s, events); dead || err != nil {
				return err
			}
			return f(s)
		})
	})
}

func (a *Archive) hopeless(s NightState, events *eventReader) (bool, error) {
	row, _ := a.Policy().HashAlgorithm(s.Family.Hash())
	if !s.Until.IsZero() || row.Until == nil {
		return false, nil
	}
	e, err := events.event(s.Night)
	return err == nil && e.Night != nil && !e.Time.Before(row.Until.Time), err
}

// Awaited is a night or a wave that waits for a token of a family.
type Awaited struct {
	Covers seal.LeafIndex `json:"covers"` // its event
	Family seal.Family    `json:"family"`
}

// Waiting lists what waits for a token, the oldest first. Tokens must come in this order: those of a night stand in a
// record by their times.
func (a *Archive) Waiting() (list []Awaited, err error) {
	waved := map[Awaited]bool{}
	err = a.NightStates(func(s NightState) error {
		if s.Until.IsZero() {
			list = append(list, Awaited{s.Night, s.Family})
		} else if s.Wave {
			waved[Awaited{s.Night, s.Family}] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	waves, err := a.waitingWaves(waved)
	list = append(list, waves...)
	slices.SortStableFunc(list, func(x, y Awaited) int { return int(x.Covers - y.Covers) })
	return list, err
}

// waitingWaves finds the waves that nights wait for, each night's last one: from the last one of the log back.
func (a *Archive) waitingWaves(nights map[Awaited]bool) (list []Awaited, err error) {
	a.mu.RLock()
	at := a.last.Accessioned.Wave
	a.mu.RUnlock()
	for at != nil && len(nights) > 0 {
		_, e, err := a.Event(*at)
		if err != nil {
			return nil, err
		}
		w, err := a.wave(e.Wave.File)
		if err != nil {
			return nil, err
		}
		before := len(nights)
		for _, n := range w.Nights {
			delete(nights, Awaited{n.Night, w.Family})
		}
		if len(nights) < before {
			list = append(list, Awaited{*at, w.Family})
		}
		at = e.Wave.Before
	}
	return list, nil
}

func nightKey(night seal.LeafIndex, f seal.Family) []byte { return append(leafKey(night), f...) }

func parseNightState(k, v []byte) (s NightState, err error) {
	if v, err = unsum(v); err == nil && (len(k) < 8 || len(v) != 9) {
		err = fmt.Errorf("%w: a night's state has %d bytes", ErrIndexDamaged, len(v))
	}
	if err != nil {
		return s, err
	}
	s = NightState{Night: keyLeaf(k[:8]), Family: seal.Family(k[8:]), Wave: v[8] == 1}
	if until := int64(keyLeaf(v[:8])); until != 0 {
		s.Until = seal.At(time.Unix(until, 0))
	}
	return s, nil
}

func (s NightState) put(tx *bolt.Tx) error {
	v, wave := make([]byte, 0, 9), byte(0)
	if s.Wave {
		wave = 1
	}
	until := int64(0)
	if !s.Until.IsZero() {
		until = s.Until.Unix()
	}
	v = append(append(v, leafKey(seal.LeafIndex(until))...), wave)
	return tx.Bucket(bucketNights).Put(nightKey(s.Night, s.Family), withSum(v))
}

// gathered notes a night that waits for its stamps.
func gathered(leaf seal.LeafIndex) change {
	return func(tx *bolt.Tx) error {
		for _, f := range seal.Families() {
			if err := (NightState{Night: leaf, Family: f}).put(tx); err != nil {
				return err
			}
		}
		return nil
	}
}

// stamped notes a token of a night or a rehash, or of every one of a wave. What is off the calendar stays off.
func (f *follower) stamped(s seal.StampEvent) (change, error) {
	nights, replace, err := f.covered(s.Covers)
	if err != nil {
		return nil, err
	}
	return func(tx *bolt.Tx) error {
		for _, n := range nights {
			if tx.Bucket(bucketNights).Get(nightKey(n, s.Family)) == nil {
				continue
			}
			if err := (NightState{Night: n, Family: s.Family, Until: s.Until}).put(tx); err != nil {
				return err
			}
		}
		return replace(tx)
	}, nil
}

// waved notes that nights wait for their renewal.
func (f *follower) waved(e seal.WaveEvent) (change, error) {
	w, err := f.a.wave(e.File)
	if err != nil {
		return nil, err
	}
	return func(tx *bolt.Tx) error {
		for _, n := range w.Nights {
			s, err := parseNightState(nightKey(n.Night, w.Family), tx.Bucket(bucketNights).Get(nightKey(n.Night, w.Family)))
			if err != nil {
				return err
			}
			s.Wave = true
			if err := s.put(tx); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// covered lists what a token is of, and what it takes off the calendar.
func (f *follower) covered(leaf seal.LeafIndex) (nights []seal.LeafIndex, replace change, err error) {
	_, e, err := f.a.Event(leaf)
	nights, replace = []seal.LeafIndex{leaf}, func(*bolt.Tx) error { return nil }
	switch {
	case err != nil:
	case e.Rehash != nil:
		replace, err = f.replaced(*e.Rehash)
	case e.Wave != nil:
		var w seal.Wave
		w, err = f.a.wave(e.Wave.File)
		nights = nil
		for _, n := range w.Nights {
			nights = append(nights, n.Night)
		}
	}
	return nights, replace, err
}

// GatherWave commits that nights are to be stamped again, in one family, with one token for all. Where a hash tree was
// renewed, its event stands for its nights.
func (a *Archive) GatherWave(f seal.Family, nights []seal.LeafIndex) (seal.LeafIndex, error) {
	acc, err := a.Begin()
	if err != nil {
		return 0, err
	}
	defer acc.Abort()
	w, err := a.waveOf(f, nights)
	if err != nil {
		return 0, err
	}
	data, err := w.Marshal()
	if err != nil {
		return 0, err
	}
	tree, err := w.Tree()
	if err != nil {
		return 0, err
	}
	e := seal.WaveEvent{Family: f, Hash: w.Hash, Nights: len(w.Nights), Root: hex.EncodeToString(tree.Root()), Before: a.last.Accessioned.Wave}
	if e.File, err = a.keepEvidence(kindWave, data); err != nil {
		return 0, err
	}
	acc.follow = true
	leaf := acc.add(seal.Event{Kind: seal.KindWave, Wave: &e})
	return leaf, acc.Commit()
}

// waveOf reckons what each night puts into the wave's tree.
func (a *Archive) waveOf(f seal.Family, nights []seal.LeafIndex) (w seal.Wave, err error) {
	w = seal.Wave{Schema: seal.SpecWave, Origin: a.Spec.Origin, Family: f}
	chains := a.Chains(f, a.head.Size)
	nights = slices.Sorted(slices.Values(nights))
	for i, n := range slices.Compact(nights) {
		if _, err := a.nightState(n, f); err != nil {
			return w, err
		}
		h, err := a.StampHash(n, f)
		if err != nil {
			return w, err
		}
		name, err := hashName(f, h)
		if err != nil || i > 0 && name != w.Hash {
			return w, errors.Join(fmt.Errorf("event %d: its last chain has another hash: it needs a wave of its own", n), err)
		}
		w.Hash = name
		leaf, err := chains.renewalLeaf(n)
		if err != nil {
			return w, err
		}
		w.Nights = append(w.Nights, seal.WaveNight{Night: n, Leaf: leaf})
	}
	return w, nil
}

// hashName is how a wave names the hash of its chains: not at all where it is the family's own.
func hashName(f seal.Family, h crypto.Hash) (seal.Family, error) {
	for _, other := range seal.Families() {
		if other.Hash() == h {
			if other == f {
				return "", nil
			}
			return other, nil
		}
	}
	return "", fmt.Errorf("%v is the hash of no family", h)
}
