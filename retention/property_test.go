package retention

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"kartoteka/seal"
)

// randomFile makes a file as it can be in fifty years of a hospital: up to eight bundles under three laws, facts stated or
// not, additions and holds.
func randomFile(r *rand.Rand) File {
	var f File
	closed := 2030 + r.IntN(20) // one history of a child, closed once
	for i := range 1 + r.IntN(8) {
		f.Bundles = append(f.Bundles, randomBundle(r, seal.LeafIndex(10*(i+1)), closed))
	}
	if r.IntN(3) == 0 {
		f.Added = append(f.Added, Added{At: seal.LeafIndex(r.IntN(90)), Facts: seal.Facts{DeathYear: 2030 + r.IntN(20), DeathByInjuryOrPoisoning: maybe(r)}})
	}
	if r.IntN(4) == 0 {
		f.Added = append(f.Added, Added{At: seal.LeafIndex(r.IntN(90)), Facts: seal.Facts{LastEntryYear: 2030 + r.IntN(20)}})
	}
	if r.IntN(4) == 0 {
		leaf := f.Bundles[r.IntN(len(f.Bundles))].Leaf
		f.Added = append(f.Added, Added{At: 95, Bundle: &leaf, Facts: seal.Facts{ReferralCollected: maybe(r), Under2AtService: maybe(r)}})
	}
	return f
}

func randomBundle(r *rand.Rand, leaf seal.LeafIndex, closed int) Bundle {
	taken := 2026 + r.IntN(25)
	last := taken - r.IntN(5)
	sometimes := func(year int) int { return year * min(r.IntN(5), 1) }
	f := seal.Facts{LastEntryYear: sometimes(last), ServiceYear: sometimes(last - r.IntN(2)), IssuedYear: sometimes(last - r.IntN(2)),
		Under2AtService: maybe(r), BloodTraceability: maybe(r), ReferralCollected: maybe(r), Medium: pick(r, "", "digital", "paper", "film")}
	switch f.ReferralProvided = maybe(r); {
	case f.ReferralProvided == nil || !*f.ReferralProvided:
		f.ReferralNoShow = maybe(r)
	}
	switch f.Jurisdiction = pick(r, "PL", "PL", "UA", "LT"); f.Jurisdiction {
	case "PL":
		f.Class = pick(r, "", "", "referral", "doctor_order", "transfusion", "xray_film_outside_record", "paper_original_of_digitised", "tissue_cell_traceability")
	case "UA":
		f.Class = pick(r, "", "003/o", "025/o", "027/o", "027-1/o", "066/o", "096/o", "112/o", "esoz_electronic_record")
	case "LT":
		f.Class = pick(r, "", "025/a", "025/a", "003/a", "170/a", "104-/av", "064/a", "blood_traceability")
		f.ExposureEndYear = pick(r, 0, 0, last)
	}
	if r.IntN(3) > 0 {
		f.CaseClosedYear = closed
	}
	if r.IntN(8) == 0 {
		f.DeathYear, f.DeathByInjuryOrPoisoning = closed, maybe(r)
	}
	return Bundle{Leaf: leaf, Facts: f, TakenYear: taken, Informed: sometimes(taken), Classes: []string{pick(r, "discharge", "referral", "transfusion")}}
}

func maybe(r *rand.Rand) *bool { return pick(r, nil, truth(true), truth(false)) }

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// change is something that happens to a file, after which nothing may be disposed of earlier.
type change struct {
	name string
	make func(r *rand.Rand, f *File)
}

