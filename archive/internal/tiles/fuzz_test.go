package tiles

import (
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/seal/fuzztest"
)

func FuzzParseBundle(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add([]byte{0, 0}, uint8(0))
	f.Add([]byte{0, 3, 'o', 'n', 'e', 0, 0, 0, 1, 'x'}, uint8(2))
	f.Add([]byte{255, 255, 0}, uint8(255))
	f.Fuzz(func(t *testing.T, data []byte, last uint8) {
		n := int(last) + 1
		var leaves [][]byte
		var err error
		fuzztest.Bounded(t, len(data), func() { leaves, err = parseBundle(data, n) })
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v is not ErrDamaged", err)
			}
			return
		}
		if len(leaves) != n {
			t.Fatalf("%d leaves, want %d", len(leaves), n)
		}
		fuzztest.Same(t, data, func() (again []byte, err error) {
			for _, leaf := range leaves {
				again = appendLeaf(again, leaf)
			}
			return again, nil
		})
	})
}

// FuzzParseTilePath: each tile has one path, and each path that is one names a tile.
func FuzzParseTilePath(f *testing.F) {
	for _, t := range []tlog.Tile{{L: 0, N: 0, W: width}, {L: 1, N: 1234067, W: 8}, {L: entries, N: 5, W: 255}, {L: 63, N: 1 << 40, W: 1}} {
		f.Add(tilePath(t))
	}
	f.Add("tile/0/x000/001")
	f.Add("tile/data/000")
	f.Fuzz(func(t *testing.T, p string) {
		tile, err := parseTilePath(p)
		if err == nil && (tilePath(tile) != p || tile.N < 0 || tile.W < 1 || tile.W > width || tile.L < entries || tile.L > 63) {
			t.Errorf("%q read as %+v, written %q", p, tile, tilePath(tile))
		}
	})
}
