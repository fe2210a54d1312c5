package patient

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Normalize gives the one form in which an identifier is compared and hashed: the system in lower case (an OID
// becomes the system it stands for), the value as its system writes it, the country filled in where the system
// tells it. The role stays. Doing it twice changes nothing. A value nothing is left of is kept as it was: two
// people entered as "--" must not become one silently.
func (id Identifier) Normalize() Identifier {
	id.System = canonicalSystem(id.System)
	s := lookup(id.System)
	id.Value = cmp.Or(s.canonical(id.Value), verbatim(id.Value))
	id.Country = cmp.Or(verbatim(strings.ToUpper(id.Country)), s.Country)
	return id
}

// Warning says what looks wrong about the identifier, "" when nothing does. It never contains the value, so it may
// be logged. It is no ground for refusal: real PESELs with wrong check digits exist.
func (id Identifier) Warning() string {
	id = id.Normalize()
	if !ValidSystem(id.System) {
		return "the system is not a name of lower-case words joined by dots"
	}
	s := lookup(id.System)
	if s.doubt == nil {
		return ""
	}
	if d := s.doubt(id.Value); d != "" {
		return id.System + ": " + d
	}
	return ""
}

// Primary picks the identifier that stands for the person: of those with the own role, the first by system in the
// order of Systems, then passport.*, local.*, all others; within one rank by system name, then by value.
// What it returns is normalised. False: the person has no identifier of their own.
func Primary(ids []Identifier) (Identifier, bool) {
	var own []Identifier
	for _, id := range ids {
		if id.Role == RoleOwn {
			own = append(own, id.Normalize())
		}
	}
	if len(own) == 0 {
		return Identifier{}, false
	}
	return slices.MinFunc(own, func(a, b Identifier) int {
		return cmp.Or(
			compareSystems(a.System, b.System),
			cmp.Compare(a.Value, b.Value),
			cmp.Compare(a.Country, b.Country))
	}), true
}

func compareSystems(a, b string) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
}

func rank(system string) int {
	known := Systems()
	for i, s := range known {
		if s.Name == system {
			return i
		}
	}
	switch {
	case strings.HasPrefix(system, "passport."):
		return len(known)
	case strings.HasPrefix(system, "local."):
		return len(known) + 1
	}
	return len(known) + 2
}

func canonicalSystem(s string) string {
	s = verbatim(strings.ToLower(s))
	for _, prefix := range []string{"urn:oid:", "oid."} {
		if oid, ok := strings.CutPrefix(s, prefix); ok {
			s, _ = SystemFromOID(oid)
			return s
		}
	}
	return s
}

// verbatim is for values whose rules we do not know: only what no eye can see is evened out (Unicode form, blanks,
// control characters, which also keeps NUL out of the blind keys). Case and dashes may tell two people apart.
func verbatim(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(norm.NFC.String(s)), " ")
}

// compact is for numbers in which blanks, dashes and the sign № are decoration: upper case, wide digits folded.
func compact(s string) string {
	s = strings.ReplaceAll(s, "№", "") // before NFKC, which would make it "No"
	s = strings.ToUpper(norm.NFKC.String(verbatim(s)))
	return norm.NFKC.String(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf, unicode.Cc) || r == '\u2212' {
			return -1
		}
		return r
	}, s))
}

// The twelve capitals that look alike in both alphabets are the only ones used in Ukrainian series, and a clerk's
// keyboard decides which were typed. Domestic papers are folded to Cyrillic, passports for abroad to the Latin
// letters of their machine-readable zone (ICAO 9303).
const (
	latinAlike    = "ABCEHIKMOPTX"
	cyrillicAlike = "АВСЕНІКМОРТХ"
)

func foldAlike(s, from, to string) string {
	letters := []rune(to)
	return strings.Map(func(r rune) rune {
		if i := slices.Index([]rune(from), r); i >= 0 {
			return letters[i]
		}
		return r
	}, s)
}

func canonicalSeries(s string) string   { return foldAlike(compact(s), latinAlike, cyrillicAlike) }
func canonicalPassport(s string) string { return foldAlike(compact(s), cyrillicAlike, latinAlike) }

var romanOne = regexp.MustCompile(`^1+[А-ЯІЇЄҐ]`)

// canonicalCertificate reads "1-АМ 123456" as the І-АМ it is printed as: the Roman numeral of the series is often
// typed with the digit one.
func canonicalCertificate(s string) string {
	s = canonicalSeries(s)
	if m := romanOne.FindString(s); m != "" {
		ones := strings.TrimLeft(m, "1")
		n := len(m) - len(ones)
		return strings.Repeat("І", n) + s[n:]
	}
	return s
}

// canonicalUNZR puts the dash back: YYYYMMDD-NNNNN.
func canonicalUNZR(s string) string {
	s = compact(s)
	if len(s) == 13 && allDigits(s) {
		return s[:8] + "-" + s[8:]
	}
	return s
}
