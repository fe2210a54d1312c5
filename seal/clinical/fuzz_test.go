package clinical

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"kartoteka/seal/fuzztest"
)

// fuzzRead reads a document: it is never an error, what is found can be stored, and it does not depend on how the bytes
// come in.
func fuzzRead(t *testing.T, name string, doc []byte) Header {
	t.Helper()
	var h Header
	var err error
	fuzztest.Bounded(t, len(doc), func() { h, err = Read(name, bytes.NewReader(doc)) })
	if err != nil {
		t.Fatal(err)
	}
	checkInvariants(t, h)
	slow, err := Read(name, iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(doc))))
	if err != nil || !reflect.DeepEqual(slow, h) {
		t.Fatalf("byte by byte %+v, %v; at once %+v", slow, err, h)
	}
	return h
}

// FuzzRead begins with every kind of document: the sniffer and whatever it gives the document to.
func FuzzRead(f *testing.F) {
	for _, doc := range []string{cdaSample, fhirSample, asice, hl7Seeds[0], fhirXMLSeeds[0],
		part10("1.2.840.10008.1.2.1", sample(little(), `\ISO 2022 IR 87`, "A=\x1b$B;3ED\x1b(B")),
		sample(&writer{order: little().order}, "ISO_IR 144", "\xbf"),
		sample(&writer{order: binary.BigEndian}, "", "A^B"),
		"%PDF-1.7\n", "<!DOCTYPE html><html>", "<html xmlns='x'/>", "\xff\xfe<\x00a\x00/\x00>\x00", "\xfe\xff\x00{\x00}", "\xef\xbb\xbf<a/>", "{\\rtf1", "{}",
		strings.Repeat("\x00", 257) + "ustar", "Karta informacyjna\r\n", "\x0bMSH|^~\\&|\r\x1c\r", "\x1f\x8b\x08", "<a", "x<a>",
	} {
		f.Add("x.txt", []byte(doc))
	}
	f.Fuzz(func(t *testing.T, name string, doc []byte) { fuzzRead(t, name, doc) })
}

// FuzzCDA: inside a ClinicalDocument, in each of the encodings XML may declare.
func FuzzCDA(f *testing.F) {
	_, body, _ := strings.Cut(cdaSample, "urn:hl7-org:sdtc\">")
	body, _, _ = strings.Cut(body, "</ClinicalDocument>")
	encodings := []string{"UTF-8", "windows-1250", "ISO-8859-2", "windows-1251", "KOI8-U", "utf-16", "x"}
	for i := range encodings {
		f.Add(uint8(i), []byte(body))
	}
	for _, s := range []string{
		`<title>&#x41;&lt;<![CDATA[x]]><!-- c --></title>`, `<x:id xmlns:x="urn:hl7-org:v3" root="1.2"/>`, `<!DOCTYPE x [<!ENTITY a "b">]>`, `<?pi x?><code code="18842-5" codeSystem="2.16.840.1.113883.6.1"/>`,
		`<setId root="1.2.3"/><versionNumber value="01"/><effectiveTime value="2026"/><effectiveTime nullFlavor="UNK"/>`,
		`<recordTarget><patientRole><id root="2.16.840.1.113883.3.4424.1.1.616" extension="1"/><patient><name>Jan <family>K</family></name><birthTime value="1944051"/><multipleBirthInd/></patient></patientRole></recordTarget>`,
		`<componentOf><encompassingEncounter><effectiveTime value="20260301"/></encompassingEncounter></componentOf>`,
		`<documentationOf><serviceEvent><effectiveTime><low value="20260301"/></effectiveTime></serviceEvent></documentationOf>`,
		strings.Repeat("<a>", 101), "<title>" + strings.Repeat("t", 5<<10) + "</title>", "<title>", "</b>",
	} {
		f.Add(uint8(0), []byte(s))
	}
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		head := `<?xml version="1.0" encoding="` + encodings[int(n)%len(encodings)] + `"?><ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc" xmlns:extPL="http://www.csioz.gov.pl/xsd/extPL/r2">`
		fuzzRead(t, "", append(append([]byte(head), body...), "</ClinicalDocument>"...))
	})
}

