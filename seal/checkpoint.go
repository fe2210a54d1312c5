package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"

	tdlog "github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
)

// MaxCheckpoint bounds a checkpoint with all its signatures, in bytes.
const MaxCheckpoint = 64 << 10

// Checkpoint is the C2SP tlog-checkpoint of an archive's log: its origin, size and root, in a signed note.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   Digest
}

func (c Checkpoint) text() []byte {
	return tdlog.Checkpoint{Origin: c.Origin, Size: uint64(c.Size), Hash: c.Root[:]}.Marshal()
}

// Sign makes the signed note. Ed25519 is deterministic: signing the same checkpoint again gives the same bytes.
func (c Checkpoint) Sign(signers ...note.Signer) ([]byte, error) {
	return note.Sign(&note.Note{Text: string(c.text())}, signers...)
}

// OpenCheckpoint reads a signed checkpoint of the origin and requires the signature of every verifier given: a
// signature by a key we do not know is ignored, but none we ask for can be hidden by flipping its key hash.
func OpenCheckpoint(signed []byte, origin string, verifiers ...note.Verifier) (Checkpoint, error) {
	if len(signed) > MaxCheckpoint {
		return Checkpoint{}, fmt.Errorf("checkpoint has more than %d bytes", MaxCheckpoint)
	}
	if len(verifiers) == 0 {
		return Checkpoint{}, errors.New("checkpoint: no log key to check it with")
	}
	n, err := note.Open(signed, note.VerifierList(verifiers...))
	if peek, perr := PeekCheckpoint(signed); err != nil && perr == nil && peek.Origin != origin {
		return Checkpoint{}, fmt.Errorf("checkpoint: of the log %.80q, not %q", peek.Origin, origin) // says more than that no key fits
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	if err := strictSignatures(signed); err != nil {
		return Checkpoint{}, err
	}
	for _, v := range verifiers {
		if !signedBy(n, v) {
			return Checkpoint{}, fmt.Errorf("checkpoint: signature of %s is missing", v.Name())
		}
	}
	c, err := parseCheckpoint([]byte(n.Text))
	if err == nil && c.Origin != origin {
		err = fmt.Errorf("checkpoint: of the log %.80q, not %q", c.Origin, origin)
	}
	return c, err
}

// PeekCheckpoint reads a checkpoint without checking any signature: good for a first look, never for a verdict.
func PeekCheckpoint(signed []byte) (Checkpoint, error) {
	text, _, ok := bytes.Cut(signed, []byte("\n\n"))
	if !ok || len(signed) > MaxCheckpoint {
		return Checkpoint{}, errors.New("checkpoint: not a signed note")
	}
	return parseCheckpoint(append(bytes.Clone(text), '\n'))
}

// strictSignatures refuses base64 whose unused bits are set: note.Open reads it as the same signature, but every byte of
// a checkpoint must count.
func strictSignatures(signed []byte) error {
	_, sigs, _ := bytes.Cut(signed, []byte("\n\n"))
	for line := range bytes.Lines(sigs) {
		fields := bytes.Fields(line)
		if len(fields) != 3 {
			return errors.New("checkpoint: a signature line does not have three fields")
		}
		if _, err := base64.StdEncoding.Strict().DecodeString(string(fields[2])); err != nil {
			return errors.New("checkpoint: a signature is not in the one form")
		}
	}
	return nil
}

func signedBy(n *note.Note, v note.Verifier) bool {
	for _, s := range n.Sigs {
		if s.Name == v.Name() && s.Hash == v.KeyHash() {
			return true
		}
	}
	return false
}

func parseCheckpoint(text []byte) (Checkpoint, error) {
	var t tdlog.Checkpoint
	if _, err := t.Unmarshal(text); err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", err)
	}
	c := Checkpoint{Origin: t.Origin, Size: int64(t.Size)}
	if len(t.Hash) != len(c.Root) || c.Size < 0 {
		return c, errors.New("checkpoint: size or root out of range")
	}
	copy(c.Root[:], t.Hash)
	if !bytes.Equal(c.text(), text) {
		return c, errors.New("checkpoint: not in the one form")
	}
	return c, nil
}
