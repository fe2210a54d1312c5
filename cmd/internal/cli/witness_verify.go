package cli

import (
	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/witnesses"
	"kartoteka/verify"
)

func newWitnessVerify(e *Env) *cobra.Command {
	var o judging
	c := &cobra.Command{
		Use:   "verify",
		Short: "judge how many witnesses cosigned the archive's checkpoint",
		Long: `Judges the checkpoint of the archive and the cosignatures that are kept of it, by the witnesses and the quorum of a
pinned policy. The log under it is for verify log to judge.`,
		Example: `  kartoteka witness verify --archive /srv/kartoteka --policy pinned.json`,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return e.witnessVerify(o) },
	}
	o.flags(c.Flags())
	return c
}

func (e *Env) witnessVerify(o judging) error {
	if err := free(o.report); err != nil {
		return err
	}
	at, err := o.time()
	if err != nil {
		return err
	}
	if at.IsZero() {
		at = e.Now().Add(witnesses.ClockAhead)
	}
	p, err := o.pinned()
	if err != nil {
		return err
	}
	a, err := e.openArchive(archive.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	r := verify.NewReport()
	if p == nil {
		p = a.Policy()
		r.Pass(verify.CodeAnchors, "", "the trust anchors came from the archive itself: pin a policy")
	}
	_, err = p.Checkpoint(a.Checkpoint(), a.Last().Time)
	if r.Result(verify.CodeCheckpoint, "log/checkpoint", err) {
		if err := a.Witnessed(r, p, at); err != nil {
			return err
		}
	}
	return e.judged("checkpoint of "+a.Dir(), r, o.report)
}
