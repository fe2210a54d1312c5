package appraisal

import (
	"cmp"
	"slices"

	"kartoteka/seal"
)

// Table is what the law says of many bundles, by bundle: in the order of files it would show which belong to one patient.
// A row takes 16 bytes, for few of a million differ in more than the bundle; so a table is read while no look-up waits.
type Table struct {
	kinds []Row // of no bundle
	rows  []tableRow
}

type tableRow struct {
	leaf seal.LeafIndex
	kind int
}

// Table of all bundles, or of those that are due on or before a day, or of those of which nothing stands in the way.
func (p *Appraiser) Table(by seal.Date, ready bool) (*Table, error) {
	t, kinds := &Table{}, map[string]int{}
	err := p.Each(by, func(d Due) error {
		if ready && !d.Ready() {
			return nil
		}
		row := p.Row(d)
		row.Bundle = 0
		key, err := seal.Marshal(row)
		if err != nil {
			return err
		}
		n, ok := kinds[string(key)]
		if !ok {
			n = len(t.kinds)
			kinds[string(key)], t.kinds = n, append(t.kinds, row)
		}
		t.rows = append(t.rows, tableRow{d.Leaf, n})
		return nil
	})
	slices.SortFunc(t.rows, func(a, b tableRow) int { return cmp.Compare(a.leaf, b.leaf) })
	return t, err
}

// Each calls f with parts of the table, each of at most n rows.
func (t *Table) Each(n int, f func([]Row) error) error {
	rows := make([]Row, 0, n)
	for part := range slices.Chunk(t.rows, n) {
		rows = rows[:0]
		for _, r := range part {
			row := t.kinds[r.kind]
			row.Bundle = r.leaf
			rows = append(rows, row)
		}
		if err := f(rows); err != nil {
			return err
		}
	}
	return nil
}
