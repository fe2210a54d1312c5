package corpus

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// weighed is written apart from ids.go, so that one mistake is not made twice.
func weighed(id string, weights []int) int {
	sum := 0
	for i, w := range weights {
		sum += w * int(id[i]-'0')
	}
	return sum
}

func goodPESEL(s string) bool {
	return len(s) == 11 && weighed(s, []int{1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1})%10 == 0
}

func goodRNOKPP(s string) bool {
	m := weighed(s, []int{-1, 5, 7, 9, 4, 6, 10, 5, 7})
	for m < 0 {
		m += 11
	}
	return len(s) == 10 && m%11%10 == int(s[9]-'0')
}

func goodAK(s string) bool {
	m := weighed(s, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 1}) % 11
	if m == 10 {
		m = weighed(s, []int{3, 4, 5, 6, 7, 8, 9, 1, 2, 3}) % 11
	}
	return len(s) == 11 && m%10 == int(s[10]-'0')
}

func TestKnownNumbers(t *testing.T) {
	for _, good := range []string{"44051401359", "02211307589"} {
		if !goodPESEL(good) {
			t.Errorf("PESEL %s is refused", good)
		}
	}
	if goodPESEL("44051401358") || !goodRNOKPP("1759013776") || !goodAK("33309240064") {
		t.Error("the checks of this test are wrong")
	}
	birth := time.Date(1944, 5, 14, 0, 0, 0, 0, time.UTC)
	if got, want := pesel(birth, 135), "44051401359"; got != want {
		t.Errorf("pesel: got %s, want %s", got, want)
	}
	if got, want := asmensKodas(time.Date(1933, 9, 24, 0, 0, 0, 0, time.UTC), 13), "33309240064"; got != want {
		t.Errorf("asmens kodas: got %s, want %s", got, want)
	}
	if got, want := rnokpp(time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 17590), 1377), "1759013776"; got != want {
		t.Errorf("rnokpp: got %s, want %s", got, want)
	}
}

func TestPeople(t *testing.T) {
	people := People(Options{Seed: 5, Patients: 3000})
	seen := map[string]int{}
	counts := map[string]int{}
	for i, p := range people {
		if p.Index != i {
			t.Fatalf("person %d has index %d", i, p.Index)
		}
		for system, good := range map[string]bool{"PESEL " + p.PESEL: p.PESEL == "" || goodPESEL(p.PESEL),
			"RNOKPP " + p.RNOKPP: p.RNOKPP == "" || goodRNOKPP(p.RNOKPP), "lt.ak " + p.AsmensKodas: p.AsmensKodas == "" || goodAK(p.AsmensKodas)} {
			if !good {
				t.Errorf("person %d: %s fails its check", i, system)
			}
			if other, twice := seen[system]; twice && !strings.HasSuffix(system, " ") {
				t.Errorf("persons %d and %d share %s", other, i, system)
			}
			seen[system] = i
		}
		if p.Newborn() {
			mother := people[p.Mother]
			if p.PESEL != "" || p.MotherPESEL != mother.PESEL || !mother.Female || p.Birth.Year()-mother.Birth.Year() < 15 {
				t.Errorf("newborn %+v of %+v", p, mother)
			}
			counts["newborn"]++
		}
		if p.Shared {
			counts["shared"]++
		}
		if p.Birth.Year() >= 2008 {
			counts["child"]++
		}
		counts[p.Home]++
	}
	t.Log(counts)
	for what, want := range map[string][2]int{"shared": {1000, 1350}, "child": {2000, 2800}, "newborn": {100, 200}, "LT": {250, 500}} {
		if got := counts[what]; got < want[0] || got > want[1] {
			t.Errorf("%s: got %d of 3000, want %v", what, got, want)
		}
	}
}

func TestHospitalNumbers(t *testing.T) {
	h := Hospitals()
	if got := weighed(h[0].ID, []int{8, 9, 2, 3, 4, 5, 6, 7}) % 11 % 10; got != int(h[0].ID[8]-'0') {
		t.Errorf("REGON %s: check digit %d", h[0].ID, got)
	}
	if got := weighed(h[1].ID, []int{1, 2, 3, 4, 5, 6, 7}) % 11; got != int(h[1].ID[7]-'0') {
		t.Errorf("EDRPOU %s: check digit %d", h[1].ID, got)
	}
}

func TestSpelling(t *testing.T) {
	tests := []struct{ uk, passport, ear string }{
		{"Шевченко", "Shevchenko", "Szewczenko"},
		{"Дем'яненко", "Demianenko", "Demjanenko"},
		{"Їжакевич", "Yizhakevych", "Jiżakewycz"},
		{"Згурський", "Zghurskyi", "Zhurski"},
		{"Соломія", "Solomiia", "Sołomija"},
		{"Юрій", "Yurii", "Jurij"},
		{"Щербак", "Shcherbak", "Szczerbak"},
	}
	for _, tt := range tests {
		if got := passportLatin(tt.uk); got != tt.passport {
			t.Errorf("passport of %s: got %s, want %s", tt.uk, got, tt.passport)
		}
		if got := polishEar(tt.uk); got != tt.ear {
			t.Errorf("Polish ear of %s: got %s, want %s", tt.uk, got, tt.ear)
		}
	}
}

func TestTwoHospitalsTwoSpellings(t *testing.T) {
	h := Hospitals()
	people := People(Options{Seed: 1, Patients: 200})
	i := slices.IndexFunc(people, func(p Person) bool { return p.Home == "UA" && p.Shared })
	there, here := people[i].Patient(h[1]), people[i].Patient(h[0])
	if there.Names[0].Script != "Cyrl" || here.Names[0].Script != "Latn" || there.BirthDate != here.BirthDate || here.Names[0].Patronymic != "" {
		t.Errorf("the same person: %+v and %+v", there, here)
	}
}

// TestSentences: no slot is left open, none is unknown.
func TestSentences(t *testing.T) {
	for _, code := range []string{"pl", "uk", "lt"} {
		n := narrator{tongueOf(code), stream(1, 0, 99), "DX"}
		for _, list := range [][]string{n.complaint, n.history, n.exam, n.course, n.advice, n.image} {
			for _, sentence := range list {
				if strings.Count(sentence, "{") != strings.Count(sentence, "}") {
					t.Errorf("%s: braces of %q", code, sentence)
				}
				for range 20 {
					if got := n.fill(sentence); strings.ContainsAny(got, "{}|") {
						t.Errorf("%s: %q became %q", code, sentence, got)
					}
				}
			}
		}
		for key := range polish.label {
			if n.label[key] == "" {
				t.Errorf("%s has no label %s", code, key)
			}
		}
	}
}
