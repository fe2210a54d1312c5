package retention

import (
	"slices"
	"strings"

	"kartoteka/seal"
)

// law is a jurisdiction's rules, ready to be applied: the work that does not depend on the patient is done once.
type law struct {
	jurisdiction string
	digest       Digest
	byClass      map[string][]*compiled // every declared class, also one that no rule names
	forAny       []*compiled            // rules for any class, but the default
	fallback     *compiled
	onFile       []*compiled // rules whose clock is that of the file, from another trigger than the last entry
	handover     bool        // the record must be offered first
	consent      string      // whose leave is needed; empty: nobody's
}

// compiled is a rule with its words resolved.
type compiled struct {
	*Rule
	digest    Digest // of its schedule
	national  bool   // not of the overlay
	confirmed bool   // marked verify, and a hospital says that it holds
	clock     clockKind
	trigger   TriggerFact
	fileIndex int // in law.onFile
	when      []compiledCondition
}

type compiledCondition struct {
	want string
	Condition
}

// clockKind is where the year comes from that starts a term.
type clockKind int

const (
	noClock       clockKind = iota // trigger none
	bundleClock                    // the bundle's own facts
	fileEntry                      // last entry of the whole file
	fileClock                      // latest year of the file's bundles that the rule covers
	patientClock                   // a fact of the patient: death, end of exposure
	informedClock                  // Bundle.Informed
)

func (e *Engine) newLaw(s Schedule, overlay *Schedule, controller string) *law {
	l := &law{jurisdiction: s.Jurisdiction, digest: s.Digest, byClass: map[string][]*compiled{}}
	l.add(e, s, true)
	if overlay != nil && memberState(s.Jurisdiction) {
		l.add(e, *overlay, false)
	}
	if d := s.Disposal; d != nil {
		l.handover = d.Handover != nil
		if c := d.Consent; c != nil && (c.AppliesTo == "" || controller == "" || c.AppliesTo == controller) {
			l.consent = c.Body
		}
	}
	return l
}

func (l *law) add(e *Engine, s Schedule, national bool) {
	for class := range s.Classes {
		l.byClass[class] = slices.Clip(l.byClass[class])
	}
	for i := range s.Rules {
		r := compile(&s.Rules[i], s.Digest, national)
		e.rules[r.ID] = append(e.rules[r.ID], r)
		l.place(r)
	}
}

func (l *law) place(r *compiled) {
	if r.clock == fileClock {
		r.fileIndex = len(l.onFile)
		l.onFile = append(l.onFile, r)
	}
	switch {
	case r.Default:
		l.fallback = r
	case slices.Contains(r.Class, AnyClass):
		l.forAny = append(l.forAny, r)
	default:
		for _, class := range r.Class {
			l.byClass[class] = append(l.byClass[class], r)
		}
	}
}

func compile(r *Rule, digest Digest, national bool) *compiled {
	c := &compiled{Rule: r, digest: digest, national: national}
	for _, row := range Triggers() {
		if row.Trigger == r.Trigger {
			c.trigger = row
		}
	}
	c.clock = r.clockKind(c.trigger.Fact)
	for name, want := range r.When {
		condition, _ := conditionNamed(name) // the schedule was checked
		c.when = append(c.when, compiledCondition{want, condition})
	}
	slices.SortFunc(c.when, func(a, b compiledCondition) int { return strings.Compare(a.Name, b.Name) })
	return c
}

func (r Rule) clockKind(fact string) clockKind {
	switch {
	case r.Trigger == TriggerNone:
		return noClock
	case r.Trigger == TriggerInformed:
		return informedClock
	case fact == "death_year" || fact == "exposure_end_year":
		return patientClock
	case r.Unit != PatientFile:
		return bundleClock
	case fact == "last_entry_year":
		return fileEntry
	}
	return fileClock
}

// met is When.Met with the facts that were not stated.
func (c *compiled) met(f seal.Facts) (met bool, missing []string) {
	for _, cond := range c.when {
		switch cond.value(f) {
		case cond.want:
		case "":
			missing = append(missing, cond.Fact)
		default:
			return false, nil
		}
	}
	return len(missing) == 0, missing
}
