package retention

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kartoteka/seal"
)

// hospital is a fake archive: files, a log that counts, a clock, and the yearly round of a records office. Each 1 October
// it tells the patients whose records are due by 1 January that they may be collected until New Year's Eve, and gets the
// authority's leave on 1 December; every hour that it looks it disposes of whatever nothing blocks.
type hospital struct {
	t      *testing.T
	engine *Engine
	log    seal.LeafIndex
	files  map[string]*File
	names  map[seal.LeafIndex]string // bundles by what the test calls them
	leaves map[string]seal.LeafIndex
	gone   map[string]seal.Date // when each was disposed of
	rules  map[string]string    // by which rule
	quiet  map[string]seal.Date // no file needs a look before this day
	rest   seal.Date            // nor does any of them before this one
}

func newHospital(t *testing.T) *hospital {
	return &hospital{t: t, engine: trusting(t), files: map[string]*File{}, names: map[seal.LeafIndex]string{}, leaves: map[string]seal.LeafIndex{},
		gone: map[string]seal.Date{}, rules: map[string]string{}, quiet: map[string]seal.Date{}}
}

// file gives the patient's file for a change.
func (h *hospital) file(patient string) *File {
	if h.files[patient] == nil {
		h.files[patient] = &File{}
	}
	h.quiet[patient], h.rest = seal.Date{}, seal.Date{}
	h.log++
	return h.files[patient]
}

func (h *hospital) take(patient, name string, now time.Time, f seal.Facts) {
	if err := f.Validate(); err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
	file := h.file(patient)
	file.Bundles = append(file.Bundles, Bundle{Leaf: h.log, Facts: f, TakenYear: h.engine.Year(now)})
	h.names[h.log], h.leaves[name] = name, h.log
}

func (h *hospital) learn(patient, name string, f seal.Facts) {
	file := h.file(patient)
	a := Added{At: h.log, Facts: f}
	if name != "" {
		leaf := h.leaves[name]
		a.Bundle = &leaf
	}
	if err := (seal.Addition{Bundle: a.Bundle, Facts: f, Basis: "letter", Officer: "anna"}).Validate(); err != nil {
		h.t.Fatal(err)
	}
	file.Added = append(file.Added, a)
}

func (h *hospital) hold(patient string) {
	f := h.file(patient)
	f.Holds = append(f.Holds, Hold{ID: fmt.Sprint("H-", h.log), Kind: seal.HoldCourt})
}

func (h *hospital) release(patient string) { h.file(patient).Holds = nil }

// look is one hour of the archive.
func (h *hospital) look(now time.Time) {
	today := h.engine.Today(now)
	if today.Before(h.rest) {
		return
	}
	h.rest = seal.Date{Year: 9999}
	for patient, f := range h.files {
		if len(f.Bundles) == 0 {
			continue
		}
		if !today.Before(h.quiet[patient]) {
			h.prepare(f, h.engine.Decide(nil, *f, today), today)
			decided := h.engine.Decide(nil, *f, today)
			h.quiet[patient] = next(decided, today)
			h.dispose(f, decided, today)
		}
		if h.quiet[patient].Before(h.rest) {
			h.rest = h.quiet[patient]
		}
	}
}

// prepare takes the steps of the season.
func (h *hospital) prepare(f *File, decided []Decision, today seal.Date) {
	for i, d := range decided {
		if d.Open || today.Before(round(d)) {
			continue
		}
		b := &f.Bundles[i]
		if b.Steps == nil {
			b.Steps = &Steps{}
		}
		if d.Blocked(NoNotice) && today.Month == time.October {
			b.Steps.Notice = Step{For: d.Due, On: today, Until: seal.Date{Year: today.Year, Month: time.December, Day: 31}}
		}
		if d.Blocked(NoConsent) && today.Month == time.December {
			b.Steps.Consent = Step{For: d.Due, On: today}
		}
	}
}

// round is the October before a record is due.
func round(d Decision) seal.Date { return seal.Date{Year: d.Due.Year - 1, Month: time.October, Day: 1} }

// next says when a file needs the next look; zero is every day.
func next(decided []Decision, today seal.Date) seal.Date {
	first := seal.Date{Year: 9999}
	for _, d := range decided {
		at := seal.Date{}
		switch december := (seal.Date{Year: today.Year, Month: time.December, Day: 1}); {
		case d.Open:
			continue
		case today.Before(round(d)):
			at = round(d)
		case d.Blocked(NoConsent) && !d.Blocked(NoNotice) && today.Before(december):
			at = december
		case d.Blocked(NotDue) && !d.Blocked(NoConsent) && !d.Blocked(NoNotice):
			at = d.Due
		}
		if at.Before(first) {
			first = at
		}
	}
	return first
}

func (h *hospital) dispose(f *File, decided []Decision, today seal.Date) {
	var order []Ruling
	var leaving []seal.LeafIndex
	for _, d := range decided {
		if d.Ready() {
			order, leaving = append(order, d.Ruling), append(leaving, d.Leaf)
			h.gone[h.names[d.Leaf]], h.rules[h.names[d.Leaf]] = today, d.Rule
		}
	}
	if len(order) == 0 {
		return
	}
	if refused := Refuse(order, decided); refused != nil {
		h.t.Fatalf("%s: %v", today, refused)
	}
	h.log++
	for _, s := range h.engine.Carry(*f, leaving) {
		f.Carried = append(f.Carried, Carried{h.log, s})
	}
	f.Bundles = slices.DeleteFunc(f.Bundles, func(b Bundle) bool { return slices.Contains(leaving, b.Leaf) })
	if len(f.Bundles) == 0 {
		f.Carried = nil
	}
}

// run lets the years pass: each day is looked at about noon and half an hour before midnight UTC, which in Warsaw is the next
// day.
func (h *hospital) run(from, to int, events map[string]func(now time.Time)) {
	done := 0
	for t := time.Date(from, 1, 1, 11, 0, 0, 0, time.UTC); t.Year() < to; t = t.AddDate(0, 0, 1) {
		if event := events[t.Format(time.DateOnly)]; event != nil {
			event(t)
			done++
		}
		h.look(t)
		h.look(t.Add(12*time.Hour + 30*time.Minute))
	}
	if done != len(events) {
		h.t.Errorf("%d events of %d took place", done, len(events))
	}
}
