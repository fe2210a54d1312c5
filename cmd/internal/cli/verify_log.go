package cli

import (
	"context"

	"github.com/spf13/cobra"

	"kartoteka/archive"
)

func newVerifyLog(e *Env) *cobra.Command {
	var o logCheck
	c := &cobra.Command{
		Use:   "log",
		Short: "judge an archive's log",
		Long: `Recomputes the log from its leaves, checks the checkpoint's signature, and with --since that the log goes on from
what it once signed for. Only someone who kept an earlier checkpoint or a receipt can tell that a log was rolled
back whole: keep some, outside the archive.`,
		Example: `  kartoteka verify log --archive /srv/kartoteka --policy pinned.json --since 4f1c….receipt.json`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return e.verifyLog(cmd.Context(), o) },
	}
	o.flags(c.Flags())
	return c
}

func (e *Env) verifyLog(ctx context.Context, o logCheck) error {
	dir, check, err := o.options(e)
	if err != nil {
		return err
	}
	check.LogOnly, check.Step = true, e.slow("verify")
	r, err := archive.Check(ctx, dir, check)
	if err != nil {
		return err
	}
	return e.judged("log of "+dir, r, o.report)
}
