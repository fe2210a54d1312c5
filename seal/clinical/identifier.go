package clinical

import (
	"strings"
	"unicode"

	"kartoteka/seal/patient"
)

// uriSystem is FHIR's way to say that the value needs no system, being globally unique itself.
const uriSystem = "urn:ietf:rfc:3986"

// oidIdentifier makes a patient identifier of an HL7 v3 instance identifier (II). A document states
// the patient's own numbers; a mother's PESEL on a newborn's card looks just the same in CDA, so
// the role is the caller's to correct.
func oidIdentifier(root, extension string) (patient.Identifier, bool) {
	id := patient.Identifier{Value: extension, Role: patient.RoleOwn}
	switch {
	case root == "":
		return id, false // an extension without its root identifies nobody
	case extension == "":
		id.System, id.Value = uriSystem, "urn:oid:"+root
		if !isOID(root) {
			id.Value = "urn:uuid:" + root
		}
	default:
		id.System, id.Country = systemOf(root)
	}
	return id, true
}

// systemOf names the identifier system of an OID, so that a number is the same in CDA, FHIR and DICOM.
func systemOf(root string) (system, country string) {
	if isOID(root) {
		return patient.SystemFromOID(root)
	}
	return "urn:uuid:" + strings.ToLower(root), ""
}

// localIdentifier is a number whose system is only known inside the issuing institution: "local", or
// "local.adt1" where the document names the issuer in its own words. Who the institution is the
// document does not say in a dependable way. The caller, who knows, must put it in, or equal numbers
// of two hospitals look like one person.
func localIdentifier(value, issuer string) patient.Identifier {
	id := patient.Identifier{System: "local", Value: value, Role: patient.RoleOwn}
	if isOID(issuer) {
		id.System, id.Country = systemOf(issuer)
	} else if issuer = systemWord(issuer); issuer != "" {
		id.System += "." + issuer
	}
	return id
}

// systemWord keeps of an issuer's free text what can stand in a system name (patient.ValidSystem).
func systemWord(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, strings.ToLower(s))
	return s[:min(len(s), 64)]
}

// Bounds on what one document may name: within those of patient.Validate, so that whatever is returned
// can be stored.
const (
	maxPatients    = 4096 // a DICOMDIR of an archive disc; any other document names one or two
	maxIdentifiers = 32
	maxNames       = 16
	maxGiven       = 16
	maxPersonal    = 256 // bytes of a number or name part
)

// addIdentifier keeps an identifier that has a value of a believable length.
func addIdentifier(h *Header, p *patient.Patient, id patient.Identifier) {
	switch {
	case id.Value == "":
	case len(id.Value) > maxPersonal || len(id.System) > maxPersonal:
		h.warn("a patient identifier too long to be one was left out")
	case len(p.Identifiers) == maxIdentifiers:
		h.warn("more patient identifiers than are kept")
	default:
		p.Identifiers = append(p.Identifiers, id)
	}
}

// addName keeps a name that has any part.
func addName(h *Header, p *patient.Patient, family string, given []string) {
	if family == "" && len(given) == 0 {
		return
	}
	if len(p.Names) == maxNames || len(given) > maxGiven {
		h.warn("more patient names than are kept")
		return
	}
	for _, part := range append([]string{family}, given...) {
		if len(part) > maxPersonal {
			h.warn("a patient name too long to be one was left out")
			return
		}
	}
	n := patient.Name{Family: family, Given: given, Script: script(append([]string{family}, given...)...)}
	p.Names = append(p.Names, n)
}

// addPatient keeps a patient of whom at least an identifier or a name is known.
func (h *Header) addPatient(p patient.Patient) {
	switch {
	case len(p.Identifiers) == 0 && len(p.Names) == 0:
	case len(h.Patients) == maxPatients:
		h.warn("more patients than are kept")
	default:
		h.Patients = append(h.Patients, p)
	}
}

func isOID(s string) bool {
	if len(s) > 128 || !strings.Contains(s, ".") {
		return false
	}
	for _, arc := range strings.Split(s, ".") {
		if arc == "" || strings.Trim(arc, "0123456789") != "" {
			return false
		}
	}
	return true
}

// documentID joins the two halves of an instance identifier as IHE XDS does (root^extension).
func documentID(root, extension string) string {
	if root == "" || extension == "" {
		return root
	}
	return root + "^" + extension
}

// script names the alphabet of a name by its first letter of a known one (ISO 15924).
func script(parts ...string) string {
	for _, r := range strings.Join(parts, "") {
		switch {
		case unicode.Is(unicode.Latin, r):
			return "Latn"
		case unicode.Is(unicode.Cyrillic, r):
			return "Cyrl"
		case unicode.Is(unicode.Greek, r):
			return "Grek"
		case unicode.Is(unicode.Han, r):
			return "Hani"
		case unicode.Is(unicode.Hangul, r):
			return "Hang"
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			return "Hrkt"
		case unicode.Is(unicode.Arabic, r):
			return "Arab"
		case unicode.Is(unicode.Hebrew, r):
			return "Hebr"
		case unicode.Is(unicode.Thai, r):
			return "Thai"
		}
	}
	return ""
}

// sexes holds the codes of HL7 v3 AdministrativeGender, HL7 v2 table 0001, DICOM and FHIR.
var sexes = map[string]string{
	"F": "F", "M": "M", "UN": "O", "O": "O", "A": "O", "U": "U",
	"female": "F", "male": "M", "other": "O", "unknown": "U",
}
