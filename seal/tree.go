package seal

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// TreeRoot is the RFC 6962 §2.1 Merkle tree hash over leaves given by their leaf hashes.
// The root over no leaves is SHA-256 of nothing.
func TreeRoot(leaves []Digest) Digest {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	default:
		k := split(n)
		return node(TreeRoot(leaves[:k]), TreeRoot(leaves[k:]))
	}
}

// LeafHash is the RFC 6962 hash of one leaf.
func LeafHash(data []byte) Digest { return Digest(tlog.RecordHash(data)) }

// TreePath is the RFC 6962 §2.1.1 audit path of leaf i.
func TreePath(leaves []Digest, i int) []Digest {
	if len(leaves) <= 1 {
		return nil
	}
	k := split(len(leaves))
	if i < k {
		return append(TreePath(leaves[:k], i), TreeRoot(leaves[k:]))
	}
	return append(TreePath(leaves[k:], i-k), TreeRoot(leaves[:k]))
}

// CheckTreePath says whether leaf i of size stands under root.
func CheckTreePath(path []Digest, size, i int, leaf, root Digest) error {
	if i < 0 || i >= size {
		return fmt.Errorf("leaf %d is outside a tree of %d", i, size)
	}
	proof := make(tlog.RecordProof, len(path))
	for j, h := range path {
		proof[j] = tlog.Hash(h)
	}
	if tlog.CheckRecord(proof, int64(size), tlog.Hash(root), int64(i), tlog.Hash(leaf)) != nil {
		return errors.New("the audit path does not lead to the root")
	}
	return nil
}

func node(l, r Digest) Digest { return Digest(tlog.NodeHash(tlog.Hash(l), tlog.Hash(r))) }

// split is the largest power of two below n.
func split(n int) int {
	k := 1
	for k<<1 < n {
		k <<= 1
	}
	return k
}
