package seal

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"
)

// Family is a kind of evidence tree, by its hash. Two from the first day: if one hash or one authority falls overnight,
// the other stands.
type Family string

// The families, and the hash of each.
const (
	FamilySHA256 Family = "sha256"
	FamilySHA512 Family = "sha512"
)

// Families lists them all.
func Families() []Family { return []Family{FamilySHA256, FamilySHA512} }

// Hash of the family; 0 of none that there is.
func (f Family) Hash() crypto.Hash {
	switch f {
	case FamilySHA256:
		return crypto.SHA256
	case FamilySHA512:
		return crypto.SHA512
	}
	return 0
}

// Night is what is stamped together: all bundles that came in since the night before it, and the checkpoint that commits
// to them. Its trees follow from it and the bundles' events, so that only the order is kept.
type Night struct {
	Schema     string      `json:"schema"`
	Origin     string      `json:"origin"`
	From       LeafIndex   `json:"from"`       // the bundles of events From ≤ i < To
	To         LeafIndex   `json:"to"`         // the size of the log at the checkpoint
	Checkpoint string      `json:"checkpoint"` // the signed note as it was published
	Order      []LeafIndex `json:"order"`      // the trees' leaves: bundle events in random order, -1 the checkpoint
}

// MaxNight bounds a night's file, in bytes: a hundred thousand bundles.
const MaxNight = 4 << 20

// Marshal gives the file.
func (n Night) Marshal() ([]byte, error) {
	n.Schema = SpecNight
	if err := n.check(); err != nil {
		return nil, err
	}
	b, err := Marshal(n)
	return append(b, '\n'), err
}

// ParseNight reads one.
func ParseNight(data []byte) (Night, error) {
	var n Night
	if len(data) > MaxNight {
		return n, fmt.Errorf("night has more than %d bytes", MaxNight)
	}
	line, ok := bytes.CutSuffix(data, []byte("\n"))
	if !ok {
		return n, errors.New("night: does not end with a line feed")
	}
	if err := UnmarshalCanonical(line, &n); err != nil {
		return n, fmt.Errorf("night: %w", err)
	}
	return n, n.check()
}

func (n Night) check() error {
	if n.Schema != SpecNight || n.Origin == "" || n.From < 0 || n.To <= n.From || n.Checkpoint == "" || len(n.Order) == 0 {
		return errors.New("night: schema, origin, range, checkpoint or order is missing")
	}
	seen := make(map[LeafIndex]bool, len(n.Order))
	for _, i := range n.Order {
		if seen[i] || i != checkpointLeaf && (i < n.From || i >= n.To) {
			return errors.New("night: the order names an event outside the range, or one twice")
		}
		seen[i] = true
	}
	if !seen[checkpointLeaf] {
		return errors.New("night: the order leaves the checkpoint out")
	}
	return nil
}

const checkpointLeaf LeafIndex = -1

// Tree builds the night's tree of a family; commitment gives what a bundle's event commits to.
func (n Night) Tree(f Family, commitment func(LeafIndex) (Commitment, error)) (*EvidenceTree, error) {
	hash := f.Hash()
	if hash == 0 {
		return nil, fmt.Errorf("night: no family %.20q", f)
	}
	leaves := make([][]byte, len(n.Order))
	for k, i := range n.Order {
		if i == checkpointLeaf {
			h := hash.New()
			h.Write([]byte(n.Checkpoint))
			leaves[k] = h.Sum(nil)
			continue
		}
		c, err := commitment(i)
		if err != nil {
			return nil, err
		}
		leaves[k] = c.evidence(f)
	}
	return NewEvidenceTree(hash.New, leaves)
}

// evidence is the commitment's root of a family.
func (c Commitment) evidence(f Family) []byte {
	if f == FamilySHA256 {
		return bytes.Clone(c.SHA256[:])
	}
	return bytes.Clone(c.SHA512[:])
}

// Place is where a bundle's leaf stands in the night's trees.
func (n Night) Place(bundle LeafIndex) (int, bool) {
	for k, i := range n.Order {
		if i == bundle {
			return k, true
		}
	}
	return 0, false
}

// Wave is what is stamped together at a renewal: nights, each by the tokens it has so far. Where a family's hash tree was
// renewed ([Rehash]), that stands in the place of its nights.
type Wave struct {
	Schema string      `json:"schema"`
	Origin string      `json:"origin"`
	Family Family      `json:"family"`
	Hash   Family      `json:"hash,omitempty"` // of the chains that it renews, by the name of its family; none: the family's own
	Nights []WaveNight `json:"nights"`         // in the order of the log, which is that of the tree's leaves
}

