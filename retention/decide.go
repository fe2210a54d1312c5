package retention

import (
	"slices"

	"kartoteka/seal"
)

// Ruling is what an order states of a bundle, and what must still be so when it is executed. Rulings compare with ==.
type Ruling struct {
	Leaf     seal.LeafIndex
	Due      seal.Date // first day on which disposal is allowed; zero where no term can be computed
	Rule     string    // id of the rule that gives Due; empty where there is none
	Schedule Digest    // of that rule
}

// Decision is what the law says of one bundle today.
type Decision struct {
	Ruling

	// Open: the start of a term that holds or may hold is not known, or no schedule governs. Due is then no more than the
	// earliest day, and may be zero.
	Open bool

	By       *Rule     // the rule that gives Due, with period, citation and confidence; nil where there is none. Not to be changed
	Terms    []Term    // every rule that holds or may hold, the rule that gives Due among them
	Blockers []Blocker // everything that stands in the way; none: it may be disposed of today
}

// Ready says whether nothing stands in the way of disposal.
func (d Decision) Ready() bool { return len(d.Blockers) == 0 }

// Blocked says whether one of the blockers has the code.
func (d Decision) Blocked(c Code) bool {
	return slices.ContainsFunc(d.Blockers, func(b Blocker) bool { return b.Code == c })
}

// Missing names the facts that nobody stated and that would settle the terms, sorted, each once: where there are some, the
// bundle may be kept longer than the law asks.
func (d Decision) Missing() []string {
	var all []string
	for _, t := range d.Terms {
		all = append(all, t.Missing...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Decide appends a decision for every bundle of the file, in the file's order. Today is the controller's day ([Engine.Today]);
// rulings do not depend on it.
func (e *Engine) Decide(dst []Decision, f File, today seal.Date) []Decision {
	if !slices.IsSortedFunc(f.Added, byLog) {
		f.Added = slices.SortedStableFunc(slices.Values(f.Added), byLog)
	}
	units, clocks := e.prepare(&f)
	dst = slices.Grow(dst, len(units))
	for i := range units {
		u := &units[i]
		d := Decision{Ruling: Ruling{Leaf: u.Leaf}}
		if u.law == nil {
			d.Open = true
			d.block(Blocker{Code: NoLaw, What: u.facts.Jurisdiction})
		} else {
			d.apply(u, &clocks[u.clock])
		}
		d.blockCommon(u, &f, today)
		dst = append(dst, d)
	}
	return dst
}

func byLog(a, b Added) int { return int(a.At - b.At) }

// apply finds the terms and the latest of them. Of equal ones the first counts, and a certain one before a possible one.
func (d *Decision) apply(u *unit, k *clock) {
	d.Terms = u.terms(k)
	best := -1
	for i := range d.Terms {
		t := &d.Terms[i]
		d.blockTerm(t)
		if t.Free.IsZero() {
			continue
		}
		if best < 0 || d.Terms[best].Free.Before(t.Free) || t.Free == d.Terms[best].Free && t.Certain && !d.Terms[best].Certain {
			best = i
		}
	}
	if best >= 0 {
		t := &d.Terms[best]
		d.Due, d.Rule, d.Schedule, d.By = t.Free, t.Rule.ID, t.Schedule, t.Rule
	}
	if _, declared := u.law.byClass[u.facts.Class]; !declared && u.facts.Class != "" {
		d.block(Blocker{Code: ClassCode, What: u.facts.Class})
	}
}

// blockTerm looks at one rule by itself.
func (d *Decision) blockTerm(t *Term) {
	if t.Rule.endless() {
		d.block(Blocker{Code: NoTerm, Rule: t.Rule.ID}) // an override could not help
		return
	}
	if t.Free.IsZero() {
		d.Open = true
		d.block(Blocker{Code: Unknown, Rule: t.Rule.ID, What: t.Missing[len(t.Missing)-1]})
	}
	if t.Rule.Verify && !t.Confirmed {
		d.block(Blocker{Code: Unverified, Rule: t.Rule.ID})
	}
}

// blockCommon looks at what does not depend on the rules.
func (d *Decision) blockCommon(u *unit, f *File, today seal.Date) {
	if u.Unresolved {
		d.block(Blocker{Code: Unresolved})
	}
	for i := range f.Holds {
		if h := &f.Holds[i]; h.Covers(u.Leaf) {
			d.block(Blocker{Code: Held, What: h.ID, Kind: h.Kind, Until: h.Review})
		}
	}
	if today.Before(d.Due) {
		d.block(Blocker{Code: NotDue, Until: d.Due.AddDays(-1)})
	}
	if u.law != nil {
		d.blockSteps(u, today)
	}
}

func (d *Decision) block(b Blocker) { d.Blockers = append(d.Blockers, b) }
