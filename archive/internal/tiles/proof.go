package tiles

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// RootAt returns the root of the tree of the first size leaves.
func (l *Log) RootAt(size int64) (tlog.Hash, error) {
	s, err := l.at(size)
	if err != nil {
		return tlog.Hash{}, err
	}
	return tlog.TreeHash(size, &hashReader{log: l, state: s})
}

// Inclusion proves leaf i to be in the tree of a size (RFC 6962 §2.1.1).
// It is made from stored hashes: a damaged tile gives a proof that fails.
func (l *Log) Inclusion(i, size int64) (tlog.RecordProof, error) {
	s, err := l.at(size)
	if err != nil {
		return nil, err
	}
	if i < 0 || i >= size {
		return nil, fmt.Errorf("leaf %d is not in a tree of %d leaves", i, size)
	}
	return tlog.ProveRecord(size, i, &hashReader{log: l, state: s})
}

// Consistency proves the tree of the old size to be the beginning of the tree
// of a size (RFC 6962 §2.1.2). Of the empty tree everything is a continuation,
// and the proof empty.
func (l *Log) Consistency(old, size int64) (tlog.TreeProof, error) {
	s, err := l.at(size)
	if err != nil {
		return nil, err
	}
	if old < 0 || old > size {
		return nil, fmt.Errorf("size %d is not within a tree of %d leaves", old, size)
	}
	if old == 0 {
		return tlog.TreeProof{}, nil
	}
	return tlog.ProveTree(size, old, &hashReader{log: l, state: s})
}