// FuzzFHIRJSON: an object that says what it is.
func FuzzFHIRJSON(f *testing.F) {
	for _, s := range []string{fhirSample,
		`{"resourceType":"Patient","id":"a","identifier":[{"system":"urn:oid:1.2","value":"9"}]}`,
		`{"resourceType":"DocumentReference","masterIdentifier":{"system":"urn:ietf:rfc:3986","value":"urn:oid:1.2.3"},"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","name":[{"family":"Nowak"}]}],"type":{"coding":[{"system":"http://loinc.org","code":"11502-2"}]},"description":"Morfologia","securityLabel":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]}],"relatesTo":[{"code":"signs","target":{"reference":"DocumentReference/1"}}],"context":{"encounter":[{"identifier":{"value":"E"}}],"period":{"start":"2026-02-01"}},"content":[{"attachment":{"data":"QUJD"}}]}`,
		`{"resourceType":"DiagnosticReport","id":"r","category":[{"coding":[{"code":"RAD"}]}],"code":{"text":"RTG"},"effectivePeriod":{"start":"2026"},"issued":"2026-02-02T00:00:00Z","performer":[{"display":"Dr T"}],"subject":{"identifier":{"system":"urn:oid:2.16.840.1.113883.3.4424.1.1.616","value":"44051401359"}}}`,
		`{"resourceType":"Bundle","type":"collection","entry":[null,1,"x",[{}],{"resource":null},{"resource":{"resourceType":"Bundle","entry":[{}]}}]}`,
		`{"resourceType":["Patient"],"id":{"x":1},"name":"x","birthDate":[["2020"]],"title":"\ud83d\u0041"}`, `{"entry":{},"resourceType":"List"}`,
	} {
		f.Add([]byte(s[1:]))
	}
	f.Fuzz(func(t *testing.T, doc []byte) { fuzzRead(t, "", append([]byte("{"), doc...)) })
}

var fhirXMLSeeds = []string{
	`<Bundle xmlns="http://hl7.org/fhir"><type value="document"/><identifier><system value="urn:oid:1.2.3"/><value value="v1"/></identifier><entry><fullUrl value="urn:uuid:c"/><resource><Composition><id value="c"/><text><div xmlns="http://www.w3.org/1999/xhtml">N</div></text><type><coding><system value="http://loinc.org"/><code value="60591-5"/></coding></type><title value="Santrauka"/><date value="2026-01"/><subject><reference value="urn:uuid:p"/></subject></Composition></resource></entry><entry><fullUrl value="urn:uuid:p"/><resource><Patient><id value="p"/><name><family value="Šimkutė"/><given value="Ona"/></name><gender value="female"/></Patient></resource></entry><entry><resource><Binary><data value="QUJD"/></Binary></resource></entry></Bundle>`,
	`<DiagnosticReport xmlns="http://hl7.org/fhir"><contained><Patient><id value="p"/></Patient></contained><subject><reference value="#p"/></subject><category><coding><code value="RAD"/></coding></category></DiagnosticReport>`,
	`<Composition xmlns="http://hl7.org/fhir"><relatesTo><code value="replaces"/><targetReference><reference value="Composition/1"/></targetReference></relatesTo><title value="` + "x&#10;y" + `"/></Composition>`,
}

// FuzzFHIRXML: a resource, at the root.
func FuzzFHIRXML(f *testing.F) {
	for _, s := range fhirXMLSeeds {
		root, body, _ := strings.Cut(s[1:], ` xmlns="http://hl7.org/fhir">`)
		body, _, _ = strings.Cut(body, "</"+root)
		f.Add(root, []byte(body))
	}
	f.Fuzz(func(t *testing.T, root string, body []byte) {
		if !isResourceType(root) {
			root = "Bundle"
		}
		fuzzRead(t, "", []byte("<"+root+` xmlns="http://hl7.org/fhir">`+string(body)+"</"+root+">"))
	})
}

