package patient

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxNameCodes bounds the codes of one name. The published worst case, Rosochowaciec, has 8.
const maxNameCodes = 32

// NameCodes returns the Daitch–Mokotoff codes by which a family or given name is found again in another spelling,
// sorted, each once: Шевченко, Shevchenko, Szewczenko and Ševčenko share one. A name of several words or parts has
// the codes of the whole and of each part, so that a double-barrelled surname is found by either half. Cyrillic is
// read as Ukrainian and, where that sounds different, as Russian too. Nothing for text without letters we know.
//
// A shared code proposes that two names are one; it never decides. Translated names (Anna, Ганна) and Lithuanian
// endings (Sergejus, Сергій) are not found this way.
func NameCodes(s string) []string {
	var codes []string
	add := func(word string) {
		for _, c := range soundex(word) {
			if len(codes) < maxNameCodes && !slices.Contains(codes, c) {
				codes = append(codes, c)
			}
		}
	}
	for _, reading := range readings(s) {
		parts := fold(Romanize(reading))
		add(strings.Join(parts, ""))
		for _, p := range parts {
			add(p)
		}
	}
	slices.Sort(codes)
	return codes
}

// Match says whether two names share a code.
func Match(a, b string) bool { return intersect(NameCodes(a), NameCodes(b)) }

func intersect(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

func readings(s string) []string {
	if russian := russianReading(s); russian != norm.NFC.String(s) {
		return []string{s, russian}
	}
	return []string{s}
}

// fold reduces a Latin name to the letters the table knows, in lower case, split where its parts are. Marks are
// taken off, except that š č ž ż become the sounds they spell and ą ę ţ ț stay, the table having readings for them.
func fold(s string) []string {
	var b strings.Builder
	for _, r := range strings.ToLower(norm.NFC.String(s)) {
		switch {
		case r >= 'a' && r <= 'z' || strings.ContainsRune("ąęţț", r):
			b.WriteRune(r)
		case unicode.IsLetter(r):
			b.WriteString(foldLetter(r))
		case unicode.IsMark(r) || dropApostrophe(r) < 0:
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// foldLetter gives the sound or the bare letter of one that is not ASCII; "" for a letter of another script.
func foldLetter(r rune) string {
	switch r {
	case 'š':
		return "sh"
	case 'č':
		return "ch"
	case 'ž', 'ż':
		return "zh"
	case 'ł':
		return "l"
	case 'đ', 'ð':
		return "d"
	case 'ø':
		return "o"
	case 'ß':
		return "s"
	case 'æ':
		return "a"
	case 'œ':
		return "o"
	case 'ı':
		return "i"
	}
	if base := norm.NFD.String(string(r))[0]; base >= 'a' && base <= 'z' {
		return string(rune(base))
	}
	return ""
}
