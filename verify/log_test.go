package verify_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/seal"
	"kartoteka/verify"
)

var exampleLog = []string{"event-0-trust.json", "event-1-accession.json", "event-2-bundle.json", "event-3-accession.json", "event-4-release.json", "event-5-accession.json"}

func exampleLeaves(t testing.TB) (leaves [][]byte) {
	for _, name := range exampleLog {
		leaves = append(leaves, vector(t, name))
	}
	return leaves
}

func TestEventsGood(t *testing.T) {
	var intakes []verify.Intake
	v := &verify.Events{Done: func(in verify.Intake) { intakes = append(intakes, in) }}
	for _, leaf := range exampleLeaves(t) {
		if err := v.Leaf(leaf); err != nil {
			t.Fatal(err)
		}
	}
	policy, unknown, err := v.End()
	if err != nil || unknown != 0 || policy != verify.Digest(vector(t, "policy-1.json")) || len(intakes) != 3 {
		t.Fatalf("policy %s, %d unknown, %d intakes, %v", policy, unknown, len(intakes), err)
	}
	if in := intakes[1]; in.Bundles != 1 || in.Releases != 0 || in.Leaf != 3 || in.ID.String() != "2026/11/21-0002" || len(in.Files.Segments) != 1 {
		t.Errorf("got %+v", in)
	}
	if in := intakes[2]; in.Releases != 1 || in.Leaf != 5 {
		t.Errorf("got %+v", in)
	}
}

// edit parses the i-th event, changes it and writes it again.
func edit(t *testing.T, leaves [][]byte, i int, change func(*seal.Event)) {
	t.Helper()
	e, err := seal.ParseEvent(leaves[i])
	if err != nil {
		t.Fatal(err)
	}
	change(&e)
	if leaves[i], err = e.Marshal(); err != nil {
		t.Fatal(err)
	}
}

