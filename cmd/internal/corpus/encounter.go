package corpus

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"kartoteka/seal/patient"
)

// encounter is one stay, visit, study or pile of paper, with what its documents have in common.
type encounter struct {
	r        *rand.Rand
	hospital Hospital
	person   Person
	patient  patient.Patient
	id, kind string
	start    time.Time
	end      time.Time
	dx       diagnosis
	doctor   Doctor
}

// kinds are drawn with these weights: a hospital's usual night.
var kinds = []struct {
	name   string
	weight int
}{
	{"laboratory", 30}, {"visit", 24}, {"inpatient", 18}, {"emergency", 9}, {"imaging", 9}, {"day", 6}, {"scan", 4},
}

func drawKind(r *rand.Rand) string {
	n := r.IntN(100)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			return k.name
		}
	}
	return "visit"
}

// encounters are the person's in order of time; who fled or moved goes to the other hospital in the later half.
func (w *workshop) encounters(r *rand.Rand, p Person) []*encounter {
	days := w.days(r, p)
	out := make([]*encounter, len(days))
	for i, day := range days {
		kind := drawKind(r)
		if p.Newborn() && i == 0 {
			kind = "inpatient"
		}
		out[i] = newEncounter(r, w.hospitalOf(p, i, len(days)), p, kind, day, i)
	}
	return out
}

func (w *workshop) hospitalOf(p Person, i, n int) Hospital {
	there := p.Home == "UA"
	if p.Shared && i >= n/2 {
		there = !there
	}
	if there {
		return w.hospitals[1]
	}
	return w.hospitals[0]
}

// days draws the person's dates of care: as many as Options ask for on average, never before birth.
func (w *workshop) days(r *rand.Rand, p Person) []time.Time {
	mean := float64(w.o.Bundles) / float64(w.o.Patients)
	count := max(1, int(mean*(0.4+1.2*r.Float64())+r.Float64()))
	if p.Shared {
		count = max(2, count)
	}
	from, to := p.Birth, time.Date(2024, 11, 30, 0, 0, 0, 0, time.UTC)
	if first := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC); from.Before(first) && !p.Newborn() {
		from = first
	}
	if p.Newborn() {
		count, to = min(count, 2), from.AddDate(0, 0, 20)
	}
	days := make([]time.Time, count)
	for i := range days {
		days[i] = from.AddDate(0, 0, r.IntN(int(to.Sub(from)/(24*time.Hour))+1))
	}
	slices.SortFunc(days, time.Time.Compare)
	if p.Newborn() {
		days[0] = p.Birth
	}
	return days
}

func newEncounter(r *rand.Rand, h Hospital, p Person, kind string, day time.Time, n int) *encounter {
	e := &encounter{r: r, hospital: h, person: p, patient: p.Patient(h), kind: kind, dx: pick(r, diagnoses), doctor: newDoctor(r, h)}
	if p.Newborn() {
		e.dx = pick(r, newbornDiagnoses)
	}
	e.id = fmt.Sprintf("E%d-%06d-%02d", day.Year(), p.Index, n+1)
	e.start = day.Add(time.Duration(between(r, 7*60, 20*60)) * time.Minute)
	switch kind {
	case "inpatient":
		e.end = e.start.Add(time.Duration(between(r, 40, 230)) * time.Hour)
	case "day", "emergency":
		e.end = e.start.Add(time.Duration(between(r, 60, 600)) * time.Minute)
	default:
		e.end = e.start.Add(time.Duration(between(r, 10, 50)) * time.Minute)
	}
	return e
}

func newDoctor(r *rand.Rand, h Hospital) Doctor {
	sex := r.IntN(2)
	if h.Country == "UA" {
		return Doctor{Family: pick(r, ukFamilies)[sex], Given: pick(r, ukGiven[sex]), ID: fmt.Sprintf("U%06d", r.IntN(400))}
	}
	return Doctor{Family: pick(r, plFamilies)[sex], Given: pick(r, plGiven[sex])[0], ID: fmt.Sprintf("%07d", r.IntN(400))}
}

// name is the person's name as this hospital writes it.
func (e *encounter) name() patient.Name { return e.patient.Names[0] }

func (e *encounter) fullName() string {
	name := e.name()
	if len(name.Given) == 0 {
		return name.Family
	}
	return name.Family + " " + name.Given[0]
}

// firstNumber is what stands first on the person's papers.
func (e *encounter) firstNumber() string { return e.patient.Identifiers[0].Value }
