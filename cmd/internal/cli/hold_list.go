package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/cli/jsonoutput"
)

func newHoldList(e *Env) *cobra.Command {
	var where folders
	c := &cobra.Command{
		Use:   "list",
		Short: "list the holds in force",
		Long: `Lists the holds in force, by event. OVERDUE stands beside a review date that has passed: the hold goes on, and
somebody must look whether it is still needed. A patient who is filed under several numbers has an event for each.`,
		Example: `  kartoteka hold list
  kartoteka hold list --json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.listHolds(c.Context(), where) },
	}
	where.flags(c.Flags(), e)
	return c
}

func (e *Env) listHolds(ctx context.Context, where folders) error {
	office, err := e.openOffice(where)
	if err != nil {
		return err
	}
	defer office.Close()
	list, err := office.holds(ctx)
	if err != nil {
		return err
	}
	return e.print(jsonoutput.Holds{Schema: jsonoutput.SpecHolds, Holds: list}, func() { e.holdsText(list) })
}

func (e *Env) holdsText(list []appraisal.HoldInForce) {
	overdue := 0
	if len(list) > 0 {
		w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "EVENT\tID\tKIND\tSINCE\tREVIEW\tBUNDLES\tORDERED BY\tBASIS\tPLACED BY")
		for _, h := range list {
			review := h.Hold.Review.String()
			if h.Overdue {
				overdue++
				review += " OVERDUE"
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", h.Event, clean(h.Hold.ID), h.Hold.Kind, h.Hold.Start, review, h.Covers,
				clean(h.Hold.OrderedBy), clean(h.Hold.Basis), clean(h.Hold.Officer))
		}
		w.Flush()
	}
	e.say("%s in force, %d with an overdue review", counted(len(list), "hold"), overdue)
}
