// Package appraisal is where the archive and the law meet: it reads what the index knows of each patient's records, asks
// package retention, and makes orders of the answers. Archive and retention know nothing of each other; what passes
// between them is an order.
package appraisal

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"kartoteka/archive"
	"kartoteka/retention"
	"kartoteka/seal"
)

// Appraiser applies the law in force to an open archive. It is made anew for every question: the policy may have changed.
type Appraiser struct {
	a      *archive.Archive
	engine *retention.Engine
	today  seal.Date
	basis  map[string]string // of overrides, by rule
}

// New reads the law: the program's schedules, the hospital's own in place of those of their countries, and the overrides.
func New(a *archive.Archive) (*Appraiser, error) {
	schedules, err := retention.Load()
	if err != nil {
		return nil, err
	}
	o := retention.Options{Zone: a.Zone()}
	if r := a.Policy().Retention; r != nil {
		o.Controller = r.Controller
		for _, sum := range r.Schedules {
			own, err := readSchedule(a, sum)
			if err != nil {
				return nil, err
			}
			schedules = slices.DeleteFunc(schedules, func(s retention.Schedule) bool { return s.Jurisdiction == own.Jurisdiction })
			schedules = append(schedules, own)
		}
		for _, x := range r.Overrides {
			o.Overrides = append(o.Overrides, retention.Override{Rule: x.Rule, Schedule: retention.Digest(x.Schedule), Officer: x.Officer, Basis: x.Basis})
		}
	}
	o.Schedules = schedules
	engine, err := retention.New(o)
	if err != nil {
		return nil, err
	}
	p := &Appraiser{a: a, engine: engine, today: a.Today(), basis: map[string]string{}}
	for _, x := range o.Overrides {
		p.basis[x.Rule] = x.Basis
	}
	return p, nil
}

func readSchedule(a *archive.Archive, sum seal.Digest) (retention.Schedule, error) {
	data, err := a.ScheduleFile(sum)
	if err != nil {
		return retention.Schedule{}, err
	}
	return retention.Parse(bytes.NewReader(data))
}

// file is an archive's file as the engine reads it.
func file(f archive.File) retention.File {
	out := retention.File{Bundles: make([]retention.Bundle, len(f.Bundles))}
	for i, b := range f.Bundles {
		out.Bundles[i] = retention.Bundle{Leaf: b.Leaf, Facts: b.Row.Facts, Classes: b.Row.Classes, TakenYear: b.Row.TakenYear,
			Informed: b.Row.Informed, Unresolved: b.Row.Unresolved}
	}
	for _, act := range f.Acts {
		switch {
		case act.Fact != nil:
			out.Added = append(out.Added, retention.Added{At: act.Event, Bundle: act.Fact.Bundle, Facts: act.Fact.Facts})
		case act.Carried != nil:
			out.Carried = append(out.Carried, retention.Carried{At: act.Event, Facts: *act.Carried})
		case act.Hold != nil && !act.Ended:
			out.Holds = append(out.Holds, retention.Hold{ID: act.Event.String(), Kind: act.Hold.Kind, Bundles: act.Hold.Bundles, Review: act.Hold.Review})
		case act.Step != nil:
			takeStep(out.Bundles, *act.Step)
		}
	}
	return out
}

// takeStep notes a step at each of its bundles. A later one of the same kind takes the place of an earlier one.
func takeStep(bundles []retention.Bundle, s seal.Step) {
	for _, b := range s.Bundles {
		i, ok := slices.BinarySearchFunc(bundles, b.Leaf, func(b retention.Bundle, leaf seal.LeafIndex) int { return int(b.Leaf - leaf) })
		if !ok { // disposed of since
			continue
		}
		if bundles[i].Steps == nil {
			bundles[i].Steps = &retention.Steps{}
		}
		step := retention.Step{For: b.For, On: s.On, Until: s.Until}
		switch steps := bundles[i].Steps; s.Kind {
		case seal.StepNotice:
			steps.Notice = step
		case seal.StepHandedOver:
			steps.HandedOver = step
		case seal.StepConsent:
			steps.Consent = step
		}
	}
}

