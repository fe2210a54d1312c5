package retention

import (
	"reflect"
	"strings"
	"testing"

	"kartoteka/seal"
)

// factNames are the JSON names of seal.Facts.
func factNames() map[string]bool {
	names := map[string]bool{}
	for f := range reflect.TypeFor[seal.Facts]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names[name] = true
	}
	return names
}

// Every fact named in the tables exists, and every fact but the two that choose the rules is read by some word of the law.
func TestTablesCoverFacts(t *testing.T) {
	facts, read := factNames(), map[string]bool{"jurisdiction": true, "class": true, bloodClass: true}
	for _, row := range Triggers() {
		if row.Fact != "" && !facts[row.Fact] {
			t.Errorf("trigger %s reads %q, which is no fact", row.Trigger, row.Fact)
		}
		read[row.Fact] = true
	}
	for _, c := range Conditions() {
		if !facts[c.Fact] {
			t.Errorf("condition %s reads %q, which is no fact", c.Name, c.Fact)
		}
		read[c.Fact] = true
	}
	for name := range facts {
		if !read[name] {
			t.Errorf("no trigger or condition reads fact %s", name)
		}
	}
}

func TestTriggerYear(t *testing.T) {
	f := seal.Facts{LastEntryYear: 2001, ServiceYear: 2002, IssuedYear: 2003, DeathYear: 2004, ExposureEndYear: 2005, CaseClosedYear: 2006}
	want := map[Trigger]int{"last_entry": 2001, "last_visit": 2001, "image_taken": 2002, "service_provided": 2002, "clinical_use": 2002,
		"referral_issued": 2003, "issued": 2003, "death": 2004, "exposure_end": 2005, "case_closed": 2006, "discharge_or_death": 2006,
		"trial_end": 2006, TriggerInformed: 0, TriggerNone: 0, "nonsense": 0}
	for trigger, year := range want {
		if got, known := trigger.Year(f); got != year || known != (year != 0) {
			t.Errorf("%s: got %d, %v, want %d", trigger, got, known, year)
		}
		if got, known := trigger.Year(seal.Facts{}); got != 0 || known {
			t.Errorf("%s without facts: got %d, %v", trigger, got, known)
		}
	}
	if got := len(Triggers()) + 1; got != len(want) {
		t.Errorf("%d triggers tested, %d exist", len(want)-1, got-1)
	}
}

func TestWhenMet(t *testing.T) {
	yes, no := true, false
	noShow := When{"referral_provided": "false", "referral_no_show": "true", "referral_collected": "false"}
	injury, exposed := When{"death_by_injury_or_poisoning": "true"}, When{"occupational_exposure": "true"}
	for _, tt := range []struct {
		name       string
		when       When
		facts      seal.Facts
		met, known bool
	}{
		{"no conditions", nil, seal.Facts{}, true, true},
		{"no-show", noShow, seal.Facts{ReferralProvided: &no, ReferralNoShow: &yes, ReferralCollected: &no}, true, true},
		{"no-show, collected", noShow, seal.Facts{ReferralProvided: &no, ReferralNoShow: &yes, ReferralCollected: &yes}, false, true},
		{"no-show, collected not stated", noShow, seal.Facts{ReferralProvided: &no, ReferralNoShow: &yes}, false, false},
		{"provided decides, rest not stated", noShow, seal.Facts{ReferralProvided: &yes}, false, true},
		{"injury", injury, seal.Facts{DeathYear: 2020, DeathByInjuryOrPoisoning: &yes}, true, true},
		{"natural death", injury, seal.Facts{DeathYear: 2020, DeathByInjuryOrPoisoning: &no}, false, true},
		{"death, cause not stated", injury, seal.Facts{DeathYear: 2020}, false, false},
		{"no death known", injury, seal.Facts{}, false, true},
		{"child", When{"under_2_at_service": "true"}, seal.Facts{Under2AtService: &yes}, true, true},
		{"age not stated", When{"under_2_at_service": "true"}, seal.Facts{}, false, false},
		{"exposed", exposed, seal.Facts{ExposureEndYear: 1999}, true, true},
		{"not exposed", exposed, seal.Facts{}, false, true},
		{"digital image", When{"medium": "film"}, seal.Facts{Medium: "digital"}, false, true},
		{"medium not stated", When{"medium": "film"}, seal.Facts{}, false, false},
		{"unknown condition", When{"weather": "fine"}, seal.Facts{}, false, false},
	} {
		if met, known := tt.when.Met(tt.facts); met != tt.met || known != tt.known {
			t.Errorf("%s: got %v, %v, want %v, %v", tt.name, met, known, tt.met, tt.known)
		}
	}
}

func TestClassCovers(t *testing.T) {
	yes, no := true, false
	blood := ClassList{"blood_traceability", "transfusion"}
	for _, tt := range []struct {
		class ClassList
		facts seal.Facts
		want  bool
	}{
		{ClassList{AnyClass}, seal.Facts{}, true},
		{ClassList{AnyClass}, seal.Facts{Class: "referral"}, true},
		{ClassList{"referral"}, seal.Facts{Class: "referral"}, true},
		{ClassList{"referral"}, seal.Facts{Class: "referrals"}, false},
		{ClassList{"referral"}, seal.Facts{}, false},
		{ClassList{""}, seal.Facts{}, false},
		{blood, seal.Facts{Class: "transfusion"}, true},
		{blood, seal.Facts{Class: "003/o", BloodTraceability: &yes}, true},
		{blood, seal.Facts{Class: "003/o", BloodTraceability: &no}, false},
		{blood, seal.Facts{Class: "003/o"}, false},
		{ClassList{"003/o"}, seal.Facts{Class: "003/o", BloodTraceability: &yes}, true},
	} {
		if got := tt.class.Covers(tt.facts); got != tt.want {
			t.Errorf("%v covers %+v: got %v, want %v", tt.class, tt.facts, got, tt.want)
		}
	}
}
