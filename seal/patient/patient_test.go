package patient

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Synthetic people. The PESELs are the documented test vectors.
func own(system, value string) Identifier {
	return Identifier{System: system, Value: value, Role: RoleOwn}
}

func adult() Patient {
	return Patient{
		Identifiers: []Identifier{own("pl.pesel", "44051401359")},
		Names:       []Name{{Family: "Kowalski", Given: []string{"Łukasz"}, Script: "Latn"}},
		BirthDate:   "1944-05-14", Sex: "M",
	}
}

func with(change func(*Patient)) Patient {
	p := adult()
	change(&p)
	return p
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Patient)
		want   string // "": valid
	}{
		{"whole", func(p *Patient) {}, ""},
		{"nothing known", func(p *Patient) { *p = Patient{NN: true} }, ""},
		{"wrong check digit", func(p *Patient) { p.Identifiers[0].Value = "44051401358" }, ""},
		{"contradiction", func(p *Patient) { p.Sex = "F" }, ""},
		{"odd system", func(p *Patient) { p.Identifiers[0].System = "PESEL" }, ""},
		{"year", func(p *Patient) { p.BirthDate = "1944" }, ""},
		{"month", func(p *Patient) { p.BirthDate = "1944-05" }, ""},
		{"256 bytes", func(p *Patient) { p.Names[0].Family = strings.Repeat("ж", 128) }, ""},

		{"role", func(p *Patient) { p.Identifiers[0].Role = "father" }, "identifier 1: role is not own, mother or other"},
		{"no role", func(p *Patient) { p.Identifiers[0].Role = "" }, "identifier 1: role"},
		{"system", func(p *Patient) { p.Identifiers[0].System = " " }, "identifier 1: system is empty"},
		{"value", func(p *Patient) { p.Identifiers[0].Value = "" }, "identifier 1: value is empty"},
		{"birth date", func(p *Patient) { p.BirthDate = "14.05.1944" }, "birth_date"},
		{"no such day", func(p *Patient) { p.BirthDate = "1943-02-29" }, "birth_date"},
		{"no such month", func(p *Patient) { p.BirthDate = "1943-13" }, "birth_date"},
		{"sex", func(p *Patient) { p.Sex = "male" }, "sex is not F, M, O or U"},
		{"identifiers", func(p *Patient) { p.Identifiers = make([]Identifier, 65) }, "65 identifiers, more than 64"},
		{"names", func(p *Patient) { p.Names = make([]Name, 33) }, "33 names, more than 32"},
		{"given", func(p *Patient) { p.Names[0].Given = make([]string, 33) }, "name 1: 33 given names, more than 32"},
		{"long", func(p *Patient) { p.Names[0].Family = strings.Repeat("ж", 129) }, "name 1: family is longer than 256 bytes"},
		{"control", func(p *Patient) { p.Names[0].Given = []string{"A", "B\x1b"} }, "name 1: given has control characters"},
		{"line break", func(p *Patient) { p.Identifiers[0].Value = "1\n2" }, "identifier 1: value has control characters"},
		{"UTF-8", func(p *Patient) { p.Names[0].Patronymic = "\xff" }, "name 1: patronymic is not UTF-8"},
	} {
		err := with(tt.change).Validate()
		if got := fmt.Sprint(err); (tt.want == "") != (err == nil) || err != nil && !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %s, want %q", tt.name, got, tt.want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Patient)
		want   []string
	}{
		{"fine", func(p *Patient) {}, nil},
		{"nothing known", func(p *Patient) { *p = Patient{NN: true} }, nil},
		{"year that fits", func(p *Patient) { p.BirthDate = "1944" }, nil},
		{"month that does not", func(p *Patient) { p.BirthDate = "1944-06" },
			[]string{"identifier 1: pl.pesel carries another birth date than birth_date"}},
		{"date syntax", func(p *Patient) { p.BirthDate = "14.05.1944" },
			[]string{"birth_date is not a date written YYYY, YYYY-MM or YYYY-MM-DD"}},
		{"sex", func(p *Patient) { p.Sex = "F" }, []string{"identifier 1: pl.pesel carries another sex than sex"}},
		{"sex not known", func(p *Patient) { p.Sex = "U" }, nil},
		{"check digit", func(p *Patient) { p.Identifiers[0].Value = "44051401358" },
			[]string{"identifier 1: pl.pesel: the check digit does not fit"}},
		{"mother's number", func(p *Patient) { p.Identifiers[0].Role, p.BirthDate, p.Sex = RoleMother, "2024-01-01", "F" }, nil},
		{"lt.ak", func(p *Patient) { p.Identifiers[0], p.Sex = own("lt.ak", "33309240064"), "F" }, []string{
			"identifier 1: lt.ak carries another birth date than birth_date",
			"identifier 1: lt.ak carries another sex than sex"}},
		{"rnokpp", func(p *Patient) { p.Identifiers[0] = own("ua.rnokpp", "1759013776") },
			[]string{"identifier 1: ua.rnokpp carries another birth date than birth_date"}},
		{"two of one", func(p *Patient) { p.Identifiers = append(p.Identifiers, own("pl.pesel", "44051401373")) }, []string{
			"identifier 2: a second, different pl.pesel of the same person"}},
		{"two passports", func(p *Patient) {
			p.Identifiers = append(p.Identifiers, own("passport.pl", "AA1"), own("passport.pl", "AA2"))
		}, nil},
		{"one for two", func(p *Patient) {
			p.Identifiers = append(p.Identifiers, Identifier{"pl.pesel", "440514 01359", RoleMother, ""})
		}, []string{"identifier 1: the same pl.pesel is given to another person too"}},
		{"system", func(p *Patient) { p.Identifiers[0].System = "PESEL" },
			[]string{"identifier 1: the system is not a name of lower-case words joined by dots"}},
	} {
		p := with(tt.change)
		got := p.Check()
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		for _, w := range got {
			for _, id := range p.Identifiers {
				if strings.Contains(w, id.Value) || strings.Contains(w, "Kowalski") {
					t.Errorf("%s: %q names the person", tt.name, w)
				}
			}
		}
	}
}

