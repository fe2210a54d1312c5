package patient

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds on what a sender may state, far above any real person and small enough to be harmless.
const (
	maxIdentifiers = 64
	maxNames       = 32
	maxGiven       = 32  // in one name
	maxString      = 256 // bytes
)

// Validate refuses what no reader of the archive could make sense of. Everything merely doubtful is left to Check.
// Errors name the place and never the value.
func (p Patient) Validate() error {
	if len(p.Identifiers) > maxIdentifiers {
		return fmt.Errorf("patient has %d identifiers, more than %d", len(p.Identifiers), maxIdentifiers)
	}
	if len(p.Names) > maxNames {
		return fmt.Errorf("patient has %d names, more than %d", len(p.Names), maxNames)
	}
	for i, id := range p.Identifiers {
		if err := id.validate(); err != nil {
			return fmt.Errorf("identifier %d: %w", i+1, err)
		}
	}
	for i, n := range p.Names {
		if err := n.validate(); err != nil {
			return fmt.Errorf("name %d: %w", i+1, err)
		}
	}
	if _, ok := parseBirthDate(p.BirthDate); p.BirthDate != "" && !ok {
		return fmt.Errorf("birth_date is not a date written YYYY, YYYY-MM or YYYY-MM-DD")
	}
	switch p.Sex {
	case "", "F", "M", "O", "U":
		return nil
	}
	return fmt.Errorf("sex is not F, M, O or U")
}

func (id Identifier) validate() error {
	for _, f := range []struct{ name, text string }{{"system", id.System}, {"value", id.Value}, {"country", id.Country}} {
		if err := plain(f.name, f.text); err != nil {
			return err
		}
	}
	switch {
	case strings.TrimSpace(id.System) == "":
		return fmt.Errorf("system is empty")
	case strings.TrimSpace(id.Value) == "":
		return fmt.Errorf("value is empty")
	case id.Role != RoleOwn && id.Role != RoleMother && id.Role != RoleOther:
		return fmt.Errorf("role is not own, mother or other")
	}
	return nil
}

func (n Name) validate() error {
	if len(n.Given) > maxGiven {
		return fmt.Errorf("%d given names, more than %d", len(n.Given), maxGiven)
	}
	fields := append([]string{n.Family, n.Patronymic, n.Script}, n.Given...)
	for i, text := range fields {
		if err := plain([]string{"family", "patronymic", "script", "given"}[min(i, 3)], text); err != nil {
			return err
		}
	}
	return nil
}

func plain(field, s string) error {
	switch {
	case len(s) > maxString:
		return fmt.Errorf("%s is longer than %d bytes", field, maxString)
	case !utf8.ValidString(s):
		return fmt.Errorf("%s is not UTF-8", field)
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%s has control characters", field)
	}
	return nil
}

// parseBirthDate says whether s is a birth date as Patient writes it, and whether it is whole.
func parseBirthDate(s string) (whole, ok bool) {
	for _, layout := range []string{"2006", "2006-01", time.DateOnly} {
		if len(s) == len(layout) {
			_, err := time.Parse(layout, s)
			return err == nil && layout == time.DateOnly, err == nil
		}
	}
	return false, false
}

// Check returns what looks wrong about the patient, for a person to look at; nothing here refuses a record. No
// warning contains a value or a name. Only identifiers in the own role are held against birth date and sex: the
// mother's PESEL says nothing about the child.
func (p Patient) Check() []string {
	var warnings []string
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	_, dated := parseBirthDate(p.BirthDate)
	if p.BirthDate != "" && !dated {
		warn("birth_date is not a date written YYYY, YYYY-MM or YYYY-MM-DD")
	}
	seen := map[string]Identifier{} // by system: the first own identifier of a system a person has one of
	for i, id := range p.Identifiers {
		if w := id.Warning(); w != "" {
			warn("identifier %d: %s", i+1, w)
		}
		if id.Role != RoleOwn {
			continue
		}
		id = id.Normalize()
		s := lookup(id.System)
		if s.born != nil && dated {
			if born, ok := s.born(id.Value); ok && !strings.HasPrefix(born, p.BirthDate) {
				warn("identifier %d: %s carries another birth date than birth_date", i+1, id.System)
			}
		}
		if s.sex != nil && (p.Sex == "F" || p.Sex == "M") {
			if sex := s.sex(id.Value); sex != "" && sex != p.Sex {
				warn("identifier %d: %s carries another sex than sex", i+1, id.System)
			}
		}
		if first, ok := seen[id.System]; !ok && s.single {
			seen[id.System] = id
		} else if ok && first.Value != id.Value {
			warn("identifier %d: a second, different %s of the same person", i+1, id.System)
		}
		if p.heldByAnother(id) {
			warn("identifier %d: the same %s is given to another person too", i+1, id.System)
		}
	}
	return warnings
}

// heldByAnother says whether p lists id as the mother's or another person's.
func (p Patient) heldByAnother(id Identifier) bool {
	for _, other := range p.Identifiers {
		other = other.Normalize()
		if other.Role != RoleOwn && other.System == id.System && other.Value == id.Value {
			return true
		}
	}
	return false
}
