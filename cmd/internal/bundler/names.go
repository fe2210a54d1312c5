package bundler

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"kartoteka/verify/container"
)

// maxName is what container.CheckName allows for one component, in bytes.
const maxName = 255

// names gives each source a base name that is safe everywhere, and tells apart those that would be one file on some
// system: a.xml, a-2.xml. A name that is wanted once is kept, whatever the others become.
func (m *maker) names() []string {
	names := make([]string, len(m.o.Documents))
	taken := map[string]bool{}
	var again []int
	for i, s := range m.o.Documents {
		name := container.SafeName(s.Name)
		names[i] = name
		if key := container.Twin(name); taken[key] {
			again = append(again, i)
		} else {
			taken[key] = true
		}
	}
	for _, i := range again {
		names[i] = apart(names[i], taken)
		taken[container.Twin(names[i])] = true
	}
	for i, s := range m.o.Documents {
		if names[i] != s.Name {
			m.warn("document %s stands in the bundle as %s", s.Name, names[i])
		}
	}
	return names
}

// apart numbers a name that is taken.
func apart(name string, taken map[string]bool) string {
	ext := path.Ext(name)
	if ext == name || len(ext) > 32 {
		ext = ""
	}
	stem := strings.TrimSuffix(name, ext)
	for n := 2; ; n++ {
		suffix := fmt.Sprintf("-%d%s", n, ext)
		numbered := container.SafeName(cut(stem, maxName-len(suffix)) + suffix)
		if !taken[container.Twin(numbered)] {
			return numbered
		}
	}
}

// cut shortens to n bytes between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
