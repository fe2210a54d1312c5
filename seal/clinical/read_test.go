package clinical

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"kartoteka/seal/patient"
)

func TestFormats(t *testing.T) {
	for _, tt := range []struct {
		name, content, format, media string
		compressed                   bool
	}{
		{"lies.xml", "%PDF-1.7\n", PDF, "application/pdf", false},
		{"lies.pdf", "\xff\xd8\xff\xe0\x00\x10JFIF", Image, "image/jpeg", true},
		{"", "\x89PNG\r\n\x1a\n", Image, "image/png", true},
		{"", "II*\x00\x08\x00\x00\x00", Image, "image/tiff", false},
		{"", "GIF89a", Image, "image/gif", true},
		{"", "{\\rtf1\\ansi Karta}", Text, "application/rtf", false},
		{"", "PK\x03\x04", Other, "application/zip", true},
		{"", asice, Other, "application/vnd.etsi.asic-e+zip", true},
		{"a.txt", "Zażółć gęślą jaźń", Text, "text/plain; charset=utf-8", false},
		{"a.csv", "a;b\n", Text, "text/csv; charset=utf-8", false},
		{"a.txt", "Za\xbf\xf3\xb3\xe6", Text, "text/plain", false}, // windows-1250
		{"a.txt", "\xff\xfeH\x00i\x00", Text, "text/plain; charset=utf-16", false},
		{"", "\x00\x01\x02", Other, "application/octet-stream", false},
		{"", "", Other, "application/octet-stream", false},
		{"", "<html><body>x</body></html>", Text, "text/html", false},
		{"", "<!DOCTYPE html><html>", Text, "text/html", false},
		{"", "<a/>", Other, "application/xml", false},
		{"", "< 3 mg/l\n", Text, "text/plain; charset=utf-8", false},
		{"", `{"a":1}`, Other, "application/json", false},
		{"", "{patient was calm}", Text, "text/plain; charset=utf-8", false},
		{"", "MSH|^~\\&|A|B|C|D|20260102||ADT^A01|1|P|2.5\r", HL7v2, "x-application/hl7-v2+er7", false},
	} {
		h := mustRead(t, tt.name, tt.content)
		if h.Format != tt.format || h.MediaType != tt.media || h.Compressed != tt.compressed {
			t.Errorf("%.20q: got %s, %s, %v", tt.content, h.Format, h.MediaType, h.Compressed)
		}
	}
}

// asice is the first local file header of an ASiC-E container.
const asice = "PK\x03\x04\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x1f\x00\x00\x00\x1f\x00\x00\x00\x08\x00\x00\x00mimetype" +
	"application/vnd.etsi.asic-e+zip"

func TestHL7v2(t *testing.T) {
	h := mustRead(t, "", "\vMSH|^~\\&|A|B|C|D|20260305101112+0100||ADT^A28|1|P|2.5|||||PL|UNICODE UTF-8\r"+
		"PID|1||9^^^HIS~44051401359^^^PESEL&2.16.840.1.113883.3.4424.1.1.616&ISO^NI||Łęcka^Anna^Maria~Kowal^Anna||20260304|F|||||||||||||02211307589^^^&2.16.840.1.113883.3.4424.1.1.616&ISO\r"+
		"OBX|1|ED|x||"+strings.Repeat("QUJD", 20_000)+"\r")
	want := []patient.Patient{{
		Identifiers: []patient.Identifier{
			{System: "local.his", Value: "9", Role: "own"},
			{System: "pl.pesel", Value: "44051401359", Role: "own", Country: "PL"},
			{System: "pl.pesel", Value: "02211307589", Role: "mother", Country: "PL"},
		},
		Names: []patient.Name{{Family: "Łęcka", Given: []string{"Anna", "Maria"}, Script: "Latn"},
			{Family: "Kowal", Given: []string{"Anna"}, Script: "Latn"}},
		BirthDate: "2026-03-04", Sex: "F",
	}}
	if h.Authored != "2026-03-05T10:11:12+01:00" || !reflect.DeepEqual(h.Patients, want) || h.Warnings != nil {
		t.Errorf("got %+v", h)
	}
}

// TestReadError: a broken disk is an error, a broken document is not, wherever it breaks.
func TestReadError(t *testing.T) {
	broken := errors.New("disk")
	dicom := part10("1.2.840.10008.1.2.1", sample(little(), "", "A^B"))
	for _, doc := range []string{"", cdaSample, fhirSample, dicom, strings.Repeat(" ", 5000) + fhirSample} {
		for _, cut := range []int{0, len(doc) / 8, len(doc) / 2} {
			r := io.MultiReader(strings.NewReader(doc[:cut]), iotest.ErrReader(broken))
			if _, err := Read("", r); !errors.Is(err, broken) {
				t.Errorf("%.12q cut at %d: got %v", doc, cut, err)
			}
			if _, err := Read("", strings.NewReader(doc[:cut])); err != nil {
				t.Errorf("%.12q truncated at %d: got %v", doc, cut, err)
			}
		}
	}
}

// TestReadSlowly: how r hands out its bytes changes nothing.
func TestReadSlowly(t *testing.T) {
	for _, doc := range []string{cdaSample, fhirSample, part10(implicitLE, sample(&writer{order: little().order}, "", "A^B"))} {
		whole := mustRead(t, "", doc)
		slow, err := Read("", iotest.DataErrReader(iotest.OneByteReader(strings.NewReader(doc))))
		if err != nil || !reflect.DeepEqual(whole, slow) {
			t.Errorf("%.12q: got %+v, %v", doc, slow, err)
		}
	}
}
