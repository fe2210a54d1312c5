package seal_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"slices"
	"testing"

	"kartoteka/seal"
)

func sum(b []byte) []byte { d := sha256.Sum256(b); return d[:] }

// capsuleOf makes a capsule of n documents.
func capsuleOf(n int) seal.Capsule {
	c := seal.Capsule{Bundle: "test-bundle"}
	for i := range n + 1 {
		role := seal.RoleDocument
		if i == 0 {
			role = seal.RoleEnvelope
		}
		data := fmt.Appendf(nil, "document %d", i)
		c.Items = append(c.Items, seal.CapsuleItem{Role: role, Size: int64(len(data)), SHA256: sha256.Sum256(data), SHA512: sha512.Sum512(data), Seed: seal.Seed(fixed(fmt.Sprint("seed of ", i)))})
	}
	return c
}

func TestCommitment(t *testing.T) {
	for _, n := range []int{1, 2, 3, 7, 8, seal.MaxDocuments} {
		c, openings, err := capsuleOf(n).Commit()
		if err != nil || c.Count != n || len(openings) != n+1 {
			t.Fatalf("%d documents: %+v, %v", n, c, err)
		}
		for i, o := range openings {
			if err := c.Check(o); err != nil || o.Index != i {
				t.Errorf("%d documents: opening %d: %v", n, i, err)
			}
		}
	}
}

// Whatever is changed in an opening, it opens nothing.
func TestCommitmentRefuses(t *testing.T) {
	c, openings, err := capsuleOf(3).Commit()
	if err != nil {
		t.Fatal(err)
	}
	for i := range openings {
		for name, change := range map[string]func(*seal.Opening){
			"index up":        func(o *seal.Opening) { o.Index++ },
			"index down":      func(o *seal.Opening) { o.Index-- },
			"index negative":  func(o *seal.Opening) { o.Index = -1 },
			"role document":   func(o *seal.Opening) { o.Role = flip(o.Role, seal.RoleDocument) },
			"role envelope":   func(o *seal.Opening) { o.Role = flip(o.Role, seal.RoleEnvelope) },
			"role release":    func(o *seal.Opening) { o.Role = seal.RoleRelease },
			"role with lines": func(o *seal.Opening) { o.Role += "\n" },
			"neighbour":       func(o *seal.Opening) { o.SHA256 = openings[(i+1)%len(openings)].SHA256 },
			"path short":      func(o *seal.Opening) { o.Path = o.Path[1:] },
			"path long":       func(o *seal.Opening) { o.Path = append(o.Path, o.Path[0]) },
		} {
			o := openings[i]
			o.Path = slices.Clone(o.Path)
			change(&o)
			if c.Check(o) == nil {
				t.Errorf("opening %d with %s passes", i, name)
			}
		}
		for b := range 32 {
			for _, field := range []func(*seal.Opening) *seal.Digest{
				func(o *seal.Opening) *seal.Digest { return &o.Salt },
				func(o *seal.Opening) *seal.Digest { return &o.SHA256 },
				func(o *seal.Opening) *seal.Digest { return &o.Path[b%len(o.Path)] },
			} {
				o := openings[i]
				o.Path = slices.Clone(o.Path)
				field(&o)[b] ^= 1
				if c.Check(o) == nil {
					t.Errorf("opening %d passes with byte %d changed", i, b)
				}
			}
		}
	}
}

func flip(role, to string) string {
	if role == to {
		return to + "s"
	}
	return to
}

// A release is alone in its commitment: neither can pass for a part of a bundle nor the other way.
func TestCommitmentRelease(t *testing.T) {
	r, err := seal.ParseReleaseEntry(vector(t, "release-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	data, o, root, err := r.Commit()
	if err != nil || !bytes.Equal(data, vector(t, "release-1.json")) || o.SHA256 != sha256.Sum256(data) {
		t.Fatalf("commit: %+v, %v", o, err)
	}
	if err := o.Check(1, root); err != nil {
		t.Error(err)
	}
	if o.Check(2, root) == nil {
		t.Error("a release passes for an envelope")
	}
	o.Role = seal.RoleEnvelope
	if o.Check(1, root) == nil {
		t.Error("an envelope passes for a release")
	}
}

// The roots of a small bundle, computed by hand: three items, so that the odd one is promoted.
func TestEvidenceRoots(t *testing.T) {
	c := capsuleOf(2)
	var l256, l512 [][]byte
	for _, it := range c.Items {
		l256 = append(l256, sortedSHA256(it.SHA256[:], derive(it.Seed, "kartoteka/evidence/1 sha256", 32)))
		l512 = append(l512, sortedSHA512(it.SHA512[:], derive(it.Seed, "kartoteka/evidence/1 sha512", 64)))
	}
	got, _, err := c.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if want := sortedSHA256(sortedSHA256(l256[0], l256[1]), l256[2]); !bytes.Equal(got.SHA256[:], want) {
		t.Errorf("SHA-256 root: got %s, want %x", got.SHA256, want)
	}
	if want := sortedSHA512(sortedSHA512(l512[0], l512[1]), l512[2]); !bytes.Equal(got.SHA512[:], want) {
		t.Errorf("SHA-512 root: got %s, want %x", got.SHA512, want)
	}
	if _, err := seal.EvidenceRoot(sha256.New, nil); err == nil {
		t.Error("a tree of nothing has a root")
	}
	one, err := seal.EvidenceRoot(sha256.New, l256[:1])
	if err != nil || !bytes.Equal(one, l256[0]) {
		t.Errorf("a tree of one leaf: %x, %v", one, err)
	}
	five := append(append([][]byte{}, l256...), l256[:2]...)
	want := sortedSHA256(sortedSHA256(sortedSHA256(five[0], five[1]), sortedSHA256(five[2], five[3])), five[4])
	if got, _ := seal.EvidenceRoot(sha256.New, five); !bytes.Equal(got, want) {
		t.Errorf("five leaves: got %x, want %x", got, want)
	}
}

// Seeds of all uses and items give values that are all different.
func TestSeedsApart(t *testing.T) {
	seen := map[string]bool{}
	for _, it := range capsuleOf(5).Items {
		for _, use := range []string{"kartoteka/commitment/1", "kartoteka/evidence/1 sha256", "kartoteka/evidence/1 sha512"} {
			v := string(derive(it.Seed, use, 32))
			if seen[v] {
				t.Errorf("%s: a value twice", use)
			}
			seen[v] = true
		}
	}
}

// With k_p and the count anyone finds a person's bundles and sees that there is no further one.
func TestLabelCompleteness(t *testing.T) {
	key := seal.IndexKey(fixed("index"))
	anna, ona := key.PersonKey(key.Blind("anna")), key.PersonKey(key.Blind("ona"))
	const m = 12
	log := map[seal.Digest]bool{}
	for n := 1; n <= m; n++ {
		log[seal.Label(anna, n)] = true
		if n <= 3 {
			log[seal.Label(ona, n)] = true
		}
	}
	if len(log) != m+3 {
		t.Fatalf("%d labels, want %d", len(log), m+3)
	}
	for n := 1; n <= m; n++ {
		if !log[seal.Label(anna, n)] {
			t.Errorf("label %d is missing", n)
		}
	}
	if log[seal.Label(anna, m+1)] || log[seal.Label(anna, 0)] || log[seal.Label(ona, 4)] {
		t.Error("there is a label of a bundle that does not exist")
	}
}

func hexSum(b []byte) string { return fmt.Sprintf("%x", sum(b)) }
