package retention

import (
	"runtime"
	"testing"

	"kartoteka/seal"
)

// BenchmarkDecide decides on files of ten bundles, as a hospital's are on average: half of them Polish, some with referrals,
// blood, a death, a hold. Reported is the time for a million bundles on one core, and what remains in memory.
func BenchmarkDecide(b *testing.B) {
	e, today := trusting(b), day("2047-01-01")
	files := benchFiles()
	var dst []Decision
	b.ReportAllocs()
	bundles := 0
	for i := 0; b.Loop(); i++ {
		dst = e.Decide(dst[:0], files[i%len(files)], today)
		bundles += len(dst)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(bundles)*1e6, "s/1M-bundles")
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-heap")
}

// BenchmarkDue reads the bundles from their rows in the index first, as going through a whole archive does.
func BenchmarkDue(b *testing.B) {
	e, today := trusting(b), day("2047-01-01")
	var rows [][][]byte
	for _, f := range benchFiles() {
		rows = append(rows, benchRows(b, f))
	}
	var f File
	var dst []Decision
	b.ReportAllocs()
	bundles := 0
	for i := 0; b.Loop(); i++ {
		f.Bundles = f.Bundles[:0]
		for j, raw := range rows[i%len(rows)] {
			r, err := seal.ParseFactRow(raw)
			if err != nil {
				b.Fatal(err)
			}
			f.Bundles = append(f.Bundles, Bundle{Leaf: seal.LeafIndex(j), Facts: r.Facts, Classes: r.Classes, TakenYear: r.TakenYear, Informed: r.Informed, Unresolved: r.Unresolved})
		}
		dst = e.Decide(dst[:0], f, today)
		bundles += len(dst)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(bundles)*1e6, "s/1M-bundles")
}

func benchRows(b *testing.B, f File) (rows [][]byte) {
	for _, u := range f.Bundles {
		row, err := seal.FactRow{Facts: u.Facts, Classes: u.Classes, TakenYear: u.TakenYear}.Append(nil)
		if err != nil {
			b.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func benchFiles() []File {
	var files []File
	for n := range 64 {
		var f File
		for i := range 10 {
			leaf := seal.LeafIndex(n*10 + i)
			facts := plain(2020 + (n+i)%15)
			switch {
			case n%4 == 1:
				facts = seal.Facts{Jurisdiction: "UA", Class: "025/o", LastEntryYear: 2026 + i}
			case n%4 == 3:
				facts = seal.Facts{Jurisdiction: "LT", Class: "025/a", LastEntryYear: 2026 + i}
			case i%5 == 4:
				facts.Class, facts.ReferralProvided = "referral", truth(true)
			case i == 3:
				facts.BloodTraceability, facts.IssuedYear = truth(true), facts.ServiceYear
			}
			f.Bundles = append(f.Bundles, Bundle{Leaf: leaf, Facts: facts, Classes: []string{"discharge", "laboratory"}, TakenYear: 2035})
		}
		if n%8 == 0 {
			f.Added = []Added{{At: 9000, Facts: seal.Facts{DeathYear: 2034, DeathByInjuryOrPoisoning: truth(n%16 == 0)}}}
		}
		if n%16 == 2 {
			f.Holds = []Hold{{ID: "H-1", Kind: seal.HoldCourt}}
		}
		files = append(files, f)
	}
	return files
}
