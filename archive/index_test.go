package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"kartoteka/seal"
)

// bigIndex makes an index whose buckets have branches.
func bigIndex(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "index.db")
	x, err := openIndexFile(name, false)
	if err != nil {
		t.Fatal(err)
	}
	var rows []change
	for i := range 500 {
		d := seal.Digest(sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
		e := seal.Entry{Leaf: seal.LeafIndex(i), Blind: []seal.Digest{d}, Classes: []string{}, Versions: []seal.Version{}}
		rows = append(rows, row{d, e, 2026}.put)
	}
	if err := x.put(rows, seal.Checkpoint{Size: 500}); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// A branch that is its own descendant would end the process inside bbolt.
func TestIndexCycle(t *testing.T) {
	name := bigIndex(t)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	x, err := openIndexFile(name, true)
	if err != nil {
		t.Fatal(err)
	}
	size := x.db.Info().PageSize
	x.Close()
	branches := 0
	for p := 2; p < len(good)/size; p++ {
		page := good[p*size:]
		if binary.NativeEndian.Uint16(page[8:]) != pageBranch || binary.NativeEndian.Uint64(page) != uint64(p) {
			continue
		}
		branches++
		for i := range int(binary.NativeEndian.Uint16(page[10:])) {
			data := append([]byte(nil), good...)
			binary.NativeEndian.PutUint64(data[p*size+pageHead+i*elementSize+8:], uint64(p))
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := openIndexFile(name, true); !errors.Is(err, ErrIndexDamaged) {
				t.Fatalf("page %d, element %d points to itself: %v", p, i, err)
			}
		}
	}
	if branches < 3 {
		t.Errorf("only %d branches", branches)
	}
}

func TestIndexPagesGood(t *testing.T) {
	name := bigIndex(t)
	for _, whole := range []bool{true, false} {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, _ := f.Stat()
		size := int64(os.Getpagesize())
		w := &pageWalk{f: f, whole: whole, size: size, limit: uint64(info.Size() / size), seen: make([]uint64, info.Size()/size/64+1)}
		root, err := w.meta()
		if err == nil {
			err = w.buckets(root)
		}
		if err != nil {
			t.Errorf("whole %v: %v", whole, err)
		}
	}
}

// A flipped cursor is damage, not a rollback.
func TestIndexCursorFlipped(t *testing.T) {
	v := withSum(append(leafKey(7), make([]byte, 32)...))
	if _, err := unsum(v); err != nil {
		t.Fatal(err)
	}
	for i := range v {
		v[i] ^= 1
		if _, err := unsum(v); !errors.Is(err, ErrIndexDamaged) {
			t.Errorf("byte %d: %v", i, err)
		}
		v[i] ^= 1
	}
}
