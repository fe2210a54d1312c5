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
	Act         *ActEvent         `json:"act,omitempty"` // of the kinds fact, hold, step and carried
	HoldRelease *HoldReleaseEvent `json:"hold_release,omitempty"`
	Disposal    *DisposalEvent    `json:"disposal,omitempty"`
	Key         *KeyEvent         `json:"key,omitempty"`
	Custody     *CustodyEvent     `json:"custody,omitempty"`
	Night       *NightEvent       `json:"night,omitempty"`
	Wave        *WaveEvent        `json:"wave,omitempty"`
	Rehash      *RehashEvent      `json:"rehash,omitempty"`
	TimeStamp   *StampEvent       `json:"time_stamp,omitempty"`
}

// Kind of an event. Later kinds (check, repair) will be added; a reader that does not know a kind keeps the leaf,
// counts it and says so.
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
	KindFact        Kind = "fact"            // an officer added a fact that retention rules read
	KindHold        Kind = "hold"            // records are kept although their term is over
	KindHoldRelease Kind = "hold_release"    // two officers ended a hold
	KindStep        Kind = "step"            // notice, handing over or consent before a disposal
	KindDisposal    Kind = "disposal"        // an order signed by two officers was executed
	KindCarried     Kind = "carried"         // what disposed bundles leave behind for the terms of those that remain
	KindKey         Kind = "key"             // keyfiles were rewrapped to other people
	KindCustody     Kind = "custody"         // the archive passed to another controller
	KindNight       Kind = "night"           // bundles were gathered to be stamped
	KindWave        Kind = "wave"            // nights were gathered to be stamped again
	KindRehash      Kind = "rehash"          // bundles were gathered to be stamped with another hash
	KindTimeStamp   Kind = "time_stamp"      // an authority stamped a night, a wave or a rehash
)

