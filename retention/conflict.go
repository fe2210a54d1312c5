package retention

import (
	"fmt"
	"maps"
	"slices"
)

// duplicates: a decision names its rule by id, so an id means one rule.
func (s Schedule) duplicates() []error {
	var faults []error
	first := map[string]int{}
	for i, r := range s.Rules {
		if at, ok := first[r.ID]; ok && r.ID != "" {
			faults = append(faults, fmt.Errorf("rule %s: id is used twice, by rules number %d and %d", r.ID, at+1, i+1))
			continue
		}
		first[r.ID] = i
	}
	return faults
}

// defaults: every record of a country must fall under some rule, and the overlay may not answer for the country.
func (s Schedule) defaults() []error {
	var faults []error
	fallback := ""
	for _, r := range s.Rules {
		if !r.Default {
			continue
		}
		if fallback != "" {
			faults = append(faults, fmt.Errorf("rule %s: second default beside %s", r.ID, fallback))
		}
		if s.Jurisdiction == "EU" {
			faults = append(faults, fmt.Errorf("rule %s: an overlay has no default", r.ID))
		}
		if !slices.Equal(r.Class, ClassList{AnyClass}) || len(r.When) > 0 || r.Period() == "none" {
			faults = append(faults, fmt.Errorf("rule %s: the default must have class any, a period and no conditions", r.ID))
		}
		fallback = r.ID
	}
	if fallback == "" && s.Jurisdiction != "EU" {
		faults = append(faults, fmt.Errorf("no default rule for %s", s.Jurisdiction))
	}
	return faults
}

// overlaps finds rules that answer one question twice. Rules that differ in trigger or conditions may well fit together:
// then the latest due date wins.
func (s Schedule) overlaps() []error {
	var faults []error
	for i, a := range s.Rules {
		for _, b := range s.Rules[i+1:] {
			class, same := a.sameQuestion(b)
			if same && (a.Period() != b.Period() || a.Rounding != b.Rounding) {
				faults = append(faults, fmt.Errorf("rule %s: overlaps %s (class %s, same unit, trigger and conditions) with %s, rounding %s, against %s, rounding %s",
					b.ID, a.ID, class, b.Period(), b.Rounding, a.Period(), a.Rounding))
			}
		}
	}
	return faults
}

func (r Rule) sameQuestion(other Rule) (class string, same bool) {
	if r.Unit != other.Unit || r.Trigger != other.Trigger || !maps.Equal(r.When, other.When) {
		return "", false
	}
	for _, c := range r.Class {
		if slices.Contains(other.Class, c) {
			return c, true
		}
	}
	return "", false
}

// checkSections holds the duties beside the rules to the same standard, save that a source may stand for a citation.
func (s Schedule) checkSections() []error {
	var faults []error
	for _, sec := range s.sections() {
		c, fault := sec.clause, func(format string, args ...any) {
			faults = append(faults, fmt.Errorf("%s: %w", sec.name, fmt.Errorf(format, args...)))
		}
		if sec.text == "" {
			fault("text is missing")
		}
		source := c.Source + c.Cite
		checkAuthority(source, source, c.Confidence, c.Verify, fault)
	}
	return faults
}
