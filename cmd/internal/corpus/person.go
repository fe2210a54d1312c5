package corpus

import (
	"fmt"
	"math/rand/v2"
	"time"

	"kartoteka/seal/patient"
)

// Person is somebody made up, with every number and spelling under which hospitals may know them.
type Person struct {
	Index  int
	Home   string // country: PL, UA or LT
	Female bool
	Birth  time.Time
	Shared bool // treated in both hospitals
	Mother int  // index of the mother of a newborn without an own number; -1 for everybody else

	PESEL            string // "" if none; Ukrainians who came to Poland have one
	MotherPESEL      string // of newborns, who have no PESEL
	RNOKPP           string // many children have none
	UNZR             string
	BirthCertificate string // Ukrainian
	Passport         string // of Home; "" if never shown
	AsmensKodas      string

	Own    patient.Name // as at home
	Abroad patient.Name // as the other country's hospital writes it
}

// Newborn tells whether the person is known only under the mother's number.
func (p Person) Newborn() bool { return p.Mother >= 0 }

// People lists everybody. Most are children born 2008-2023; a mother stands right before her newborn.
func People(o Options) []Person {
	o = o.sizes()
	taken := serials{}
	people := make([]Person, 0, o.Patients)
	for len(people) < o.Patients {
		i := len(people)
		r := stream(o.Seed, i, forPeople)
		if i%20 == 7 && i+1 < o.Patients {
			mother := newPerson(r, i, "PL", true, adultBirth(r), taken)
			people = append(people, mother, newbornOf(r, mother))
			continue
		}
		birth := childBirth(r)
		if chance(r, 15) {
			birth = adultBirth(r)
		}
		people = append(people, newPerson(r, i, home(r), chance(r, 49), birth, taken))
	}
	return people
}

func home(r *rand.Rand) string {
	switch n := r.IntN(100); {
	case n < 62:
		return "UA"
	case n < 87:
		return "PL"
	}
	return "LT"
}

func childBirth(r *rand.Rand) time.Time {
	return time.Date(2008, 1, 1+r.IntN(16*365), 0, 0, 0, 0, time.UTC)
}

func adultBirth(r *rand.Rand) time.Time {
	return time.Date(1975, 1, 1+r.IntN(24*365), 0, 0, 0, 0, time.UTC)
}

func newPerson(r *rand.Rand, index int, home string, female bool, birth time.Time, taken serials) Person {
	p := Person{Index: index, Home: home, Female: female, Birth: birth, Mother: -1}
	serial := taken.next(birth, female)
	switch home {
	case "UA":
		p.Shared = chance(r, 62)
		p.ukrainianNumbers(r, serial)
		p.ukrainianNames(r)
	case "PL":
		p.Shared = chance(r, 20)
		p.PESEL = pesel(birth, serial)
		if p.Shared || chance(r, 20) {
			p.Passport = fmt.Sprintf("XX%07d", index)
		}
		p.polishNames(r)
	default:
		p.AsmensKodas = asmensKodas(birth, serial)
		if chance(r, 50) {
			p.Passport = fmt.Sprintf("%08d", index)
		}
		p.lithuanianNames(r)
	}
	return p
}

func (p *Person) ukrainianNumbers(r *rand.Rand, serial int) {
	adult := p.Birth.Year() < 2005
	if adult || chance(r, 45) {
		p.RNOKPP = rnokpp(p.Birth, serial)
	}
	if !adult || p.RNOKPP == "" {
		p.BirthCertificate = fmt.Sprintf("ЗР%06d", p.Index)
	}
	if chance(r, 30) {
		p.UNZR = fmt.Sprintf("%s-%05d", p.Birth.Format("20060102"), p.Index%100000)
	}
	if chance(r, 55) {
		p.Passport = fmt.Sprintf("XX%06d", p.Index)
	}
	if p.Shared && (p.Passport == "" || chance(r, 75)) {
		p.PESEL = pesel(p.Birth, serial+1000) // PESEL UKR, given since March 2022: another range, same parity
	}
}

// newbornOf was born to the mother and has neither number nor, mostly, a given name.
func newbornOf(r *rand.Rand, mother Person) Person {
	baby := Person{Index: mother.Index + 1, Home: "PL", Female: chance(r, 49), Mother: mother.Index, MotherPESEL: mother.PESEL}
	baby.Birth = mother.Birth.AddDate(between(r, 21, 24), 0, r.IntN(365))
	for baby.Birth.Year() < 2008 {
		baby.Birth = baby.Birth.AddDate(5, 0, 0)
	}
	baby.Own = patient.Name{Family: mother.Own.Family, Script: "Latn"}
	if chance(r, 30) {
		baby.Own.Given = []string{pick(r, plGiven[sexIndex(baby.Female)])[0]}
	}
	baby.Abroad = baby.Own
	return baby
}

func sexIndex(female bool) int {
	if female {
		return 1
	}
	return 0
}
