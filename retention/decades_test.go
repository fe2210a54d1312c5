package retention

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kartoteka/seal"
)

// happening is what the random patients live through: the oracle reads it, and the hospital does.
type happening struct {
	at      time.Time
	patient int
	bundle  string
	facts   seal.Facts
}

// TestDecades lets four hundred random patients live for 35 years and their records rest for 35 more, and compares each
// disposal with a second reading of the law that shares no code with the engine.
func TestDecades(t *testing.T) {
	r := rand.New(rand.NewPCG(35, 20))
	var all []happening
	for p := range 400 {
		all = append(all, randomLife(r, p)...)
	}
	slices.SortStableFunc(all, func(a, b happening) int { return a.at.Compare(b.at) })
	h := newHospital(t)
	events := map[string]func(time.Time){}
	for _, e := range all {
		day, before := e.at.Format(time.DateOnly), events[e.at.Format(time.DateOnly)]
		events[day] = func(now time.Time) {
			if before != nil {
				before(now)
			}
			if e.bundle == "" {
				h.learn(fmt.Sprint(e.patient), "", e.facts)
			} else {
				h.take(fmt.Sprint(e.patient), e.bundle, now, e.facts)
			}
		}
	}
	h.run(2026, 2096, events)
	of := map[int][]happening{}
	for _, e := range all {
		of[e.patient] = append(of[e.patient], e)
	}
	for _, e := range all {
		if e.bundle == "" {
			continue
		}
		if got, want := h.gone[e.bundle], oracle(of[e.patient], e); got != want {
			t.Errorf("bundle %s (%+v) went on %s by %s, want %s", e.bundle, e.facts, got, h.rules[e.bundle], want)
		}
	}
	t.Logf("%d happenings, %d bundles disposed of", len(all), len(h.gone))
}

// randomLife: visits under one or two laws in 35 years, some ending in death.
func randomLife(r *rand.Rand, patient int) (life []happening) {
	years := 1 + r.IntN(35)
	for n := range 1 + r.IntN(6) {
		at := time.Date(2026+r.IntN(years), time.Month(1+r.IntN(9)), 1+r.IntN(28), 9, 0, 0, 0, time.UTC) // before the October round
		y := at.Year()
		var f seal.Facts
		switch r.IntN(7) {
		case 0, 1, 2:
			f = plain(y)
		case 3:
			f = with(plain(y), func(f *seal.Facts) { f.Class, f.ReferralProvided = "referral", truth(true) })
		case 4:
			f = with(plain(y), func(f *seal.Facts) { f.BloodTraceability, f.IssuedYear = truth(true), y })
		case 5:
			f = with(plain(y), func(f *seal.Facts) { f.Under2AtService = truth(true) })
		case 6:
			f = seal.Facts{Jurisdiction: "LT", Class: "025/a", LastEntryYear: y}
		}
		life = append(life, happening{at, patient, fmt.Sprintf("%d-%d", patient, n), f})
	}
	if r.IntN(3) == 0 {
		last := slices.MaxFunc(life, func(a, b happening) int { return a.at.Compare(b.at) }).at
		life = append(life, happening{last.AddDate(0, 0, 1), patient, "", seal.Facts{DeathYear: last.AddDate(0, 0, 1).Year(), DeathByInjuryOrPoisoning: truth(r.IntN(2) == 0)}})
	}
	return life
}

// oracle asks on every New Year's Day, after what was known by then, whether the term of the record is over.
func oracle(life []happening, of happening) seal.Date {
	for y := of.at.Year() + 1; y < 2096; y++ {
		last, death := 0, 0
		for _, e := range life {
			switch {
			case e.at.Year() >= y:
			case e.bundle == "" && *e.facts.DeathByInjuryOrPoisoning:
				death = e.facts.DeathYear
			case e.bundle != "" && e.facts.Jurisdiction == of.facts.Jurisdiction:
				last = max(last, e.at.Year())
			}
		}
		if over(of, last, death) < y {
			return seal.Date{Year: y, Month: time.January, Day: 1}
		}
	}
	return seal.Date{}
}

// over is the last year in which the record must be kept: UPP art. 29 ust. 1, order 515 item 40.
func over(of happening, last, death int) int {
	if of.facts.Jurisdiction == "LT" {
		return last + 15
	}
	own, term := of.at.Year(), 0
	if death != 0 {
		term = death + 30
	}
	if b := of.facts.BloodTraceability; b != nil && *b {
		term = max(term, own+30)
	}
	if *of.facts.Under2AtService {
		term = max(term, last+22)
	}
	if of.facts.Class == "referral" {
		term = max(term, own+5)
	}
	return cmp.Or(term, last+20) // the general rule only where there is no other
}
