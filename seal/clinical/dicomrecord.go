package clinical

import (
	"strings"

	"kartoteka/seal/patient"
)

// record holds the kept values of a data set or item, as bytes: the character set may be inherited.
type record struct {
	values map[uint32][]byte
	items  map[uint32][]*record
}

func (r *record) set(tag uint32, v []byte) {
	if r.values == nil {
		r.values = make(map[uint32][]byte)
	}
	if _, ok := r.values[tag]; !ok { // a repeated tag is forbidden (PS3.5 7.1); the first one counts
		r.values[tag] = v
	}
}

func (r *record) addItem(tag uint32, item *record) {
	if r.items == nil {
		r.items = make(map[uint32][]*record)
	}
	r.items[tag] = append(r.items[tag], item)
}

func (r *record) get(tag uint32) string {
	if r == nil {
		return ""
	}
	return string(r.values[tag])
}

// code is a value in the default repertoire: ASCII, padded with a space or, wrongly, a zero.
func (r *record) code(tag uint32) string {
	v := strings.Trim(r.get(tag), " \x00")
	for _, c := range []byte(v) {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return v
}

// uid is a code that has the letters of a UID and is not over its 64 (PS3.5 9.1).
func (r *record) uid(tag uint32) string {
	v := r.code(tag)
	if len(v) > 64 || strings.Trim(v, "0123456789.") != "" {
		return ""
	}
	return v
}

func (r *record) text(h *Header, tag uint32) string {
	v, _, _ := strings.Cut(r.decoded(h, tag), `\`)
	return tidy(v)
}

func (r *record) decoded(h *Header, tag uint32) string {
	return decodeDICOM(h, r.get(charsetTag), r.get(tag))
}

// date takes DICOM's YYYYMMDD and ACR-NEMA's YYYY.MM.DD.
func (r *record) date(tag uint32) string {
	return moment(strings.ReplaceAll(r.code(tag), ".", ""))
}

// when joins a date and a time, seconds at most.
func (r *record) when(date, time uint32) string {
	d := r.date(date)
	t, _, _ := strings.Cut(strings.ReplaceAll(r.code(time), ":", ""), ".")
	if d == "" || t == "" {
		return d
	}
	return first(moment(strings.ReplaceAll(d, "-", "")+t), d)
}

func (r *record) patient(h *Header) patient.Patient {
	p := patient.Patient{BirthDate: r.date(birthDate), Sex: sexes[r.code(patientSex)]}
	addIdentifier(h, &p, r.patientID(h))
	for _, other := range r.items[otherPatientIDs] {
		other.inherit(r)
		addIdentifier(h, &p, other.patientID(h))
	}
	for _, tag := range []uint32{patientName, otherPatientNames} {
		for _, pn := range strings.Split(r.decoded(h, tag), `\`) {
			personNames(h, &p, pn)
		}
	}
	return p
}

// inherit takes over the character set of the enclosing data set (PS3.3 C.12.1.1.2).
func (r *record) inherit(outer *record) {
	if v := outer.get(charsetTag); v != "" {
		r.set(charsetTag, []byte(v))
	}
}

// patientID prefers the universal issuer (PS3.3 C.7.1.1, Issuer of Patient ID Qualifiers).
func (r *record) patientID(h *Header) patient.Identifier {
	issuer := r.text(h, issuerOfPatientID)
	for _, q := range r.items[issuerQualifiers] {
		if oid := q.code(universalEntityID); isOID(oid) {
			issuer = oid
		}
	}
	return localIdentifier(r.text(h, patientID), issuer)
}

// personNames reads a PN (PS3.5 6.2.1): up to three spellings (alphabetic, ideographic, phonetic) of
// family^given^middle^prefix^suffix. The middle name is kept as a second given name: whether it is a
// patronymic DICOM does not say.
func personNames(h *Header, p *patient.Patient, pn string) {
	for _, group := range strings.SplitN(pn, "=", 3) {
		parts := strings.Split(group, "^")
		var given []string
		for _, g := range parts[1:min(len(parts), 3)] {
			given = append(given, strings.Fields(tidy(g))...)
		}
		addName(h, p, tidy(parts[0]), given)
	}
}
