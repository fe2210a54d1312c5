package verify

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/seal"
)

// memory is a log in memory.
type memory struct{ hashes []tlog.Hash }

func (s *memory) ReadHashes(indexes []int64) (list []tlog.Hash, err error) {
	for _, i := range indexes {
		list = append(list, s.hashes[i])
	}
	return list, nil
}

func memoryOf(t *testing.T, leaves []string) (s *memory, heads []seal.Checkpoint) {
	s, heads = &memory{}, []seal.Checkpoint{{}}
	for i, l := range leaves {
		hashes, err := tlog.StoredHashes(int64(i), []byte(l), s)
		if err != nil {
			t.Fatal(err)
		}
		s.hashes = append(s.hashes, hashes...)
		root, err := tlog.TreeHash(int64(i)+1, s)
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, seal.Checkpoint{Size: int64(i) + 1, Root: seal.Digest(root)})
	}
	return s, heads
}

// Of every two sizes of one log, and every leaf that a proof may be of, nothing is ever called a fork; of forked logs
// nothing is ever called the same.
func TestAgainstEverySize(t *testing.T) {
	const n = 20
	words := strings.Split("abcdefghijklmnopqrst", "")
	log, heads := memoryOf(t, words)
	passed, undecided := 0, 0
	for changed := -1; changed < n; changed++ {
		fork, forked := log, heads
		if changed >= 0 {
			other := slices.Clone(words)
			other[changed] = "X"
			fork, forked = memoryOf(t, other)
		}
		for small := int64(1); small <= n; small++ {
			for large := small + 1; large <= n; large++ {
				for leaf := range large {
					v := seen(t, log, heads[small], leaf%small)
					w := seen(t, fork, forked[large], leaf)
					err := v.meets(w)
					var e *Error
					if err != nil {
						e = err.(*Error)
					}
					differ := changed >= 0 && int64(changed) < small
					switch {
					case err == nil && differ:
						t.Fatalf("%d %d leaf %d changed %d: a fork passes", small, large, leaf, changed)
					case e != nil && !e.Indeterminate && !differ:
						t.Fatalf("%d %d leaf %d changed %d: %v", small, large, leaf, changed, err)
					case err == nil:
						passed++
					case e.Indeterminate:
						undecided++
					}
				}
			}
		}
	}
	if passed == 0 || undecided == 0 {
		t.Errorf("%d passed, %d undecided", passed, undecided)
	}
}

func seen(t *testing.T, s *memory, head seal.Checkpoint, leaf int64) *view {
	var path []seal.Digest
	proof, err := tlog.ProveRecord(head.Size, leaf, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range proof {
		path = append(path, seal.Digest(h))
	}
	v := &view{head: head, nodes: nodes{}}
	if v.nodes.add(span{0, head.Size}, leaf, path, seal.Digest(s.hashes[tlog.StoredHashIndex(0, leaf)])) != head.Root {
		t.Fatal("the path does not lead to the root")
	}
	return v
}
