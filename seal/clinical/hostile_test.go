package clinical

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
)

const secret = "EXPANDED"

func TestHostileXML(t *testing.T) {
	wrap := func(dtd, body string) string {
		return `<?xml version="1.0"?>` + dtd + `<ClinicalDocument xmlns="urn:hl7-org:v3">` + body + `</ClinicalDocument>`
	}
	lol := `<!DOCTYPE ClinicalDocument [<!ENTITY a "` + secret + `">`
	for i := 'b'; i < 'k'; i++ {
		lol += "<!ENTITY " + string(i) + ` "` + strings.Repeat("&"+string(i-1)+";", 10) + `">`
	}
	for name, doc := range map[string]string{
		"billion laughs": wrap(lol+"]>", "<title>&j;</title>"),
		"XXE file":       wrap(`<!DOCTYPE ClinicalDocument [<!ENTITY x SYSTEM "file:///etc/passwd">]>`, "<title>&x;</title>"),
		"external DTD":   wrap(`<!DOCTYPE cda:ClinicalDocument SYSTEM "http://127.0.0.1/x.dtd">`, "<title>"+secret+"</title>"),
		"late DTD":       wrap("", `<!DOCTYPE x [<!ENTITY a "`+secret+`">]><title>&a;</title>`),
		"undeclared":     wrap("", "<title>&nbsp;"+secret+"</title>"),
		"deep":           wrap("", strings.Repeat("<a>", 1<<20)),
		"deep foreign":   `<Composition xmlns="http://hl7.org/fhir">` + strings.Repeat("<x>", 1<<20),
		"deep wanted":    `<Composition xmlns="http://hl7.org/fhir">` + strings.Repeat("<type>", 1<<20),
		"attributes":     wrap("", "<a "+strings.Repeat(`b="c" `, 1<<18)+"/><title>ok</title>x<"),
		"long name":      wrap("", "<"+strings.Repeat("a", 1<<21)+">"),
	} {
		h := mustRead(t, "", doc)
		if (h.Format != CDA && h.Format != FHIR) || len(h.Warnings) == 0 || strings.Contains(h.Title, secret) {
			t.Errorf("%s: got %s, title %q, warnings %v", name, h.Format, h.Title, h.Warnings)
		}
	}
}

func TestHostileJSON(t *testing.T) {
	for name, doc := range map[string]string{
		"deep arrays":   `{"resourceType":"Composition","x":` + strings.Repeat("[", 1<<20),
		"deep objects":  `{"resourceType":"Composition","type":` + strings.Repeat(`{"type":`, 1<<20),
		"long number":   `{"resourceType":"Composition","x":` + strings.Repeat("9", 1<<20) + `e`,
		"many elements": `{"resourceType":"Composition","type":[` + strings.Repeat(`{"code":"1"},`, 1<<18) + `{}]}`,
		"many patients": `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Repeat(`{"resource":{"resourceType":"Patient","id":"1"}},`, 1<<18) + `{}]}`,
		"long value":    `{"resourceType":"Composition","title":"` + strings.Repeat("t", 5<<10) + `"}`,
	} {
		h := mustRead(t, "", doc)
		if h.Format != FHIR || len(h.Warnings) == 0 || h.Title != "" {
			t.Errorf("%s: got %s, title %.20q, warnings %v", name, h.Format, h.Title, h.Warnings)
		}
	}
}

func TestHostileDICOM(t *testing.T) {
	claim := func(tag uint32, vr string, length uint32) string {
		w := little()
		w.element(sopInstanceUID, "UI", "1.2.3")
		w.head(tag, vr, length)
		return part10("1.2.840.10008.1.2.1", w.String()+"x")
	}
	nested := func(length uint32) string {
		w := little()
		for range 100_000 {
			w.head(otherPatientIDs, "SQ", length)
			w.head(itemTag, "", length)
		}
		return part10("1.2.840.10008.1.2.1", w.String())
	}
	long := little()
	long.element(sopInstanceUID, "UI", "1.2.3")
	long.element(patientName, "PN", strings.Repeat("A", 5000))
	for name, doc := range map[string]string{
		"4 GiB text":     claim(mimeType, "UT", 0xfffffffe),
		"4 GiB skipped":  claim(0x00110010, "OB", 0xfffffffe),
		"4 GiB sequence": claim(otherPatientIDs, "SQ", 0xfffffffe),
		"no sequence":    claim(patientName, "UN", undefined),
		"nested":         nested(undefined),
		"nested, sized":  nested(0x7fffffff),
		"long value":     part10("1.2.840.10008.1.2.1", long.String()),
		"not deflated":   part10(deflatedLE, "\xff\xff\xff"),
	} {
		h := mustRead(t, "", doc)
		if h.Format != DICOM || len(h.Warnings) == 0 {
			t.Errorf("%s: got %s, warnings %v", name, h.Format, h.Warnings)
		}
	}
}

// TestMemory: endless documents of each kind are given up on, and the memory taken on the way is bounded.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIP: reads 64 MiB a dozen times; run without -short")
	}
	const bound = 48 << 20
	for name, doc := range map[string][2]string{
		"xml text":      {`<ClinicalDocument xmlns="urn:hl7-org:v3"><title>`, "ż-"},
		"xml comment":   {`<ClinicalDocument xmlns="urn:hl7-org:v3"><!--`, "ż."},
		"xml attribute": {`<Composition xmlns="http://hl7.org/fhir"><x value="`, "ż;"},
		"xml base64":    {`<Composition xmlns="http://hl7.org/fhir"><x value="`, "QUJD"},
		"xml DTD":       {`<!DOCTYPE ClinicalDocument [`, `<!ENTITY a "b">`},
		"json string":   {`{"resourceType":"Composition","title":"`, `ż\n`},
		"json array":    {`{"resourceType":"Composition","type":[`, `{"code":"1"},`},
		"json space":    {`{"resourceType":"Composition",`, " "},
		"hl7":           {"MSH|^~\\&|\rPID|", "~1"},
		"dicom private": {part10(implicitLE, "\x09\x00\x10\x00\xff\xff\xff\x7f"), "\x00"},
		"dicom items":   {part10(implicitLE, "\x04\x00\x20\x12\xff\xff\xff\xff"), "\xfe\xff\x00\xe0\x00\x00\x00\x00"},
		"dicom patients": {part10(implicitLE, "\x04\x00\x20\x12\xff\xff\xff\xff"),
			"\xfe\xff\x00\xe0\x1a\x00\x00\x00\x04\x00\x30\x14\x08\x00\x00\x00PATIENT \x10\x00\x20\x00\x02\x00\x00\x0012"},
	} {
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		peak := &peakReader{r: endless(doc[0], doc[1]), base: before.HeapAlloc}
		h, err := Read("", peak)
		if err != nil || len(h.Warnings) == 0 && name != "hl7" {
			t.Errorf("%s: got %v, warnings %v", name, err, h.Warnings)
		}
		t.Logf("%s: %d KiB alive at most, %d MiB read", name, peak.peak>>10, peak.read>>20)
		if peak.peak > bound || peak.read > maxRead+1<<20 {
			t.Errorf("%s: took %d MiB of memory, read %d MiB", name, peak.peak>>20, peak.read>>20)
		}
	}
}

