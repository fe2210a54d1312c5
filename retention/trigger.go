package retention

import "kartoteka/seal"

// Trigger is the happening from which the law counts a period.
type Trigger string

// TriggerFact says which fact answers a trigger, and how the two meet.
type TriggerFact struct {
	Trigger Trigger
	Fact    string // JSON name in seal.Facts; "" where no year answers the trigger
	Meaning string // for people: a line of docs/retention-sources.md

	year func(seal.Facts) int
	past bool // a bundle that lies in the archive proves that it has happened: not later than the bundle came in
}

// Triggers lists every trigger a schedule may name. All facts are years: the day within the year is never known.
func Triggers() []TriggerFact {
	lastEntry := func(f seal.Facts) int { return f.LastEntryYear }
	service := func(f seal.Facts) int { return f.ServiceYear }
	issued := func(f seal.Facts) int { return f.IssuedYear }
	closed := func(f seal.Facts) int { return f.CaseClosedYear }
	return []TriggerFact{
		{"last_entry", "last_entry_year", "last entry in the unit: in the patient's file at this controller, the latest year stated by any bundle of the file; where the unit is the document, in that one", lastEntry, true},
		{"last_visit", "last_entry_year", "last visit noted in an outpatient card: its last entry, which is never earlier than the visit", lastEntry, true},
		{"death", "death_year", "the patient's death", func(f seal.Facts) int { return f.DeathYear }, false},
		{"image_taken", "service_year", "the X-ray film was taken: the service the film belongs to", service, true},
		{"service_provided", "service_year", "the service the referral or order asks for was given", service, false},
		{"clinical_use", "service_year", "the tissue or cells were used in the patient", service, false},
		{"referral_issued", "issued_year", "the referral was written", issued, true},
		{"issued", "issued_year", "the document was issued", issued, true},
		{"case_closed", "case_closed_year", "the case file was closed: discharge, death, end of observation", closed, false},
		{"discharge_or_death", "case_closed_year", "the stay ended, alive or not", closed, false},
		{"trial_end", "case_closed_year", "the clinical trial ended and its master file was closed", closed, false},
		{"exposure_end", "exposure_end_year", "occupational exposure ended; while it goes on, the year of the last entry", func(f seal.Facts) int { return f.ExposureEndYear }, false},
		{TriggerInformed, "", "the patient was told of the digitisation: digitisation.patient_informed_at of the bundle's statement, and no fact", nil, false},
		{TriggerNone, "", "nothing: the rule has no period and only says where the original is kept", nil, false},
	}
}

// The two triggers that no fact answers.
const (
	TriggerInformed Trigger = "patient_informed_of_digitisation" // ustawa o systemie informacji w ochronie zdrowia art. 13b
	TriggerNone     Trigger = "none"
)

// Year gives the year of t in f. It is not known where the fact is not stated or no fact answers the trigger: the period
// has then not begun, and nothing may be disposed of under the rule.
func (t Trigger) Year(f seal.Facts) (year int, known bool) {
	for _, row := range Triggers() {
		if row.Trigger == t && row.year != nil {
			year = row.year(f)
			return year, year != 0
		}
	}
	return 0, false
}

func (t Trigger) defined() bool {
	for _, row := range Triggers() {
		if row.Trigger == t {
			return true
		}
	}
	return false
}
