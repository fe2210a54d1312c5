package patient

import (
	"slices"
	"strings"
)

// maxNameKeys bounds the name keys of one person, whatever the sender lists. It holds one spelling at its very
// worst, so the first is always kept whole; real people have under ten.
const maxNameKeys = 2 * maxNameCodes

// BlindKeys returns the strings from which a person's blind ids are made: sorted, each once, in clear. Whoever calls
// must run them through the index key and keep neither them nor a plain hash of them, which could be guessed.
//
//	id\x00SYSTEM\x00ROLE\x00VALUE       every identifier, normalised
//	family\x00YYYY-MM-DD\x00CODE        every code of every family name
//	given\x00YYYY-MM-DD\x00CODE         every code of the first given name of every spelling
//
// Only a whole birth date makes name keys: a year alone would join strangers. The patronymic is never asked for.
// Names are taken in the order given until there are 64 name keys; identifiers are never left out.
func BlindKeys(p Patient) []string {
	var keys, names []string
	for _, id := range p.Identifiers {
		keys = append(keys, SearchKey(id))
	}
	for _, n := range p.Names {
		for _, k := range NameKeys(n.Family, firstGiven(n), p.BirthDate) {
			if len(names) < maxNameKeys && !slices.Contains(names, k) {
				names = append(names, k)
			}
		}
	}
	keys = append(keys, names...)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// SearchKey is the key under which BlindKeys files this identifier in this role. The role is part of it: a search
// for a person's own number never finds the newborn who carries it as the mother's.
func SearchKey(id Identifier) string {
	id = id.Normalize()
	return strings.Join([]string{"id", id.System, id.Role, id.Value}, "\x00")
}

// NameKeys returns the keys under which BlindKeys files a person of this name and birth date, sorted: those of the
// family name, then those of the given name; either may be empty. One key in common proposes the person. Nothing
// when the birth date is not whole.
func NameKeys(family, given, birthDate string) []string {
	if whole, _ := parseBirthDate(birthDate); !whole {
		return nil
	}
	var keys []string
	for _, c := range NameCodes(family) {
		keys = append(keys, "family\x00"+birthDate+"\x00"+c)
	}
	for _, c := range NameCodes(given) {
		keys = append(keys, "given\x00"+birthDate+"\x00"+c)
	}
	return keys
}
