package corpus

import (
	"fmt"
	"math/rand/v2"

	"kartoteka/seal/patient"
)

// Patient is the person as the hospital knows them: its own spelling, and the numbers it was shown.
func (p Person) Patient(h Hospital) patient.Patient {
	sex := "M"
	if p.Female {
		sex = "F"
	}
	return patient.Patient{Identifiers: p.identifiers(h), Names: p.names(h), BirthDate: p.Birth.Format("2006-01-02"), Sex: sex}
}

func (p Person) identifiers(h Hospital) []patient.Identifier {
	var ids []patient.Identifier
	add := func(system, value, role, country string) {
		if value != "" {
			ids = append(ids, patient.Identifier{System: system, Value: value, Role: role, Country: country})
		}
	}
	own := patient.RoleOwn
	if h.Country == "PL" {
		add("pl.pesel", p.PESEL, own, "PL")
		add("pl.pesel", p.MotherPESEL, patient.RoleMother, "PL")
		add("lt.ak", p.AsmensKodas, own, "LT")
	} else {
		add("ua.rnokpp", p.RNOKPP, own, "UA")
		add("ua.unzr", p.UNZR, own, "UA")
		add("ua.birth_certificate", p.BirthCertificate, own, "UA")
	}
	if h.Country != p.Home || p.Index%2 == 0 { // abroad always, at home now and then
		add("passport."+p.Home, p.Passport, own, p.Home)
	}
	add("local."+h.ID, fmt.Sprintf("P%07d", p.Index), own, h.Country)
	return ids
}

func (p Person) names(h Hospital) []patient.Name {
	if p.Home == h.Country {
		return []patient.Name{p.Own}
	}
	if p.Home == "LT" && p.Index%3 > 0 {
		return []patient.Name{p.Own, p.Abroad}
	}
	return []patient.Name{p.Abroad}
}

// ukrainianNames: Cyrillic at home; in Poland the passport's letters or what the clerk heard, never a patronymic.
func (p *Person) ukrainianNames(r *rand.Rand) {
	sex := sexIndex(p.Female)
	p.Own = patient.Name{
		Family: pick(r, ukFamilies)[sex], Given: []string{pick(r, ukGiven[sex])},
		Patronymic: pick(r, ukPatronymics)[sex], Script: "Cyrl",
	}
	write := passportLatin
	if p.Passport == "" || chance(r, 40) {
		write = polishEar
	}
	p.Abroad = patient.Name{Family: write(p.Own.Family), Given: []string{write(p.Own.Given[0])}, Script: "Latn"}
}

func (p *Person) polishNames(r *rand.Rand) {
	sex := sexIndex(p.Female)
	family, given := pick(r, plFamilies), pick(r, plGiven[sex])
	p.Own = patient.Name{Family: family[sex], Given: []string{given[0]}, Script: "Latn"}
	p.Abroad = patient.Name{Family: family[2+sex], Given: []string{given[1]}, Script: "Cyrl"}
	if chance(r, 25) { // a second name, which the other hospital may not have written down
		if second := pick(r, plGiven[sex])[0]; second != given[0] {
			p.Own.Given = append(p.Own.Given, second)
		}
	}
}

func (p *Person) lithuanianNames(r *rand.Rand) {
	sex := sexIndex(p.Female)
	family := pick(r, ltFamilies)
	p.Own = patient.Name{Family: family[sex], Given: []string{pick(r, ltGiven[sex])}, Script: "Latn"}
	if p.Female && p.Birth.Year() < 2000 {
		p.Own.Family = family[2]
	}
	p.Abroad = patient.Name{Family: plain(p.Own.Family), Given: []string{plain(p.Own.Given[0])}, Script: "Latn"}
}
