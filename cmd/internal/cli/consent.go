package cli

import (
	"github.com/spf13/cobra"

	"kartoteka/seal"
)

func newConsent(e *Env) *cobra.Command {
	o := &stepOptions{step: seal.Step{Kind: seal.StepConsent}}
	c := newStep(e, o, &cobra.Command{
		Use:   "consent (--bundle N... | --list FILE) --authority TEXT --reference TEXT --date DATE --officer NAME",
		Short: "note the leave of the archive authority",
		Long: `Notes that the authority gave its leave to dispose of bundles: in Poland the State Archive's director, for a public
hospital. Give it the list that it has seen. It counts for the day of disposal as it is now.`,
		Example: `  kartoteka consent --list sent-to-the-archive.csv --authority "Archiwum Państwowe w Krakowie" --reference OA.411.17.2031 --date 2031-04-02 --officer "J. Nowak"`,
	}, func() error {
		return must([2]string{"authority", o.step.Authority}, [2]string{"reference", o.step.Reference}, [2]string{"date", o.on}, [2]string{"officer", o.step.Officer})
	})
	c.Flags().StringVar(&o.step.Authority, "authority", "", "who gave it (`text`)")
	c.Flags().StringVar(&o.step.Reference, "reference", "", "`number` of the letter")
	c.Flags().StringVar(&o.on, "date", "", "`date` of the letter")
	return c
}
