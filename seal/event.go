package seal

import (
	"errors"
	"fmt"
)

// MaxLeaf is the longest leaf tlog-tiles can hold, in bytes.
const MaxLeaf = 65535

// Event is one leaf of the log. It holds no personal data, no digest of a document and no stable pseudonym.
// Exactly one of the bodies is set: the one that Kind names.
type Event struct {
	Schema    string      `json:"schema"`
	Kind      Kind        `json:"kind"`
	Accession AccessionID `json:"accession"` // the intake it was committed with
	Time      Time        `json:"time"`

	Accessioned *AccessionEvent   `json:"accessioned,omitempty"`
	Bundle      *BundleEvent      `json:"bundle,omitempty"`
	Rejected    *RejectedEvent    `json:"rejected,omitempty"`
	Release     *ReleaseEvent     `json:"release,omitempty"`
	ReleaseVoid *ReleaseVoidEvent `json:"release_void,omitempty"`
	Trust       *TrustEvent       `json:"trust,omitempty"`
	Retired     *RetiredEvent     `json:"segment_retired,omitempty"`
	Clock       *ClockEvent       `json:"clock,omitempty"`
}

// Kind of an event. Later kinds (hold, disposal, key, stamp, check, repair, custody) will be added; a reader that does
// not know a kind keeps the leaf, counts it and says so.
type Kind string

const (
	KindAccession   Kind = "accession"       // last of every accession: what files it made
	KindBundle      Kind = "bundle"          // one bundle taken in
	KindRejected    Kind = "rejected"        // one bundle refused
	KindRelease     Kind = "release"         // a packet is about to be handed over
	KindReleaseVoid Kind = "release_void"    // it was not
	KindTrust       Kind = "trust"           // the policy changed
	KindRetired     Kind = "segment_retired" // a segment with nothing left in it was deleted
	KindClock       Kind = "clock"           // officers accepted a clock that had jumped
)

// AccessionEvent closes an accession: how many events it has, what files it made, under which policy. It stands last,
// so that the last leaf of a log always names the policy in force and everything the last intake wrote.
type AccessionEvent struct {
	Events   int          `json:"events"` // leaves of this accession before this one
	Segments []Segment    `json:"segments"`
	Keyfiles []KeyfileSum `json:"keyfiles"`
	Policy   Digest       `json:"policy"`     // SHA-256 of policy/policy.json in force
	To       Digest       `json:"recipients"` // SHA-256 of policy/recipients.json in force
}

// BundleEvent says that a bundle was taken in.
type BundleEvent struct {
	ID         Digest     `json:"id"` // SHA-256 of the bundle id
	Commitment Commitment `json:"commitment"`
	Label      Digest     `json:"label"`   // HMAC of patient and running number; random where there is no patient
	Content    int        `json:"content"` // content.keys record of the envelope; the documents follow it
	Capsule    int        `json:"capsule"` // evidence.keys record
	Entry      int        `json:"entry"`   // index.keys record
}

// RejectedEvent says that a bundle was refused. Nothing of the bundle is in it.
type RejectedEvent struct {
	ID   string `json:"id"`   // 16 random hex digits; stands in the reason file too
	Code string `json:"code"` // stable code of package verify
}

// ReleaseEvent is the log's side of the register of releases (UPP art. 27(4)); the readable entry is a content record.
type ReleaseEvent struct {
	Commitment Digest `json:"commitment"` // one-leaf commitment to the register entry
	Bundles    int    `json:"bundles"`
	Documents  int    `json:"documents"`
	Custodian  string `json:"custodian"` // fingerprint of the recipient whose identity opened the records
	Content    int    `json:"content"`   // content.keys record of the register entry
}

// ReleaseVoidEvent says that the packet of an earlier release was not handed over.
type ReleaseVoidEvent struct {
	Release LeafIndex `json:"release"`
	Code    string    `json:"code"`
}

// TrustEvent says that the policy changed; the policies themselves are kept under policy/.
type TrustEvent struct {
	Change string `json:"change"` // init, producer_added, producer_ended, officer_added, officer_ended
	Before Digest `json:"before"` // SHA-256 of the policy before; zeros at init
	After  Digest `json:"after"`

	Files []NamedDigest `json:"files,omitempty"` // at init: what else was made and never changes, sorted by name
}

// NamedDigest is a file of the archive and its SHA-256.
type NamedDigest struct {
	Name   string `json:"name"` // below the archive's folder
	SHA256 Digest `json:"sha256"`
}

