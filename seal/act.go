package seal

import (
	"cmp"
	"errors"
	"fmt"
)

// Act is what an officer did about a patient's records, or what follows of it: the sealed side of a fact, hold, step,
// carried or release event. It is a record of index.keys, so that rebuild can read it and no document is opened for it.
// Exactly one of the bodies is set.
type Act struct {
	Schema string    `json:"schema"`
	Event  LeafIndex `json:"event"`            // its event
	Person *Digest   `json:"person,omitempty"` // whose, by blind id; where it is about bundles they are named below

	Fact     *Addition   `json:"fact,omitempty"`
	Hold     *Hold       `json:"hold,omitempty"`
	Step     *Step       `json:"step,omitempty"`
	Carried  *Facts      `json:"carried,omitempty"`
	Released []LeafIndex `json:"released,omitempty"` // bundles of which a packet was made
}

// Step is one act on the way to a disposal: the patient was told, took the record, or an authority gave its leave. Each
// counts for the day of disposal for which it was taken, and for earlier ones.
type Step struct {
	Kind      StepKind     `json:"kind"`
	Bundles   []StepBundle `json:"bundles"` // in the order of the log
	On        Date         `json:"on"`
	Until     Date         `json:"until,omitzero"`      // of a notice: last day on which the record may be collected
	Authority string       `json:"authority,omitempty"` // of a consent: who gave it
	Reference string       `json:"reference,omitempty"` // number of the letter or protocol
	Officer   string       `json:"officer"`
}

// StepBundle is a bundle that a step was taken for.
type StepBundle struct {
	Leaf LeafIndex `json:"leaf"`
	For  Date      `json:"for"` // its day of disposal then
}

// StepKind is a kind of step.
type StepKind string

// The kinds of steps.
const (
	StepNotice     StepKind = "notice"      // the collection window is open
	StepHandedOver StepKind = "handed_over" // the patient took the record instead
	StepConsent    StepKind = "consent"     // leave of the authority
)

// MaxActBundles bounds the bundles of one act, so that its record stays readable in one piece.
const MaxActBundles = 20_000

// Kind is the kind of event that the act belongs to.
func (a Act) Kind() Kind {
	switch {
	case a.Fact != nil:
		return KindFact
	case a.Hold != nil:
		return KindHold
	case a.Step != nil:
		return KindStep
	case a.Carried != nil:
		return KindCarried
	}
	return KindRelease
}

// Bundles lists the bundles an act is about; none: all that the person has and will have.
func (a Act) Bundles() (list []LeafIndex) {
	switch {
	case a.Fact != nil && a.Fact.Bundle != nil:
		return []LeafIndex{*a.Fact.Bundle}
	case a.Hold != nil:
		return a.Hold.Bundles
	case a.Step != nil:
		for _, b := range a.Step.Bundles {
			list = append(list, b.Leaf)
		}
	case a.Released != nil:
		return a.Released
	}
	return list
}

// Marshal gives the record's bytes.
func (a Act) Marshal() ([]byte, error) {
	a.Schema = SpecAct
	if err := a.Validate(); err != nil {
		return nil, err
	}
	return Marshal(a)
}

// ParseAct reads an act.
func ParseAct(data []byte) (Act, error) {
	var a Act
	if err := UnmarshalCanonical(data, &a); err != nil {
		return a, fmt.Errorf("act: %w", err)
	}
	if a.Schema != SpecAct {
		return a, fmt.Errorf("act: schema is not %s", SpecAct)
	}
	return a, a.Validate()
}

// Validate reports what cannot be.
func (a Act) Validate() error {
	bodies := 0
	for _, set := range []bool{a.Fact != nil, a.Hold != nil, a.Step != nil, a.Carried != nil, len(a.Released) > 0} {
		if set {
			bodies++
		}
	}
	bundles := a.Bundles()
	switch {
	case bodies != 1 || a.Event < 0:
		return errors.New("act: holds none or several, or is of no event")
	case (a.Person == nil) != (len(bundles) > 0):
		return errors.New("act: is about a person, or about bundles, never both")
	case len(bundles) > MaxActBundles:
		return fmt.Errorf("act: is about more than %d bundles", MaxActBundles)
	case !ascending(bundles, cmp.Compare) || len(bundles) > 0 && bundles[0] < 0:
		return errors.New("act: bundles are not in the order of the log, each once")
	}
	switch {
	case a.Fact != nil:
		return a.Fact.Validate()
	case a.Hold != nil:
		return a.Hold.Validate()
	case a.Step != nil:
		return a.Step.Validate()
	}
	return nil
}

// Validate reports everything that a step lacks.
func (s Step) Validate() error {
	var problems []error
	add := func(bad bool, what string) {
		if bad {
			problems = append(problems, errors.New(string(s.Kind)+": "+what))
		}
	}
	add(s.Kind != StepNotice && s.Kind != StepHandedOver && s.Kind != StepConsent, "is no kind of step")
	add(len(s.Bundles) == 0, "names no bundle")
	add(s.On.IsZero(), "on is missing")
	add((s.Kind == StepNotice) != !s.Until.IsZero(), "until belongs to a notice, and must be there")
	add(!s.Until.IsZero() && s.Until.Before(s.On), "until is before on")
	add((s.Kind == StepConsent) != (s.Authority != ""), "authority belongs to a consent, and must be there")
	add(s.Kind == StepConsent && s.Reference == "", "reference is missing")
	add(s.Officer == "", "officer is missing")
	add(max(len(s.Authority), len(s.Reference), len(s.Officer)) > maxText, "a text is too long")
	for _, b := range s.Bundles {
		add(b.For.IsZero(), "a bundle has no day of disposal")
	}
	return errors.Join(problems...)
}
