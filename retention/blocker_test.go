package retention

import (
	"strings"
	"testing"

	"kartoteka/seal"
)

// ready is a bundle of 2026 for whose disposal on 1 January 2047 everything was done.
func ready() Bundle {
	due := day("2047-01-01")
	return Bundle{Leaf: 1, Facts: plain(2026), TakenYear: 2026, Steps: &Steps{
		Notice:  Step{For: due, On: day("2046-10-01"), Until: day("2046-12-31")},
		Consent: Step{For: due, On: day("2046-11-15")},
	}}
}

func TestSteps(t *testing.T) {
	for _, tt := range []struct {
		name   string
		today  string
		change func(*Bundle)
		want   string
	}{
		{"all done", "2047-01-01", func(*Bundle) {}, ""},
		{"the day before", "2046-12-31", func(*Bundle) {}, "not_due window"},
		{"nothing done", "2047-01-01", func(b *Bundle) { b.Steps = nil }, "consent notice"},
		{"window runs", "2047-01-01", func(b *Bundle) { b.Steps.Notice.Until = day("2047-01-01") }, "window"},
		{"window is over", "2047-01-02", func(b *Bundle) { b.Steps.Notice.Until = day("2047-01-01") }, ""},
		{"window without an end", "2047-01-01", func(b *Bundle) { b.Steps.Notice.Until = seal.Date{} }, "notice"},
		{"window that ends before it starts", "2047-01-01", func(b *Bundle) { b.Steps.Notice.Until = day("2046-09-30") }, "notice"},
		{"notice to come", "2047-01-01", func(b *Bundle) { b.Steps.Notice.On, b.Steps.Notice.Until = day("2047-01-02"), day("2047-02-02") }, "notice"},
		{"handed over", "2047-01-01", func(b *Bundle) {
			b.Steps.HandedOver, b.Steps.Notice = Step{For: day("2047-01-01"), On: day("2046-10-05")}, Step{}
		}, ""},
		{"handed over long before", "2047-01-01", func(b *Bundle) {
			b.Steps.HandedOver, b.Steps.Notice = Step{For: day("2040-01-01"), On: day("2040-01-05")}, Step{}
		}, "notice"},
		{"no leave", "2047-01-01", func(b *Bundle) { b.Steps.Consent = Step{} }, "consent"},
		{"leave to come", "2047-01-01", func(b *Bundle) { b.Steps.Consent.On = day("2047-01-02") }, "consent"},
		{"the day has moved back", "2051-01-01", func(b *Bundle) { b.Facts.LastEntryYear = 2030 }, "consent notice"},
		{"the day has moved forward", "2047-01-01", func(b *Bundle) { b.Facts.LastEntryYear, b.Facts.ServiceYear = 2025, 2025 }, ""},
		{"whose", "2047-01-01", func(b *Bundle) { b.Unresolved = true }, "unresolved"},
		{"class", "2047-01-01", func(b *Bundle) { b.Facts.Class = "blod_traceability" }, "unknown_class"},
	} {
		b := ready()
		tt.change(&b)
		d := one(t, strict(t), b, tt.today)
		if got := codes(d); got != tt.want || d.Ready() != (tt.want == "") {
			t.Errorf("%s: got %q, ready %v; want %q", tt.name, got, d.Ready(), tt.want)
		}
	}
	moved := ready()
	moved.Facts.LastEntryYear = 2030
	for _, b := range one(t, strict(t), moved, "2051-01-01").Blockers {
		if !b.Stale || !strings.Contains(b.String(), "before the day of disposal moved") {
			t.Errorf("%v: not said to be stale", b)
		}
	}
}

// Whose leave is needed depends on the country and the kind of hospital; one whose kind is not known needs all.
func TestDuties(t *testing.T) {
	all := loaded(t)
	record := map[string]seal.Facts{"PL": plain(2026), "UA": {Jurisdiction: "UA", Class: "027/o", IssuedYear: 2026}, "LT": {Jurisdiction: "LT", Class: "025/a", LastEntryYear: 2026}}
	for _, tt := range []struct{ controller, jurisdiction, want string }{
		{"public_hospital", "PL", "consent notice"},
		{"private_clinic", "PL", "notice"},
		{"", "PL", "consent notice"},
		{"private_clinic", "UA", "consent"},
		{"", "LT", ""},
	} {
		e := newEngine(t, Options{Schedules: all, Zone: warsaw(t), Controller: tt.controller})
		if got := codes(one(t, e, bundle(1, 2026, record[tt.jurisdiction]), "2090-01-01")); got != tt.want {
			t.Errorf("%s hospital in %s: got %q, want %q", tt.controller, tt.jurisdiction, got, tt.want)
		}
	}
}

func TestHolds(t *testing.T) {
	other := ready()
	other.Leaf = 2
	f := File{Bundles: []Bundle{ready(), other}}
	for _, tt := range []struct {
		name   string
		holds  []Hold
		first  string
		second string
	}{
		{"none", nil, "", ""},
		{"the patient", []Hold{{ID: "H-1", Kind: seal.HoldCourt, Review: day("2030-01-01")}}, "held", "held"},
		{"one bundle", []Hold{{ID: "H-1", Kind: seal.HoldClaim, Bundles: []seal.LeafIndex{2}}}, "", "held"},
		{"another", []Hold{{ID: "H-1", Kind: seal.HoldClaim, Bundles: []seal.LeafIndex{7}}}, "", ""},
		{"two", []Hold{{ID: "H-1", Kind: seal.HoldClaim, Bundles: []seal.LeafIndex{2}}, {ID: "H-2", Kind: seal.HoldMinor}}, "held", "held"},
	} {
		f.Holds = tt.holds
		d := strict(t).Decide(nil, f, day("2047-01-01"))
		if codes(d[0]) != tt.first || codes(d[1]) != tt.second {
			t.Errorf("%s: got %q and %q, want %q and %q", tt.name, codes(d[0]), codes(d[1]), tt.first, tt.second)
		}
	}
}

func TestNoLaw(t *testing.T) {
	e := newEngine(t, Options{Schedules: loaded(t)[:1], Zone: warsaw(t)})
	d := one(t, e, bundle(1, 2026, seal.Facts{Jurisdiction: "UA", LastEntryYear: 1900}), "2100-01-01")
	if codes(d) != "no_law" || d.Ready() || !d.Open || !d.Due.IsZero() || d.By != nil {
		t.Errorf("got %+v", d)
	}
}

// Every blocker says for people what stands in the way.
func TestBlockerText(t *testing.T) {
	for code, want := range map[Code]string{
		NoLaw: `no schedule for "X"`, Unresolved: "whose record it is is not settled", ClassCode: `class "X" is not in the schedule`,
		Unknown: "rule R: X is not known", NoTerm: "rule R has no period", Unverified: "rule R was not compared with the law",
		Held: "hold X (claim_or_complaint), review 2030-02-01", NotDue: "to be kept until 2030-02-01",
		NoNotice: "the patient was not told that it may be collected", Window: "may be collected until 2030-02-01",
		NoConsent: "leave of X is missing", "other": "other",
	} {
		b := Blocker{Code: code, Rule: "R", What: "X", Kind: seal.HoldClaim, Until: day("2030-02-01")}
		if got := b.String(); got != want {
			t.Errorf("%s: got %q, want %q", code, got, want)
		}
	}
}
