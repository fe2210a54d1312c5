package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/cli/jsonoutput"
)

type executeOptions struct {
	folders
	certified
	yes bool
}

func newOrderExecute(e *Env) *cobra.Command {
	var o executeOptions
	c := &cobra.Command{
		Use:   "execute FILE [--yes] [--certificate OUT.json] [--page OUT.html]",
		Short: "execute a signed order",
		Long: `Without --yes it prints what the order would destroy and whether it would be executed today, and changes nothing.

With --yes it destroys: the log records the disposal, the keys of the records are overwritten in both copies of
their keyfiles, segments that hold nothing else are deleted, the index forgets the bundles. No identity opens them
again. One thing that no longer holds refuses the whole order, with exit status 13, and nothing is destroyed.
Copies of the archive keep what they have until they are made anew (docs/runbook.md).`,
		Example: `  kartoteka order execute order.json
  kartoteka order execute order.json --yes --certificate 7-2031.certificate.json --page 7-2031.html`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return e.executeOrder(c.Context(), args[0], o) },
	}
	f := c.Flags()
	f.BoolVar(&o.yes, "yes", false, "destroy the records; it cannot be taken back")
	f.StringVar(&o.certificate, "certificate", "", "write the certificate of destruction to this `file`")
	f.StringVar(&o.page, "page", "", "write it as an HTML page for people to this `file`")
	o.folders.flags(f, e)
	return c
}

func (e *Env) executeOrder(ctx context.Context, name string, o executeOptions) error {
	if err := o.certified.free(); err != nil {
		return err
	}
	f, err := readOrder(name)
	if err != nil {
		return err
	}
	office, err := e.openOffice(o.folders)
	if err != nil {
		return err
	}
	defer office.Close()
	if !o.yes {
		return e.wouldExecute(f, office.check(ctx, e, f.data))
	}
	event, err := office.execute(ctx, f.data)
	if errors.Is(err, archive.ErrUnfinished) {
		return &status{exitFailed, err, "the order is committed and cannot be taken back; mend what is in the way: the next opening for writing finishes it"}
	}
	if err != nil {
		return e.refused(err)
	}
	answer := jsonoutput.Executed{Schema: jsonoutput.SpecExecuted, Number: f.order.Number, Event: event, Bundles: len(f.order.Bundles), Documents: f.order.Documents()}
	cerr := e.certify(ctx, office, event, o.certified)
	if cerr == nil {
		answer.Certificate, answer.Page = o.certificate, o.page
	} else {
		cerr = fmt.Errorf("the order was executed, event %d, but there is no certificate yet: %w", event, cerr)
	}
	return errors.Join(e.print(answer, func() { e.executedText(answer, cerr == nil) }), cerr)
}

func (e *Env) executedText(a jsonoutput.Executed, certified bool) {
	fmt.Fprintf(e.Stdout, "executed: order %s, %s, %s; disposal is event %d\n", clean(a.Number), counted(a.Bundles, "bundle"), counted(a.Documents, "document"), a.Event)
	switch {
	case a.Certificate != "":
		e.say("check the certificate with: kartoteka verify certificate %s --policy policy.json", clean(a.Certificate))
	case a.Page == "" || !certified:
		e.say("issue the certificate with: kartoteka order certificate %d -o FILE", a.Event)
	}
	e.say("copies of the archive keep what was destroyed until they are made anew")
}

// wouldExecute prints the plan, and what stands against it.
func (e *Env) wouldExecute(f orderFile, against error) error {
	plan := f.plan()
	var r *appraisal.Refused
	if errors.As(against, &r) {
		plan.Refused = r.Reasons
		against = refusedStatus(r)
	}
	holds := against == nil
	plan.Holds = &holds
	if err := e.print(plan, func() {
		e.planText(plan, false)
		if r != nil {
			fmt.Fprintln(e.Stdout)
			e.reasonsText(r)
		}
	}); err != nil {
		return err
	}
	if against == nil {
		e.say("it would be executed today; nothing is destroyed without --yes")
	}
	return against
}
