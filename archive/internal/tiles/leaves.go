package tiles

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Leaf returns leaf i of the log.
func (l *Log) Leaf(i int64) (leaf []byte, err error) {
	err = l.Leaves(i, i+1, func(_ int64, b []byte) error {
		leaf = b
		return nil
	})
	return leaf, err
}

// Leaves calls fn with each leaf from index from up to, not including, to, in
// order. It holds one bundle in memory (at most 16 MiB; ours are about 100
// KiB) and stops at the first error, fn's or its own. fn may keep the leaf.
//
// A leaf is compared with its hash in the level 0 tile before fn sees it: rot
// does not pass, though whoever rewrites both does.
func (l *Log) Leaves(from, to int64, fn func(i int64, leaf []byte) error) error {
	s, err := l.at(to)
	if err != nil {
		return err
	}
	if from < 0 || from > to {
		return fmt.Errorf("leaves %d to %d: not a range", from, to)
	}
	hashes := &hashReader{log: l, state: s}
	for i := from; i < to; {
		n := i / width
		start, end := n*width, min((n+1)*width, to)
		clear(hashes.seen) // never asked for again
		leaves, err := l.readBundle(hashes, n, int(i-start), int(end-start))
		if err != nil {
			return err
		}
		for _, leaf := range leaves {
			if err := fn(i, leaf); err != nil {
				return err
			}
			i++
		}
	}
	return nil
}

// readBundle returns the leaves lo to hi, counted within bundle n, each
// compared with its hash.
func (l *Log) readBundle(r *hashReader, n int64, lo, hi int) (leaves [][]byte, err error) {
	t := sized(r.state.size, 0, n)
	hashes, err := r.tile(t)
	if err != nil {
		return nil, err
	}
	t.L = entries
	err = l.anyWidth(t, func(stored tlog.Tile) error {
		all, err := l.bundleFile(stored)
		if err != nil {
			return err
		}
		for k := lo; k < hi; k++ {
			if tlog.RecordHash(all[k]) != hashAt(hashes, k) {
				return fmt.Errorf("leaf %d in %s does not have its hash: %w", n*width+int64(k), l.path(stored), ErrDamaged)
			}
		}
		leaves = all[lo:hi]
		return nil
	})
	return leaves, err
}

func hashAt(tile []byte, k int) tlog.Hash {
	return tlog.Hash(tile[k*tlog.HashSize : (k+1)*tlog.HashSize])
}
