package retention

import (
	"errors"
	"fmt"
)

// Override is a hospital's word that a rule marked verify was compared with the law in force and holds. It is bound to
// the wording of the schedule: a schedule that changed needs a new one.
type Override struct {
	Rule     string
	Schedule Digest
	Officer  string
	Basis    string // who compared it with what
}

// confirm marks the rules that overrides name.
func (e *Engine) confirm(all []Override) error {
	for _, o := range all {
		if err := e.confirmOne(o); err != nil {
			return fmt.Errorf("override of rule %s: %w", o.Rule, err)
		}
	}
	return nil
}

func (e *Engine) confirmOne(o Override) error {
	all := e.rules[o.Rule]
	if len(all) == 0 {
		return errors.New("no schedule has it")
	}
	switch r := all[0]; {
	case !r.Verify:
		return errors.New("it is not marked verify")
	case r.digest != o.Schedule:
		return fmt.Errorf("it was given for schedule %.12s…, in force is %.12s…", o.Schedule, r.digest)
	case o.Officer == "" || o.Basis == "":
		return errors.New("officer or basis is missing")
	case r.endless():
		return errors.New("it has no period: correct the bundle's class instead")
	}
	for _, r := range all {
		r.confirmed = true
	}
	return nil
}
