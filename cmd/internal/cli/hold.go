package cli

import "github.com/spf13/cobra"

func newHold(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "hold",
		Short: "keep records although their term is over",
		Long: `Places, lists and ends holds. A hold keeps records from being disposed of, whatever their term; it lasts until two
officers release it. The review date ends nothing: it is when somebody must look whether the hold is still needed.`,
		Example: `  kartoteka hold place --id pl.pesel=44051401359 --hold-id K-12 --kind court_or_prosecutor --ordered-by "SR Kraków" --basis "art. 217 kpk" --review 2032-06-30 --officer "J. Nowak"
  kartoteka hold list`,
		RunE: needsVerb,
	}
	c.AddCommand(newHoldPlace(e), newHoldRelease(e), newHoldList(e))
	return c
}
