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
)

// Ops lists every operation.
func Ops() []Op { return []Op{OpStatus, OpList, OpFind, OpIngest, OpRelease, OpReleaseVoid} }

// Request is one question. The body its Op needs is set, and no other.
type Request struct {
	Version int            `json:"version"`
	Op      Op             `json:"op"`
	Query   *archive.Query `json:"query,omitempty"`        // list, find
	Release *Release       `json:"release,omitempty"`      // release
	Void    *Void          `json:"release_void,omitempty"` // release_void
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
	want := struct{ query, release, void bool }{}
	switch r.Op {
	case OpStatus, OpIngest:
	case OpList, OpFind:
		want.query = true
	case OpRelease:
		want.release = true
	case OpReleaseVoid:
		want.void = true
	default:
		return errors.New("no such operation")
	}
	if (r.Query != nil) != want.query || (r.Release != nil) != want.release || (r.Void != nil) != want.void {
		return fmt.Errorf("%s: a body is missing or does not belong to it", r.Op)
	}
	switch {
	case want.query && long(*r.Query):
		return fmt.Errorf("%s: a text has more than %d bytes", r.Op, maxText)
	case r.Op == OpList && (r.Query.Identifier.System != "" || r.Query.Identifier.Value != "" || r.Query.Name != "" || r.Query.Born != ""):
		return errors.New("list takes no identifier and no name: that is find")
	case r.Op == OpFind && r.Query.Identifier.System == "" && r.Query.Name == "":
		return errors.New("find needs an identifier or a name with a birth date")
	case want.release:
		return r.Release.check()
	case want.void:
		return r.Void.check()
	}
	return nil
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
