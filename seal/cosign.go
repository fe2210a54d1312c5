package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// A cosignature is a note signature of the C2SP tlog-cosignature kind: four bytes of key hash, the time in eight, and an
// Ed25519 signature over the time and the checkpoint's text.
const cosignatureSize = 4 + 8 + ed25519.SignatureSize

// Cosignature is a witness's word: at this time, the largest tree of the log that it had seen has this root, and it
// extends every tree that the witness ever cosigned.
type Cosignature struct {
	Key  WitnessKey
	At   Time
	line string // of the note, with its line feed
}

// Cosign signs a checkpoint's text as seen at a time. That the checkpoint extends what was cosigned before is the
// caller's duty.
func (c *Cosigner) Cosign(signed []byte, at time.Time) (Cosignature, error) {
	if _, err := PeekCheckpoint(signed); err != nil {
		return Cosignature{}, err
	}
	if at.Unix() <= 0 {
		return Cosignature{}, fmt.Errorf("cosign: the clock says %s", At(at))
	}
	sig := binary.BigEndian.AppendUint32(nil, c.key.hash)
	sig = binary.BigEndian.AppendUint64(sig, uint64(at.Unix()))
	sig = append(sig, ed25519.Sign(c.private, cosigned(noteText(signed), uint64(at.Unix())))...)
	line := "\u2014 " + c.key.name + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
	return Cosignature{c.key, At(at), line}, nil
}

// String is the signature line, with its line feed.
func (c Cosignature) String() string { return c.line }

// cosigned is the message that a cosignature signs.
func cosigned(text []byte, unix uint64) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", unix), text...)
}

// noteText is what the signatures of a note are over: all before the empty line.
func noteText(signed []byte) []byte {
	text, _, _ := bytes.Cut(signed, []byte("\n\n"))
	return append(bytes.Clone(text), '\n')
}

// Cosignatures reads those of the witnesses given from a checkpoint, in the order of its lines. Other signatures, the
// log's among them, are ignored; one of a witness given that does not hold is an error.
func Cosignatures(signed []byte, keys ...WitnessKey) (list []Cosignature, err error) {
	if _, err := PeekCheckpoint(signed); err != nil {
		return nil, err
	}
	if err := strictSignatures(signed); err != nil {
		return nil, err
	}
	n, err := note.Open(signed, verifiers(keys))
	var none *note.UnverifiedNoteError
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cosignature: %w", err)
	}
	for _, s := range n.Sigs {
		i := slices.IndexFunc(keys, func(k WitnessKey) bool { return k.name == s.Name && k.hash == s.Hash })
		list = append(list, cosignature(keys[i], s.Base64))
	}
	return list, nil
}

// cosignature of a line that was verified.
func cosignature(k WitnessKey, text string) Cosignature {
	sig, _ := base64.StdEncoding.DecodeString(text)
	at := time.Unix(int64(binary.BigEndian.Uint64(sig[4:])), 0)
	return Cosignature{k, At(at), "\u2014 " + k.name + " " + text + "\n"}
}

// verifiers gives each key once: a list that names one twice would be ambiguous.
func verifiers(keys []WitnessKey) note.Verifiers {
	var list []note.Verifier
	seen := map[string]bool{}
	for _, k := range keys {
		if !seen[k.String()] {
			list = append(list, k)
		}
		seen[k.String()] = true
	}
	return note.VerifierList(list...)
}

// WithCosignatures adds signature lines to a checkpoint. Where the witness stands there already, the line that is there
// stays: it is the earlier word.
func WithCosignatures(signed []byte, more ...Cosignature) ([]byte, error) {
	out := bytes.Clone(signed)
	for _, c := range more {
		there, err := Cosignatures(out, c.Key)
		if err != nil {
			return nil, err
		}
		if len(there) == 0 {
			out = append(out, c.line...)
		}
	}
	if len(out) > MaxCheckpoint {
		return nil, fmt.Errorf("checkpoint with its cosignatures has more than %d bytes", MaxCheckpoint)
	}
	return out, nil
}

// SameCheckpoint says whether two signed notes sign one text.
func SameCheckpoint(a, b []byte) bool { return bytes.Equal(noteText(a), noteText(b)) }

// Verify makes a WitnessKey a note.Verifier.
func (k WitnessKey) Verify(text, sig []byte) bool {
	if len(sig) != cosignatureSize-4 {
		return false
	}
	unix := binary.BigEndian.Uint64(sig)
	return unix > 0 && unix <= math.MaxInt64 && unix <= maxUnix && ed25519.Verify(k.key, cosigned(text, unix), sig[8:])
}

// maxUnix is the end of the year 9999: later times have no form.
const maxUnix = 253402300799
