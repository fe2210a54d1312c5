package clinical

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"kartoteka/seal/patient"
)

// hl7Charsets holds HL7 v2 table 0211 as far as it is met in Europe.
var hl7Charsets = map[string]encoding.Encoding{
	"8859/1": charmap.ISO8859_1, "8859/2": charmap.ISO8859_2, "8859/4": charmap.ISO8859_4,
	"8859/5": charmap.ISO8859_5, "8859/15": charmap.ISO8859_15,
	"WINDOWS-1250": charmap.Windows1250, "WINDOWS-1251": charmap.Windows1251, "WINDOWS-1257": charmap.Windows1257,
}

// er7 holds the delimiters a message declares in MSH-1 and MSH-2.
type er7 struct {
	field, component, repeat, sub string
	charset                       encoding.Encoding
}

// readHL7v2 takes the time of the message and its PID segments (HL7 v2.5.1 chapters 2 and 3), from
// the first MiB. The report inside OBX is not read.
func readHL7v2(h *Header, in *bufio.Reader) {
	skipMark(in)
	raw := bufio.NewReaderSize(io.LimitReader(in, maxHL7), maxRun)
	var d er7
	for {
		line, whole, err := segment(raw)
		switch {
		case !whole: // a long OBX
		case bytes.HasPrefix(line, []byte("MSH")) && len(line) > 8:
			d = readMSH(h, line)
		case bytes.HasPrefix(line, []byte("PID")) && d.field != "":
			if d.charset == nil && !utf8.Valid(line) {
				h.warn("text does not fit its character set")
			}
			h.addPatient(d.patient(h, d.fields(line)))
		}
		if err != nil {
			return
		}
	}
}

// readMSH takes the time of the message, and how its other segments are written.
func readMSH(h *Header, line []byte) er7 {
	d := delimiters(line)
	if d.field == "" {
		h.warn("message with delimiters that are none, its segments were not read")
		return d
	}
	fields := d.fields(line)
	h.Authored = first(h.Authored, moment(at(fields, 6)))
	d.charset = hl7Charsets[strings.ToUpper(at(strings.Split(at(fields, 17), d.repeat), 0))]
	return d
}

// segment reads to the next carriage return, or line feed as files often have. A segment over 32 KiB is
// passed over.
func segment(in *bufio.Reader) (line []byte, whole bool, err error) {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return line, len(line) < maxRun, err
		}
		if b == '\r' || b == '\n' {
			return line, len(line) < maxRun, nil
		}
		if len(line) < maxRun {
			line = append(line, b)
		}
	}
}

// delimiters are those of MSH-1 and MSH-2, or none: a letter, or half of one that is not ASCII, would cut values within
// their letters.
func delimiters(msh []byte) er7 {
	used := string([]byte{msh[3], msh[4], msh[5], msh[7]})
	if strings.ContainsFunc(used, func(r rune) bool { return r <= ' ' || r >= 0x7f || unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return er7{}
	}
	return er7{field: used[:1], component: used[1:2], repeat: used[2:3], sub: used[3:]}
}

// fields are numbered as the standard does for every segment but MSH, where field n is at n-1.
func (d er7) fields(line []byte) []string {
	text := string(line)
	if d.charset != nil {
		if s, err := d.charset.NewDecoder().String(text); err == nil {
			text = s
		}
	}
	return strings.Split(text, d.field)
}

func (d er7) patient(h *Header, pid []string) patient.Patient {
	p := patient.Patient{BirthDate: day(moment(d.part(at(pid, 7), 0))), Sex: sexes[at(pid, 8)]}
	for _, n := range []int{3, 2, 4, 21} {
		for _, cx := range strings.Split(at(pid, n), d.repeat) {
			id, ok := d.identifier(cx)
			if n == 21 {
				id.Role = patient.RoleMother // PID-21, Mother's Identifier
			}
			if ok {
				addIdentifier(h, &p, id)
			}
		}
	}
	for _, xpn := range strings.Split(at(pid, 5), d.repeat) {
		family, _, _ := strings.Cut(d.part(xpn, 0), d.sub)
		var given []string
		for _, g := range []string{d.part(xpn, 1), d.part(xpn, 2)} {
			if g != "" {
				given = append(given, g)
			}
		}
		addName(h, &p, family, given)
	}
	return p
}

// identifier reads a CX: number ^ check digit ^ scheme ^ assigning authority (name & OID & ISO).
func (d er7) identifier(cx string) (patient.Identifier, bool) {
	value := d.part(cx, 0)
	if value == "" || len(value) > maxValue {
		return patient.Identifier{}, false
	}
	authority := strings.Split(d.part(cx, 3), d.sub)
	issuer := at(authority, 0)
	if isOID(at(authority, 1)) {
		issuer = at(authority, 1)
	}
	return localIdentifier(value, issuer), true
}

func (d er7) part(field string, n int) string {
	s := at(strings.Split(field, d.component), n)
	if s == `""` { // HL7 v2: the value is to be deleted
		return ""
	}
	return s
}

func at(list []string, n int) string {
	if n >= len(list) || len(list[n]) > maxValue {
		return ""
	}
	return tidy(list[n])
}
