package clinical

import (
	"strings"

	"kartoteka/seal/patient"
)

func loincOf(concept *node) string {
	for _, coding := range concept.all("coding") {
		if code := coding.str("code"); coding.str("system") == loincURL && isLOINC(code) {
			return code
		}
	}
	return ""
}

// fhirID writes an Identifier as Header does: the system's OID, UUID or URL, '^', the value.
func fhirID(id *node) string {
	system, value := id.str("system"), id.str("value")
	if value == "" {
		return ""
	}
	if system == "" || system == uriSystem {
		return bareURN(value)
	}
	return bareURN(system) + "^" + value
}

func bareURN(s string) string {
	return strings.TrimPrefix(strings.TrimPrefix(s, "urn:oid:"), "urn:uuid:")
}

func fhirResourceID(kind string, r *node) string {
	return first(fhirID(r.at("identifier")), prefixed(kind+"/", r.str("id")))
}

func fhirPatient(h *Header, r *node) patient.Patient {
	p := patient.Patient{Sex: sexes[r.str("gender")], BirthDate: day(isoMoment(r.str("birthDate")))}
	for _, id := range r.all("identifier") {
		if value := id.str("value"); value != "" {
			addIdentifier(h, &p, fhirIdentifier(id.str("system"), value))
		}
	}
	for _, n := range r.all("name") {
		family, given := n.str("family"), n.strs("given")
		if family == "" && len(given) == 0 {
			family = n.str("text")
		}
		addName(h, &p, family, given)
	}
	return p
}

func fhirIdentifier(system, value string) patient.Identifier {
	if root, ok := strings.CutPrefix(system, "urn:oid:"); ok && isOID(root) {
		id, _ := oidIdentifier(root, value)
		return id
	}
	if system == "" {
		return localIdentifier(value, "")
	}
	return patient.Identifier{System: system, Value: value, Role: patient.RoleOwn}
}

func first2(a, b *node) *node {
	if a != nil {
		return a
	}
	return b
}
