package seal

import "testing"

func TestAdditionValidate(t *testing.T) {
	yes, leaf := true, LeafIndex(7)
	for _, tt := range []struct {
		name   string
		bundle *LeafIndex
		facts  Facts
		want   []string
	}{
		{"death", nil, Facts{DeathYear: 2030, DeathByInjuryOrPoisoning: &yes}, nil},
		{"last entry of the Polish file", nil, Facts{Jurisdiction: "PL", LastEntryYear: 2031}, nil},
		{"case closed", &leaf, Facts{CaseClosedYear: 2030}, nil},
		{"last entry of one bundle", &leaf, Facts{LastEntryYear: 2030}, nil},
		{"referral", &leaf, Facts{Class: "referral", ReferralCollected: &yes}, nil},

		{"nothing", nil, Facts{}, []string{"no fact is stated"}},
		{"only a country", nil, Facts{Jurisdiction: "PL"}, []string{"no fact is stated"}},
		{"case closed of whom", nil, Facts{CaseClosedYear: 2030}, []string{"name the bundle"}},
		{"death of a bundle", &leaf, Facts{DeathYear: 2030}, []string{"facts of the patient"}},
		{"another law", &leaf, Facts{Jurisdiction: "UA", IssuedYear: 2030}, []string{"jurisdiction of a bundle"}},
		{"year", nil, Facts{DeathYear: 30}, []string{"death_year 30 is not between"}},
		{"country", nil, Facts{Jurisdiction: "DE", LastEntryYear: 2030}, []string{`jurisdiction "DE"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			factWant(t, Addition{tt.bundle, tt.facts, "letter of 2030-04-01", "anna"}.Validate(), tt.want)
		})
	}
	factWant(t, Addition{}.Validate(), []string{"basis", "officer", "no fact"})
}
