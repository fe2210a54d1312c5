package seal

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

var (
	encounterKinds    = []string{"inpatient", "day", "emergency", "visit", "imaging", "laboratory", "scan"}
	confidentialities = []string{"", "N", "R", "V"}
	relationKinds     = []string{"replaces", "appends", "transforms", "signs", "nullifies"}
	signatureKinds    = []string{"qes", "zaufany", "osobisty", "zus", "his_internal", "kep_ua", "dsg", "none", "unknown"}
	paperStates       = []string{"kept", "returned", "destroyed", "pending"}
)

// Check says whether the metadata is sound and describes one unit. It never refuses a patient without identifiers or
// with a wrong check digit: such patients are real.
func (m Metadata) Check() error {
	switch {
	case len(m.Bundle.ID) < 8 || len(m.Bundle.ID) > 128:
		return errors.New("metadata: bundle.id has fewer than 8 or more than 128 bytes")
	case m.Controller.Name == "" || len(m.Controller.Country) != 2:
		return errors.New("metadata: controller needs a name and a two-letter country")
	case !slices.Contains(encounterKinds, m.Encounter.Kind):
		return fmt.Errorf("metadata: encounter.kind is none of %v", encounterKinds)
	case m.Digitisation != nil && !slices.Contains(paperStates, m.Digitisation.Paper):
		return fmt.Errorf("metadata: digitisation.paper is none of %v", paperStates)
	}
	for _, d := range []string{m.Encounter.Start, m.Encounter.End} {
		if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
			return errors.New("metadata: encounter dates have the form YYYY-MM-DD")
		}
	}
	if m.Encounter.Start != "" && m.Encounter.End != "" && m.Encounter.End < m.Encounter.Start {
		return errors.New("metadata: the encounter ends before it starts")
	}
	if err := m.Patient.Validate(); err != nil {
		return fmt.Errorf("metadata: patient: %w", err)
	}
	if err := m.Facts.Validate(); err != nil {
		return fmt.Errorf("metadata: facts: %w", err)
	}
	for i, d := range m.Documents {
		if err := d.check(); err != nil {
			return fmt.Errorf("metadata: document %d: %w", i+1, err)
		}
		if d.Unit() != m.Documents[0].Unit() {
			return errors.New("metadata: documents of different confidentiality or retention in one bundle")
		}
	}
	return nil
}

func (d Document) check() error {
	switch {
	case !slices.Contains(confidentialities, d.Confidentiality):
		return errors.New("confidentiality is none of N, R, V")
	case d.Relation != nil && (!slices.Contains(relationKinds, d.Relation.Kind) || d.Relation.Target == ""):
		return fmt.Errorf("relation.kind is none of %v, or has no target", relationKinds)
	case d.Signature != nil && !slices.Contains(signatureKinds, d.Signature.Kind):
		return fmt.Errorf("signature.kind is none of %v", signatureKinds)
	case d.Size < 0:
		return errors.New("size is negative")
	case slices.ContainsFunc(d.texts(), func(s string) bool { return len(s) > maxText }):
		return fmt.Errorf("a text has more than %d bytes", maxText)
	case len(d.Version) > maxVersion:
		return fmt.Errorf("version has more than %d bytes", maxVersion)
	}
	return factClass(d.Class) // it goes into the index entry, which has a bound
}

// maxVersion bounds a document's version in its set, in bytes, for the same reason.
const maxVersion = 128

// maxText bounds each text a sender gives of a document, in bytes, so that a packet's head can hold thousands.
const maxText = 4 << 10

func (d Document) texts() []string {
	list := []string{d.Path, d.MediaType, d.Title, d.Language, d.Authored, d.DocID, d.SetID}
	if d.Author != nil {
		list = append(list, d.Author.Name, d.Author.ID)
	}
	if d.Relation != nil {
		list = append(list, d.Relation.Target)
	}
	return list
}

// Unit is what documents must share to stand in one bundle: the bundle is the unit of retention, confidentiality and
// disposal, since an envelope that outlived one of its documents would keep that one's digest and title for ever.
type Unit struct {
	Confidentiality string
	Retention       string
}

// Unit of a document. Referrals and blood records have terms of their own (UPP art. 29(1) points 1a and 3); all else
// follows the patient's file.
func (d Document) Unit() Unit {
	u := Unit{Confidentiality: d.Confidentiality, Retention: "file"}
	if u.Confidentiality == "" {
		u.Confidentiality = "N"
	}
	switch d.Class {
	case "referral", "doctor_order":
		u.Retention = "referral"
	case "blood_traceability", "transfusion":
		u.Retention = "blood"
	case "xray_film_outside_record", "paper_original_of_digitised", "clinical_trial_master_file", "tissue_cell_traceability":
		u.Retention = d.Class
	}
	return u
}
