package seal

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"kartoteka/seal/patient"
)

// Constants of in-toto: stock cosign verify-blob-attestation and sigstore-go check each document against a statement
// of this type in a DSSE envelope of this payload type, and refuse a private one.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	PayloadType   = "application/vnd.in-toto+json"
)

// Names inside a bundle, ZIP or folder.
const (
	EnvelopeName  = "bundle.sigstore.json"
	DocumentsPath = "documents/" // subjects are documents/NAME
)

// Statement is the in-toto Statement a producer signs: which documents (subjects, by SHA-256) and what they are
// (predicate).
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     Metadata  `json:"predicate"`
}

// Subject is one document of the bundle.
type Subject struct {
	Name   string        `json:"name"`
	Digest SubjectDigest `json:"digest"`
}

// SubjectDigest holds the one algorithm we read; others a producer adds are ignored.
type SubjectDigest struct {
	SHA256 Digest `json:"sha256"`
}

// Metadata is the predicate: sealed facts only, never a date of destruction. See docs/format/bundle.md.
type Metadata struct {
	Bundle       BundleID        `json:"bundle"`
	Controller   Controller      `json:"controller"`
	Producer     Producer        `json:"producer"`
	Created      Time            `json:"created"`
	Patient      patient.Patient `json:"patient"`
	Encounter    Encounter       `json:"encounter"`
	Documents    []Document      `json:"documents"`
	Facts        Facts           `json:"facts"`
	Digitisation *Digitisation   `json:"digitisation,omitempty"`
}

// BundleID is random, made by the sender or by `bundle create`. A bundle sent twice is known by it.
type BundleID struct {
	ID string `json:"id"`
}

// Controller is the hospital that answers for the records.
type Controller struct {
	Name    string               `json:"name"`
	Country string               `json:"country"`
	IDs     []patient.Identifier `json:"ids,omitempty"`
}

// Producer is the system that made the bundle.
type Producer struct {
	System  string `json:"system"`
	Version string `json:"version,omitempty"`
}

// Encounter is the stay, visit or study.
type Encounter struct {
	ID    string `json:"id,omitempty"`
	Kind  string `json:"kind"`            // inpatient day emergency visit imaging laboratory scan
	Start string `json:"start,omitempty"` // YYYY-MM-DD
	End   string `json:"end,omitempty"`
}

// Document is what the sender says of one document.
type Document struct {
	Path            string            `json:"path"` // the subject's name
	Size            int64             `json:"size,omitempty"`
	MediaType       string            `json:"media_type,omitempty"`
	Class           string            `json:"class,omitempty"`
	Title           string            `json:"title,omitempty"`
	Language        string            `json:"language,omitempty"` // BCP 47
	Authored        string            `json:"authored,omitempty"`
	Author          *Author           `json:"author,omitempty"`
	DocID           string            `json:"doc_id,omitempty"`
	SetID           string            `json:"set_id,omitempty"`
	Version         string            `json:"version,omitempty"`
	Relation        *Relation         `json:"relation,omitempty"`
	Confidentiality string            `json:"confidentiality,omitempty"` // N, R or V (HL7 v3 Confidentiality); empty is N
	Signature       *DocumentSigning  `json:"signature,omitempty"`
	Codes           map[string]string `json:"codes,omitempty"` // klas_dok_p1, loinc, form_ua, form_lt
}

// Author of a document.
type Author struct {
	Name string `json:"name,omitempty"`
	ID   string `json:"id,omitempty"`
}

// Relation to an earlier document.
type Relation struct {
	Kind   string `json:"kind"` // replaces appends signs nullifies
	Target string `json:"target"`
}

// DocumentSigning says what signature the document carries itself. A record signed only inside the hospital's system
// has no checkable one: then our envelope, log and stamp are its only evidence, and a reader must be told.
type DocumentSigning struct {
	Kind   string `json:"kind"`             // qes zaufany osobisty zus his_internal kep_ua dsg none unknown
	Format string `json:"format,omitempty"` // xades cades pades asic adoc jades
}

// Digitisation describes a scan of paper (Polish act on the health information system, art. 13b).
type Digitisation struct {
	Operator          string `json:"operator"`
	ScannedAt         string `json:"scanned_at"`
	DPI               int    `json:"dpi,omitempty"`
	PatientInformedAt string `json:"patient_informed_at,omitempty"`
	Paper             string `json:"paper"` // kept returned destroyed pending
}

// MaxStatement bounds a statement, in bytes: 1,024 documents with generous titles.
const MaxStatement = 4 << 20

// ParseStatement reads a producer's statement. Members it does not know are ignored; what it knows must be sound.
func ParseStatement(payload []byte) (Statement, error) {
	var s Statement
	if len(payload) > MaxStatement {
		return s, fmt.Errorf("statement has more than %d bytes", MaxStatement)
	}
	if err := unmarshalLoose(payload, &s); err != nil {
		return s, fmt.Errorf("statement: %w", err)
	}
	return s, s.Check()
}

// Check says whether the statement can be kept as one bundle: one patient, one encounter, one retention unit, one
// confidentiality, every subject once.
func (s Statement) Check() error {
	switch {
	case s.Type != StatementType:
		return fmt.Errorf("statement: _type is not %s", StatementType)
	case s.PredicateType != SpecBundle:
		return fmt.Errorf("statement: predicateType is not %s", SpecBundle)
	case len(s.Subject) == 0 || len(s.Subject) > MaxDocuments:
		return fmt.Errorf("statement: %d subjects; a bundle has 1 to %d", len(s.Subject), MaxDocuments)
	}
	if err := s.checkSubjects(); err != nil {
		return err
	}
	return s.Predicate.Check()
}

func (s Statement) checkSubjects() error {
	seen := map[string]bool{}
	for _, sub := range s.Subject {
		if name, ok := strings.CutPrefix(sub.Name, DocumentsPath); !ok || name == "" || path.Clean(sub.Name) != sub.Name {
			return fmt.Errorf("statement: a subject is not a path below %s", DocumentsPath)
		}
		if seen[sub.Name] {
			return errors.New("statement: a subject is listed twice")
		}
		if sub.Digest.SHA256 == (Digest{}) {
			return errors.New("statement: a subject has no sha256 digest")
		}
		seen[sub.Name] = true
	}
	described := map[string]bool{}
	for _, d := range s.Predicate.Documents {
		if !seen[d.Path] || described[d.Path] {
			return errors.New("statement: predicate.documents names a path that is not a subject, or names one twice")
		}
		described[d.Path] = true
	}
	if n := len(described); n > 0 && n < len(s.Subject) && s.Predicate.Documents[0].Unit() != (Document{}).Unit() {
		return errors.New("statement: a subject that is not described has other confidentiality or retention than those that are")
	}
	return nil
}

// Document finds what the statement says of a subject; the zero Document when it says nothing.
func (s Statement) Document(name string) Document {
	for _, d := range s.Predicate.Documents {
		if d.Path == name {
			return d
		}
	}
	return Document{Path: name}
}
