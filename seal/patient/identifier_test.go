package patient

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestNormalize(t *testing.T) {
	for _, tt := range []struct{ system, value, wantSystem, wantValue, wantCountry string }{
		{"pl.pesel", " 440514-01359 ", "pl.pesel", "44051401359", "PL"},
		{"PL.PESEL", "４４０５１４０１３５９", "pl.pesel", "44051401359", "PL"},
		{"urn:oid:2.16.840.1.113883.3.4424.1.1.616", "44051401359", "pl.pesel", "44051401359", "PL"},
		{"oid.2.16.840.1.113883.4.330.804", "fe 123456", "passport.ua", "FE123456", "UA"},
		{"oid.1.2.3", " a-1 ", "oid.1.2.3", "a-1", ""},
		{"ua.rnokpp", "17 59 01 37 76", "ua.rnokpp", "1759013776", "UA"},
		{"ua.unzr", "19440514 01359", "ua.unzr", "19440514-01359", "UA"},
		{"ua.unzr", "19440514–01359", "ua.unzr", "19440514-01359", "UA"},
		{"ua.birth_certificate", "I-AM № 123456", "ua.birth_certificate", "ІАМ123456", "UA"}, // Latin typed
		{"ua.birth_certificate", "І-АМ №123456", "ua.birth_certificate", "ІАМ123456", "UA"},  // Cyrillic typed
		{"ua.birth_certificate", "1-ам 123456", "ua.birth_certificate", "ІАМ123456", "UA"},
		{"ua.birth_certificate", "Ⅰ-АМ 123456", "ua.birth_certificate", "ІАМ123456", "UA"},
		{"ua.passport", "mt 123456", "ua.passport", "МТ123456", "UA"},
		{"ua.passport", "000123456", "ua.passport", "000123456", "UA"},
		{"passport.UA", "ЕН-123456", "passport.ua", "EH123456", "UA"}, // Cyrillic typed
		{"passport.de", "c01x00t47", "passport.de", "C01X00T47", "DE"},
		{"lt.ak", "333 0924 0064", "lt.ak", "33309240064", "LT"},
		{"local.Szpital-1", "  ab   7 ", "local.szpital-1", "ab 7", ""},
		{"local.x", "a\x00b\r\nc", "local.x", "ab c", ""},
		{"pl.pesel", " -- ", "pl.pesel", "--", "PL"},
	} {
		got := Identifier{System: tt.system, Value: tt.value, Role: RoleOwn}.Normalize()
		want := Identifier{System: tt.wantSystem, Value: tt.wantValue, Role: RoleOwn, Country: tt.wantCountry}
		if got != want {
			t.Errorf("%s %q: got %+v, want %+v", tt.system, tt.value, got, want)
		}
		if again := got.Normalize(); again != got {
			t.Errorf("%s %q: got %+v the second time", tt.system, tt.value, again)
		}
	}
	if got := (Identifier{System: "passport.pl", Value: "x", Country: "lt"}).Normalize().Country; got != "LT" {
		t.Errorf("country the sender gave: got %s, want LT", got)
	}
}

func TestLookAlikesPairUp(t *testing.T) {
	latin, cyrillic := []rune(latinAlike), []rune(cyrillicAlike)
	if len(latin) != 12 || len(cyrillic) != 12 {
		t.Fatalf("%d and %d letters", len(latin), len(cyrillic))
	}
	for i, r := range cyrillic {
		if !isCyrillic(r) || isCyrillic(latin[i]) {
			t.Errorf("pair %d: %q %q", i, latin[i], r)
		}
	}
}