func TestBlindKeys(t *testing.T) {
	p := adult()
	p.Identifiers = append(p.Identifiers, Identifier{"pl.pesel", "022113-07589", RoleMother, "PL"}, own("PL.PESEL", "440514 01359"))
	p.Names = append(p.Names, Name{Family: "Ковальський", Given: []string{"Лукаш", "Іван"}, Patronymic: "Петрович"})
	want := []string{
		"family\x001944-05-14\x00578450",
		"given\x001944-05-14\x00854000",
		"id\x00pl.pesel\x00mother\x0002211307589",
		"id\x00pl.pesel\x00own\x0044051401359",
	}
	if got := BlindKeys(p); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	p.BirthDate = "1944"
	if got := BlindKeys(p); !slices.Equal(got, want[2:]) {
		t.Errorf("part of a birth date: got %q, want %q", got, want[2:])
	}
	if got := BlindKeys(Patient{NN: true}); len(got) != 0 {
		t.Errorf("nothing known: got %q", got)
	}
}

// What is looked up must be what was stored, in whichever spelling either was given.
func TestKeysFindWhatIsStored(t *testing.T) {
	const born = "2002-01-13"
	for _, row := range spellings {
		names := strings.Fields(row)
		for _, stored := range names {
			keys := BlindKeys(Patient{Names: []Name{{Family: stored, Given: []string{stored}}}, BirthDate: born})
			for _, k := range NameKeys(stored, stored, born) {
				if !slices.Contains(keys, k) {
					t.Errorf("%s: %q is not stored", stored, k)
				}
			}
			for _, sought := range names {
				if !intersect(keys, NameKeys(sought, "", born)) || !intersect(keys, NameKeys("", sought, born)) {
					t.Errorf("%s does not find %s", sought, stored)
				}
			}
		}
	}
	keys := BlindKeys(adult())
	if k := SearchKey(own("urn:oid:2.16.840.1.113883.3.4424.1.1.616", "440514 01359")); !slices.Contains(keys, k) {
		t.Errorf("%q is not in %q", k, keys)
	}
	if k := SearchKey(Identifier{"pl.pesel", "44051401359", RoleMother, ""}); slices.Contains(keys, k) {
		t.Error("the mother's role finds the own one")
	}
}

func TestBlindKeysBounded(t *testing.T) {
	p := Patient{BirthDate: "2002-01-13"}
	for i := range maxIdentifiers {
		p.Identifiers = append(p.Identifiers, own("local.a", fmt.Sprint(i)))
	}
	for i := range maxNames {
		p.Names = append(p.Names, Name{Family: fmt.Sprintf("Rosochowaciec-Jackson-%c", 'b'+i%20), Given: []string{"Jacek Czesław"}})
	}
	keys := BlindKeys(p)
	if len(keys) > maxIdentifiers+maxNameKeys {
		t.Errorf("%d keys", len(keys))
	}
	for _, id := range p.Identifiers {
		if !slices.Contains(keys, SearchKey(id)) {
			t.Errorf("identifier %s left out", id.Value)
		}
	}
	for _, k := range NameKeys(p.Names[0].Family, p.Names[0].Given[0], p.BirthDate) {
		if !slices.Contains(keys, k) {
			t.Errorf("%q of the first spelling left out", k)
		}
	}
}

