// Package wire is what kartoteka and kartotekad say to each other through the local socket: one JSON request on a
// line, then one or more JSON answers on a line each, the last of them without "more". Several requests may follow
// each other on one connection.
//
// There is no secret in the protocol and no login: the kernel says who asks (peer credentials), and the daemon's
// configuration says what that person may do.
package wire

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/stamps"
	"kartoteka/seal"
)

// Version of the protocol. A daemon answers another version with CodeVersion.
const Version = 1

// MaxLine bounds a request and an answer, in bytes. Longer lists come in several answers.
const MaxLine = 16 << 20

// Op is what is asked for.
type Op string

const (
	OpStatus      Op = "status"
	OpList        Op = "list"         // bundles by date and class; names nobody and takes no name
	OpFind        Op = "find"         // bundles of a person
	OpIngest      Op = "ingest"       // take in now what stands in the spool; an answer for each outcome
	OpRelease     Op = "release"      // commit an entry of the register of releases; before the packet is handed over
	OpReleaseVoid Op = "release_void" // the packet of an earlier release was not handed over

	OpFact        Op = "fact"         // add what an officer learnt of a patient or a bundle
	OpHold        Op = "hold"         // keep records although their term is over
	OpHolds       Op = "holds"        // the holds in force; they name people
	OpHoldRelease Op = "hold_release" // two officers end a hold
	OpStep        Op = "step"         // note a step on the way to a disposal
	OpDue         Op = "due"          // what the law says of each bundle; names nobody
	OpOrder       Op = "order"        // make the order for bundles; changes nothing
	OpExecute     Op = "execute"      // execute a signed order, or see whether it would be
	OpCertificate Op = "certificate"  // of an executed order

	OpStamp    Op = "stamp"    // have stamped what waits for a token
	OpRenewals Op = "renewals" // what must be stamped again by when; names nobody
	OpRenew    Op = "renew"    // have stamped again what ends soon
)

// Ops lists every operation.
func Ops() []Op {
	return []Op{OpStatus, OpList, OpFind, OpIngest, OpRelease, OpReleaseVoid,
		OpFact, OpHold, OpHolds, OpHoldRelease, OpStep, OpDue, OpOrder, OpExecute, OpCertificate,
		OpStamp, OpRenewals, OpRenew}
}

// Request is one question. The body its Op needs is set, and no other.
type Request struct {
	Version int            `json:"version"`
	Op      Op             `json:"op"`
	Query   *archive.Query `json:"query,omitempty"`        // list, find
	Release *Release       `json:"release,omitempty"`      // release
	Void    *Void          `json:"release_void,omitempty"` // release_void

	Fact        *Fact        `json:"fact,omitempty"`
	Hold        *Hold        `json:"hold,omitempty"`
	HoldRelease *HoldRelease `json:"hold_release,omitempty"`
	Step        *Step        `json:"step,omitempty"`
	Due         *Due         `json:"due,omitempty"`
	Order       *Order       `json:"order,omitempty"`
	Execute     *Execute     `json:"execute,omitempty"`
	Certificate *Certificate `json:"certificate,omitempty"`

	Stamp    *Stamp    `json:"stamp,omitempty"`
	Renewals *Renewals `json:"renewals,omitempty"`
	Renew    *Renew    `json:"renew,omitempty"`
}

// Release asks for a release event.
type Release struct {
	Entry     seal.Release `json:"entry"`
	Custodian string       `json:"custodian"` // fingerprint of the recipient whose identity opens the records
}

// Void asks for a release_void event.
type Void struct {
	Release seal.LeafIndex `json:"release"`
	Code    string         `json:"code"` // why, in one word; it stands in the log for ever
}

// Answer is one line of the answer.
type Answer struct {
	Version  int               `json:"version"`
	More     bool              `json:"more,omitempty"` // another answer follows
	Error    *Error            `json:"error,omitempty"`
	Status   *Status           `json:"status,omitempty"`
	Found    []archive.Found   `json:"found,omitempty"`
	Outcomes []archive.Outcome `json:"outcomes,omitempty"`
	Leaf     *seal.LeafIndex   `json:"leaf,omitempty"` // of the event that was committed

	Leaves []seal.LeafIndex        `json:"leaves,omitempty"` // of the events that were committed
	Holds  []appraisal.HoldInForce `json:"holds,omitempty"`
	Rows   []appraisal.Row         `json:"rows,omitempty"`
	File   []byte                  `json:"file,omitempty"` // a part of an order or a certificate

	Stamps   *stamps.Report `json:"stamps,omitempty"`
	Renewals *stamps.Plan   `json:"renewals,omitempty"`
}

