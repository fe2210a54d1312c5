package seal_test

import (
	"bytes"
	"strings"
	"testing"

	"kartoteka/seal"
)

func act(t testing.TB, name string) seal.Act {
	t.Helper()
	a, err := seal.ParseAct(vector(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Each act names the kind of its event, and the bundles it is about where it is about bundles.
func TestAct(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kind    seal.Kind
		bundles int
	}{
		{"act-fact.json", seal.KindFact, 0}, {"act-hold.json", seal.KindHold, 1}, {"act-step.json", seal.KindStep, 1},
		{"act-carried.json", seal.KindCarried, 0}, {"act-released.json", seal.KindRelease, 1},
	} {
		a := act(t, tt.name)
		if a.Kind() != tt.kind || len(a.Bundles()) != tt.bundles || (a.Person == nil) == (tt.bundles == 0) {
			t.Errorf("%s: kind %s, bundles %v, person %v", tt.name, a.Kind(), a.Bundles(), a.Person)
		}
		if again, err := a.Marshal(); err != nil || !bytes.Equal(again, vector(t, tt.name)) {
			t.Errorf("%s is marshalled another way: %v", tt.name, err)
		}
	}
	leaf := seal.LeafIndex(7)
	if list := (seal.Act{Fact: &seal.Addition{Bundle: &leaf}}).Bundles(); len(list) != 1 || list[0] != leaf {
		t.Errorf("a fact of one bundle is about %v", list)
	}
}

func TestActValidate(t *testing.T) {
	leaf, person := seal.LeafIndex(7), &seal.Digest{1}
	fact, hold, step := act(t, "act-fact.json"), act(t, "act-hold.json"), act(t, "act-step.json")
	ofBundle := *fact.Fact
	ofBundle.Bundle, ofBundle.Facts = &leaf, seal.Facts{CaseClosedYear: 2040}
	ofPatient := *hold.Hold
	ofPatient.Bundles = nil
	withStep := func(change func(*seal.Step)) seal.Act {
		s := *step.Step
		change(&s)
		return seal.Act{Step: &s}
	}
	for _, tt := range []struct {
		name string
		act  seal.Act
		want []string // in the error
	}{
		{"fact of a patient", fact, nil},
		{"fact of a bundle", seal.Act{Fact: &ofBundle}, nil},
		{"hold of bundles", hold, nil},
		{"hold of a patient", seal.Act{Person: person, Hold: &ofPatient}, nil},
		{"notice", step, nil},
		{"handed over", withStep(func(s *seal.Step) { s.Kind, s.Until = seal.StepHandedOver, seal.Date{} }), nil},
		{"consent", withStep(func(s *seal.Step) { s.Kind, s.Until, s.Authority = seal.StepConsent, seal.Date{}, "AP Warszawa" }), nil},
		{"carried", seal.Act{Person: person, Carried: &seal.Facts{}}, nil},
		{"released", seal.Act{Released: []seal.LeafIndex{0, 7}}, nil},

		{"nothing", seal.Act{}, []string{"none or several"}},
		{"nothing of a person", seal.Act{Person: person}, []string{"none or several"}},
		{"nothing released", seal.Act{Person: person, Released: []seal.LeafIndex{}}, []string{"none or several"}},
		{"fact and hold", seal.Act{Fact: &ofBundle, Hold: hold.Hold}, []string{"none or several"}},
		{"of no event", seal.Act{Event: -1, Released: []seal.LeafIndex{0}}, []string{"of no event"}},
		{"hold of both", seal.Act{Person: person, Hold: hold.Hold}, []string{"never both"}},
		{"hold of nobody", seal.Act{Hold: &ofPatient}, []string{"never both"}},
		{"fact of both", seal.Act{Person: person, Fact: &ofBundle}, []string{"never both"}},
		{"step of a person", seal.Act{Person: person, Step: step.Step}, []string{"never both"}},
		{"carried for nobody", seal.Act{Carried: &seal.Facts{}}, []string{"never both"}},
		{"bundles backwards", seal.Act{Released: []seal.LeafIndex{7, 0}}, []string{"order of the log"}},
		{"too many bundles", seal.Act{Released: leavesTo(seal.MaxActBundles + 1)}, []string{"more than 20000"}},
		{"as many as may be", seal.Act{Released: leavesTo(seal.MaxActBundles)}, nil},

		{"step of no kind, by nobody", withStep(func(s *seal.Step) { s.Kind, s.Until, s.Officer = "x", seal.Date{}, "" }), []string{"no kind of step", "officer is missing"}},
		{"step on no day", withStep(func(s *seal.Step) { s.On = seal.Date{} }), []string{"on is missing"}},
		{"step without a window", withStep(func(s *seal.Step) { s.Until = seal.Date{} }), []string{"until belongs to a notice"}},
		{"step's window backwards", withStep(func(s *seal.Step) { s.Until = date("2046-11-04") }), []string{"until is before on"}},
		{"step's window of a day", withStep(func(s *seal.Step) { s.Until = s.On }), nil},
		{"step handed over with a window", withStep(func(s *seal.Step) { s.Kind = seal.StepHandedOver }), []string{"until belongs to a notice"}},
		{"step, consent of nobody", withStep(func(s *seal.Step) { s.Kind, s.Until, s.Reference = seal.StepConsent, seal.Date{}, "" }), []string{"authority belongs to a consent", "reference is missing"}},
		{"step, notice of an authority", withStep(func(s *seal.Step) { s.Authority = "AP" }), []string{"authority belongs to a consent"}},
		{"step for no day", withStep(func(s *seal.Step) { s.Bundles = []seal.StepBundle{{Leaf: 2}} }), []string{"no day of disposal"}},
		{"step's text", withStep(func(s *seal.Step) { s.Reference = strings.Repeat("x", 1<<20) }), []string{"too long"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.act.Marshal()
			if (err == nil) != (len(tt.want) == 0) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("got %v, want %q in it", err, w)
				}
			}
		})
	}
}

