package jsonoutput

import "kartoteka/seal"

// Custodians is the answer of `rotate custodians`.
type Custodians struct {
	Schema   string          `json:"schema"`
	Done     bool            `json:"done"` // false: only planned
	Stay     []Recipient     `json:"stay"`
	Come     []Recipient     `json:"come"`
	Leave    []Recipient     `json:"leave"`
	MaySign  []string        `json:"may_sign"`        // officers; it takes two
	Keyfiles int             `json:"keyfiles"`        // wrapped to other people, or to be
	Damaged  []string        `json:"damaged"`         // keyfiles that were passed over with --skip-damaged
	Event    *seal.LeafIndex `json:"event,omitempty"` // the first of the rotation's
}

// LogKey is the answer of `rotate log-key`.
type LogKey struct {
	Schema string      `json:"schema"`
	Done   bool        `json:"done"`                   // false: only planned
	Before string      `json:"before"`                 // verifier keys
	After  string      `json:"after"`                  // the successor that the policy before committed to
	From   *seal.Time  `json:"from,omitempty"`         // from which it signs
	Policy seal.Digest `json:"policy_sha256,omitzero"` // of the policy in force now
}

// Transfer is the answer of `custody transfer`.
type Transfer struct {
	Schema   string          `json:"schema"`
	Done     bool            `json:"done"` // false: only planned
	From     seal.Controller `json:"from"`
	To       seal.Controller `json:"to"`
	Basis    string          `json:"basis"`
	On       seal.Date       `json:"on"`
	Officers []string        `json:"officers"`
	Policy   seal.Digest     `json:"policy_sha256,omitzero"` // of the policy in force now
}
