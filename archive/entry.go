package archive

import (
	"slices"
	"strconv"

	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify"
)

// newEntry makes a bundle's index entry: blind ids, years and classes, and nothing that names anyone.
func newEntry(k seal.IndexKey, b *verify.Accepted, envelope seal.Opening) seal.Entry {
	m := b.Statement().Predicate
	e := seal.Entry{
		Person: k.Person(m.Patient), Envelope: k.Statement(b.Payload()), Opening: envelope, Count: len(b.Documents()),
		Kind: m.Encounter.Kind, Facts: m.Facts, Blind: []seal.Digest{}, Classes: []string{}, Versions: []seal.Version{}, Conf: "N",
	}
	if len(m.Encounter.Start) >= len("2006-01") {
		e.Month = m.Encounter.Start[:len("2006-01")]
	}
	if d := m.Digitisation; d != nil {
		e.Informed = yearOf(d.PatientInformedAt)
	}
	for _, key := range patient.BlindKeys(m.Patient) {
		e.Blind = append(e.Blind, k.Blind(key))
	}
	slices.SortFunc(e.Blind, func(x, y seal.Digest) int { return slices.Compare(x[:], y[:]) })
	for i, s := range b.Statement().Subject {
		d := b.Statement().Document(s.Name)
		if d.Class != "" {
			e.Classes = append(e.Classes, d.Class)
		}
		e.Conf = d.Unit().Confidentiality
		if v, ok := version(k, i+1, d); ok {
			e.Versions = append(e.Versions, v)
		}
	}
	slices.Sort(e.Classes)
	e.Classes = slices.Compact(e.Classes)
	if b.Unresolved() {
		e.Flags = append(e.Flags, seal.FlagUnresolved)
	}
	return e
}

// yearOf reads the year of a sender's date; 0 where it is none that could be.
func yearOf(date string) int {
	if len(date) < 4 {
		return 0
	}
	if y, err := strconv.Atoi(date[:4]); err == nil && y >= 1850 && y <= 2200 {
		return y
	}
	return 0
}

func version(k seal.IndexKey, n int, d seal.Document) (v seal.Version, ok bool) {
	blind := func(id string) *seal.Digest {
		if id == "" {
			return nil
		}
		b := k.BlindDocument(id)
		return &b
	}
	v = seal.Version{Document: n, Set: blind(d.SetID), Number: d.Version, ID: blind(d.DocID)}
	if d.Relation != nil && d.Relation.Kind == "replaces" {
		v.Replaces = blind(d.Relation.Target)
	}
	return v, v.Set != nil || v.ID != nil || v.Replaces != nil
}
