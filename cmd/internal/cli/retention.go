package cli

import "github.com/spf13/cobra"

func newRetention(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "retention",
		Short: "what the law says of the records here",
		Long: `Applies the law of retention to the archive's records: from which day each may be disposed of, by which rule, and
what stands in the way. docs/retention.md tells how, and goes through the work step by step.`,
		Example: `  kartoteka retention due --by 2031`,
		RunE:    needsVerb,
	}
	c.AddCommand(newRetentionDue(e))
	return c
}
