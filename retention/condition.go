package retention

import (
	"strconv"

	"kartoteka/seal"
)

// When narrows a rule: the value each named condition must have. All must hold.
type When map[string]string

// Condition says which fact answers a condition, and how the two meet.
type Condition struct {
	Name    string
	Fact    string   // JSON name in seal.Facts
	Values  []string // what a rule may ask for
	Meaning string   // for people: a line of docs/retention-sources.md

	value func(seal.Facts) string // "" is not known
}

// Conditions lists every condition a rule may name.
func Conditions() []Condition {
	truth := []string{"true", "false"}
	return []Condition{
		{"death_by_injury_or_poisoning", "death_by_injury_or_poisoning", truth, "the patient died of bodily injury or poisoning; false where no death is stated", deathByInjury},
		{"under_2_at_service", "under_2_at_service", truth, "the patient had not reached the second birthday at the service", func(f seal.Facts) string { return stated(f.Under2AtService) }},
		{"referral_provided", "referral_provided", truth, "the referred service was given", func(f seal.Facts) string { return stated(f.ReferralProvided) }},
		{"referral_no_show", "referral_no_show", truth, "it was not given because the patient did not come", func(f seal.Facts) string { return stated(f.ReferralNoShow) }},
		{"referral_collected", "referral_collected", truth, "the patient took the referral back", func(f seal.Facts) string { return stated(f.ReferralCollected) }},
		{"occupational_exposure", "exposure_end_year", truth, "exposure to carcinogens, asbestos, mutagens, biological agents or ionising radiation is recorded: true where its last year is stated", exposed},
		{"medium", "medium", []string{"digital", "paper", "film"}, "what the unit was made on", func(f seal.Facts) string { return f.Medium }},
	}
}

// deathByInjury: who is not known to have died has not died of an injury. Once a death is stated, its cause must be too.
func deathByInjury(f seal.Facts) string {
	if f.DeathByInjuryOrPoisoning == nil && f.DeathYear == 0 {
		return "false"
	}
	return stated(f.DeathByInjuryOrPoisoning)
}

func exposed(f seal.Facts) string { return strconv.FormatBool(f.ExposureEndYear != 0) }

func stated(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}

// Met reports whether all conditions hold for f. One that is known not to hold decides; otherwise one that is not stated
// leaves the answer unknown, and whoever judges must not read that as leave to destroy.
func (w When) Met(f seal.Facts) (met, known bool) {
	met, known = true, true
	for name, want := range w {
		got := ""
		if c, ok := conditionNamed(name); ok {
			got = c.value(f)
		}
		switch {
		case got == "":
			met, known = false, false
		case got != want:
			return false, true
		}
	}
	return met, known
}

func conditionNamed(name string) (Condition, bool) {
	for _, c := range Conditions() {
		if c.Name == name {
			return c, true
		}
	}
	return Condition{}, false
}
