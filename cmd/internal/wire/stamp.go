package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kartoteka/cmd/internal/stamps"
)

// Stamp asks to have stamped what waits.
type Stamp struct {
	Now bool `json:"now,omitempty"` // what came in since the last night too
}

// Renewals asks what must be stamped again by when.
type Renewals struct {
	Days int `json:"days"` // what ends within so many days is due
}

// Renew asks to have it stamped again.
type Renew struct {
	Days int `json:"days"`
}

// maxRenewal is beyond any certificate's life, in days.
const maxRenewal = 36_600

func (s *Stamp) check() error { return nil }

func (r *Renewals) check() error { return days(r.Days) }

func (r *Renew) check() error { return days(r.Days) }

func days(n int) error {
	if n < 0 || n > maxRenewal {
		return fmt.Errorf("days are not between 0 and %d", maxRenewal)
	}
	return nil
}

// Within is the time span that days of a request mean.
func Within(days int) time.Duration { return time.Duration(days) * 24 * time.Hour }

// Stamp has stamped what waits. When ctx ends the daemon goes on.
func (c *Client) Stamp(ctx context.Context, s Stamp) (stamps.Report, error) {
	return c.stamps(ctx, Request{Op: OpStamp, Stamp: &s})
}

// Renew has stamped again what ends soon. When ctx ends the daemon goes on.
func (c *Client) Renew(ctx context.Context, r Renew) (stamps.Report, error) {
	return c.stamps(ctx, Request{Op: OpRenew, Renew: &r})
}

func (c *Client) stamps(ctx context.Context, r Request) (report stamps.Report, err error) {
	err = c.ask(ctx, r, func(a Answer) error {
		if a.Stamps == nil {
			return errors.New("the daemon's answer has no report")
		}
		report = *a.Stamps
		return nil
	})
	return report, err
}

// Renewals gives the plan of renewals.
func (c *Client) Renewals(ctx context.Context, r Renewals) (plan stamps.Plan, err error) {
	err = c.ask(ctx, Request{Op: OpRenewals, Renewals: &r}, func(a Answer) error {
		if a.Renewals == nil {
			return errors.New("the daemon's answer has no plan")
		}
		plan = *a.Renewals
		return nil
	})
	return plan, err
}
