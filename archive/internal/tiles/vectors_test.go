package tiles

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive/internal/durable"
)

// vectors finds shared/data/09-tlog/sub beside the module or above it.
func vectors(t *testing.T, sub string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		found := filepath.Join(dir, "shared", "data", "09-tlog", sub)
		if _, err := os.Stat(found); err == nil {
			return found
		}
		if up := filepath.Dir(dir); up != dir {
			dir = up
			continue
		}
		t.Skipf("SKIP: no folder shared/data/09-tlog/%s in any folder above", sub)
	}
}

// proofVector is one file of transparency-dev/merkle's testdata.
type proofVector struct {
	Desc              string
	Size1, Size2      uint64 // some vectors are above int64; as one they are negative
	LeafIdx, TreeSize uint64
	Root1, Root2      []byte
	Root, LeafHash    []byte
	Proof             [][]byte
	WantErr           bool
}

// TestProofVectors runs RFC 6962 proofs, good and broken, through the
// checks that our proofs are for.
func TestProofVectors(t *testing.T) {
	for kind, check := range map[string]func(v proofVector) error{
		"inclusion": func(v proofVector) error {
			root, leaf, proof, err := v.hashes(v.Root, v.LeafHash)
			if err != nil {
				return err
			}
			return tlog.CheckRecord(tlog.RecordProof(proof), int64(v.TreeSize), root, int64(v.LeafIdx), leaf)
		},
		"consistency": func(v proofVector) error {
			old, root, proof, err := v.hashes(v.Root1, v.Root2)
			if err != nil {
				return err
			}
			return tlog.CheckTree(tlog.TreeProof(proof), int64(v.Size2), root, int64(v.Size1), old)
		},
	} {
		t.Run(kind, func(t *testing.T) {
			n := 0
			err := filepath.WalkDir(vectors(t, "merkle/"+kind), func(p string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				data, err := os.ReadFile(p)
				if err != nil {
					return err
				}
				var v proofVector
				if err := json.Unmarshal(data, &v); err != nil {
					return fmt.Errorf("%s: %w", p, err)
				}
				n++
				if got := check(v); (got != nil) != v.WantErr {
					t.Errorf("%s: %v, want an error: %v", p, got, v.WantErr)
				}
				return nil
			})
			if err != nil || n == 0 {
				t.Errorf("%d vectors, %v", n, err)
			}
		})
	}
}

func (v proofVector) hashes(first, second []byte) (a, b tlog.Hash, proof []tlog.Hash, err error) {
	for _, h := range append([][]byte{first, second}, v.Proof...) {
		if len(h) != tlog.HashSize {
			return a, b, nil, fmt.Errorf("hash of %d bytes", len(h))
		}
		proof = append(proof, tlog.Hash(h))
	}
	return proof[0], proof[1], proof[2:], nil
}

func readCheckpoint(t *testing.T, file string) Tree {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	var tree Tree
	if _, err := fmt.Sscan(lines[1], &tree.Size); err != nil {
		t.Fatal(err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		t.Fatal(err)
	}
	copy(tree.Root[:], root)
	return tree
}

// Tessera's log of 15 leaves keeps the partial tiles of every checkpoint: at each
// of these sizes it is read and its root found, and a copy grows into the next.
func TestTesseraLog(t *testing.T) {
	dir := vectors(t, "tessera")
	fsys := durable.OS(dir)
	for size := range int64(16) {
		want := readCheckpoint(t, filepath.Join(dir, "log", fmt.Sprintf("checkpoint.%d", size)))
		l, err := Open(fsys, "log", size)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := l.Tree(); err != nil || got != want {
			t.Errorf("Tree at %d = %v, %v; want %v", size, got, err, want)
		}
		tree, problems, err := Check(fsys, "log", size, nil)
		if err != nil || tree != want {
			t.Errorf("Check at %d = %v, %v", size, tree, err)
		}
		for _, p := range problems {
			if p.Code != TileUnexpected && p.Code != TileSuperseded {
				t.Errorf("Check at %d: %v", size, p)
			}
		}
	}
	sameFiles(t, dir)
}

// sameFiles grows a log of Tessera's leaves, one at a time, and
// compares what we write with what Tessera wrote.
func sameFiles(t *testing.T, dir string) {
	theirs, err := Open(durable.OS(dir), "log", 15)
	if err != nil {
		t.Fatal(err)
	}
	q, root := newFS(t)
	ours := newLog(t, q)
	err = theirs.Leaves(0, 15, func(i int64, leaf []byte) error {
		tree, err := ours.Append([][]byte{leaf})
		if err != nil {
			return err
		}
		return ours.Publish(tree.Size)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files(t, root) {
		got, err1 := os.ReadFile(filepath.Join(root, name))
		want, err2 := os.ReadFile(filepath.Join(dir, name))
		if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs: %v, %v", name, err1, err2)
		}
	}
}

// Sunlight's mirrored log of 300 leaves has real hash tiles and bundles that
// only pretend: the root is still found from the tiles, and both are named.
func TestSunlightMirror(t *testing.T) {
	mirror := vectors(t, "sunlight/cmd/skylight/testdata/witness/mirror")
	list, err := filepath.Glob(filepath.Join(mirror, "*", "checkpoint"))
	if err != nil || len(list) != 1 {
		t.Fatalf("checkpoints %v, %v", list, err)
	}
	fsys := durable.OS(filepath.Dir(list[0]))
	want := readCheckpoint(t, list[0])
	l, err := Open(fsys, ".", want.Size)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := l.Tree(); err != nil || got != want {
		t.Errorf("Tree = %v, %v; want %v", got, err, want)
	}
	tree, problems, err := Check(fsys, ".", want.Size, nil)
	if err != nil || tree != want {
		t.Errorf("Check = %v, %v; want %v", tree, err, want)
	}
	if got, want := brief(problems), "entries_damaged tile/entries/000, entries_damaged tile/entries/001.p/44"; got != want {
		t.Errorf("problems: %s\nwant:     %s", got, want)
	}
	hashes, err := os.ReadFile(filepath.Join(filepath.Dir(list[0]), "tile/0/001.p/44"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.Inclusion(299, 300)
	if err == nil {
		err = tlog.CheckRecord(p, 300, want.Root, 299, hashAt(hashes, 43))
	}
	if err != nil {
		t.Error(err)
	}
}