// Due is what the law says of one bundle.
type Due struct {
	retention.Decision
	Class        string
	Jurisdiction string
}

// Each calls f with the decision on every bundle of which the first day of disposal is not after by; a zero by means all,
// those without a day among them.
func (p *Appraiser) Each(by seal.Date, f func(Due) error) error {
	var decided []retention.Decision
	return p.a.Files(func(x archive.File) error {
		decided = p.engine.Decide(decided[:0], file(x), p.today)
		for i, d := range decided {
			if !by.IsZero() && (d.Due.IsZero() || by.Before(d.Due)) {
				continue
			}
			facts := x.Bundles[i].Row.Facts
			if err := f(Due{d, facts.Class, facts.Jurisdiction}); err != nil {
				return err
			}
		}
		return nil
	})
}

// decide gives the decisions on the whole files of bundles, by bundle.
func (p *Appraiser) decide(bundles []seal.LeafIndex) (files []archive.File, decided map[seal.LeafIndex]retention.Decision, err error) {
	if files, err = p.a.FilesOf(bundles); err != nil {
		return nil, nil, err
	}
	decided = map[seal.LeafIndex]retention.Decision{}
	for _, f := range files {
		for _, d := range p.engine.Decide(nil, file(f), p.today) {
			decided[d.Leaf] = d
		}
	}
	return files, decided, nil
}

// Of gives the decisions on bundles, in their order.
func (p *Appraiser) Of(bundles []seal.LeafIndex) (list []Due, err error) {
	files, decided, err := p.decide(bundles)
	if err != nil {
		return nil, err
	}
	facts := map[seal.LeafIndex]seal.Facts{}
	for _, f := range files {
		for _, b := range f.Bundles {
			facts[b.Leaf] = b.Row.Facts
		}
	}
	for _, leaf := range bundles {
		d, ok := decided[leaf]
		if !ok {
			return nil, fmt.Errorf("event %d is of no bundle that is there", leaf)
		}
		list = append(list, Due{d, facts[leaf].Class, facts[leaf].Jurisdiction})
	}
	return list, nil
}

// Step makes the act of a step: for each bundle it counts for the day of disposal as it is now.
func (p *Appraiser) Step(s seal.Step, bundles []seal.LeafIndex) (seal.Act, error) {
	slices.Sort(bundles)
	bundles = slices.Compact(bundles)
	list, err := p.Of(bundles)
	if err != nil {
		return seal.Act{}, err
	}
	s.Bundles = nil
	for _, d := range list {
		if d.Due.IsZero() {
			return seal.Act{}, fmt.Errorf("bundle %d has no day of disposal yet: %s", d.Leaf, d.Blockers[0])
		}
		s.Bundles = append(s.Bundles, seal.StepBundle{Leaf: d.Leaf, For: d.Due})
	}
	if s.On.IsZero() {
		s.On = p.today
	}
	if p.today.Before(s.On) {
		return seal.Act{}, errors.New("a step cannot be dated in the future")
	}
	return seal.Act{Step: &s}, s.Validate()
}

// stands says whether the law still says what an order says, and gives the files that the order's bundles are of.
func (p *Appraiser) stands(order []byte) (files []archive.File, bundles []seal.LeafIndex, err error) {
	o, _, err := seal.ParseOrder(order)
	if err != nil {
		return nil, nil, err
	}
	var listed []retention.Ruling
	for _, b := range o.Bundles {
		bundles = append(bundles, b.Leaf)
		rule := o.Rules[b.Rule]
		listed = append(listed, retention.Ruling{Leaf: b.Leaf, Due: b.Due, Rule: rule.ID, Schedule: retention.Digest(rule.Schedule)})
	}
	files, decided, err := p.decide(bundles)
	if err != nil {
		return nil, nil, err
	}
	return files, bundles, refuse(listed, decided)
}