func TestEventsFaults(t *testing.T) {
	drop := func(l [][]byte, i int) [][]byte { return append(append([][]byte{}, l[:i]...), l[i+1:]...) }
	type leaves = [][]byte
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, l leaves) leaves
		want   string // in an error of Leaf or End
	}{
		{"trust left out", func(t *testing.T, l leaves) leaves { return drop(l, 0) }, "has 0 events, it says 1"},
		{"bundle left out", func(t *testing.T, l leaves) leaves { return drop(l, 2) }, "has 0 events, it says 1"},
		{"accession left out", func(t *testing.T, l leaves) leaves { return drop(l, 3) }, "accession 2026/11/21-0002 is not complete"},
		{"ends inside", func(t *testing.T, l leaves) leaves { return l[:5] }, "the log ends inside accession 2026/11/22-0001"},
		{"bundle twice", func(t *testing.T, l leaves) leaves { return append(l[:3:3], append(leaves{l[2]}, l[3:]...)...) }, "do not follow"},
		{"accession twice", func(t *testing.T, l leaves) leaves { return append(l[:4:4], l[2:]...) }, "does not come after"},
		{"order", func(t *testing.T, l leaves) leaves { return leaves{l[0], l[1], l[4], l[5], l[2], l[3]} }, "is dated 2026-11-21T20:00:00Z"},
		{"no leaf at all", func(t *testing.T, l leaves) leaves { l[2] = []byte("x"); return l }, "event 2"},
		{"content", func(t *testing.T, l leaves) leaves {
			edit(t, l, 2, func(e *seal.Event) { e.Bundle.Content = 1 })
			return l
		}, "do not follow"},
		{"capsule", func(t *testing.T, l leaves) leaves {
			edit(t, l, 2, func(e *seal.Event) { e.Bundle.Capsule = 1 })
			return l
		}, "do not follow"},
		{"entry", func(t *testing.T, l leaves) leaves {
			edit(t, l, 2, func(e *seal.Event) { e.Bundle.Entry = 1 })
			return l
		}, "do not follow"},
		{"count", func(t *testing.T, l leaves) leaves {
			edit(t, l, 2, func(e *seal.Event) { e.Bundle.Commitment.Count = 3 })
			return l
		}, "content.keys has 3 records, the events speak for 4"},
		{"keyfile missing", func(t *testing.T, l leaves) leaves {
			edit(t, l, 3, func(e *seal.Event) { e.Accessioned.Keyfiles = e.Accessioned.Keyfiles[:2] })
			return l
		}, "no index.keys"},
		{"release's record", func(t *testing.T, l leaves) leaves {
			edit(t, l, 4, func(e *seal.Event) { e.Release.Content = 3 })
			return l
		}, "do not follow"},
		{"other policy", func(t *testing.T, l leaves) leaves {
			edit(t, l, 3, func(e *seal.Event) { e.Accessioned.Policy = seal.Digest{1} })
			return l
		}, "was not made under the policy in force"},
		{"policy not changed by an event", func(t *testing.T, l leaves) leaves {
			edit(t, l, 0, func(e *seal.Event) { e.Trust.Before = seal.Digest{1} })
			return l
		}, "changes another policy"},
		{"clock back", func(t *testing.T, l leaves) leaves {
			edit(t, l, 4, func(e *seal.Event) { e.Time = seal.At(e.Time.Add(-48 * time.Hour)) })
			return l
		}, "before the event before it"},
		{"clock that names another time", func(t *testing.T, l leaves) leaves {
			clock := append([]byte{}, vector(t, "event-clock.json")...)
			return append(l, []byte(strings.Replace(string(clock), "2026-11-22T10", "2026-11-22T11", 1)))
		}, "it is dated 2026-11-22T10:00:00Z"},
		{"void of a later event", func(t *testing.T, l leaves) leaves {
			l = append(l, append([]byte{}, vector(t, "event-release-void.json")...))
			edit(t, l, 6, func(e *seal.Event) { e.ReleaseVoid.Release = 6 })
			return l
		}, "not before it"},
		{"order of a later event", func(t *testing.T, l leaves) leaves {
			l = append(l, append([]byte{}, vector(t, "event-segment-retired.json")...))
			edit(t, l, 6, func(e *seal.Event) { e.Retired.Order = 7 })
			return l
		}, "under another order"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := &verify.Events{}, error(nil)
			for _, leaf := range tt.change(t, exampleLeaves(t)) {
				if err = v.Leaf(leaf); err != nil {
					break
				}
			}
			if err == nil {
				_, _, err = v.End()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || outcome(err) != "event" {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// An event of a later version may speak for records of its own: this version counts it and goes on, and still sees
// records that two events claim.
func TestEventsUnknownKind(t *testing.T) {
	leaves := exampleLeaves(t)
	stamp := []byte(`{"schema":"kartoteka/event/1","kind":"stamp","accession":"2026/11/21-0002","time":"2026-11-21T20:00:00Z","stamp":{"content":0}}`)
	run := func(content, records int) error {
		l := append(append([][]byte{}, leaves[:2]...), stamp, append([]byte{}, leaves[2]...), append([]byte{}, leaves[3]...))
		edit(t, l, 3, func(e *seal.Event) { e.Bundle.Content = content })
		edit(t, l, 4, func(e *seal.Event) { e.Accessioned.Events, e.Accessioned.Keyfiles[0].Records = 2, records })
		v := &verify.Events{}
		for _, leaf := range l {
			if err := v.Leaf(leaf); err != nil {
				return err
			}
		}
		_, unknown, err := v.End()
		if err == nil && unknown != 1 {
			err = fmt.Errorf("%d unknown", unknown)
		}
		return err
	}
	for _, tt := range []struct {
		content, records int
		ok               bool
	}{{1, 4, true}, {0, 3, true}, {0, 4, true}, {1, 3, false}} {
		if err := run(tt.content, tt.records); (err == nil) != tt.ok {
			t.Errorf("bundle at %d of %d records: %v", tt.content, tt.records, err)
		}
	}
}

// tree is a log of n leaves in memory.
type tree struct{ hashes []tlog.Hash }

func (s *tree) ReadHashes(indexes []int64) (list []tlog.Hash, err error) {
	for _, i := range indexes {
		list = append(list, s.hashes[i])
	}
	return list, nil
}

func treeOf(leaves ...string) (*tree, []seal.Checkpoint) {
	s := &tree{}
	heads := []seal.Checkpoint{{Root: seal.Digest(must(tlog.TreeHash(0, s)))}}
	for i, l := range leaves {
		s.hashes = append(s.hashes, must(tlog.StoredHashes(int64(i), []byte(l), s))...)
		heads = append(heads, seal.Checkpoint{Origin: origin, Size: int64(i) + 1, Root: seal.Digest(must(tlog.TreeHash(int64(i)+1, s)))})
	}
	return s, heads
}

func TestConsistency(t *testing.T) {
	log, heads := treeOf("a", "b", "c", "d", "e", "f", "g")
	fork, forked := treeOf("a", "b", "x", "d", "e", "f", "g")
	proof := func(s *tree, from, to int64) tlog.TreeProof { return must(tlog.ProveTree(to, from, s)) }
	for _, tt := range []struct {
		name        string
		before, now seal.Checkpoint
		proof       tlog.TreeProof
		want        string
	}{
		{"grown", heads[3], heads[7], proof(log, 3, 7), "passed"},
		{"grown to a power of two", heads[2], heads[4], proof(log, 2, 4), "passed"},
		{"the same", heads[5], heads[5], nil, "passed"},
		{"from nothing", heads[0], heads[5], nil, "passed"},
		{"rolled back", heads[5], heads[4], nil, "log_rolled_back"},
		{"rolled back to nothing", heads[5], heads[0], nil, "log_rolled_back"},
		{"same size, other root", heads[5], forked[5], nil, "log_consistency"},
		{"forked", heads[3], forked[7], proof(fork, 3, 7), "log_consistency"},
		{"forked after both", heads[2], forked[7], proof(fork, 2, 7), "passed"},
		{"proof of another log", heads[3], heads[7], proof(fork, 3, 7), "log_consistency"},
		{"proof of other sizes", heads[3], heads[7], proof(log, 4, 7), "log_consistency"},
		{"no proof", heads[3], heads[7], nil, "log_consistency"},
		{"proof too long", heads[3], heads[7], append(proof(log, 3, 7), tlog.Hash{}), "log_consistency"},
	} {
		if got := outcome(verify.Consistency(tt.before, tt.now, tt.proof)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// transparency-dev/merkle's consistency vectors. Where both sizes are equal or the first is 0 no proof is needed, so a
// vector that is wrong only in its proof has no verdict here.
func TestConsistencyVectors(t *testing.T) {
	n := 0
	err := filepath.WalkDir(shared(t, "09-tlog/merkle/consistency"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".json") {
			return err
		}
		var v struct {
			Size1, Size2 int64
			Root1, Root2 []byte
			Proof        [][]byte
			WantErr      bool
		}
		if json.Unmarshal(must(os.ReadFile(p)), &v) != nil {
			return nil
		}
		n++
		ok := len(v.Root1) == 32 && len(v.Root2) == 32
		a, b := seal.Checkpoint{Size: v.Size1}, seal.Checkpoint{Size: v.Size2}
		copy(a.Root[:], v.Root1)
		copy(b.Root[:], v.Root2)
		var proof tlog.TreeProof
		for _, h := range v.Proof {
			var x tlog.Hash
			ok = ok && len(h) == len(x)
			copy(x[:], h)
			proof = append(proof, x)
		}
		passed := ok && verify.Consistency(a, b, proof) == nil
		if passed == v.WantErr && !(passed && (v.Size1 == v.Size2 || v.Size1 == 0)) {
			t.Errorf("%s: passed %v, want %v", p, passed, !v.WantErr)
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("%d vectors: %v", n, err)
	}
}