func changes() []change {
	blank := func(name string, clear func(f *seal.Facts)) change {
		return change{"not stated: " + name, func(r *rand.Rand, f *File) { clear(&f.Bundles[r.IntN(len(f.Bundles))].Facts) }}
	}
	return []change{
		{"hold", func(_ *rand.Rand, f *File) { f.Holds = append(f.Holds, Hold{ID: "H"}) }},
		{"later visit", func(r *rand.Rand, f *File) {
			visit := plain(2060)
			visit.Jurisdiction = pick(r, "PL", "UA", "LT")
			f.Bundles = append(f.Bundles, bundle(200, 2060, visit))
		}},
		{"later entry of the same kind", func(r *rand.Rand, f *File) {
			b := f.Bundles[r.IntN(len(f.Bundles))]
			b.Leaf, b.TakenYear, b.Facts.LastEntryYear = 200, 2060, 2060
			f.Bundles = append(f.Bundles, b)
		}},
		{"death by injury", func(_ *rand.Rand, f *File) {
			f.Added = append(f.Added, Added{At: 200, Facts: seal.Facts{DeathYear: 2060, DeathByInjuryOrPoisoning: truth(true)}})
		}},
		{"exposure", func(_ *rand.Rand, f *File) {
			f.Added = append(f.Added, Added{At: 200, Facts: seal.Facts{ExposureEndYear: 2060}})
		}},
		{"entry elsewhere", func(_ *rand.Rand, f *File) {
			f.Added = append(f.Added, Added{At: 200, Facts: seal.Facts{LastEntryYear: 2060}})
		}},
		{"a document of another class", func(r *rand.Rand, f *File) {
			b := &f.Bundles[r.IntN(len(f.Bundles))]
			b.Classes = append(slices.Clone(b.Classes), "170/a", "025/o", "xray_film_outside_record")
		}},
		{"whose", func(r *rand.Rand, f *File) { f.Bundles[r.IntN(len(f.Bundles))].Unresolved = true }},
		{"when it came in", func(r *rand.Rand, f *File) { f.Bundles[r.IntN(len(f.Bundles))].TakenYear = 0 }},
		{"when the patient was told", func(r *rand.Rand, f *File) { f.Bundles[r.IntN(len(f.Bundles))].Informed = 0 }},
		blank("last entry", func(f *seal.Facts) { f.LastEntryYear = 0 }),
		blank("service", func(f *seal.Facts) { f.ServiceYear = 0 }),
		blank("issue", func(f *seal.Facts) { f.IssuedYear = 0 }),
		blank("closing", func(f *seal.Facts) {
			if f.Class != "112/o" { // of a history in several parts, one that states the closing is enough
				f.CaseClosedYear = 0
			}
		}),
		blank("age", func(f *seal.Facts) { f.Under2AtService = nil }),
		blank("provided", func(f *seal.Facts) { f.ReferralProvided = nil }),
		blank("no-show", func(f *seal.Facts) { f.ReferralNoShow = nil }),
		blank("collected", func(f *seal.Facts) { f.ReferralCollected = nil }),
		blank("medium", func(f *seal.Facts) { f.Medium = "" }),
		blank("year of a death by injury", func(f *seal.Facts) {
			if b := f.DeathByInjuryOrPoisoning; b != nil && *b {
				f.DeathYear = 0
			}
		}),
	}
}

const propertyFiles = 400

// A hold, a later visit, a fact that is not known: none of them makes a day of disposal earlier, or a bundle free.
func TestNothingMakesItEarlier(t *testing.T) {
	e, all := trusting(t), changes()
	for seed := range uint64(propertyFiles) {
		r := rand.New(rand.NewPCG(seed, 4))
		before := randomFile(r)
		for _, c := range all {
			after := before
			after.Bundles, after.Added = slices.Clone(before.Bundles), slices.Clone(before.Added)
			c.make(r, &after)
			was, is := e.Decide(nil, before, day("2070-06-01")), e.Decide(nil, after, day("2070-06-01"))
			for i := range was {
				if is[i].shorter(was[i]) || is[i].Ready() && !was[i].Ready() {
					t.Fatalf("seed %d, %s: bundle %d was %s (%s, open %v), is %s (%s, open %v)\n%+v", seed, c.name, i,
						was[i].Due, was[i].Rule, was[i].Open, is[i].Due, is[i].Rule, is[i].Open, before)
				}
			}
		}
	}
}

