package corpus

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// sample is documents of one media type from a small corpus.
func sample(t *testing.T, mediaType string) []Document {
	t.Helper()
	var out []Document
	err := Generate(Options{Seed: 11}, func(b Bundle) error {
		for _, d := range b.Documents {
			if d.MediaType == mediaType {
				out = append(out, d)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 5 {
		t.Fatalf("only %d documents of %s", len(out), mediaType)
	}
	return out
}

func TestCDA(t *testing.T) {
	replaced, languages := 0, map[string]int{}
	for _, d := range sample(t, "application/xml") {
		var got struct {
			XMLName  xml.Name `xml:"urn:hl7-org:v3 ClinicalDocument"`
			Language struct {
				Code string `xml:"code,attr"`
			} `xml:"languageCode"`
			IDs []struct {
				Root      string `xml:"root,attr"`
				Extension string `xml:"extension,attr"`
			} `xml:"recordTarget>patientRole>id"`
			Family  []string   `xml:"recordTarget>patientRole>patient>name>family"`
			Version []struct{} `xml:"versionNumber"`
			Related []struct {
				Kind string `xml:"typeCode,attr"`
			} `xml:"relatedDocument"`
			Sections []struct {
				Title string `xml:"title"`
			} `xml:"component>structuredBody>component>section"`
		}
		if err := xml.Unmarshal(d.Bytes, &got); err != nil {
			t.Fatalf("%s: %v\n%s", d.Name, err, d.Bytes)
		}
		if len(got.IDs) == 0 || len(got.Family) == 0 || len(got.Version) != 1 || len(got.Sections) == 0 || got.Sections[0].Title == "" {
			t.Errorf("%s: %+v", d.Name, got)
		}
		replaced += len(got.Related)
		languages[got.Language.Code]++
	}
	t.Log(replaced, "replace an earlier version; languages", languages)
	if replaced == 0 || languages["pl-PL"] == 0 || languages["uk-UA"] == 0 || languages["lt-LT"] == 0 {
		t.Error("versions or languages are missing")
	}
}

func TestFHIR(t *testing.T) {
	for _, d := range sample(t, "application/fhir+json") {
		var got struct {
			ResourceType, Type string
			Entry              []struct {
				FullURL  string `json:"fullUrl"`
				Resource map[string]any
			}
		}
		if err := json.Unmarshal(d.Bytes, &got); err != nil {
			t.Fatal(err)
		}
		if got.ResourceType != "Bundle" || got.Type != "document" || got.Entry[0].Resource["resourceType"] != "Composition" {
			t.Errorf("%s begins %.200s", d.Name, d.Bytes)
		}
		for _, e := range got.Entry { // every reference is answered inside
			for _, m := range regexp.MustCompile(`"reference":"([^"]+)"`).FindAllSubmatch(d.Bytes, -1) {
				if !bytes.Contains(d.Bytes, []byte(`"fullUrl":"`+string(m[1])+`"`)) {
					t.Errorf("%s: %s of %s leads nowhere", d.Name, m[1], e.FullURL)
				}
			}
		}
	}
}

func TestLabResultSize(t *testing.T) {
	outside, total, bytes := 0, 0, 0
	for _, mediaType := range []string{"application/xml", "application/fhir+json"} {
		for _, d := range sample(t, mediaType) {
			if strings.Contains(d.Name, "-lab.") {
				total, bytes = total+1, bytes+len(d.Bytes)
				if len(d.Bytes) < 1000 || len(d.Bytes) > 4000 {
					outside++
				}
			}
		}
	}
	t.Logf("%d laboratory results, %d bytes each", total, bytes/total)
	if outside*10 > total {
		t.Errorf("%d of %d are not between 1 and 4 KB", outside, total)
	}
}

func TestPDFOffsets(t *testing.T) {
	images := 0
	for _, d := range sample(t, "application/pdf") {
		m := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(d.Bytes)
		if m == nil {
			t.Fatalf("%s has no startxref", d.Name)
		}
		at, _ := strconv.Atoi(string(m[1]))
		lines := strings.Split(string(d.Bytes[at:]), "\n")
		count, _ := strconv.Atoi(strings.TrimPrefix(lines[1], "0 "))
		if lines[0] != "xref" || count < 8 {
			t.Fatalf("%s: at %d stands %q, %q", d.Name, at, lines[0], lines[1])
		}
		for i := 1; i < count; i++ {
			entry := lines[2+i]
			offset, _ := strconv.Atoi(entry[:10])
			if want := fmt.Sprintf("%d 0 obj\n", i); len(entry) != 19 || !bytes.HasPrefix(d.Bytes[offset:], []byte(want)) {
				t.Errorf("%s: object %d is not at %d", d.Name, i, offset)
			}
		}
		if bytes.Contains(d.Bytes, []byte("/DCTDecode")) {
			images++
		}
	}
	if images == 0 {
		t.Error("no PDF holds an image")
	}
}

func TestScansDecode(t *testing.T) {
	for _, mediaType := range []string{"image/jpeg", "image/png"} {
		for _, d := range sample(t, mediaType)[:5] {
			page, kind, err := image.Decode(bytes.NewReader(d.Bytes))
			if err != nil {
				t.Fatalf("%s: %v", d.Name, err)
			}
			t.Log(kind, page.Bounds(), d.Size)
			if d.Size < 50e3 || d.Size > 700e3 {
				t.Errorf("%s has %d bytes", d.Name, d.Size)
			}
		}
	}
}

func TestHuge(t *testing.T) {
	const size = 9<<20 + 12345
	a, err := io.ReadAll(Huge(size))
	if err != nil || int64(len(a)) != size&^1 {
		t.Fatalf("got %d bytes, %v; want %d", len(a), err, size&^1)
	}
	if b, _ := io.ReadAll(Huge(size)); !bytes.Equal(a, b) {
		t.Error("the same size made other bytes")
	}
	dumped(t, a)
	var last Bundle
	if err := Generate(Options{Patients: 1, Huge: 3 << 20}, func(b Bundle) error { last = b; return nil }); err != nil {
		t.Fatal(err)
	}
	d := last.Documents[0]
	n, err := io.Copy(io.Discard, d.Open())
	if n != d.Size || err != nil || d.Size != 3<<20 {
		t.Errorf("read %d of %d bytes: %v", n, d.Size, err)
	}
}

func TestDICOMPasses(t *testing.T) {
	for _, d := range sample(t, "application/dicom")[:12] {
		if d.Size < 30e3 || d.Size > 500e3 {
			t.Errorf("%s has %d bytes", d.Name, d.Size)
		}
		dumped(t, d.Bytes)
	}
}

func dumped(t *testing.T, content []byte) {
	t.Helper()
	out := run(t, "dcmtk", "dcmdump", "image.dcm", content)
	if !strings.Contains(out, "ISO_IR 192") || !strings.Contains(out, "PixelData") {
		t.Errorf("dcmdump says %.400s", out)
	}
}

func TestXMLLint(t *testing.T) {
	for _, d := range sample(t, "application/xml")[:10] {
		run(t, "libxml2-utils", "xmllint", "document.xml", d.Bytes, "--noout")
	}
}

func TestPDFText(t *testing.T) {
	for _, d := range sample(t, "application/pdf")[:10] {
		out := run(t, "poppler-utils", "pdftotext", "page.pdf", d.Bytes)
		if !strings.Contains(out, polish.made) && !strings.Contains(out, ukrainian.made) && !strings.Contains(out, lithuanian.made) {
			t.Errorf("the text of %s is %.200s", d.Name, out)
		}
	}
}

// run gives the content to a stock tool, which must accept it without a word of complaint.
func run(t *testing.T, pkg, tool, name string, content []byte, options ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	options = append(options, path)
	if tool == "pdftotext" {
		options = append(options, "-")
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(tool, options...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skipf("SKIP: %s is missing; package %s brings it", tool, pkg)
	}
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s: %v: %s", tool, err, stderr.Bytes())
	}
	return stdout.String()
}
