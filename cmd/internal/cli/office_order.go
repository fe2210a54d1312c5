package cli

import (
	"context"

	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// rowsAtOnce is how many rows of a table are made before they are printed.
const rowsAtOnce = 500

// due calls each with what the law says, part by part.
func (o *office) due(ctx context.Context, d wire.Due, each func([]appraisal.Row) error) error {
	if o.daemon != nil {
		return o.daemon.Due(ctx, d, each)
	}
	p, err := appraisal.New(o.archive)
	if err != nil {
		return err
	}
	table, err := p.Table(d.By, d.Ready)
	if err != nil {
		return err
	}
	return table.Each(rowsAtOnce, func(rows []appraisal.Row) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return each(rows)
	})
}

// order makes the file of an order that nobody has signed yet.
func (o *office) order(ctx context.Context, r wire.Order) ([]byte, error) {
	if o.daemon != nil {
		return o.daemon.Order(ctx, r)
	}
	asked := wire.Request{Version: wire.Version, Op: wire.OpOrder, Order: &r}
	if err := asked.Check(); err != nil {
		return nil, err
	}
	p, err := appraisal.New(o.archive)
	if err != nil {
		return nil, err
	}
	order, err := p.Order(r.Number, o.archive.Today().AddDays(r.Days), r.Bundles)
	if err != nil {
		return nil, err
	}
	signed, err := order.Sign()
	if err != nil {
		return nil, err
	}
	return signed.Marshal()
}

// check says whether an order would be executed now.
func (o *office) check(ctx context.Context, e *Env, order []byte) error {
	if o.daemon != nil {
		return o.daemon.Check(ctx, order)
	}
	p, err := appraisal.New(o.archive)
	if err != nil {
		return err
	}
	return p.Check(order, e.Now())
}

func (o *office) execute(ctx context.Context, order []byte) (seal.LeafIndex, error) {
	if o.daemon != nil {
		return o.daemon.Execute(context.WithoutCancel(ctx), order)
	}
	p, err := appraisal.New(o.archive)
	if err != nil {
		return 0, err
	}
	return p.Execute(order)
}

func (o *office) certificate(ctx context.Context, disposal seal.LeafIndex) ([]byte, error) {
	if o.daemon != nil {
		return o.daemon.Certificate(ctx, disposal)
	}
	return o.archive.Certificate(disposal, seal.System{Name: "kartoteka", Version: buildVersion().Version})
}
