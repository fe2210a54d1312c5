package jsonoutput

import (
	"kartoteka/cmd/internal/stamps"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Stamps is the answer of `stamp` and `renew run`.
type Stamps struct {
	Schema string `json:"schema"`
	stamps.Report
}

// Renewals is the answer of `renew plan`, and of `renew run` without --yes.
type Renewals struct {
	Schema string `json:"schema"`
	stamps.Plan
}

// EvidenceExport is the answer of `evidence export`.
type EvidenceExport struct {
	Schema  string         `json:"schema"`
	Bundle  seal.LeafIndex `json:"bundle"` // its event
	Files   []EvidenceFile `json:"files"`
	Missing []seal.Family  `json:"missing"` // families that nobody stamped yet
}

// EvidenceFile is one file that was written.
type EvidenceFile struct {
	File     string      `json:"file"`
	Document int         `json:"document"`         // of the bundle, from 1
	Family   seal.Family `json:"family,omitempty"` // left out for the document itself
}

// EvidenceReport is the answer of `verify evidence`: a report with what the record says.
type EvidenceReport struct {
	verify.Report
	Evidence verify.EvidenceSummary `json:"evidence"`
}
