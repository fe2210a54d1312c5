package appraisal

import (
	"errors"
	"fmt"
	"slices"

	"kartoteka/archive"
	"kartoteka/retention"
	"kartoteka/seal"
	"kartoteka/seal/patient"
)

// Whose says what an act is about: a patient, by an identifier, or bundles, by their events. One of the two.
type Whose struct {
	Identifier patient.Identifier `json:"identifier,omitzero"`
	Bundles    []seal.LeafIndex   `json:"bundles,omitempty"`
}

// check puts the bundles in order and sees that each is there.
func (p *Appraiser) check(w *Whose) error {
	if (w.Identifier.System == "") == (len(w.Bundles) == 0) {
		return errors.New("either a patient or bundles must be named")
	}
	slices.Sort(w.Bundles)
	w.Bundles = slices.Compact(w.Bundles)
	_, err := p.Of(w.Bundles)
	return err
}

// Fact makes the acts that add a fact, to a patient or to each bundle.
func (p *Appraiser) Fact(w Whose, facts seal.Facts, basis, officer string) (acts []seal.Act, err error) {
	if err := p.check(&w); err != nil {
		return nil, err
	}
	add := seal.Addition{Facts: facts, Basis: basis, Officer: officer}
	for _, leaf := range w.Bundles {
		about := add
		about.Bundle = &leaf
		acts = append(acts, seal.Act{Fact: &about})
	}
	if len(w.Bundles) == 0 {
		persons, _, err := p.a.Persons(w.Identifier)
		if err != nil {
			return nil, err
		}
		if len(persons) == 0 {
			return nil, errors.New("not found: the archive has no record of this patient")
		}
		for _, person := range persons {
			acts = append(acts, seal.Act{Person: &person, Fact: &add})
		}
	}
	return acts, valid(acts)
}

// Hold makes the acts that place a hold. On a patient it covers what comes in later too, even where nothing is there yet.
func (p *Appraiser) Hold(w Whose, h seal.Hold) (acts []seal.Act, err error) {
	if err := p.check(&w); err != nil {
		return nil, err
	}
	if h.Start.IsZero() {
		h.Start = p.today
	}
	if h.Bundles = w.Bundles; len(w.Bundles) > 0 {
		acts = []seal.Act{{Hold: &h}}
		return acts, valid(acts)
	}
	persons, own, err := p.a.Persons(w.Identifier)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(persons, own) {
		persons = append(persons, own)
	}
	for _, person := range persons {
		acts = append(acts, seal.Act{Person: &person, Hold: &h})
	}
	return acts, valid(acts)
}

func valid(acts []seal.Act) error {
	for _, a := range acts {
		if err := a.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// Commit makes one accession of acts, and gives their events.
func Commit(a *archive.Archive, acts []seal.Act) (leaves []seal.LeafIndex, err error) {
	acc, err := a.Begin()
	if err != nil {
		return nil, err
	}
	defer acc.Abort()
	for _, act := range acts {
		leaf, err := acc.Act(act)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, leaf)
	}
	err = acc.Commit()
	var after *archive.AfterCommit
	if errors.As(err, &after) {
		err = nil // the events are in the log; what was left undone is made up for at the next commit
	}
	return leaves, err
}

// HoldInForce is a hold as its record states it. It names the person who ordered it: for those who may know.
type HoldInForce struct {
	Event   seal.LeafIndex `json:"event"` // what `hold release` names
	Hold    seal.Hold      `json:"hold"`
	Overdue bool           `json:"overdue"` // nobody looked at it by the review date
	Covers  int            `json:"covers"`  // bundles, now
}

// Holds lists the holds in force, by event.
func (p *Appraiser) Holds() (list []HoldInForce, err error) {
	covers := map[seal.LeafIndex]int{}
	events, err := p.a.Holds(func(f archive.File) {
		for _, h := range file(f).Holds {
			for _, b := range f.Bundles {
				if h.Covers(b.Leaf) {
					covers[holdEvent(f, h)]++
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for _, leaf := range events {
		act, err := p.a.ReadAct(leaf)
		if err == nil && act.Hold == nil {
			err = fmt.Errorf("event %d is of no hold", leaf)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, HoldInForce{leaf, *act.Hold, act.Hold.Review.Before(p.today), covers[leaf]})
	}
	return list, nil
}

// InForce says whether a hold is: ending one that is over would only confuse whoever reads the log.
func (p *Appraiser) InForce(hold seal.LeafIndex) error {
	events, err := p.a.Holds(func(archive.File) {})
	if err == nil && !slices.Contains(events, hold) {
		err = fmt.Errorf("event %d is of no hold that is in force", hold)
	}
	return err
}

func holdEvent(f archive.File, h retention.Hold) (leaf seal.LeafIndex) {
	for _, act := range f.Acts {
		if act.Hold != nil && act.Event.String() == h.ID {
			return act.Event
		}
	}
	return -1
}

// Row is a line of `retention due`: what the law says of one bundle, without anybody's name.
type Row struct {
	Bundle       seal.LeafIndex `json:"bundle"`
	Jurisdiction string         `json:"jurisdiction"`
	Class        string         `json:"class,omitempty"`
	Due          seal.Date      `json:"due,omitzero"` // first day on which disposal is allowed
	Rule         string         `json:"rule,omitempty"`
	Period       string         `json:"period,omitempty"`
	Citation     string         `json:"citation,omitempty"`
	Schedule     seal.Digest    `json:"schedule,omitzero"`
	Ready        bool           `json:"ready"` // nothing stands in the way today
	Blockers     []Blocker      `json:"blockers"`
	Missing      []string       `json:"missing,omitempty"` // facts that nobody stated and that would settle the term
}

// Blocker is one reason why a bundle may not be disposed of today.
type Blocker struct {
	Code  retention.Code `json:"code"`
	Text  string         `json:"text"`
	Until seal.Date      `json:"until,omitzero"`
}

// Row of a decision.
func (p *Appraiser) Row(d Due) Row {
	r := Row{Bundle: d.Leaf, Jurisdiction: d.Jurisdiction, Class: d.Class, Due: d.Decision.Due, Rule: d.Rule, Schedule: seal.Digest(d.Schedule),
		Ready: d.Ready(), Blockers: []Blocker{}, Missing: d.Missing()}
	if d.By != nil {
		r.Period, r.Citation = d.By.Period(), p.ruleOf(d.Decision).Citation
	}
	for _, b := range d.Blockers {
		r.Blockers = append(r.Blockers, Blocker{b.Code, b.String(), b.Until})
	}
	return r
}
