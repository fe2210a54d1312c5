package retention

import (
	"slices"
	"strings"
	"testing"

	"kartoteka/seal"
)

// dues decides on a file and gives "rule day" for every bundle, "open" where the day is not known.
func dues(e *Engine, f File) string {
	var all []string
	for _, d := range e.Decide(nil, f, day("2100-01-01")) {
		text := d.Rule + " " + d.Due.String()
		if d.Open {
			text = "open"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func bundle(leaf seal.LeafIndex, taken int, f seal.Facts) Bundle {
	return Bundle{Leaf: leaf, Facts: f, TakenYear: taken}
}

func with(f seal.Facts, change func(f *seal.Facts)) seal.Facts { change(&f); return f }

func TestFiles(t *testing.T) {
	ua := func(class string, year int) seal.Facts {
		return seal.Facts{Jurisdiction: "UA", Class: class, LastEntryYear: year}
	}
	lt := func(class string, year int) seal.Facts {
		return seal.Facts{Jurisdiction: "LT", Class: class, LastEntryYear: year}
	}
	visit := bundle(1, 2026, plain(2026))
	child := bundle(1, 2026, with(plain(2026), func(f *seal.Facts) { f.Under2AtService = truth(true) }))
	blood := bundle(1, 2026, with(plain(2026), func(f *seal.Facts) { f.BloodTraceability = truth(true); f.IssuedYear = 2026 }))
	referral := bundle(2, 2030, with(plain(2030), func(f *seal.Facts) { f.Class, f.ReferralProvided = "referral", truth(true) }))
	injury := seal.Facts{DeathYear: 2040, DeathByInjuryOrPoisoning: truth(true)}
	leaf := seal.LeafIndex(1)
	for _, tt := range []struct {
		name string
		file File
		want string
	}{
		{"a new visit restarts the clock", File{Bundles: []Bundle{visit, bundle(2, 2040, plain(2040))}}, "PL-20-GENERAL 2061-01-01, PL-20-GENERAL 2061-01-01"},
		{"entries of 31 December and 1 January", File{Bundles: []Bundle{bundle(1, 2027, plain(2026)), bundle(2, 2027, plain(2027))}}, "PL-20-GENERAL 2048-01-01, PL-20-GENERAL 2048-01-01"},
		{"an old file digitised late", File{Bundles: []Bundle{bundle(1, 2026, plain(1991))}}, "PL-20-GENERAL 2012-01-01"},
		{"a child's record in a grown-up's file", File{Bundles: []Bundle{child, bundle(2, 2050, plain(2050))}}, "PL-22-CHILD-U2 2073-01-01, PL-20-GENERAL 2071-01-01"},
		{"a referral does not wait for the file, and restarts it", File{Bundles: []Bundle{visit, referral}}, "PL-20-GENERAL 2051-01-01, PL-5-REFERRAL 2036-01-01"},
		{"blood does not follow the file", File{Bundles: []Bundle{blood, bundle(2, 2050, plain(2050))}}, "PL-30-BLOOD 2057-01-01, PL-20-GENERAL 2071-01-01"},
		{"child and blood: the longer", File{Bundles: []Bundle{bundle(1, 2026, with(child.Facts, func(f *seal.Facts) { f.BloodTraceability, f.IssuedYear = truth(true), 2026 }))}}, "PL-30-BLOOD 2057-01-01"},
		{"child, with the file's clock beyond blood", File{Bundles: []Bundle{bundle(1, 2026, with(child.Facts, func(f *seal.Facts) { f.BloodTraceability, f.IssuedYear = truth(true), 2026 })), bundle(2, 2040, plain(2040))}}, "PL-22-CHILD-U2 2063-01-01, PL-20-GENERAL 2061-01-01"},
		{"EU and PL rules together, the later issue", File{Bundles: []Bundle{bundle(1, 2030, with(plain(2026), func(f *seal.Facts) { f.BloodTraceability, f.IssuedYear = truth(true), 2030 }))}}, "PL-30-BLOOD 2061-01-01"},

		{"death added later", File{Bundles: []Bundle{visit, referral}, Added: []Added{{At: 9, Facts: injury}}}, "PL-30-INJURY-DEATH 2071-01-01, PL-30-INJURY-DEATH 2071-01-01"},
		{"death stated by another bundle", File{Bundles: []Bundle{visit, bundle(2, 2040, with(plain(2040), func(f *seal.Facts) { f.DeathYear, f.DeathByInjuryOrPoisoning = 2040, truth(true) }))}}, "PL-30-INJURY-DEATH 2071-01-01, PL-30-INJURY-DEATH 2071-01-01"},
		{"death without a cause: as if by injury", File{Bundles: []Bundle{visit}, Added: []Added{{At: 9, Facts: seal.Facts{DeathYear: 2040}}}}, "PL-30-INJURY-DEATH 2071-01-01"},
		{"death with its cause corrected", File{Bundles: []Bundle{visit}, Added: []Added{{At: 9, Facts: injury}, {At: 12, Facts: seal.Facts{DeathByInjuryOrPoisoning: truth(false)}}}}, "PL-20-GENERAL 2047-01-01"},
		{"a later bundle says injury again", File{Bundles: []Bundle{visit, bundle(20, 2041, with(plain(2026), func(f *seal.Facts) { f.DeathYear, f.DeathByInjuryOrPoisoning = 2040, truth(true) }))}, Added: []Added{{At: 12, Facts: seal.Facts{DeathByInjuryOrPoisoning: truth(false)}}}}, "PL-30-INJURY-DEATH 2071-01-01, PL-30-INJURY-DEATH 2071-01-01"},
		{"injury, year of death unknown", File{Bundles: []Bundle{visit}, Added: []Added{{At: 9, Facts: seal.Facts{DeathByInjuryOrPoisoning: truth(true)}}}}, "open"},

		{"PL and UA files, each under its law", File{Bundles: []Bundle{visit, bundle(2, 2045, ua("", 2045)), bundle(3, 2046, lt("025/a", 2046))}}, "PL-20-GENERAL 2047-01-01, UA-DEFAULT 2071-01-01, LT-025A 2062-01-01"},
		{"a death counts in every file", File{Bundles: []Bundle{visit, bundle(2, 2026, ua("", 2026))}, Added: []Added{{At: 9, Facts: injury}}}, "PL-30-INJURY-DEATH 2071-01-01, UA-DEFAULT 2052-01-01"},
		{"a paper visit of the Polish file", File{Bundles: []Bundle{visit, bundle(2, 2026, ua("", 2026))}, Added: []Added{{At: 9, Facts: seal.Facts{Jurisdiction: "PL", LastEntryYear: 2030}}}}, "PL-20-GENERAL 2051-01-01, UA-DEFAULT 2052-01-01"},
		{"exposure added later", File{Bundles: []Bundle{bundle(1, 2026, lt("025/a", 2026))}, Added: []Added{{At: 9, Facts: seal.Facts{ExposureEndYear: 2030}}}}, "LT-025A-EXPOSED 2081-01-01"},
		{"stay closed later", File{Bundles: []Bundle{bundle(1, 2026, lt("003/a", 2026))}, Added: []Added{{At: 9, Bundle: &leaf, Facts: seal.Facts{CaseClosedYear: 2028}}}}, "LT-003A 2054-01-01"},
		{"stay not closed", File{Bundles: []Bundle{bundle(1, 2026, lt("003/a", 2026))}}, "open"},
		{"closing corrected twice, out of order", File{Bundles: []Bundle{bundle(1, 2026, lt("003/a", 2026))}, Added: []Added{{At: 12, Bundle: &leaf, Facts: seal.Facts{CaseClosedYear: 2027}}, {At: 9, Bundle: &leaf, Facts: seal.Facts{CaseClosedYear: 2028}}}}, "LT-003A 2053-01-01"},
		{"a child's history is closed once for all its parts", File{Bundles: []Bundle{bundle(1, 2030, ua("112/o", 2030)), bundle(2, 2044, with(ua("112/o", 2044), func(f *seal.Facts) { f.CaseClosedYear = 2044 })), bundle(3, 2050, ua("025/o", 2050))}}, "UA-112 2055-01-01, UA-112 2055-01-01, UA-025 2056-01-01"},
		{"an entry after closing: not closed", File{Bundles: []Bundle{bundle(1, 2030, with(ua("112/o", 2030), func(f *seal.Facts) { f.CaseClosedYear = 2030 })), bundle(2, 2032, ua("112/o", 2032))}}, "open, open"},
	} {
		if got := dues(trusting(t), tt.file); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// What is not stated never leads to an earlier day, and shows.
func TestNotStated(t *testing.T) {
	lt := seal.Facts{Jurisdiction: "LT", Class: "104-/av", LastEntryYear: 2026}
	for _, tt := range []struct {
		name    string
		bundle  Bundle
		due     string // empty: open
		rule    string
		missing string
	}{
		{"age", bundle(1, 2026, seal.Facts{Jurisdiction: "PL", LastEntryYear: 2026}), "2049-01-01", "PL-22-CHILD-U2", "under_2_at_service"},
		{"age, of a referral", bundle(1, 2026, seal.Facts{Jurisdiction: "PL", Class: "referral", LastEntryYear: 2026, ServiceYear: 2026, ReferralProvided: truth(true)}), "2049-01-01", "PL-22-CHILD-U2", "under_2_at_service"},
		{"last entry", bundle(1, 2031, with(plain(2026), func(f *seal.Facts) { f.LastEntryYear = 0 })), "2052-01-01", "PL-20-GENERAL", "last_entry_year"},
		{"last entry, before a later service", bundle(1, 2031, with(plain(2026), func(f *seal.Facts) { f.LastEntryYear, f.ServiceYear = 0, 2033 })), "2054-01-01", "PL-20-GENERAL", "last_entry_year"},
		{"last entry and accession", bundle(1, 0, with(plain(2026), func(f *seal.Facts) { f.LastEntryYear = 0 })), "", "", "last_entry_year"},
		{"issue", bundle(1, 2031, lt), "2082-01-01", "LT-104AV", "issued_year"},
		{"medium of a film", bundle(1, 2026, with(plain(2026), func(f *seal.Facts) { f.Class = "xray_film_outside_record" })), "2047-01-01", "PL-20-GENERAL", "medium"},
		{"whether the patient came", bundle(1, 2026, with(plain(2026), func(f *seal.Facts) {
			f.Class, f.IssuedYear, f.ReferralProvided, f.ReferralCollected = "referral", 2026, truth(false), truth(false)
		})), "2047-01-01", "PL-20-GENERAL", "referral_no_show"},
		{"whether the service was given, and when", bundle(1, 2026, with(plain(2026), func(f *seal.Facts) { f.Class, f.ServiceYear = "referral", 0 })), "", "", "referral_collected referral_no_show referral_provided service_year issued_year"},
		{"when the patient was told", bundle(1, 2026, with(plain(2026), func(f *seal.Facts) { f.Class, f.Medium = "paper_original_of_digitised", "paper" })), "", "", "informed"},
		{"class, but a document's", Bundle{Leaf: 1, TakenYear: 2026, Facts: plain(2026), Classes: []string{"discharge", "transfusion"}}, "2057-01-01", "PL-30-BLOOD", "class"},
		{"a document's class does not shorten", Bundle{Leaf: 1, TakenYear: 2026, Facts: plain(2026), Classes: []string{"referral"}}, "2047-01-01", "PL-20-GENERAL", "class issued_year referral_collected referral_no_show referral_provided"},
	} {
		d := one(t, trusting(t), tt.bundle, "2100-01-01")
		if d.Open != (tt.due == "") || !d.Open && (d.Due != day(tt.due) || d.Rule != tt.rule) {
			t.Errorf("%s: got %s by %q, open %v; want %s by %s", tt.name, d.Due, d.Rule, d.Open, tt.due, tt.rule)
		}
		want := strings.Fields(tt.missing)
		slices.Sort(want)
		if got := d.Missing(); !slices.Equal(got, want) {
			t.Errorf("%s: missing %v, want %v", tt.name, got, want)
		}
		if d.Open && (!d.Blocked(Unknown) || d.Ready()) {
			t.Errorf("%s: open, but blockers %v", tt.name, d.Blockers)
		}
	}
}

// A period of days counts leap days.
func TestDays(t *testing.T) {
	paper := with(plain(2026), func(f *seal.Facts) { f.Class, f.Medium = "paper_original_of_digitised", "paper" })
	for informed, want := range map[int]string{2026: "2028-01-01", 2027: "2028-12-31", 2028: "2030-01-01"} {
		if d := one(t, strict(t), Bundle{Facts: paper, TakenYear: 2026, Informed: informed}, "2026-01-01"); d.Due != day(want) {
			t.Errorf("informed in %d: got %s, want %s", informed, d.Due, want)
		}
	}
}

// Exactly two years old, born on 29 February: the fact that seal.Under2 gives leads to 22 or to 20 years.
func TestAge(t *testing.T) {
	for _, tt := range []struct{ born, served, due string }{
		{"2024-06-15", "2026-06-14", "2049-01-01"},
		{"2024-06-15", "2026-06-15", "2047-01-01"},
		{"2024-02-29", "2026-02-28", "2049-01-01"},
		{"2024-02-29", "2026-03-01", "2047-01-01"},
		{"2025-01-01", "2026-12-31", "2049-01-01"},
		{"2023-12-31", "2025-12-31", "2046-01-01"},
		{"2024-01-01", "2025-12-31", "2048-01-01"},
	} {
		under, served := seal.Under2(day(tt.born), day(tt.served)), day(tt.served)
		f := with(plain(served.Year), func(f *seal.Facts) { f.Under2AtService = &under })
		if d := one(t, strict(t), bundle(1, served.Year, f), tt.due); d.Due != day(tt.due) {
			t.Errorf("born %s, served %s: got %s, want %s", tt.born, tt.served, d.Due, tt.due)
		}
	}
}