// AccessionEvent closes an accession: how many events it has, what files it made, under which policy. It stands last,
// so that the last leaf of a log always names the policy in force and everything the last intake wrote.
type AccessionEvent struct {
	Events   int          `json:"events"` // leaves of this accession before this one
	Segments []Segment    `json:"segments"`
	Keyfiles []KeyfileSum `json:"keyfiles"`
	Policy   Digest       `json:"policy"`     // SHA-256 of policy/policy.json in force
	To       Digest       `json:"recipients"` // SHA-256 of policy/recipients.json in force

	// The last of their kind in the log: what an event far back is looked for from.
	Night  *LeafIndex `json:"night,omitempty"`
	Wave   *LeafIndex `json:"wave,omitempty"`
	Rehash *LeafIndex `json:"rehash,omitempty"`
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
	Act        int    `json:"act"`       // index.keys record: which bundles were released
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

// ActEvent says that an officer did something about a patient's records; what and about whom is in the record.
type ActEvent struct {
	Record int `json:"record"` // index.keys record, see [Act]
}

// HoldReleaseEvent ends a hold.
type HoldReleaseEvent struct {
	Hold     LeafIndex          `json:"hold"`     // its event
	Log      OrderLog           `json:"log"`      // the log when it was signed: a signature is for this log, and for no copy of it
	Officers []OfficerSignature `json:"officers"` // two or more, sorted by name; over [HoldReleaseMessage]
}

// DisposalEvent says that an order was executed. From then on the headers of its bundles are gone, or on their way: what
// a crash left undone is done at the next opening.
type DisposalEvent struct {
	Order     Digest `json:"order"` // SHA-256 of the signed order's file, orders/
	Bundles   int    `json:"bundles"`
	Documents int    `json:"documents"`
}

// KeyEvent says that two officers gave the archive to other recipients: the secrets of keyfiles were wrapped to them, and
// what comes in from now on is.
type KeyEvent struct {
	List     Digest             `json:"list"` // SHA-256 of the file that names the secrets of each keyfile, see [Rewrapping]; zeros where there is no keyfile
	To       Digest             `json:"to"`   // SHA-256 of the recipients' file, as in this accession's event
	Keyfiles int                `json:"keyfiles"`
	Officers []OfficerSignature `json:"officers"` // two or more, sorted by name; over [Event.RewrapMessage]
}

// CustodyEvent says that the archive passed to another controller.
type CustodyEvent struct {
	Transfer Digest             `json:"transfer"` // SHA-256 of the file that says from whom to whom, see [Transfer]
	Officers []OfficerSignature `json:"officers"` // two or more, sorted by name; over [TransferMessage]
}

// HoldReleaseMessage is what officers sign to end a hold.
func HoldReleaseMessage(origin string, hold LeafIndex, log OrderLog) []byte {
	return fmt.Appendf(nil, "kartoteka/hold-release/1\n%s\n%d\n%d\n%s\n", origin, hold, log.Size, log.Root)
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

// RewrapMessage is what officers sign to give the archive to other recipients. It names the accession: what was signed
// once cannot be said again later, to bring those back who left since.
func (e Event) RewrapMessage(origin string) []byte {
	return fmt.Appendf(nil, "kartoteka/rewrap/1\n%s\n%s\n%s\n%s\n", origin, e.Accession, e.Key.List, e.Key.To)
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
	_, ok := Event{}.body(k)
	return ok
}

// body says whether the body of a kind is set, and whether there is such a kind.
func (e Event) body(k Kind) (set, known bool) {
	switch k {
	case KindAccession:
		return e.Accessioned != nil, true
	case KindBundle:
		return e.Bundle != nil, true
	case KindRejected:
		return e.Rejected != nil, true
	case KindRelease:
		return e.Release != nil, true
	case KindReleaseVoid:
		return e.ReleaseVoid != nil, true
	case KindTrust:
		return e.Trust != nil, true
	case KindRetired:
		return e.Retired != nil, true
	case KindClock:
		return e.Clock != nil, true
	case KindFact, KindHold, KindStep, KindCarried:
		return e.Act != nil, true
	case KindHoldRelease:
		return e.HoldRelease != nil, true
	case KindDisposal:
		return e.Disposal != nil, true
	case KindKey:
		return e.Key != nil, true
	case KindCustody:
		return e.Custody != nil, true
	case KindNight:
		return e.Night != nil, true
	case KindWave:
		return e.Wave != nil, true
	case KindRehash:
		return e.Rehash != nil, true
	case KindTimeStamp:
		return e.TimeStamp != nil, true
	}
	return false, false
}

// count is how many bodies are set.
func (e Event) count() (n int) {
	for _, set := range [...]bool{e.Accessioned != nil, e.Bundle != nil, e.Rejected != nil, e.Release != nil, e.ReleaseVoid != nil,
		e.Trust != nil, e.Retired != nil, e.Clock != nil, e.Act != nil, e.HoldRelease != nil, e.Disposal != nil, e.Key != nil, e.Custody != nil,
		e.Night != nil, e.Wave != nil, e.Rehash != nil, e.TimeStamp != nil} {
		if set {
			n++
		}
	}
	return n
}

func (e Event) check() error {
	set, known := e.body(e.Kind)
	switch {
	case !known:
		return ErrUnknownKind
	case !set || e.count() != 1:
		return fmt.Errorf("%s event: body does not fit its kind", e.Kind)
	case e.Accessioned != nil:
		return e.Accessioned.check()
	case e.Bundle != nil && !e.Bundle.sound(), e.Rejected != nil && !e.Rejected.sound(), e.Release != nil && !e.Release.sound(),
		e.ReleaseVoid != nil && (e.ReleaseVoid.Release < 0 || !wordPattern.MatchString(e.ReleaseVoid.Code)),
		e.Trust != nil && !e.Trust.sound(),
		e.Clock != nil && !signedByTwo(e.Clock.Officers),
		e.HoldRelease != nil && (e.HoldRelease.Hold < 1 || e.HoldRelease.Log.Size <= int64(e.HoldRelease.Hold) || !signedByTwo(e.HoldRelease.Officers)),
		e.Custody != nil && !signedByTwo(e.Custody.Officers),
		e.Act != nil && (e.Act.Record < 0 || e.Act.Record > maxRecords),
		e.Disposal != nil && (e.Disposal.Bundles < 1 || e.Disposal.Documents < e.Disposal.Bundles),
		e.Key != nil && !e.Key.sound(),
		e.Night != nil && !e.Night.sound(), e.Wave != nil && !e.Wave.sound(), e.Rehash != nil && !e.Rehash.sound(), e.TimeStamp != nil && !e.TimeStamp.sound(),
		e.Retired != nil && (e.Retired.Segment < 1 || e.Retired.Order < 0):
		return fmt.Errorf("%s event: numbers or words out of range", e.Kind)
	}
	return nil
}
