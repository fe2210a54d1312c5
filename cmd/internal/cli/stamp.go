package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/stamps"
)

func newStamp(e *Env) *cobra.Command {
	var o stamping
	var now bool
	c := &cobra.Command{
		Use:   "stamp [--now] [--tsa NAME=URL...]",
		Short: "have nights time-stamped",
		Long: `Asks the time-stamp authorities for the tokens that nights and renewals wait for, and keeps those that hold.
kartotekad does it by itself after each night. With --now what came in since the last night is gathered first, without
waiting for the night.

Where no kartotekad runs, --tsa names the authorities; the policy must trust them (policy add-tsa). Give each family
one of its own, and a second one after it: if a hash or an authority falls overnight, the other stands.`,
		Example: `  kartoteka stamp --now
  kartoteka stamp --now --tsa certum=http://time.certum.pl,sha256 --tsa kir=http://tsa.example/,sha512`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.stamp(c.Context(), o, now) },
	}
	c.Flags().BoolVar(&now, "now", false, "gather what came in since the last night, and have it stamped too")
	o.flags(c.Flags(), e)
	return c
}

func (e *Env) stamp(ctx context.Context, o stamping, now bool) error {
	room, err := e.openStampRoom(o, true)
	if err != nil {
		return err
	}
	defer room.Close()
	r, err := room.stamp(ctx, now)
	if err != nil {
		return err
	}
	return e.stamped(r)
}

// stamped prints what a run did. What waits still is no success.
func (e *Env) stamped(r stamps.Report) error {
	if err := e.print(jsonoutput.Stamps{Schema: jsonoutput.SpecStamps, Report: r}, func() { e.stampedText(r) }); err != nil {
		return err
	}
	hint := "kartotekad asks again by itself; without it, run this again"
	switch {
	case len(r.Waiting) == 0:
		return nil
	case len(r.Stamped) > 0:
		return &status{exitPartly, fmt.Errorf("%s for a time stamp still", waits(len(r.Waiting))), hint}
	}
	return &status{exitFailed, fmt.Errorf("%s for a time stamp", waits(len(r.Waiting))), hint}
}

func waits(n int) string {
	if n == 1 {
		return "one night or renewal waits"
	}
	return fmt.Sprintf("%d nights or renewals wait", n)
}

func (e *Env) stampedText(r stamps.Report) {
	out := func(format string, args ...any) { fmt.Fprintf(e.Stdout, format+"\n", args...) }
	for _, n := range r.Nights {
		out("gathered   night %d", n)
	}
	for _, n := range r.Waves {
		out("gathered   renewal %d", n)
	}
	for _, s := range r.Stamped {
		out("stamped    %d  %s  by %s at %s, holds until %s", s.Covers, s.Family, clean(s.TSA), s.Time, s.Until)
	}
	for _, w := range r.Waiting {
		out("waits      %d  %s  since %s", w.Covers, w.Family, w.Since)
		for _, t := range w.Tried {
			out("           %s: %s", clean(t.TSA), clean(t.Error))
		}
		if len(w.Tried) == 0 {
			out("           no authority was asked")
		}
	}
	if len(r.Nights)+len(r.Waves)+len(r.Stamped)+len(r.Waiting) == 0 {
		out("nothing waits for a time stamp")
	}
}
