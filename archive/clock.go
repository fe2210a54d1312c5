package archive

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"kartoteka/seal"
	"kartoteka/verify"
)

// Officer signs a decision that takes two people.
type Officer struct {
	Name string // in the policy
	Sign func(message []byte) ([]byte, error)
}

// AcceptClock commits that two officers accept the clock as it is, although it contradicts the log (decision 16). The
// archive must have been opened with Options.AcceptClock. From then on the clock is judged by this event.
func (a *Archive) AcceptClock(officers []Officer) error {
	acc, err := a.begin(a.checkClock)
	if err != nil {
		return err
	}
	defer acc.Abort()
	e := seal.Event{Kind: seal.KindClock, Accession: acc.id, Time: acc.now, Clock: &seal.ClockEvent{Before: a.last.Time}}
	message := e.ClockMessage(a.Spec.Origin)
	for _, o := range officers {
		sig, err := o.Sign(message)
		if err != nil {
			return err
		}
		e.Clock.Officers = append(e.Clock.Officers, seal.OfficerSignature{Name: o.Name, Signature: sig})
	}
	slices.SortFunc(e.Clock.Officers, func(x, y seal.OfficerSignature) int { return strings.Compare(x.Name, y.Name) })
	if err := a.trust.policy.Clock(e); err != nil {
		return err
	}
	acc.add(e)
	return acc.Commit()
}

// AddOfficer trusts an officer's key from now on.
func (a *Archive) AddOfficer(o verify.Officer) error {
	return a.changePolicy("officer_added", func(p *verify.Policy) error {
		for _, old := range p.Officers {
			if old.Name == o.Name && (old.Until == nil || old.Until.After(a.opt.Now())) {
				return errors.New("officer " + o.Name + " is trusted already; end it first to give it another key")
			}
		}
		p.Officers = append(p.Officers, o)
		return nil
	})
}

// EndOfficer ends the trust in an officer's key at a time.
//
// It cannot end before the last event: what the officer decided until then stands, and is judged by the policy in force.
func (a *Archive) EndOfficer(name string, at seal.Time) error {
	if at.Before(a.Last().Time) {
		return fmt.Errorf("officer %s cannot be ended before the last event (%s): what was signed before stands", name, a.Last())
	}
	return a.changePolicy("officer_ended", func(p *verify.Policy) error {
		for i := range p.Officers {
			if o := &p.Officers[i]; o.Name == name && o.Until == nil {
				o.Until = &at
				return nil
			}
		}
		return errors.New("no officer " + name + " is trusted without an end")
	})
}
