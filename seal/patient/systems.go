package patient

import (
	"regexp"
	"strings"
)

// System is one kind of identifier this archive knows by name. Others are kept as oid.<OID> or under whatever
// name the sender gave, and compared letter by letter.
type System struct {
	Name    string   // lower-case dotted: pl.pesel
	Country string   // ISO 3166-1 alpha-2; "" where the system is not a state's
	OIDs    []string // the first is the one we write

	// single: a person has one such number for life, so two different values are two persons (or a mistake).
	// Documents are reissued under new numbers and are not single.
	single    bool
	canonical func(string) string         // one spelling of a value
	doubt     func(string) string         // what is wrong with a canonical value; "" when nothing
	born      func(string) (string, bool) // birth date the canonical value carries
	sex       func(string) (sex string)   // F or M the canonical value carries, or ""
}

// passportNode is HL7's node for passport numbers; the ISO 3166-1 numeric code of the issuing country follows.
// The Polish P1 register uses it as it is.
const passportNode = "2.16.840.1.113883.4.330."

// Systems returns the known systems in the order in which Primary prefers them: numbers given once for life, then
// documents. passport.XX and local.CONTROLLER come after them, one for each country or controller.
//
// The OIDs: the P1 node …4424.1.1.N holds the national person numbers of the EU and Schengen countries by
// ISO 3166-1 numeric code (616 is PESEL; 440 is read by the same rule). 1.2.804.2.1.1.1.11.1.4 are the subject
// attributes of Ukrainian qualified certificates: .1.1 the DRFO number, which is the RNOKPP, and .11.1 the UNZR.
func Systems() []System {
	return []System{
		{Name: "pl.pesel", Country: "PL", OIDs: []string{"2.16.840.1.113883.3.4424.1.1.616"}, single: true,
			canonical: compact, doubt: peselDoubt, born: peselBorn, sex: peselSex},
		{Name: "lt.ak", Country: "LT", OIDs: []string{"2.16.840.1.113883.3.4424.1.1.440"}, single: true,
			canonical: compact, doubt: akDoubt, born: akBorn, sex: akSex},
		{Name: "ua.rnokpp", Country: "UA", OIDs: []string{"1.2.804.2.1.1.1.11.1.4.1.1"}, single: true,
			canonical: compact, doubt: rnokppDoubt, born: rnokppBorn},
		{Name: "ua.unzr", Country: "UA", OIDs: []string{"1.2.804.2.1.1.1.11.1.4.11.1"}, single: true,
			canonical: canonicalUNZR, doubt: unzrDoubt, born: unzrBorn},
		{Name: "ua.birth_certificate", Country: "UA", canonical: canonicalCertificate, doubt: certificateDoubt},
		{Name: "ua.passport", Country: "UA", canonical: canonicalSeries, doubt: uaPassportDoubt},
	}
}

// isoNumeric gives ISO 3166-1 numeric codes of the countries whose passports a Polish, Ukrainian or Lithuanian
// hospital meets daily. A passport of another country keeps its OID as its system.
func isoNumeric() map[string]string {
	return map[string]string{
		"pl": "616", "ua": "804", "lt": "440", "lv": "428", "ee": "233", "by": "112", "ru": "643", "md": "498",
		"de": "276", "cz": "203", "sk": "703", "hu": "348", "ro": "642",
	}
}

// lookup finds what is known of a system by its canonical name. An unknown system has spelling as its only rule.
func lookup(name string) System {
	for _, s := range Systems() {
		if s.Name == name {
			return s
		}
	}
	s := System{Name: name, canonical: verbatim}
	switch {
	case strings.HasPrefix(name, "passport."):
		s.canonical = canonicalPassport
		iso := strings.TrimPrefix(name, "passport.")
		if len(iso) == 2 {
			s.Country = strings.ToUpper(iso)
		}
		if n, ok := isoNumeric()[iso]; ok {
			s.OIDs = []string{passportNode + n}
		}
	case strings.HasPrefix(name, "oid."):
		s.OIDs = []string{strings.TrimPrefix(name, "oid.")}
	case strings.HasPrefix(name, "local."):
		s.single = true // one controller gives one number; merged files show up as a mismatch, for a person to see
	}
	return s
}

// SystemFromOID names the system an OID (bare, or as urn:oid:) stands for in CDA and FHIR, and its country.
// An OID that is not known becomes oid.<OID>, with no country.
func SystemFromOID(oid string) (system string, country string) {
	oid = strings.ToLower(strings.TrimSpace(oid))
	for strings.HasPrefix(oid, "urn:oid:") {
		oid = strings.TrimSpace(strings.TrimPrefix(oid, "urn:oid:"))
	}
	for _, s := range Systems() {
		for _, o := range s.OIDs {
			if o == oid {
				return s.Name, s.Country
			}
		}
	}
	if n, ok := strings.CutPrefix(oid, passportNode); ok {
		for iso, numeric := range isoNumeric() {
			if numeric == n {
				return "passport." + iso, strings.ToUpper(iso)
			}
		}
	}
	return "oid." + oid, ""
}

// OIDOf is the other direction: the OID to write for a system, "" where it has none.
func OIDOf(system string) string {
	s := lookup(canonicalSystem(system))
	if len(s.OIDs) == 0 {
		return ""
	}
	return s.OIDs[0]
}

var systemPattern = regexp.MustCompile(`^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$`)

// ValidSystem says whether s is written as a system name: lower-case ASCII words joined by dots, two at least.
func ValidSystem(s string) bool { return len(s) <= maxString && systemPattern.MatchString(s) }
