package witness_test

import (
	"encoding/json"
	"io/fs"
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

type vector struct {
	Size1, Size2 int64
	Root1, Root2 []byte
	Proof        [][]byte
	WantErr      bool
}

// TestConsistencyVectors hands transparency-dev/merkle's consistency vectors in as requests, the first tree being what the
// witness cosigned before: it cosigns the good ones, and no other.
func TestConsistencyVectors(t *testing.T) {
	good, bad := 0, 0
	err := filepath.WalkDir(shared(t, "09-tlog/merkle/consistency"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".json") {
			return err
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		var v vector
		if json.Unmarshal(data, &v) != nil || v.Size1 < 0 || v.Size2 < 0 || v.Size1 == 0 {
			return nil // no request has such sizes, and none has a root of nothing
		}
		cosigned := cosignsVector(t, v)
		if cosigned == v.WantErr {
			t.Errorf("%s: cosigned %v, want %v", p, cosigned, !v.WantErr)
		}
		if v.WantErr {
			bad++
		} else {
			good++
		}
		return nil
	})
	if err != nil || good < 3 || bad < 20 {
		t.Fatalf("%d good and %d bad vectors: %v", good, bad, err)
	}
}

func cosignsVector(t *testing.T, v vector) bool {
	log := newHospital(t, origin)
	signed := func(size int64, root []byte) []byte {
		c := seal.Checkpoint{Origin: origin, Size: size}
		if len(root) != len(c.Root) {
			return []byte("no checkpoint")
		}
		copy(c.Root[:], root)
		b, err := c.Sign(log.signer)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	w := open(t, filepath.Join(t.TempDir(), "state.json"), true, log.policy)
	defer w.Close()
	if _, err := w.Add(seal.AddCheckpoint{Checkpoint: signed(v.Size1, v.Root1)}); err != nil {
		return false
	}
	r := seal.AddCheckpoint{Old: v.Size1, Checkpoint: signed(v.Size2, v.Root2)}
	for _, h := range v.Proof {
		if len(h) != tlog.HashSize {
			return false
		}
		r.Proof = append(r.Proof, tlog.Hash(h))
	}
	code, _, _ := post(t, w.Handler(), r.Marshal())
	return code == 200
}