func TestWarning(t *testing.T) {
	for _, tt := range []struct{ system, value, want string }{
		{"pl.pesel", "44051401359", ""},
		{"pl.pesel", "44051401358", "pl.pesel: the check digit does not fit"},
		{"pl.pesel", "02211307589", ""},
		{"pl.pesel", "4405140135", "pl.pesel: not 11 digits"},
		{"pl.pesel", "4405140135X", "pl.pesel: not 11 digits"},
		{"pl.pesel", "44023001359", "pl.pesel: it does not hold a real birth date"},
		{"pl.pesel", "", "pl.pesel: not 11 digits"},
		{"ua.rnokpp", "1759013776", ""},
		{"ua.rnokpp", "1759013775", "ua.rnokpp: the check digit does not fit"},
		{"ua.rnokpp", "9000000008", "ua.rnokpp: the check digit does not fit"}, // sum −9: 2 modulo 11
		{"ua.rnokpp", "9000000002", ""},
		{"ua.rnokpp", "175901377", "ua.rnokpp: not 10 digits"},
		{"lt.ak", "33309240064", ""},
		{"lt.ak", "33309240065", "lt.ak: the check digit does not fit"},
		{"lt.ak", "33313240064", "lt.ak: it does not hold a real birth date"},
		{"lt.ak", "3330924006", "lt.ak: not 11 digits"},
		{"ua.unzr", "1944051401359", ""},
		{"ua.unzr", "19441301-01359", "ua.unzr: it does not hold a real birth date"},
		{"ua.unzr", "19440514", "ua.unzr: not YYYYMMDD-NNNNN"},
		{"ua.birth_certificate", "I-AM 123456", ""},
		{"ua.birth_certificate", "AM 123456", ""},
		{"ua.birth_certificate", "AM 12345", "ua.birth_certificate: not a series of two Cyrillic letters and six digits"},
		{"ua.passport", "MT123456", ""},
		{"ua.passport", "123456789", ""},
		{"ua.passport", "12345678", "ua.passport: neither two Cyrillic letters and six digits nor nine digits"},
		{"passport.de", "anything", ""},
		{"local.szpital", "7", ""},
		{"oid.1.2.3", "7", ""},
		{"pesel", "44051401359", "the system is not a name of lower-case words joined by dots"},
		{"http://example.org/id", "1", "the system is not a name of lower-case words joined by dots"},
	} {
		got := Identifier{System: tt.system, Value: tt.value, Role: RoleOwn}.Warning()
		if got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.system, tt.value, got, tt.want)
		}
		if len(tt.value) > 1 && strings.Contains(got, tt.value) {
			t.Errorf("%s: the warning has the value", tt.system)
		}
	}
}

// An asmens kodas whose first sum leaves 10 takes the second weights; both leave 10: the digit is 0.
func TestAKSecondWeights(t *testing.T) {
	second, zero := 0, 0
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		s := []byte("30001010000")
		for i := 7; i < 10; i++ {
			s[i] = byte('0' + rnd.IntN(10))
		}
		s[1], s[2] = byte('0'+rnd.IntN(10)), byte('0'+rnd.IntN(10))
		if weigh(string(s), 1, 2, 3, 4, 5, 6, 7, 8, 9, 1)%11 != 10 {
			continue
		}
		second++
		want := weigh(string(s), 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11
		if want == 10 {
			want = 0
			zero++
		}
		s[10] = byte('0' + want)
		if got := akDoubt(string(s)); got != "" {
			t.Fatalf("%s: got %q", s, got)
		}
	}
	if second == 0 || zero == 0 {
		t.Errorf("tried %d with second weights, %d with zero", second, zero)
	}
}

func TestBorn(t *testing.T) {
	for _, tt := range []struct{ system, value, born, sex string }{
		{"pl.pesel", "44051401359", "1944-05-14", "M"},
		{"pl.pesel", "02211307589", "2002-01-13", "F"},
		{"pl.pesel", "99923100008", "1899-12-31", "F"},
		{"ua.rnokpp", "1759013776", "1948-02-28", ""},
		{"ua.rnokpp", "0000113776", "1900-01-01", ""},
		{"ua.rnokpp", "0000013776", "", ""},
		{"ua.rnokpp", "3653013776", "2000-01-06", ""},
		{"ua.unzr", "20020113-00001", "2002-01-13", ""},
		{"lt.ak", "33309240064", "1933-09-24", "M"},
		{"lt.ak", "60201130000", "2002-01-13", "F"},
		{"lt.ak", "19912310000", "1899-12-31", "M"},
		{"lt.ak", "30000000000", "", "M"},
		{"lt.ak", "90201130000", "", ""},
	} {
		s := lookup(tt.system)
		if got, _ := s.born(tt.value); got != tt.born {
			t.Errorf("%s %s: born %s, want %s", tt.system, tt.value, got, tt.born)
		}
		if s.sex != nil && s.sex(tt.value) != tt.sex {
			t.Errorf("%s %s: sex %s, want %s", tt.system, tt.value, s.sex(tt.value), tt.sex)
		}
	}
}

