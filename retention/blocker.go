package retention

import (
	"fmt"

	"kartoteka/seal"
)

// Code is why a bundle may not be disposed of. The words are stable.
type Code string

// The codes, and what clears each.
const (
	NoLaw      Code = "no_law"        // no schedule for its jurisdiction: load one
	Unresolved Code = "unresolved"    // whose it is is in doubt: settle it
	ClassCode  Code = "unknown_class" // the schedule does not know its class: add the right one, or complete the schedule
	Unknown    Code = "unknown"       // the start of a term that holds or may hold is not known: add the fact
	NoTerm     Code = "no_term"       // a rule without a period holds: add the right class
	Unverified Code = "unverified"    // a rule marked verify holds or may hold: compare it with the law, then override
	Held       Code = "held"          // release the hold; exit code 13
	NotDue     Code = "not_due"       // wait
	NoNotice   Code = "notice"        // tell the patient that it may be collected
	Window     Code = "window"        // wait until the window is over
	NoConsent  Code = "consent"       // get the authority's leave
)

// Blocker is one reason why a bundle may not be disposed of now. Which fields are set depends on the code.
type Blocker struct {
	Code  Code
	Rule  string        // Unknown, NoTerm, Unverified
	What  string        // Unknown: the fact; Held: the hold; NoLaw: the jurisdiction; ClassCode: the class; NoConsent: the body
	Kind  seal.HoldKind // Held
	Until seal.Date     // NotDue, Window: the last day on which it blocks; Held: the review date
	Stale bool          // NoNotice, NoConsent: there is one, for an earlier day of disposal
}

// String says it for people.
func (b Blocker) String() string {
	switch b.Code {
	case NoLaw:
		return fmt.Sprintf("no schedule for %q", b.What)
	case Unresolved:
		return "whose record it is is not settled"
	case ClassCode:
		return fmt.Sprintf("class %q is not in the schedule", b.What)
	case Unknown:
		return fmt.Sprintf("rule %s: %s is not known", b.Rule, b.What)
	case NoTerm:
		return fmt.Sprintf("rule %s has no period", b.Rule)
	case Unverified:
		return fmt.Sprintf("rule %s was not compared with the law", b.Rule)
	case Held:
		return fmt.Sprintf("hold %s (%s), review %s", b.What, b.Kind, b.Until)
	case NotDue:
		return fmt.Sprintf("to be kept until %s", b.Until)
	case NoNotice:
		return "the patient was not told that it may be collected" + b.staleText()
	case Window:
		return fmt.Sprintf("may be collected until %s", b.Until)
	case NoConsent:
		return fmt.Sprintf("leave of %s is missing", b.What) + b.staleText()
	}
	return string(b.Code)
}

func (b Blocker) staleText() string {
	if b.Stale {
		return " (there is one from before the day of disposal moved)"
	}
	return ""
}
