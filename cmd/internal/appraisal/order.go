package appraisal

import (
	"cmp"
	"slices"

	"kartoteka/archive"
	"kartoteka/retention"
	"kartoteka/seal"
)

// Order makes the order for bundles, which must all be ready. Two officers sign it.
func (p *Appraiser) Order(number string, until seal.Date, bundles []seal.LeafIndex) (seal.Order, error) {
	slices.Sort(bundles)
	bundles = slices.Compact(bundles)
	files, decided, err := p.decide(bundles)
	if err != nil {
		return seal.Order{}, err
	}
	var listed []retention.Ruling
	for _, leaf := range bundles {
		if d, ok := decided[leaf]; ok {
			listed = append(listed, d.Ruling)
		} else {
			listed = append(listed, retention.Ruling{Leaf: leaf})
		}
	}
	if err := refuse(listed, decided); err != nil {
		return seal.Order{}, err
	}
	head := p.a.Head()
	o := seal.Order{Origin: head.Origin, Number: number, Made: p.today, Until: until, Log: seal.OrderLog{Size: head.Size, Root: head.Root}}
	if err := p.list(&o, listed, decided); err != nil {
		return o, err
	}
	added := addedTo(files)
	for i := range o.Bundles {
		o.Bundles[i].Facts = added[o.Bundles[i].Leaf]
	}
	with, err := p.a.Along(bundles)
	o.Acts, o.Released = with.Acts, with.Released
	return o, err
}

// addedTo lists the facts that officers added, by the bundle they concern: those of the patient concern all.
func addedTo(files []archive.File) map[seal.LeafIndex][]seal.LeafIndex {
	added := map[seal.LeafIndex][]seal.LeafIndex{}
	for _, f := range files {
		for _, act := range f.Acts {
			for _, b := range f.Bundles {
				if act.Fact != nil && (act.Fact.Bundle == nil || *act.Fact.Bundle == b.Leaf) {
					added[b.Leaf] = append(added[b.Leaf], act.Event)
				}
			}
		}
	}
	return added
}

func refuse(listed []retention.Ruling, decided map[seal.LeafIndex]retention.Decision) error {
	all := make([]retention.Decision, 0, len(decided))
	for _, d := range decided {
		all = append(all, d)
	}
	if reasons := retention.Refuse(listed, all); reasons != nil {
		return newRefused(reasons)
	}
	return nil
}

// list writes the rulings down, each rule once.
func (p *Appraiser) list(o *seal.Order, listed []retention.Ruling, decided map[seal.LeafIndex]retention.Decision) error {
	rules := map[seal.OrderRule]int{}
	for _, r := range listed {
		rules[p.ruleOf(decided[r.Leaf])] = 0
	}
	for r := range rules {
		o.Rules = append(o.Rules, r)
	}
	slices.SortFunc(o.Rules, seal.OrderRule.Compare)
	for i, r := range o.Rules {
		rules[r] = i
	}
	for _, r := range listed {
		_, e, err := p.a.Event(r.Leaf)
		if err != nil {
			return err
		}
		o.Bundles = append(o.Bundles, seal.OrderBundle{Leaf: r.Leaf, Documents: e.Bundle.Commitment.Count, Due: r.Due, Rule: rules[p.ruleOf(decided[r.Leaf])]})
	}
	return nil
}

// ruleOf is the rule that an order states. Where a schedule cites nothing, the override says what the rule rests on.
func (p *Appraiser) ruleOf(d retention.Decision) seal.OrderRule {
	return seal.OrderRule{Schedule: seal.Digest(d.Schedule), ID: d.Rule, Citation: cmp.Or(d.By.Cite, p.basis[d.Rule])}
}

// Execute executes a signed order, if the law still says of every bundle what the order says, and nothing stands in the
// way. It must be the only writer.
func (p *Appraiser) Execute(order []byte) (disposal seal.LeafIndex, err error) {
	if err := p.a.CatchUp(); err != nil {
		return 0, err
	}
	files, bundles, err := p.stands(order)
	if err != nil {
		return 0, err
	}
	var carried []seal.Act
	for _, f := range files {
		for _, facts := range p.engine.Carry(file(f), bundles) {
			carried = append(carried, seal.Act{Person: &f.Key, Carried: &facts})
		}
	}
	return p.a.Dispose(order, carried)
}
