package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// stepOptions are what the commands share that note a step on the way to a disposal.
type stepOptions struct {
	folders
	selection
	step      seal.Step
	on, until string
}

// newStep makes such a command. Each has flags of its own.
func newStep(e *Env, o *stepOptions, c *cobra.Command, needed func() error) *cobra.Command {
	c.Args = cobra.NoArgs
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := needed(); err != nil {
			return err
		}
		return e.takeStep(c.Context(), *o)
	}
	f := c.Flags()
	o.selection.flags(f)
	f.StringVar(&o.step.Officer, "officer", "", "`name` of who notes it")
	o.folders.flags(f, e)
	return c
}

func (e *Env) takeStep(ctx context.Context, o stepOptions) (err error) {
	if o.step.On, err = day("on", o.on); err != nil {
		return err
	}
	if o.step.Until, err = day("until", o.until); err != nil {
		return err
	}
	bundles, err := o.selection.read(e)
	if err != nil {
		return err
	}
	office, err := e.openOffice(o.folders)
	if err != nil {
		return err
	}
	defer office.Close()
	var events []seal.LeafIndex
	done := 0
	for part := range slices.Chunk(bundles, seal.MaxActBundles) {
		some, err := office.step(ctx, wire.Step{Step: o.step, Bundles: part})
		if err != nil {
			if done > 0 {
				e.warn("noted for the first %s, up to %d, before the error: %s", counted(done, "bundle"), bundles[done-1], eventList(events))
			}
			return err
		}
		done += len(part)
		events = append(events, some...)
	}
	return e.acted(fmt.Sprintf("%s noted for %s", stepName(o.step.Kind), counted(len(bundles), "bundle")), events)
}

func stepName(k seal.StepKind) string {
	switch k {
	case seal.StepHandedOver:
		return "handing over"
	case seal.StepConsent:
		return "consent"
	}
	return "notice"
}
