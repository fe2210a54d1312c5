package seal

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// Signed is a file that several people sign one after another: a DSSE envelope, read but not verified. Who signed is a
// hint only; package verify finds out.
type Signed struct {
	Payload     []byte      `json:"payload"`
	PayloadType string      `json:"payloadType"`
	Signatures  []Signature `json:"signatures"`
}

// Signature is one signature of a [Signed] file.
type Signature struct {
	KeyID string `json:"keyid"` // an officer's name in the policy, or the log key's name and hash
	Sig   []byte `json:"sig"`
}

// Payload types of our own signed files.
const (
	OrderType       = "application/vnd.kartoteka.order+json"
	CertificateType = "application/vnd.kartoteka.certificate+json"
)

// MaxSigned bounds a signed file, in bytes: a certificate of [MaxOrder] bundles.
const MaxSigned = 64 << 20

const maxSignatures = 16

// Message is what is signed: DSSE's pre-authentication encoding.
func (s Signed) Message() []byte { return dsse.PAE(s.PayloadType, s.Payload) }

// Add puts a signature beside those there are, in the order of the key ids.
func (s *Signed) Add(sig Signature) error {
	if slices.ContainsFunc(s.Signatures, func(old Signature) bool { return old.KeyID == sig.KeyID }) {
		return fmt.Errorf("%s has signed already", sig.KeyID)
	}
	s.Signatures = append(s.Signatures, sig)
	slices.SortFunc(s.Signatures, func(a, b Signature) int { return strings.Compare(a.KeyID, b.KeyID) })
	return nil
}

// Marshal gives the file.
func (s Signed) Marshal() ([]byte, error) {
	if s.Signatures == nil {
		s.Signatures = []Signature{}
	}
	b, err := Marshal(s)
	return append(b, '\n'), err
}

// ParseSigned reads a signed file of a payload type and refuses every spelling but the one Marshal gives.
func ParseSigned(data []byte, payloadType string) (Signed, error) {
	var s Signed
	if len(data) > MaxSigned {
		return s, fmt.Errorf("signed file has more than %d bytes", MaxSigned)
	}
	line, ok := strings.CutSuffix(string(data), "\n")
	if !ok {
		return s, errors.New("signed file: does not end with a line feed")
	}
	if err := UnmarshalCanonical([]byte(line), &s); err != nil {
		return s, fmt.Errorf("signed file: %w", err)
	}
	if s.PayloadType != payloadType {
		return s, fmt.Errorf("signed file: is of type %.80q, not %s", s.PayloadType, payloadType)
	}
	if len(s.Signatures) > maxSignatures || !ascending(s.Signatures, func(a, b Signature) int { return strings.Compare(a.KeyID, b.KeyID) }) {
		return s, errors.New("signed file: signatures are not in the order of their key ids, each once, or too many")
	}
	for _, sig := range s.Signatures {
		if sig.KeyID == "" || len(sig.KeyID) > 300 || len(sig.Sig) == 0 {
			return s, errors.New("signed file: a signature has no key id, or is empty")
		}
	}
	return s, nil
}
