package archive

import (
	"errors"
	"fmt"
	"slices"

	"kartoteka/seal"
)

// Chains reads the evidence of many bundles of one family: what they share is read once. One goroutine uses it.
type Chains struct {
	a      *Archive
	family seal.Family
	size   seal.LeafIndex // events from here on do not count
	after  seal.LeafIndex // no wave up to here is asked for
	read   bool
	waves  []*stampedWave
	last   seal.Rehash // the one that was read last
	lastOf seal.Digest
}

// rehash reads a file that may have been read just before.
func (c *Chains) rehash(file seal.Digest) (r seal.Rehash, err error) {
	if c.lastOf != file {
		if r, err = c.a.rehash(file); err != nil {
			return r, err
		}
		c.last, c.lastOf = r, file
	}
	return c.last, nil
}

// stampedWave is a wave with its token.
type stampedWave struct {
	seal.Wave
	token []byte
	tree  *seal.EvidenceTree // made when it is asked for
}

// Chains reads what stood in the log when it had size events.
func (a *Archive) Chains(f seal.Family, size int64) *Chains {
	return &Chains{a: a, family: f, size: seal.LeafIndex(size)}
}

// Gathered is the evidence that the bundles of one night, or of one renewal of hash trees, share.
type Gathered struct {
	chains   *Chains
	event    seal.Event
	order    []seal.LeafIndex // the tree's leaves; -1 the checkpoint
	tree     *seal.EvidenceTree
	token    []byte
	renewals []renewal
	size     int64 // of a rehash: up to which the chains before it go
}

// Of reads what the bundles of a night share, or those of a renewal of hash trees, by its event. [ErrNotStamped] says that it
// has no token yet.
func (c *Chains) Of(leaf seal.LeafIndex) (*Gathered, error) {
	_, e, err := c.a.Event(leaf)
	if err != nil {
		return nil, err
	}
	g := &Gathered{chains: c, event: e}
	if g.token, err = c.tokenOf(leaf); err != nil {
		return nil, err
	}
	switch {
	case e.Night != nil:
		err = g.night(e.Night.File)
	case e.Rehash != nil && e.Rehash.Family == c.family:
		err = g.rehash(e.Rehash.File)
	default:
		err = fmt.Errorf("event %d is of no night, and of no renewal of %s", leaf, c.family)
	}
	if err != nil {
		return nil, err
	}
	g.renewals, err = c.renewals(leaf)
	return g, err
}

func (g *Gathered) night(file seal.Digest) error {
	data, err := g.chains.a.evidenceFile(kindNight, file)
	if err != nil {
		return err
	}
	night, err := seal.ParseNight(data)
	if err != nil {
		return err
	}
	g.order = night.Order
	g.tree, err = night.Tree(g.chains.family, g.chains.a.commitments())
	return err
}

func (g *Gathered) rehash(file seal.Digest) error {
	r, err := g.chains.rehash(file)
	if err != nil {
		return err
	}
	for _, b := range r.Bundles {
		g.order = append(g.order, b.Leaf)
	}
	g.size = r.Size
	g.tree, err = r.Tree()
	return err
}

// Bundles lists them in the order of the log: records that stand together are read together.
func (g *Gathered) Bundles() (list []seal.LeafIndex) {
	for _, i := range g.order {
		if i >= 0 {
			list = append(list, i)
		}
	}
	slices.Sort(list)
	return list
}

// Bundle is the evidence of one of them.
func (g *Gathered) Bundle(leaf seal.LeafIndex) (*Evidence, error) {
	place := slices.Index(g.order, leaf)
	if place < 0 {
		return nil, fmt.Errorf("event %d is not among what was gathered", leaf)
	}
	path, err := g.tree.Path(place)
	if err != nil {
		return nil, err
	}
	c, e := g.chains, &Evidence{}
	hash := c.family.Hash()
	if r := g.event.Rehash; r != nil { // what was before it is what was there when it was made
		hash = r.Hash.Hash()
		if e, err = c.a.evidenceAt(leaf, c.family, g.size); err != nil {
			return nil, err
		}
	}
	e.chains = append(e.chains, evidenceChain{hash, path, g.token, g.renewals})
	return e, nil
}

// tokenOf finds the first token over a night, a wave or a rehash.
func (c *Chains) tokenOf(covers seal.LeafIndex) (token []byte, err error) {
	found := errors.New("found")
	err = c.a.Events(covers, func(i seal.LeafIndex, e seal.Event) error {
		if i >= c.size {
			return found
		}
		if s := e.TimeStamp; s != nil && s.Covers == covers && s.Family == c.family {
			if token, err = c.a.evidenceFile(kindToken, s.Token); err != nil {
				return err
			}
			return found
		}
		return nil
	})
	if (err == nil || errors.Is(err, found)) && token == nil {
		return nil, fmt.Errorf("event %d, %s: %w", covers, c.family, ErrNotStamped)
	}
	if errors.Is(err, found) {
		err = nil
	}
	return token, err
}

// renewals lists those of a night or a rehash, in their order. A wave that waits for its token renews nothing yet.
func (c *Chains) renewals(leaf seal.LeafIndex) (list []renewal, err error) {
	if err := c.readWaves(leaf); err != nil {
		return nil, err
	}
	for _, w := range c.waves {
		place, in := w.Place(leaf)
		if !in {
			continue
		}
		if w.tree == nil {
			if w.tree, err = w.Tree(); err != nil {
				return nil, err
			}
		}
		path, err := w.tree.Path(place)
		if err != nil {
			return nil, err
		}
		list = append(list, renewal{path, w.token})
	}
	return list, nil
}

// readWaves reads those of the family that have their token, from the last one of the log back to leaf: the first first.
func (c *Chains) readWaves(leaf seal.LeafIndex) error {
	if c.read && c.after <= leaf {
		return nil
	}
	c.read, c.after, c.waves = true, leaf, nil
	c.a.mu.RLock()
	at := c.a.last.Accessioned.Wave
	c.a.mu.RUnlock()
	for at != nil && *at > leaf {
		_, e, err := c.a.Event(*at)
		if err != nil {
			return err
		}
		if e.Wave.Family == c.family && *at < c.size {
			if err := c.readWave(*at, e.Wave.File); err != nil {
				return err
			}
		}
		at = e.Wave.Before
	}
	slices.Reverse(c.waves)
	return nil
}

func (c *Chains) readWave(leaf seal.LeafIndex, file seal.Digest) error {
	token, err := c.tokenOf(leaf)
	if errors.Is(err, ErrNotStamped) {
		return nil
	}
	if err != nil {
		return err
	}
	w, err := c.a.wave(file)
	if err == nil {
		c.waves = append(c.waves, &stampedWave{Wave: w, token: token})
	}
	return err
}

// renewalLeaf is the hash over all tokens of the last chain so far, of a night or a rehash.
func (c *Chains) renewalLeaf(leaf seal.LeafIndex) ([]byte, error) {
	token, err := c.tokenOf(leaf)
	if err != nil {
		return nil, err
	}
	chain := seal.EvidenceChain{Stamps: []seal.ArchiveTimeStamp{{Token: token}}}
	renewals, err := c.renewals(leaf)
	if err != nil {
		return nil, err
	}
	for _, r := range renewals {
		chain.Stamps = append(chain.Stamps, seal.ArchiveTimeStamp{Token: r.token})
	}
	return (&seal.EvidenceRecord{Chains: []seal.EvidenceChain{chain}}).RenewalLeaf()
}
