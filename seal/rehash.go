package seal

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
)

// Rehash is what is stamped together when a family's hash tree is renewed (RFC 4998 §5.2): every bundle of some nights by
// the root over its items' new values, with another hash. The values themselves cannot be told from the root, nor the
// documents from the values: they are made with what only the capsules know.
type Rehash struct {
	Schema string `json:"schema"`
	Origin string `json:"origin"`
	Family Family `json:"family"` // whose records it renews
	Hash   Family `json:"hash"`   // the new hash, by the name of its family

	// Size is the log's at which the records were taken: what was stamped later is in no value of this file.
	Size    int64          `json:"size"`
	Nights  []LeafIndex    `json:"nights"`  // in whose place this comes: events of nights, or of earlier files of this kind
	Bundles []RehashBundle `json:"bundles"` // the tree's leaves, in random order
}

// RehashBundle is a bundle in a rehash.
type RehashBundle struct {
	Leaf LeafIndex `json:"leaf"` // its event
	Root []byte    `json:"root"` // [RenewedRoot]
}

// A rehash's file has at most so many bundles, and so many bytes: what is read at once.
const (
	MaxRehashBundles = 100_000
	MaxRehash        = 32 << 20
)

// RenewedRoot is the root over a bundle's items in a new chain: hs are the items' digests with the new hash, records their
// records so far, both in the capsule's order. It gives the values too, which are the tree's leaves.
func RenewedRoot(hash crypto.Hash, hs [][]byte, records []*EvidenceRecord) (root []byte, values [][]byte, err error) {
	if len(hs) != len(records) {
		return nil, nil, errors.New("a bundle has a digest and a record for each of its items")
	}
	for i, e := range records {
		values = append(values, e.RenewedHash(hash, hs[i], false))
	}
	root, err = EvidenceRoot(hash.New, values)
	return root, values, err
}

// Digests gives the items' digests with a hash that the capsule knows.
func (c Capsule) Digests(hash crypto.Hash) (list [][]byte, err error) {
	for _, it := range c.Items {
		switch hash {
		case crypto.SHA256:
			list = append(list, bytes.Clone(it.SHA256[:]))
		case crypto.SHA512:
			list = append(list, bytes.Clone(it.SHA512[:]))
		default:
			return nil, errors.New("a capsule has digests of SHA-256 and SHA-512 only")
		}
	}
	return list, nil
}

// Tree is the tree whose root is stamped.
func (r Rehash) Tree() (*EvidenceTree, error) {
	leaves := make([][]byte, len(r.Bundles))
	for k, b := range r.Bundles {
		leaves[k] = b.Root
	}
	return NewEvidenceTree(r.Hash.Hash().New, leaves)
}

// Place is where a bundle's root stands in the tree.
func (r Rehash) Place(bundle LeafIndex) (int, bool) {
	for k, b := range r.Bundles {
		if b.Leaf == bundle {
			return k, true
		}
	}
	return 0, false
}

// Range gives the events From ≤ i < To between which the bundles' are.
func (r Rehash) Range() (from, to LeafIndex) {
	from, to = r.Bundles[0].Leaf, r.Bundles[0].Leaf+1
	for _, b := range r.Bundles {
		from, to = min(from, b.Leaf), max(to, b.Leaf+1)
	}
	return from, to
}

// Marshal gives the file.
func (r Rehash) Marshal() ([]byte, error) {
	r.Schema = SpecRehash
	if err := r.check(); err != nil {
		return nil, err
	}
	b, err := Marshal(r)
	if len(b) >= MaxRehash {
		return nil, fmt.Errorf("rehash has more than %d bytes", MaxRehash)
	}
	return append(b, '\n'), err
}

// ParseRehash reads one.
func ParseRehash(data []byte) (Rehash, error) {
	var r Rehash
	line, ok := bytes.CutSuffix(data, []byte("\n"))
	if !ok || len(data) > MaxRehash {
		return r, errors.New("rehash: too long, or does not end with a line feed")
	}
	if err := UnmarshalCanonical(line, &r); err != nil {
		return r, fmt.Errorf("rehash: %w", err)
	}
	return r, r.check()
}

func (r Rehash) check() error {
	switch {
	case r.Schema != SpecRehash || r.Origin == "" || r.Family.Hash() == 0 || r.Hash.Hash() == 0:
		return errors.New("rehash: schema, origin, family or hash is missing")
	case len(r.Bundles) == 0 || len(r.Bundles) > MaxRehashBundles || len(r.Nights) == 0 ||
		!ascending(r.Nights, func(a, b LeafIndex) int { return int(a - b) }) || r.Nights[0] < 1 || int64(r.Nights[len(r.Nights)-1]) >= r.Size:
		return errors.New("rehash: bundles are missing or too many, or nights are not in the order of the log, or beyond its size")
	}
	seen := make(map[LeafIndex]bool, len(r.Bundles))
	for _, b := range r.Bundles {
		if b.Leaf < 0 || int64(b.Leaf) >= r.Size || seen[b.Leaf] || len(b.Root) != r.Hash.Hash().Size() {
			return errors.New("rehash: a bundle stands there twice or is beyond the log's size, or its root is no hash")
		}
		seen[b.Leaf] = true
	}
	return nil
}

// RehashEvent says that bundles were gathered to be stamped with another hash.
type RehashEvent struct {
	File    Digest     `json:"file"` // SHA-256 of evidence/FILE.rehash.json
	Family  Family     `json:"family"`
	Hash    Family     `json:"hash"` // the new hash, by the name of its family
	From    LeafIndex  `json:"from"` // the bundles' events are From ≤ i < To
	To      LeafIndex  `json:"to"`
	Bundles int        `json:"bundles"`
	Root    string     `json:"root"`             // hex
	Before  *LeafIndex `json:"before,omitempty"` // the one before it, of whatever family
}

func (e RehashEvent) sound() bool {
	return e.Family.Hash() != 0 && e.Hash.Hash() != 0 && e.From >= 0 && e.To > e.From && e.Bundles >= 1 && e.Bundles <= MaxRehashBundles &&
		len(e.Root) == 2*e.Hash.Hash().Size() && (e.Before == nil || *e.Before >= 0)
}
