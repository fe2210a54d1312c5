package cli

import (
	"time"

	"github.com/spf13/cobra"

	"kartoteka/verify"
)

func newVerifyPacket(e *Env) *cobra.Command {
	var o judging
	var against, evidence string
	c := &cobra.Command{
		Use:   "packet FILE",
		Short: "judge a patient packet",
		Long: `Judges a patient packet with nothing but the packet and a policy you pinned: every document is the one that was
archived, under a checkpoint of the archive's log, and, where the producer's envelope is there, the one that was
signed. Anchors are never taken from the packet itself, nor from an archive that happens to be near.

With --against a packet that somebody else holds, the logs that the two show are compared: an archive that shows two
people two logs is found out without the archive. What contradicts is printed, to be kept.

A packet's evidence ends when the certificates and functions of its time stamps do. The archive renews it: with
--evidence the newer records that kartoteka evidence refresh wrote are judged in its place.`,
		Example: `  kartoteka verify packet PACKET.zip --policy pinned.json
  kartoteka verify packet PACKET.zip --against OTHER.zip --policy pinned.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if o.policy == "" {
				return usagef("no policy: whoever made the packet could have forged its anchors too; name the policy you pinned with --policy")
			}
			refresh, err := refreshFile(evidence)
			if err != nil {
				return err
			}
			return e.verifyFile(args[0], o, func(p *verify.Policy, at time.Time) *verify.Report {
				r := p.PacketWith(args[0], refresh, at)
				p.PacketWitnesses(r, args[0], at)
				if against != "" {
					e.against(p, r, args[0], against, at)
				}
				return r
			})
		},
	}
	o.flags(c.Flags())
	c.Flags().StringVar(&evidence, "evidence", "", "newer evidence records of the packet's documents (`file`)")
	c.Flags().StringVar(&against, "against", "", "a packet of the same archive that somebody else holds: compare the logs they show (`file`)")
	return c
}
