package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/archive/reading"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
	"kartoteka/verify"
)

type rotateCustodians struct {
	rotating
	to          initOptions // recipients only
	officers    []string
	skipDamaged bool
}

func newRotateCustodians(e *Env) *cobra.Command {
	o := &rotateCustodians{}
	c := &cobra.Command{
		Use:   "custodians --recipient age1pq1…|FILE... -i IDENTITY [--officer NAME=KEY --officer NAME=KEY --yes]",
		Short: "change who opens documents",
		Long: `Wraps the secrets of all keyfiles to the recipients named here, all of them: whoever stays is named
again, whoever is not opens nothing of the archive any more. Documents are not sealed anew, so who
left and kept a copy of a keyfile still opens what it held. Old copies of the archive are opened by
the custodians of their time.

A present custodian's identity is needed, and two officers sign. The plan says which officers may. Read
the fingerprints of the plan to the new custodians before --yes: an archive wrapped to a key that
nobody has is lost.`,
		Example: `  kartoteka rotate custodians --recipient anna.key.pub --recipient olena.key.pub -i anna.key
  kartoteka rotate custodians --recipient anna.key.pub --recipient olena.key.pub -i anna.key --officer archivist=archivist.pem --officer director=director.pem --yes`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return e.rotateCustodians(o) },
	}
	f := c.Flags()
	f.StringArrayVar(&o.to.recipients, "recipient", nil, "a custodian's public line or `file`; all of them")
	f.StringArrayVar(&o.to.evidence, "evidence-recipient", nil, "an evidence officer's public line or `file`; all of them")
	f.BoolVar(&o.to.allowClassic, "allow-classic", false, "take recipients that a quantum computer will break")
	f.StringArrayVar(&o.officers, "officer", nil, "an officer and the `NAME=FILE` of the signing key; twice")
	f.BoolVar(&o.skipDamaged, "skip-damaged", false, "go on past keyfiles of which no copy holds: they are lost to everybody")
	o.rotating.flags(f, e)
	_ = c.MarkFlagRequired("recipient")
	return c
}

func (e *Env) rotateCustodians(o *rotateCustodians) error {
	recipients, err := o.to.readRecipients()
	if err != nil {
		return err
	}
	ids, err := e.custodians(o.identities)
	if err != nil {
		return err
	}
	officers, err := e.twoOfficers(o)
	if err != nil {
		return err
	}
	change := func(r *reading.Room) archive.CustodianChange {
		return archive.CustodianChange{Recipients: recipients, Secret: r.Secret, Unseal: r.Unseal, Officers: officers, SkipDamaged: o.skipDamaged, Step: e.slow("keyfiles")}
	}
	answer := jsonoutput.Custodians{Schema: jsonoutput.SpecCustodians, MaySign: []string{}, Damaged: []string{}}
	err = e.plan(ids, func(a *archive.Archive, r *reading.Room) error {
		p, err := a.PlanCustodians(change(r))
		answer.Stay, answer.Come, answer.Leave, answer.Keyfiles = listed(p.Stay), listed(p.Come), listed(p.Leave), p.Keyfiles
		answer.MaySign = append(answer.MaySign, p.Officers...)
		return err
	})
	if err != nil {
		return err
	}
	e.custodiansWarnings(recipients, answer)
	if !o.yes {
		err := e.print(answer, func() { e.custodiansText(answer) })
		e.nothingDone()
		return err
	}
	err = e.carryOut(o.folders, ids, func(a *archive.Archive, r *reading.Room) error {
		done, err := a.RotateCustodians(change(r))
		var bad *archive.Tampered
		if errors.As(err, &bad) && bad.Code == verify.CodeKeyfile {
			return &status{exitVerify, err, "no copy of this keyfile holds: put one back from a copy of the archive; --skip-damaged goes on without it"}
		}
		answer.Done, answer.Event, answer.Keyfiles = err == nil, &done.Event, done.Keyfiles
		for _, d := range done.Damaged {
			answer.Damaged = append(answer.Damaged, d.Error())
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("change the custodians: %w", err)
	}
	return e.print(answer, func() { e.custodiansText(answer) })
}

// twoOfficers reads the officers' keys; a plan needs none.
func (e *Env) twoOfficers(o *rotateCustodians) ([]archive.Officer, error) {
	if !o.yes {
		return nil, nil
	}
	if len(o.officers) < 2 {
		return nil, usagef("two officers sign: --officer NAME=KEY --officer NAME=KEY")
	}
	return e.officers(o.officers)
}

func listed(list []seal.Recipient) []jsonoutput.Recipient {
	out := []jsonoutput.Recipient{}
	for _, r := range list {
		out = append(out, jsonoutput.Recipient{Name: r.Name, Role: r.Role, Fingerprint: seal.Fingerprint(r.Age)})
	}
	return out
}

func (e *Env) custodiansWarnings(recipients []seal.Recipient, a jsonoutput.Custodians) {
	custodian := func(r jsonoutput.Recipient) bool { return r.Role == seal.RecipientCustodian }
	if !slices.ContainsFunc(a.Stay, custodian) {
		e.warn("no custodian stays: if the new identities are not at hand, nobody can ever open a document of this archive")
	}
	if len(recipients) == 1 {
		e.warn("one custodian only: if that identity is lost, nobody can ever open a document of this archive")
	}
	for _, r := range recipients {
		if slices.ContainsFunc(strings.Split(r.Age, "+"), classic) {
			e.warn("%s is not a post-quantum recipient: what is sealed today may be read in some years", clean(r.Name))
		}
	}
}

func (e *Env) custodiansText(a jsonoutput.Custodians) {
	w := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	for _, part := range []struct {
		what string
		list []jsonoutput.Recipient
	}{{"stays", a.Stay}, {"comes", a.Come}, {"leaves", a.Leave}} {
		for _, r := range part.list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", part.what, r.Role, clean(r.Name), r.Fingerprint)
		}
	}
	w.Flush()
	if !a.Done {
		fmt.Fprintf(e.Stdout, "%d keyfiles would be wrapped anew\n", a.Keyfiles)
		fmt.Fprintf(e.Stdout, "two officers sign, of: %s\n", clean(cmp.Or(strings.Join(a.MaySign, ", "), "nobody; see kartoteka policy add-officer")))
		return
	}
	fmt.Fprintf(e.Stdout, "%d keyfiles are wrapped anew, from event %d on\n", a.Keyfiles, *a.Event)
	for _, d := range a.Damaged {
		fmt.Fprintf(e.Stdout, "passed over: %s\n", clean(d))
	}
	e.say("\nnext:")
	e.say("  1. see that each new custodian opens the archive: kartoteka verify archive --sample 1%% -i IDENTITY")
	if len(a.Leave) > 0 {
		e.say("  2. make the copies of the archive anew: those who left open the old ones")
		e.say("  3. those who left may know the log key and the next: kartoteka rotate log-key, twice")
	}
}
