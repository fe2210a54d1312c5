package seal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/seal"
)

// shared finds shared/data/sub beside the module or above it.
func shared(t *testing.T, sub string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		found := filepath.Join(dir, "shared", "data", sub)
		if _, err := os.Stat(found); err == nil {
			return found
		}
		if up := filepath.Dir(dir); up != dir {
			dir = up
			continue
		}
		t.Skipf("SKIP: no folder shared/data/%s in any folder above", sub)
	}
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) (list []tlog.Hash, err error) {
	for _, i := range indexes {
		list = append(list, h[i])
	}
	return list, nil
}

// The tree is compared with golang.org/x/mod/sumdb/tlog at every size and leaf.
func TestTree(t *testing.T) {
	var stored hashes
	var leaves []seal.Digest
	if got, want := seal.TreeRoot(nil), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; got.String() != want {
		t.Errorf("no leaves: got %s, want %s", got, want)
	}
	for n := int64(0); n < 130; n++ {
		data := fmt.Appendf(nil, "leaf %d", n)
		more, err := tlog.StoredHashes(n, data, stored)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		leaves = append(leaves, seal.LeafHash(data))
		want, err := tlog.TreeHash(n+1, stored)
		if err != nil {
			t.Fatal(err)
		}
		root := seal.TreeRoot(leaves)
		if root != seal.Digest(want) {
			t.Fatalf("%d leaves: root %s, want %x", n+1, root, want)
		}
		for i := range leaves {
			checkPath(t, leaves, i, root, stored)
		}
	}
}

func checkPath(t *testing.T, leaves []seal.Digest, i int, root seal.Digest, stored hashes) {
	t.Helper()
	n := len(leaves)
	want, err := tlog.ProveRecord(int64(n), int64(i), stored)
	if err != nil {
		t.Fatal(err)
	}
	path := seal.TreePath(leaves, i)
	if len(path) != len(want) || len(path) > bits.Len(uint(n)) {
		t.Fatalf("leaf %d of %d: %d hashes, want %d", i, n, len(path), len(want))
	}
	for j := range want {
		if path[j] != seal.Digest(want[j]) {
			t.Fatalf("leaf %d of %d: hash %d differs", i, n, j)
		}
	}
	if err := seal.CheckTreePath(path, n, i, leaves[i], root); err != nil {
		t.Errorf("leaf %d of %d: %v", i, n, err)
	}
	if n > 1 && seal.CheckTreePath(path, n, (i+1)%n, leaves[i], root) == nil {
		t.Errorf("leaf %d of %d passes for another index", i, n)
	}
	if seal.CheckTreePath(append(path, root), n, i, leaves[i], root) == nil {
		t.Errorf("leaf %d of %d: a hash too many passes", i, n)
	}
}

func TestTreePathBounds(t *testing.T) {
	d := seal.LeafHash([]byte("x"))
	for _, tt := range []struct{ size, i int }{{0, 0}, {1, -1}, {1, 1}, {-1, 0}} {
		if seal.CheckTreePath(nil, tt.size, tt.i, d, d) == nil {
			t.Errorf("leaf %d of %d passes", tt.i, tt.size)
		}
	}
}

// TestTreeVectors runs transparency-dev/merkle's inclusion vectors; its consistency vectors run in package tiles, and
// verify.Consistency is tested against them in package verify. The subtree vectors have no counterpart here.
func TestTreeVectors(t *testing.T) {
	n := 0
	err := filepath.WalkDir(shared(t, "09-tlog/merkle/inclusion"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".json") {
			return err
		}
		var v struct {
			LeafIdx, TreeSize int
			Root, LeafHash    []byte
			Proof             [][]byte
			WantErr           bool
		}
		data, err := os.ReadFile(p)
		if err == nil {
			err = json.Unmarshal(data, &v)
		}
		if err != nil {
			return nil // a size that no int holds: tlog's affair
		}
		n++
		root, leaf, path, ok := merkleHashes(v.Root, v.LeafHash, v.Proof)
		passed := ok && seal.CheckTreePath(path, v.TreeSize, v.LeafIdx, leaf, root) == nil
		if passed == v.WantErr {
			t.Errorf("%s: passed %v, want %v", p, passed, !v.WantErr)
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("%d vectors: %v", n, err)
	}
}

// merkleHashes is false where a hash has not 32 bytes, which our readers refuse before.
func merkleHashes(r, l []byte, p [][]byte) (root, leaf seal.Digest, path []seal.Digest, ok bool) {
	ok = len(r) == len(root) && len(l) == len(leaf)
	copy(root[:], r)
	copy(leaf[:], l)
	for _, h := range p {
		var d seal.Digest
		ok = ok && len(h) == len(d)
		copy(d[:], h)
		path = append(path, d)
	}
	return root, leaf, path, ok
}

func TestSegment(t *testing.T) {
	for _, n := range []int{0, 1, seal.BlockSize - len(seal.SegmentMagic), seal.BlockSize, 3*seal.BlockSize + 5} {
		var b bytes.Buffer
		w, err := seal.NewSegmentWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		body := bytes.Repeat([]byte{7}, n)
		for p := body; len(p) > 0; p = p[min(len(p), 1000):] {
			w.Write(p[:min(len(p), 1000)])
		}
		s := w.Sum(3)
		var leaves []seal.Digest
		for p := b.Bytes(); len(p) > 0; p = p[min(len(p), seal.BlockSize):] {
			leaves = append(leaves, seal.LeafHash(sum(p[:min(len(p), seal.BlockSize)])))
		}
		if s.N != 3 || s.Length != int64(b.Len()) || s.Root != seal.TreeRoot(leaves) || w.Sum(3) != s {
			t.Errorf("%d bytes: got %+v", n, s)
		}
		if err := seal.CheckSegment(bytes.NewReader(b.Bytes()), s); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		for _, i := range []int{0, b.Len() / 2, b.Len() - 1} {
			bad := bytes.Clone(b.Bytes())
			bad[i] ^= 1
			if seal.CheckSegment(bytes.NewReader(bad), s) == nil {
				t.Errorf("%d bytes: byte %d changed and nothing said", n, i)
			}
		}
		if seal.CheckSegment(bytes.NewReader(append(b.Bytes(), 0)), s) == nil {
			t.Errorf("%d bytes: a byte more and nothing said", n)
		}
	}
}
