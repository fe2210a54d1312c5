package seal

import (
	"crypto/sha256"
	"errors"
	"fmt"
)

// Release is one entry of the register of releases (UPP art. 27(4)): the readable side, sealed to the custodians.
type Release struct {
	Schema    string           `json:"schema"`
	Request   string           `json:"request"` // the archive's own number of the request
	Requester Requester        `json:"requester"`
	Evidence  IdentityEvidence `json:"evidence"`
	Basis     string           `json:"basis"` // legal basis
	Way       string           `json:"way"`   // carrier, post, electronic, inspection
	Fee       string           `json:"fee"`   // first (free), paid, waived
	Officer   string           `json:"officer,omitempty"`
	Reason    string           `json:"reason,omitempty"` // why more than the default selection is released
	Released  Time             `json:"released"`
	Bundles   []Digest         `json:"bundles"`   // event ids
	Documents int              `json:"documents"` // how many left the archive
	LeftOut   int              `json:"left_out"`  // how many of the patient's did not
	Seed      Seed             `json:"seed"`      // opens the event's commitment
}

// Requester is who received the packet.
type Requester struct {
	Name     string `json:"name"`
	Relation string `json:"relation"` // self parent guardian authorised close_person body
	Document string `json:"document,omitempty"`
}

// IdentityEvidence is how the requester's identity was checked.
type IdentityEvidence struct {
	Kind      string `json:"kind"` // passport, id_card, …
	Country   string `json:"country"`
	Last4     string `json:"last4"`
	CheckedBy string `json:"checked_by"`
}

// MaxRelease bounds an officer's file and a register entry, in bytes.
const MaxRelease = 2 << 20

// ParseRelease reads the file of --release: what the officer writes. What the archive fills in must not be there.
func ParseRelease(data []byte) (Release, error) {
	var r Release
	if len(data) > MaxRelease {
		return r, fmt.Errorf("release has more than %d bytes", MaxRelease)
	}
	if err := UnmarshalStrict(data, &r); err != nil {
		return r, fmt.Errorf("release: %w", err)
	}
	if r.Schema != "" && r.Schema != SpecRelease {
		return r, fmt.Errorf("release: schema is not %s", SpecRelease)
	}
	if len(r.Bundles) > 0 || r.Documents != 0 || r.LeftOut != 0 || r.Seed != (Seed{}) || !r.Released.IsZero() {
		return r, errors.New("release: released, bundles, documents, left_out and seed are filled in by the archive")
	}
	return r, r.Check()
}

// ParseReleaseEntry reads an entry of the register as [Release.Commit] made it.
func ParseReleaseEntry(data []byte) (Release, error) {
	var r Release
	if len(data) > MaxRelease {
		return r, fmt.Errorf("register entry has more than %d bytes", MaxRelease)
	}
	if err := UnmarshalCanonical(data, &r); err != nil {
		return r, fmt.Errorf("register entry: %w", err)
	}
	if r.Schema != SpecRelease || len(r.Bundles) == 0 || r.Documents < len(r.Bundles) || r.LeftOut < 0 {
		return r, errors.New("register entry: schema or numbers out of range")
	}
	return r, r.Check()
}

// Check says whether the entry has what the law asks of a register.
func (r Release) Check() error {
	for name, v := range map[string]string{
		"request": r.Request, "requester.name": r.Requester.Name, "requester.relation": r.Requester.Relation,
		"evidence.kind": r.Evidence.Kind, "evidence.checked_by": r.Evidence.CheckedBy, "basis": r.Basis, "way": r.Way,
	} {
		if v == "" || len(v) > 1024 {
			return fmt.Errorf("release: %s is missing or longer than 1024 bytes", name)
		}
	}
	if len(r.Evidence.Last4) > 4 {
		return errors.New("release: evidence.last4 keeps at most four characters")
	}
	return nil
}

// Commit gives the register entry's bytes and the opening of the one-leaf commitment its event carries.
func (r Release) Commit() (data []byte, o Opening, root Digest, err error) {
	r.Schema = SpecRelease
	if data, err = Marshal(r); err != nil {
		return nil, o, root, err
	}
	o = Opening{Role: RoleRelease, Salt: Digest(r.Seed.derive(useCommitment, 32)), SHA256: sha256.Sum256(data), Path: []Digest{}}
	return data, o, o.leaf(), nil
}
