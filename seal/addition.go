package seal

import (
	"errors"
	"fmt"
)

// Addition is what an officer learnt after the bundles were sealed: a death, a closed case, the end of an exposure. It
// states only what is new; all else in Facts is left empty. It is a record of its own, since basis and officer are words.
type Addition struct {
	Bundle  *LeafIndex `json:"bundle,omitempty"` // the bundle it is about; none: the patient
	Facts   Facts      `json:"facts"`
	Basis   string     `json:"basis"`   // from where it is known
	Officer string     `json:"officer"` // who added it
}

// Validate reports what cannot be added. Of a patient, that is, of all the bundles there are and will be, it can be known:
// death_year, death_by_injury_or_poisoning, exposure_end_year and last_entry_year, the last one for one jurisdiction or for
// all. The last entry and everything not named here is known of one bundle.
func (a Addition) Validate() error {
	var problems []error
	if a.Basis == "" || len(a.Basis) > maxText {
		problems = append(problems, errors.New("addition: basis is missing or too long"))
	}
	if a.Officer == "" || len(a.Officer) > maxText {
		problems = append(problems, errors.New("addition: officer is missing or too long"))
	}
	return errors.Join(append(problems, a.checkFacts()...)...)
}

func (a Addition) checkFacts() []error {
	ofPatient, ofBundle := a.Facts.parts()
	var problems []error
	switch {
	case a.Bundle == nil && ofBundle != Facts{}:
		problems = append(problems, errors.New("addition: facts of a patient are death, exposure and last entry only: name the bundle for others"))
	case a.Bundle != nil && ofPatient != Facts{}:
		problems = append(problems, errors.New("addition: death and exposure are facts of the patient, not of one bundle"))
	case a.Bundle != nil && a.Facts.Jurisdiction != "":
		problems = append(problems, errors.New("addition: the jurisdiction of a bundle cannot be changed"))
	}
	stated := a.Facts
	stated.Jurisdiction = ""
	if stated == (Facts{}) {
		problems = append(problems, errors.New("addition: no fact is stated"))
	}
	if stated.Jurisdiction = a.Facts.Jurisdiction; stated.Jurisdiction == "" {
		stated.Jurisdiction = "PL" // any will do: an addition may leave it out
	}
	if err := stated.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("addition: %w", err))
	}
	return problems
}

// parts gives what can be stated of a patient only, and what of a bundle only. The year of the last entry is in neither.
func (f Facts) parts() (ofPatient, ofBundle Facts) {
	ofPatient = Facts{DeathYear: f.DeathYear, DeathByInjuryOrPoisoning: f.DeathByInjuryOrPoisoning, ExposureEndYear: f.ExposureEndYear}
	ofBundle = f
	ofBundle.Jurisdiction, ofBundle.LastEntryYear, ofBundle.DeathYear, ofBundle.ExposureEndYear = "", 0, 0, 0
	ofBundle.DeathByInjuryOrPoisoning = nil
	return ofPatient, ofBundle
}
