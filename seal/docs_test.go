package seal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const formatPages = "../docs/format"

var infoString = regexp.MustCompile("^```[a-z]+ vector=([a-z0-9.-]+)( excerpt)?$")

// A worked example in a page of docs/format is a vector: the same bytes, or lines of it that may be cut at "…".
func TestPagesShowVectors(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(formatPages, "*.md"))
	if err != nil || len(pages) < 17 {
		t.Fatalf("%d pages: %v", len(pages), err)
	}
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if shown := showVectors(t, filepath.Base(page), string(data)); shown == 0 {
			t.Errorf("%s shows no vector", page)
		}
		if !strings.Contains(string(data), "not frozen yet: nothing is released") && !strings.Contains(string(data), "not frozen yet:\nnothing is released") {
			t.Errorf("%s does not say how far its version is frozen", page)
		}
	}
}

func showVectors(t *testing.T, page, text string) (n int) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		m := infoString.FindStringSubmatch(lines[i])
		if m == nil {
			if strings.Contains(lines[i], " vector=") && strings.HasPrefix(lines[i], "```") {
				t.Errorf("%s:%d: %s", page, i+1, lines[i])
			}
			continue
		}
		var block []string
		for i++; i < len(lines) && lines[i] != "```"; i++ {
			block = append(block, lines[i])
		}
		n++
		want := strings.TrimSuffix(string(named(t, m[1])), "\n")
		if m[2] != "" {
			excerpt(t, page, m[1], block, strings.Split(want, "\n"))
		} else if got := strings.Join(block, "\n"); got != want {
			t.Errorf("%s: %s is not the vector:\n%s\nwant\n%s", page, m[1], got, want)
		}
	}
	return n
}

// excerpt finds each line of a block in the vector, in order.
func excerpt(t *testing.T, page, name string, block, vector []string) {
	for _, line := range block {
		head, cut := strings.CutSuffix(line, "…")
		for len(vector) > 0 && vector[0] != line && !(cut && strings.HasPrefix(vector[0], head)) {
			vector = vector[1:]
		}
		if len(vector) == 0 {
			t.Errorf("%s: %s has no line %q", page, name, line)
			return
		}
	}
}

func named(t *testing.T, name string) []byte {
	for _, ext := range []string{"", ".json", ".txt"} {
		if data, err := os.ReadFile(filepath.Join(vectors, name+ext)); err == nil {
			return data
		}
	}
	t.Fatalf("no vector %s", name)
	return nil
}

// Values that pages give in their text.
func TestPagesNameValues(t *testing.T) {
	_, vkey := noteKey(fixed("log"), exampleOrigin)
	for page, values := range map[string][]string{
		"log.md": {vkey}, "record.md": {keyfileSecret("1", "content").Passphrase()},
		"segment.md": {hexSum(vector(t, "segment-1.segment"))},
	} {
		data, err := os.ReadFile(filepath.Join(formatPages, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			if !bytes.Contains(data, []byte(v)) {
				t.Errorf("%s does not give %s", page, v)
			}
		}
	}
}
