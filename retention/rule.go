package retention

import (
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"kartoteka/seal"
)

// Rule is one storage term of the law.
//
// Where several rules of one jurisdiction fit the same facts, the latest due date wins, and a hold beats them all. The
// default rule is the law's general term: it counts only where no other rule of its schedule fits, for the law's shorter
// terms (UPP art. 29 ust. 1 "z wyjątkiem") would otherwise never be reached.
type Rule struct {
	ID         string     `yaml:"id"` // jurisdiction, hyphen, capitals and digits: PL-20-GENERAL
	Class      ClassList  `yaml:"class"`
	Unit       Unit       `yaml:"unit"`
	Years      int        `yaml:"years,omitempty"`    // either years
	MinDays    int        `yaml:"min_days,omitempty"` // or days; neither only for trigger none
	Trigger    Trigger    `yaml:"trigger"`
	Rounding   Rounding   `yaml:"rounding"`
	When       When       `yaml:"when,omitempty"`
	Cite       string     `yaml:"cite,omitempty"` // may be missing only where Verify is set
	Confidence Confidence `yaml:"confidence"`
	Verify     bool       `yaml:"verify,omitempty"` // the text was not seen: never leads to disposal without an explicit override
	Note       string     `yaml:"note,omitempty"`
	Source     string     `yaml:"source,omitempty"` // where Cite was read; required for high confidence
	Default    bool       `yaml:"default,omitempty"`
}

// Period is the term for people: "20 years", "365 days" or "none".
func (r Rule) Period() string {
	switch {
	case r.Years == 1:
		return "1 year"
	case r.Years != 0:
		return fmt.Sprintf("%d years", r.Years)
	case r.MinDays != 0:
		return fmt.Sprintf("%d days", r.MinDays)
	}
	return "none"
}

// endless says whether the rule has no period: it only says where the original is kept.
func (r *Rule) endless() bool { return r.Years == 0 && r.MinDays == 0 }

// Unit is what a rule's clock runs on.
type Unit string

const (
	PatientFile Unit = "patient_file" // all records of one patient at one controller: a new entry anywhere restarts the clock
	Document    Unit = "document"     // each document by itself
)

// Rounding is where the period begins.
type Rounding string

const (
	// EndOfCalendarYear: the period runs from 31 December of the trigger's year; disposal is allowed from 1 January after it.
	EndOfCalendarYear Rounding = "end_of_calendar_year"
	// NoRounding: the period runs from the trigger's day. Where only the year is known it must be taken as 31 December.
	NoRounding Rounding = "none"
)

// Confidence is how well a rule's text is known.
type Confidence string

const (
	High   Confidence = "high"   // seen in an official publication, or quoted by a hospital or public body
	Medium Confidence = "medium" // seen in a secondary source, or clear practice
	Low    Confidence = "low"    // general knowledge, text not seen: the rule must be marked verify
)

// AnyClass is the class of rules that do not ask for one.
const AnyClass = "any"

// bloodClass is the one class that a fact of its own can state beside Facts.Class.
const bloodClass = "blood_traceability"

// ClassList is the classes a rule covers: the one word "any", or classes its schedule declares.
type ClassList []string

// UnmarshalYAML reads "any", or a list.
func (c *ClassList) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*c = ClassList{n.Value}
		return nil
	}
	return n.Decode((*[]string)(c))
}

// Covers reports whether a unit with facts f is of one of these classes. A unit may be of two: its class, and blood
// traceability. One that states neither is covered only by "any".
func (c ClassList) Covers(f seal.Facts) bool {
	if slices.Contains(c, AnyClass) {
		return true
	}
	if f.BloodTraceability != nil && *f.BloodTraceability && slices.Contains(c, bloodClass) {
		return true
	}
	return f.Class != "" && slices.Contains(c, f.Class)
}
