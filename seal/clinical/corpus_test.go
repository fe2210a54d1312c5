package clinical

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The corpus is kept outside the repository, in a folder shared/data beside one of the folders above
// it, since it has other people's licences. Each of its folders has a MANIFEST.tsv whose first column is the
// path and whose eighth says what the file tests.

func corpus(t *testing.T, folder string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if found := filepath.Join(dir, "shared", "data", folder); exists(found) {
			return found
		}
	}
	t.Skipf("SKIP: no shared/data/%s above this folder", folder)
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// manifest returns the files of a folder that are there.
func manifest(t *testing.T, dir string) []string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var files []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, _, _ := strings.Cut(lines.Text(), "\t")
		if path := filepath.Join(dir, filepath.FromSlash(name)); name != "path" && exists(path) {
			files = append(files, path)
		}
	}
	if len(files) == 0 {
		t.Fatalf("%s lists no file that is there", dir)
	}
	return files
}

func readFile(t *testing.T, path string) (Header, []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Read(filepath.Base(path), bytes.NewReader(content))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	checkInvariants(t, h)
	return h, content
}

// oracle reads the same CDA fields through encoding/xml's reflection, as a second opinion.
type oracle struct {
	XMLName  xml.Name  `xml:"urn:hl7-org:v3 ClinicalDocument"`
	ID       ii        `xml:"id"`
	SetID    ii        `xml:"setId"`
	Version  attrs     `xml:"versionNumber"`
	Language attrs     `xml:"languageCode"`
	Code     attrs     `xml:"code"`
	Time     attrs     `xml:"effectiveTime"`
	Targets  []target  `xml:"recordTarget"`
	Related  []related `xml:"relatedDocument"`
}

type target struct {
	IDs   []ii  `xml:"patientRole>id"`
	Birth attrs `xml:"patientRole>patient>birthTime"`
}

type related struct {
	Parent ii `xml:"parentDocument>id"`
}

type ii struct {
	Root      string `xml:"root,attr"`
	Extension string `xml:"extension,attr"`
	Null      string `xml:"nullFlavor,attr"`
}

type attrs struct {
	Value  string `xml:"value,attr"`
	Code   string `xml:"code,attr"`
	System string `xml:"codeSystem,attr"`
}

func (i ii) String() string {
	if i.Null != "" {
		return ""
	}
	return documentID(tidy(i.Root), tidy(i.Extension))
}

func TestCorpusCDA(t *testing.T) {
	// What the manifest's folder holds besides ClinicalDocuments.
	others := map[string]string{
		"Masked Social Security Number.xml": Other, "Multiple Patient Identifiers (C-CDAR2.1).xml": Other,
		"Patient Demographic Information(C-CDA2.1).xml": Other, "RTF Note (C-CDA R2.1).xml": Other,
		"Care Team Narrative Only (C-CDAR2.1).xml": Other, // fragments: their root is a section or a recordTarget
		"ccda-example.xml":                         FHIR, "ccda-example-bad.xml": FHIR, "C-CDA_R2_UD_sample.pdf": PDF,
	}
	documents := 0
	for _, path := range manifest(t, corpus(t, "01-cda")) {
		name := filepath.Base(path)
		h, content := readFile(t, path)
		if want, ok := others[name]; ok {
			if h.Format != want {
				t.Errorf("%s: got %s, want %s", name, h.Format, want)
			}
			continue
		}
		documents++
		if h.Format != CDA {
			t.Errorf("%s: got %s, want cda", name, h.Format)
			continue
		}
		var o oracle
		if err := xml.Unmarshal(content, &o); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		compareOracle(t, name, h, o)
	}
	if documents < 20 {
		t.Errorf("only %d documents", documents)
	}
}

func compareOracle(t *testing.T, name string, h Header, o oracle) {
	t.Helper()
	for _, d := range differences(h, o) {
		t.Errorf("%s: %s", name, d)
	}
}

