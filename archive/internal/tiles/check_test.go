package tiles

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive/internal/durable"
)

func files(t testing.TB, root string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(root, p)
			list = append(list, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func brief(problems []Problem) string {
	var list []string
	for _, p := range problems {
		list = append(list, fmt.Sprintf("%s %s", p.Code, p.Path))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// Every flipped bit is found and its file named: alone, unless it is in the
// bundle or the tile at the right edge, of which nothing says which one it is.
func TestCheckFlips(t *testing.T) {
	fsys, root := newFS(t)
	want := grow(t, newLog(t, fsys), "", 260)
	stride := 1
	if testing.Short() {
		stride = 37
	}
	memory := inMemory{MapFS: fstest.MapFS{}}
	for _, name := range files(t, root) {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		memory.MapFS[name] = &fstest.MapFile{Data: data}
	}
	checkClean(t, memory, want)
	for name, file := range memory.MapFS {
		exact := string(TileDamaged) + " " + name
		if strings.Contains(name, "entries") {
			exact = string(EntriesDamaged) + " " + name
		}
		edge := strings.Contains(name, "001.p")
		for at := 0; at < len(file.Data); at += stride {
			file.Data[at] ^= 1 << (at % 8)
			tree, problems, err := Check(memory, "log", 260, nil)
			got := brief(problems)
			if err != nil || edge && !strings.Contains(got, exact) || !edge && got != exact {
				t.Fatalf("byte %d of %s: %s, %v", at, name, got, err)
			}
			if !edge && tree != want {
				t.Fatalf("byte %d of %s: root changed though the damage was located", at, name)
			}
			file.Data[at] ^= 1 << (at % 8)
		}
	}
}

// inMemory is a file system to read from.
type inMemory struct {
	fstest.MapFS
	durable.FS
}

func (m inMemory) Open(name string) (durable.Reader, error) {
	f, err := m.MapFS.Open(name)
	if err != nil {
		return nil, err
	}
	return f.(durable.Reader), nil
}

func (m inMemory) ReadDir(name string) ([]fs.DirEntry, error) { return m.MapFS.ReadDir(name) }
func (m inMemory) Stat(name string) (fs.FileInfo, error)      { return m.MapFS.Stat(name) }

func TestCheckDamage(t *testing.T) {
	const e, h = "log/tile/entries/", "log/tile/0/"
	for _, test := range []struct {
		name   string
		do     func(t *testing.T, root string)
		want   string
		leaves int
		root   bool // still the right one
	}{
		{"lost bundle", remove(e + "000"), "tile_missing " + e + "000", 344, true},
		{"lost hash tile", remove(h + "000"), "tile_missing " + h + "000", 600, true},
		{"lost upper tile", remove("log/tile/1/000.p/2"), "tile_missing log/tile/1/000.p/2", 600, true},
		{"lost bundle and tile", remove(e+"001", h+"001"), "tile_missing " + h + "001, tile_missing " + e + "001", 344, true},
		{"lost edge", remove(e+"002.p/88", h+"002.p/88"), "tile_missing " + h + "002.p/88, tile_missing " + e + "002.p/88", 512, false},
		{"lost everything", remove("log/tile"), "tile_missing log/tile/0/000, tile_missing log/tile/0/001, tile_missing log/tile/0/002.p/88, " +
			"tile_missing log/tile/1/000.p/2, tile_missing log/tile/entries/000, tile_missing log/tile/entries/001, tile_missing log/tile/entries/002.p/88", 0, false},
		{"cut bundle", cut(e+"000", 100), "entries_damaged " + e + "000", 344, true},
		{"cut hash tile", cut(h+"000", 100), "tile_damaged " + h + "000", 600, true},
		{"empty bundle", cut(e+"001", 0), "entries_damaged " + e + "001", 344, true},
		{"long bundle", put(e+"000", make([]byte, 600)), "entries_damaged " + e + "000", 344, true},
		{"sparse bundle", cut(e+"000", 1<<40), "entries_damaged " + e + "000", 344, true},
		{"one leaf", flipped(e+"000", 3), "entries_damaged " + e + "000", 599, true},
		{"directory for a tile", func(t *testing.T, root string) {
			remove(h+"000")(t, root)
			os.Mkdir(filepath.Join(root, h+"000"), 0o755)
		}, "tile_damaged " + h + "000", 600, true},
		{"leaves and tile forged alike, below the edge", forge, "tile_damaged log/tile/1/000.p/2", 600, false},
		{"superseded partial", put(h+"000.p/7", nil), "tile_superseded " + h + "000.p/7", 600, true},
		{"narrower partial", put(h+"002.p/7", nil), "tile_superseded " + h + "002.p/7", 600, true},
		{"wider partial", put(e+"002.p/89", nil), "tile_unexpected " + e + "002.p/89", 600, true},
		{"beyond", put("log/tile/2/000.p/1", nil), "tile_unexpected log/tile/2/000.p/1", 600, true},
		{"temporary", put(h+".tmp-00", nil), "tile_unexpected " + h + ".tmp-00", 600, true},
		{"foreign level", put("log/tile/data/000", nil), "tile_unexpected log/tile/data/000", 600, true},
		{"foreign name", put("log/tile/0/x000/001", nil), "tile_unexpected log/tile/0/x000/001", 600, true},
		{"empty directory", func(t *testing.T, root string) {
			os.Mkdir(filepath.Join(root, "log/tile/7"), 0o755)
		}, "", 600, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys, root := newFS(t)
			good := grow(t, newLog(t, fsys), "", 600)
			test.do(t, root)
			leaves := 0
			tree, problems, err := Check(fsys, "log", 600, func(int64, []byte) error { leaves++; return nil })
			if err != nil {
				t.Fatal(err)
			}
			if got := brief(problems); got != test.want {
				t.Errorf("problems: %s\nwant:     %s", got, test.want)
			}
			if leaves != test.leaves || (tree == good) != test.root {
				t.Errorf("%d leaves, want %d; root right: %v", leaves, test.leaves, tree == good)
			}
		})
	}
}

func remove(names ...string) func(*testing.T, string) {
	return func(t *testing.T, root string) {
		for _, name := range names {
			if err := os.RemoveAll(filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func cut(name string, size int64) func(*testing.T, string) {
	return func(t *testing.T, root string) {
		if err := os.Truncate(filepath.Join(root, name), size); err != nil {
			t.Fatal(err)
		}
	}
}

func put(name string, data []byte) func(*testing.T, string) {
	return func(t *testing.T, root string) {
		file := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func flipped(name string, at int) func(*testing.T, string) {
	return func(t *testing.T, root string) { flip(t, filepath.Join(root, name), at) }
}

// forge changes leaf 0 and, to match, its hash.
func forge(t *testing.T, root string) {
	file := filepath.Join(root, "log/tile/entries/000")
	flip(t, file, 3)
	bundle, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	leaves, err := parseBundle(bundle, width)
	if err != nil {
		t.Fatal(err)
	}
	tile := filepath.Join(root, "log/tile/0/000")
	hashes, err := os.ReadFile(tile)
	if err != nil {
		t.Fatal(err)
	}
	h := tlog.RecordHash(leaves[0])
	copy(hashes, h[:])
	if err := os.WriteFile(tile, hashes, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCheckLarge(t *testing.T) {
	fsys, root := newFS(t)
	good := grow(t, newLog(t, fsys), "", 65_536+300)
	forge(t, root) // 1/000 is full now: 2/000.p/1 vouches for it
	tree, problems, err := Check(fsys, "log", good.Size, nil)
	if got, want := brief(problems), "tile_damaged log/tile/0/000"; err != nil || got != want || tree != good {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	remove("log/tile/1/000")(t, root)
	_, problems, err = Check(fsys, "log", good.Size, nil)
	if got, want := brief(problems), "tile_damaged log/tile/2/000.p/1, tile_missing log/tile/1/000"; err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

// A size is a claim. Check of an empty directory at the largest ends.
func TestCheckClaim(t *testing.T) {
	fsys, _ := newFS(t)
	_, problems, err := Check(fsys, "log", MaxSize, nil)
	if !errors.Is(err, ErrManyProblems) || len(problems) != maxProblems {
		t.Errorf("%d problems, %v", len(problems), err)
	}
	if _, _, err := Check(fsys, "log", MaxSize+1, nil); err == nil {
		t.Error("no error above MaxSize")
	}
}

func TestCheckStops(t *testing.T) {
	fsys, _ := newFS(t)
	grow(t, newLog(t, fsys), "", 300)
	stop := errors.New("stop")
	if _, _, err := Check(fsys, "log", 300, func(i int64, _ []byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v", err)
	}
}
