package cli

import (
	"time"

	"github.com/spf13/cobra"

	"kartoteka/verify"
)

func newVerifyPacket(e *Env) *cobra.Command {
	var o judging
	c := &cobra.Command{
		Use:   "packet FILE",
		Short: "judge a patient packet",
		Long: `Judges a patient packet with nothing but the packet and a policy you pinned: every document is the one that was
archived, under a checkpoint of the archive's log, and, where the producer's envelope is there, the one that was
signed. Anchors are never taken from the packet itself, nor from an archive that happens to be near.`,
		Example: `  kartoteka verify packet PACKET.zip --policy pinned.json`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if o.policy == "" {
				return usagef("no policy: whoever made the packet could have forged its anchors too; name the policy you pinned with --policy")
			}
			return e.verifyFile(args[0], o, func(p *verify.Policy, at time.Time) *verify.Report { return p.Packet(args[0], at) })
		},
	}
	o.flags(c.Flags())
	return c
}
