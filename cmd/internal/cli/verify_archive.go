package cli

import (
	"context"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/archive/reading"
	"kartoteka/verify"
)

type archiveCheck struct {
	logCheck
	sample     string
	identity   []string
	allDigests bool
}

func newVerifyArchive(e *Env) *cobra.Command {
	var o archiveCheck
	c := &cobra.Command{
		Use:   "archive",
		Short: "judge a whole archive",
		Long: `Reads the whole archive without any key and without its index: the log from its leaves up, the checkpoint, every
segment's blocks and every keyfile's headers. A daemon may be at work meanwhile.

With a custodian's identity every document is opened too and compared with what its event commits to.`,
		Example: `  kartoteka verify archive --archive /srv/kartoteka --policy pinned.json --since last-year.receipt.json
  kartoteka verify archive --archive /srv/kartoteka -i anna.key --sample 1%`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.verifyArchive(cmd.Context(), o) },
	}
	f := c.Flags()
	o.flags(f)
	f.StringVar(&o.sample, "sample", "", "read only this `share` of the segments, 1% or 0.01; all else is checked whole")
	f.StringArrayVarP(&o.identity, "identity", "i", nil, "open the documents with this identity `file`; may be repeated")
	f.BoolVar(&o.allDigests, "all-digests", false, "with -i: compare SHA-512 too")
	return c
}

func (e *Env) verifyArchive(ctx context.Context, o archiveCheck) error {
	if o.allDigests && len(o.identity) == 0 {
		return usagef("--all-digests needs an identity (-i)")
	}
	dir, check, err := o.options(e)
	if err != nil {
		return err
	}
	if check.Sample, err = parseSample(o.sample); err != nil {
		return err
	}
	check.Step = e.slow("verify")
	r, err := e.checkArchive(ctx, dir, o, check)
	if err != nil {
		return err
	}
	return e.judged("archive "+dir, r, o.report)
}

func (e *Env) checkArchive(ctx context.Context, dir string, o archiveCheck, check archive.CheckOptions) (*verify.Report, error) {
	if len(o.identity) == 0 {
		return archive.Check(ctx, dir, check)
	}
	ids, err := e.identities(o.identity)
	if err != nil {
		return nil, err
	}
	return reading.Check(ctx, dir, ids, reading.CheckOptions{CheckOptions: check, AllDigests: o.allDigests})
}
