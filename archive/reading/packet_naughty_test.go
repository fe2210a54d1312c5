package reading_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/seal"
	"kartoteka/verify"
	"kartoteka/verify/container"
)

// naughty are strings that broke something somewhere.
func naughty(t *testing.T) []string {
	t.Helper()
	list := []string{"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</table></html><script>", "{{.Spec}}", "javascript:alert(1)", "\x00\x01\x1b[31mred",
		"line\nbreak\r\nand\ttab", "\u202egnp.exe", "a\u2066b\u2069c", "\u2028new line", "\ufeffmark", strings.Repeat("ą", 2000), "'; DROP TABLE x; --", "&lt;b&gt;", "\ud7ff\ufffd"}
	name := filepath.Join(sharedData(t), "12-adversarial/big-list-of-naughty-strings/blns.txt")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Log("without the big list:", err)
		return list
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	return list
}

// sharedData finds the folder of collected documents beside the project; "" where there is none.
func sharedData(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	must(t, err)
	for range 8 {
		dir = filepath.Dir(dir)
		if i, err := os.Stat(filepath.Join(dir, "shared", "data")); err == nil && i.IsDir() {
			return filepath.Join(dir, "shared", "data")
		}
	}
	return ""
}

// TestPacketNaughty: titles, names and what the officer types reach people's pages, and break none of them.
func TestPacketNaughty(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	titles := naughty(t)
	o := newOffice(t, a)
	var sources []archive.Source
	for n := 0; n < len(titles); n += 200 {
		var files []archivetest.Document
		for i, title := range titles[n:min(n+200, len(titles))] {
			files = append(files, archivetest.Document{Name: fmt.Sprintf("documents/%d <%d> & 'x'.t\u00f3t", n+i, i), Title: title, Body: []byte(title + ".")})
			if i%2 == 0 {
				files[i].Name = fmt.Sprintf("documents/%d %s.xml", n+i, container.SafeName(title))
			}
			if files[i].Name = strings.NewReplacer("<", "(", ">", ")").Replace(files[i].Name); len(files[i].Name) > 250 {
				files[i].Name = fmt.Sprintf("documents/%d.x", n+i)
			}
		}
		d := a.Draft(fmt.Sprintf("naughty-%06d", n), archivetest.People[0], files...)
		name := filepath.Join(t.TempDir(), "naughty")
		d.Folder(t, name, d.Sign(t, a.Producer))
		sources = append(sources, archive.Source{Path: name})
	}
	x := o.export()
	must(t, o.w.Take(t.Context(), sources, func(got archive.Outcome) {
		if got.Status != archive.Taken {
			t.Fatalf("%s %s", got.Code, got.Reason)
		}
		x.Select = append(x.Select, reading.Selected{Leaf: got.Leaf})
	}))
	x.Release.Requester.Name = "Jan\nfee              paid\x1b[31m\u202e<script>"
	x.Release.Basis = "art. 26\u2028ust. 1"
	name, h := o.mustPacket(t, x)
	if h.Documents != len(titles) {
		t.Errorf("%d documents, want %d", h.Documents, len(titles))
	}
	if r := judge(o, name); r.Verdict != verify.Passed {
		t.Errorf("%v", notPassed(r))
	}
	files := unpack(t, name)
	for n, title := range titles {
		found := false
		for _, ext := range []string{"XML", "BIN", "X"} {
			found = found || string(files[fmt.Sprintf("%sDOC%05d.%s", seal.PacketDocuments, n+1, ext)]) == title+"."
		}
		if !found {
			t.Errorf("document %d is not there as it was sent", n+1)
		}
	}
	page := string(files[seal.PacketIndex])
	wantPage(t, page, len(titles))
	for _, n := range []string{seal.PacketIndex, seal.PacketRelease, seal.PacketReadme} {
		if i := strings.IndexFunc(string(files[n]), unshown); i >= 0 {
			t.Errorf("%s has the character %q", n, []rune(string(files[n][i:]))[0])
		}
	}
	if lines := strings.Count(string(files[seal.PacketRelease]), "\n"); lines != 10 {
		t.Errorf("%s has %d lines:\n%s", seal.PacketRelease, lines, files[seal.PacketRelease])
	}
}

func unshown(r rune) bool {
	return r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029
}

// wantPage sees that the page has the tags of its template, and no others.
func wantPage(t *testing.T, page string, rows int) {
	t.Helper()
	tags := map[string]int{}
	for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(page, -1) {
		if strings.HasPrefix(tag, "<a ") {
			if !regexp.MustCompile(`^<a href="IHE_XDM/SUBSET01/DOC\d{5}\.[A-Z0-9]{1,3}">$`).MatchString(tag) {
				t.Errorf("the page has %s", tag)
			}
			tag = "<a>"
		}
		tags[tag]++
	}
	for tag, want := range map[string]int{"<a>": rows, "</a>": rows, "<tr>": rows + 1, "<small>": rows, "</small>": rows, "<td>": 4 * rows, "<table>": 1, "</table>": 1, "</html>": 1, "<script>": 0} {
		if tags[tag] != want {
			t.Errorf("the page has %d %s, want %d", tags[tag], tag, want)
		}
		delete(tags, tag)
	}
	known := regexp.MustCompile(`^</?(!DOCTYPE html|html|head|meta|title|style|body|h1|p|th|td|tr|br)\b[^<]*>$`)
	for tag := range tags {
		if !known.MatchString(tag) {
			t.Errorf("the page has %s", tag)
		}
	}
}
