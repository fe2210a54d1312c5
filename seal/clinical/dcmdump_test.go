package clinical

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDcmdump compares with the reference reader.
func TestDcmdump(t *testing.T) {
	dcmdump, err := exec.LookPath("dcmdump")
	if err != nil {
		t.Skip("SKIP: dcmdump is missing: apt dcmtk")
	}
	compared := 0
	for _, path := range manifest(t, corpus(t, "03-dicom")) {
		h, _ := readFile(t, path)
		if h.Format != DICOM {
			continue
		}
		var id string
		if len(h.Patients) > 0 && len(h.Patients[0].Identifiers) > 0 {
			id = h.Patients[0].Identifiers[0].Value
		}
		out, _ := exec.Command(dcmdump, "-q", "-Un", "+L", path).Output()
		for _, f := range []struct{ tag, got string }{
			{"0010,0020", id},
			{"0020,000d", h.Study.InstanceUID},
			{"0008,0018", h.Study.SOPInstanceUID},
			{"0008,0050", h.Study.Accession},
			{"0008,0060", h.Study.Modality},
		} {
			want, ok := dumped(string(out), f.tag)
			if !ok {
				continue
			}
			compared++
			if twin, _ := dumped(strings.ReplaceAll(string(out), "("+f.tag+") ", "("+f.tag+") [another] "), f.tag); f.got == twin {
				t.Errorf("%s (%s): agrees with anything", filepath.Base(path), f.tag)
			}
			if f.got != want {
				t.Errorf("%s (%s): got %q, dcmdump %q", filepath.Base(path), f.tag, f.got, want)
			}
		}
	}
	if compared < 150 {
		t.Errorf("only %d values compared", compared)
	}
}

// dumped returns a value of the outermost data set as dcmdump prints it, in brackets.
func dumped(out, tag string) (string, bool) {
	for _, line := range strings.Split(out, "\n") {
		if !strings.HasPrefix(line, "("+tag+")") {
			continue
		}
		_, value, ok := strings.Cut(line, "[")
		end := strings.LastIndex(value, "] ")
		if !ok || end < 0 {
			return "", false // empty, or a name that stands for a UID
		}
		return tidy(value[:end]), true
	}
	return "", false
}
