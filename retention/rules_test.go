package retention

import (
	"testing"

	"kartoteka/seal"
)

// ruleCase is one record, alone in its file, and what the law says of it. Every rule of the embedded schedules has a line
// where it gives the day.
type ruleCase struct {
	name  string
	facts seal.Facts
	rule  string // that gives the day
	due   string // first day on which disposal is allowed
}

func ruleCases() []ruleCase {
	pl := func(change func(f *seal.Facts)) seal.Facts { f := plain(2026); change(&f); return f }
	other := func(jurisdiction, class string, change func(f *seal.Facts)) seal.Facts {
		f := seal.Facts{Jurisdiction: jurisdiction, Class: class, LastEntryYear: 2026}
		change(&f)
		return f
	}
	issued := func(f *seal.Facts) { f.IssuedYear = 2026 }
	closed := func(f *seal.Facts) { f.CaseClosedYear = 2026 }
	nothing := func(*seal.Facts) {}
	return []ruleCase{
		{"general", pl(nothing), "PL-20-GENERAL", "2047-01-01"},
		{"death by injury", pl(func(f *seal.Facts) { f.DeathYear, f.DeathByInjuryOrPoisoning = 2026, truth(true) }), "PL-30-INJURY-DEATH", "2057-01-01"},
		{"natural death", pl(func(f *seal.Facts) { f.DeathYear, f.DeathByInjuryOrPoisoning = 2026, truth(false) }), "PL-20-GENERAL", "2047-01-01"},
		{"entry long after death", pl(func(f *seal.Facts) {
			f.LastEntryYear, f.ServiceYear, f.DeathYear, f.DeathByInjuryOrPoisoning = 2040, 2026, 2026, truth(true)
		}), "PL-30-INJURY-DEATH", "2057-01-01"},
		{"blood", pl(func(f *seal.Facts) { f.BloodTraceability, f.IssuedYear = truth(true), 2026 }), "PL-30-BLOOD", "2057-01-01"},
		{"transfusion", pl(func(f *seal.Facts) { f.Class = "transfusion" }), "PL-30-BLOOD", "2057-01-01"},
		{"child", pl(func(f *seal.Facts) { f.Under2AtService = truth(true) }), "PL-22-CHILD-U2", "2049-01-01"},
		{"film", pl(func(f *seal.Facts) { f.Class, f.Medium = "xray_film_outside_record", "film" }), "PL-10-XRAY-FILM", "2037-01-01"},
		{"digital image", pl(func(f *seal.Facts) { f.Class, f.Medium = "xray_film_outside_record", "digital" }), "PL-20-GENERAL", "2047-01-01"},
		{"referral", pl(func(f *seal.Facts) { f.Class, f.ReferralProvided = "referral", truth(true) }), "PL-5-REFERRAL", "2032-01-01"},
		{"order", pl(func(f *seal.Facts) { f.Class, f.ReferralProvided = "doctor_order", truth(true) }), "PL-5-REFERRAL", "2032-01-01"},
		{"no-show", pl(func(f *seal.Facts) {
			f.Class, f.IssuedYear, f.ServiceYear = "referral", 2026, 0
			f.ReferralProvided, f.ReferralNoShow, f.ReferralCollected = truth(false), truth(true), truth(false)
		}), "PL-2-REFERRAL-NOSHOW", "2029-01-01"},
		{"no-show, collected", pl(func(f *seal.Facts) {
			f.Class, f.ReferralProvided, f.ReferralNoShow, f.ReferralCollected = "referral", truth(false), truth(true), truth(true)
		}), "PL-20-GENERAL", "2047-01-01"},
		{"paper", pl(func(f *seal.Facts) { f.Class, f.Medium = "paper_original_of_digitised", "paper" }), "PL-PAPER-AFTER-SCAN", "2028-01-01"},

		{"003/o", other("UA", "003/o", closed), "UA-003", "2052-01-01"},
		{"027/o", other("UA", "027/o", issued), "UA-027", "2030-01-01"},
		{"027-1/o", other("UA", "027-1/o", issued), "UA-027-1", "2037-01-01"},
		{"025/o", other("UA", "025/o", nothing), "UA-025", "2032-01-01"},
		{"112/o", other("UA", "112/o", closed), "UA-112", "2037-01-01"},
		{"066/o", other("UA", "066/o", issued), "UA-066", "2037-01-01"},
		{"096/o", other("UA", "096/o", closed), "UA-096-097", "2052-01-01"},
		{"097/o", other("UA", "097/o", closed), "UA-096-097", "2052-01-01"},
		{"UA, anything", other("UA", "", nothing), "UA-DEFAULT", "2052-01-01"},
		{"ESOZ", other("UA", "esoz_electronic_record", nothing), "UA-DEFAULT", "2052-01-01"}, // UA-ESOZ itself has no period

		{"025/a", other("LT", "025/a", nothing), "LT-025A", "2042-01-01"},
		{"025/a, exposed", other("LT", "025/a", func(f *seal.Facts) { f.ExposureEndYear = 2020 }), "LT-025A-EXPOSED", "2071-01-01"},
		{"025/a, exposed long ago", other("LT", "025/a", func(f *seal.Facts) { f.ExposureEndYear = 1980 }), "LT-025A", "2042-01-01"},
		{"003/a", other("LT", "003/a", closed), "LT-003A", "2052-01-01"},
		{"096/a", other("LT", "096/a", closed), "LT-096-097A", "2052-01-01"},
		{"097/a", other("LT", "097/a", closed), "LT-096-097A", "2052-01-01"},
		{"170/a", other("LT", "170/a", issued), "LT-FORENSIC", "2052-01-01"},
		{"173/a", other("LT", "173/a", issued), "LT-FORENSIC", "2052-01-01"},
		{"104-/av", other("LT", "104-/av", issued), "LT-104AV", "2077-01-01"},
		{"070/a-LK", other("LT", "070/a-LK", issued), "LT-070A-LK", "2032-01-01"},
		{"064/a", other("LT", "064/a", issued), "LT-REGISTERS-3", "2030-01-01"},
		{"090/a", other("LT", "090/a", issued), "LT-REGISTERS-3", "2030-01-01"},
		{"LT, anything", other("LT", "", nothing), "LT-DEFAULT", "2052-01-01"},

		{"EU blood, LT", other("LT", "blood_traceability", issued), "EU-BLOOD-30", "2057-01-01"},
		{"EU tissue, PL", pl(func(f *seal.Facts) { f.Class = "tissue_cell_traceability" }), "EU-TISSUE-30", "2057-01-01"},
		{"EU trial, LT", other("LT", "clinical_trial_master_file", func(f *seal.Facts) { f.CaseClosedYear, f.LastEntryYear = 2026, 2025 }), "EU-TRIAL-25", "2052-01-01"},
		{"EU rules do not hold in UA", other("UA", "tissue_cell_traceability", func(f *seal.Facts) { f.ServiceYear = 2026 }), "UA-DEFAULT", "2052-01-01"},
	}
}

