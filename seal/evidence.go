package seal

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"hash"
	"slices"
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
	level := slices.Clone(leaves)
	for len(level) > 1 {
		var up [][]byte
		for i := 0; i+1 < len(level); i += 2 {
			up = append(up, sortedHash(new, level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			up = append(up, level[len(level)-1])
		}
		level = up
	}
	return level[0], nil
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
