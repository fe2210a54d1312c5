package cli

import "github.com/spf13/cobra"

func newEvidence(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:     "evidence",
		Short:   "proof that documents existed",
		Long:    `Makes evidence records (RFC 4998): files beside documents that prove, without kartoteka, since when they exist.`,
		Example: `  kartoteka evidence export --bundle 118 -i evidence.key -o records`,
		RunE:    needsVerb,
	}
	c.AddCommand(newEvidenceExport(e), newEvidenceRefresh(e))
	return c
}
