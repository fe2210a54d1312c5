package retention

import (
	"slices"

	"kartoteka/seal"
)

// Carry gives what bundles that are disposed of must leave behind, so that the terms of those that remain do not become
// shorter: the youngest entry of a file may well be a referral, which goes long before the file. The result becomes
// [Carried] with the event of the disposal; it is years and booleans, and empty where the rest says as much or nothing
// remains.
func (e *Engine) Carry(f File, leaving []seal.LeafIndex) []seal.Facts {
	rest := f
	rest.Bundles = slices.DeleteFunc(slices.Clone(f.Bundles), func(b Bundle) bool { return slices.Contains(leaving, b.Leaf) })
	if len(rest.Bundles) == 0 {
		return nil
	}
	var all []seal.Facts
	if p := f.patient(); p.differs(rest.patient()) {
		var s seal.Facts // without a jurisdiction: it starts no clock of a file
		p.enter(&s)
		all = append(all, s)
	}
	units, _ := e.prepare(&f)
	_, clocks := e.prepare(&rest)
	for i := range units {
		if u := &units[i]; u.law != nil && slices.Contains(leaving, u.Leaf) {
			all = u.leaveBehind(all, clocks)
		}
	}
	return all
}

func (p patient) differs(other patient) bool {
	same := p.injury == nil && other.injury == nil || p.injury != nil && other.injury != nil && *p.injury == *other.injury
	return !same || p.death != other.death || p.exposure != other.exposure
}

// leaveBehind adds what the unit does for the clocks of its file, if that file has bundles left.
func (u *unit) leaveBehind(all []seal.Facts, rest []clock) []seal.Facts {
	i := slices.IndexFunc(rest, func(k clock) bool { return k.law == u.law })
	if i < 0 {
		return all
	}
	s, ofRule := u.remains()
	if !ofRule && s.LastEntryYear != 0 && s.LastEntryYear <= rest[i].entry.n {
		return all
	}
	for j := range all {
		if sameFile(all[j], s) {
			merge(&all[j], s)
			return all
		}
	}
	return append(all, s)
}

// remains is what clocks read of a unit, years that were assumed written out. A last entry of 0 keeps the file's clock
// unknown. The class stays only where a rule of the file asks for it.
func (u *unit) remains() (s seal.Facts, ofRule bool) {
	s = seal.Facts{Jurisdiction: u.facts.Jurisdiction, LastEntryYear: entry(&u.facts, u.TakenYear).n}
	for _, r := range u.law.onFile {
		if !r.Class.Covers(u.facts) {
			continue
		}
		ofRule = true
		s.Class, s.BloodTraceability = u.facts.Class, u.facts.BloodTraceability
		n := r.happened(&u.facts, u.TakenYear).n
		switch r.trigger.Fact {
		case "case_closed_year":
			s.CaseClosedYear = n
		case "issued_year":
			s.IssuedYear = n
		case "service_year":
			s.ServiceYear = n
		}
	}
	return s, ofRule
}

func sameFile(a, b seal.Facts) bool {
	isBlood := func(f seal.Facts) bool { return f.BloodTraceability != nil && *f.BloodTraceability }
	return a.Jurisdiction == b.Jurisdiction && a.Class == b.Class && isBlood(a) == isBlood(b)
}

func merge(into *seal.Facts, s seal.Facts) {
	if into.LastEntryYear == 0 || s.LastEntryYear == 0 {
		into.LastEntryYear = 0
	} else {
		into.LastEntryYear = max(into.LastEntryYear, s.LastEntryYear)
	}
	into.CaseClosedYear = max(into.CaseClosedYear, s.CaseClosedYear)
	into.IssuedYear = max(into.IssuedYear, s.IssuedYear)
	into.ServiceYear = max(into.ServiceYear, s.ServiceYear)
}
