package seal

import (
	"cmp"
	"errors"
	"fmt"
)

// Order is a disposal order: what two officers sign, and what must still hold to the letter when it is executed. It
// states what is destroyed, never whose it was.
type Order struct {
	Schema  string        `json:"schema"`
	Origin  string        `json:"origin"` // the log
	Number  string        `json:"number"` // the archive's own
	Made    Date          `json:"made"`
	Until   Date          `json:"until"` // last day on which it may be executed
	Log     OrderLog      `json:"log"`   // the log when it was made
	Rules   []OrderRule   `json:"rules"` // in the order of schedule and id
	Bundles []OrderBundle `json:"bundles"`
	Acts    []LeafIndex   `json:"acts"` // fact, hold, step, carried and release events whose records go along

	// Released are the release events of packets that hold documents of these bundles: copies in other hands, which no order
	// reaches. The certificate names them.
	Released []LeafIndex `json:"released"`
}

// OrderLog is a size and root of the log: an order is for this log, and for no fork of it.
type OrderLog struct {
	Size int64  `json:"size"`
	Root Digest `json:"root"`
}

// OrderRule is a rule that an order is based on.
type OrderRule struct {
	Schedule Digest `json:"schedule"` // SHA-256 of the schedule's file
	ID       string `json:"id"`
	Citation string `json:"citation"`
}

// OrderBundle is the ruling on one bundle.
type OrderBundle struct {
	Leaf      LeafIndex `json:"leaf"`
	Documents int       `json:"documents"`
	Due       Date      `json:"due"`
	Rule      int       `json:"rule"` // in Rules, from 0

	// Facts are the fact events about it: its day may rest on what one officer added, and whoever signs should see that.
	Facts []LeafIndex `json:"facts,omitempty"`
}

// MaxOrder bounds the bundles of an order.
const MaxOrder = 50_000

// Sign makes the file of an order that nobody has signed yet.
func (o Order) Sign() (Signed, error) {
	o.Schema = SpecOrder
	if o.Acts == nil {
		o.Acts = []LeafIndex{}
	}
	if o.Released == nil {
		o.Released = []LeafIndex{}
	}
	if err := o.check(); err != nil {
		return Signed{}, err
	}
	payload, err := Marshal(o)
	return Signed{PayloadType: OrderType, Payload: payload}, err
}

// ParseOrder reads a signed order, whoever signed it.
func ParseOrder(data []byte) (Order, Signed, error) {
	var o Order
	s, err := ParseSigned(data, OrderType)
	if err != nil {
		return o, s, fmt.Errorf("order: %w", err)
	}
	if err := UnmarshalCanonical(s.Payload, &o); err != nil {
		return o, s, fmt.Errorf("order: %w", err)
	}
	return o, s, o.check()
}

func (o Order) check() error {
	switch {
	case o.Schema != SpecOrder || o.Origin == "" || o.Number == "" || len(o.Number) > 128 || o.Log.Size < 1:
		return errors.New("order: schema, origin, number or size of the log is missing")
	case o.Made.IsZero() || o.Until.IsZero() || o.Until.Before(o.Made):
		return errors.New("order: made or until is missing, or until is before made")
	case len(o.Bundles) == 0 || len(o.Bundles) > MaxOrder:
		return fmt.Errorf("order: names no bundle, or more than %d", MaxOrder)
	case !ascending(o.Bundles, func(a, b OrderBundle) int { return cmp.Compare(a.Leaf, b.Leaf) }):
		return errors.New("order: bundles are not in the order of the log, each once")
	case !o.inLog(o.Acts) || !o.inLog(o.Released):
		return errors.New("order: acts or releases are not in the order of the log, each once")
	case !ascending(o.Rules, OrderRule.Compare):
		return errors.New("order: rules are not in order, each once")
	}
	return o.checkBundles()
}

// inLog says whether events are of the log that the order was made in, in its order, each once.
func (o Order) inLog(events []LeafIndex) bool {
	return ascending(events, cmp.Compare) && (len(events) == 0 || events[0] >= 0 && int64(events[len(events)-1]) < o.Log.Size)
}

// Compare orders rules by schedule and id.
func (r OrderRule) Compare(other OrderRule) int {
	for i := range r.Schedule {
		if r.Schedule[i] != other.Schedule[i] {
			return int(r.Schedule[i]) - int(other.Schedule[i])
		}
	}
	switch {
	case r.ID < other.ID:
		return -1
	case r.ID > other.ID:
		return 1
	}
	return 0
}

func (o Order) checkBundles() error {
	used := make([]bool, len(o.Rules))
	for _, b := range o.Bundles {
		if b.Leaf < 0 || int64(b.Leaf) >= o.Log.Size || b.Documents < 1 || b.Documents > MaxDocuments || b.Due.IsZero() || b.Rule < 0 || b.Rule >= len(o.Rules) || !o.inLog(b.Facts) {
			return fmt.Errorf("order: bundle %d: numbers out of range, or no day of disposal", b.Leaf)
		}
		used[b.Rule] = true
	}
	for i, r := range o.Rules {
		if !used[i] || r.ID == "" || r.Citation == "" || len(r.ID) > 128 || len(r.Citation) > maxText {
			return fmt.Errorf("order: rule %d is of no bundle, or has no id or citation", i)
		}
	}
	return nil
}

// Documents is how many documents an order destroys.
func (o Order) Documents() (n int) {
	for _, b := range o.Bundles {
		n += b.Documents
	}
	return n
}
