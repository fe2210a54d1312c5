package reading

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kartoteka/archive"
	"kartoteka/archive/internal/inorder"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Rehash renews hash trees of one family with another hash (RFC 4998 §5.2). It opens capsules: an evidence officer's identity
// is enough, and no document is read.
type Rehash struct {
	Family seal.Family
	Hash   seal.Family      // the new hash, by the name of its family
	Nights []seal.LeafIndex // events of nights, or of earlier renewals; all of the family that have a token and another hash when empty

	// Commit commits one part; the parts have whole nights, and as many bundles as one file may have.
	Commit      func(archive.Rehash) (seal.LeafIndex, error)
	SkipDamaged bool                  // go on past capsules that do not open: their records end with the old hash
	Step        func(done, all int64) // progress in nights; may be nil
}

// Rehashed is what a renewal did. Its events wait for their tokens.
type Rehashed struct {
	Events  []seal.LeafIndex
	Bundles int
	Gone    int     // bundles that were disposed of: their capsules are gone
	Damaged []error // bundles that were passed over
}

// Rehash renews. What was committed before an error stands; another run goes on with the nights that are left.
func (r *Room) Rehash(ctx context.Context, x Rehash) (done Rehashed, err error) {
	if x.Hash.Hash() == 0 || x.Family.Hash() == 0 {
		return done, errors.New("a renewal needs a family and a hash")
	}
	if len(x.Nights) == 0 {
		if x.Nights, err = r.archive.Rehashable(x.Family, x.Hash); err != nil {
			return done, err
		}
	}
	size := r.archive.Head().Size
	job := &rehashing{room: r, x: x, chains: r.archive.Chains(x.Family, size), part: archive.Rehash{Family: x.Family, Hash: x.Hash, Size: size}, done: &done}
	nights := slices.Sorted(slices.Values(x.Nights))
	for i, n := range nights {
		if err := job.night(ctx, n); err != nil {
			return done, fmt.Errorf("renew the hash tree of event %d: %w", n, err)
		}
		if x.Step != nil {
			x.Step(int64(i+1), int64(len(nights)))
		}
	}
	return done, job.flush()
}

// rehashing collects one part at a time.
type rehashing struct {
	room   *Room
	x      Rehash
	chains *archive.Chains
	part   archive.Rehash
	done   *Rehashed
}

// night adds a night's bundles to the part, or begins another part with them.
func (j *rehashing) night(ctx context.Context, night seal.LeafIndex) error {
	gathered, err := j.chains.Of(night)
	if err != nil {
		return err
	}
	list := gathered.Bundles()
	if len(j.part.Bundles)+len(list) > seal.MaxRehashBundles {
		if err := j.flush(); err != nil {
			return err
		}
	}
	var failed error
	work := inorder.New(func(o rehashedBundle) { failed = errors.Join(failed, j.take(o)) })
	for _, leaf := range list {
		if failed != nil || ctx.Err() != nil {
			break
		}
		evidence, err := gathered.Bundle(leaf)
		if err != nil {
			work.Wait()
			return err
		}
		work.Go(func() rehashedBundle { return j.bundle(leaf, evidence) })
	}
	work.Wait()
	j.part.Nights = append(j.part.Nights, night)
	return errors.Join(failed, ctx.Err())
}

// rehashedBundle is what came of one bundle.
type rehashedBundle struct {
	seal.RehashBundle
	err error
}

// bundle opens the capsule, and nothing else.
func (j *rehashing) bundle(leaf seal.LeafIndex, evidence *archive.Evidence) (o rehashedBundle) {
	o.Leaf = leaf
	b, err := j.room.Capsule(leaf)
	if err == nil {
		o.Root, err = evidence.RenewedRoot(b.Capsule, j.x.Hash.Hash())
	}
	o.err = err
	return o
}

func (j *rehashing) take(o rehashedBundle) error {
	var bad *archive.Tampered
	switch {
	case errors.Is(o.err, archive.ErrShredded):
		j.done.Gone++
	case o.err != nil && j.x.SkipDamaged && (errors.As(o.err, &bad) || damaged(o.err)):
		j.done.Damaged = append(j.done.Damaged, o.err)
	case o.err != nil:
		return o.err
	default:
		j.part.Bundles = append(j.part.Bundles, o.RehashBundle)
	}
	return nil
}

// flush commits the part.
func (j *rehashing) flush() error {
	if len(j.part.Bundles) > 0 {
		leaf, err := j.x.Commit(j.part)
		if err != nil {
			return err
		}
		j.done.Events, j.done.Bundles = append(j.done.Events, leaf), j.done.Bundles+len(j.part.Bundles)
	}
	j.part.Nights, j.part.Bundles = nil, nil
	return nil
}

// damaged tells a record that does not open from an identity that is missing.
func damaged(err error) bool {
	var bad *verify.Error
	return errors.As(err, &bad)
}
