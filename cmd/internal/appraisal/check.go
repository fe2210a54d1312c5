package appraisal

import (
	"fmt"
	"slices"
	"time"

	"kartoteka/archive"
	"kartoteka/seal"
)

// Check says whether an order would be executed at a time, and changes nothing. What only the executing itself sees is that
// the order is of a fork of this log.
func (p *Appraiser) Check(order []byte, at time.Time) error {
	if _, _, err := p.stands(order); err != nil {
		return err
	}
	o, _, err := p.a.Policy().Order(order, at)
	if err != nil {
		return err
	}
	if p.today.Before(o.Made) || o.Until.Before(p.today) {
		return fmt.Errorf("%w: it may be executed from %s to %s, and today is %s", archive.ErrRefused, o.Made, o.Until, p.today)
	}
	var bundles []seal.LeafIndex
	for _, b := range o.Bundles {
		bundles = append(bundles, b.Leaf)
	}
	with, err := p.a.Along(bundles)
	if err == nil && (!slices.Equal(with.Acts, o.Acts) || !slices.Equal(with.Released, o.Released)) {
		err = fmt.Errorf("%w: what goes along with the bundles changed since it was made", archive.ErrRefused)
	}
	return err
}
