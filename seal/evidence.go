package seal

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
)

// BlindedLeaf is H(sort(h, r)): RFC 4998 §4.2 with a random sibling, so that neighbours in a tree see only the leaf,
// and the leaf leads to nothing once h and r are shredded. It proves existence, not which of the two is the document;
// the exact proof is a [Commitment].
func BlindedLeaf(new func() hash.Hash, h, r []byte) []byte { return sortedHash(new, h, r) }

// EvidenceRoot is the root of RFC 4998's tree in the profile all known verifiers agree on: neighbours are paired in
// order, H(sort(a, b)), and an odd one is promoted unchanged.
func EvidenceRoot(new func() hash.Hash, leaves [][]byte) ([]byte, error) {
	if len(leaves) == 0 {
		return nil, errors.New("an evidence tree needs a leaf")
	}
	level := leaves
	for len(level) > 1 {
		level = levelAbove(new, level)
	}
	return level[0], nil
}

func levelAbove(new func() hash.Hash, level [][]byte) (up [][]byte) {
	for i := 0; i+1 < len(level); i += 2 {
		up = append(up, sortedHash(new, level[i], level[i+1]))
	}
	if len(level)%2 == 1 {
		up = append(up, level[len(level)-1])
	}
	return up
}

// EvidenceTree keeps the levels of a tree, from which the path of every leaf is read.
type EvidenceTree struct {
	levels [][][]byte // the leaves first, the root last
}

// NewEvidenceTree builds the tree whose root [EvidenceRoot] gives. It keeps the leaves it is given.
func NewEvidenceTree(new func() hash.Hash, leaves [][]byte) (*EvidenceTree, error) {
	if len(leaves) == 0 {
		return nil, errors.New("an evidence tree needs a leaf")
	}
	t := &EvidenceTree{levels: [][][]byte{leaves}}
	for level := leaves; len(level) > 1; {
		level = levelAbove(new, level)
		t.levels = append(t.levels, level)
	}
	return t, nil
}

// Root is what the time-stamp authority stamps.
func (t *EvidenceTree) Root() []byte { return t.levels[len(t.levels)-1][0] }

// Path gives the siblings of leaf i from the leaf up: one of every level, none where i was promoted.
func (t *EvidenceTree) Path(i int) (path [][]byte, err error) {
	if i < 0 || i >= len(t.levels[0]) {
		return nil, fmt.Errorf("leaf %d of an evidence tree of %d", i, len(t.levels[0]))
	}
	for _, level := range t.levels {
		if sibling := i ^ 1; sibling < len(level) {
			path = append(path, level[sibling])
		}
		i /= 2
	}
	return path, nil
}

// EvidencePath is [EvidenceTree.Path] of a tree that is not kept.
func EvidencePath(new func() hash.Hash, leaves [][]byte, i int) ([][]byte, error) {
	t, err := NewEvidenceTree(new, leaves)
	if err != nil {
		return nil, err
	}
	return t.Path(i)
}

func sortedHash(new func() hash.Hash, a, b []byte) []byte {
	if bytes.Compare(a, b) > 0 {
		a, b = b, a
	}
	h := new()
	h.Write(a)
	h.Write(b)
	return h.Sum(nil)
}

// evidenceRoots are a bundle's two roots, in the order of its capsule's items.
func evidenceRoots(items []CapsuleItem) (r256 Digest, r512 Digest512, err error) {
	var l256, l512 [][]byte
	for _, it := range items {
		l256 = append(l256, BlindedLeaf(sha256.New, it.SHA256[:], it.Seed.derive(useEvidence256, sha256.Size)))
		l512 = append(l512, BlindedLeaf(sha512.New, it.SHA512[:], it.Seed.derive(useEvidence512, sha512.Size)))
	}
	a, err := EvidenceRoot(sha256.New, l256)
	if err != nil {
		return r256, r512, err
	}
	b, err := EvidenceRoot(sha512.New, l512)
	copy(r256[:], a)
	copy(r512[:], b)
	return r256, r512, err
}
