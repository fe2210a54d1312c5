package bundler

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"kartoteka/seal"
)

// MaxMetadata bounds a metadata file, in bytes: what it says must fit a statement.
const MaxMetadata = seal.MaxStatement

// ParseMetadata reads a metadata file: the predicate of the statement to be, in which bundle.id, created, documents
// and much of facts may be missing. Members it does not know are refused: a misspelt one would be lost in silence.
func ParseMetadata(data []byte) (seal.Metadata, error) {
	var m seal.Metadata
	if len(data) > MaxMetadata {
		return m, fmt.Errorf("metadata has more than %d bytes", MaxMetadata)
	}
	data = []byte(strings.TrimPrefix(string(data), "\ufeff")) // Notepad's mark is no one's fault
	err := seal.UnmarshalStrict(data, &m)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return m, errors.New("metadata: the JSON text ends too early")
	case err != nil:
		text := strings.TrimPrefix(err.Error(), "json: ")
		return m, fmt.Errorf("metadata: %s", strings.Replace(text, "unknown field", "unknown member", 1))
	}
	return m, nil
}

// complete fills what can be derived and warns of what looks wrong. What the producer said stays as it was said.
func (m *maker) complete(meta seal.Metadata) seal.Metadata {
	if meta.Created.IsZero() {
		meta.Created = seal.At(m.o.Now())
	}
	for _, w := range meta.Patient.Check() {
		m.warn("patient: %s", w)
	}
	m.completeFacts(&meta)
	return meta
}

func (m *maker) completeFacts(meta *seal.Metadata) {
	f := &meta.Facts
	switch meta.Controller.Country {
	case "PL", "UA", "LT": // the law is the controller's, wherever the patient lives
		if f.Jurisdiction == "" {
			f.Jurisdiction = meta.Controller.Country
		} else if f.Jurisdiction != meta.Controller.Country {
			m.warn("facts.jurisdiction is %s, controller.country is %s", f.Jurisdiction, meta.Controller.Country)
		}
	}
	start, end := day(meta.Encounter.Start), day(meta.Encounter.End)
	if end.IsZero() {
		end = start
	}
	if f.LastEntryYear == 0 && !end.IsZero() {
		f.LastEntryYear = end.Year()
	}
	switch {
	case start.IsZero():
		return
	case f.LastEntryYear != 0 && f.LastEntryYear < start.Year():
		m.warn("facts.last_entry_year is %d, encounter.start is %s", f.LastEntryYear, meta.Encounter.Start)
	case f.ServiceYear == 0:
		f.ServiceYear = start.Year()
	}
	m.completeAge(meta, start)
}

// completeAge says whether the patient was under two on the day of the service (UPP art. 29 ust. 1 pkt 4), from a whole
// birth date only.
func (m *maker) completeAge(meta *seal.Metadata, start time.Time) {
	born := day(meta.Patient.BirthDate)
	if born.IsZero() || meta.Patient.NN {
		return
	}
	if start.Before(born) {
		m.warn("encounter.start is %s, patient.birth_date is %s", meta.Encounter.Start, meta.Patient.BirthDate)
		return
	}
	under := start.Before(born.AddDate(2, 0, 0))
	switch said := meta.Facts.Under2AtService; {
	case said == nil:
		meta.Facts.Under2AtService = &under
	case *said != under:
		m.warn("facts.under_2_at_service is %t, patient.birth_date and encounter.start make it %t", *said, under)
	}
}

// day reads a whole date; zero for anything else, which seal.Metadata.Check judges.
func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
