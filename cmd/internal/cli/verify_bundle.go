package cli

import (
	"os"
	"time"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/verify"
)

func newVerifyBundle(e *Env) *cobra.Command {
	var o judging
	var receipt string
	c := &cobra.Command{
		Use:   "bundle FILE",
		Short: "judge a bundle, as ingest would",
		Long: `Judges a bundle, ZIP or folder: its form, its signature, its producer, every document's digest. The producers come
from --policy, or else from the policy in force of --archive. With its receipt, which the archive gave its sender,
it also judges whether the archive's log holds the bundle: offline, and without asking the archive.`,
		Example: `  kartoteka verify bundle discharge.zip --policy pinned.json
  kartoteka verify bundle discharge.zip --policy pinned.json --receipt 36648ba5….receipt.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return e.verifyBundle(args[0], receipt, o) },
	}
	o.flags(c.Flags())
	c.Flags().StringVar(&receipt, "receipt", "", "the bundle's receipt (`file`)")
	return c
}

func (e *Env) verifyBundle(file, receipt string, o judging) error {
	var data []byte
	if receipt != "" {
		var err error
		if data, err = readFile(receipt, seal.MaxReceipt); err != nil {
			return err
		}
	}
	return e.verifyFile(file, o, func(p *verify.Policy, at time.Time) *verify.Report { return p.Bundle(file, data, at) })
}

// verifyFile judges one file under the pinned policy, or the archive's where there is one.
func (e *Env) verifyFile(file string, o judging, judge func(*verify.Policy, time.Time) *verify.Report) error {
	at, err := o.time()
	if err != nil {
		return err
	}
	if at.IsZero() {
		at = e.Now()
	}
	policy, err := e.policyFor(o)
	if err != nil {
		return err
	}
	if err := free(o.report); err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	f.Close()
	return e.judged(file, judge(policy, at), o.report)
}

func (e *Env) policyFor(o judging) (*verify.Policy, error) {
	p, err := o.pinned()
	if p != nil || err != nil {
		return p, err
	}
	if e.archive == "" {
		return nil, usagef("no policy: name one with --policy, or an archive with --archive")
	}
	a, err := e.openArchive(archive.Options{})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.Policy(), nil
}
