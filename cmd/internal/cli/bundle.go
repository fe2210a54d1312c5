package cli

import "github.com/spf13/cobra"

func newBundle(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "bundle",
		Short: "make and look at bundles",
		Long: `A bundle is what a producer hands over: documents of one patient and one encounter, and a
signed statement that names them.`,
		Example: `  kartoteka bundle create --meta meta.json --key his.pem -o out.zip discharge.xml
  kartoteka bundle inspect out.zip`,
		RunE: needsVerb,
	}
	c.AddCommand(newBundleCreate(e), newBundleInspect(e))
	return c
}