// Each record is kept on the last day and free on the next, 1 January, unless something else blocks.
func TestEveryRule(t *testing.T) {
	e, given := trusting(t), map[string]bool{}
	for _, tt := range ruleCases() {
		t.Run(tt.name, func(t *testing.T) {
			b := Bundle{Facts: tt.facts, TakenYear: 2026, Informed: 2026}
			d := one(t, e, b, tt.due)
			if d.Due != day(tt.due) || d.Rule != tt.rule || d.Open {
				t.Fatalf("got %s by %s, open %v; want %s by %s", d.Due, d.Rule, d.Open, tt.due, tt.rule)
			}
			if d.By == nil || d.By.ID != tt.rule || d.Blocked(NotDue) || d.Blocked(Unknown) || d.Blocked(Unverified) {
				t.Errorf("on its day: by %v, blockers %v", d.By, d.Blockers)
			}
			eve := day(tt.due).AddDays(-1)
			before := e.Decide(nil, File{Bundles: []Bundle{b}}, eve)[0]
			if !before.Blocked(NotDue) || before.Ruling != d.Ruling {
				t.Errorf("on %s: blockers %v, ruling %v", eve, before.Blockers, before.Ruling)
			}
			given[d.Rule] = true
		})
	}
	for _, s := range loaded(t) {
		for _, r := range s.Rules {
			if !given[r.ID] && r.Period() != "none" {
				t.Errorf("rule %s gives no day in this table", r.ID)
			}
		}
	}
}

// A rule marked verify disposes of nothing until it is overridden; the others need no override.
func TestUnverified(t *testing.T) {
	sure, doubted := trusting(t), strict(t)
	for _, tt := range ruleCases() {
		b := Bundle{Facts: tt.facts, TakenYear: 2026, Informed: 2026}
		want := false
		for _, term := range one(t, sure, b, tt.due).Terms {
			want = want || term.Rule.Verify
		}
		d := one(t, doubted, b, tt.due)
		if d.Blocked(Unverified) != want || d.Due != day(tt.due) {
			t.Errorf("%s: got %s, blockers %v; want unverified %v", tt.name, d.Due, d.Blockers, want)
		}
	}
}

// The rule without a period is never overridden: the class is wrong.
func TestNoTerm(t *testing.T) {
	b := Bundle{Facts: seal.Facts{Jurisdiction: "UA", Class: "esoz_electronic_record", LastEntryYear: 2026}, TakenYear: 2026}
	d := one(t, trusting(t), b, "2099-01-01")
	if !d.Blocked(NoTerm) || d.Ready() {
		t.Errorf("got blockers %v", d.Blockers)
	}
	leaf := seal.LeafIndex(5)
	b.Leaf = leaf
	f := File{Bundles: []Bundle{b}, Added: []Added{{At: 9, Bundle: &leaf, Facts: seal.Facts{Class: "027/o"}}}}
	if d := trusting(t).Decide(nil, f, day("2099-01-01"))[0]; d.Rule != "UA-027" || d.Blocked(NoTerm) {
		t.Errorf("with its class: got %s, blockers %v", d.Rule, d.Blockers)
	}
}
