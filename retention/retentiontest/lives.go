// Package retentiontest makes up patients' lives, and says on which day each of their records must go: a second reading of
// the law, which shares no code with package retention. Nobody in it ever lived.
package retentiontest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"kartoteka/seal"
)

// Happening is one thing in a patient's life: a bundle comes in, or something is learnt of the patient or of a bundle.
type Happening struct {
	At      time.Time // in the first nine months of a year: before the round of notices in October
	Patient int
	Bundle  string     // that comes in; empty: facts are learnt
	Of      string     // the bundle that they are of; empty: the patient
	Facts   seal.Facts // of the bundle, or what is learnt
}

// Lives makes the lives of patients, the first of which begin in a year, in the order of what happens.
func Lives(r *rand.Rand, patients, from, years int) (all []Happening) {
	for p := range patients {
		all = append(all, life(r, p, from, years)...)
	}
	slices.SortStableFunc(all, func(a, b Happening) int { return a.At.Compare(b.At) })
	return all
}

// life: visits under the law of one country or of several, some ending in death.
func life(r *rand.Rand, patient, from, years int) (all []Happening) {
	span := 1 + r.IntN(years)
	for n := range 1 + r.IntN(6) {
		at := time.Date(from+r.IntN(span), time.Month(1+r.IntN(9)), 1+r.IntN(28), 9, 0, 0, 0, time.UTC)
		h := Happening{At: at, Patient: patient, Bundle: fmt.Sprintf("%d-%d", patient, n), Facts: facts(r, at.Year())}
		all = append(all, h)
		if h.Facts.Class == "003/o" && r.IntN(4) > 0 { // of some nobody ever says that the case is closed
			all = append(all, Happening{At: at.AddDate(0, 0, 2), Patient: patient, Of: h.Bundle, Facts: seal.Facts{CaseClosedYear: at.Year()}})
		}
	}
	if r.IntN(3) == 0 {
		last := slices.MaxFunc(all, func(a, b Happening) int { return a.At.Compare(b.At) }).At.AddDate(0, 0, 1)
		all = append(all, Happening{At: last, Patient: patient, Facts: seal.Facts{DeathYear: last.Year(), DeathByInjuryOrPoisoning: truth(r.IntN(2) == 0)}})
	}
	return all
}

func facts(r *rand.Rand, y int) seal.Facts {
	f := seal.Facts{Jurisdiction: "PL", LastEntryYear: y, ServiceYear: y, Under2AtService: truth(false)}
	switch r.IntN(10) {
	case 3:
		f.Class, f.ReferralProvided = "referral", truth(true)
	case 4:
		f.BloodTraceability, f.IssuedYear = truth(true), y
	case 5:
		f.Under2AtService = truth(true)
	case 6:
		f = seal.Facts{Jurisdiction: "LT", Class: "025/a", LastEntryYear: y}
	case 7:
		f = seal.Facts{Jurisdiction: "UA", Class: "027/o", LastEntryYear: y, IssuedYear: y}
	case 8:
		f = seal.Facts{Jurisdiction: "UA", Class: "025/o", LastEntryYear: y}
	case 9:
		f = seal.Facts{Jurisdiction: "UA", Class: "003/o", LastEntryYear: y}
	}
	return f
}

func truth(b bool) *bool { return &b }

// Goes says on which New Year's Day before a year a bundle must go, after what was known by then; zero: on none. Held says
// whether a hold keeps it on a day.
func Goes(life []Happening, of Happening, before int, held func(seal.Date) bool) seal.Date {
	for y := of.At.Year() + 1; y < before; y++ {
		day := seal.Date{Year: y, Month: time.January, Day: 1}
		if end := over(of, known(life, of, y)); end != 0 && end < y && !held(day) {
			return day
		}
	}
	return seal.Date{}
}

// by is what is known of a patient by a year.
type by struct{ last, death, closed int }

func known(life []Happening, of Happening, year int) (k by) {
	for _, h := range life {
		switch {
		case h.At.Year() >= year:
		case h.Bundle == "" && h.Of == "" && *h.Facts.DeathByInjuryOrPoisoning:
			k.death = h.Facts.DeathYear
		case h.Of != "" && h.Of == of.Bundle:
			k.closed = h.Facts.CaseClosedYear
		case h.Bundle != "" && h.Facts.Jurisdiction == of.Facts.Jurisdiction:
			k.last = max(k.last, h.At.Year())
		}
	}
	return k
}

// over is the last year in which the record must be kept; 0: there is none yet. UPP art. 29 ust. 1; order 515 item 40; MOH
// 369/2000 item 1, MOH 110/2012.
func over(of Happening, k by) int {
	own := of.At.Year()
	switch of.Facts.Class {
	case "025/a":
		return k.last + 15
	case "027/o":
		return own + 3
	case "025/o":
		return k.last + 5
	case "003/o":
		if k.closed == 0 {
			return 0
		}
		return k.closed + 25
	}
	return polish(of, k, own)
}

func polish(of Happening, k by, own int) (term int) {
	if k.death != 0 {
		term = k.death + 30
	}
	if b := of.Facts.BloodTraceability; b != nil && *b {
		term = max(term, own+30)
	}
	if *of.Facts.Under2AtService {
		term = max(term, k.last+22)
	}
	if of.Facts.Class == "referral" {
		term = max(term, own+5)
	}
	return cmp.Or(term, k.last+20) // the general rule only where there is no other
}
