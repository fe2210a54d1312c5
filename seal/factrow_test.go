package seal

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func factRows() []FactRow {
	yes, no := true, false
	return []FactRow{
		{},
		{Facts: Facts{Jurisdiction: "PL", LastEntryYear: 2026, ServiceYear: 2025, Under2AtService: &no}, TakenYear: 2026},
		{Facts: Facts{Jurisdiction: "UA", Class: "003/o", LastEntryYear: 1, ServiceYear: 2, IssuedYear: 3, DeathYear: 4, ExposureEndYear: 5, CaseClosedYear: 6,
			DeathByInjuryOrPoisoning: &yes, Under2AtService: &no, BloodTraceability: &yes, ReferralProvided: &no, ReferralNoShow: &yes, ReferralCollected: &no, Medium: "film"},
			Classes: []string{"discharge", "", strings.Repeat("x", 255)}, TakenYear: 7, Informed: 8, Unresolved: true},
	}
}

func TestFactRow(t *testing.T) {
	for i, want := range factRows() {
		b, err := want.Append([]byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseFactRow(b[1:])
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("row %d: got %+v, %v, want %+v", i, got, err, want)
		}
		for cut := range len(b) - 1 {
			if _, err := ParseFactRow(b[1 : 1+cut]); err == nil {
				t.Errorf("row %d cut to %d bytes is taken", i, cut)
			}
		}
		if _, err := ParseFactRow(append(b[1:], 0)); err == nil {
			t.Errorf("row %d with a byte more is taken", i)
		}
	}
	for _, bad := range []FactRow{{Facts: Facts{Jurisdiction: "EU"}}, {Facts: Facts{Medium: "stone"}}, {TakenYear: 70000}, {TakenYear: -1},
		{Classes: make([]string, 255)}, {Facts: Facts{Class: strings.Repeat("x", 256)}}} {
		if _, err := bad.Append(nil); err == nil {
			t.Errorf("%+v is written", bad)
		}
	}
}

func FuzzParseFactRow(f *testing.F) {
	for _, r := range factRows() {
		b, err := r.Append(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseFactRow(b)
		if err != nil {
			return
		}
		if again, err := r.Append(nil); err != nil || !bytes.Equal(again, b) {
			t.Errorf("got %x, %v, want %x", again, err, b)
		}
	})
}

func BenchmarkParseFactRow(b *testing.B) {
	row, err := factRows()[2].Append(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseFactRow(row); err != nil {
			b.Fatal(err)
		}
	}
}
