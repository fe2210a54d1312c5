package retention

import (
	"reflect"
	"testing"

	"kartoteka/seal"
)

// The youngest entry of a file may go first; what it proved must stay.
func TestCarry(t *testing.T) {
	e := trusting(t)
	visit := bundle(1, 2026, plain(2026))
	referral := bundle(2, 2040, with(plain(2040), func(f *seal.Facts) { f.Class, f.ReferralProvided = "referral", truth(true) }))
	dead := bundle(3, 2026, with(plain(2020), func(f *seal.Facts) { f.DeathYear, f.DeathByInjuryOrPoisoning = 2026, truth(true) }))
	ua := func(leaf seal.LeafIndex, class string, year, closed int) Bundle {
		return bundle(leaf, year, seal.Facts{Jurisdiction: "UA", Class: class, LastEntryYear: year, CaseClosedYear: closed})
	}
	for _, tt := range []struct {
		name    string
		bundles []Bundle
		leaving []seal.LeafIndex
		want    []seal.Facts
	}{
		{"a later referral", []Bundle{visit, referral}, []seal.LeafIndex{2}, []seal.Facts{{Jurisdiction: "PL", LastEntryYear: 2040}}},
		{"an earlier visit", []Bundle{visit, referral}, []seal.LeafIndex{1}, nil},
		{"nothing remains", []Bundle{visit, referral}, []seal.LeafIndex{1, 2}, nil},
		{"nothing remains of that file", []Bundle{visit, ua(4, "", 2026, 0)}, []seal.LeafIndex{1}, nil},
		{"the death", []Bundle{visit, dead}, []seal.LeafIndex{3}, []seal.Facts{{DeathYear: 2026, DeathByInjuryOrPoisoning: truth(true)}}},
		{"an entry nobody stated", []Bundle{visit, bundle(5, 2030, seal.Facts{Jurisdiction: "PL"})}, []seal.LeafIndex{5}, []seal.Facts{{Jurisdiction: "PL", LastEntryYear: 2030}}},
		{"the closing of a child's history", []Bundle{ua(6, "112/o", 2030, 0), ua(7, "112/o", 2043, 2044), ua(8, "112/o", 2031, 0)}, []seal.LeafIndex{7, 8}, []seal.Facts{{Jurisdiction: "UA", Class: "112/o", LastEntryYear: 2043, CaseClosedYear: 2044}}},
	} {
		if got := e.Carry(File{Bundles: tt.bundles}, tt.leaving); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
