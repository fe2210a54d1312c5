package retention

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/seal"
)

func warsaw(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Warsaw")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// strict is an engine of the embedded schedules as they are.
func strict(t testing.TB) *Engine {
	t.Helper()
	return newEngine(t, Options{Schedules: loaded(t), Zone: warsaw(t), Controller: "public_hospital"})
}

// trusting is one for a hospital that has compared every rule with the law.
func trusting(t testing.TB) *Engine {
	t.Helper()
	all := loaded(t)
	return newEngine(t, Options{Schedules: all, Zone: warsaw(t), Controller: "public_hospital", Overrides: overrides(all)})
}

func newEngine(t testing.TB, o Options) *Engine {
	t.Helper()
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func overrides(all []Schedule) (list []Override) {
	for _, s := range all {
		for _, r := range s.Rules {
			if r.Verify && r.Period() != "none" {
				list = append(list, Override{r.ID, s.Digest, "anna", "opinion of 2027-01-04"})
			}
		}
	}
	return list
}

func day(s string) seal.Date {
	d, err := seal.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func truth(b bool) *bool { return &b }

// one decides on a file of one bundle.
func one(t testing.TB, e *Engine, b Bundle, today string) Decision {
	t.Helper()
	return e.Decide(nil, File{Bundles: []Bundle{b}}, day(today))[0]
}

func codes(d Decision) string {
	var all []string
	for _, b := range d.Blockers {
		all = append(all, string(b.Code))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// plain is a Polish record of which nothing special is true.
func plain(year int) seal.Facts {
	return seal.Facts{Jurisdiction: "PL", LastEntryYear: year, ServiceYear: year, Under2AtService: truth(false)}
}

func TestNewRefuses(t *testing.T) {
	all := loaded(t)
	pl, ua := all[0], all[1]
	broken := pl
	broken.Rules = slices.Clone(pl.Rules)
	broken.Rules[0].Trigger = "printed"
	good := Override{"UA-DEFAULT", ua.Digest, "anna", "opinion"}
	with := func(change func(*Override)) Options {
		o := good
		change(&o)
		return Options{Schedules: all, Zone: time.UTC, Overrides: []Override{o}}
	}
	for _, tt := range []struct {
		name string
		o    Options
		want string
	}{
		{"zone", Options{Schedules: all}, "no time zone"},
		{"twice", Options{Schedules: []Schedule{pl, ua, pl}, Zone: time.UTC}, "two schedules for PL"},
		{"unsound", Options{Schedules: []Schedule{broken}, Zone: time.UTC}, `rule PL-20-GENERAL: unknown trigger "printed"`},
		{"no such rule", with(func(o *Override) { o.Rule = "UA-1" }), "override of rule UA-1: no schedule has it"},
		{"sure rule", with(func(o *Override) { o.Rule, o.Schedule = "PL-20-GENERAL", pl.Digest }), "not marked verify"},
		{"other wording", with(func(o *Override) { o.Schedule = pl.Digest }), "it was given for schedule"},
		{"no officer", with(func(o *Override) { o.Officer = "" }), "officer or basis is missing"},
		{"no period", with(func(o *Override) { o.Rule = "UA-ESOZ" }), "it has no period"},
	} {
		if _, err := New(tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q in it", tt.name, err, tt.want)
		}
	}
	if _, err := New(with(func(*Override) {})); err != nil {
		t.Error(err)
	}
}

// Years end in the controller's time zone, not in UTC.
func TestZone(t *testing.T) {
	e := strict(t)
	for at, want := range map[string]string{"2046-12-31T22:59:59Z": "2046-12-31", "2046-12-31T23:00:00Z": "2047-01-01"} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		today := e.Today(now)
		if today != day(want) || e.Year(now) != day(want).Year {
			t.Errorf("%s: got %s, year %d, want %s", at, today, e.Year(now), want)
		}
		d := e.Decide(nil, File{Bundles: []Bundle{{Facts: plain(2026), TakenYear: 2026}}}, today)[0]
		if got, want := d.Blocked(NotDue), want == "2046-12-31"; got != want {
			t.Errorf("%s: not due %v, want %v", at, got, want)
		}
	}
}

func TestDigests(t *testing.T) {
	got := strict(t).Digests()
	for _, s := range loaded(t)[:3] {
		if got[s.Jurisdiction] != s.Digest {
			t.Errorf("%s: got %s", s.Jurisdiction, got[s.Jurisdiction])
		}
	}
}
