package seal

import (
	"testing"
	"time"
)

func TestHoldValidate(t *testing.T) {
	good := Hold{ID: "H-1", Kind: HoldCourt, OrderedBy: "Sąd Rejonowy", Basis: "art. 248 KPC", Start: Date{2030, time.March, 1}, Review: Date{2031, time.March, 1}}
	for _, tt := range []struct {
		name   string
		change func(*Hold)
		want   []string
	}{
		{"whole patient", func(*Hold) {}, nil},
		{"some bundles", func(h *Hold) { h.Bundles = []LeafIndex{4, 9} }, nil},
		{"reviewed at once", func(h *Hold) { h.Review = h.Start }, nil},
		{"nothing", func(h *Hold) { *h = Hold{} }, []string{"id is empty", `kind ""`, "ordered_by", "basis", "start is missing", "review is missing"}},
		{"kind", func(h *Hold) { h.Kind = "because" }, []string{`kind "because" is not one of`}},
		{"bundle twice", func(h *Hold) { h.Bundles = []LeafIndex{4, 4} }, []string{"twice"}},
		{"negative", func(h *Hold) { h.Bundles = []LeafIndex{-1} }, []string{"negative"}},
		{"review", func(h *Hold) { h.Review = Date{2030, time.February, 28} }, []string{"review 2030-02-28 is before start 2030-03-01"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := good
			tt.change(&h)
			factWant(t, h.Validate(), tt.want)
		})
	}
}
