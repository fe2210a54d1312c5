package retention

import (
	"slices"
	"strings"
	"testing"

	"kartoteka/seal"
)

func TestRefuse(t *testing.T) {
	e := strict(t)
	second := ready()
	second.Leaf = 2
	file := File{Bundles: []Bundle{ready(), second}}
	today := day("2047-02-01")
	var listed []Ruling
	for _, d := range e.Decide(nil, file, today) {
		listed = append(listed, d.Ruling)
	}
	if got := Refuse(listed, e.Decide(nil, file, today)); got != nil {
		t.Fatalf("a good order is refused: %v", got)
	}
	visit := bundle(3, 2046, plain(2046))
	other := slices.Clone(listed)
	other[0].Schedule[0] ^= 1
	for _, tt := range []struct {
		name   string
		listed []Ruling
		change func(*File)
		want   string
	}{
		{"a visit since", listed, func(f *File) { f.Bundles = append(f.Bundles, visit) },
			"1 changed, 1 not_due, 1 notice, 1 consent, 2 changed, 2 not_due, 2 notice, 2 consent"},
		{"held since", listed, func(f *File) { f.Holds = []Hold{{ID: "H", Bundles: []seal.LeafIndex{2}}} }, "2 held"},
		{"disposed of since", listed, func(f *File) { f.Bundles = f.Bundles[1:] }, "1 absent"},
		{"named twice", append(listed, listed[1]), func(*File) {}, "2 twice"},
		{"another schedule", other, func(*File) {}, "1 changed"},
		{"never there", []Ruling{{Leaf: 99}}, func(*File) {}, "99 absent"},
	} {
		f := file
		f.Bundles = slices.Clone(file.Bundles)
		tt.change(&f)
		var got []string
		for _, r := range Refuse(tt.listed, e.Decide(nil, f, today)) {
			got = append(got, r.Leaf.String()+" "+string(r.Code))
			if !strings.HasPrefix(r.String(), "bundle "+r.Leaf.String()+": ") {
				t.Errorf("%s: %s", tt.name, r)
			}
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, strings.Join(got, ", "), tt.want)
		}
	}
}