func TestSystemFromOID(t *testing.T) {
	for _, tt := range []struct{ oid, system, country string }{
		{"2.16.840.1.113883.3.4424.1.1.616", "pl.pesel", "PL"},
		{"urn:oid:2.16.840.1.113883.3.4424.1.1.616", "pl.pesel", "PL"},
		{"2.16.840.1.113883.3.4424.1.1.440", "lt.ak", "LT"},
		{"2.16.840.1.113883.4.330.616", "passport.pl", "PL"},
		{"2.16.840.1.113883.4.330.804", "passport.ua", "UA"},
		{"2.16.840.1.113883.4.330.440", "passport.lt", "LT"},
		{"1.2.804.2.1.1.1.11.1.4.1.1", "ua.rnokpp", "UA"},
		{"2.16.840.1.113883.4.330.76", "oid.2.16.840.1.113883.4.330.76", ""},
		{"2.16.840.1.113883.3.4424.1.1.276", "oid.2.16.840.1.113883.3.4424.1.1.276", ""},
		{" 1.2.3 ", "oid.1.2.3", ""},
	} {
		system, country := SystemFromOID(tt.oid)
		if system != tt.system || country != tt.country {
			t.Errorf("%s: got %s %s, want %s %s", tt.oid, system, country, tt.system, tt.country)
		}
		if !ValidSystem(system) {
			t.Errorf("%s is not valid", system)
		}
		if got, want := OIDOf(system), strings.TrimPrefix(strings.TrimSpace(tt.oid), "urn:oid:"); got != want {
			t.Errorf("%s: got OID %s, want %s", system, got, want)
		}
	}
	if got := OIDOf("ua.passport"); got != "" {
		t.Errorf("ua.passport: got OID %s", got)
	}
}

func TestValidSystem(t *testing.T) {
	for _, tt := range []struct {
		s    string
		want bool
	}{
		{"pl.pesel", true}, {"ua.birth_certificate", true}, {"passport.pl", true}, {"local.szpital-1", true},
		{"oid.1.2.3", true}, {"pl.regon", true},
		{"", false}, {"pesel", false}, {"PL.pesel", false}, {"pl.", false}, {".pesel", false}, {"pl..x", false},
		{"pl.pesel\n", false}, {"1.2.3", false}, {"pl pesel", false}, {"pl.pesel=1", false}, {"pl.żółw", false},
		{"x." + strings.Repeat("y", 255), false},
	} {
		if got := ValidSystem(tt.s); got != tt.want {
			t.Errorf("%q: got %v", tt.s, got)
		}
	}
}

func TestPrimary(t *testing.T) {
	id := func(system, value, role string) Identifier {
		return Identifier{System: system, Value: value, Role: role}
	}
	pesel, mother := id("pl.pesel", "4405140 1359", RoleOwn), id("pl.pesel", "02211307589", RoleMother)
	passportUA, passportDE := id("passport.ua", "FE123456", RoleOwn), id("passport.de", "C01X00T47", RoleOwn)
	local, hospital := id("local.a", "2", RoleOwn), id("local.a", "1", RoleOwn)
	for _, tt := range []struct {
		name string
		ids  []Identifier
		want string
	}{
		{"national first", []Identifier{local, passportUA, id("ua.rnokpp", "1759013776", RoleOwn), pesel}, "pl.pesel 44051401359"},
		{"never the mother's", []Identifier{mother, local}, "local.a 2"},
		{"document before local", []Identifier{local, passportUA}, "passport.ua FE123456"},
		{"by name within a rank", []Identifier{passportUA, passportDE}, "passport.de C01X00T47"},
		{"by value within a system", []Identifier{local, hospital}, "local.a 1"},
		{"unknown last", []Identifier{id("oid.1.2", "0", RoleOwn), local}, "local.a 2"},
		{"none", []Identifier{mother}, ""},
	} {
		for _, order := range []func([]Identifier) []Identifier{forward, backward} {
			got, ok := Primary(order(tt.ids))
			if text := strings.TrimSpace(got.System + " " + got.Value); text != tt.want || ok != (tt.want != "") {
				t.Errorf("%s: got %q %v, want %q", tt.name, text, ok, tt.want)
			}
		}
	}
}

func forward(ids []Identifier) []Identifier { return ids }

func backward(ids []Identifier) (out []Identifier) {
	for i := range ids {
		out = append(out, ids[len(ids)-1-i])
	}
	return out
}
