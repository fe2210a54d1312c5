package cli

import (
	"context"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

type createOrderOptions struct {
	folders
	selection
	ready  bool
	by     int
	number string
	days   int
	out    string
}

func newOrderCreate(e *Env) *cobra.Command {
	var o createOrderOptions
	c := &cobra.Command{
		Use:   "create (--bundle N... | --list FILE | --ready [--by YEAR]) --number NO -o ORDER.json",
		Short: "make an order, for two officers to sign",
		Long: `Makes the order for bundles and prints what it would destroy; it changes nothing in the archive. All of the bundles must
be ready: where something stands in the way of one, no order is made, every reason is listed, and the exit status
is 13.`,
		Example: `  kartoteka order create --ready --number 7/2031 -o order.json
  kartoteka order create --list sent-to-the-archive.csv --number 7/2031 --valid-days 30 -o order.json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.createOrder(c.Context(), o) },
	}
	f := c.Flags()
	o.selection.flags(f)
	f.BoolVar(&o.ready, "ready", false, "all bundles in whose way nothing stands")
	f.IntVar(&o.by, "by", 0, "with --ready: only those due on 31 December of this `year` or before")
	f.StringVar(&o.number, "number", "", "your own `number` for the order")
	f.IntVar(&o.days, "valid-days", 90, "`days` beyond today on which it may be executed")
	f.StringVarP(&o.out, "output", "o", "", "`file` to write")
	o.folders.flags(f, e)
	return c
}

func (e *Env) createOrder(ctx context.Context, o createOrderOptions) error {
	if err := must([2]string{"number", o.number}, [2]string{"output", o.out}); err != nil {
		return err
	}
	if err := free(o.out); err != nil {
		return err
	}
	named := len(o.bundles) > 0 || o.list != ""
	switch {
	case named == o.ready:
		return usagef("name bundles with --bundle N or --list FILE, or take all that are --ready")
	case o.by != 0 && !o.ready:
		return usagef("--by goes with --ready")
	}
	var bundles []seal.LeafIndex
	var err error
	if named {
		if bundles, err = o.selection.read(e); err != nil {
			return err
		}
	}
	office, err := e.openOffice(o.folders)
	if err != nil {
		return err
	}
	defer office.Close()
	if o.ready {
		if bundles, err = readyBundles(ctx, office, o.by); err != nil {
			return err
		}
	}
	data, err := office.order(ctx, wire.Order{Number: o.number, Days: o.days, Bundles: bundles})
	if err != nil {
		return e.refused(err)
	}
	return e.writeOrder(o.out, data)
}

func (e *Env) writeOrder(name string, data []byte) error {
	f, err := parseOrder(name, data)
	if err != nil {
		return err
	}
	if err := writeOutput(name, data, 0o644); err != nil {
		return err
	}
	plan := f.plan()
	return e.print(plan, func() {
		e.planText(plan, false)
		e.say("written to %s; nothing is destroyed until two officers have signed it and it is executed", clean(name))
	})
}

// readyBundles are those in whose way nothing stands.
func readyBundles(ctx context.Context, o *office, year int) (list []seal.LeafIndex, err error) {
	by, err := yearEnd("by", year)
	if err != nil {
		return nil, err
	}
	err = o.due(ctx, wire.Due{By: by, Ready: true}, func(rows []appraisal.Row) error {
		for _, r := range rows {
			list = append(list, r.Bundle)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0:
		return nil, failf(exitFailed, "not found: no bundle is ready; `kartoteka retention due` says what stands in the way")
	case len(list) > seal.MaxOrder:
		return nil, failf(exitFailed, "%d bundles are ready, and an order names at most %d; take fewer with --by, or name them with --list", len(list), seal.MaxOrder)
	}
	return list, nil
}
