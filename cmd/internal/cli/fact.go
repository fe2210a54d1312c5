package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

func newFact(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:     "fact",
		Short:   "what was learnt after the records came in",
		Long:    "Adds what an officer learnt of a patient or a bundle, and what the law of retention asks for.",
		Example: `  kartoteka fact add --id pl.pesel=44051401359 --death-year 2031 --basis "USC Kraków 17/2031" --officer "J. Nowak"`,
		RunE:    needsVerb,
	}
	c.AddCommand(newFactAdd(e))
	return c
}

type factOptions struct {
	folders
	whose
	facts          seal.Facts
	basis, officer string
}

func newFactAdd(e *Env) *cobra.Command {
	var o factOptions
	c := &cobra.Command{
		Use:   "add (--id SYSTEM=VALUE | --bundle N...) FACT... --basis TEXT --officer NAME",
		Short: "add a death, a closed case, the right class",
		Long: `Adds facts: years, yes or no, the class. Terms are reckoned anew from them, in both directions. A death, its
cause, the end of an exposure and the year of the last entry are facts of the patient (--id) and count for all
bundles, later ones too; everything else is a fact of a bundle (--bundle). What is added corrects what was said
before. The words are sealed; the log shows only that a fact was added.`,
		Example: `  kartoteka fact add --id pl.pesel=44051401359 --death-year 2031 --death-by-injury=false --basis "USC Kraków 17/2031" --officer "J. Nowak"
  kartoteka fact add --bundle 118 --bundle 119 --class 003/o --case-closed-year 2009 --basis "card looked at" --officer "J. Nowak"`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.addFact(c.Context(), o) },
	}
	f := c.Flags()
	o.whose.flags(f)
	factFlags(f, &o.facts)
	f.StringVar(&o.basis, "basis", "", "from where it is known (`text`)")
	f.StringVar(&o.officer, "officer", "", "`name` of who adds it")
	o.folders.flags(f, e)
	return c
}

// factFlags has a flag for each member of seal.Facts.
func factFlags(set *pflag.FlagSet, f *seal.Facts) {
	set.StringVar(&f.Jurisdiction, "jurisdiction", "", "with --last-entry-year: the `country` whose records it is about, PL, UA or LT; all where it is left out")
	set.StringVar(&f.Class, "class", "", "`class` of the bundle, in the words of the schedule")
	set.IntVar(&f.LastEntryYear, "last-entry-year", 0, "`year` of the last entry, or of the last visit")
	set.IntVar(&f.ServiceYear, "service-year", 0, "`year` of the service")
	set.IntVar(&f.IssuedYear, "issued-year", 0, "`year` in which the document was issued")
	set.IntVar(&f.DeathYear, "death-year", 0, "`year` of the patient's death")
	set.IntVar(&f.ExposureEndYear, "exposure-end-year", 0, "`year` in which an occupational exposure ended")
	set.IntVar(&f.CaseClosedYear, "case-closed-year", 0, "`year` in which the case was closed")
	set.StringVar(&f.Medium, "medium", "", "`medium` it was made on: digital, paper or film")
	for _, b := range []struct {
		to          **bool
		name, usage string
	}{
		{&f.DeathByInjuryOrPoisoning, "death-by-injury", "the death was the result of an injury or a poisoning"},
		{&f.Under2AtService, "under-2", "the patient was under two years old at the service"},
		{&f.BloodTraceability, "blood", "holds what is needed to follow blood from donor to recipient"},
		{&f.ReferralProvided, "referral-provided", "the service that was referred to was given"},
		{&f.ReferralNoShow, "referral-no-show", "it was not given, because the patient did not come"},
		{&f.ReferralCollected, "referral-collected", "the patient took the referral back"},
	} {
		set.Var(maybe{b.to}, b.name, b.usage+" (`true|false`)")
	}
}

// maybe is a flag that says yes, no or nothing.
type maybe struct{ to **bool }

func (m maybe) String() string { return "" }
func (m maybe) Type() string   { return "true|false" }
func (m maybe) Set(s string) error {
	v, err := strconv.ParseBool(s)
	*m.to = &v
	return err
}

func (e *Env) addFact(ctx context.Context, o factOptions) error {
	named, _, err := o.whose.whose(e)
	if err != nil {
		return err
	}
	if err := must([2]string{"basis", o.basis}, [2]string{"officer", o.officer}); err != nil {
		return err
	}
	office, err := e.openOffice(o.folders)
	if err != nil {
		return err
	}
	defer office.Close()
	events, err := office.fact(ctx, wire.Fact{Whose: named, Facts: o.facts, Basis: o.basis, Officer: o.officer})
	if err != nil {
		return err
	}
	return e.acted("fact added", events)
}
