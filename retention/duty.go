package retention

import "strings"

// Clause is one duty beside the terms, with its authority. Cite or Source may be missing only where Verify is set.
type Clause struct {
	Cite       string     `yaml:"cite,omitempty"`
	Confidence Confidence `yaml:"confidence"`
	Verify     bool       `yaml:"verify,omitempty"`
	Note       string     `yaml:"note,omitempty"`
	Source     string     `yaml:"source,omitempty"`
}

// Disposal is what a jurisdiction asks of whoever destroys records whose term is over.
type Disposal struct {
	Duty      *Duty           `yaml:"duty,omitempty"`
	Handover  *Handover       `yaml:"handover,omitempty"`
	Consent   *Consent        `yaml:"consent,omitempty"`
	CategoryA *ArchivalAction `yaml:"archival_category_a,omitempty"` // records of lasting value (kategoria A)
}

// Duty is how to destroy.
type Duty struct {
	Text   string `yaml:"text"`
	Clause `yaml:",inline"`
}

// Handover is to whom the record must be offered instead (UPP art. 29 ust. 2).
type Handover struct {
	OfferTo []string `yaml:"offer_to"`
	When    string   `yaml:"when"`
	Clause  `yaml:",inline"`
}

// Consent is whose leave is needed first.
type Consent struct {
	Body      string `yaml:"body"`
	AppliesTo string `yaml:"applies_to,omitempty"` // kind of controller; all where empty
	Form      string `yaml:"form,omitempty"`       // in what form the leave is kept
	Evidence  string `yaml:"evidence,omitempty"`   // practice that shows it
	Clause    `yaml:",inline"`
}

// ArchivalAction is what happens to records that must not be destroyed at all.
type ArchivalAction struct {
	Action string `yaml:"action"`
	Clause `yaml:",inline"`
}

// Custody is who keeps the records of a controller that has closed, in this order (UPP art. 30a).
type Custody struct {
	Order  []string `yaml:"order"`
	Clause `yaml:",inline"`
}

// section is a clause under its key in the file, with its main text.
type section struct {
	name, text string
	clause     Clause
}

// sections lists what the schedule states beside its rules.
func (s Schedule) sections() []section {
	var all []section
	if d := s.Disposal; d != nil {
		all = d.sections()
	}
	if c := s.Custody; c != nil {
		all = append(all, section{"custody_after_closure", strings.Join(c.Order, ", "), c.Clause})
	}
	return all
}

func (d Disposal) sections() []section {
	var all []section
	if d.Duty != nil {
		all = append(all, section{"duty", d.Duty.Text, d.Duty.Clause})
	}
	if d.Handover != nil {
		all = append(all, section{"handover", strings.Join(d.Handover.OfferTo, ", "), d.Handover.Clause})
	}
	if d.Consent != nil {
		all = append(all, section{"consent", d.Consent.Body, d.Consent.Clause})
	}
	if d.CategoryA != nil {
		all = append(all, section{"archival_category_a", d.CategoryA.Action, d.CategoryA.Clause})
	}
	return all
}