// WaveNight is a night, or a rehash, in a wave.
type WaveNight struct {
	Night LeafIndex `json:"night"` // its event
	Leaf  []byte    `json:"leaf"`  // hash over the sorted hashes of its tokens so far; of one, its hash
}

// Chain is the hash function of the chains that the wave renews.
func (w Wave) Chain() crypto.Hash { return chainHash(w.Family, w.Hash) }

func chainHash(f, renewed Family) crypto.Hash {
	if renewed == "" {
		return f.Hash()
	}
	return renewed.Hash()
}

// Tree is the wave's.
func (w Wave) Tree() (*EvidenceTree, error) {
	var leaves [][]byte
	for _, n := range w.Nights {
		leaves = append(leaves, n.Leaf)
	}
	return NewEvidenceTree(w.Chain().New, leaves)
}

// Marshal gives the file.
func (w Wave) Marshal() ([]byte, error) {
	w.Schema = SpecWave
	if err := w.check(); err != nil {
		return nil, err
	}
	b, err := Marshal(w)
	return append(b, '\n'), err
}

// ParseWave reads one.
func ParseWave(data []byte) (Wave, error) {
	var w Wave
	line, ok := bytes.CutSuffix(data, []byte("\n"))
	if !ok || len(data) > MaxNight {
		return w, errors.New("wave: too long, or does not end with a line feed")
	}
	if err := UnmarshalCanonical(line, &w); err != nil {
		return w, fmt.Errorf("wave: %w", err)
	}
	return w, w.check()
}

func (w Wave) check() error {
	if w.Schema != SpecWave || w.Origin == "" || w.Family.Hash() == 0 || w.Chain() == 0 || w.Hash == w.Family || len(w.Nights) == 0 ||
		!ascending(w.Nights, func(a, b WaveNight) int { return int(a.Night - b.Night) }) {
		return errors.New("wave: schema, origin or family is missing, or nights are not in the order of the log")
	}
	for _, n := range w.Nights {
		if n.Night < 1 || len(n.Leaf) != w.Chain().Size() {
			return errors.New("wave: a night's leaf is no hash of the chains")
		}
	}
	return nil
}

// Place is where a night's leaf stands in the wave's tree.
func (w Wave) Place(night LeafIndex) (int, bool) {
	return slices.BinarySearchFunc(w.Nights, night, func(n WaveNight, at LeafIndex) int { return int(n.Night - at) })
}

// NightEvent says that a night was gathered to be stamped.
type NightEvent struct {
	File    Digest    `json:"file"` // SHA-256 of evidence/FILE.night.json
	From    LeafIndex `json:"from"`
	To      LeafIndex `json:"to"`
	Bundles int       `json:"bundles"`
	SHA256  Digest    `json:"sha256"` // the trees' roots: what the authorities stamp
	SHA512  Digest512 `json:"sha512"`
}

// Root of a family.
func (e NightEvent) Root(f Family) []byte {
	return Commitment{SHA256: e.SHA256, SHA512: e.SHA512}.evidence(f)
}

func (e NightEvent) sound() bool { return e.From >= 0 && e.To > e.From && e.Bundles >= 0 }

// WaveEvent says that nights were gathered to be stamped again.
type WaveEvent struct {
	File   Digest     `json:"file"` // SHA-256 of evidence/FILE.wave.json
	Family Family     `json:"family"`
	Hash   Family     `json:"hash,omitempty"` // as in the file
	Nights int        `json:"nights"`
	Root   string     `json:"root"`             // hex
	Before *LeafIndex `json:"before,omitempty"` // the wave before it, of whatever family
}

// Chain is the hash function of the chains that the wave renews.
func (e WaveEvent) Chain() crypto.Hash { return chainHash(e.Family, e.Hash) }

// StampEvent says that an authority stamped a night, a wave or a rehash.
type StampEvent struct {
	Covers LeafIndex `json:"covers"` // the event of the night, the wave or the rehash
	Family Family    `json:"family"` // whose records it is for; the hash that was stamped follows from what it covers
	TSA    string    `json:"tsa"`    // its name in the policy: a word
	Token  Digest    `json:"token"`  // SHA-256 of evidence/TOKEN.tst
	Time   Time      `json:"time"`   // genTime
	Until  Time      `json:"until"`  // when the first certificate of its chain ends: before, it must be renewed
}

func (e StampEvent) sound() bool {
	return e.Covers >= 0 && e.Family.Hash() != 0 && wordPattern.MatchString(e.TSA) && !e.Time.IsZero() && e.Until.After(e.Time.Time)
}

func (e WaveEvent) sound() bool {
	return e.Family.Hash() != 0 && e.Chain() != 0 && e.Hash != e.Family && e.Nights >= 1 && len(e.Root) == 2*e.Chain().Size() &&
		(e.Before == nil || *e.Before >= 0)
}
