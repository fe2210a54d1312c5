package cli

import (
	"context"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/stamps"
)

type renewOptions struct {
	stamping
	within string
	yes    bool
}

func newRenewRun(e *Env) *cobra.Command {
	var o renewOptions
	c := &cobra.Command{
		Use:   "run [--within DAYS] [--yes] [--tsa NAME=URL...]",
		Short: "have stamped again what ends soon",
		Long: `Gathers the nights whose time stamps end within the days, and has each family stamped with one call. Without --yes it
prints the plan and does nothing. Ask an authority whose certificate ends later than that of the old stamp: a renewal by
the same one moves nothing.

An authority that does not answer is asked again, by kartotekad or by kartoteka stamp: what was gathered stays so.`,
		Example: `  kartoteka renew run --within 90d
  kartoteka renew run --within 90d --yes`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.renewRun(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.within, "within", "90d", "what ends within so many `days` is due")
	f.BoolVar(&o.yes, "yes", false, "do it; without it the plan is printed and nothing is done")
	o.flags(f, e)
	return c
}

func (e *Env) renewRun(ctx context.Context, o renewOptions) error {
	days, err := readDays("within", o.within)
	if err != nil {
		return err
	}
	room, err := e.openStampRoom(o.stamping, o.yes)
	if err != nil {
		return err
	}
	defer room.Close()
	p, err := room.plan(ctx, days)
	if err != nil {
		return err
	}
	if !o.yes {
		if err := e.print(jsonoutput.Renewals{Schema: jsonoutput.SpecRenewals, Plan: p}, func() { e.renewalsText(p) }); err != nil {
			return err
		}
		e.nothingDone()
		return lapsed(p)
	}
	r, err := room.renew(ctx, days)
	if err != nil {
		return err
	}
	if inVain(p, r) {
		e.warn("a new time stamp ends no later than the one it renews: ask an authority with a younger certificate")
	}
	return e.stamped(r)
}

// inVain says whether a renewal moved nothing.
func inVain(p stamps.Plan, r stamps.Report) bool {
	for _, s := range r.Stamped {
		for _, row := range p.Rows {
			if len(r.Waves) > 0 && row.State == stamps.StateDue && row.Family == s.Family && !s.Until.After(row.By.Time) {
				return true
			}
		}
	}
	return false
}
