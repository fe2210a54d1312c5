package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	_ "time/tzdata" // Windows has no zone files, and a container may have none

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify"
)

type initOptions struct {
	origin, controller, country, zone, private string

	ids, recipients, evidence []string
	officers                  []string
	allowClassic              bool
}

func newInit(e *Env) *cobra.Command {
	var o initOptions
	c := &cobra.Command{
		Use:   "init DIR --origin NAME --controller NAME --country CC --recipient age1pq1…|FILE...",
		Short: "make an archive",
		Long: `Makes an archive in a folder that is new or empty: its log key, its index identity, its policy.

A recipient is a custodian's public line (age1pq1…), a file that holds it, or NAME=either.
Two custodians are the least: an archive whose only custodian is lost can never be read again.`,
		Example: `  kartoteka keygen custodian -o anna.key
  kartoteka init /srv/kartoteka --origin archive.hospital.example/1 --controller "Szpital Testowy" --country PL --controller-id pl.regon=192598184 --recipient anna.key.pub --recipient jonas.key.pub`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return e.init(args[0], o) },
	}
	f := c.Flags()
	f.StringVar(&o.origin, "origin", "", "`name` of the log, unique in the world")
	f.StringVar(&o.controller, "controller", "", "`name` of the hospital that answers for the records")
	f.StringVar(&o.country, "country", "", "the controller's country, two `letters`")
	f.StringArrayVar(&o.ids, "controller-id", nil, "a number of the controller, `SYSTEM=VALUE`; may be repeated")
	f.StringVar(&o.zone, "time-zone", "", "IANA `name`; default the country's (PL, UA, LT)")
	f.StringArrayVar(&o.recipients, "recipient", nil, "a custodian's public line or `file`; may be repeated")
	f.StringArrayVar(&o.evidence, "evidence-recipient", nil, "an evidence officer's public line or `file`; may be repeated")
	f.StringArrayVar(&o.officers, "officer", nil, "an officer's public signing key, `NAME=FILE`; two decide what takes two people")
	f.BoolVar(&o.allowClassic, "allow-classic", false, "take recipients that a quantum computer will break")
	f.StringVar(&o.private, "private", "", "`folder` of the log key and the index identity; default DIR/private")
	for _, name := range []string{"origin", "controller", "country", "recipient"} {
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func (e *Env) init(dir string, o initOptions) error {
	made, err := o.archive()
	if err != nil {
		return err
	}
	if made.Officers, err = readOfficers(o.officers); err != nil {
		return err
	}
	made.Now = e.Now
	e.initPlan(dir, made)
	if err := archive.Init(dir, made); err != nil {
		return fmt.Errorf("make an archive: %w", err)
	}
	a, err := archive.Open(dir, archive.Options{Private: made.Private, Now: e.Now})
	if err != nil {
		return err
	}
	defer a.Close()
	policy, err := a.PolicyFile()
	if err != nil {
		return err
	}
	answer := jsonoutput.Init{Schema: jsonoutput.SpecInit, Archive: dir, Private: cmp.Or(made.Private, filepath.Join(dir, "private")),
		Origin: made.Origin, Controller: made.Controller, TimeZone: a.Spec.TimeZone,
		LogKey: a.Policy().LogKeys[0].Key, Policy: verify.Digest(policy)}
	for _, r := range made.Recipients {
		answer.Recipients = append(answer.Recipients, jsonoutput.Recipient{Name: r.Name, Role: r.Role, Fingerprint: seal.Fingerprint(r.Age)})
	}
	return e.print(answer, func() { e.initText(answer) })
}

// initPlan says what will be made, before it is.
func (e *Env) initPlan(dir string, o archive.InitOptions) {
	e.say("making an archive in %s", dir)
	e.say("  log         %s", clean(o.Origin))
	e.say("  controller  %s, %s", clean(o.Controller.Name), o.Controller.Country)
	e.say("  time zone   %s", o.TimeZone)
	custodians := 0
	for _, r := range o.Recipients {
		e.say("  %-10s  %s (%s)", r.Role, clean(r.Name), seal.Fingerprint(r.Age))
		if r.Role == seal.RecipientCustodian {
			custodians++
		}
		if !strings.HasPrefix(r.Age, "age1pq1") {
			e.warn("%s is not a post-quantum recipient: what is sealed today may be read in some years", clean(r.Name))
		}
	}
	for _, o := range o.Officers {
		e.say("  officer     %s", o.Name)
	}
	if custodians == 1 {
		e.warn("one custodian only: if that identity is lost, nobody can ever open a document of this archive")
	}
}

func (e *Env) initText(a jsonoutput.Init) {
	out := func(format string, args ...any) { fmt.Fprintf(e.Stdout, format+"\n", args...) }
	private := ""
	if a.Private != filepath.Join(a.Archive, "private") {
		private = " --private " + a.Private
	}
	out("archive     %s", a.Archive)
	out("log key     %s", a.LogKey)
	out("policy      sha256 %s", a.Policy)
	e.say("\nnext:")
	e.say("  1. keep the custodians' identity files away from this machine, each with its own person")
	e.say("  2. keep %s out of backups that others read; the custodians have a sealed copy in policy/sealed", a.Private)
	e.say("  3. trust a producer:  kartoteka --archive %s policy add-producer NAME --key NAME.pub%s", a.Archive, private)
	e.say("  4. pin the policy:    kartoteka --archive %s policy export -o policy.json  (give it to every verifier)", a.Archive)
}

// archive checks the flags and turns them into what Init takes.
func (o initOptions) archive() (archive.InitOptions, error) {
	country := strings.ToUpper(o.country)
	if len(country) != 2 || strings.Trim(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return archive.InitOptions{}, usagef("--country %q is not two letters", o.country)
	}
	made := archive.InitOptions{Origin: o.origin, TimeZone: cmp.Or(o.zone, zoneOf(country)), Private: o.private,
		Controller: seal.Controller{Name: o.controller, Country: country}}
	for _, s := range o.ids {
		system, value, ok := strings.Cut(s, "=")
		if !ok || value == "" || !patient.ValidSystem(system) {
			return made, usagef("--controller-id %q is not SYSTEM=VALUE, as in pl.regon=192598184", s)
		}
		made.Controller.IDs = append(made.Controller.IDs, patient.Identifier{System: system, Value: value})
	}
	var err error
	if made.Recipients, err = o.readRecipients(); err != nil {
		return made, err
	}
	return made, nil
}

func zoneOf(country string) string {
	switch country {
	case "UA":
		return "Europe/Kyiv"
	case "LT":
		return "Europe/Vilnius"
	}
	return "Europe/Warsaw"
}
