package clinical

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"kartoteka/seal/patient"
)

// writer makes DICOM data elements.
type writer struct {
	bytes.Buffer
	order    binary.AppendByteOrder
	explicit bool
}

func (w *writer) tag(tag uint32) {
	w.Write(w.order.AppendUint16(w.order.AppendUint16(nil, uint16(tag>>16)), uint16(tag)))
}

func (w *writer) element(tag uint32, vr, value string) {
	if len(value)%2 == 1 {
		value += " "
	}
	w.head(tag, vr, uint32(len(value)))
	w.WriteString(value)
}

func (w *writer) head(tag uint32, vr string, length uint32) {
	w.tag(tag)
	switch {
	case !w.explicit || tag>>16 == 0xfffe:
		w.Write(w.order.AppendUint32(nil, length))
	case longVRs[vr]:
		w.WriteString(vr + "\x00\x00")
		w.Write(w.order.AppendUint32(nil, length))
	default:
		w.WriteString(vr)
		w.Write(w.order.AppendUint16(nil, uint16(length)))
	}
}

// items writes a sequence of undefined length with items of undefined length.
func (w *writer) items(tag uint32, items ...func()) {
	w.head(tag, "SQ", undefined)
	for _, item := range items {
		w.head(itemTag, "", undefined)
		item()
		w.head(itemEnd, "", 0)
	}
	w.head(sequenceEnd, "", 0)
}

func little() *writer { return &writer{order: binary.LittleEndian, explicit: true} }

// part10 puts a preamble and meta information before a data set.
func part10(syntax, data string) string {
	w := little()
	w.WriteString(strings.Repeat("\x00", 128) + "DICM")
	w.element(mediaClassUID, "UI", "1.2.840.10008.5.1.4.1.1.2\x00")
	w.element(mediaInstanceUID, "UI", "1.2.3.4")
	if syntax != "" {
		w.element(transferSyntaxUID, "UI", syntax+"\x00")
	}
	return w.String() + data
}

// sample is a CT instance of a made-up person, up to its pixels.
func sample(w *writer, charset, name string) string {
	if charset != "" {
		w.element(charsetTag, "CS", charset)
	}
	w.element(sopClassUID, "UI", "1.2.840.10008.5.1.4.1.1.2\x00")
	w.element(sopInstanceUID, "UI", "1.2.3.4\x00")
	w.element(studyDate, "DA", "20260304")
	w.element(studyTime, "TM", "101500.25")
	w.element(accessionNumber, "SH", "ACC1")
	w.element(modality, "CS", "CT")
	w.items(0x00081140, func() { w.element(sopInstanceUID, "UI", "9.9.9") })
	w.element(patientName, "PN", name)
	w.element(patientID, "LO", "P-1")
	w.element(birthDate, "DA", "20100102")
	w.element(patientSex, "CS", "F")
	w.items(otherPatientIDs, func() {
		w.element(patientID, "LO", "44051401359")
		w.items(issuerQualifiers, func() { w.element(universalEntityID, "UT", "2.16.840.1.113883.3.4424.1.1.616") })
	})
	w.element(studyInstanceUID, "UI", "1.2.3")
	w.element(admissionID, "LO", "KG 77")
	w.element(0x7fe00010, "OW", "pixels")
	return w.String()
}

func TestDICOM(t *testing.T) {
	var deflated bytes.Buffer
	z, _ := flate.NewWriter(&deflated, 9)
	z.Write([]byte(sample(little(), "ISO_IR 192", "Шевченко^Олена^Марія")))
	z.Close()
	big := &writer{order: binary.BigEndian, explicit: true}
	implicit := func() *writer { return &writer{order: binary.LittleEndian} }
	utf8Name := "Шевченко^Олена^Марія"
	guessed := []string{"no transfer syntax, guessed"}
	lied := []string{"data set is not in the declared transfer syntax"}
	for _, tt := range []struct {
		name, syntax, file string
		compressed         bool
		warnings           []string
	}{
		{"explicit", "1.2.840.10008.1.2.1", part10("1.2.840.10008.1.2.1", sample(little(), "ISO_IR 192", utf8Name)), false, nil},
		{"implicit", implicitLE, part10(implicitLE, sample(implicit(), "ISO_IR 192", utf8Name)), false, nil},
		{"big endian", bigEndian, part10(bigEndian, sample(big, "ISO_IR 192", utf8Name)), false, nil},
		{"deflated", deflatedLE, part10(deflatedLE, deflated.String()), true, nil},
		{"JPEG", compressedArc + "50", part10(compressedArc+"50", sample(little(), "ISO_IR 192", utf8Name)), true, nil},
		{"no syntax", "", part10("", sample(implicit(), "ISO_IR 192", utf8Name)), false, guessed},
		{"no meta", "", sample(little(), "ISO_IR 192", utf8Name), false, guessed},
		{"no meta, implicit", "", sample(implicit(), "ISO_IR 192", utf8Name), false, guessed},
		{"wrong syntax", "1.2.840.10008.1.2.1", part10("1.2.840.10008.1.2.1", sample(implicit(), "ISO_IR 192", utf8Name)), false, lied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			compare(t, mustRead(t, "I0001", tt.file), Header{
				Format: DICOM, MediaType: "application/dicom", Class: "image", DocID: "1.2.3.4",
				Authored: "2026-03-04T10:15:00", ServiceStart: "2026-03-04T10:15:00", EncounterID: "KG 77",
				Study: Study{InstanceUID: "1.2.3", Accession: "ACC1", Date: "2026-03-04", Modality: "CT", SOPInstanceUID: "1.2.3.4",
					SOPClassUID: "1.2.840.10008.5.1.4.1.1.2", TransferSyntax: tt.syntax},
				Patients: []patient.Patient{{
					Identifiers: []patient.Identifier{{System: "local", Value: "P-1", Role: "own"},
						{System: "pl.pesel", Value: "44051401359", Role: "own", Country: "PL"}},
					Names:     []patient.Name{{Family: "Шевченко", Given: []string{"Олена", "Марія"}, Script: "Cyrl"}},
					BirthDate: "2010-01-02", Sex: "F",
				}},
				Compressed: tt.compressed, Warnings: tt.warnings,
			})
		})
	}
}

