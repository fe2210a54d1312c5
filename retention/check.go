package retention

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
)

// check reports every way in which a well-formed file is not a usable schedule.
func (s Schedule) check() error {
	var faults []error
	add := func(errs ...error) { faults = append(faults, errs...) }
	if !slices.Contains([]string{"PL", "UA", "LT", "EU"}, s.Jurisdiction) {
		add(fmt.Errorf("jurisdiction %q is not one of PL, UA, LT, EU", s.Jurisdiction))
	}
	if s.Act == "" {
		add(errors.New("act is missing"))
	}
	if _, err := time.Parse(time.DateOnly, s.Checked); err != nil {
		add(fmt.Errorf("checked %q is not a date like 2026-11-21", s.Checked))
	}
	if _, ok := s.Classes[AnyClass]; ok {
		add(fmt.Errorf("class %q cannot be declared", AnyClass))
	}
	if len(s.Rules) > maxRules {
		return errors.Join(append(faults, fmt.Errorf("more than %d rules", maxRules))...) // pairs are compared below
	}
	for i, r := range s.Rules {
		add(s.checkRule(i, r)...)
	}
	add(s.duplicates()...)
	add(s.defaults()...)
	add(s.overlaps()...)
	add(s.checkSections()...)
	return errors.Join(faults...)
}

var ruleID = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]+)+$`)

func (s Schedule) checkRule(i int, r Rule) []error {
	name := r.ID
	if name == "" {
		name = fmt.Sprintf("number %d", i+1)
	}
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("rule %s: %w", name, fmt.Errorf(format, args...)))
	}
	if !ruleID.MatchString(r.ID) || r.ID[:2] != s.Jurisdiction {
		fault("id must be %s, then hyphens with capitals and digits", s.Jurisdiction)
	}
	if r.Unit != PatientFile && r.Unit != Document {
		fault("unknown unit %q", r.Unit)
	}
	if r.Rounding != EndOfCalendarYear && r.Rounding != NoRounding {
		fault("unknown rounding %q", r.Rounding)
	}
	r.checkPeriod(fault)
	s.checkClass(r.Class, fault)
	r.When.check(fault)
	checkAuthority(r.Cite, r.Source, r.Confidence, r.Verify, fault)
	return faults
}

// faultFunc takes one fault of whatever is being checked.
type faultFunc func(format string, args ...any)

// Longer periods than these are typing errors.
const (
	maxYears   = 200
	maxMinDays = 366 * maxYears
)

func (r Rule) checkPeriod(fault faultFunc) {
	if !r.Trigger.defined() {
		fault("unknown trigger %q", r.Trigger)
	}
	switch {
	case r.Years < 0 || r.Years > maxYears || r.MinDays < 0 || r.MinDays > maxMinDays:
		fault("period is not between 1 and %d years", maxYears)
	case r.Years != 0 && r.MinDays != 0:
		fault("has both years and min_days")
	case r.Period() != "none" && r.Trigger == TriggerNone:
		fault("has a period but trigger none")
	case r.Period() == "none" && r.Trigger != TriggerNone:
		fault("has neither years nor min_days")
	case r.Period() == "none" && !r.Verify:
		fault("has no period and is not marked verify") // as UA-ESOZ is: it must never lead to disposal by itself
	}
}

func (s Schedule) checkClass(c ClassList, fault faultFunc) {
	if len(c) == 0 {
		fault("class is missing: a list, or any")
	}
	for _, name := range c {
		_, declared := s.Classes[name]
		switch {
		case name == AnyClass && len(c) > 1:
			fault("class any stands alone")
		case name != AnyClass && !declared:
			fault("unknown class %q: not under classes", name)
		}
	}
}

func (w When) check(fault faultFunc) {
	for _, name := range slices.Sorted(maps.Keys(w)) {
		c, ok := conditionNamed(name)
		switch {
		case !ok:
			fault("unknown condition %q", name)
		case !slices.Contains(c.Values, w[name]):
			fault("condition %s cannot be %q", name, w[name])
		}
	}
}

// checkAuthority holds a rule to what its confidence claims.
func checkAuthority(cite, source string, c Confidence, verify bool, fault faultFunc) {
	switch {
	case c != High && c != Medium && c != Low:
		fault("unknown confidence %q", c)
	case c == Low && !verify:
		fault("confidence is low but the rule is not marked verify")
	case c == High && source == "":
		fault("confidence is high but no source is named")
	}
	if cite == "" && !verify {
		fault("citation is missing and the rule is not marked verify")
	}
}
