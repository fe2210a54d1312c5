package seal

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// Receipt lets the sender check, alone, that its bundle is in the archive: the event, the proof that the event is in
// the log under a signed checkpoint, and the opening that ties the event to the envelope the sender holds.
type Receipt struct {
	Schema  string  `json:"schema"`
	Event   string  `json:"event"`   // the leaf, byte for byte
	Proof   string  `json:"proof"`   // c2sp.org/tlog-proof with its checkpoint
	Opening Opening `json:"opening"` // of the envelope
}

// MaxReceipt bounds a receipt file, in bytes.
const MaxReceipt = 1 << 20

// ReceiptName is the receipt's file name: the event's id, since a sender's own file name may hold a patient's.
func ReceiptName(bundleIDHash Digest) string { return bundleIDHash.String() + ".receipt.json" }

// Marshal gives the file.
func (r Receipt) Marshal() ([]byte, error) {
	r.Schema = SpecReceipt
	b, err := Marshal(r)
	return append(b, '\n'), err
}

// ParseReceipt reads a receipt; nothing in it is believed before Check.
func ParseReceipt(data []byte) (Receipt, error) {
	var r Receipt
	if len(data) > MaxReceipt {
		return r, fmt.Errorf("receipt has more than %d bytes", MaxReceipt)
	}
	if err := UnmarshalStrict(data, &r); err != nil {
		return r, fmt.Errorf("receipt: %w", err)
	}
	if r.Schema != SpecReceipt {
		return r, fmt.Errorf("receipt: schema is not %s", SpecReceipt)
	}
	return r, nil
}

// Holds says whether the receipt is sound in itself: its event, a bundle's or a release's, stands under its checkpoint,
// and its opening fits the event. Of which envelope it is, only a holder of the envelope can tell: see Check.
func (r Receipt) Holds(origin string, keys ...note.Verifier) error {
	p, err := ParseProof([]byte(r.Proof))
	if err != nil {
		return err
	}
	if _, err := p.Check([]byte(r.Event), origin, keys...); err != nil {
		return err
	}
	e, err := ParseEvent([]byte(r.Event))
	switch {
	case err != nil:
		return err
	case e.Bundle != nil && r.Opening.Index == 0:
		return e.Bundle.Commitment.Check(r.Opening)
	case e.Release != nil:
		return r.Opening.Check(1, e.Release.Commitment)
	}
	return errors.New("receipt: its event is neither a bundle's nor a release's")
}

// Check proves the receipt to a holder of the envelope with this digest, and returns the event and the checkpoint.
func (r Receipt) Check(envelope Digest, origin string, keys ...note.Verifier) (Event, Checkpoint, error) {
	p, err := ParseProof([]byte(r.Proof))
	if err != nil {
		return Event{}, Checkpoint{}, err
	}
	c, err := p.Check([]byte(r.Event), origin, keys...)
	if err != nil {
		return Event{}, c, err
	}
	e, err := ParseEvent([]byte(r.Event))
	if err != nil {
		return e, c, err
	}
	if e.Bundle == nil || r.Opening.SHA256 != envelope || r.Opening.Index != 0 {
		return e, c, errors.New("receipt: is not of this envelope")
	}
	return e, c, e.Bundle.Commitment.Check(r.Opening)
}
