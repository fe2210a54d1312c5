package archive

import (
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"kartoteka/seal"
)

func (a *Archive) wave(file seal.Digest) (seal.Wave, error) {
	data, err := a.evidenceFile(kindWave, file)
	if err != nil {
		return seal.Wave{}, err
	}
	return seal.ParseWave(data)
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
