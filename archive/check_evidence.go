package archive

import (
	"errors"
	"fmt"

	"kartoteka/seal"
	"kartoteka/verify"
)

// gatheredEvent is a night, a wave, a renewal of hash trees or a token that the log names.
type gatheredEvent struct {
	leaf  seal.LeafIndex
	event seal.Event
}

// evidence judges nights, waves and tokens: each file is what the log names, each root follows from what it gathers, and
// each token stamps its root and held when it was logged. Whether it holds still, and what must be renewed by when, is for
// the calendar and for whoever judges a record.
func (c *check) evidence() {
	for _, g := range c.told.evidence {
		subject := fmt.Sprintf("event %d", g.leaf)
		var err error
		switch e := g.event; {
		case e.Night != nil:
			err = c.a.checkNight(*e.Night)
			c.r.Count("nights", 1)
		case e.Wave != nil:
			err = c.a.checkWave(*e.Wave)
		case e.Rehash != nil:
			err = c.a.checkRehash(g.leaf, *e.Rehash)
			c.r.Count("rehashes", 1)
		case e.TimeStamp != nil:
			err = c.a.checkToken(c.o.Policy, e)
			c.r.Count("stamps", 1)
		}
		var bad *Tampered
		if errors.As(err, &bad) {
			c.r.Fail(bad.Code, bad.Subject, bad.Reason)
			continue
		}
		c.r.Result(verify.CodeNight, subject, err)
	}
}

func (a *Archive) checkNight(e seal.NightEvent) error {
	data, err := a.evidenceFile(kindNight, e.File)
	if err != nil {
		return err
	}
	night, err := seal.ParseNight(data)
	if err != nil {
		return err
	}
	got := seal.NightEvent{File: e.File, From: night.From, To: night.To, Bundles: len(night.Order) - 1}
	if err := a.roots(night, &got); err != nil {
		return err
	}
	if got != e {
		return errors.New("the night is not the one that was gathered")
	}
	return nil
}

func (a *Archive) checkWave(e seal.WaveEvent) error {
	w, err := a.wave(e.File)
	if err != nil {
		return err
	}
	tree, err := w.Tree()
	if err != nil {
		return err
	}
	if w.Family != e.Family || w.Hash != e.Hash || len(w.Nights) != e.Nights || fmt.Sprintf("%x", tree.Root()) != e.Root {
		return errors.New("the wave is not the one that was gathered")
	}
	return nil
}

// checkRehash sees that the root follows from the bundles' and that these are of the nights in whose place it comes. Whether a
// bundle's root is over its records is told by its capsule alone: a record that is assembled from it leads nowhere otherwise.
func (a *Archive) checkRehash(leaf seal.LeafIndex, e seal.RehashEvent) error {
	r, err := a.rehash(e.File)
	if err != nil {
		return err
	}
	got, err := rehashEvent(r)
	if err != nil {
		return err
	}
	if got.File, got.Before = e.File, e.Before; got != e || r.Origin != a.Spec.Origin || r.Size > int64(leaf) {
		return errors.New("the renewal of hash trees is not the one that was gathered")
	}
	return a.bundlesOf(r)
}

func (a *Archive) checkToken(p *verify.Policy, e seal.Event) error {
	token, err := a.evidenceFile(kindToken, e.TimeStamp.Token)
	if err != nil {
		return err
	}
	imprint, err := a.Imprint(e.TimeStamp.Covers, e.TimeStamp.Family)
	if err != nil {
		return err
	}
	hash, err := a.StampHash(e.TimeStamp.Covers, e.TimeStamp.Family)
	if err != nil {
		return err
	}
	_, err = p.Stamp(token, hash, imprint, e.Time.Time)
	return err
}
