package cli

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/stamps"
)

func newRenewPlan(e *Env) *cobra.Command {
	var where folders
	var within string
	c := &cobra.Command{
		Use:   "plan [--within DAYS]",
		Short: "what must be renewed by when",
		Long: `Lists the nights' time stamps by the day on which they end: when the first certificate of the authority's chain ends,
or an algorithm, by the table in this program (verify/algorithms.json). What ends within the days is due. It changes
nothing. Exit status 1: something ended that was not renewed in time.`,
		Example: `  kartoteka renew plan --within 365d`,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return e.renewPlan(c.Context(), where, within) },
	}
	c.Flags().StringVar(&within, "within", "365d", "what ends within so many `days` is due")
	where.flags(c.Flags(), e)
	return c
}

func (e *Env) renewPlan(ctx context.Context, where folders, within string) error {
	days, err := readDays("within", within)
	if err != nil {
		return err
	}
	room, err := e.openStampRoom(stamping{folders: where}, false)
	if err != nil {
		return err
	}
	defer room.Close()
	p, err := room.plan(ctx, days)
	if err != nil {
		return err
	}
	if err := e.print(jsonoutput.Renewals{Schema: jsonoutput.SpecRenewals, Plan: p}, func() { e.renewalsText(p) }); err != nil {
		return err
	}
	return lapsed(p)
}

// lapsed is for ever an error: what was not renewed in time stays named.
func lapsed(p stamps.Plan) error {
	if _, n := p.First(); n > 0 {
		return &status{exitFailed, errors.New("time stamps ended before they were renewed: " + counted(n, "night")), "they prove nothing any more by themselves; the log's proofs stand, and so does the other family where it was renewed"}
	}
	return nil
}

func (e *Env) renewalsText(p stamps.Plan) {
	if len(p.Rows) > 0 {
		w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "BEFORE\tFAMILY\tAUTHORITY\tENDS BY\tNIGHTS\tEVENTS\tSTATE")
		for _, r := range p.Rows {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d-%d\t%s\n", r.By, r.Family, clean(r.TSA), clean(r.Why), r.Count, r.First, r.Last, r.State)
		}
		w.Flush()
	}
	due := "nothing is due"
	if p.Calls > 0 {
		due = counted(p.Calls, "call") + " to authorities " + map[bool]string{true: "renews", false: "renew"}[p.Calls == 1] + " what is due"
	}
	fmt.Fprintf(e.Stdout, "%s until %s\n", due, p.Within)
	if p.Fresh > 0 {
		fmt.Fprintf(e.Stdout, "%s for the first time stamp\n", waits(p.Fresh))
	}
}
