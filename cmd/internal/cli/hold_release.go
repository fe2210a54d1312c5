package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

func newHoldRelease(e *Env) *cobra.Command {
	var where folders
	var officers []string
	c := &cobra.Command{
		Use:   "release EVENT --officer NAME=KEY --officer NAME=KEY",
		Short: "two officers end a hold",
		Long: `Ends a hold: two officers whom the policy trusts with it sign, and the log keeps their names and signatures.
EVENT is the number that hold list shows. From then on the law of retention alone decides.`,
		Example: `  kartoteka hold release 412 --officer archivist=archivist.pem --officer director=director.pem`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return e.releaseHold(c.Context(), where, args[0], officers)
		},
	}
	c.Flags().StringArrayVar(&officers, "officer", nil, "an officer and the `NAME=FILE` of the signing key; twice")
	where.flags(c.Flags(), e)
	return c
}

func (e *Env) releaseHold(ctx context.Context, where folders, event string, names []string) error {
	leaf, err := bundleNumber(event)
	if err != nil {
		return usage(err)
	}
	if len(names) < 2 {
		return usagef("two officers sign: --officer NAME=KEY --officer NAME=KEY")
	}
	office, err := e.openOffice(where)
	if err != nil {
		return err
	}
	defer office.Close()
	if err := e.showHold(ctx, office, leaf); err != nil {
		return err
	}
	officers, err := e.officers(names)
	if err != nil {
		return err
	}
	origin, log, err := office.log(ctx)
	if err != nil {
		return err
	}
	signed, err := signatures(officers, seal.HoldReleaseMessage(origin, leaf, log))
	if err != nil {
		return err
	}
	released, err := office.endHold(ctx, wire.HoldRelease{Hold: leaf, Log: log, Officers: signed})
	if err != nil {
		return err
	}
	answer := jsonoutput.HoldReleased{Schema: jsonoutput.SpecHoldReleased, Hold: leaf, Event: released}
	return e.print(answer, func() { fmt.Fprintf(e.Stdout, "hold of event %d released: event %d\n", leaf, released) })
}

// showHold says which hold is about to end, before anybody signs.
func (e *Env) showHold(ctx context.Context, o *office, leaf seal.LeafIndex) error {
	holds, err := o.holds(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(holds, func(h appraisal.HoldInForce) bool { return h.Event == leaf })
	if i < 0 {
		return &status{exitFailed, fmt.Errorf("not found: event %d is of no hold that is in force", leaf), "`kartoteka hold list` lists them"}
	}
	h := holds[i].Hold
	e.say("hold %s (%s) of %s, ordered by %s: %s; it keeps %s", clean(h.ID), h.Kind, h.Start, clean(h.OrderedBy), clean(h.Basis), counted(holds[i].Covers, "bundle"))
	return nil
}

func signatures(officers []archive.Officer, message []byte) (list []seal.OfficerSignature, err error) {
	for _, o := range officers {
		sig, err := o.Sign(message)
		if err != nil {
			return nil, err
		}
		list = append(list, seal.OfficerSignature{Name: o.Name, Signature: sig})
	}
	slices.SortFunc(list, func(a, b seal.OfficerSignature) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}
