package cli

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newRenew(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "renew",
		Short: "renew time stamps before they end",
		Long: `A time stamp proves something until the certificates of its authority or its algorithms end. Before, it must be
stamped again; afterwards nothing helps. One call to an authority renews any number of nights, and opens no record.`,
		Example: `  kartoteka renew plan --within 365d
  kartoteka renew run --within 90d --yes`,
		RunE: needsVerb,
	}
	c.AddCommand(newRenewPlan(e), newRenewRun(e))
	return c
}

// readDays reads 365d, or a time span of Go of whole days.
func readDays(flag, text string) (int, error) {
	if digits, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(digits); err == nil && n >= 0 && n <= 36_600 {
			return n, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 && d%(24*time.Hour) == 0 {
		return int(d / (24 * time.Hour)), nil
	}
	return 0, usagef("--%s %q is not a number of days such as 365d", flag, clean(text))
}
