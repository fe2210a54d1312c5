package reading

import (
	"errors"
	"fmt"

	"kartoteka/archive"
	"kartoteka/seal"
)

// Capsule opens a bundle's capsule and nothing else: an evidence officer's identity does, and shows no title and no page.
// Of the bundle that is given only event, capsule and openings are set.
func (r *Room) Capsule(leaf seal.LeafIndex) (*Bundle, error) {
	b := &Bundle{Leaf: leaf, room: r}
	var err error
	if b.Raw, b.Event, err = r.archive.Event(leaf); err != nil {
		return nil, err
	}
	if b.Event.Bundle == nil {
		return nil, fmt.Errorf("event %d is of no bundle", leaf)
	}
	return b, b.openCapsule()
}

// EvidenceRecord is the evidence record of an item, in a family.
type EvidenceRecord struct {
	Item   int // 0 is the envelope
	Family seal.Family
	Data   []byte // DER
}

// Evidence assembles the evidence records of items, in each family that was stamped, and lists the families that were
// not. [archive.ErrNotStamped] says that none was.
func (b *Bundle) Evidence(items ...int) (list []EvidenceRecord, missing []seal.Family, err error) {
	for _, f := range seal.Families() {
		e, err := b.room.archive.Evidence(b.Leaf, f)
		if errors.Is(err, archive.ErrNotStamped) {
			missing = append(missing, f)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		for _, i := range items {
			data, err := b.evidenceRecord(e, i)
			if err != nil {
				return nil, nil, err
			}
			list = append(list, EvidenceRecord{i, f, data})
		}
	}
	if len(list) == 0 {
		return nil, missing, fmt.Errorf("event %d: %w", b.Leaf, archive.ErrNotStamped)
	}
	return list, missing, nil
}

func (b *Bundle) evidenceRecord(e *archive.Evidence, item int) ([]byte, error) {
	if item < 0 || item >= len(b.Capsule.Items) {
		return nil, fmt.Errorf("the bundle of event %d has no document %d", b.Leaf, item)
	}
	record, err := e.Record(b.Capsule, item)
	if err != nil {
		return nil, err
	}
	return record.Marshal()
}
