package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/retention"
	"kartoteka/seal"
)

func newVersion(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version", Example: "  kartoteka version --json", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a := buildVersion()
			return e.print(a, func() {
				fmt.Fprintf(e.Stdout, "kartoteka %s", a.Version)
				if a.Revision != "" {
					fmt.Fprintf(e.Stdout, " (%s)", a.Revision)
				}
				fmt.Fprintf(e.Stdout, " %s %s\n", a.Go, a.Platform)
			})
		},
	}
}

func buildVersion() jsonoutput.Version {
	a := jsonoutput.Version{Schema: jsonoutput.SpecVersion, Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Formats: append(seal.Specs(), retention.SpecSchedule)}
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return a
	}
	if b.Main.Version != "" {
		a.Version = b.Main.Version
	}
	for _, s := range b.Settings {
		if s.Key == "vcs.revision" {
			a.Revision = s.Value
		}
	}
	return a
}
