package patient

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"kartoteka/seal/fuzztest"
)

func FuzzNormalize(f *testing.F) {
	for _, s := range Systems() {
		f.Add(s.Name, "I-AM № 123456")
	}
	f.Add("urn:oid:urn:oid:2.16.840.1.113883.4.330.804", "ŉ\u0301")
	f.Add("local.x", "11Ж1\x00")
	f.Fuzz(func(t *testing.T, system, value string) {
		once := Identifier{System: system, Value: value}.Normalize()
		if again := once.Normalize(); again != once {
			t.Fatalf("once %q, twice %q", once, again)
		}
		if strings.ContainsRune(once.System+once.Value, 0) {
			t.Fatal("NUL in a key")
		}
		if w := once.Warning(); len(value) > 2 && allDigits(value) && strings.Contains(w, value) {
			t.Fatal("value in the warning")
		}
	})
}

func FuzzNameCodes(f *testing.F) {
	for _, row := range spellings {
		f.Add(row)
	}
	f.Add("Дем'яненко\u0301-Яценко")
	f.Add("а'\u0301\xffъ\u0301İ")
	f.Fuzz(func(t *testing.T, s string) {
		codes := NameCodes(s)
		if len(codes) > maxNameCodes || !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != len(codes) {
			t.Fatalf("not a bounded sorted set: %v", codes)
		}
		for _, c := range codes {
			if len(c) != codeLength || !allDigits(c) {
				t.Fatalf("code %q", c)
			}
		}
		if !slices.Equal(codes, NameCodes(s)) || !slices.Equal(codes, NameCodes(norm.NFD.String(s))) {
			t.Fatal("codes depend on more than the name")
		}
		latin := Romanize(s)
		if again := Romanize(latin); again != latin {
			t.Fatalf("Romanize twice: %q, then %q", latin, again)
		}
		if len(latin) > 5*len(s)+8 {
			t.Fatalf("%d bytes from %d", len(latin), len(s))
		}
	})
}

// FuzzPatient: whoever a sender may state, and who passes for sound, has keys that are bounded, the same for every order
// and spelling, and is nobody else.
func FuzzPatient(f *testing.F) {
	for _, s := range []string{
		`{"identifiers":[{"system":"pl.pesel","value":"44051401359","role":"own"},{"system":"pl.pesel","value":"44051401458","role":"mother"}],"names":[{"family":"Kowalski","given":["Jan","Maria"],"script":"Latn"},{"family":"Шевченко","given":["Олена"],"patronymic":"Іванівна"}],"birth_date":"1944-05-14","sex":"M"}`,
		`{"identifiers":[{"system":"oid.2.16.840.1.113883.3.4424.1.1.616","value":" 440514 01359","role":"own"}],"birth_date":"1944","nn":true}`,
		`{"identifiers":[{"system":"ua.rnokpp","value":"3184710691","role":"own"},{"system":"ua.unzr","value":"1987031000000","role":"own"},{"system":"lt.ak","value":"38703181745","role":"own"},{"system":"passport.ua","value":"FA 123456","role":"own"},{"system":"local.x","value":"a","role":"other"}],"birth_date":"1987-03-18","sex":"M"}`,
		`{"names":[{"family":"x y-z"}],"birth_date":"2024-02-29","sex":"U"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var p Patient
		if json.Unmarshal(data, &p) != nil || p.Validate() != nil {
			return
		}
		var keys []string
		fuzztest.Bounded(t, 4*len(data), func() {
			keys = BlindKeys(p)
			p.Check()
		})
		if len(keys) > len(p.Identifiers)+maxNameKeys || !slices.IsSorted(keys) {
			t.Fatalf("%d keys", len(keys))
		}
		if v := SamePerson(p, p); v == VerdictMismatch && len(p.Check()) == 0 {
			t.Errorf("another person than itself: %+v", p)
		}
		turned := p
		turned.Identifiers = slices.Clone(p.Identifiers)
		slices.Reverse(turned.Identifiers)
		one, ok := Primary(p.Identifiers)
		other, also := Primary(turned.Identifiers)
		if ok != also || one != other || SamePerson(p, turned) != SamePerson(turned, p) {
			t.Errorf("the order of identifiers counts: %+v", p)
		}
		if len(p.Names) < 2 && !reflect.DeepEqual(keys, BlindKeys(turned)) {
			t.Errorf("the order of identifiers gives other keys: %+v", p)
		}
	})
}
