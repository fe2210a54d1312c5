package seal

import (
	"errors"
	"fmt"
)

// Capsule holds what opens a bundle's commitment. It names no document: an evidence officer renews evidence with it
// for decades and learns no title. Shredding it makes every value the log keeps of the bundle meaningless.
type Capsule struct {
	Schema string        `json:"schema"`
	Bundle string        `json:"bundle"` // the bundle id itself; the event has only its SHA-256
	Items  []CapsuleItem `json:"items"`  // the envelope, then the documents in the order of the statement's subjects
}

// CapsuleItem is one envelope or document.
type CapsuleItem struct {
	Role   string    `json:"role"`
	Size   int64     `json:"size"`   // bytes
	SHA256 Digest    `json:"sha256"` // of the original bytes
	SHA512 Digest512 `json:"sha512"`
	Seed   Seed      `json:"seed"`
}

// MaxDocuments is sigstore-go's limit of subjects in one statement.
const MaxDocuments = 1024

// Marshal gives the record's bytes.
func (c Capsule) Marshal() ([]byte, error) {
	c.Schema = SpecCapsule
	return Marshal(c)
}

// ParseCapsule reads a capsule and checks that it could be one.
func ParseCapsule(data []byte) (Capsule, error) {
	var c Capsule
	if err := UnmarshalCanonical(data, &c); err != nil {
		return c, fmt.Errorf("capsule: %w", err)
	}
	if c.Schema != SpecCapsule || c.Bundle == "" || len(c.Items) < 2 || len(c.Items) > MaxDocuments+1 {
		return c, errors.New("capsule: schema, bundle or number of items out of range")
	}
	for i, it := range c.Items {
		if (it.Role == RoleEnvelope) != (i == 0) || (i > 0 && it.Role != RoleDocument) || it.Size <= 0 {
			return c, fmt.Errorf("capsule: item %d has the wrong role or no size", i)
		}
	}
	return c, nil
}

// Commit computes what the bundle's event says, and the openings of it.
func (c Capsule) Commit() (Commitment, []Opening, error) {
	os, root := openings(c.Items)
	r256, r512, err := evidenceRoots(c.Items)
	return Commitment{Count: len(c.Items) - 1, Root: root, SHA256: r256, SHA512: r512}, os, err
}
