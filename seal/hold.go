package seal

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Hold keeps records from being destroyed although their term is over. It is a record of its own, since it names people:
// the log holds only that there is one. A hold lasts until two officers release it; the review date ends nothing.
type Hold struct {
	ID        string      `json:"id"` // the archive's own word for it: at most 64 bytes
	Kind      HoldKind    `json:"kind"`
	Bundles   []LeafIndex `json:"bundles,omitempty"` // sorted; none: the whole patient, what comes in later too
	OrderedBy string      `json:"ordered_by"`        // person or body
	Basis     string      `json:"basis"`             // legal basis
	Start     Date        `json:"start"`
	Review    Date        `json:"review"` // by when somebody must look whether it is still needed
	Officer   string      `json:"officer,omitempty"`
}

// HoldKind is why a hold was placed.
type HoldKind string

// The kinds of holds.
const (
	HoldCourt         HoldKind = "court_or_prosecutor"
	HoldPatient       HoldKind = "patient_request_pending"
	HoldClaim         HoldKind = "claim_or_complaint"
	HoldAuthority     HoldKind = "authority_investigation"
	HoldMinor         HoldKind = "minor_claim_window" // a child's own claims run on after the parents' (art. 442¹ § 4 KC)
	HoldIdentity      HoldKind = "unresolved_identity"
	HoldArchivalValue HoldKind = "archival_value_review"
)

// HoldKinds lists them all.
func HoldKinds() []HoldKind {
	return []HoldKind{HoldCourt, HoldPatient, HoldClaim, HoldAuthority, HoldMinor, HoldIdentity, HoldArchivalValue}
}

// Validate reports everything that a hold lacks: it needs an ordering person, a legal basis, a start and a review date.
func (h Hold) Validate() error {
	var problems []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf("hold: "+format, args...))
		}
	}
	add(h.ID == "" || len(h.ID) > 64, "id is empty or longer than 64 bytes")
	add(!slices.Contains(HoldKinds(), h.Kind), "kind %q is not one of %v", h.Kind, HoldKinds())
	add(!ascending(h.Bundles, cmp.Compare), "bundles are not sorted, or one is there twice")
	add(len(h.Bundles) > 0 && h.Bundles[0] < 0, "a bundle's number is negative")
	add(h.OrderedBy == "" || len(h.OrderedBy) > maxText, "ordered_by is missing or too long")
	add(h.Basis == "" || len(h.Basis) > maxText, "basis is missing or too long")
	add(h.Start.IsZero(), "start is missing")
	add(h.Review.IsZero(), "review is missing")
	add(!h.Review.IsZero() && h.Review.Before(h.Start), "review %s is before start %s", h.Review, h.Start)
	return errors.Join(problems...)
}
