package tiles

import (
	"fmt"
	"path"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// entries is the level of entry bundles, as tlog has it.
const entries = -1

// tilePath returns where a tile stands below the log's directory. C2SP's path is
// tlog's without the height, which is always 8, and with "entries" for "data".
func tilePath(t tlog.Tile) string {
	t.H = height
	p := strings.TrimPrefix(t.Path(), "tile/8/")
	if rest, ok := strings.CutPrefix(p, "data/"); ok {
		p = "entries/" + rest
	}
	return "tile/" + p
}

// parseTilePath is the inverse of tilePath. It refuses every other spelling.
func parseTilePath(p string) (tlog.Tile, error) {
	bad := fmt.Errorf("%q is not the path of a tile", p)
	rest, ok := strings.CutPrefix(p, "tile/")
	if !ok || strings.HasPrefix(rest, "data/") || strings.Count(rest, "/") > 8 {
		return tlog.Tile{}, bad // 8: beyond it an index would overflow
	}
	if n, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + n
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	if err != nil || t.L > 63 || tilePath(t) != p {
		return tlog.Tile{}, bad
	}
	return t, nil
}

// hashesAt is how many hashes a tree of a size has at a tile level; entry
// bundles follow level 0.
func hashesAt(size int64, level int) int64 { return size >> (height * max(level, 0)) }

// levels is the number of levels that have a tile.
func levels(size int64) int {
	n := 0
	for hashesAt(size, n) > 0 {
		n++
	}
	return n
}

// edgeTile is the partial tile at a level. W is 0 if all tiles are full: it
// then has no file, and N is the first index beyond.
func edgeTile(size int64, level int) tlog.Tile {
	h := hashesAt(size, level)
	return tlog.Tile{H: height, L: level, N: h >> height, W: int(h % width)}
}

// sized returns the tile at a level and index as a tree of a size has it. W is
// 0 if the tree does not have it.
func sized(size int64, level int, n int64) tlog.Tile {
	t := edgeTile(size, level)
	if n < t.N {
		t.W = width
	} else if n > t.N {
		t.W = 0
	}
	t.N = n
	return t
}

// belongs reports whether a log of a size consists of t among others.
func belongs(t tlog.Tile, size int64) bool { return sized(size, t.L, t.N).W == t.W }

func (l *Log) path(t tlog.Tile) string { return path.Join(l.dir, tilePath(t)) }
