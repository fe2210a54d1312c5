package seal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Facts are what a bundle's sender states so that the law can be applied to it later: years and booleans only. They are
// sealed; the day of destruction never is, because laws change and a new entry in the patient's file moves it.
//
// A year of 0 and a nil boolean mean "not stated". The rules named at each field are those of the embedded schedules
// (retention/schedules); docs/retention-sources.md lists them all.
type Facts struct {
	// Jurisdiction is the country whose law governs: that of the controller, wherever the patient lives. PL, UA or LT.
	// The EU's rules are added to those of PL and LT, never chosen here.
	Jurisdiction string `json:"jurisdiction"`

	// Class is what the retention unit is, in the words of the schedule: "referral", "003/o", "025/a". Without a class only
	// rules for any class apply. Every rule with a class list reads it.
	Class string `json:"class,omitempty"`

	// LastEntryYear is the year of the last entry in the patient's file at this controller, as far as the sender knew; the
	// latest one stated by any bundle of the file counts. For an outpatient card it is the year of the last visit.
	// PL-20-GENERAL, PL-22-CHILD-U2, PL-30-BLOOD; UA-025, UA-DEFAULT; LT-025A, LT-DEFAULT.
	LastEntryYear int `json:"last_entry_year,omitempty"`

	// ServiceYear is the year the service was given: the film taken, the referral carried out, the tissue used.
	// PL-10-XRAY-FILM, PL-5-REFERRAL; EU-TISSUE-30.
	ServiceYear int `json:"service_year,omitempty"`

	// IssuedYear is the year the document was issued: the extract, certificate, report or referral.
	// PL-2-REFERRAL-NOSHOW; UA-027, UA-027-1, UA-066; LT-FORENSIC, LT-104AV, LT-070A-LK, LT-REGISTERS-3; EU-BLOOD-30.
	IssuedYear int `json:"issued_year,omitempty"`

	// DeathYear is the year the patient died; not stated where no death is known to the controller. PL-30-INJURY-DEATH.
	DeathYear int `json:"death_year,omitempty"`

	// DeathByInjuryOrPoisoning says the death was the result of bodily injury or poisoning (UPP art. 29 ust. 1 pkt 1). True
	// without a DeathYear is allowed: it keeps the record, since the 30 years then have no start. PL-30-INJURY-DEATH.
	DeathByInjuryOrPoisoning *bool `json:"death_by_injury_or_poisoning,omitempty"`

	// Under2AtService says the patient had not reached the second birthday on the day of the service
	// (UPP art. 29 ust. 1 pkt 4). PL-22-CHILD-U2.
	Under2AtService *bool `json:"under_2_at_service,omitempty"`

	// BloodTraceability says the unit holds what is needed to follow blood and its components from donor to recipient
	// (UPP art. 29 ust. 1 pkt 1a, Directive 2002/98/EC art. 14). True counts as the class "blood_traceability" beside
	// Class. PL-30-BLOOD, EU-BLOOD-30.
	BloodTraceability *bool `json:"blood_traceability,omitempty"`

	// ReferralProvided says the referred or ordered service was given. PL-5-REFERRAL, PL-2-REFERRAL-NOSHOW.
	ReferralProvided *bool `json:"referral_provided,omitempty"`

	// ReferralNoShow says the service was not given because the patient did not come at the time set; a patient who came
	// later makes it false (UPP art. 29 ust. 1 pkt 3 lit. b). PL-2-REFERRAL-NOSHOW.
	ReferralNoShow *bool `json:"referral_no_show,omitempty"`

	// ReferralCollected says the patient took the referral back; the 2 years do not apply then. PL-2-REFERRAL-NOSHOW.
	ReferralCollected *bool `json:"referral_collected,omitempty"`

	// ExposureEndYear is the year in which occupational exposure to carcinogens, asbestos, mutagens, biological agents or
	// ionising radiation ended; while it goes on, the year of the last entry. Not stated means no exposure is recorded.
	// LT-025A-EXPOSED.
	ExposureEndYear int `json:"exposure_end_year,omitempty"`

	// CaseClosedYear is the year the case file was closed: discharge or death for a stay, the end of observation for a child,
	// the end of the trial for a trial file. UA-003, UA-096-097, UA-112; LT-003A, LT-096-097A; EU-TRIAL-25.
	CaseClosedYear int `json:"case_closed_year,omitempty"`

	// Medium is what the unit was made on: digital, paper (also when since scanned) or film. PL-10-XRAY-FILM asks for film,
	// PL-PAPER-AFTER-SCAN for paper: a digital image lives with its record.
	Medium string `json:"medium,omitempty"`
}

