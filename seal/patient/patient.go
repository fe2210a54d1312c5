// Package patient says who a record is about: identifiers with their check digits, names in three
// alphabets, and the codes by which a name is found again years later in another spelling.
//
// It is pure: no keys, no files, no network. seal turns what it returns into blind ids.
package patient

// Role of an identifier. A newborn carries the mother's PESEL (UPP art. 25), so the role keeps two people apart.
const (
	RoleOwn    = "own"
	RoleMother = "mother"
	RoleOther  = "other"
)

// Patient is the person a bundle is about, as its sender states it.
type Patient struct {
	Identifiers []Identifier `json:"identifiers,omitempty"`
	Names       []Name       `json:"names,omitempty"`
	BirthDate   string       `json:"birth_date,omitempty"` // YYYY, YYYY-MM or YYYY-MM-DD
	Sex         string       `json:"sex,omitempty"`        // F, M, O (other) or U (unknown)
	NN          bool         `json:"nn,omitempty"`         // identity not known at the time of care
}

// Identifier is one number under which the person is known.
type Identifier struct {
	System  string `json:"system"` // see Systems
	Value   string `json:"value"`
	Role    string `json:"role"` // RoleOwn, RoleMother or RoleOther
	Country string `json:"country,omitempty"`
}

// Name is one spelling of the person's name.
type Name struct {
	Family     string   `json:"family"`
	Given      []string `json:"given,omitempty"`
	Patronymic string   `json:"patronymic,omitempty"`
	Script     string   `json:"script,omitempty"` // ISO 15924: Latn, Cyrl
}
