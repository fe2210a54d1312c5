package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
	"kartoteka/seal/fuzztest"
)

// FuzzIndex damages an index: each four bytes are a page, a place in it and a value. Whatever is damaged, it is opened
// or called damaged, read or called damaged, written or called damaged, and the process goes on.
func FuzzIndex(f *testing.F) {
	dir := f.TempDir()
	name := filepath.Join(dir, "good.db")
	rows := fuzzRows()
	x, err := openIndexFile(name, false)
	if err == nil {
		err = errors.Join(x.put(puts(rows), seal.Checkpoint{Size: int64(len(rows))}), x.Close())
	}
	if err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(name)
	if err != nil {
		f.Fatal(err)
	}
	size := os.Getpagesize()
	f.Add([]byte{})
	for page := 0; page < min(len(good)/size, 22); page += 3 {
		for _, at := range []uint16{8, 10, 16, 24} {
			f.Add(append(binary.BigEndian.AppendUint16([]byte{byte(page)}, at), 0xff))
		}
	}
	at := filepath.Join(dir, "damaged.db")
	f.Fuzz(func(t *testing.T, damage []byte) {
		data := bytes.Clone(good)
		for d := damage[:min(len(damage), 64)]; len(d) >= 4; d = d[4:] {
			data[(int(d[0])*size+int(binary.BigEndian.Uint16(d[1:]))%size)%len(data)] = d[3]
		}
		if err := os.WriteFile(at, data, 0o600); err != nil {
			t.Fatal(err)
		}
		fuzztest.Bounded(t, 4*len(data), func() {
			for _, readOnly := range []bool{true, false} {
				readIndex(t, at, readOnly, rows)
			}
		})
	})
}

func fuzzRows() (rows []row) {
	for i := range 40 {
		d := seal.Digest(sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
		rows = append(rows, row{d, seal.Entry{Schema: seal.SpecEntry, Leaf: seal.LeafIndex(i), Blind: []seal.Digest{d}, Person: &d, Number: 1, Count: 1,
			Opening: seal.Opening{Role: seal.RoleEnvelope, Path: []seal.Digest{}}, Classes: []string{}, Versions: []seal.Version{}}, 2026})
	}
	return rows
}

func puts(rows []row) (changes []change) {
	for _, r := range rows {
		changes = append(changes, r.put)
	}
	return changes
}

// damaged says whether an error is what a damaged index may give.
func damaged(err error) bool { return err == nil || errors.Is(err, ErrIndexDamaged) }

func readIndex(t *testing.T, name string, readOnly bool, rows []row) {
	t.Helper()
	x, err := openIndexFile(name, readOnly)
	if err != nil {
		if !damaged(err) {
			t.Errorf("open: %v", err)
		}
		return
	}
	defer x.Close()
	x.cursor()
	for _, r := range rows {
		_, _, err1 := x.byID(r.id)
		_, err2 := x.lastNumber(seal.IndexKey{}, *r.entry.Person)
		_, err3 := x.search([][]seal.Digest{r.entry.Blind})
		err4 := x.view(func(tx *bolt.Tx) error { _, err := readFile(tx, *r.entry.Person); return err })
		if !damaged(err1) && !errors.Is(err1, errDisposed) || !damaged(err2) || !damaged(err3) || !damaged(err4) {
			t.Errorf("read: %v, %v, %v, %v", err1, err2, err3, err4)
		}
	}
	if readOnly {
		return
	}
	if err := x.put(puts(rows[:3]), seal.Checkpoint{Size: int64(len(rows))}); !damaged(err) {
		t.Errorf("put: %v", err)
	}
}
