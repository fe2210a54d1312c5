package appraisal

import (
	"fmt"
	"strings"

	"kartoteka/archive"
	"kartoteka/retention"
	"kartoteka/seal"
)

// Refused says why an order cannot be made or executed. One reason is enough: no part of it is. It is an
// [archive.ErrRefused].
type Refused struct {
	Reasons []Reason
	More    int // reasons that are not listed
}

// Reason is one thing that speaks against an order.
type Reason struct {
	Bundle seal.LeafIndex `json:"bundle"`
	Code   retention.Code `json:"code"`
	Text   string         `json:"text"`
}

// shownReasons bounds how many reasons an error's text tells.
const shownReasons = 10

func newRefused(all []retention.Refusal) *Refused {
	r := &Refused{}
	for _, x := range all {
		text := strings.TrimPrefix(x.String(), "bundle "+x.Leaf.String()+": ")
		r.Reasons = append(r.Reasons, Reason{x.Leaf, x.Code, text})
	}
	return r
}

func (r *Refused) Error() string {
	lines := []string{"nothing is disposed of:"}
	for _, x := range r.Reasons[:min(len(r.Reasons), shownReasons)] {
		lines = append(lines, fmt.Sprintf("bundle %d: %s", x.Bundle, x.Text))
	}
	if n := r.Count() - len(lines) + 1; n > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(lines, "\n  ")
}

// Count is how many reasons there are, those that are not listed too.
func (r *Refused) Count() int { return len(r.Reasons) + r.More }

// Is makes both kinds of refusal one to a caller who only wants to know that nothing was disposed of.
func (r *Refused) Is(target error) bool { return target == archive.ErrRefused }
