package cli

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/cli/jsonoutput"
)

// refused prints every reason that speaks against an order, and gives the error that says how many there are.
func (e *Env) refused(err error) error {
	var r *appraisal.Refused
	if !errors.As(err, &r) {
		return err
	}
	if perr := e.print(jsonoutput.Refused{Schema: jsonoutput.SpecRefused, Reasons: r.Reasons, More: r.More}, func() { e.reasonsText(r) }); perr != nil {
		return perr
	}
	return refusedStatus(r)
}

func refusedStatus(r *appraisal.Refused) error {
	return &status{exitHeld, fmt.Errorf("the order is refused: %s", counted(r.Count(), "reason")), "clear them, or leave these bundles out; docs/retention.md says what clears each"}
}

func (e *Env) reasonsText(r *appraisal.Refused) {
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "BUNDLE\tCODE\tREASON")
	for _, x := range r.Reasons {
		fmt.Fprintf(w, "%d\t%s\t%s\n", x.Bundle, x.Code, clean(x.Text))
	}
	w.Flush()
	if r.More > 0 {
		fmt.Fprintf(e.Stdout, "and %d more\n", r.More)
	}
}