func TestSamePerson(t *testing.T) {
	newborn := Patient{
		Identifiers: []Identifier{{"pl.pesel", "02211307589", RoleMother, "PL"}, own("local.a", "7")},
		Names:       []Name{{Family: "Шевченко", Given: []string{"Юрій"}}}, BirthDate: "2024-03-01",
	}
	nameless := func(p *Patient) { p.Identifiers = nil }
	for _, tt := range []struct {
		name string
		a, b Patient
		want Verdict
	}{
		{"the same", adult(), adult(), VerdictMatch},
		{"PESEL decides over name and date", adult(),
			Patient{Identifiers: []Identifier{own("pl.pesel", "440514-01359")}, Names: []Name{{Family: "Nowak"}}, BirthDate: "1945-05-14"}, VerdictMatch},
		{"another PESEL", adult(), with(func(p *Patient) { p.Identifiers[0].Value = "02211307589" }), VerdictMismatch},
		{"PESEL before local number",
			with(func(p *Patient) { p.Identifiers = append(p.Identifiers, own("local.a", "1")) }),
			with(func(p *Patient) { p.Identifiers = append(p.Identifiers, own("local.a", "2")) }), VerdictMatch},
		{"another local number", Patient{Identifiers: []Identifier{own("local.a", "1")}}, Patient{Identifiers: []Identifier{own("local.a", "2")}}, VerdictMismatch},
		{"renewed passport, same person",
			with(func(p *Patient) { p.Identifiers[0] = own("passport.ua", "FE123456") }),
			with(func(p *Patient) { p.Identifiers[0] = own("passport.ua", "GA654321") }), VerdictMatch},
		{"renewed passport alone", Patient{Identifiers: []Identifier{own("passport.ua", "FE1")}}, Patient{Identifiers: []Identifier{own("passport.ua", "GA1")}}, VerdictUnknown},
		{"passport in two alphabets", Patient{Identifiers: []Identifier{own("passport.ua", "EH123456")}}, Patient{Identifiers: []Identifier{own("passport.ua", "ЕН123456")}}, VerdictMatch},
		{"unknown systems", Patient{Identifiers: []Identifier{own("oid.1.2.3", "1")}}, Patient{Identifiers: []Identifier{own("oid.1.2.3", "2")}}, VerdictUnknown},
		{"unknown system, same value", Patient{Identifiers: []Identifier{own("oid.1.2.3", "1")}}, Patient{Identifiers: []Identifier{own("urn:oid:1.2.3", "1")}}, VerdictMatch},
		{"different systems, name and date", adult(), with(func(p *Patient) {
			p.Identifiers[0] = own("ua.rnokpp", "1759013776")
			p.Names[0] = Name{Family: "Ковальський", Given: []string{"Лукаш"}}
		}), VerdictMatch},
		{"birth date differs", with(nameless), with(func(p *Patient) { p.Identifiers, p.BirthDate = nil, "1944-05-15" }), VerdictMismatch},
		{"birth year only", with(nameless), with(func(p *Patient) { p.Identifiers, p.BirthDate = nil, "1944" }), VerdictUnknown},
		{"family differs", with(nameless), with(func(p *Patient) { p.Identifiers, p.Names[0].Family = nil, "Шевченко" }), VerdictMismatch},
		{"one of two family names", with(nameless), with(func(p *Patient) {
			p.Identifiers = nil
			p.Names = append([]Name{{Family: "Шевченко"}}, p.Names...)
		}), VerdictMatch},
		{"twins", with(nameless), with(func(p *Patient) { p.Identifiers, p.Names[0].Given = nil, []string{"Anna"} }), VerdictUnknown},
		{"no given name", with(nameless), with(func(p *Patient) { p.Identifiers, p.Names[0].Given = nil, nil }), VerdictUnknown},
		{"no name", with(nameless), Patient{BirthDate: "1944-05-14"}, VerdictUnknown},
		{"nothing", Patient{}, Patient{}, VerdictUnknown},
		{"not identified", Patient{NN: true, BirthDate: "1950-01-01", Names: []Name{{Family: "NN"}}}, with(nameless), VerdictUnknown},
		{"newborn, document carries the mother's PESEL as its own", newborn,
			Patient{Identifiers: []Identifier{own("pl.pesel", "02211307589")}, Names: []Name{{Family: "Szewczenko", Given: []string{"Jurij"}}}, BirthDate: "2024-03-01"}, VerdictMatch},
		{"newborn, the mother's own document", newborn,
			Patient{Identifiers: []Identifier{own("pl.pesel", "02211307589")}, Names: []Name{{Family: "Szewczenko", Given: []string{"Anna"}}}, BirthDate: "2002-01-13"}, VerdictMismatch},
	} {
		for _, pair := range [][2]Patient{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got := SamePerson(pair[0], pair[1]); got != tt.want {
				t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
			}
		}
	}
}
