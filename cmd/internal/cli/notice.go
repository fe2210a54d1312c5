package cli

import (
	"github.com/spf13/cobra"

	"kartoteka/seal"
)

func newNotice(e *Env) *cobra.Command {
	o := &stepOptions{step: seal.Step{Kind: seal.StepNotice}}
	c := newStep(e, o, &cobra.Command{
		Use:   "notice (--bundle N... | --list FILE) --until DATE [--on DATE] --officer NAME",
		Short: "note that patients were told to collect their records",
		Long: `Notes that the patients were told that their records may be collected before they are destroyed (in Poland UPP
art. 29 ust. 2). Nothing is disposed of until the last day of the window is over. It counts for the day of disposal
as it is now: where a new visit moves that day, the notice must be given again.`,
		Example: `  kartoteka retention due --by 2031 --csv >due.csv
  kartoteka notice --list due.csv --until 2031-06-30 --officer "J. Nowak"`,
	}, func() error { return must([2]string{"until", o.until}, [2]string{"officer", o.step.Officer}) })
	c.Flags().StringVar(&o.until, "until", "", "last `date` on which the records may be collected")
	c.Flags().StringVar(&o.on, "on", "", "`date` of the notice; default today")
	c.Flags().StringVar(&o.step.Reference, "reference", "", "`number` of the letter or announcement")
	return c
}
