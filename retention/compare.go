package retention

import (
	"fmt"
	"slices"
	"time"

	"kartoteka/seal"
)

// Compare tries a hospital's own schedule against the one that it would replace, on records of every class and condition.
// Base is the embedded schedules. A hospital may keep longer, add classes and rules, and put the right text in place of a
// rule marked verify. It may keep shorter than a rule that is not marked verify only under another law: where its rule is
// of high confidence and cites something else; that is a warning, and otherwise a fault.
func Compare(own Schedule, base []Schedule) []Finding {
	mine, theirs, err := engines(own, base)
	if err != nil {
		return []Finding{{Fault, own.Jurisdiction, "", err.Error()}}
	}
	var found []Finding
	seen := map[[2]string]bool{}
	compared := false
	for _, name := range sortedKeys(theirs.laws) {
		if name != own.Jurisdiction && (own.Jurisdiction != overlayOf || !memberState(name)) {
			continue
		}
		compared = true
		for _, f := range probes(name, mine, theirs) {
			for _, file := range []File{alone(f), beside(f)} {
				a, b := mine.first(file), theirs.first(file)
				pair := [2]string{a.Rule, b.Rule}
				if !seen[pair] && a.shorter(b) {
					seen[pair] = true
					found = append(found, judgeShorter(name, f, a, b))
				}
			}
		}
	}
	if !compared {
		return []Finding{{Warning, own.Jurisdiction, "", "there is no embedded schedule to compare with"}}
	}
	return found
}

// engines makes one for the own schedule and one for the base, both with the base's overlay.
func engines(own Schedule, base []Schedule) (mine, theirs *Engine, err error) {
	if mine, err = New(Options{Schedules: Replace(base, own), Zone: time.UTC}); err != nil {
		return nil, nil, err
	}
	theirs, err = New(Options{Schedules: base, Zone: time.UTC})
	return mine, theirs, err
}

// Replace puts a hospital's own schedules in place of those of the same jurisdiction: as a whole, never rule by rule, so
// that one file and one digest say which law was applied.
func Replace(base []Schedule, own ...Schedule) []Schedule {
	var all []Schedule
	for _, s := range base {
		if !slices.ContainsFunc(own, func(o Schedule) bool { return o.Jurisdiction == s.Jurisdiction }) {
			all = append(all, s)
		}
	}
	return append(all, own...)
}

// shorter: a term whose start is not known yet is the longest.
func (d Decision) shorter(other Decision) bool {
	if other.Open {
		return !d.Open
	}
	return !d.Open && d.Due.Before(other.Due)
}

// waits is the rule whose start is not known, and which therefore keeps the longest; nil where all are known.
func (d Decision) waits() *Rule {
	for _, t := range d.Terms {
		if t.Free.IsZero() && !t.Rule.endless() {
			return t.Rule
		}
	}
	return nil
}

func judgeShorter(jurisdiction string, f seal.Facts, mine, base Decision) Finding {
	class := f.Class
	if class == "" {
		class = AnyClass
	}
	by, how := base.By, "is shorter than"
	if waits := base.waits(); waits != nil {
		by, how = waits, "ends where the start is not known of"
	}
	text := fmt.Sprintf("%s from %s %s %s (%s from %s), as for class %s", mine.By.Period(), mine.By.Trigger, how, by.ID, by.Period(), by.Trigger, class)
	level := Warning
	if !by.Verify && (mine.By.Confidence != High || mine.By.Cite == by.Cite) {
		level = Fault
		text += ": only a rule of high confidence that cites another law may be"
	}
	return Finding{level, jurisdiction, mine.Rule, text}
}
