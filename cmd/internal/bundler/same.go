package bundler

import (
	"slices"
	"strings"
	"time"
)

// Whether the metadata and a document say the same in other words. Each is given both, neither empty.

func sameText(a, b string) bool { return words(a) == words(b) }

// sameID: the extension alone, without the root that gives it meaning, is how most systems show an id.
func sameID(given, found string) bool {
	_, extension, _ := strings.Cut(found, "^")
	return given == found || given == extension
}

// words evens out blanks; case and order stay.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// sameMedia ignores parameters, and that XML and JSON of one kind go under several names.
func sameMedia(a, b string) bool {
	a, b = bareMedia(a), bareMedia(b)
	return a == b || (suffix(a) != "" && suffix(a) == suffix(b) && (generic(a) || generic(b)))
}

func bareMedia(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(s))
}

func suffix(media string) string {
	for _, s := range []string{"xml", "json"} {
		if strings.HasSuffix(media, "/"+s) || strings.HasSuffix(media, "+"+s) {
			return s
		}
	}
	return ""
}

func generic(media string) bool { return !strings.Contains(media, "+") }

// sameClass: "other" is what a reader says that does not know.
func sameClass(given, found string) bool { return given == found || found == "other" }

// sameLanguage: pl and pl-PL.
func sameLanguage(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	return a == b || strings.HasPrefix(a, b+"-") || strings.HasPrefix(b, a+"-")
}

// sameTime: a date agrees with a time on it, and a time with itself in another zone.
func sameTime(a, b string) bool {
	s, errA := time.Parse(time.RFC3339, a)
	t, errB := time.Parse(time.RFC3339, b)
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) || (errA == nil && errB == nil && s.Equal(t))
}

// samePerson: "Jan Kowalski" and "KOWALSKI, Jan".
func samePerson(a, b string) bool { return slices.Equal(nameWords(a), nameWords(b)) }

func nameWords(s string) []string {
	list := strings.Fields(strings.ToLower(strings.ReplaceAll(s, ",", " ")))
	slices.Sort(list)
	return list
}