// What the engine says does not hang on the order of the bundles, on the day, or on overrides; blockers fall one by one.
func TestDecideIsSteady(t *testing.T) {
	sure, doubted := trusting(t), strict(t)
	for seed := range uint64(propertyFiles) {
		r := rand.New(rand.NewPCG(seed, 5))
		f := randomFile(r)
		want := sure.Decide(nil, f, day("2050-06-01"))
		mixed := f
		mixed.Bundles, mixed.Added = slices.Clone(f.Bundles), slices.Clone(f.Added)
		r.Shuffle(len(mixed.Bundles), func(i, j int) { mixed.Bundles[i], mixed.Bundles[j] = mixed.Bundles[j], mixed.Bundles[i] })
		slices.Reverse(mixed.Added)
		for _, d := range sure.Decide(nil, mixed, day("2095-01-01")) {
			i := slices.IndexFunc(want, func(w Decision) bool { return w.Leaf == d.Leaf })
			if d.Ruling != want[i].Ruling || d.Open != want[i].Open || d.Ready() != (codes(d) == "") {
				t.Fatalf("seed %d: got %v, want %v", seed, d.Ruling, want[i].Ruling)
			}
		}
		for i, d := range doubted.Decide(nil, f, day("2050-06-01")) {
			if d.Ruling != want[i].Ruling || len(d.Blockers) < len(want[i].Blockers) {
				t.Fatalf("seed %d, without overrides: got %v, want %v", seed, d.Ruling, want[i].Ruling)
			}
			if d.Ready() && slices.ContainsFunc(d.Terms, func(t Term) bool { return t.Rule.Verify }) {
				t.Fatalf("seed %d: free by a rule nobody verified", seed)
			}
		}
	}
}

// Whatever leaves, with what it leaves behind the rest is decided as before.
func TestCarryKeepsTerms(t *testing.T) {
	t.Run("embedded", func(t *testing.T) { carryKeepsTerms(t, trusting(t)) })
	t.Run("every rule on the file", func(t *testing.T) { carryKeepsTerms(t, onFileOnly(t)) })
}

// onFileOnly is an engine of own schedules in which every clock is that of the file.
func onFileOnly(t *testing.T) *Engine {
	all := loaded(t)
	for i := range all {
		all[i].Rules = slices.Clone(all[i].Rules)
		for j := range all[i].Rules {
			all[i].Rules[j].Unit = PatientFile
		}
	}
	return newEngine(t, Options{Schedules: all, Zone: warsaw(t), Overrides: overrides(all)})
}

func carryKeepsTerms(t *testing.T, e *Engine) {
	for seed := range uint64(propertyFiles) {
		r := rand.New(rand.NewPCG(seed, 6))
		f := randomFile(r)
		want := map[seal.LeafIndex]string{}
		for _, d := range e.Decide(nil, f, day("2060-01-01")) {
			want[d.Leaf] = fmt.Sprint(d.Ruling, d.Open)
		}
		for at := seal.LeafIndex(1000); len(f.Bundles) > 1; at++ {
			leaving := f.Bundles[r.IntN(len(f.Bundles))].Leaf
			for _, s := range e.Carry(f, []seal.LeafIndex{leaving}) {
				f.Carried = append(f.Carried, Carried{at, s})
			}
			f.Bundles = slices.DeleteFunc(slices.Clone(f.Bundles), func(b Bundle) bool { return b.Leaf == leaving })
			for _, d := range e.Decide(nil, f, day("2060-01-01")) {
				if got := fmt.Sprint(d.Ruling, d.Open); got != want[d.Leaf] {
					t.Fatalf("seed %d, without %d: got %s, want %s\n%+v", seed, leaving, got, want[d.Leaf], f)
				}
			}
		}
	}
}