func leavesTo(n int) (list []seal.LeafIndex) {
	for i := range n {
		list = append(list, seal.LeafIndex(i))
	}
	return list
}

// The index identity opens acts as it opens entries, and takes neither for the other.
func TestIndexReaderActs(t *testing.T) {
	segment := vector(t, "segment-3.segment")
	k := exampleKeyfile(t, "index-3.keys")
	r, err := seal.OpenIndex(k, identity(t, "identity-index.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for n, name := range []string{"act-fact.json", "act-hold.json", "act-step.json"} {
		record := k.Records[n]
		payload := segment[record.Offset : record.Offset+record.Length]
		a, err := r.Act(record.Header, bytes.NewReader(payload))
		if err != nil {
			t.Fatal(err)
		}
		if data, err := a.Marshal(); err != nil || !bytes.Equal(data, vector(t, name)) {
			t.Errorf("record %d: %s, %v", n, data, err)
		}
		if _, err := r.Entry(record.Header, bytes.NewReader(payload)); err == nil {
			t.Errorf("%s passes for an entry", name)
		}
	}
	entries := exampleKeyfile(t, "index-1.keys")
	er, err := seal.OpenIndex(entries, identity(t, "identity-index.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer er.Close()
	if _, err := er.Act(entries.Records[0].Header, payloadOf(t, entries.Records[0])); err == nil {
		t.Error("an entry passes for an act")
	}
	if _, err := r.Act(entries.Records[0].Header, payloadOf(t, entries.Records[0])); err == nil {
		t.Error("a record of another accession opens")
	}
}

func TestEntryFactRow(t *testing.T) {
	e, err := seal.ParseEntry(vector(t, "entry-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	e.Informed = 2027
	if again, err := seal.ParseEntry(first(e.Marshal())); err != nil || again.Informed != 2027 {
		t.Errorf("informed in %d, %v", again.Informed, err)
	}
	row := e.FactRow(2026)
	if row.Facts != e.Facts || row.TakenYear != 2026 || row.Informed != 2027 || len(row.Classes) != 2 || row.Unresolved {
		t.Errorf("got %+v", row)
	}
	e.Flags = []string{seal.FlagUnresolved}
	if !e.FactRow(2026).Unresolved {
		t.Error("a flagged entry counts as resolved")
	}
	e.Flags, e.Person = nil, nil
	if !e.FactRow(2026).Unresolved {
		t.Error("an entry without a person counts as resolved")
	}
}
