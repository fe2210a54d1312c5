package patient

import (
	"slices"
	"strings"
	"sync"
)

// Daitch–Mokotoff Soundex (Randy Daitch and Gary Mokotoff, 1985; the table as published by JewishGen and Avotaynu),
// made for East European surnames: six digits for a sound, several codes where a spelling has several readings.
// Where implementations differ, this one does as PostgreSQL's fuzzystrmatch: y counts as a vowel to the letter before
// it, and of a two-digit code the first digit is dropped when it repeats the sound just before. One corner is
// simpler here: a j read as y is not a vowel to the letter before it (MCCOYJR).

const (
	codeLength  = 6
	maxBranches = 64 // readings followed at a time; the longest real names need 16
	maxSequence = 7  // letters in schtsch
)

// Codes at the start of a name, before a vowel, elsewhere. "-" is silent, "/" separates readings.
// A single column holds for all three places.
var soundexGroups = []struct{ codes, sequences string }{
	{"0 - -", "a e i o u"},
	{"- - -/6", "ą ę"},
	{"0 1 -", "ai aj ay ei ej ey oi oj oy ui uj uy ue"},
	{"0 7 -", "au"},
	{"1 1 -", "eu"},
	{"1 - -", "ia ie io iu y"},
	{"1/4 -/4 -/4", "j"},
	{"3", "d t dt th"},
	{"3/4", "ţ ț"},
	{"4", "s z sh sz zh zs cs cz ds dz ts tc tz"},
	{"4", "csz czs drs drz dsh dsz dzh dzs sch tch trs trz tsh tsz tts ttz tzs zsh tsch ttch ttsz zsch ttsch"},
	{"2 4 4", "sc shch shtch shtsh schtch schtsh schtsch stch stsch stsh strs strz szcs szcz zdz zdzh zhdzh"},
	{"2 43 43", "st sd sht shd szt szd scht schd zd zhd"},
	{"4/5", "c ch"},
	{"5/45", "ck"},
	{"4/94", "rs rz"},
	{"5", "g k q kh"},
	{"5 5 -", "h"},
	{"5 54 54", "x ks chs"},
	{"6", "m n"},
	{"66", "mn nm"},
	{"7", "b f p v w fb pf ph"},
	{"8", "l"},
	{"9", "r"},
}

// sound holds the readings of one letter sequence by its place: start, before a vowel, elsewhere.
type sound [3][]string

var soundexTable = sync.OnceValue(func() map[string]sound {
	table := map[string]sound{}
	for _, g := range soundexGroups {
		columns := strings.Fields(strings.ReplaceAll(g.codes, "-", "_"))
		var s sound
		for place := range s {
			readings := strings.Split(columns[min(place, len(columns)-1)], "/")
			for _, r := range readings {
				s[place] = append(s[place], strings.Trim(r, "_"))
			}
		}
		for sequence := range strings.FieldsSeq(g.sequences) {
			table[sequence] = s
		}
	}
	return table
})

// branch is one reading of the name so far. last is the final digit of the sound just before, "" after a silent one:
// a digit is repeated only when something was heard between.
type branch struct{ digits, last string }

func (b branch) hear(code string) branch {
	if code == "" {
		return branch{b.digits, ""}
	}
	digits := b.digits + strings.TrimPrefix(code, b.last)
	if len(digits) > codeLength {
		digits = digits[:codeLength]
	}
	return branch{digits, code[len(code)-1:]}
}

// soundex returns the codes of one word of folded letters, in the order its readings branch; none for no letters.
func soundex(word string) []string {
	letters := []rune(word)
	if len(letters) == 0 {
		return nil
	}
	branches := []branch{{}}
	for i := 0; i < len(letters) && !finished(branches); {
		s, n := longest(letters[i:])
		place := 2
		if i == 0 {
			place = 0
		} else if i+n < len(letters) && strings.ContainsRune("aeiouyąę", letters[i+n]) {
			place = 1
		}
		branches = spread(branches, s[place])
		i += n
	}
	var codes []string
	for _, b := range branches {
		code := b.digits + strings.Repeat("0", codeLength-len(b.digits))
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes
}

func finished(branches []branch) bool {
	return !slices.ContainsFunc(branches, func(b branch) bool { return len(b.digits) < codeLength })
}

func spread(branches []branch, readings []string) []branch {
	if len(readings) == 0 {
		return branches
	}
	var out []branch
	for _, b := range branches {
		for _, code := range readings {
			if next := b.hear(code); !slices.Contains(out, next) && len(out) < maxBranches {
				out = append(out, next)
			}
		}
	}
	return out
}

// longest finds the longest known sequence at the start of letters; a letter not in the table is passed over.
func longest(letters []rune) (sound, int) {
	for n := min(maxSequence, len(letters)); n > 0; n-- {
		if s, ok := soundexTable()[string(letters[:n])]; ok {
			return s, n
		}
	}
	return sound{}, 1
}
