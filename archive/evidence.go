package archive

import (
	"crypto"
	"errors"
	"fmt"
	"slices"

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
