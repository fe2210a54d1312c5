package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Seed is the one random value of an envelope or document, from which every blinding value of it is derived.
type Seed [32]byte

// The uses of a seed: HKDF-SHA256 info strings, one per use and never two uses of one value.
const (
	useCommitment  = "kartoteka/commitment/1"
	useEvidence256 = "kartoteka/evidence/1 sha256"
	useEvidence512 = "kartoteka/evidence/1 sha512"
)

// NewSeed draws a seed.
func NewSeed() (s Seed) {
	rand.Read(s[:])
	return s
}

// MarshalText gives the hex form.
func (s Seed) MarshalText() ([]byte, error) { return Digest(s).MarshalText() }

// UnmarshalText takes the hex form and no other.
func (s *Seed) UnmarshalText(b []byte) error { return (*Digest)(s).UnmarshalText(b) }

func (s Seed) derive(use string, n int) []byte {
	b, err := hkdf.Key(sha256.New, s[:], nil, use, n)
	if err != nil {
		panic(err) // only lengths beyond 255 hashes fail
	}
	return b
}

// Roles of a commitment's leaves: without a name, and without a digest that could be guessed.
const (
	RoleEnvelope = "envelope"
	RoleDocument = "document"
	RoleRelease  = "release"
)

// Opening shows that one envelope, document or release stands in the commitment of an event: exact, one at a time,
// saying nothing of its neighbours.
type Opening struct {
	Index  int      `json:"index"` // 0 the envelope, 1… the documents in the order of the statement's subjects
	Role   string   `json:"role"`
	Salt   Digest   `json:"salt"` // r_i
	SHA256 Digest   `json:"sha256"`
	Path   []Digest `json:"path"` // RFC 6962 audit path
}

// leaf is the RFC 6962 leaf hash of docs/format/commitment.md.
func (o Opening) leaf() Digest {
	return LeafHash(fmt.Appendf(nil, "%s\n%d\n%s\n%s\n%s\n", SpecCommitment, o.Index, o.Role, o.Salt, o.SHA256))
}

// Check says whether o stands in a commitment over size leaves with this root.
func (o Opening) Check(size int, root Digest) error {
	want := RoleDocument
	switch {
	case size == 1: // a bundle has an envelope and at least one document
		want = RoleRelease
	case o.Index == 0:
		want = RoleEnvelope
	}
	if o.Role != want {
		return errors.New("the opening's role does not fit its index")
	}
	return CheckTreePath(o.Path, size, o.Index, o.leaf(), root)
}

func opening(i int, it CapsuleItem) Opening {
	return Opening{Index: i, Role: it.Role, Salt: Digest(it.Seed.derive(useCommitment, 32)), SHA256: it.SHA256}
}

// openings makes the openings of all items of a commitment, and its root.
func openings(items []CapsuleItem) (os []Opening, root Digest) {
	var leaves []Digest
	for i, it := range items {
		o := opening(i, it)
		os = append(os, o)
		leaves = append(leaves, o.leaf())
	}
	for i := range os {
		os[i].Path = append([]Digest{}, TreePath(leaves, i)...)
	}
	return os, TreeRoot(leaves)
}

// Commitment is what a bundle's event says of the bundle's content.
type Commitment struct {
	Count  int       `json:"count"`  // documents; the leaves are one more: the envelope
	Root   Digest    `json:"root"`   // RFC 6962, over the openings' leaves
	SHA256 Digest    `json:"sha256"` // RFC 4998, over blinded leaves
	SHA512 Digest512 `json:"sha512"`
}

// Check says whether o opens this commitment.
func (c Commitment) Check(o Opening) error { return o.Check(c.Count+1, c.Root) }