// FuzzDICOM: a data set behind meta information, in each way to write it.
func FuzzDICOM(f *testing.F) {
	syntaxes := []string{"1.2.840.10008.1.2.1", implicitLE, bigEndian, deflatedLE, compressedArc + "50", ""}
	writers := []func() *writer{little, func() *writer { return &writer{order: binary.LittleEndian} }, func() *writer { return &writer{order: binary.BigEndian, explicit: true} }}
	for i := range syntaxes {
		for _, w := range writers {
			f.Add(uint8(i), "ISO_IR 192", "Шевченко^Олена^Марія=x=y", []byte(sample(w(), "ISO_IR 101", "\xb1^B")))
		}
	}
	directory := little()
	directory.items(directorySequence, func() {
		directory.element(recordType, "CS", "PATIENT")
		directory.element(patientName, "PN", "A^B")
		directory.element(patientID, "LO", "1")
	}, func() {
		directory.element(recordType, "CS", "STUDY")
		directory.element(studyInstanceUID, "UI", "1.2")
	})
	f.Add(uint8(0), `ISO 2022 IR 87\ISO 2022 IR 149`, "A=\x1b$B;3ED\x1b(B^\x1b$)C\xb1\xe8", directory.Bytes())
	report := little()
	report.items(conceptName, func() { report.element(codeValue, "SH", "11502-2"); report.element(codeScheme, "SH", "LN") })
	report.element(documentTitle, "ST", "Opis")
	report.element(mimeType, "LO", "application/pdf")
	f.Add(uint8(0), "GB18030", "\xcd\xf5^\x81\x30", report.Bytes())
	unknown := little()
	unknown.head(otherPatientIDs, "UN", undefined)
	unknown.WriteString("\xfe\xff\x00\xe0\x0a\x00\x00\x00\x10\x00\x20\x00\x02\x00\x00\x0012\xfe\xff\xdd\xe0\x00\x00\x00\x00")
	f.Add(uint8(1), "ISO_IR 144", "\xbf", unknown.Bytes())
	f.Fuzz(func(t *testing.T, n uint8, charset, name string, data []byte) {
		syntax := syntaxes[int(n)%len(syntaxes)]
		if syntax == deflatedLE {
			data = deflated(t, data)
		}
		fuzzRead(t, "", []byte(part10(syntax, string(data))))
		if h := fuzzRead(t, "", []byte(part10(implicitLE, sample(writers[1](), charset, name)))); len(charset)+len(name) < 1000 && h.DocID != "1.2.3.4" {
			t.Errorf("character set %q: %+v", charset, h)
		}
	})
}

func deflated(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzDeflated: what stands behind the meta information of a deflated data set is not ours to have written.
func FuzzDeflated(f *testing.F) {
	f.Add(deflated(f, []byte(sample(little(), "ISO_IR 192", "A^B"))))
	f.Add(deflated(f, append([]byte("\x09\x00\x10\x00OB\x00\x00\xff\xff\xff\x7f"), make([]byte, 1<<16)...)))
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, "", []byte(part10(deflatedLE, string(data)))) })
}

var hl7Seeds = []string{
	"MSH|^~\\&|A|B|C|D|20260102||ADT^A01|1|P|2.5\rPID|||1^^^A||X^Y||2020|M\r",
	"MSH|^~\\&|A|B|C|D|202601021430+0100||ORU^R01|1|P|2.5|||||POL|8859/2\rPID|1||44051401359^^^&2.16.840.1.113883.3.4424.1.1.616&ISO~2^^^B|3^^^C|\xb1&x^Jan^M~Y^Z||19440514|M|||||||||||||||9^^^M\rOBX|1|ED|x\r",
	"MSH*:+!%*A\nPID***1\n", "MSH|^~\\&|\rPID|||\"\"||\"\"^\"\"\r",
}

// FuzzHL7v2: a message header and what follows.
func FuzzHL7v2(f *testing.F) {
	for _, s := range hl7Seeds {
		f.Add([]byte(s[3:]))
	}
	f.Fuzz(func(t *testing.T, rest []byte) { fuzzRead(t, "", append([]byte("MSH"), rest...)) })
}

// FuzzRuns: what the readers before the parsers drop makes no value longer and no short document another.
func FuzzRuns(f *testing.F) {
	f.Add([]byte(fhirSample))
	f.Add([]byte(cdaSample))
	f.Add([]byte(`{"a":"` + strings.Repeat(`\u0041\"`, 6000) + `","b":  1234  }`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, cut := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return &cutRuns{r: r} }, func(r io.Reader) io.Reader { return &cutStrings{r: r} },
		} {
			at, err := io.ReadAll(cut(bytes.NewReader(data)))
			one, err1 := io.ReadAll(cut(iotest.OneByteReader(bytes.NewReader(data))))
			if err != nil || err1 != nil || !bytes.Equal(at, one) || len(at) > len(data) {
				t.Fatalf("%q became %q, byte by byte %q", data, at, one)
			}
			if len(data) <= maxRun && len(strings.Fields(string(at))) != len(strings.Fields(string(data))) {
				t.Fatalf("%q became %q", data, at)
			}
		}
	})
}
