package jsonoutput

import (
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/seal"
)

// Acts is the answer of `fact add`, `hold place`, `notice`, `handed-over` and `consent`.
type Acts struct {
	Schema string           `json:"schema"`
	Events []seal.LeafIndex `json:"events"`
}

// HoldReleased is the answer of `hold release`.
type HoldReleased struct {
	Schema string         `json:"schema"`
	Hold   seal.LeafIndex `json:"hold"`  // event that placed it
	Event  seal.LeafIndex `json:"event"` // event that ended it
}

// Holds is the answer of `hold list`.
type Holds struct {
	Schema string                  `json:"schema"`
	Holds  []appraisal.HoldInForce `json:"holds"` // by event
}

// Due is the first line of the answer of `retention due`. Each further line is a [DueRow].
type Due struct {
	Schema string `json:"schema"`
}

// DueRow is what the law says of one bundle.
type DueRow = appraisal.Row

// OrderPlan is the answer of `order create`, `show` and `sign`, and of `order execute` without --yes.
type OrderPlan struct {
	Schema    string             `json:"schema"`
	File      string             `json:"file"`
	SHA256    seal.Digest        `json:"sha256"` // of what is signed
	Origin    string             `json:"origin"`
	Number    string             `json:"number"`
	Made      seal.Date          `json:"made"`
	Until     seal.Date          `json:"until"` // last day on which it may be executed
	Log       seal.OrderLog      `json:"log"`   // when it was made
	Documents int                `json:"documents"`
	Rules     []OrderedRule      `json:"rules"`
	Bundles   []OrderedBundle    `json:"bundles"`
	Acts      []seal.LeafIndex   `json:"acts"`     // events whose records go along
	Released  []seal.LeafIndex   `json:"released"` // releases of packets, which no order reaches
	Signed    []string           `json:"signed"`   // names of officers, judged by nobody
	Holds     *bool              `json:"holds,omitempty"`
	Refused   []appraisal.Reason `json:"refused,omitempty"`
}

// OrderedRule is a rule with what goes by it.
type OrderedRule struct {
	Rule      string      `json:"rule"`
	Citation  string      `json:"citation"`
	Schedule  seal.Digest `json:"schedule"`
	Bundles   int         `json:"bundles"`
	Documents int         `json:"documents"`
	First     seal.Date   `json:"first"` // first and last day of disposal
	Last      seal.Date   `json:"last"`
}

// OrderedBundle is one bundle of an order.
type OrderedBundle struct {
	Bundle    seal.LeafIndex `json:"bundle"`
	Documents int            `json:"documents"`
	Due       seal.Date      `json:"due"`
	Rule      string         `json:"rule"`

	Facts []seal.LeafIndex `json:"facts,omitempty"` // fact events about it: its day may rest on them
}

// Refused is the answer of `order create` and `order execute --yes` where nothing was done.
type Refused struct {
	Schema  string             `json:"schema"`
	Reasons []appraisal.Reason `json:"reasons"`
	More    int                `json:"more,omitempty"` // reasons that are not listed
}

// Executed is the answer of `order execute --yes`.
type Executed struct {
	Schema      string         `json:"schema"`
	Number      string         `json:"number"`
	Event       seal.LeafIndex `json:"event"` // the disposal
	Bundles     int            `json:"bundles"`
	Documents   int            `json:"documents"`
	Certificate string         `json:"certificate,omitempty"` // files
	Page        string         `json:"page,omitempty"`
}

// CertificateIssued is the answer of `order certificate`.
type CertificateIssued struct {
	Schema      string         `json:"schema"`
	Event       seal.LeafIndex `json:"event"` // the disposal
	Certificate string         `json:"certificate"`
	Page        string         `json:"page,omitempty"`
}

// Law is the answer of `schedule adopt`: by which law records are disposed of from now on.
type Law struct {
	Schema     string        `json:"schema"`
	Policy     seal.Digest   `json:"policy_sha256"`
	Controller string        `json:"controller_kind,omitempty"`
	Schedules  []LawSchedule `json:"schedules"` // the hospital's own
	Overrides  []LawOverride `json:"overrides"`
}

// LawSchedule is a schedule of the hospital's own.
type LawSchedule struct {
	Jurisdiction string      `json:"jurisdiction"`
	Digest       seal.Digest `json:"sha256"`
}

// LawOverride is a rule marked verify that was compared with the law.
type LawOverride struct {
	Rule     string      `json:"rule"`
	Schedule seal.Digest `json:"schedule"`
	Officer  string      `json:"officer"`
	Basis    string      `json:"basis"`
}
