package wire

import (
	"context"
	"fmt"

	"kartoteka/cmd/internal/appraisal"
	"kartoteka/seal"
)

// Fact adds facts, and gives their events.
func (c *Client) Fact(ctx context.Context, f Fact) ([]seal.LeafIndex, error) {
	return c.leaves(ctx, Request{Op: OpFact, Fact: &f})
}

// Hold places a hold, and gives its events: one for each person that the identifier is of.
func (c *Client) Hold(ctx context.Context, h Hold) ([]seal.LeafIndex, error) {
	return c.leaves(ctx, Request{Op: OpHold, Hold: &h})
}

// Step notes a step.
func (c *Client) Step(ctx context.Context, s Step) ([]seal.LeafIndex, error) {
	return c.leaves(ctx, Request{Op: OpStep, Step: &s})
}

// HoldRelease ends a hold.
func (c *Client) HoldRelease(ctx context.Context, h HoldRelease) (seal.LeafIndex, error) {
	return c.leaf(ctx, Request{Op: OpHoldRelease, HoldRelease: &h})
}

// Holds lists the holds in force, by event.
func (c *Client) Holds(ctx context.Context) ([]appraisal.HoldInForce, error) {
	list := []appraisal.HoldInForce{}
	err := c.ask(ctx, Request{Op: OpHolds}, func(a Answer) error {
		list = append(list, a.Holds...)
		return nil
	})
	return list, err
}

// Due calls each with what the law says, part by part. After an error of each the client is of no more use.
func (c *Client) Due(ctx context.Context, d Due, each func([]appraisal.Row) error) error {
	return c.ask(ctx, Request{Op: OpDue, Due: &d}, func(a Answer) error { return each(a.Rows) })
}

// Order makes the order for bundles: a file that nobody has signed yet.
func (c *Client) Order(ctx context.Context, o Order) ([]byte, error) {
	return c.file(ctx, Request{Op: OpOrder, Order: &o})
}

// Check says whether a signed order would be executed now.
func (c *Client) Check(ctx context.Context, order []byte) error {
	return c.ask(ctx, Request{Op: OpExecute, Execute: &Execute{Order: string(order), Check: true}}, func(Answer) error { return nil })
}

// Execute executes a signed order, and gives the disposal's event.
func (c *Client) Execute(ctx context.Context, order []byte) (seal.LeafIndex, error) {
	return c.leaf(ctx, Request{Op: OpExecute, Execute: &Execute{Order: string(order)}})
}

// Certificate gives the certificate of a disposal.
func (c *Client) Certificate(ctx context.Context, disposal seal.LeafIndex) ([]byte, error) {
	return c.file(ctx, Request{Op: OpCertificate, Certificate: &Certificate{disposal}})
}

func (c *Client) leaves(ctx context.Context, r Request) (list []seal.LeafIndex, err error) {
	err = c.ask(ctx, r, func(a Answer) error {
		list = append(list, a.Leaves...)
		return nil
	})
	if err == nil && len(list) == 0 {
		err = errNoEvent
	}
	return list, err
}

func (c *Client) file(ctx context.Context, r Request) (file []byte, err error) {
	err = c.ask(ctx, r, func(a Answer) error {
		if len(file)+len(a.File) > seal.MaxSigned {
			return fmt.Errorf("the daemon's answer has more than %d bytes", seal.MaxSigned)
		}
		file = append(file, a.File...)
		return nil
	})
	return file, err
}
