package seal

import (
	"encoding/binary"
	"errors"
	"slices"
)

// FactRow is what retention reads of one bundle, small enough that a million of them are read in seconds: 25 bytes and
// the classes. It is a row of the index, under the person's blind id and the bundle's leaf, so that reading in the order
// of the keys gives one patient after the other. Years, booleans and classes only; rebuild makes it from the entries.
type FactRow struct {
	Facts      Facts
	Classes    []string // of the documents
	TakenYear  int      // year of the accession in the controller's time zone
	Informed   int      // year in which the patient was told of a digitisation; 0 is not known
	Unresolved bool     // the entry is flagged, or has no person
}

// factRowSize is the fixed part: version, jurisdiction, medium, flag, six booleans at two bits, eight years, count of
// classes.
const (
	factRowVersion = 1
	factRowSize    = 4 + 4 + 2*8 + 1
)

func factJurisdictions() []string { return []string{"", "PL", "UA", "LT"} }
func factMedia() []string         { return []string{"", "digital", "paper", "film"} }

// years lists where the row's years are kept, in their order.
func (r *FactRow) years() [8]*int {
	f := &r.Facts
	return [8]*int{&f.LastEntryYear, &f.ServiceYear, &f.IssuedYear, &f.DeathYear, &f.ExposureEndYear, &f.CaseClosedYear, &r.TakenYear, &r.Informed}
}

// truths lists where the row's booleans are kept, in their order.
func (r *FactRow) truths() [6]**bool {
	f := &r.Facts
	return [6]**bool{&f.DeathByInjuryOrPoisoning, &f.Under2AtService, &f.BloodTraceability, &f.ReferralProvided, &f.ReferralNoShow, &f.ReferralCollected}
}

// Append writes the row after b. The facts must be valid, and no class of a document longer than 255 bytes,
// nor more than 254 of them.
func (r FactRow) Append(b []byte) ([]byte, error) {
	jurisdiction, medium := slices.Index(factJurisdictions(), r.Facts.Jurisdiction), slices.Index(factMedia(), r.Facts.Medium)
	if jurisdiction < 0 || medium < 0 || len(r.Classes) > 254 {
		return b, errors.New("fact row: jurisdiction, medium or number of classes")
	}
	unresolved := byte(0)
	if r.Unresolved {
		unresolved = 1
	}
	b = append(b, factRowVersion, byte(jurisdiction), byte(medium), unresolved)
	var bits uint32
	for i, t := range r.truths() {
		if *t != nil {
			bits |= 2 << (2 * i)
			if **t {
				bits |= 1 << (2 * i)
			}
		}
	}
	b = binary.BigEndian.AppendUint32(b, bits)
	for _, y := range r.years() {
		if *y < 0 || *y > 0xffff {
			return b, errors.New("fact row: year out of range")
		}
		b = binary.BigEndian.AppendUint16(b, uint16(*y))
	}
	b = append(b, byte(1+len(r.Classes)))
	for _, class := range append([]string{r.Facts.Class}, r.Classes...) {
		if len(class) > 255 {
			return b, errors.New("fact row: class has more than 255 bytes")
		}
		b = append(append(b, byte(len(class))), class...)
	}
	return b, nil
}

// ParseFactRow reads what Append wrote, and nothing else.
func ParseFactRow(b []byte) (r FactRow, err error) {
	bad := errors.New("fact row: damaged, or of another version")
	if len(b) < factRowSize+1 || b[0] != factRowVersion || b[3] > 1 || int(b[1]) >= len(factJurisdictions()) || int(b[2]) >= len(factMedia()) {
		return r, bad
	}
	r.Facts.Jurisdiction, r.Facts.Medium, r.Unresolved = factJurisdictions()[b[1]], factMedia()[b[2]], b[3] == 1
	bits := binary.BigEndian.Uint32(b[4:])
	for i, t := range r.truths() {
		switch bits >> (2 * i) & 3 {
		case 1:
			return r, bad
		case 2, 3:
			value := bits>>(2*i)&1 == 1
			*t = &value
		}
	}
	for i, y := range r.years() {
		*y = int(binary.BigEndian.Uint16(b[8+2*i:]))
	}
	count, rest := int(b[factRowSize-1]), b[factRowSize:]
	if bits>>12 != 0 || count == 0 {
		return r, bad
	}
	for i := range count {
		if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
			return r, bad
		}
		class := string(rest[1 : 1+int(rest[0])])
		if rest = rest[1+len(class):]; i == 0 {
			r.Facts.Class = class
		} else {
			r.Classes = append(r.Classes, class)
		}
	}
	if len(rest) != 0 {
		return r, bad
	}
	return r, nil
}
