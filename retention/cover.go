package retention

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"kartoteka/seal"
)

// Cover says which rule counts for a category of records in a jurisdiction.
type Cover struct {
	Jurisdiction string
	Category     string
	Rule         string // id; empty where no term can be computed
	Default      bool   // only the default counts
}

// category is a kind of records that retention laws tell apart.
type category struct {
	name  string
	facts seal.Facts
}

// categories lists them. Their classes are words of the embedded schedules; a form's number is a category of its own.
func categories() []category {
	is := func(b **bool) { yes := true; *b = &yes }
	class := func(name string) func(*seal.Facts) { return func(f *seal.Facts) { f.Class = name } }
	return []category{
		{"general", probe(func(*seal.Facts) {})},
		{"death by injury or poisoning", probe(func(f *seal.Facts) { f.DeathYear = probeYear; is(&f.DeathByInjuryOrPoisoning) })},
		{"child under two", probe(func(f *seal.Facts) { is(&f.Under2AtService) })},
		{"blood", probe(func(f *seal.Facts) { is(&f.BloodTraceability) })},
		{"transfusion", probe(class("transfusion"))},
		{"tissues and cells", probe(class("tissue_cell_traceability"))},
		{"clinical trial", probe(class("clinical_trial_master_file"))},
		{"referral, service given", probe(func(f *seal.Facts) { f.Class = "referral"; is(&f.ReferralProvided) })},
		{"referral, patient did not come", probe(func(f *seal.Facts) { f.Class = "referral"; is(&f.ReferralNoShow) })},
		{"referral, collected", probe(func(f *seal.Facts) { f.Class = "referral"; is(&f.ReferralNoShow); is(&f.ReferralCollected) })},
		{"X-ray film outside the record", probe(func(f *seal.Facts) { f.Class, f.Medium = "xray_film_outside_record", "film" })},
		{"paper after digitisation", probe(func(f *seal.Facts) { f.Class, f.Medium = "paper_original_of_digitised", "paper" })},
		{"occupational exposure", probe(func(f *seal.Facts) { f.ExposureEndYear = probeYear })},
	}
}

// Coverage tries every category, and every class that some schedule declares, in every jurisdiction of the schedules.
func Coverage(all []Schedule) ([]Cover, error) {
	e, err := New(Options{Schedules: all, Zone: time.UTC})
	if err != nil {
		return nil, err
	}
	var covers []Cover
	for _, name := range sortedKeys(e.laws) {
		for _, c := range e.laws[name].categories() {
			c.facts.Jurisdiction = name
			d := e.first(alone(c.facts))
			covers = append(covers, Cover{name, c.name, d.Rule, d.By == nil || d.By.Default})
		}
	}
	return covers, nil
}

// categories adds the law's own classes to those that every law is asked for.
func (l *law) categories() []category {
	all := categories()
	for _, class := range sortedKeys(l.byClass) {
		if !slices.ContainsFunc(all, func(c category) bool { return c.facts.Class == class }) {
			all = append(all, category{class, probe(func(f *seal.Facts) { f.Class = class })})
		}
	}
	return all
}

// alone makes a file of one record.
func alone(f seal.Facts) File {
	return File{Bundles: []Bundle{{Facts: f, TakenYear: probeYear, Informed: probeYear}}}
}

// beside makes a file in which there is a much later entry.
func beside(f seal.Facts) File {
	file := alone(f)
	later := probe(func(g *seal.Facts) { g.Jurisdiction, g.LastEntryYear = f.Jurisdiction, probeYear+20 })
	file.Bundles = append(file.Bundles, Bundle{Leaf: 1, Facts: later, TakenYear: probeYear + 20})
	return file
}

// first decides on the file's first record.
func (e *Engine) first(f File) Decision { return e.Decide(nil, f, seal.Date{})[0] }

// gaps notes what only the default covers, and faults what nothing covers.
func gaps(all []Schedule) []Finding {
	covers, err := Coverage(all)
	if err != nil {
		return []Finding{{Fault, "", "", err.Error()}}
	}
	var found []Finding
	for _, c := range covers {
		switch {
		case c.Rule == "":
			found = append(found, Finding{Fault, c.Jurisdiction, "", fmt.Sprintf("no rule covers %s", c.Category)})
		case c.Default && c.Category != "general":
			found = append(found, Finding{Note, c.Jurisdiction, c.Rule, fmt.Sprintf("only the default covers %s", c.Category)})
		}
	}
	return found
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
