package archive

import (
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/seal"
	"kartoteka/verify"
)

// Since judges whether the log goes on from an earlier signed checkpoint, or from a receipt's or packet proof's. A
// receipt must besides hold in itself: its event under its own checkpoint.
func (a *Archive) Since(earlier []byte, p *verify.Policy, at time.Time) error {
	c, err := checkpointOf(earlier, p, at)
	if err != nil {
		return err
	}
	if err := receiptHolds(earlier, p, at); err != nil {
		return err
	}
	if c.Size > a.head.Size || c.Size == 0 {
		return verify.Consistency(c, a.head, nil)
	}
	var proof tlog.TreeProof
	if c.Size < a.head.Size {
		if proof, err = a.log.Consistency(c.Size, a.head.Size); err != nil {
			return err
		}
	}
	return verify.Consistency(c, a.head, proof)
}

func receiptHolds(data []byte, p *verify.Policy, at time.Time) error {
	r, err := seal.ParseReceipt(data)
	if err != nil {
		return nil // a checkpoint, or a log proof
	}
	return p.ReceiptBy(r, at, func(keys ...note.Verifier) error {
		if err := r.Holds(p.Origin, keys...); err != nil {
			return fmt.Errorf("the receipt does not hold: %w", err)
		}
		return nil
	})
}
