package tiles

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive/internal/durable"
)

// Code says what is wrong with a file. Its values are stable.
type Code string

const (
	TileMissing    Code = "tile_missing"    // a hash tile or entry bundle is not there
	TileDamaged    Code = "tile_damaged"    // a hash tile is not what the leaves give
	EntriesDamaged Code = "entries_damaged" // an entry bundle cannot be cut into leaves, or these are not the ones hashed
	TileUnexpected Code = "tile_unexpected" // no log of this size has such a file
	TileSuperseded Code = "tile_superseded" // a partial tile that a wider one replaced: a crash left it before Publish
)

// Problem is one file that is not as it must be.
type Problem struct {
	Path   string // below the FS's root
	Code   Code
	Detail string
}

// maxProblems bounds the memory of a Check, whatever size is claimed.
const maxProblems = 1 << 18

// ErrManyProblems ends a Check that cannot name them all.
var ErrManyProblems = fmt.Errorf("more than %d problems", maxProblems)

// Check reads a log of a size from its leaves upwards, recomputes every
// hash tile and compares it byte for byte with the stored one, and looks for
// files that do not belong. fn, if not nil, is called with each leaf that has
// its hash, in order; its error ends the check.
//
// Where leaves and tile disagree, the tile above decides which of them
// is damaged. Above the partial bundle at the right edge there is none: then both
// are named. The root is computed from what was decided on, and there from the
// leaves: only the caller, who has a checkpoint, can say whether it is right. It is
// zero if so much is lost that there is no root.
//
// Memory is one tile per level and one bundle. A log that grows meanwhile
// shows as unexpected files: hold the lock, or leave these out.
func Check(fsys durable.FS, dir string, size int64, fn func(i int64, leaf []byte) error) (Tree, []Problem, error) {
	if err := checkSize(size); err != nil {
		return Tree{}, nil, err
	}
	c := &checker{log: &Log{fsys: fsys, dir: dir}, size: size, fn: fn, named: make(map[named]bool)}
	tree, err := c.tree()
	if err == nil {
		err = c.unexpected("tile", 0)
	}
	return tree, c.problems, err
}

type checker struct {
	log      *Log
	size     int64
	fn       func(i int64, leaf []byte) error
	problems []Problem
	named    map[named]bool
}

type named struct {
	path string
	code Code
}

func (c *checker) problem(t tlog.Tile, code Code, format string, args ...any) error {
	return c.report(c.log.path(t), code, fmt.Sprintf(format, args...))
}

// report names a file once for each code.
func (c *checker) report(p string, code Code, detail string) error {
	if c.named[named{p, code}] {
		return nil
	}
	if len(c.problems) == maxProblems {
		return ErrManyProblems
	}
	c.named[named{p, code}] = true
	c.problems = append(c.problems, Problem{p, code, detail})
	return nil
}

// tree checks every tile, from the one that holds the first leaves on. The
// partial tile of the highest level covers the beginning of the log, each
// one below it what follows.
func (c *checker) tree() (Tree, error) {
	s := &state{size: c.size, edge: make([][]byte, levels(c.size))}
	whole := true
	for level := len(s.edge) - 1; level >= 0; level-- {
		t := edgeTile(c.size, level)
		if t.W == 0 {
			continue
		}
		nodes, err := c.tile(t, nil)
		if err != nil {
			return Tree{}, err
		}
		data, ok := pack(nodes)
		s.edge[level], whole = data, whole && ok
	}
	if !whole {
		return Tree{Size: c.size}, nil
	}
	return s.tree()
}

// tile checks a hash tile and everything below it. above is the hash that the
// tile above has for it, or nil. The result is the tile's hashes as far as they
// can be known.
func (c *checker) tile(t tlog.Tile, above *tlog.Hash) ([]node, error) {
	stored, err := c.stored(t)
	if err != nil {
		return nil, err
	}
	if t.L == 0 {
		return c.bottom(t, stored, above)
	}
	computed := make([]node, t.W)
	for k := range computed {
		var h *tlog.Hash
		if stored != nil {
			h = &stored[k].hash
		}
		nodes, err := c.tile(child(t, k), h)
		if err != nil {
			return nil, err
		}
		computed[k] = join(nodes)
	}
	nodes, verdict := settle(stored, computed, above)
	switch verdict {
	case storedRight: // the tiles below, though they agree with their leaves, are not the ones once hashed
		for _, k := range differing(stored, computed) {
			if err := c.problem(child(t, k), TileDamaged, "does not hash to what %s has for it", tilePath(t)); err != nil {
				return nil, err
			}
		}
	case computedRight, undecided:
		err = c.problem(t, TileDamaged, "%d of %d hashes are not those of the tiles below", len(differing(stored, computed)), t.W)
	}
	return nodes, err
}

// bottom checks a tile of leaf hashes against its bundle.
func (c *checker) bottom(t tlog.Tile, stored []node, above *tlog.Hash) ([]node, error) {
	bundle := t
	bundle.L = entries
	leaves, err := c.leaves(bundle)
	if err != nil {
		return nil, err
	}
	computed := make([]node, t.W)
	for k, leaf := range leaves {
		computed[k] = node{tlog.RecordHash(leaf), true}
	}
	nodes, verdict := settle(stored, computed, above)
	wrong := differing(stored, computed)
	if verdict == storedRight || verdict == undecided {
		err = c.problem(bundle, EntriesDamaged, "%d of %d leaves, first %d, do not have their hash%s", len(wrong), t.W, first(bundle, wrong), verdict.doubt())
	}
	if err == nil && (verdict == computedRight || verdict == undecided) {
		err = c.problem(t, TileDamaged, "%d of %d hashes, first %d, are not those of the leaves%s", len(wrong), t.W, first(bundle, wrong), verdict.doubt())
	}
	if err != nil || c.fn == nil {
		return nodes, err
	}
	for k, leaf := range leaves {
		doubtful := verdict == undecided && computed[k] != stored[k]
		if computed[k] != nodes[k] || doubtful {
			continue
		}
		if err := c.fn(bundle.N*width+int64(k), leaf); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

func first(bundle tlog.Tile, wrong []int) int64 { return bundle.N*width + int64(wrong[0]) }

func child(t tlog.Tile, k int) tlog.Tile {
	return tlog.Tile{H: height, L: t.L - 1, N: t.N*width + int64(k), W: width}
}

// stored reads a hash tile as it must be, in no other width. It returns nil,
// and notes the problem, if there is none to compare with.
func (c *checker) stored(t tlog.Tile) ([]node, error) {
	data, err := c.log.hashFile(t)
	if err != nil {
		return nil, c.unreadable(t, TileDamaged, err)
	}
	return unpack(data), nil
}

func (c *checker) leaves(t tlog.Tile) ([][]byte, error) {
	leaves, err := c.log.bundleFile(t)
	if err != nil {
		return nil, c.unreadable(t, EntriesDamaged, err)
	}
	return leaves, nil
}

// unreadable notes why a tile was not read. A sector that fails is damage; not
// being allowed to look is none, and ends the check.
func (c *checker) unreadable(t tlog.Tile, damaged Code, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return c.problem(t, TileMissing, "no such file")
	}
	return c.problem(t, damaged, "%v", err)
}
