package cli

import (
	"github.com/spf13/cobra"

	"kartoteka/seal"
)

func newHandedOver(e *Env) *cobra.Command {
	o := &stepOptions{step: seal.Step{Kind: seal.StepHandedOver}}
	c := newStep(e, o, &cobra.Command{
		Use:   "handed-over (--bundle N... | --list FILE) [--on DATE] --officer NAME",
		Short: "note that the patient took the record instead",
		Long: `Notes that the patient, or who may act for the patient, took the record instead of having it destroyed: no notice is
needed then. It counts for the day of disposal as it is now.`,
		Example: `  kartoteka handed-over --bundle 118 --bundle 119 --on 2031-05-12 --reference R-117 --officer "J. Nowak"`,
	}, func() error { return must([2]string{"officer", o.step.Officer}) })
	c.Flags().StringVar(&o.on, "on", "", "`date` of the handing over; default today")
	c.Flags().StringVar(&o.step.Reference, "reference", "", "`number` of the protocol or request")
	return c
}
