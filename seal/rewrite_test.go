package seal_test

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kartoteka/seal"
)

// longKeyfile is a keyfile of n records, with headers that differ.
func longKeyfile(t testing.TB, n int) *seal.Keyfile {
	t.Helper()
	k := exampleKeyfile(t, "content-1.keys")
	headers := k.Records
	k.Records = nil
	for i := range n {
		r := headers[i%len(headers)]
		r.N, r.Offset = i, int64(20+100*i)
		k.Records = append(k.Records, r)
	}
	return k
}

// Whatever order a keyfile is shredded and rewrapped in, and however often it is tried again, its bytes come out the same;
// its header root is that of the first day.
func TestKeyfileRewritingOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	wrapped := exampleKeyfile(t, "content-1-rewrapped.keys")
	for range 200 {
		n := 1 + rng.IntN(12)
		root := must(longKeyfile(t, n).HeaderRoot())
		var todo []func(k *seal.Keyfile) error
		last := seal.LeafIndex(0)
		for _, i := range rng.Perm(n)[:rng.IntN(n+1)] {
			order := seal.LeafIndex(1 + rng.IntN(30))
			last = max(last, order)
			todo = append(todo, func(k *seal.Keyfile) error { return k.Shred(i, order) })
		}
		rewrapped := rng.IntN(2) == 0
		if rewrapped {
			event := seal.LeafIndex(1 + rng.IntN(30))
			last = max(last, event)
			todo = append(todo, func(k *seal.Keyfile) error { k.Rewrap(wrapped.Secrets, event); return nil })
		}
		var want []byte
		for round := range 3 {
			k := longKeyfile(t, n)
			rng.Shuffle(len(todo), func(i, j int) { todo[i], todo[j] = todo[j], todo[i] })
			for _, do := range slices.Concat(todo, todo[:rng.IntN(len(todo)+1)]) { // a crash makes it begin again
				if err := do(k); err != nil {
					t.Fatal(err)
				}
			}
			data := must(k.Marshal())
			if round == 0 {
				want = data
			}
			if !bytes.Equal(data, want) {
				t.Fatalf("in another order:\n%s\nwant\n%s", data, want)
			}
		}
		k, err := seal.ParseKeyfile(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := must(k.HeaderRoot()); got != root || k.Head.Generation != last || (k.Head.Wrapped != nil) != rewrapped {
			t.Fatalf("root %s, want %s; generation %d, want %d", got, root, k.Head.Generation, last)
		}
		if g, err := seal.PeekGeneration(want[:min(len(want), 512)]); err != nil || g != last {
			t.Fatalf("peeked at generation %d, %v; want %d", g, err, last)
		}
	}
}

func TestKeyfileShred(t *testing.T) {
	k := exampleKeyfile(t, "content-1.keys")
	line := bytes.Split(vector(t, "content-1.keys"), []byte("\n"))[3+1] // record 1
	if err := k.Shred(1, 9); err != nil {
		t.Fatal(err)
	}
	r := k.Records[1]
	if !r.Shredded() || *r.Leaf != seal.LeafHash(line) || *r.Order != 9 || r.Header != nil || r.Segment != 0 || r.Offset != 0 || r.Length != 0 || r.N != 1 {
		t.Errorf("got %+v", r)
	}
	if err := k.Shred(1, 12); err != nil || *k.Records[1].Order != 9 || k.Head.Generation != 9 {
		t.Errorf("shredded twice: %+v, generation %d, %v", k.Records[1], k.Head.Generation, err)
	}
	data := must(k.Marshal())
	if bytes.Contains(data, line[40:100]) {
		t.Error("something of the line is still there")
	}
	if again := must(seal.ParseKeyfile(data)); !again.Records[1].Shredded() || again.Records[0].Shredded() {
		t.Errorf("read again: %+v", again.Records)
	}
	for _, n := range []int{-1, 3} {
		if k.Shred(n, 12) == nil {
			t.Errorf("record %d is shredded", n)
		}
	}
}

// Rewrapping changes who may, and nothing else.
func TestKeyfileRewrap(t *testing.T) {
	before, after := exampleKeyfile(t, "content-1.keys"), exampleKeyfile(t, "content-1-rewrapped.keys")
	a, b := must(before.Sum()), must(after.Sum())
	if a.Root != b.Root || a.Records != b.Records || a.Secrets == b.Secrets || after.Head.Generation != keyLeaf || *after.Head.Wrapped != keyLeaf {
		t.Errorf("before %+v, after %+v", a, b)
	}
	before.Rewrap(after.Secrets, keyLeaf)
	if data := must(before.Marshal()); !bytes.Equal(data, vector(t, "content-1-rewrapped.keys")) {
		t.Errorf("got %s", data)
	}
	before.Rewrap(after.Secrets, 20)
	if *before.Head.Wrapped != 20 || before.Head.Generation != 20 {
		t.Errorf("rewrapped again: %+v", before.Head)
	}
}

// The digest is over the lines as they stand in the file: a byte, a line more or two lines exchanged are others.
func TestSecretsSum(t *testing.T) {
	k := exampleKeyfile(t, "index-1.keys")
	lines := strings.SplitAfter(string(vector(t, "index-1.keys")), "\n")
	sum := must(k.SecretsSum())
	if want := seal.Digest(sha256.Sum256([]byte(strings.Join(lines[2:2+len(k.Secrets)], "")))); len(k.Secrets) != 2 || sum != want {
		t.Errorf("got %s, want %s over %d lines", sum, want, len(k.Secrets))
	}
	for name, change := range map[string]func(*seal.Keyfile){
		"exchanged": func(k *seal.Keyfile) { slices.Reverse(k.Secrets) },
		"one less":  func(k *seal.Keyfile) { k.Secrets = k.Secrets[:1] },
		"twice":     func(k *seal.Keyfile) { k.Secrets = append(k.Secrets, k.Secrets[0]) },
		"to":        func(k *seal.Keyfile) { k.Secrets[0].To = k.Secrets[1].To },
		"a bit":     func(k *seal.Keyfile) { k.Secrets[1].Age[100] ^= 1 },
	} {
		other := exampleKeyfile(t, "index-1.keys")
		change(other)
		if must(other.SecretsSum()) == sum {
			t.Errorf("%s: the same digest", name)
		}
		if must(other.HeaderRoot()) != must(k.HeaderRoot()) {
			t.Errorf("%s: another header root", name)
		}
	}
}

func TestPeekGeneration(t *testing.T) {
	for name, want := range map[string]seal.LeafIndex{"content-1.keys": 0, "content-1-rewrapped.keys": keyLeaf, "content-1-shredded.keys": disposalLeaf} {
		data := vector(t, name)
		if g, err := seal.PeekGeneration(data[:200]); err != nil || g != want {
			t.Errorf("%s: %d, %v", name, g, err)
		}
	}
	data := vector(t, "content-1.keys")
	for _, bad := range [][]byte{nil, data[:19], data[:60], []byte("kartoteka/keyfile/2\n{}\n"), bytes.Replace(data, []byte(`"generation":0`), []byte(`"generation":00`), 1), data[20:]} {
		if _, err := seal.PeekGeneration(bad); err == nil {
			t.Errorf("%.60q has a generation", bad)
		}
	}
}
