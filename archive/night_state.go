package archive

import (
	"fmt"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
)

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
