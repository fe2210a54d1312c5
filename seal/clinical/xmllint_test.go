package clinical

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// xmllint answers XPath expressions about a file, in libxml2's words, one string each.
func xmllint(t *testing.T, path string, expressions ...string) []string {
	t.Helper()
	const end = "\n" // normalize-space leaves none
	out, err := exec.Command("xmllint", "--nonet", "--huge", "--xpath",
		"concat(normalize-space("+strings.Join(expressions, "), '"+end+"', normalize-space(")+"), '')", path).Output()
	if err != nil {
		t.Fatalf("xmllint: %s: %v", path, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), end)
}

// in is a path of CDA elements, without extensions that share their names.
func in(path string) string {
	steps := strings.Split(path, "/")
	for i, s := range steps {
		if s == "" || s[0] == '@' {
			continue
		}
		name, position, _ := strings.Cut(s, "[")
		steps[i] = "*[local-name()='" + name + "' and namespace-uri()='urn:hl7-org:v3']"
		if position != "" {
			steps[i] += "[" + position
		}
	}
	return strings.Join(steps, "/")
}

// asked is the oracle filled by XPath.
func asked(t *testing.T, path string) (o oracle, title string) {
	t.Helper()
	const root = "/ClinicalDocument/"
	id := func(at string) []string {
		return []string{in(at + "/@root"), in(at + "/@extension"), in(at + "/@nullFlavor")}
	}
	var q []string
	for _, at := range []string{"id[1]", "setId[1]"} {
		q = append(q, id(root+at)...)
	}
	for _, at := range []string{"versionNumber[1]/@value", "languageCode[1]/@code", "effectiveTime[1]/@value", "code[1]/@code", "code[1]/@codeSystem", "title[1]"} {
		q = append(q, in(root+at))
	}
	q = append(q, "count("+in(root+"recordTarget")+")", "count("+in(root+"relatedDocument/parentDocument/id")+")")
	a := xmllint(t, path, q...)
	o.ID, o.SetID = ii{a[0], a[1], a[2]}, ii{a[3], a[4], a[5]}
	o.Version.Value, o.Language.Code, o.Time.Value, o.Code.Code, o.Code.System, title = a[6], a[7], a[8], a[9], a[10], a[11]
	for n := range count(t, a[12]) {
		role := fmt.Sprintf("%srecordTarget[%d]/patientRole", root, n+1)
		ids := count(t, xmllint(t, path, "count("+in(role+"/id")+")")[0])
		q := []string{in(role + "/patient/birthTime/@value")}
		for i := range ids {
			q = append(q, id(fmt.Sprintf("%s/id[%d]", role, i+1))...)
		}
		a := xmllint(t, path, q...)
		p := target{Birth: attrs{Value: a[0]}}
		for i := range ids {
			p.IDs = append(p.IDs, ii{a[1+3*i], a[2+3*i], a[3+3*i]})
		}
		o.Targets = append(o.Targets, p)
	}
	o.Related = make([]related, count(t, a[13]))
	return o, title
}

func count(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestXmllint compares with libxml2's XPath. What it says of one document must not fit another.
func TestXmllint(t *testing.T) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("SKIP: xmllint is missing: apt libxml2-utils")
	}
	var headers []Header
	var oracles []oracle
	for _, path := range manifest(t, corpus(t, "01-cda")) {
		h, _ := readFile(t, path)
		if h.Format != CDA {
			continue
		}
		o, title := asked(t, path)
		compareOracle(t, filepath.Base(path), h, o)
		if h.Title != title {
			t.Errorf("%s: title: got %q, xmllint %q", filepath.Base(path), h.Title, title)
		}
		headers, oracles = append(headers, h), append(oracles, o)
	}
	if len(oracles) < 20 {
		t.Errorf("only %d documents compared", len(oracles))
	}
	for i, h := range headers {
		if other := (i + len(oracles)/2) % len(oracles); len(differences(h, oracles[other])) == 0 {
			t.Errorf("documents %d and %d are not told apart", i, other)
		}
	}
}
