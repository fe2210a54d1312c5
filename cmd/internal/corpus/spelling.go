package corpus

import "strings"

// passportLetters is the Cabinet of Ukraine's resolution 55 of 2010; passportInitial holds what differs at a word's start.
var passportLetters = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "h", 'ґ': "g", 'д': "d", 'е': "e", 'є': "ie", 'ж': "zh", 'з': "z", 'и': "y", 'і': "i",
	'ї': "i", 'й': "i", 'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u",
	'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch", 'ю': "iu", 'я': "ia", 'ь': "", '\'': "", '’': "",
}

var passportInitial = map[rune]string{'є': "ye", 'ї': "yi", 'й': "y", 'ю': "yu", 'я': "ya"}

// passportLatin spells a Ukrainian name, or any text, as a Ukrainian passport does.
func passportLatin(s string) string {
	s = strings.NewReplacer("зг", "zgh", "Зг", "Zgh").Replace(s)
	return spell(s, func(lower, before, _ rune) (string, bool) {
		if initial, ok := passportInitial[lower]; ok && !isLetter(before) {
			return initial, true
		}
		out, ok := passportLetters[lower]
		return out, ok
	})
}

var earLetters = map[rune]string{
	'а': "a", 'б': "b", 'в': "w", 'г': "h", 'ґ': "g", 'д': "d", 'е': "e", 'ж': "ż", 'з': "z", 'и': "y", 'і': "i",
	'ї': "ji", 'й': "j", 'к': "k", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u",
	'ф': "f", 'х': "ch", 'ц': "c", 'ч': "cz", 'ш': "sz", 'щ': "szcz", 'ь': "", '\'': "", '’': "",
}

var earSoft = map[rune]string{'є': "e", 'ю': "u", 'я': "a"}

// polishEar spells a Ukrainian name as a Polish clerk hears it: Шевченко is Szewczenko.
func polishEar(s string) string {
	s = strings.NewReplacer("ський", "ski", "ська", "ska", "ький", "ki", "ька", "ka", "ець", "eć", "дзь", "dź", "ий", "y").Replace(s)
	return spell(s, func(lower, before, after rune) (string, bool) {
		if lower == 'л' {
			if strings.ContainsRune("еиіїьюяє", after) {
				return "l", true
			}
			return "ł", true
		}
		if vowel, ok := earSoft[lower]; ok {
			if isLetter(before) && !strings.ContainsRune("аеєиіїоуюя'", before) {
				return "i" + vowel, true
			}
			return "j" + vowel, true
		}
		out, ok := earLetters[lower]
		return out, ok
	})
}

var plainLetters = strings.NewReplacer("ą", "a", "ć", "c", "ę", "e", "ł", "l", "ń", "n", "ó", "o", "ś", "s", "ź", "z", "ż", "z",
	"č", "c", "ė", "e", "į", "i", "š", "s", "ų", "u", "ū", "u", "ž", "z",
	"Ą", "A", "Ć", "C", "Ę", "E", "Ł", "L", "Ń", "N", "Ó", "O", "Ś", "S", "Ź", "Z", "Ż", "Z",
	"Č", "C", "Ė", "E", "Į", "I", "Š", "S", "Ų", "U", "Ū", "U", "Ž", "Z")

// plain drops Polish and Lithuanian diacritics.
func plain(s string) string { return plainLetters.Replace(s) }

// spell replaces letter by letter and gives back the capital of each; letters unknown to rule stay.
func spell(s string, rule func(lower, before, after rune) (string, bool)) string {
	var b strings.Builder
	runes := []rune(s)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return []rune(strings.ToLower(string(runes[i])))[0]
	}
	for i, letter := range runes {
		out, ok := rule(at(i), at(i-1), at(i+1))
		switch {
		case !ok:
			b.WriteRune(letter)
		case letter != at(i) && out != "":
			first := []rune(out)
			b.WriteString(strings.ToUpper(string(first[0])) + string(first[1:]))
		default:
			b.WriteString(out)
		}
	}
	return b.String()
}

func isLetter(r rune) bool { return r != ' ' && r != '-' }
