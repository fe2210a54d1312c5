package seal

import (
	"cmp"
	"errors"
	"fmt"
)

// Certificate of destruction: that an order was executed, what was destroyed by which rule, and which copies could not be
// reached. It names no patient; anyone with the policy can check it offline. Its members answer ISO/HL7 10781 RI.1.1.16.1
// (evidence of a destroy event): organization, individuals, system, time, event, rationale and the entries destroyed.
type Certificate struct {
	Schema     string      `json:"schema"`
	Origin     string      `json:"origin"`
	Controller Controller  `json:"controller"` // the organization
	System     System      `json:"system"`     // what carried it out
	Issued     Time        `json:"issued"`
	Order      string      `json:"order"` // the signed order's file: number, rules, bundles, officers
	Event      string      `json:"event"` // the disposal event, byte for byte: its time is the time of destruction
	Proof      string      `json:"proof"` // c2sp.org/tlog-proof of the event, with its checkpoint
	Bundles    []Destroyed `json:"bundles"`
	Keyfiles   []Rewritten `json:"keyfiles"`
	Segments   []Gone      `json:"segments"` // files that held nothing else and were deleted
	Copies     []Copy      `json:"copies"`
}

// System is the program that destroyed.
type System struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Destroyed is one bundle of the order: what the log still says of it, which opens to nothing any more.
type Destroyed struct {
	Leaf   LeafIndex `json:"leaf"`
	ID     Digest    `json:"id"`     // of its event
	Root   Digest    `json:"root"`   // commitment over its blinded leaves
	Leaves int       `json:"leaves"` // how many: the envelope and the documents
	Time   Time      `json:"time"`   // when it was taken in
}

// Rewritten is a keyfile that lost headers.
type Rewritten struct {
	Accession  AccessionID `json:"accession"`
	Class      Class       `json:"class"`
	Root       Digest      `json:"root"`       // header root: the same before and after
	Generation LeafIndex   `json:"generation"` // as it is now
	Shredded   []int       `json:"shredded"`   // numbers of the records that this order shredded
}

// Gone is a segment that was deleted.
type Gone struct {
	Accession AccessionID `json:"accession"`
	Segment   int         `json:"segment"`
}

// Copy is a copy of what was destroyed.
type Copy struct {
	Kind  CopyKind   `json:"kind"`
	Where string     `json:"where,omitempty"` // keyfiles, keyfiles.2, a replica's name
	Event *LeafIndex `json:"event,omitempty"` // of a release: its event
	Time  *Time      `json:"time,omitempty"`  // of a release: when it was made
	State CopyState  `json:"state"`
}

// CopyKind is what kind of copy.
type CopyKind string

// CopyState is whether the copy is known to be destroyed.
type CopyState string

// The kinds and states of copies.
const (
	CopyLocal   CopyKind = "local"   // a keyfile copy of this archive
	CopyIndex   CopyKind = "index"   // the index's values
	CopyRelease CopyKind = "release" // a packet that was handed over
	CopyOffline CopyKind = "offline" // backups, snapshots and remnants of storage that no program can reach

	CopyDestroyed CopyState = "destroyed" // seen to be gone when the certificate was issued
	CopyBeyond    CopyState = "beyond"    // out of the archive's reach: in other hands
	CopyUnknown   CopyState = "unknown"   // cannot be seen from here
)

// Sign makes the file that is still to be signed.
func (c Certificate) Sign() (Signed, error) {
	c.Schema = SpecCertificate
	if c.Segments == nil {
		c.Segments = []Gone{}
	}
	if err := c.check(); err != nil {
		return Signed{}, err
	}
	payload, err := Marshal(c)
	return Signed{PayloadType: CertificateType, Payload: payload}, err
}

// ParseCertificate reads a certificate's file, whoever signed it.
func ParseCertificate(data []byte) (Certificate, Signed, error) {
	var c Certificate
	s, err := ParseSigned(data, CertificateType)
	if err != nil {
		return c, s, fmt.Errorf("certificate: %w", err)
	}
	if err := UnmarshalCanonical(s.Payload, &c); err != nil {
		return c, s, fmt.Errorf("certificate: %w", err)
	}
	return c, s, c.check()
}

func (c Certificate) check() error {
	switch {
	case c.Schema != SpecCertificate || c.Origin == "" || c.Controller.Name == "" || c.System.Name == "" || c.Issued.IsZero():
		return errors.New("certificate: schema, origin, controller, system or time is missing")
	case c.Order == "" || c.Event == "" || c.Proof == "" || len(c.Bundles) == 0 || len(c.Keyfiles) == 0 || len(c.Copies) == 0:
		return errors.New("certificate: order, event, proof, bundles, keyfiles or copies are missing")
	case !ascending(c.Bundles, func(a, b Destroyed) int { return cmp.Compare(a.Leaf, b.Leaf) }):
		return errors.New("certificate: bundles are not in the order of the log, each once")
	}
	for _, k := range c.Keyfiles {
		if k.Generation < 1 || len(k.Shredded) == 0 || k.Shredded[0] < 0 || !ascending(k.Shredded, cmp.Compare) {
			return fmt.Errorf("certificate: keyfile %s of %s: numbers out of range", k.Class, k.Accession)
		}
	}
	for _, x := range c.Copies {
		if x.Kind == "" || x.State == "" || (x.Kind == CopyRelease) != (x.Event != nil && x.Time != nil) {
			return errors.New("certificate: a copy has no kind or state, or a release no event")
		}
	}
	return nil
}
