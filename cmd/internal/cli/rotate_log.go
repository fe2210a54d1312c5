package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/archive/reading"
	"kartoteka/cmd/internal/cli/jsonoutput"
)

func newRotateLogKey(e *Env) *cobra.Command {
	o := &rotating{}
	c := &cobra.Command{
		Use:   "log-key -i IDENTITY [--yes]",
		Short: "let the successor sign the log",
		Long: `Lets the successor key sign the log from now on. The policy has committed to it since the archive was
made, or since the last change, and only the custodians have it. A new successor is made and sealed
to them. What the old key signed stays good for its time; verifiers need the new policy.

If somebody may know the successor too, a custodian who left for one, do it twice.`,
		Example: `  kartoteka rotate log-key -i anna.key
  kartoteka rotate log-key -i anna.key --yes`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return e.rotateLogKey(o) },
	}
	o.flags(c.Flags(), e)
	return c
}

func (e *Env) rotateLogKey(o *rotating) error {
	ids, err := e.custodians(o.identities)
	if err != nil {
		return err
	}
	answer := jsonoutput.LogKey{Schema: jsonoutput.SpecLogKey, Done: o.yes}
	if !o.yes {
		err := e.plan(ids, func(a *archive.Archive, r *reading.Room) error {
			c, err := a.PlanLogKey(r.Unseal)
			answer.Before, answer.After = c.Before, c.After
			return err
		})
		if err != nil {
			return err
		}
		err = e.print(answer, func() { e.logKeyText(answer) })
		e.nothingDone()
		return err
	}
	err = e.carryOut(o.folders, ids, func(a *archive.Archive, r *reading.Room) error {
		c, err := a.RotateLogKey(r.Unseal)
		if err != nil {
			return err
		}
		answer.Before, answer.After, answer.From = c.Before, c.After, &c.From
		answer.Policy, err = policyDigest(a)
		return err
	})
	if err != nil {
		return fmt.Errorf("change the log key: %w", err)
	}
	return e.print(answer, func() { e.logKeyText(answer) })
}

func (e *Env) logKeyText(a jsonoutput.LogKey) {
	fmt.Fprintf(e.Stdout, "until now  %s\nfrom now   %s\n", a.Before, a.After)
	if a.Done {
		fmt.Fprintf(e.Stdout, "policy     sha256 %s\n", a.Policy)
		e.say("\nnext: give every verifier the new policy (policy export); an old one does not know the new key")
	}
}
