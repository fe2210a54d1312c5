package daemon

import (
	"errors"
	"runtime/debug"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
	"kartoteka/verify"
)

// appraise has the keeper run f on the law in force, between two accessions: nothing changes meanwhile.
func (k *keeper) appraise(f func(*archive.Archive, *appraisal.Appraiser) error) (err error) {
	if stopped := k.do(func() error {
		var p *appraisal.Appraiser
		if err = k.desk.a.CatchUp(); err != nil { // an index that is behind misses what was added last
			return k.settle(err)
		}
		if p, err = appraisal.New(k.desk.a); err == nil {
			err = f(k.desk.a, p)
		}
		return nil
	}); stopped != nil {
		return stopped
	}
	return err
}

// acts commits acts that were made of the archive as it is then, and gives their events.
func (k *keeper) acts(make func(*appraisal.Appraiser) ([]seal.Act, error)) (leaves []seal.LeafIndex, err error) {
	_, err = k.commit(func(acc *archive.Accession) (last seal.LeafIndex, err error) {
		p, err := appraisal.New(k.desk.a)
		if err != nil {
			return 0, err
		}
		acts, err := make(p)
		if err != nil {
			return 0, err
		}
		for _, act := range acts {
			if last, err = acc.Act(act); err != nil {
				return 0, err
			}
			leaves = append(leaves, last)
		}
		return last, err
	})
	return leaves, err
}

// endHold commits the end of a hold that is in force.
func (k *keeper) endHold(h wire.HoldRelease) (seal.LeafIndex, error) {
	return k.commit(func(acc *archive.Accession) (seal.LeafIndex, error) {
		p, err := appraisal.New(k.desk.a)
		if err == nil {
			err = p.InForce(h.Hold)
		}
		if err != nil {
			return 0, err
		}
		return acc.EndHold(h.Hold, h.Log, h.Officers)
	})
}

// execute executes an order. Look-ups wait: it puts another index in the place of the one they read.
func (k *keeper) execute(order []byte) (leaf seal.LeafIndex, err error) {
	if stopped := k.do(func() (fatal error) {
		leaf, err = k.executeNow(order)
		if errors.Is(err, archive.ErrUnfinished) || errors.Is(err, archive.ErrReopen) {
			if fatal = k.reopen(err); fatal != nil {
				return fatal
			}
			err = k.executed(leaf, order)
		}
		return k.settle(err)
	}); stopped != nil {
		return 0, stopped
	}
	return leaf, err
}

func (k *keeper) executeNow(order []byte) (seal.LeafIndex, error) {
	k.board.take(true) // it takes as long as it takes
	defer k.board.take(false)
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	p, err := appraisal.New(k.desk.a)
	if err != nil {
		return 0, err
	}
	return p.Execute(order)
}

// executed says whether the freshly opened archive has the disposal: opening it has done what was left to do.
func (k *keeper) executed(leaf seal.LeafIndex, order []byte) error {
	if k.desk.a.Head().Size > int64(leaf) {
		if _, e, err := k.desk.a.Event(leaf); err != nil || e.Disposal != nil && e.Disposal.Order == verify.Digest(order) {
			return err
		}
	}
	return errors.New("the disposal could not be committed and nothing was disposed of; the archive was opened again, try once more")
}

// thisProgram is what a certificate names as what carried a disposal out.
func thisProgram() seal.System {
	s := seal.System{Name: "kartotekad", Version: "(devel)"}
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		s.Version = b.Main.Version
	}
	return s
}