func endless(head, tail string) io.Reader {
	return io.MultiReader(strings.NewReader(head), &repeater{unit: bytes.Repeat([]byte(tail), 64)})
}

type repeater struct {
	unit []byte
	at   int
}

func (r *repeater) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c := copy(p[n:], r.unit[r.at:])
		n, r.at = n+c, (r.at+c)%len(r.unit)
	}
	return n, nil
}

// peakReader looks at what is alive on the heap every 4 MiB.
type peakReader struct {
	r          io.Reader
	base, peak uint64
	read, next int
}

func (p *peakReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if p.read += n; p.read >= p.next {
		p.next = p.read + 4<<20
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if m.HeapAlloc > p.base {
			p.peak = max(p.peak, m.HeapAlloc-p.base)
		}
	}
	return n, err
}

// TestTruncated cuts small documents at every byte.
func TestTruncated(t *testing.T) {
	for _, doc := range []string{cdaSample, fhirSample,
		part10("1.2.840.10008.1.2.1", sample(little(), "ISO_IR 192", "Ł^A")),
		part10(implicitLE, sample(&writer{order: little().order}, "", "A^B")),
	} {
		whole := mustRead(t, "", doc)
		for n := range len(doc) {
			h := mustRead(t, "", doc[:n])
			if n > 4096 && h.Format != whole.Format && h.Format != Text && h.Format != Other {
				t.Errorf("%.12q cut at %d: got %s", doc, n, h.Format)
			}
			checkInvariants(t, h)
		}
	}
}

// checkInvariants holds for every Header whatever the document.
func checkInvariants(t *testing.T, h Header) {
	t.Helper()
	if h.Format == "" || h.MediaType == "" || len(h.Warnings) > maxWarnings {
		t.Fatalf("got %+v", h)
	}
	for _, p := range h.Patients {
		if err := p.Validate(); err != nil {
			t.Fatalf("patient cannot be stored: %v", err)
		}
	}
	for _, s := range []string{h.Title, h.Language, h.Authored, h.DocID, h.SetID, h.Version, h.EncounterID, h.Study.InstanceUID} {
		if len(s) > 3*maxValue || s != tidy(s) { // a broken letter becomes three bytes
			t.Fatalf("value is not tidy or too long: %d bytes", len(s))
		}
	}
}
