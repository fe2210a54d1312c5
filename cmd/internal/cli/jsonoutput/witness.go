package jsonoutput

import (
	"kartoteka/seal"
	"kartoteka/verify"
)

// WitnessServing is what `witness serve` says when it begins to answer.
type WitnessServing struct {
	Schema  string   `json:"schema"`
	Witness string   `json:"witness"` // its public key, as policies hold it
	Listen  string   `json:"listen"`  // address and port
	Logs    []string `json:"logs"`    // origins
}

// WitnessState is the answer of `witness show`.
type WitnessState struct {
	Schema   string         `json:"schema"`
	Witness  string         `json:"witness"`
	Logs     []WitnessedLog `json:"logs"`
	Evidence []string       `json:"evidence"` // files of refusals that speak against a log
}

// WitnessedLog is a log and the checkpoint of it that was cosigned last.
type WitnessedLog struct {
	Origin     string      `json:"origin"`
	Size       int64       `json:"size"`
	Root       seal.Digest `json:"root"`
	Checkpoint string      `json:"checkpoint"`
}

// Witnesses is the answer of `policy add-witness`, `end-witness` and `witness-quorum`.
type Witnesses struct {
	Schema    string                `json:"schema"`
	Origin    string                `json:"origin"`
	Policy    seal.Digest           `json:"policy_sha256"`
	Witnesses []verify.LogKey       `json:"witnesses"`
	Quorum    *verify.WitnessQuorum `json:"quorum,omitempty"`
}

// Collected is the answer of `witness collect`.
type Collected struct {
	Schema    string      `json:"schema"`
	Size      int64       `json:"size"`
	Root      seal.Digest `json:"root"`
	Witnesses []Collect   `json:"witnesses"` // that were asked, in order
	Cosigners int         `json:"cosigners"` // of the policy, of this checkpoint, now and before
	Quorum    bool        `json:"quorum"`    // as many as the policy asks for
}

// Collect is what one witness answered.
type Collect struct {
	Name   string     `json:"name"`
	Status string     `json:"status"` // cosigned, refused, unreachable, forked, ahead
	At     *seal.Time `json:"at,omitempty"`
	Error  string     `json:"error,omitempty"`
}

// Checkpoint is the answer of `checkpoint show` and `checkpoint type`.
type Checkpoint struct {
	Schema     string      `json:"schema"`
	Origin     string      `json:"origin"`
	Size       int64       `json:"size"`
	Root       seal.Digest `json:"root"`
	Checkpoint string      `json:"checkpoint"`      // the signed note
	Paper      string      `json:"paper,omitempty"` // with --paper
}
