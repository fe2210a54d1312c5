package appraisal_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/seal"
)

// A table has the rows that the decisions give, by bundle, in parts; its filters leave out no other rows.
func TestTable(t *testing.T) {
	w := newWorld(t)
	w.handOver(w.old[1])
	err := w.appraise(func(a *archive.Archive, p *appraisal.Appraiser) error {
		var want []appraisal.Row
		err := p.Each(seal.Date{}, func(d appraisal.Due) error {
			want = append(want, p.Row(d))
			return nil
		})
		slices.SortFunc(want, func(a, b appraisal.Row) int { return int(a.Bundle - b.Bundle) })
		got, parts := rows(t, p, seal.Date{}, false)
		if err != nil || parts != 4 || !reflect.DeepEqual(got, want) {
			t.Errorf("%d parts, %v: %+v, want %+v", parts, err, got, want)
		}
		if got, _ := rows(t, p, seal.Date{Year: 2025, Month: 12, Day: 31}, false); len(got) != 3 {
			t.Errorf("due by 2025: %+v", got)
		}
		if got, _ := rows(t, p, seal.Date{}, true); len(got) != 1 || got[0].Bundle != w.old[1] || !got[0].Ready {
			t.Errorf("ready: %+v", got)
		}
		return p.InForce(w.old[0])
	})
	if err == nil {
		t.Error("a bundle is a hold in force")
	}
}

func rows(t *testing.T, p *appraisal.Appraiser, by seal.Date, ready bool) (all []appraisal.Row, parts int) {
	t.Helper()
	table, err := p.Table(by, ready)
	err = errors.Join(err, table.Each(2, func(some []appraisal.Row) error {
		parts++
		all = append(all, some...)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return all, parts
}
