package archive

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"path"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// evidenceDir holds nights, waves and tokens, each written once under its digest before the event that names it.
const evidenceDir = "evidence"

func evidenceName(d seal.Digest, kind string) string {
	return path.Join(evidenceDir, d.String()+"."+kind)
}

// Kinds of files under evidence/.
const (
	kindNight  = "night.json"
	kindWave   = "wave.json"
	kindRehash = "rehash.json"
	kindToken  = "tst"
)

// lasts are the last night, wave and rehash of the log once the accession is committed.
func (s *Accession) lasts() (night, wave, rehash *seal.LeafIndex) {
	before := s.a.last.Accessioned
	night, wave, rehash = before.Night, before.Wave, before.Rehash
	for n, e := range s.events {
		leaf := seal.LeafIndex(s.a.head.Size) + seal.LeafIndex(n)
		switch {
		case e.Night != nil:
			night = &leaf
		case e.Wave != nil:
			wave = &leaf
		case e.Rehash != nil:
			rehash = &leaf
		}
	}
	return night, wave, rehash
}

// ErrNothingNew says that no bundle came in since the last night.
var ErrNothingNew = errors.New("nothing came in since the last night")

// GatherNight commits what is to be stamped next: all bundles since the last night, and the checkpoint that commits to
// them. Whether an authority can be reached does not matter yet: the roots stand.
func (a *Archive) GatherNight() (seal.LeafIndex, error) {
	acc, err := a.Begin()
	if err != nil {
		return 0, err
	}
	defer acc.Abort()
	night, err := a.gather()
	if err != nil {
		return 0, err
	}
	data, err := night.Marshal()
	if err != nil {
		return 0, err
	}
	e := seal.NightEvent{From: night.From, To: night.To, Bundles: len(night.Order) - 1}
	if err := a.roots(night, &e); err != nil {
		return 0, err
	}
	if e.File, err = a.keepEvidence(kindNight, data); err != nil {
		return 0, err
	}
	acc.follow = true
	leaf := acc.add(seal.Event{Kind: seal.KindNight, Night: &e})
	return leaf, acc.Commit()
}

// gather lists the bundles since the last night in random order: a record's siblings must not tell what came before and
// after it.
func (a *Archive) gather() (n seal.Night, err error) {
	n = seal.Night{Origin: a.Spec.Origin, To: seal.LeafIndex(a.head.Size), Checkpoint: string(a.signed), Order: []seal.LeafIndex{-1}}
	if last := a.last.Accessioned.Night; last != nil {
		_, e, err := a.Event(*last)
		if err != nil {
			return n, err
		}
		n.From = e.Night.To
	}
	err = a.Events(n.From, func(i seal.LeafIndex, e seal.Event) error {
		if e.Bundle != nil {
			n.Order = append(n.Order, i)
		}
		return nil
	})
	if err == nil && len(n.Order) == 1 {
		err = ErrNothingNew
	}
	if err != nil {
		return n, err
	}
	return n, shuffle(n.Order)
}

func shuffle[T any](list []T) error {
	for i := len(list) - 1; i > 0; i-- {
		j, err := rand.Int(rand.Reader, big.NewInt(int64(i+1)))
		if err != nil {
			return err
		}
		list[i], list[j.Int64()] = list[j.Int64()], list[i]
	}
	return nil
}

// roots computes the roots of a night's trees.
func (a *Archive) roots(n seal.Night, e *seal.NightEvent) error {
	for _, f := range seal.Families() {
		tree, err := n.Tree(f, a.commitments())
		if err != nil {
			return err
		}
		if f == seal.FamilySHA256 {
			copy(e.SHA256[:], tree.Root())
		} else {
			copy(e.SHA512[:], tree.Root())
		}
	}
	return nil
}

// commitments reads what bundles' events commit to.
func (a *Archive) commitments() func(seal.LeafIndex) (seal.Commitment, error) {
	events := &eventReader{a: a}
	return func(i seal.LeafIndex) (seal.Commitment, error) {
		e, err := events.event(i)
		if err == nil && e.Bundle == nil {
			err = fmt.Errorf("event %d is of no bundle", i)
		}
		if err != nil {
			return seal.Commitment{}, err
		}
		return e.Bundle.Commitment, nil
	}
}

// keepEvidence writes a file of evidence under its digest. An attempt before this one may have left it, its name not
// durable: it is written again, to the same bytes.
func (a *Archive) keepEvidence(kind string, data []byte) (seal.Digest, error) {
	sum := verify.Digest(data)
	if err := durable.MkdirAll(a.fs, evidenceDir, dirPerm); err != nil {
		return sum, err
	}
	return sum, durable.ReplaceFile(a.fs, evidenceName(sum, kind), data, filePerm)
}

// evidenceFile reads a file of evidence.
func (a *Archive) evidenceFile(kind string, sum seal.Digest) ([]byte, error) {
	name := evidenceName(sum, kind)
	data, err := durable.ReadFile(a.fs, name, seal.MaxNight)
	if err != nil {
		return nil, &Tampered{Code: verify.CodeNight, Subject: name, Reason: "cannot be read: " + err.Error()}
	}
	if verify.Digest(data) != sum {
		return nil, &Tampered{Code: verify.CodeNight, Subject: name, Reason: "is not the file the log names"}
	}
	return data, nil
}

// KeepStamp commits that an authority stamped a night, a wave or a renewal of hash trees. The token must have been judged.
func (a *Archive) KeepStamp(covers seal.LeafIndex, f seal.Family, token []byte, stamp verify.Stamp) (seal.LeafIndex, error) {
	acc, err := a.Begin()
	if err != nil {
		return 0, err
	}
	defer acc.Abort()
	sum, err := a.keepEvidence(kindToken, token)
	if err != nil {
		return 0, err
	}
	acc.follow = true
	leaf := acc.add(seal.Event{Kind: seal.KindTimeStamp, TimeStamp: &seal.StampEvent{Covers: covers, Family: f, TSA: stamp.TSA, Token: sum,
		Time: seal.At(stamp.Time), Until: seal.At(stamp.NotAfter)}})
	return leaf, acc.Commit()
}

// Imprint is what an authority is to stamp of a night, a wave or a renewal of hash trees, in a family; [Archive.StampHash] is
// the function it is a value of.
func (a *Archive) Imprint(covers seal.LeafIndex, f seal.Family) ([]byte, error) {
	_, e, err := a.Event(covers)
	switch {
	case err != nil:
		return nil, err
	case e.Night != nil:
		return e.Night.Root(f), nil
	case e.Wave != nil && e.Wave.Family == f:
		return hex.DecodeString(e.Wave.Root)
	case e.Rehash != nil && e.Rehash.Family == f:
		return hex.DecodeString(e.Rehash.Root)
	}
	return nil, fmt.Errorf("event %d is no night, and no wave and no renewal of %s", covers, f)
}
