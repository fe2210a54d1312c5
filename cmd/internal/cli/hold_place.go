package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

type holdOptions struct {
	folders
	whose
	hold                seal.Hold
	kind, start, review string
}

func newHoldPlace(e *Env) *cobra.Command {
	var o holdOptions
	c := &cobra.Command{
		Use:   "place (--id SYSTEM=VALUE | --bundle N...) --hold-id ID --kind KIND --ordered-by TEXT --basis TEXT --review DATE --officer NAME",
		Short: "place a hold",
		Long: `Places a hold on a patient or on bundles. One on a patient covers what comes in later too, even where nothing is
there yet. Who ordered it and why are sealed; the log shows only that there is one.

Kinds:
  ` + strings.Join(holdKinds(), "\n  "),
		Example: `  kartoteka hold place --id pl.pesel=44051401359 --hold-id K-12 --kind court_or_prosecutor --ordered-by "SR Kraków, II K 4/31" --basis "art. 217 kpk" --review 2032-06-30 --officer "J. Nowak"
  kartoteka hold place --bundle 118 --hold-id V-3 --kind archival_value_review --ordered-by "State Archive in Kraków" --basis "letter 88/2031" --review 2032-01-31 --officer "J. Nowak"`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.placeHold(c.Context(), o) },
	}
	f := c.Flags()
	o.whose.flags(f)
	f.StringVar(&o.hold.ID, "hold-id", "", "your own `word` for it, of at most 64 bytes")
	f.StringVar(&o.kind, "kind", "", "`kind` of hold")
	f.StringVar(&o.hold.OrderedBy, "ordered-by", "", "person or body that ordered it (`text`)")
	f.StringVar(&o.hold.Basis, "basis", "", "its legal basis (`text`)")
	f.StringVar(&o.review, "review", "", "`date` by which somebody must look whether it is still needed, YYYY-MM-DD")
	f.StringVar(&o.start, "start", "", "`date` from which it holds; default today")
	f.StringVar(&o.hold.Officer, "officer", "", "`name` of who places it")
	o.folders.flags(f, e)
	return c
}

func holdKinds() (list []string) {
	for _, k := range seal.HoldKinds() {
		list = append(list, string(k))
	}
	return list
}

func (e *Env) placeHold(ctx context.Context, o holdOptions) (err error) {
	h := o.hold
	named, q, err := o.whose.whose(e)
	if err != nil {
		return err
	}
	if err := must([2]string{"hold-id", h.ID}, [2]string{"kind", o.kind}, [2]string{"ordered-by", h.OrderedBy}, [2]string{"basis", h.Basis},
		[2]string{"review", o.review}, [2]string{"officer", h.Officer}); err != nil {
		return err
	}
	if !slices.Contains(holdKinds(), o.kind) {
		return usagef("--kind %q is none of %s", clean(o.kind), strings.Join(holdKinds(), ", "))
	}
	h.Kind = seal.HoldKind(o.kind)
	if h.Start, err = day("start", o.start); err != nil {
		return err
	}
	if h.Review, err = day("review", o.review); err != nil {
		return err
	}
	office, err := e.openOffice(o.folders)
	if err != nil {
		return err
	}
	defer office.Close()
	covers := len(named.Bundles)
	if covers == 0 {
		if covers, err = office.bundlesOf(ctx, q); err != nil {
			return err
		}
	}
	events, err := office.hold(ctx, wire.Hold{Whose: named, Hold: h})
	if err != nil {
		return err
	}
	if covers == 0 { // a slip in the number would hold nobody's records, and nobody would notice
		e.warn("no bundle is filed under this number: the hold covers what comes in later; is the number right?")
	}
	return e.acted(fmt.Sprintf("hold placed on %s", counted(covers, "bundle")), events)
}
