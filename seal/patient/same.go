package patient

import "slices"

// Verdict of SamePerson.
type Verdict string

// VerdictMatch: nothing else is plausible. VerdictMismatch: a person must look before the two are filed together.
// VerdictUnknown: too little in common to say.
const (
	VerdictMatch    Verdict = "match"
	VerdictMismatch Verdict = "mismatch"
	VerdictUnknown  Verdict = "unknown"
)

// SamePerson compares the patient stated in a bundle's metadata with the one read from a document. In this order,
// the first that says something decides:
//
//  1. Identifiers in the own role, system by system in the order of Primary. A value in common is a match. No value
//     in common is a mismatch in a system where a person has one number (PESEL, asmens kodas, RNOKPP, UNZR, the
//     number at one controller); it says nothing for passports and certificates, which are reissued under new
//     numbers, nor for systems we do not know (oid.*). A value that the other side gives to the mother or another
//     person is left out: a newborn's document carries the mother's PESEL, and cannot be relied on to say whose it is.
//  2. If either is marked nn, unknown: estimated dates and names by which an unconscious person was called are no
//     evidence.
//  3. Whole birth dates that differ are a mismatch; a partial or missing one says nothing.
//  4. Family names on both sides, of which no two spellings share a code, are a mismatch.
//  5. Equal whole birth dates, a shared family name and a shared first given name are a match. Given names that
//     differ are only unknown: Anna and Ганна are one person, twins are two.
func SamePerson(a, b Patient) Verdict {
	if v := sameIdentifiers(a, b); v != VerdictUnknown {
		return v
	}
	if a.NN || b.NN {
		return VerdictUnknown
	}
	wholeA, _ := parseBirthDate(a.BirthDate)
	wholeB, _ := parseBirthDate(b.BirthDate)
	dated := wholeA && wholeB
	if dated && a.BirthDate != b.BirthDate {
		return VerdictMismatch
	}
	familyA, familyB := a.codes(family), b.codes(family)
	if len(familyA) == 0 || len(familyB) == 0 {
		return VerdictUnknown
	}
	if !intersect(familyA, familyB) {
		return VerdictMismatch
	}
	if dated && intersect(a.codes(firstGiven), b.codes(firstGiven)) {
		return VerdictMatch
	}
	return VerdictUnknown
}

func family(n Name) string { return n.Family }

func firstGiven(n Name) string {
	if len(n.Given) == 0 {
		return ""
	}
	return n.Given[0]
}

func (p Patient) codes(part func(Name) string) []string {
	var codes []string
	for _, n := range p.Names {
		codes = append(codes, NameCodes(part(n))...)
	}
	return codes
}

func sameIdentifiers(a, b Patient) Verdict {
	ownA, ownB := ownValues(a, b), ownValues(b, a)
	var shared []string
	for system := range ownA {
		if len(ownB[system]) > 0 {
			shared = append(shared, system)
		}
	}
	slices.SortFunc(shared, compareSystems)
	for _, system := range shared {
		switch {
		case intersect(ownA[system], ownB[system]):
			return VerdictMatch
		case lookup(system).single:
			return VerdictMismatch
		}
	}
	return VerdictUnknown
}

// ownValues returns p's own values by system, without those that other says are somebody else's.
func ownValues(p, other Patient) map[string][]string {
	own := map[string][]string{}
	for _, id := range p.Identifiers {
		id = id.Normalize()
		if id.Role == RoleOwn && !other.heldByAnother(id) {
			own[id.System] = append(own[id.System], id.Value)
		}
	}
	return own
}