// factFirstYear and factLastYear bound every year: earlier or later is a slip of the keyboard, not a record.
const (
	factFirstYear = 1850
	factLastYear  = 2200
	factClassSize = 64 // bytes
)

// factYear is a stated year under its JSON name.
type factYear struct {
	name string
	year int
}

// Validate reports everything in f that cannot be true, each problem under the field's JSON name.
func (f Facts) Validate() error {
	problems := []error{
		factOneOf("jurisdiction", f.Jurisdiction, "PL", "UA", "LT"),
		factClass(f.Class),
		f.factOrder(),
		f.factReferral(),
	}
	if f.Medium != "" {
		problems = append(problems, factOneOf("medium", f.Medium, "digital", "paper", "film"))
	}
	for _, y := range f.factYears() {
		if y.year != 0 && (y.year < factFirstYear || y.year > factLastYear) {
			problems = append(problems, fmt.Errorf("facts: %s %d is not between %d and %d", y.name, y.year, factFirstYear, factLastYear))
		}
	}
	return errors.Join(problems...)
}

func (f Facts) factYears() []factYear {
	return []factYear{
		{"last_entry_year", f.LastEntryYear},
		{"service_year", f.ServiceYear},
		{"issued_year", f.IssuedYear},
		{"death_year", f.DeathYear},
		{"exposure_end_year", f.ExposureEndYear},
		{"case_closed_year", f.CaseClosedYear},
	}
}

// factOrder compares years that must follow each other. Entries, extracts and closing may come long after a death. A service
// may fall in the year after it: the autopsy or the laboratory result of a patient who died in December.
func (f Facts) factOrder() error {
	death, service := factYear{"death_year", f.DeathYear}, factYear{"service_year", f.ServiceYear}
	return errors.Join(
		factNotAfter(service, death, 1),
		factNotAfter(factYear{"exposure_end_year", f.ExposureEndYear}, death, 0),
		factNotAfter(service, factYear{"last_entry_year", f.LastEntryYear}, 0),
	)
}

func factNotAfter(early, late factYear, grace int) error {
	if early.year == 0 || late.year == 0 || early.year <= late.year+grace {
		return nil
	}
	return fmt.Errorf("facts: %s %d is before %s %d", late.name, late.year, early.name, early.year)
}

func (f Facts) factReferral() error {
	if f.ReferralProvided == nil || f.ReferralNoShow == nil || !*f.ReferralProvided || !*f.ReferralNoShow {
		return nil
	}
	return errors.New("facts: referral_provided and referral_no_show cannot both be true")
}

func factOneOf(name, got string, known ...string) error {
	if slices.Contains(known, got) {
		return nil
	}
	return fmt.Errorf("facts: %s %q is not one of %s", name, got, strings.Join(known, ", "))
}

// factClass keeps a class to one printable line; whether a schedule knows it is the schedule's question.
func factClass(class string) error {
	switch {
	case len(class) > factClassSize:
		return fmt.Errorf("facts: class is longer than %d bytes", factClassSize)
	case class != strings.TrimSpace(class) || strings.ContainsFunc(class, factUnprintable):
		return fmt.Errorf("facts: class %q has blanks at its ends or unprintable characters", class)
	}
	return nil
}

// factUnprintable also catches the mark that replaces invalid UTF-8.
func factUnprintable(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }
