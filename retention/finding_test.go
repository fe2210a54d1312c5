package retention

import (
	"slices"
	"strings"
	"testing"
)

// Every country answers for every category, and every doubt about the embedded schedules is said.
func TestCheckEmbedded(t *testing.T) {
	all := loaded(t)
	found := Check(all...)
	if Faulty(found) {
		t.Errorf("got %v", found)
	}
	for _, want := range []string{
		"warning: UA-003: is marked verify: disposes of nothing until it is overridden",
		"warning: UA-DEFAULT: has no citation: disposes of nothing until it has one or is overridden",
		"warning: LT: states no duties of disposal: neither notice nor consent will be asked for",
		"note: UA-DEFAULT: only the default covers child under two",
	} {
		if !slices.ContainsFunc(found, func(f Finding) bool { return f.String() == want }) {
			t.Errorf("not found: %s", want)
		}
	}
	covers, err := Coverage(all)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, c := range covers {
		count[c.Jurisdiction]++
		if c.Rule == "" {
			t.Errorf("%s: nothing covers %s", c.Jurisdiction, c.Category)
		}
	}
	if least := len(categories()); count["PL"] < least || count["UA"] < least || count["LT"] < least {
		t.Errorf("got %v, want at least %d categories of each country", count, least)
	}
}

func TestCheckFaults(t *testing.T) {
	pl := loaded(t)[0]
	broken := pl
	broken.Rules = slices.Clone(pl.Rules)
	broken.Rules[0].Default, broken.Rules[3].Trigger, broken.Rules[5].Cite = false, "printed", ""
	longer := pl.Rules[6]
	longer.ID, longer.Years = "PL-3-REFERRAL", 3
	broken.Rules = append(broken.Rules, longer)
	var got []string
	for _, f := range Check(broken, broken) {
		if f.Level == Fault {
			got = append(got, f.String())
		}
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{
		"PL: no default rule for PL", `rule PL-22-CHILD-U2: unknown trigger "printed"`, "rule PL-5-REFERRAL: citation is missing",
		"rule PL-3-REFERRAL: overlaps PL-2-REFERRAL-NOSHOW", "PL: two schedules for one jurisdiction",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("not found: %s in\n%s", want, text)
		}
	}
	unused, err := Parse(strings.NewReader(strings.Replace(goodSchedule, `"referral"}`, `"referral", "letter": "letter"}`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if found := Check(unused); !slices.ContainsFunc(found, func(f Finding) bool {
		return f.String() == `warning: PL: no rule names class "letter": the default counts`
	}) {
		t.Errorf("got %v", found)
	}
}

func TestCompare(t *testing.T) {
	all := loaded(t)
	rule := func(s *Schedule, id string) *Rule {
		return &s.Rules[slices.IndexFunc(s.Rules, func(r Rule) bool { return r.ID == id })]
	}
	const pl, ua, eu = 0, 1, 3
	for _, tt := range []struct {
		name   string
		of     int
		change func(*Schedule)
		want   string // empty: nothing found
	}{
		{"the same", pl, func(*Schedule) {}, ""},
		{"longer", pl, func(s *Schedule) { rule(s, "PL-20-GENERAL").Years = 25 }, ""},
		{"verified", ua, func(s *Schedule) { r := rule(s, "UA-003"); r.Verify, r.Confidence = false, High }, ""},
		{"shorter", pl, func(s *Schedule) { rule(s, "PL-30-BLOOD").Years = 29 }, "fault: PL-30-BLOOD: 29 years from last_entry is shorter than PL-30-BLOOD (30 years from last_entry)"},
		{"shorter by another law", pl, func(s *Schedule) { r := rule(s, "PL-30-BLOOD"); r.Years, r.Cite = 25, "art. 29a" }, "warning: PL-30-BLOOD: 25 years"},
		{"shorter than what nobody verified", ua, func(s *Schedule) { rule(s, "UA-003").Years = 20 }, "warning: UA-003: 20 years from case_closed is shorter than UA-003 (25 years"},
		{"from an earlier happening", pl, func(s *Schedule) { rule(s, "PL-20-GENERAL").Trigger = "issued" }, "fault: PL-20-GENERAL: 20 years from issued is shorter than PL-20-GENERAL"},
		{"each document by itself", pl, func(s *Schedule) { rule(s, "PL-22-CHILD-U2").Unit = Document }, "fault: PL-22-CHILD-U2: 22 years"},
		{"a class left out", ua, func(s *Schedule) {
			delete(s.Classes, "027-1/o")
			s.Rules = slices.DeleteFunc(s.Rules, func(r Rule) bool { return r.ID == "UA-027-1" })
			rule(s, "UA-DEFAULT").Years = 5
		}, "fault: UA-DEFAULT: 5 years from last_entry is shorter than UA-027-1"},
		{"a class left out whose start is not known", ua, func(s *Schedule) {
			delete(s.Classes, "112/o")
			s.Rules = slices.DeleteFunc(s.Rules, func(r Rule) bool { return r.ID == "UA-112" })
			rule(s, "UA-DEFAULT").Years = 75
		}, "warning: UA-DEFAULT: 75 years from last_entry ends where the start is not known of UA-112"},
		{"the overlay", eu, func(s *Schedule) { rule(s, "EU-TISSUE-30").Years = 28 }, "warning: EU-TISSUE-30: 28 years"},
	} {
		own := all[tt.of]
		own.Rules, own.Classes = slices.Clone(own.Rules), clone(own.Classes)
		tt.change(&own)
		found := Compare(own, all)
		ok := tt.want == "" && len(found) == 0 || slices.ContainsFunc(found, func(f Finding) bool { return tt.want != "" && strings.HasPrefix(f.String(), tt.want) })
		if !ok {
			t.Errorf("%s: got %v, want %q", tt.name, found, tt.want)
		}
	}
}

func clone(m map[string]string) map[string]string {
	c := map[string]string{}
	for k, v := range m {
		c[k] = v
	}
	return c
}
