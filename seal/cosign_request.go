package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	// MaxAddCheckpoint bounds the body of a request to a witness, in bytes.
	MaxAddCheckpoint = MaxCheckpoint + 4<<10
	// maxConsistency is the longest proof that the protocol has room for.
	maxConsistency = 63
)

// AddCheckpoint is the body of C2SP tlog-witness's add-checkpoint: cosign this checkpoint, which goes on from the one of
// the old size, as the proof shows.
type AddCheckpoint struct {
	Old        int64
	Proof      tlog.TreeProof
	Checkpoint []byte // signed note
}

// Marshal gives the body.
func (r AddCheckpoint) Marshal() []byte {
	out := fmt.Appendf(nil, "old %d\n", r.Old)
	for _, h := range r.Proof {
		out = append(base64.StdEncoding.AppendEncode(out, h[:]), '\n')
	}
	out = append(out, '\n')
	return append(out, r.Checkpoint...)
}

// ParseAddCheckpoint reads a body and refuses every spelling but the one Marshal gives. No signature is checked.
func ParseAddCheckpoint(data []byte) (r AddCheckpoint, err error) {
	if len(data) > MaxAddCheckpoint {
		return r, fmt.Errorf("request has more than %d bytes", MaxAddCheckpoint)
	}
	head, checkpoint, ok := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	old, is := strings.CutPrefix(lines[0], "old ")
	if !ok || !is || len(lines)-1 > maxConsistency {
		return r, fmt.Errorf("request is not an old size, at most %d proof lines, an empty line and a checkpoint", maxConsistency)
	}
	if r.Old, err = strconv.ParseInt(old, 10, 64); err != nil || r.Old < 0 || strconv.FormatInt(r.Old, 10) != old {
		return r, errors.New("old size is not a decimal number")
	}
	for _, l := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(l)
		if err != nil || len(h) != tlog.HashSize {
			return r, errors.New("a proof line is not the base64 of 32 bytes")
		}
		r.Proof = append(r.Proof, tlog.Hash(h))
	}
	r.Checkpoint = bytes.Clone(checkpoint)
	if _, err := PeekCheckpoint(r.Checkpoint); err != nil {
		return r, err
	}
	if err := signedForm(r.Checkpoint); err != nil {
		return r, err
	}
	if !bytes.Equal(r.Marshal(), data) { // base64 with a line feed inside, for one
		return r, errors.New("request is not in the one form")
	}
	return r, nil
}

// signedForm says whether there are signature lines, whoever's.
func signedForm(signed []byte) error {
	_, err := note.Open(signed, note.VerifierList())
	var unverified *note.UnverifiedNoteError
	if !errors.As(err, &unverified) {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return strictSignatures(signed)
}
