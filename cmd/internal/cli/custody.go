package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/archive/reading"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
	"kartoteka/seal/patient"
)

func newCustody(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:     "custody",
		Short:   "pass the archive on",
		Long:    "Decides who answers for the records.",
		Example: `  kartoteka custody transfer --to "Szpital Następca" --country PL --basis "uchwała nr 7/2026" --officer archivist=archivist.pem --officer director=director.pem`,
		RunE:    needsVerb,
	}
	c.AddCommand(newCustodyTransfer(e))
	return c
}

type transferOptions struct {
	folders
	to, country, basis string
	ids, officers      []string
	yes                bool
}

func newCustodyTransfer(e *Env) *cobra.Command {
	o := &transferOptions{}
	c := &cobra.Command{
		Use:   "transfer --to NAME --country CC --basis TEXT --officer NAME=KEY --officer NAME=KEY [--yes]",
		Short: "pass the archive to another controller",
		Long: `Commits that another controller answers for the records from now on: a hospital was merged, closed, or
passed its archive on. Two officers sign. Packets, pages and certificates then name the successor.
The plan is printed, and nothing is done until --yes is given; kartotekad must be stopped meanwhile.

Who opens documents and who signs the log does not change: see kartoteka rotate.`,
		Example: `  kartoteka custody transfer --to "Szpital Następca" --country PL --id pl.regon=192598184 --basis "uchwała nr 7/2026" --officer archivist=archivist.pem --officer director=director.pem --yes`,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return e.transfer(o) },
	}
	f := c.Flags()
	f.StringVar(&o.to, "to", "", "`name` of the controller that follows")
	f.StringVar(&o.country, "country", "", "its country, two `letters`")
	f.StringArrayVar(&o.ids, "id", nil, "a number of it, `SYSTEM=VALUE`; may be repeated")
	f.StringVar(&o.basis, "basis", "", "act or decision, in `words`; they stay in the archive")
	f.StringArrayVar(&o.officers, "officer", nil, "an officer and the `NAME=FILE` of the signing key; twice")
	f.BoolVar(&o.yes, "yes", false, "do it; without it the plan is printed and nothing is done")
	o.flags(f, e)
	for _, name := range []string{"to", "country", "basis", "officer"} {
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func (e *Env) transfer(o *transferOptions) error {
	to, err := o.controller()
	if err != nil {
		return err
	}
	if len(o.officers) < 2 {
		return usagef("two officers sign: --officer NAME=KEY --officer NAME=KEY")
	}
	answer := jsonoutput.Transfer{Schema: jsonoutput.SpecTransfer, Done: o.yes}
	for _, of := range o.officers {
		name, _, _ := strings.Cut(of, "=")
		answer.Officers = append(answer.Officers, name)
	}
	put := func(t seal.Transfer) { answer.From, answer.To, answer.Basis, answer.On = t.From, t.To, t.Basis, t.On }
	if !o.yes {
		err := e.plan(nil, func(a *archive.Archive, _ *reading.Room) error {
			t, _, err := a.PlanTransfer(to, o.basis)
			put(t)
			return err
		})
		if err != nil {
			return err
		}
		err = e.print(answer, func() { e.transferText(answer) })
		e.nothingDone()
		return err
	}
	officers, err := e.officers(o.officers)
	if err != nil {
		return err
	}
	err = e.carryOut(o.folders, nil, func(a *archive.Archive, _ *reading.Room) error {
		t, err := a.Transfer(to, o.basis, officers)
		var after *archive.AfterCommit
		if err != nil && !errors.As(err, &after) { // the index catches up before the next accession
			return err
		}
		put(t)
		answer.Policy, err = policyDigest(a)
		return err
	})
	if err != nil {
		return fmt.Errorf("pass the archive on: %w", err)
	}
	return e.print(answer, func() { e.transferText(answer) })
}

func (o *transferOptions) controller() (c seal.Controller, err error) {
	c = seal.Controller{Name: o.to, Country: strings.ToUpper(o.country)}
	if c.Name == "" || len(c.Country) != 2 || strings.Trim(c.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return c, usagef("--to is a name and --country two letters")
	}
	for _, s := range o.ids {
		system, value, ok := strings.Cut(s, "=")
		if !ok || value == "" || !patient.ValidSystem(system) {
			return c, usagef("--id %q is not SYSTEM=VALUE, as in pl.regon=192598184", s)
		}
		c.IDs = append(c.IDs, patient.Identifier{System: system, Value: value})
	}
	return c, nil
}

func (e *Env) transferText(a jsonoutput.Transfer) {
	out := func(format string, args ...any) { fmt.Fprintf(e.Stdout, format+"\n", args...) }
	out("from   %s, %s", clean(a.From.Name), clean(a.From.Country))
	out("to     %s, %s", clean(a.To.Name), clean(a.To.Country))
	out("basis  %s", clean(a.Basis))
	out("on     %s, signed by %s", a.On, clean(strings.Join(a.Officers, " and ")))
	if a.Done {
		out("policy sha256 %s", a.Policy)
		e.say("\nnext: give every verifier the new policy (policy export)")
		e.say("      the successor's people: kartoteka rotate custodians, policy add-officer, end-officer")
	}
}
