package tiles

import (
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive/internal/durable"
)

// Tiles are for everybody to read: they name nobody.
const (
	filePerm = 0o644
	dirPerm  = 0o755
)

// Append stages leaves after the published ones and returns the tree with
// them. When it returns, every file and directory of that tree is durable; no
// file of the published tree was touched, so readers at its size notice
// nothing, and neither does a crash: what stands beyond the checkpoint's size
// is found by Beyond.
//
// Appending again before Publish starts from the published tree again and
// replaces files of the same name; the same goes for what an interrupted run
// left. It must not be done when a checkpoint of the staged tree may exist.
//
// Files beyond the new size stay: the caller quarantines what Beyond finds
// before it appends.
func (l *Log) Append(leaves [][]byte) (Tree, error) {
	now := l.published()
	if err := checkSize(now.size + int64(len(leaves))); err != nil {
		return Tree{}, err
	}
	for i, leaf := range leaves {
		if len(leaf) > MaxLeaf {
			return Tree{}, fmt.Errorf("append leaf %d: %d bytes, at most %d", now.size+int64(i), len(leaf), MaxLeaf)
		}
	}
	b := durable.NewBatch(l.fsys, l.dir, filePerm, dirPerm)
	defer b.Abort()
	next, err := l.stage(b, now, leaves)
	if err != nil {
		return Tree{}, fmt.Errorf("append to log of %d leaves: %w", now.size, err)
	}
	// A crash here leaves tiles and temporary files beyond the size.
	if err := b.Commit(); err != nil {
		return Tree{}, fmt.Errorf("append to log of %d leaves: %w", now.size, err)
	}
	l.mu.Lock()
	l.next = next
	l.mu.Unlock()
	return next.tree()
}

// stage writes the bundles, then the hash tiles from the leaves upwards.
func (l *Log) stage(b *durable.Batch, now *state, leaves [][]byte) (*state, error) {
	if len(leaves) == 0 {
		return now, nil
	}
	if err := l.stageBundles(b, now, leaves); err != nil {
		return nil, err
	}
	hashes := make([]byte, 0, len(leaves)*tlog.HashSize)
	for _, leaf := range leaves {
		h := tlog.RecordHash(leaf)
		hashes = append(hashes, h[:]...)
	}
	next := &state{size: now.size + int64(len(leaves))}
	for level := range levels(next.size) {
		var edge []byte
		if level < len(now.edge) {
			edge = now.edge[level]
		}
		// With no new hash at a level its tile stays as it is.
		rest, above, err := l.stageLevel(b, edgeTile(now.size, level), slices.Concat(edge, hashes), len(hashes) > 0)
		if err != nil {
			return nil, err
		}
		next.edge = append(next.edge, rest)
		hashes = above
	}
	return next, nil
}

// stageBundles writes the bundles that the leaves fill or begin. The first one
// also repeats the leaves of the published partial bundle, each compared with
// its hash: damage must not be carried on into a new file.
func (l *Log) stageBundles(b *durable.Batch, now *state, leaves [][]byte) error {
	t := edgeTile(now.size, entries)
	if t.W > 0 {
		old, err := l.readBundle(&hashReader{log: l, state: now}, t.N, 0, t.W)
		if err != nil {
			return err
		}
		leaves = slices.Concat(old, leaves)
	}
	for some := range slices.Chunk(leaves, width) {
		var bundle []byte
		for _, leaf := range some {
			bundle = appendLeaf(bundle, leaf)
		}
		t.W = len(some)
		if err := b.Replace(l.path(t), bundle); err != nil {
			return err
		}
		t.N++
	}
	return nil
}

// stageLevel writes the tiles of one level, from the edge tile on. It returns
// the hashes of the new partial tile and, for the level above, one hash for
// each tile filled.
func (l *Log) stageLevel(b *durable.Batch, t tlog.Tile, hashes []byte, grown bool) (rest, above []byte, err error) {
	for ; len(hashes) >= maxTile; hashes = hashes[maxTile:] {
		full := hashes[:maxTile]
		t.W = width
		if err := b.Replace(l.path(t), full); err != nil {
			return nil, nil, err
		}
		h := subtree(full)
		above = append(above, h[:]...)
		t.N++
	}
	t.W = len(hashes) / tlog.HashSize
	if t.W > 0 && grown {
		err = b.Replace(l.path(t), hashes)
	}
	return slices.Clone(hashes), above, err
}

// subtree is the hash above a full tile.
func subtree(hashes []byte) tlog.Hash {
	if len(hashes) == tlog.HashSize {
		return tlog.Hash(hashes)
	}
	half := len(hashes) / 2
	return tlog.NodeHash(subtree(hashes[:half]), subtree(hashes[half:]))
}
