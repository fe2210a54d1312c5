package retention

import (
	"slices"
	"time"

	"kartoteka/seal"
)

// Term is what one rule asks for one bundle.
type Term struct {
	Rule      *Rule
	Schedule  Digest // of the rule
	Confirmed bool   // the rule is marked verify, and an override says that it holds

	// Certain: every condition of the rule is known to hold. Otherwise it may hold, and is reckoned with.
	Certain bool

	// Missing names the facts that nobody stated and that would settle the term (JSON names of seal.Facts; "taken_year" for
	// Bundle.TakenYear, "informed" for Bundle.Informed).
	Missing []string

	From int       // year in which the period starts; 0: not known
	Free seal.Date // first day on which the rule allows disposal; zero where From is not known or the rule has no period
}

// terms lists every rule that holds or may hold: those of the bundle's class, those for any, and the default where no
// other national rule with a period is known to hold.
func (u *unit) terms(k *clock) []Term {
	all := make([]Term, 0, 4)
	settled := false
	add := func(r *compiled, classKnown bool) {
		t, ok := r.term(u, k, classKnown)
		if !ok {
			return
		}
		all = append(all, t)
		settled = settled || t.Certain && r.national && !r.endless()
	}
	u.eachOfClass(add)
	for _, r := range u.law.forAny {
		add(r, true)
	}
	if !settled {
		add(u.law.fallback, true)
	}
	return all
}

// eachOfClass gives every rule once that names a class of the bundle. What only a document's class says is no more than
// possible: a sender who means it says so in the facts.
func (u *unit) eachOfClass(add func(r *compiled, known bool)) {
	blood := u.facts.BloodTraceability != nil && *u.facts.BloodTraceability
	for _, r := range u.law.byClass[u.facts.Class] {
		add(r, true)
	}
	if blood && u.facts.Class != bloodClass {
		for _, r := range u.law.byClass[bloodClass] {
			if !slices.Contains(r.Class, u.facts.Class) {
				add(r, true)
			}
		}
	}
	for i, class := range u.Classes {
		if class == u.facts.Class {
			continue
		}
		for _, r := range u.law.byClass[class] {
			if !r.Class.Covers(u.facts) && !slices.ContainsFunc(u.Classes[:i], func(c string) bool { return slices.Contains(r.Class, c) }) {
				add(r, false)
			}
		}
	}
}

// term applies one rule; not ok where one of its conditions is known not to hold.
func (c *compiled) term(u *unit, k *clock, classKnown bool) (t Term, ok bool) {
	met, missing := c.met(u.facts)
	if !met && missing == nil {
		return Term{}, false
	}
	t = Term{Rule: c.Rule, Schedule: c.digest, Confirmed: c.confirmed, Certain: met && classKnown, Missing: missing}
	if !classKnown {
		t.Missing = append(t.Missing, "class")
	}
	if c.clock == noClock {
		return t, true
	}
	from := c.start(u, k)
	if from.assumed || !from.known() {
		t.Missing = append(t.Missing, c.missingStart())
	}
	if from.known() {
		t.From, t.Free = from.n, c.free(from.n)
	}
	return t, true
}

func (c *compiled) missingStart() string {
	switch {
	case c.clock == informedClock:
		return "informed"
	case c.trigger.Fact == "":
		return string(c.Trigger)
	}
	return c.trigger.Fact
}

// free is the first day on which a period that began in a year allows disposal. Only the year is ever known, so every
// period is counted from its 31 December, as [EndOfCalendarYear] asks and [NoRounding] allows.
func (r Rule) free(from int) seal.Date {
	if r.MinDays != 0 {
		return seal.Date{Year: from, Month: time.December, Day: 31}.AddDays(r.MinDays + 1)
	}
	return seal.Date{Year: from + r.Years + 1, Month: time.January, Day: 1}
}
