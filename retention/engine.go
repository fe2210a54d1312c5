package retention

import (
	"errors"
	"fmt"
	"time"

	"kartoteka/seal"
)

// Options is what an engine is made of.
type Options struct {
	Schedules  []Schedule // at most one for each jurisdiction; the EU's is added to those of PL and LT
	Zone       *time.Location
	Controller string // kind of controller, as the schedules' consent.applies_to: "public_hospital". Empty: every consent is needed
	Overrides  []Override
}

// Engine applies schedules to files. It is pure and may be used by several goroutines at once.
type Engine struct {
	laws  map[string]*law
	rules map[string][]*compiled // by id: the overlay's once for each member state
	zone  *time.Location
}

// New compiles the schedules. The error names every schedule that is no law, and every override that does not fit.
func New(o Options) (*Engine, error) {
	if o.Zone == nil {
		return nil, errors.New("retention engine: no time zone")
	}
	e := &Engine{laws: map[string]*law{}, rules: map[string][]*compiled{}, zone: o.Zone}
	national, overlay, err := sortOut(o.Schedules)
	if err != nil {
		return nil, fmt.Errorf("retention engine: %w", err)
	}
	for _, s := range national {
		e.laws[s.Jurisdiction] = e.newLaw(s, overlay, o.Controller)
	}
	if err := e.confirm(o.Overrides); err != nil {
		return nil, fmt.Errorf("retention engine: %w", err)
	}
	return e, nil
}

// sortOut checks each schedule and finds the overlay.
func sortOut(all []Schedule) (national []Schedule, overlay *Schedule, err error) {
	seen := map[string]bool{}
	var faults []error
	for i, s := range all {
		if err := s.check(); err != nil {
			faults = append(faults, fmt.Errorf("schedule %s: %w", s.Jurisdiction, err))
		}
		if seen[s.Jurisdiction] {
			faults = append(faults, fmt.Errorf("two schedules for %s", s.Jurisdiction))
		}
		seen[s.Jurisdiction] = true
		if s.Jurisdiction == overlayOf {
			overlay = &all[i]
		} else {
			national = append(national, s)
		}
	}
	return national, overlay, errors.Join(faults...)
}

// overlayOf is the jurisdiction whose rules are added to those of its member states.
const overlayOf = "EU"

func memberState(jurisdiction string) bool { return jurisdiction == "PL" || jurisdiction == "LT" }

// Today gives the controller's day at an instant.
func (e *Engine) Today(now time.Time) seal.Date { return seal.DateIn(now, e.zone) }

// Year gives the controller's year of an instant: what Bundle.TakenYear wants.
func (e *Engine) Year(at time.Time) int { return seal.DateIn(at, e.zone).Year }

// Digests gives the schedules in force by jurisdiction: what an order must name.
func (e *Engine) Digests() map[string]Digest {
	all := map[string]Digest{}
	for name, l := range e.laws {
		all[name] = l.digest
	}
	return all
}
