package seal

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestFactsValidate(t *testing.T) {
	yes, no := true, false
	for _, tt := range []struct {
		name  string
		facts Facts
		want  []string // nothing: valid
	}{
		{"smallest", Facts{Jurisdiction: "PL"}, nil},
		{"design example", Facts{Jurisdiction: "PL", LastEntryYear: 2024, ServiceYear: 2024}, nil},
		{"bounds", Facts{Jurisdiction: "LT", ServiceYear: 1850, LastEntryYear: 2200}, nil},
		{"autopsy in the next year", Facts{Jurisdiction: "PL", DeathYear: 2023, ServiceYear: 2024}, nil},
		{"extract after death", Facts{Jurisdiction: "UA", DeathYear: 2020, IssuedYear: 2025, LastEntryYear: 2025, CaseClosedYear: 2021}, nil},
		{"injury, year of death unknown", Facts{Jurisdiction: "PL", DeathByInjuryOrPoisoning: &yes}, nil},
		{"no-show", Facts{Jurisdiction: "PL", Class: "referral", ReferralProvided: &no, ReferralNoShow: &yes, ReferralCollected: &no}, nil},
		{"form number", Facts{Jurisdiction: "UA", Class: "003/o", Medium: "paper"}, nil},

		{"no jurisdiction", Facts{}, []string{`jurisdiction "" is not one of PL, UA, LT`}},
		{"EU is no jurisdiction", Facts{Jurisdiction: "EU"}, []string{`jurisdiction "EU"`}},
		{"lower case", Facts{Jurisdiction: "pl"}, []string{`jurisdiction "pl"`}},
		{"medium", Facts{Jurisdiction: "PL", Medium: "microfiche"}, []string{`medium "microfiche" is not one of digital, paper, film`}},
		{"years", Facts{Jurisdiction: "PL", LastEntryYear: 24, IssuedYear: 2201, CaseClosedYear: -1},
			[]string{"last_entry_year 24 is not between 1850 and 2200", "issued_year 2201", "case_closed_year -1"}},
		{"dead before", Facts{Jurisdiction: "PL", DeathYear: 2020, ServiceYear: 2022}, []string{"death_year 2020 is before service_year 2022"}},
		{"exposed after death", Facts{Jurisdiction: "LT", DeathYear: 2020, ExposureEndYear: 2021}, []string{"death_year 2020 is before exposure_end_year 2021"}},
		{"entry before service", Facts{Jurisdiction: "PL", LastEntryYear: 2019, ServiceYear: 2024}, []string{"last_entry_year 2019 is before service_year 2024"}},
		{"came and did not come", Facts{Jurisdiction: "PL", ReferralProvided: &yes, ReferralNoShow: &yes}, []string{"cannot both be true"}},
		{"class with line break", Facts{Jurisdiction: "PL", Class: "a\nb"}, []string{"unprintable"}},
		{"class not UTF-8", Facts{Jurisdiction: "PL", Class: "a\xff"}, []string{"unprintable"}},
		{"class with blank", Facts{Jurisdiction: "PL", Class: " referral"}, []string{"blanks"}},
		{"class too long", Facts{Jurisdiction: "PL", Class: strings.Repeat("x", 65)}, []string{"longer than 64 bytes"}},
	} {
		t.Run(tt.name, func(t *testing.T) { factWant(t, tt.facts.Validate(), tt.want) })
	}
}

func factWant(t *testing.T, err error, want []string) {
	t.Helper()
	if len(want) == 0 {
		if err != nil {
			t.Fatalf("got %v, want no error", err)
		}
		return
	}
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("got %v, want %q in it", err, w)
		}
	}
}

// The order of the keys is part of the bytes that are signed.
func TestFactsJSON(t *testing.T) {
	yes, no := true, false
	f := Facts{Jurisdiction: "PL", Class: "referral", LastEntryYear: 2024, ServiceYear: 2023, IssuedYear: 2022, DeathYear: 2024,
		DeathByInjuryOrPoisoning: &yes, Under2AtService: &no, BloodTraceability: &yes, ReferralProvided: &yes, ReferralNoShow: &no,
		ReferralCollected: &no, ExposureEndYear: 2010, CaseClosedYear: 2024, Medium: "paper"}
	const want = `{"jurisdiction":"PL","class":"referral","last_entry_year":2024,"service_year":2023,"issued_year":2022,"death_year":2024,` +
		`"death_by_injury_or_poisoning":true,"under_2_at_service":false,"blood_traceability":true,"referral_provided":true,` +
		`"referral_no_show":false,"referral_collected":false,"exposure_end_year":2010,"case_closed_year":2024,"medium":"paper"}`
	factRoundTrip(t, f, want)
	factRoundTrip(t, Facts{Jurisdiction: "UA"}, `{"jurisdiction":"UA"}`)
}

func factRoundTrip(t *testing.T, f Facts, want string) {
	t.Helper()
	got, err := json.Marshal(f)
	if err != nil || string(got) != want {
		t.Fatalf("marshal: got %s, %v\nwant %s", got, err, want)
	}
	var back Facts
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if again, _ := json.Marshal(back); string(again) != want {
		t.Errorf("round trip: got %s, want %s", again, want)
	}
}
