// Package tiles keeps an append-only Merkle tree (RFC 6962) on disk in the
// layout of https://c2sp.org/tlog-tiles: hash tiles of 256 hashes under
// tile/<L>/<N>[.p/<W>] and entry bundles under tile/entries/<N>[.p/<W>].
//
// A log has one writer. Append stages a larger tree that nobody reads; the
// caller then makes a checkpoint durable; Publish makes the staged tree the
// log's own. Readers in other processes read at the size of a checkpoint they
// hold, while the writer works.
//
// The package knows no signatures. What it reads is not proven to belong to
// any checkpoint before the caller compares a root or checks a proof.
package tiles

import (
	"errors"
	"fmt"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive/internal/durable"
)

const (
	// MaxLeaf is the longest leaf in bytes: a bundle gives its length in 16 bits.
	MaxLeaf = 1<<16 - 1

	// MaxSize bounds a log's size in leaves, far below where tlog's
	// arithmetic overflows (some of it would then loop for ever).
	MaxSize = 1 << 48

	height = 8           // of a tile, in tree levels; C2SP knows no other
	width  = 1 << height // of a full tile, in hashes or leaves

	maxTile   = width * tlog.HashSize
	maxBundle = width * (2 + MaxLeaf)
)

// ErrDamaged is wrapped by every error about a tile file that is there but is
// not what it should be. A file that is not there gives fs.ErrNotExist.
var ErrDamaged = errors.New("damaged")

// Tree is a log at one size.
type Tree struct {
	Size int64 // leaves
	Root tlog.Hash
}

// Log is an open log. Its methods may be called from several goroutines, but
// Append and Publish by one writer, who holds the archive's lock.
type Log struct {
	fsys durable.FS
	dir  string

	mu   sync.Mutex
	now  *state // published
	next *state // staged by Append, or nil
}

// state is a tree's right edge: all that a root, or growing, needs. It never
// changes once made.
type state struct {
	size int64
	edge [][]byte // per level, the hashes of its partial tile; empty if there is none
}

// Open reads the right edge of the log in dir at the given size, which the
// caller has from a checkpoint; it compares nothing with that checkpoint's
// root. It creates nothing: a log of size 0 needs no files.
func Open(fsys durable.FS, dir string, size int64) (*Log, error) {
	if err := checkSize(size); err != nil {
		return nil, err
	}
	l := &Log{fsys: fsys, dir: dir}
	s := &state{size: size}
	for level := range levels(size) {
		t := edgeTile(size, level)
		var hashes []byte
		if t.W > 0 {
			var err error
			if hashes, err = l.readHashes(t); err != nil {
				return nil, fmt.Errorf("open log at size %d: %w", size, err)
			}
		}
		s.edge = append(s.edge, hashes)
	}
	l.now = s
	return l, nil
}

func checkSize(size int64) error {
	if size < 0 || size > MaxSize {
		return fmt.Errorf("log size %d is not within 0 and %d", size, int64(MaxSize))
	}
	return nil
}

// Tree returns the published tree.
func (l *Log) Tree() (Tree, error) { return l.published().tree() }

func (l *Log) published() *state {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// at returns the smallest known state that contains the tree of a size. The
// staged one counts: a witness signs a checkpoint only with a consistency
// proof, and that is before the checkpoint is published.
func (l *Log) at(size int64) (*state, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case size < 0:
		return nil, fmt.Errorf("log size %d is negative", size)
	case size <= l.now.size:
		return l.now, nil
	case l.next != nil && size <= l.next.size:
		return l.next, nil
	}
	return nil, fmt.Errorf("size %d is beyond the log's %d leaves", size, l.now.size)
}

func (s *state) tree() (Tree, error) {
	root, err := tlog.TreeHash(s.size, &hashReader{state: s})
	return Tree{s.size, root}, err
}
