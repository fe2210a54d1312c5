package retention

import (
	"testing"
	"time"

	"kartoteka/seal"
)

// life is what happens to one patient, and when each record must go: by hand, from the text of the rules.
type life struct {
	name   string
	events map[string]func(h *hospital, now time.Time)
	gone   map[string]string // bundle: day and rule; empty: never
}

func lives() []life {
	type on = map[string]func(h *hospital, now time.Time)
	take := func(patient, name string, f seal.Facts) func(*hospital, time.Time) {
		return func(h *hospital, now time.Time) { h.take(patient, patient+name, now, f) }
	}
	learn := func(patient, name string, f seal.Facts) func(*hospital, time.Time) {
		return func(h *hospital, _ time.Time) {
			if name != "" {
				name = patient + name
			}
			h.learn(patient, name, f)
		}
	}
	ua := func(class string, year int) seal.Facts {
		return seal.Facts{Jurisdiction: "UA", Class: class, LastEntryYear: year, IssuedYear: year}
	}
	lt := func(year int) seal.Facts {
		return seal.Facts{Jurisdiction: "LT", Class: "025/a", LastEntryYear: year}
	}
	injury := seal.Facts{DeathYear: 2030, DeathByInjuryOrPoisoning: truth(true)}
	return []life{
		{"two stays", on{"2026-12-31": take("a", "1", plain(2026)), "2029-01-01": take("a", "2", plain(2029))},
			map[string]string{"a1": "2050-01-01 PL-20-GENERAL", "a2": "2050-01-01 PL-20-GENERAL"}},
		{"comes back the year before", on{"2026-05-05": take("b", "1", plain(2026)), "2046-11-11": take("b", "2", plain(2046))},
			map[string]string{"b1": "2067-01-01 PL-20-GENERAL", "b2": "2067-01-01 PL-20-GENERAL"}},
		{"comes back too late", on{"2026-05-06": take("c", "1", plain(2026)), "2047-01-02": take("c", "2", plain(2047))},
			map[string]string{"c1": "2047-01-01 PL-20-GENERAL", "c2": "2068-01-01 PL-20-GENERAL"}},
		{"dies of an injury, known later", on{"2026-05-07": take("d", "1", plain(2026)), "2031-02-02": learn("d", "", injury)},
			map[string]string{"d1": "2061-01-01 PL-30-INJURY-DEATH"}},
		{"child", on{"2026-05-08": take("e", "1", with(plain(2026), func(f *seal.Facts) { f.Under2AtService = truth(true) })), "2030-05-08": take("e", "2", plain(2030))},
			map[string]string{"e1": "2053-01-01 PL-22-CHILD-U2", "e2": "2051-01-01 PL-20-GENERAL"}},
		{"referral, the youngest entry of the file", on{"2026-05-09": take("f", "1", plain(2026)),
			"2030-05-09": take("f", "2", with(plain(2030), func(f *seal.Facts) { f.Class, f.ReferralProvided = "referral", truth(true) }))},
			map[string]string{"f1": "2051-01-01 PL-20-GENERAL", "f2": "2036-01-01 PL-5-REFERRAL"}},
		{"referral, did not come, known later", on{"2026-05-10": take("g", "1", seal.Facts{Jurisdiction: "PL", Class: "referral", LastEntryYear: 2026, IssuedYear: 2026, Under2AtService: truth(false)}),
			"2027-03-03": learn("g", "1", seal.Facts{ReferralProvided: truth(false), ReferralNoShow: truth(true), ReferralCollected: truth(false)})},
			map[string]string{"g1": "2029-01-01 PL-2-REFERRAL-NOSHOW"}},
		{"held over the day", on{"2026-05-11": take("h", "1", plain(2026)), "2040-01-01": func(h *hospital, _ time.Time) { h.hold("h") }, "2050-06-15": func(h *hospital, _ time.Time) { h.release("h") }},
			map[string]string{"h1": "2050-06-15 PL-20-GENERAL"}},
		{"held for ever, and what came later too", on{"2026-05-12": take("i", "1", plain(2026)), "2030-01-01": func(h *hospital, _ time.Time) { h.hold("i") }, "2031-05-12": take("i", "2", plain(2031))},
			map[string]string{"i1": "", "i2": ""}},
		{"two countries", on{"2026-05-13": take("j", "1", plain(2026)), "2036-05-13": take("j", "2", ua("027/o", 2036)), "2044-05-13": take("j", "3", ua("025/o", 2044))},
			map[string]string{"j1": "2047-01-01 PL-20-GENERAL", "j2": "2040-01-01 UA-027", "j3": "2050-01-01 UA-025"}},
		{"stay in Ukraine, closed later", on{"2026-05-14": take("k", "1", ua("003/o", 2026)), "2028-05-14": learn("k", "1", seal.Facts{CaseClosedYear: 2027})},
			map[string]string{"k1": "2053-01-01 UA-003"}},
		{"stay in Ukraine, never closed", on{"2026-05-15": take("l", "1", ua("003/o", 2026))}, map[string]string{"l1": ""}},
		{"Lithuanian card, exposure known later", on{"2026-05-16": take("m", "1", lt(2026)), "2041-12-30": learn("m", "", seal.Facts{ExposureEndYear: 2024})},
			map[string]string{"m1": "2075-01-01 LT-025A-EXPOSED"}},
		{"Lithuanian card", on{"2026-05-17": take("n", "1", lt(2026)), "2041-05-17": take("n", "2", lt(2041))},
			map[string]string{"n1": "2057-01-01 LT-025A", "n2": "2057-01-01 LT-025A"}},
		{"age not stated", on{"2026-05-18": take("o", "1", seal.Facts{Jurisdiction: "PL", LastEntryYear: 2026})},
			map[string]string{"o1": "2049-01-01 PL-22-CHILD-U2"}},
		{"an old file, digitised", on{"2026-05-19": take("p", "1", plain(1991))}, map[string]string{"p1": "2027-01-01 PL-20-GENERAL"}},
		{"transfusion", on{"2026-05-20": take("q", "1", with(plain(2026), func(f *seal.Facts) { f.Class = "transfusion" })), "2050-05-20": take("q", "2", plain(2050))},
			map[string]string{"q1": "2057-01-01 PL-30-BLOOD", "q2": "2071-01-01 PL-20-GENERAL"}},
	}
}

// Sixty years of some lives, each of which is a case of its own: every record goes on the day the citation says, or never.
func TestLives(t *testing.T) {
	h := newHospital(t)
	events := map[string]func(time.Time){}
	for _, l := range lives() {
		for at, event := range l.events {
			before := events[at]
			events[at] = func(now time.Time) {
				if before != nil {
					before(now)
				}
				event(h, now)
			}
		}
	}
	h.run(2026, 2087, events)
	for _, l := range lives() {
		for name, want := range l.gone {
			got := ""
			if at, ok := h.gone[name]; ok {
				got = at.String() + " " + h.rules[name]
			}
			if got != want {
				t.Errorf("%s: bundle %s went on %q, want %q", l.name, name, got, want)
			}
		}
	}
}
