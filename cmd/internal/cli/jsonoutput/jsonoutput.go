// Package jsonoutput holds the answers kartoteka prints with --json, as Go types. docs/json.md describes them.
//
// Every answer names its schema and version in its first member. Within a version members may be added, never removed
// or given another meaning; codes are stable strings.
package jsonoutput

import (
	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Schemas of the answers.
const (
	SpecIngest  = "kartoteka/ingest/1"
	SpecStatus  = "kartoteka/status/1"
	SpecFound   = "kartoteka/found/1"
	SpecReport  = verify.SpecReport
	SpecInspect = "kartoteka/inspect/1"
	SpecRebuild = "kartoteka/rebuild/1"
	SpecExport  = "kartoteka/export/1"

	SpecInit          = "kartoteka/init/1"
	SpecKeygen        = "kartoteka/keygen/1"
	SpecProducers     = "kartoteka/producers/1"
	SpecPolicyExport  = "kartoteka/policy-export/1"
	SpecBundles       = "kartoteka/bundles/1"
	SpecBundleInspect = "kartoteka/bundle-inspect/1"
	SpecVersion       = "kartoteka/version/1"
	SpecClock         = "kartoteka/clock-accepted/1"
	SpecCustodians    = "kartoteka/custodians-rotated/1"
	SpecLogKey        = "kartoteka/log-key-rotated/1"
	SpecTransfer      = "kartoteka/custody-transferred/1"
	SpecScheduleCheck = "kartoteka/schedule-check/1"
	SpecScheduleList  = "kartoteka/schedule-list/1"

	SpecActs              = "kartoteka/acts/1"
	SpecHoldReleased      = "kartoteka/hold-released/1"
	SpecHolds             = "kartoteka/holds/1"
	SpecDue               = "kartoteka/due/1"
	SpecOrderPlan         = "kartoteka/order-plan/1"
	SpecRefused           = "kartoteka/refused/1"
	SpecExecuted          = "kartoteka/executed/1"
	SpecCertificateIssued = "kartoteka/certificate-issued/1"
	SpecLaw               = "kartoteka/law/1"

	SpecStamps         = "kartoteka/stamps/1"
	SpecRenewals       = "kartoteka/renewals/1"
	SpecEvidenceExport = "kartoteka/evidence-export/1"

	SpecWitnessServing = "kartoteka/witness-serving/1"
	SpecWitnessState   = "kartoteka/witness-shown/1"
	SpecWitnesses      = "kartoteka/witnesses/1"
	SpecCollected      = "kartoteka/cosignatures/1"
	SpecCheckpoint     = "kartoteka/checkpoint/1"
)

// Clock is the answer of `clock accept`.
type Clock struct {
	Schema   string    `json:"schema"`
	Before   seal.Time `json:"before"`   // date of the event before
	Accepted seal.Time `json:"accepted"` // from which the clock is judged now
}

// Ingest is the answer of `ingest`.
type Ingest struct {
	Schema    string            `json:"schema"`
	Taken     int               `json:"taken"`
	Known     int               `json:"known"`     // in the archive already, with the same statement
	Rejected  int               `json:"rejected"`  // nothing of them was stored
	Postponed int               `json:"postponed"` // still being written, or not readable: tried again later
	Outcomes  []archive.Outcome `json:"outcomes"`  // in the order they were dealt with
}

// Status is the answer of `status`.
type Status struct {
	Schema string `json:"schema"`
	Daemon bool   `json:"daemon"` // kartotekad gave the answer; without it, index, taking, next and problems are unknown
	wire.Status
}

// Found is the answer of `list` and `find`.
type Found struct {
	Schema  string          `json:"schema"`
	Bundles []archive.Found `json:"bundles"` // in the order of the log
	More    bool            `json:"more"`    // the limit was reached; there may be others
}

// Report is the answer of every `verify`.
type Report = verify.Report

// Inspect is the answer of `inspect`. Nothing in it was verified.
type Inspect struct {
	Schema  string `json:"schema"`
	File    string `json:"file"`
	Kind    string `json:"kind"`            // bundle, packet, receipt, keyfile, segment, …
	Version string `json:"version"`         // as the file names it; empty where its kind has none
	Facts   []Fact `json:"facts"`           // what it says of itself
	Sealed  string `json:"sealed"`          // what cannot be told without a key, or was not checked
	Error   string `json:"error,omitempty"` // why it is not what its first line claims
}

// Fact is one thing a file says of itself.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Rebuild is the answer of `rebuild`.
type Rebuild struct {
	Schema string         `json:"schema"`
	Events seal.LeafIndex `json:"events"`          // of the log it was made from
	Rows   int            `json:"rows"`            // bundles
	Equal  *bool          `json:"equal,omitempty"` // with --check: the live index is what a rebuild gives
	Reason string         `json:"reason,omitempty"`
}

// Export is the answer of `export`.
type Export struct {
	Schema    string         `json:"schema"`
	Packet    string         `json:"packet"`  // the file
	Release   seal.LeafIndex `json:"release"` // the release event
	Bundles   int            `json:"bundles"`
	Documents int            `json:"documents"`
	LeftOut   int            `json:"left_out"` // documents of the patient outside the selection
}
