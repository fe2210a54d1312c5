package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal/patient"
)

type findOptions struct {
	folders
	id, role string
	query    archive.Query
}

func newFind(e *Env) *cobra.Command {
	var o findOptions
	c := &cobra.Command{
		Use:   "find",
		Short: "find a person's bundles",
		Long: `Finds the bundles of a person by a number, or by name and birth date. A name is found in other spellings and
alphabets too, so look at what it finds: two people may share a name and a birth date.

The index knows keyed hashes only; it finds what you know already, and shows no name.`,
		Example: `  kartoteka find --id pl.pesel=44051401359
  kartoteka find --id pl.pesel=44051401359 --role mother
  kartoteka find --name "Anna Kowalska" --born 1944-05-14`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.find(cmd.Context(), o) },
	}
	c.Flags().StringVar(&o.id, "id", "", "a number and its system, `SYSTEM=VALUE`")
	c.Flags().StringVar(&o.role, "role", patient.RoleOwn, "whose number it is: `own`, mother or other")
	c.Flags().StringVar(&o.query.Name, "name", "", "`name`: family, or given and family")
	c.Flags().StringVar(&o.query.Born, "born", "", "birth `date`, YYYY-MM-DD")
	o.flags(c.Flags(), e)
	return c
}

func (e *Env) find(ctx context.Context, o findOptions) error {
	q, err := o.checked()
	if err != nil {
		return err
	}
	if o.id != "" {
		if w := q.Identifier.Warning(); w != "" { // real numbers with wrong check digits exist; a typing error is likelier
			e.warn("%s", w)
		}
	}
	found, err := e.search(o.folders, q, func(c *wire.Client) ([]archive.Found, error) { return c.Find(ctx, q) })
	if err != nil {
		return err
	}
	if err := e.found(found, 0); err != nil {
		return err
	}
	if len(found) == 0 {
		return failf(exitFailed, "not found: no bundle of this archive is filed under that")
	}
	return nil
}

// checked makes the query. Errors do not repeat the number: terminals are logged.
func (o findOptions) checked() (q archive.Query, err error) {
	q = o.query
	switch {
	case (o.id == "") == (q.Name == "" && q.Born == ""):
		return q, usagef("find needs either --id SYSTEM=VALUE, or --name and --born")
	case o.id == "" && (q.Name == "" || q.Born == ""):
		return q, usagef("a search by name needs both --name and --born")
	case o.id == "" && patient.NameKeys(q.Name, "", q.Born) == nil:
		return q, usagef("--born is not a whole date (YYYY-MM-DD), or --name has no letters")
	case o.id == "":
		return q, nil
	case o.role != patient.RoleOwn && o.role != patient.RoleMother && o.role != patient.RoleOther:
		return q, usagef("--role is none of own, mother, other")
	}
	system, value, ok := strings.Cut(o.id, "=")
	if !ok || system == "" || value == "" {
		return q, usagef("--id has the form SYSTEM=VALUE, pl.pesel=… for one")
	}
	q.Identifier = patient.Identifier{System: system, Value: value, Role: o.role}
	return q, nil
}
