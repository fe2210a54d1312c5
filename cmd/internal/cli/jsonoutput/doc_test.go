package jsonoutput

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/json.md names every schema and every code.
func TestDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	for file, pattern := range map[string]string{
		"jsonoutput.go":                          `Spec\w+ += "([^"]+)"`,
		"../../../../verify/code.go":             `Code\w+ +Code = "([^"]+)"`,
		"../../../../verify/container/errors.go": `Code\w+ += "([^"]+)"`,
	} {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindAllStringSubmatch(string(src), -1)
		if len(found) < 5 {
			t.Errorf("%s: only %d", file, len(found))
		}
		for _, m := range found {
			if !strings.Contains(string(doc), "`"+m[1]+"`") {
				t.Errorf("docs/json.md does not name %s", m[1])
			}
		}
	}
}
