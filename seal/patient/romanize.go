package patient

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Romanize writes Cyrillic with Latin letters as Ukrainian passports do: the table of Cabinet of Ministers
// resolution 55 of 27 January 2010. Apostrophes are dropped before it is decided what begins a word, so Дем'яненко
// is Demianenko and not Demyanenko. Letters of Russian and Belarusian that the table lacks are read as a Ukrainian
// ear would: ы y, э e, ё io (yo at the beginning), ъ nothing, ў u. Stress marks are dropped. Text without Cyrillic
// comes back in NFC and otherwise as it was.
func Romanize(s string) string {
	s = norm.NFC.String(s)
	if !strings.ContainsFunc(s, isCyrillic) {
		return s
	}
	letters := []rune(norm.NFC.String(strings.Map(dropApostrophe, s)))
	var b strings.Builder
	initial, cyrillic := true, false
	for i, r := range letters {
		if unicode.Is(unicode.Mn, r) {
			if !cyrillic {
				b.WriteRune(r)
			}
			continue
		}
		b.WriteString(romanLetter(letters, i, initial))
		initial, cyrillic = !unicode.IsLetter(r), isCyrillic(r)
	}
	return norm.NFC.String(b.String())
}

func isCyrillic(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }

// dropApostrophe knows the signs found where Ukrainian writes an apostrophe: the typewriter's, the typographer's,
// the letter U+02BC of the standard, primes, accents standing alone, the quotation mark.
func dropApostrophe(r rune) rune {
	if strings.ContainsRune("'’‘‛ʼʹʻʽ′`´＇\"″", r) {
		return -1
	}
	return r
}

// romanLetter writes letters[i] in Latin, in its own case: Щерба is Shcherba, ЩЕРБА is SHCHERBA.
func romanLetter(letters []rune, i int, initial bool) string {
	r := letters[i]
	small := unicode.ToLower(r)
	latin, ok := romanTable(small, initial)
	switch {
	case !ok:
		return string(r)
	case small == 'г' && i > 0 && unicode.ToLower(letters[i-1]) == 'з':
		latin = "gh" // note 1 of the resolution: Згурський is Zghurskyi, so that it is not read as ж
	}
	switch {
	case r == small || latin == "":
		return latin
	case upperNeighbour(letters, i):
		return strings.ToUpper(latin)
	}
	return strings.ToUpper(latin[:1]) + latin[1:]
}

func upperNeighbour(letters []rune, i int) bool {
	if i+1 < len(letters) && unicode.IsLetter(letters[i+1]) {
		return unicode.IsUpper(letters[i+1])
	}
	return i > 0 && unicode.IsUpper(letters[i-1])
}

func romanTable(r rune, initial bool) (latin string, ok bool) {
	if initial {
		switch r {
		case 'є':
			return "ye", true
		case 'ї':
			return "yi", true
		case 'й':
			return "y", true
		case 'ю':
			return "yu", true
		case 'я':
			return "ya", true
		case 'ё':
			return "yo", true
		}
	}
	latin, ok = romanLetters[r]
	return latin, ok
}

var romanLetters = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "h", 'ґ': "g", 'д': "d", 'е': "e", 'є': "ie", 'ж': "zh", 'з': "z", 'и': "y",
	'і': "i", 'ї': "i", 'й': "i", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s",
	'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch", 'ь': "", 'ю': "iu",
	'я': "ia",
	'ы': "y", 'э': "e", 'ё': "io", 'ъ': "", 'ў': "u",
}

var russianEnding = regexp.MustCompile(`(?i)(\p{Cyrillic}\p{Cyrillic}а)я(\P{L}|$)`)

// russianReading is the other way a Cyrillic name may be read. A Ukrainian's papers may be in Russian, and then г
// is g, и at the beginning is i, and -ая ends a woman's surname that is -а in Ukrainian and Polish: Богдан is Bohdan
// in a passport and Bogdan to a Polish clerk, Игорь is Igor, Ковальская is Kowalska.
func russianReading(s string) string {
	initial := true
	s = strings.Map(func(r rune) rune {
		first := initial
		initial = !unicode.IsLetter(r)
		switch {
		case r == 'г':
			return 'ґ'
		case r == 'Г':
			return 'Ґ'
		case first && r == 'и':
			return 'і'
		case first && r == 'И':
			return 'І'
		}
		return r
	}, norm.NFC.String(s))
	return russianEnding.ReplaceAllString(s, "$1$2")
}
