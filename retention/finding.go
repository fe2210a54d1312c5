package retention

import (
	"fmt"
	"slices"
)

// Level is how grave a finding is.
type Level string

const (
	Fault   Level = "fault"   // the schedules may not be used
	Warning Level = "warning" // they may, and somebody should know this
	Note    Level = "note"    // how a gap is filled
)

// Finding is one thing that [Check] or [Compare] has to say.
type Finding struct {
	Level        Level
	Jurisdiction string // empty: all of them together
	Rule         string // id; empty where it is about no single rule
	Text         string
}

// String gives one line.
func (f Finding) String() string {
	at := f.Jurisdiction
	if f.Rule != "" {
		at = f.Rule
	}
	if at != "" {
		at += ": "
	}
	return string(f.Level) + ": " + at + f.Text
}

// Faulty says whether a finding is a fault.
func Faulty(all []Finding) bool {
	return slices.ContainsFunc(all, func(f Finding) bool { return f.Level == Fault })
}

// Check looks at schedules as a whole. Faults are: everything that Parse refuses (overlapping and uncited rules, unknown
// triggers, classes and conditions, no default rule), and two schedules for one jurisdiction. Warnings are rules that
// never lead to disposal as they are, classes that no rule names, and duties that are not stated. Notes say for which
// category of records ([Cover]) only the default rule counts.
func Check(all ...Schedule) []Finding {
	var found []Finding
	seen := map[string]bool{}
	for _, s := range all {
		add := func(l Level, rule, format string, args ...any) {
			found = append(found, Finding{l, s.Jurisdiction, rule, fmt.Sprintf(format, args...)})
		}
		if err := s.check(); err != nil {
			for _, one := range unjoin(err) {
				add(Fault, "", "%v", one)
			}
		}
		if seen[s.Jurisdiction] {
			add(Fault, "", "two schedules for one jurisdiction")
		}
		seen[s.Jurisdiction] = true
		s.warn(add)
	}
	if Faulty(found) {
		return found // nothing can be computed
	}
	return append(found, gaps(all)...)
}

func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// findingFunc takes one finding about a rule or, with an empty rule, about the schedule.
type findingFunc func(l Level, rule, format string, args ...any)

func (s Schedule) warn(add findingFunc) {
	named := map[string]bool{}
	for _, r := range s.Rules {
		for _, c := range r.Class {
			named[c] = true
		}
		switch {
		case r.Cite == "":
			add(Warning, r.ID, "has no citation: disposes of nothing until it has one or is overridden")
		case r.Verify:
			add(Warning, r.ID, "is marked verify: disposes of nothing until it is overridden")
		}
	}
	for _, class := range sortedKeys(s.Classes) {
		if !named[class] {
			add(Warning, "", "no rule names class %q: the default counts", class)
		}
	}
	if s.Disposal == nil && s.Jurisdiction != overlayOf {
		add(Warning, "", "states no duties of disposal: neither notice nor consent will be asked for")
	}
}
