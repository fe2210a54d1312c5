package tiles

import (
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive/internal/durable"
)

func TestTilePath(t *testing.T) {
	for _, test := range []struct {
		tile tlog.Tile
		path string
	}{
		{tlog.Tile{L: 0, N: 0, W: 256}, "tile/0/000"},
		{tlog.Tile{L: 0, N: 273, W: 112}, "tile/0/273.p/112"},
		{tlog.Tile{L: 5, N: 1234067, W: 256}, "tile/5/x001/x234/067"},
		{tlog.Tile{L: -1, N: 1234067, W: 1}, "tile/entries/x001/x234/067.p/1"},
	} {
		if got := tilePath(test.tile); got != test.path {
			t.Errorf("path %s, want %s", got, test.path)
		}
		test.tile.H = height
		if got, err := parseTilePath(test.path); err != nil || got != test.tile {
			t.Errorf("parse %s = %v, %v", test.path, got, err)
		}
	}
	for _, bad := range []string{"", "tile", "tile/0", "tile/0/", "tile/00/000", "tile/+1/000", "tile/64/000", "tile/-1/000", "tile/data/000",
		"tile/entries/00", "tile/0/x000/001", "tile/0/001/002", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p",
		"x/0/000", "tile/8/0/000", "tile/0/x999/x999/x999/x999/x999/x999/x999/999"} {
		if got, err := parseTilePath(bad); err == nil {
			t.Errorf("%q parses as %v", bad, got)
		}
	}
}

// What belongs to a size, by the example in the specification.
func TestBelongs(t *testing.T) {
	for path, want := range map[string]bool{
		"tile/0/272": true, "tile/0/273.p/112": true, "tile/0/273": false, "tile/0/273.p/111": false,
		"tile/1/000": true, "tile/1/001.p/17": true, "tile/2/000.p/1": true, "tile/3/000.p/1": false,
		"tile/entries/272": true, "tile/entries/273.p/112": true, "tile/entries/272.p/1": false,
	} {
		tile, err := parseTilePath(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := belongs(tile, 70_000); got != want {
			t.Errorf("%s belongs to 70,000: %v", path, got)
		}
	}
}

func touch(t *testing.T, fsys durable.FS, path string) {
	t.Helper()
	b := durable.NewBatch(fsys, ".", filePerm, dirPerm)
	if err := b.Replace(path, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
}

// Around each size where indexes get a digit group more: files up to 3,000
// tiles after the edge are found, with holes; those of the log itself are not.
func TestBeyondEdges(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, full := range []int64{0, 1, 5, 998, 999, 1000, 1001, 1999, 5500, 998_999, 999_998, 999_999, 1_000_000, 1_000_001, 2_345_678} {
		for _, w := range []int{0, 1, 200} {
			fsys, _ := newFS(t)
			l := &Log{fsys: fsys, dir: "log", now: &state{size: full*width + int64(w)}}
			var want []string
			for _, level := range []int{entries, 0} {
				for range 12 {
					n := max(full+rng.Int64N(6000)-3000, 0)
					tile := tlog.Tile{L: level, N: n, W: 1 + rng.IntN(width)}
					if rng.IntN(2) == 0 {
						tile.W = width
					}
					touch(t, fsys, l.path(tile))
					if n > full || n == full && tile.W > w {
						want = append(want, l.path(tile))
					}
				}
				for _, ww := range []int{w, w + 1, width} {
					tile := tlog.Tile{L: level, N: full, W: ww}
					if ww == 0 {
						continue
					}
					touch(t, fsys, l.path(tile))
					if ww > w {
						want = append(want, l.path(tile))
					}
				}
			}
			above := "log/tile/6/000.p/1"
			touch(t, fsys, above)
			want = append(want, above)
			got, err := l.Beyond()
			slices.Sort(got)
			slices.Sort(want)
			if want = slices.Compact(want); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%d full tiles and %d: Beyond = %v, %v\nwant %v", full, w, got, err, want)
			}
		}
	}
}

// A long log's directories are not walked: only those at the edge are listed.
func TestBeyondListsLittle(t *testing.T) {
	fsys, _ := newFS(t)
	for n := int64(0); n < 40_000; n += 500 {
		touch(t, fsys, "log/"+tilePath(tlog.Tile{L: 0, N: n, W: width}))
	}
	c := &counting{FS: fsys}
	l := &Log{fsys: c, dir: "log", now: &state{size: 40_000 * width}}
	got, err := l.Beyond()
	if err != nil || len(got) > 0 || c.lists > 5 {
		t.Errorf("Beyond = %v, %v after listing %d directories", got, err, c.lists)
	}
}

type counting struct {
	durable.FS
	lists int
}

func (c *counting) ReadDir(name string) ([]fs.DirEntry, error) {
	c.lists++
	return c.FS.ReadDir(name)
}

func TestBeyondTemporary(t *testing.T) {
	fsys, _ := newFS(t)
	l := newLog(t, fsys)
	grow(t, l, "a", 300)
	want := []string{"log/tile/.tmp-1", "log/tile/0/.tmp-2", "log/tile/0/001.p/.tmp-3"}
	for _, p := range want {
		touch(t, fsys, p)
	}
	got, err := l.Beyond()
	if slices.Sort(got); err != nil || !slices.Equal(got, want) {
		t.Errorf("Beyond = %v, %v", got, err)
	}
}
