package retention

import "kartoteka/seal"

// Refusal is why an order cannot be executed. One is enough: a part of an order is never executed.
type Refusal struct {
	Leaf    seal.LeafIndex
	Code    Code    // one of the codes below, or the blocker's
	Blocker Blocker // where the code is that of a blocker
	Now     Ruling  // Changed: what holds now
}

// The codes that an order has beside those of blockers.
const (
	Absent  Code = "absent"  // no such bundle, or it is disposed of already
	Twice   Code = "twice"   // the order names it twice
	Changed Code = "changed" // day, rule or wording of the schedule are no longer what was signed
)

// Refuse compares what an order states with what holds now, and gives every reason against it in the order's own order;
// none: it may be executed. Decided must hold today's decisions for all bundles of the files concerned.
func Refuse(listed []Ruling, decided []Decision) []Refusal {
	now := make(map[seal.LeafIndex]*Decision, len(decided))
	for i := range decided {
		now[decided[i].Leaf] = &decided[i]
	}
	seen := make(map[seal.LeafIndex]bool, len(listed))
	var all []Refusal
	for _, r := range listed {
		d := now[r.Leaf]
		switch {
		case seen[r.Leaf]:
			all = append(all, Refusal{Leaf: r.Leaf, Code: Twice})
			continue
		case d == nil:
			all = append(all, Refusal{Leaf: r.Leaf, Code: Absent})
		case d.Ruling != r:
			all = append(all, Refusal{Leaf: r.Leaf, Code: Changed, Now: d.Ruling})
		}
		seen[r.Leaf] = true
		all = append(all, d.refusals()...)
	}
	return all
}

func (d *Decision) refusals() []Refusal {
	if d == nil {
		return nil
	}
	var all []Refusal
	for _, b := range d.Blockers {
		all = append(all, Refusal{Leaf: d.Leaf, Code: b.Code, Blocker: b})
	}
	return all
}

// String says it for people.
func (r Refusal) String() string {
	prefix := "bundle " + r.Leaf.String() + ": "
	switch r.Code {
	case Absent:
		return prefix + "is not in the archive, or disposed of already"
	case Twice:
		return prefix + "is named twice"
	case Changed:
		return prefix + "changed since the order was made: now rule " + r.Now.Rule + ", from " + r.Now.Due.String()
	}
	return prefix + r.Blocker.String()
}
