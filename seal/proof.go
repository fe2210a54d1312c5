package seal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
)

// MaxProof bounds a proof file, in bytes.
const MaxProof = MaxCheckpoint + 8<<10

// Proof is a c2sp.org/tlog-proof: that a leaf stands at an index under a checkpoint, which it carries along.
type Proof struct {
	Index      LeafIndex
	Path       []Digest
	Checkpoint []byte // signed note
}

// Marshal gives the file.
func (p Proof) Marshal() []byte {
	t := proof.TLogProof{Index: uint64(p.Index), Checkpoint: p.Checkpoint}
	for _, h := range p.Path {
		t.Hashes = append(t.Hashes, h)
	}
	return t.Marshal()
}

// ParseProof reads a proof and refuses every spelling but the one Marshal gives.
func ParseProof(data []byte) (Proof, error) {
	var t proof.TLogProof
	if len(data) > MaxProof {
		return Proof{}, fmt.Errorf("proof has more than %d bytes", MaxProof)
	}
	if err := t.Unmarshal(data); err != nil {
		return Proof{}, err
	}
	p := Proof{Index: LeafIndex(t.Index), Checkpoint: t.Checkpoint}
	for _, h := range t.Hashes {
		p.Path = append(p.Path, h)
	}
	if p.Index < 0 || !bytes.Equal(p.Marshal(), data) {
		return p, errors.New("proof: not in the one form")
	}
	c, err := PeekCheckpoint(p.Checkpoint)
	if err == nil && int64(p.Index) >= c.Size {
		err = fmt.Errorf("proof: leaf %d is not under a checkpoint of %d", p.Index, c.Size)
	}
	return p, err
}

// Check says whether leaf stands in the log of origin at the proof's index, and returns the checkpoint that says so.
func (p Proof) Check(leaf []byte, origin string, verifiers ...note.Verifier) (Checkpoint, error) {
	c, err := OpenCheckpoint(p.Checkpoint, origin, verifiers...)
	if err != nil {
		return c, err
	}
	return c, CheckTreePath(p.Path, int(c.Size), int(p.Index), LeafHash(leaf), c.Root)
}
