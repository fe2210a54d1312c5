package jsonoutput

import (
	"kartoteka/seal"
	"kartoteka/verify"
)

// Init is the answer of `init`.
type Init struct {
	Schema     string          `json:"schema"`
	Archive    string          `json:"archive"`
	Private    string          `json:"private"`
	Origin     string          `json:"origin"`
	Controller seal.Controller `json:"controller"`
	TimeZone   string          `json:"time_zone"`
	Recipients []Recipient     `json:"recipients"`
	LogKey     string          `json:"log_key"`
	Policy     seal.Digest     `json:"policy_sha256"`
}

// Recipient is one recipient of a new archive.
type Recipient struct {
	Name        string `json:"name"`
	Role        string `json:"role"`
	Fingerprint string `json:"fingerprint"`
}

// Keygen is the answer of `keygen`.
type Keygen struct {
	Schema      string `json:"schema"`
	Kind        string `json:"kind"`
	File        string `json:"file"`
	PublicFile  string `json:"public_file"`
	Protected   bool   `json:"protected"` // by a passphrase
	Public      string `json:"public"`
	Fingerprint string `json:"fingerprint,omitempty"` // of an age recipient, as events name it
}

// Producers is the answer of `policy list`, `add-producer` and `end-producer`.
type Producers struct {
	Schema    string      `json:"schema"`
	Origin    string      `json:"origin"`
	Policy    seal.Digest `json:"policy_sha256"`
	Producers []Producer  `json:"producers"`
	Officers  []Producer  `json:"officers"` // who may decide, two at a time
	TSAs      []TSA       `json:"tsas"`     // whose time stamps count
}

// TSA is a time-stamp authority of the policy.
type TSA struct {
	Name         string    `json:"name"`
	Certificates int       `json:"certificates"` // in its chain
	Until        seal.Time `json:"until"`        // the first of them ends
}

// Producer is one producer of the policy.
type Producer struct {
	Name    string     `json:"name"`
	Key     string     `json:"key,omitempty"`  // algorithm
	Hint    string     `json:"hint,omitempty"` // base64 of SHA-256 over the SubjectPublicKeyInfo
	Subject string     `json:"subject,omitempty"`
	From    *seal.Time `json:"from,omitempty"`
	Until   *seal.Time `json:"until,omitempty"`

	Roles []verify.Role `json:"roles,omitempty"` // of an officer: what the signature may decide; none: everything
}

// PolicyExport is the answer of `policy export`.
type PolicyExport struct {
	Schema string      `json:"schema"`
	File   string      `json:"file"`
	Origin string      `json:"origin"`
	Policy seal.Digest `json:"policy_sha256"`
}

// Bundles is the answer of `bundle create`.
type Bundles struct {
	Schema   string          `json:"schema"`
	Bundles  []CreatedBundle `json:"bundles"`
	Warnings []string        `json:"warnings"`
}

// CreatedBundle is one bundle that was made.
type CreatedBundle struct {
	ID        string `json:"id"`
	File      string `json:"file"`
	Receipt   string `json:"receipt"` // name of the receipt's file in the archive's spool/receipts
	Documents int    `json:"documents"`
	Bytes     int64  `json:"bytes"` // of all documents
}

// BundleInspect is the answer of `bundle inspect`: what a bundle says of itself, judged by nobody.
type BundleInspect struct {
	Schema    string           `json:"schema"`
	Judged    bool             `json:"judged"`            // always false
	Hint      string           `json:"hint,omitempty"`    // of the signer's key
	Subject   string           `json:"subject,omitempty"` // of the signer's certificate
	Issuer    string           `json:"issuer,omitempty"`
	Receipt   string           `json:"receipt"`
	Documents []BundleDocument `json:"documents"`
	Statement seal.Statement   `json:"statement"`
}

// BundleDocument is one document of a bundle, there or signed for.
type BundleDocument struct {
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	Present bool   `json:"present"` // in the file
	Signed  bool   `json:"signed"`  // named in the statement
}

// Version is the answer of `version`.
type Version struct {
	Schema   string   `json:"schema"`
	Version  string   `json:"version"`
	Revision string   `json:"revision,omitempty"`
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	Formats  []string `json:"formats"` // that this build reads and writes
}