// RetiredEvent says that a segment was deleted because every record in it was disposed of.
type RetiredEvent struct {
	Accession AccessionID `json:"accession"`
	Segment   int         `json:"segment"`
	Order     LeafIndex   `json:"order"`
}

// ClockEvent says that two officers accepted the clock as it is, although it contradicts the log.
type ClockEvent struct {
	Before   Time               `json:"before"`   // time of the event before
	Officers []OfficerSignature `json:"officers"` // two or more, sorted by name; over [Event.ClockMessage]
}

// OfficerSignature is one officer's signature over what an event decides.
type OfficerSignature struct {
	Name      string `json:"name"`      // in the policy
	Signature []byte `json:"signature"` // by the officer's key in the policy
}

// ClockMessage is what officers sign to accept the clock.
func (e Event) ClockMessage(origin string) []byte {
	return fmt.Appendf(nil, "kartoteka/clock/1\n%s\n%s\n%s\n%s\n", origin, e.Accession, e.Clock.Before, e.Time)
}

// ErrUnknownKind is returned with the event's common members when its kind is not known to this version.
var ErrUnknownKind = errors.New("event of a kind this version does not know")

// Marshal gives the leaf.
func (e Event) Marshal() ([]byte, error) {
	e.Schema = SpecEvent
	b, err := Marshal(e)
	if err == nil && len(b) > MaxLeaf {
		err = fmt.Errorf("%s event has %d bytes, more than the %d a leaf can hold", e.Kind, len(b), MaxLeaf)
	}
	if err == nil {
		err = e.check()
	}
	return b, err
}

// ParseEvent reads a leaf. For an event of an unknown kind it returns what all kinds share and [ErrUnknownKind].
func ParseEvent(leaf []byte) (Event, error) {
	if len(leaf) > MaxLeaf {
		return Event{}, fmt.Errorf("event has more than %d bytes", MaxLeaf)
	}
	var common struct {
		Schema    string      `json:"schema"`
		Kind      Kind        `json:"kind"`
		Accession AccessionID `json:"accession"`
		Time      Time        `json:"time"`
	}
	if err := unmarshalLoose(leaf, &common); err != nil {
		return Event{}, fmt.Errorf("event: %w", err)
	}
	e := Event{Schema: common.Schema, Kind: common.Kind, Accession: common.Accession, Time: common.Time}
	if e.Schema != SpecEvent {
		return e, fmt.Errorf("event: schema %.40q is not %s", e.Schema, SpecEvent)
	}
	if e.Accession == (AccessionID{}) || e.Time.IsZero() || !wordPattern.MatchString(string(e.Kind)) {
		return e, errors.New("event: kind, accession or time is missing")
	}
	if !e.Kind.known() {
		return e, ErrUnknownKind
	}
	var full Event
	if err := UnmarshalCanonical(leaf, &full); err != nil {
		return e, fmt.Errorf("%s event: %w", e.Kind, err)
	}
	return full, full.check()
}

func (k Kind) known() bool {
	switch k {
	case KindAccession, KindBundle, KindRejected, KindRelease, KindReleaseVoid, KindTrust, KindRetired, KindClock:
		return true
	}
	return false
}

func (e Event) bodies() map[Kind]bool {
	return map[Kind]bool{
		KindAccession: e.Accessioned != nil, KindBundle: e.Bundle != nil, KindRejected: e.Rejected != nil,
		KindRelease: e.Release != nil, KindReleaseVoid: e.ReleaseVoid != nil, KindTrust: e.Trust != nil,
		KindRetired: e.Retired != nil, KindClock: e.Clock != nil,
	}
}

func (e Event) check() error {
	for k, set := range e.bodies() {
		if set != (k == e.Kind) {
			return fmt.Errorf("%s event: body does not fit its kind", e.Kind)
		}
	}
	switch {
	case !e.Kind.known():
		return ErrUnknownKind
	case e.Accessioned != nil:
		return e.Accessioned.check()
	case e.Bundle != nil && !e.Bundle.sound(), e.Rejected != nil && !e.Rejected.sound(), e.Release != nil && !e.Release.sound(),
		e.ReleaseVoid != nil && (e.ReleaseVoid.Release < 0 || !wordPattern.MatchString(e.ReleaseVoid.Code)),
		e.Trust != nil && !e.Trust.sound(),
		e.Clock != nil && !e.Clock.sound(),
		e.Retired != nil && (e.Retired.Segment < 1 || e.Retired.Order < 0):
		return fmt.Errorf("%s event: numbers or words out of range", e.Kind)
	}
	return nil
}