// differences says where a header does not say what the oracle does.
func differences(h Header, o oracle) (list []string) {
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	for _, f := range []struct{ field, got, want string }{
		{"id", h.DocID, o.ID.String()},
		{"setId", h.SetID, o.SetID.String()},
		{"versionNumber", h.Version, o.Version.Value},
		{"languageCode", h.Language, o.Language.Code},
		{"effectiveTime", h.Authored, moment(o.Time.Value)},
	} {
		if f.got != f.want || f.want == "" && f.field == "id" {
			add("%s: got %q, want %q", f.field, f.got, f.want)
		}
	}
	if o.Code.System == loincSystem && h.LOINC != o.Code.Code {
		add("LOINC: got %q, want %q", h.LOINC, o.Code.Code)
	}
	if len(h.Relations) != len(o.Related) {
		add("%d relations, want %d", len(h.Relations), len(o.Related))
	}
	if len(h.Patients) != len(o.Targets) {
		add("%d patients, want %d", len(h.Patients), len(o.Targets))
		return list
	}
	for i, target := range o.Targets {
		var want []string
		for _, id := range target.IDs {
			if id.Null == "" && id.Root != "" {
				want = append(want, tidy(first(id.Extension, "urn:oid:"+id.Root)))
			}
		}
		var got []string
		for _, id := range h.Patients[i].Identifiers {
			got = append(got, strings.Replace(id.Value, "urn:uuid:", "urn:oid:", 1))
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			add("patient %d: %d identifiers, want %d", i, len(got), len(want))
		}
		if b := day(moment(target.Birth.Value)); h.Patients[i].BirthDate != b || len(h.Patients[i].Names) == 0 {
			add("patient %d: birth date or name missing", i)
		}
	}
	return list
}

func TestCorpusFHIR(t *testing.T) {
	for _, path := range manifest(t, corpus(t, "02-fhir")) {
		h, content := readFile(t, path)
		if h.Format != FHIR || h.Warnings != nil {
			t.Errorf("%s: got %s, warnings %v", path, h.Format, h.Warnings)
		}
		if bytes.Contains(content, []byte(`"Composition"`)) && (h.LOINC == "" || h.DocID == "" || h.Title == "" || len(h.Patients) != 1) {
			t.Errorf("%s: got %+v", path, h)
		}
	}
}

func TestCorpusDICOM(t *testing.T) {
	for _, path := range manifest(t, corpus(t, "03-dicom")) {
		want := DICOM
		switch {
		case filepath.Base(path) == "DICOMDIR":
			want = DICOMDIR
		case filepath.Ext(path) == ".hl7":
			want = HL7v2
		case filepath.Ext(path) == ".md":
			want = Text
		}
		h, _ := readFile(t, path)
		if h.Format != want {
			t.Errorf("%s: got %s, want %s", path, h.Format, want)
		}
		if want != Text && filepath.Base(path) != "meta_missing_tsyntax.dcm" && filepath.Base(path) != "nested_priv_SQ.dcm" && h.DocID == "" && want == DICOM {
			t.Errorf("%s: no instance UID", path)
		}
	}
}

// TestCorpusAdversarial: nothing expands and nothing is taken for a medical document.
func TestCorpusAdversarial(t *testing.T) {
	for _, path := range manifest(t, corpus(t, "12-adversarial")) {
		h, content := readFile(t, path)
		if h.Format == CDA || h.Format == FHIR || h.Format == DICOM || h.Format == HL7v2 || len(h.Patients) > 0 {
			t.Errorf("%s: got %s", path, h.Format)
		}
		if filepath.Ext(path) == ".xml" && bytes.Contains(content, []byte("<!ENTITY")) && len(h.Warnings) == 0 {
			t.Errorf("%s: no warning about its DTD", path)
		}
		// The same content inside a header must stay inside its field.
		if filepath.Base(path) == "blns.txt" {
			naughty(t, string(content))
		}
	}
}

// naughty puts each string into a CDA title, FHIR title and DICOM name and looks for it elsewhere.
func naughty(t *testing.T, list string) {
	t.Helper()
	for _, s := range strings.Split(list, "\n") {
		if s == "" || strings.HasPrefix(s, "#") {
			continue
		}
		var escaped bytes.Buffer
		xml.EscapeText(&escaped, []byte(s))
		h := mustRead(t, "", `<ClinicalDocument xmlns="urn:hl7-org:v3"><title>`+escaped.String()+`</title><id root="1.2"/></ClinicalDocument>`)
		if h.DocID != "1.2" || h.Title == "" && tidy(s) != "" && len(s) <= maxValue {
			t.Errorf("CDA title %q: got %+v", s, h)
		}
		checkInvariants(t, h)
		d := mustRead(t, "", part10("1.2.840.10008.1.2.1", sample(little(), "ISO_IR 192", s[:min(len(s), 1000)])))
		if d.DocID != "1.2.3.4" || d.Study.InstanceUID != "1.2.3" {
			t.Errorf("DICOM name %q: got %+v", s, d)
		}
		checkInvariants(t, d)
	}
}
