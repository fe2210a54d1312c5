// Package clinical reads what a medical document says about itself: whom it names, what kind of
// document it is, which version, who wrote it and when. It never reads the medical content.
//
// It is pure: an io.Reader in, a Header out; no keys, no files, no network. What it returns is the
// sender's claim, not a fact the archive vouches for.
//
// Every reader is bounded. Nothing is allocated by a length the document claims, nesting is
// limited, values over 4 KiB are left out, and no more than 64 MiB of a document is looked at
// (8 MiB of a CDA header, 1 MiB of an HL7 v2 message). DTDs are refused, so no entity is ever expanded.
package clinical

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"kartoteka/seal/patient"
)

// Formats a Header can name.
const (
	CDA      = "cda"      // HL7 CDA R2
	FHIR     = "fhir"     // HL7 FHIR, JSON or XML
	DICOM    = "dicom"    // DICOM instance, with or without the Part 10 preamble
	DICOMDIR = "dicomdir" // DICOM media directory (PS3.10, PS3.3 F)
	PDF      = "pdf"
	HL7v2    = "hl7v2" // ER7, the pipe form
	Image    = "image"
	Text     = "text" // plain text, RTF, HTML
	Other    = "other"
)

// How one document relates to another: the words of FHIR's DocumentRelationshipType.
const (
	Replaces   = "replaces"
	Appends    = "appends"
	Transforms = "transforms"
	Signs      = "signs"
)

// Header is what a document says about itself. Every field but Format may be empty.
//
// Times are ISO 8601 with the precision the document had: 2019, 2019-08-24, 2019-08-24T10:21:43+02:00.
// Ids are "root^extension" or "root"; a FHIR identifier with an OID system is written the same way.
type Header struct {
	Format    string
	MediaType string

	Patients []patient.Patient // usually one; a DICOMDIR may name several, a PDF none

	Class    string // see Classes
	Title    string
	Language string
	Authored string
	Author   Author

	DocID   string // this version of the document
	SetID   string // all its versions
	Version string

	Relations       []Relation
	Confidentiality string // N, R or V of HL7 v3 Confidentiality
	LOINC           string
	Study           Study

	EncounterID  string
	ServiceStart string
	ServiceEnd   string

	// Compressed says that the bytes are compressed already, so that a compressor need not search.
	Compressed bool

	// Warnings say what could not be read. They never contain a value of the document.
	Warnings []string
}

// Author is the first person the document names as its author.
type Author struct{ Name, ID string }

// Relation points at another document; Target is its id.
type Relation struct{ Kind, Target string }

// Study says which imaging study a DICOM instance belongs to.
type Study struct {
	InstanceUID, Accession, Date, Modality      string
	SOPInstanceUID, SOPClassUID, TransferSyntax string
}

// maxWarnings keeps a hostile document from filling the Header with complaints.
const maxWarnings = 16

func (h *Header) warn(text string) {
	for _, w := range h.Warnings {
		if w == text {
			return
		}
	}
	if len(h.Warnings) < maxWarnings {
		h.Warnings = append(h.Warnings, text)
	}
}

// Read reads a document's header. The content decides the format; name only refines the media
// type of plain text. Unknown content is Other. Malformed content of a known format yields what
// could be read and a warning. The error is r's own, never the document's.
//
// Read stops as soon as it knows enough and does not drain r.
func Read(name string, r io.Reader) (Header, error) {
	src := &source{r: r}
	in := bufio.NewReaderSize(src, prefixSize)
	prefix, err := in.Peek(prefixSize)
	if err != nil && err != io.EOF && src.err == nil {
		src.err = err
	}
	prefix = bytes.Clone(prefix) // what Peek gives is overwritten as the readers go on
	h := sniff(name, prefix)
	switch h.reader {
	case readDICOM:
		readDicom(&h.Header, in)
	case readXML:
		readXMLDocument(&h.Header, in, prefix)
	case readJSON:
		readFHIRJSON(&h.Header, in, prefix)
	case readHL7:
		readHL7v2(&h.Header, in)
	}
	if src.err != nil {
		return h.Header, fmt.Errorf("read document header: %w", src.err)
	}
	return h.Header, nil
}

// source remembers the reader's own error, so that the format readers need not tell a broken disk
// from a broken document: to them both end the input.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
