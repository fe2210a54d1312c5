package tiles

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive/internal/durable"
)

// lookAgain is how often a reader looks for a partial tile that is replaced
// while it looks. Each time costs the writer a whole Publish.
const lookAgain = 4

// anyWidth calls use with the tile as stored and then, while that is absent
// or use fails, with wider forms of the same tile, of which it is the
// beginning: a writer may have published since the reader's checkpoint, and
// removed it. The error is the first one that is not an absence.
func (l *Log) anyWidth(t tlog.Tile, use func(stored tlog.Tile) error) error {
	var first error
	for range lookAgain {
		for _, w := range l.widths(t) {
			stored := t
			stored.W = w
			err := use(stored)
			if err == nil {
				return nil
			}
			if first == nil && !errors.Is(err, fs.ErrNotExist) {
				first = err
			}
		}
		if first != nil {
			return first
		}
		if t.W == width {
			break
		}
	}
	return fmt.Errorf("read %s: %w", l.path(t), fs.ErrNotExist)
}

// widths yields the tile's own width, then full, then what wider partial ones
// the directory lists, in rising order. It lists only when asked to go on.
func (l *Log) widths(t tlog.Tile) func(yield func(int, int) bool) {
	return func(yield func(int, int) bool) {
		if !yield(0, t.W) || t.W == width || !yield(1, width) {
			return
		}
		for i, w := range l.partials(path.Dir(l.path(t))) {
			if w > t.W && !yield(2+i, w) {
				return
			}
		}
	}
}

// partials lists the widths in a directory of partial tiles, rising.
func (l *Log) partials(dir string) []int {
	list, err := l.fsys.ReadDir(dir)
	if err != nil {
		return nil // absent: no partial tile
	}
	var widths []int
	for _, e := range list {
		w, err := strconv.Atoi(e.Name())
		if err == nil && w > 0 && w < width && strconv.Itoa(w) == e.Name() {
			widths = append(widths, w)
		}
	}
	slices.Sort(widths)
	return widths
}

// readHashes returns the t.W hashes of a hash tile.
func (l *Log) readHashes(t tlog.Tile) (hashes []byte, err error) {
	err = l.anyWidth(t, func(stored tlog.Tile) error {
		data, err := l.hashFile(stored)
		if err == nil {
			hashes = data[:t.W*tlog.HashSize]
		}
		return err
	})
	return hashes, err
}

func (l *Log) hashFile(t tlog.Tile) ([]byte, error) {
	data, err := readTile(l.fsys, l.path(t), maxTile)
	if err == nil && len(data) != t.W*tlog.HashSize {
		err = fmt.Errorf("tile %s has %d bytes, not %d: %w", l.path(t), len(data), t.W*tlog.HashSize, ErrDamaged)
	}
	return data, err
}

func (l *Log) bundleFile(t tlog.Tile) ([][]byte, error) {
	data, err := readTile(l.fsys, l.path(t), maxBundle)
	if err != nil {
		return nil, err
	}
	leaves, err := parseBundle(data, t.W)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.path(t), err)
	}
	return leaves, nil
}

func readTile(fsys durable.FS, name string, max int64) ([]byte, error) {
	data, err := durable.ReadFile(fsys, name, max)
	if errors.Is(err, durable.ErrTooLarge) {
		err = fmt.Errorf("%w: %w", err, ErrDamaged)
	}
	return data, err
}

// hashReader gives tlog the stored hashes of a state. The edge is in memory;
// log may be nil if nothing else is asked for. It serves one call: it keeps
// each tile that it read.
type hashReader struct {
	log   *Log
	state *state
	seen  map[tlog.Tile][]byte
}

func (r *hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, len(indexes))
	for _, x := range indexes {
		found := tlog.TileForIndex(height, x)
		t := sized(r.state.size, found.L, found.N)
		if t.W < found.W {
			return nil, fmt.Errorf("hash %d is not in a tree of %d leaves", x, r.state.size)
		}
		data, err := r.tile(t)
		if err != nil {
			return nil, err
		}
		h, err := tlog.HashFromTile(t, data, x)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

func (r *hashReader) tile(t tlog.Tile) ([]byte, error) {
	if t.W < width {
		return r.state.edge[t.L], nil
	}
	if data, ok := r.seen[t]; ok {
		return data, nil
	}
	if r.log == nil {
		return nil, fmt.Errorf("tile %s is not at the edge", tilePath(t))
	}
	data, err := r.log.readHashes(t)
	if err != nil {
		return nil, err
	}
	if r.seen == nil {
		r.seen = make(map[tlog.Tile][]byte)
	}
	r.seen[t] = data
	return data, nil
}