func TestDICOMCharsets(t *testing.T) {
	latin := func(cs *charmap.Charmap, s string) string {
		out, err := cs.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, tt := range []struct {
		charset, value string
		names          []string // family given
		warnings       int
	}{
		{"ISO_IR 100", latin(charmap.ISO8859_1, "Buc^Jérôme"), []string{"Buc Jérôme"}, 0},
		{"ISO_IR 101", latin(charmap.ISO8859_2, "Wałęsa^Żaneta"), []string{"Wałęsa Żaneta"}, 0},
		{"ISO_IR 110", latin(charmap.ISO8859_4, "Šimkutė^Ona"), []string{"Šimkutė Ona"}, 0},
		{"ISO_IR 144", latin(charmap.ISO8859_5, "Люксембург^Їжак"), []string{"Люксембург Їжак"}, 0},
		{"ISO_IR 126", latin(charmap.ISO8859_7, "Διονυσιος"), []string{"Διονυσιος"}, 0},
		{"ISO_IR 138", latin(charmap.ISO8859_8, "שרון^דבורה"), []string{"שרון דבורה"}, 0},
		{`\ISO 2022 IR 144`, "Petrov^\x1b-L" + latin(charmap.ISO8859_5, "Пётр"), []string{"Petrov Пётр"}, 0},
		{`ISO 2022 IR 6\ISO 2022 IR 100\ISO 2022 IR 144`, "\x1b-A\xfcnal^\x1b-L" + latin(charmap.ISO8859_5, "Я"), []string{"ünal Я"}, 0},
		// PS3.5 H.3.1, the standard's own examples, Japanese and Korean.
		{`\ISO 2022 IR 87`, "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
			[]string{"Yamada Tarou", "山田 太郎", "やまだ たろう"}, 0},
		{"ISO_IR 13\\ISO 2022 IR 87", "\xd4\xcf\xc0\xde^\xc0\xdb\xb3", []string{"ﾔﾏﾀﾞ ﾀﾛｳ"}, 0},
		{`\ISO 2022 IR 149`, "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
			[]string{"Hong Gildong", "洪 吉洞", "홍 길동"}, 0},
		{"GB18030", "Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab", []string{"Wang XiaoDong", "王 小东"}, 0},
		{"ISO_IR 999", "Nowak^J\xf3zef", []string{"Nowak J?zef"}, 1},
		{"", "Łęcka^Żaneta", []string{"Łęcka Żaneta"}, 0},
		{"", "\xb3cka^A", []string{"\uFFFDcka A"}, 1},
		{"ISO_IR 100", "Wiśniewska^Anna", []string{"Wiśniewska Anna"}, 1}, // UTF-8 under a false label
	} {
		h := mustRead(t, "", part10("1.2.840.10008.1.2.1", sample(little(), tt.charset, tt.value)))
		var got []string
		for _, n := range h.Patients[0].Names {
			got = append(got, strings.TrimSpace(n.Family+" "+strings.Join(n.Given, " ")))
		}
		if !reflect.DeepEqual(got, tt.names) || len(h.Warnings) != tt.warnings {
			t.Errorf("%q: got %q, want %q; warnings %v", tt.charset, got, tt.names, h.Warnings)
		}
	}
}

func TestDICOMDIR(t *testing.T) {
	w := little()
	record := func(kind string, more func()) func() {
		return func() {
			w.element(recordType, "CS", kind)
			w.element(charsetTag, "CS", "ISO_IR 101")
			more()
		}
	}
	person := func(name, id string) func() {
		return func() { w.element(patientName, "PN", name); w.element(patientID, "LO", id) }
	}
	w.items(directorySequence,
		record("PATIENT", person("Nowak^Jan", "1")),
		record("STUDY", func() { w.element(studyInstanceUID, "UI", "1.2.3") }),
		record("IMAGE", person("Not^Kept", "x")),
		record("PATIENT", person("\xa3\xeacka^Anna", "2")))
	meta := little()
	meta.WriteString(strings.Repeat("\x00", 128) + "DICM")
	meta.element(mediaClassUID, "UI", mediaStorage)
	meta.element(mediaInstanceUID, "UI", "1.9")
	meta.element(transferSyntaxUID, "UI", "1.2.840.10008.1.2.1\x00")
	h := mustRead(t, "DICOMDIR", meta.String()+w.String())
	if h.Format != DICOMDIR || len(h.Patients) != 2 || h.Patients[1].Names[0].Family != "Łęcka" ||
		h.Study.InstanceUID != "1.2.3" || h.DocID != "1.9" || h.Warnings != nil {
		t.Errorf("got %+v", h)
	}
}

func TestDICOMReport(t *testing.T) {
	w := little()
	w.element(sopClassUID, "UI", "1.2.840.10008.5.1.4.1.1.104.2")
	w.items(conceptName, func() { w.element(codeValue, "SH", "34133-9"); w.element(codeScheme, "SH", "LN") })
	w.element(documentTitle, "ST", "Summary")
	h := mustRead(t, "", part10("1.2.840.10008.1.2.1", w.String()))
	if h.LOINC != "34133-9" || h.Class != "patient_summary" || h.Title != "Summary" {
		t.Errorf("got %+v", h)
	}
}