var (
	fingerprint = regexp.MustCompile(`^[0-9a-f]{16}$`)
	voidCode    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

// ParseRequest reads one line. What it returns is sound in form; who may ask is not its matter.
func ParseRequest(line []byte) (Request, error) {
	var r Request
	if err := seal.UnmarshalStrict(line, &r); err != nil {
		return r, &Error{Code: CodeRequest, Text: "request: " + err.Error()}
	}
	return r, r.Check()
}

// Check says whether the request has what its operation needs and nothing else.
func (r Request) Check() error {
	if r.Version != Version {
		return &Error{Code: CodeVersion, Text: fmt.Sprintf("request: version %d, the daemon speaks %d; install the same kartoteka everywhere", r.Version, Version)}
	}
	if err := r.check(); err != nil {
		return &Error{Code: CodeRequest, Text: "request: " + err.Error()}
	}
	return nil
}

func (r Request) check() error {
	if !slices.Contains(Ops(), r.Op) {
		return errors.New("no such operation")
	}
	bodies := r.bodies()
	own, query := bodies[r.Op], r.Op == OpList || r.Op == OpFind
	bodiless := query || r.Op == OpStatus || r.Op == OpIngest || r.Op == OpHolds
	if (own == nil) != bodiless || own == nil && len(bodies) > 0 || len(bodies) > 1 || (r.Query != nil) != query {
		return fmt.Errorf("%s: a body is missing or does not belong to it", r.Op)
	}
	switch {
	case own != nil:
		return own.check()
	case query && long(*r.Query):
		return fmt.Errorf("%s: a text has more than %d bytes", r.Op, maxText)
	case r.Op == OpList && (r.Query.Identifier.System != "" || r.Query.Identifier.Value != "" || r.Query.Name != "" || r.Query.Born != ""):
		return errors.New("list takes no identifier and no name: that is find")
	case r.Op == OpFind && r.Query.Identifier.System == "" && r.Query.Name == "":
		return errors.New("find needs an identifier or a name with a birth date")
	}
	return nil
}

// body of a request, of one operation only.
type body interface{ check() error }

func (r Request) bodies() map[Op]body {
	set := map[Op]body{}
	put(set, OpRelease, r.Release)
	put(set, OpReleaseVoid, r.Void)
	put(set, OpFact, r.Fact)
	put(set, OpHold, r.Hold)
	put(set, OpHoldRelease, r.HoldRelease)
	put(set, OpStep, r.Step)
	put(set, OpDue, r.Due)
	put(set, OpOrder, r.Order)
	put(set, OpExecute, r.Execute)
	put(set, OpCertificate, r.Certificate)
	put(set, OpStamp, r.Stamp)
	put(set, OpRenewals, r.Renewals)
	put(set, OpRenew, r.Renew)
	return set
}

func put[T any, P interface {
	*T
	body
}](set map[Op]body, op Op, b P) {
	if b != nil {
		set[op] = b
	}
}

// maxText bounds each text of a query, in bytes: a long name would keep the daemon busy for minutes with its sounds.
const maxText = 1 << 10

func long(q archive.Query) bool {
	texts := []string{q.Identifier.System, q.Identifier.Value, q.Identifier.Role, q.Identifier.Country, q.Name, q.Born, q.From, q.To, q.Class, q.Since}
	return slices.ContainsFunc(texts, func(s string) bool { return len(s) > maxText })
}

// check keeps what goes into the log in clear to what cannot name anyone, and what goes into the register to what its
// reader takes.
func (r *Release) check() error {
	switch {
	case !fingerprint.MatchString(r.Custodian):
		return errors.New("release: custodian is not a fingerprint (16 hex digits)")
	case len(r.Entry.Bundles) == 0:
		return errors.New("release: no bundle is released")
	case r.Entry.Documents < 0 || r.Entry.LeftOut < 0:
		return errors.New("release: a count is negative")
	case r.Entry.Seed == seal.Seed{}:
		return errors.New("release: the seed is not drawn")
	}
	data, _, _, err := r.Entry.Commit()
	if err == nil {
		_, err = seal.ParseReleaseEntry(data)
	}
	return err
}

func (v *Void) check() error {
	if v.Release < 0 || !voidCode.MatchString(v.Code) {
		return errors.New("release_void: release is negative, or code is not one word of a-z, 0-9 and _")
	}
	return nil
}
