package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/retention"
	"kartoteka/seal"
	"kartoteka/verify"
)

type adoptOptions struct {
	folders
	kind                           string
	schedules, overrides, officers []string
}

func newScheduleAdopt(e *Env) *cobra.Command {
	var o adoptOptions
	c := &cobra.Command{
		Use:   "adopt [--controller-kind KIND] [--schedule FILE...] [--override RULE=BASIS --officer NAME]...",
		Short: "set the law by which this archive disposes of records",
		Long: `Sets by which law the archive disposes of records from now on: all of it, so name everything that shall stay in force.
The policy has it and the log records the change; verifiers get the new policy.

A schedule of the hospital's own replaces the embedded one of its country. One with a fault is refused: schedule check
says what is wrong. An override says that a rule marked verify was compared with the law, by whom and with what; it
is for this wording of the schedule only. With several overrides there is one officer for all, or one for each in
their order. The kind of controller says whose consents are needed: in Poland the State Archive's is for a
public_hospital. Where no kind is set, every consent is asked for.

Daemon and command line have one writer's lock: stop kartotekad first.`,
		Example: `  kartoteka schedule adopt --controller-kind public_hospital
  kartoteka schedule adopt --controller-kind clinic --schedule our-pl.yaml --override "UA-003=compared with MOH order 110/2012 by our lawyer, 3.4.2031" --officer "J. Nowak"`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.adoptSchedules(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.kind, "controller-kind", "", "`kind` of hospital: public_hospital, or a word of your own")
	f.StringArrayVar(&o.schedules, "schedule", nil, "a schedule of the hospital's own; may be repeated, one `file` a country")
	f.StringArrayVar(&o.overrides, "override", nil, "a rule marked verify, and what it was compared with, `RULE=BASIS`; may be repeated")
	f.StringArrayVar(&o.officers, "officer", nil, "`name` of who says so")
	o.folders.flags(f, e)
	return c
}

func (e *Env) adoptSchedules(ctx context.Context, o adoptOptions) error {
	embedded, err := retention.Load()
	if err != nil {
		return err
	}
	own, err := ownSchedules(ctx, o.schedules, embedded)
	if err != nil {
		return err
	}
	if err := usable(own, ""); err != nil {
		return err
	}
	inForce := embedded
	for _, s := range own {
		inForce = retention.Replace(inForce, s.Schedule)
	}
	law := verify.Retention{Controller: o.kind}
	if law.Overrides, err = o.readOverrides(inForce); err != nil {
		return err
	}
	files, err := readSchedules(own)
	if err != nil {
		return err
	}
	a, err := e.openWriter(o.folders, "stop kartotekad to change the law in force, and start it again afterwards")
	if err != nil {
		return err
	}
	defer a.Close()
	if err := tryLaw(a, inForce, law); err != nil {
		return err
	}
	e.warnOfKind(o.kind, inForce)
	e.warnOfDropped(a.Policy().Retention, law, own)
	if err := a.SetRetention(law, files); err != nil {
		return fmt.Errorf("set the law in force: %w", err)
	}
	return e.printLaw(a, own)
}

// readOverrides binds each override to the schedule in force that has the rule.
func (o adoptOptions) readOverrides(inForce []retention.Schedule) (list []verify.Override, err error) {
	if len(o.officers) != len(o.overrides) && (len(o.officers) != 1 || len(o.overrides) == 0) {
		return nil, usagef("--officer is needed once for all overrides, or once for each of them")
	}
	for i, text := range o.overrides {
		rule, basis, ok := strings.Cut(text, "=")
		if !ok || rule == "" || strings.TrimSpace(basis) == "" {
			return nil, usagef("--override has the form RULE=BASIS")
		}
		x := verify.Override{Rule: rule, Basis: basis, Officer: o.officers[min(i, len(o.officers)-1)]}
		s := slices.IndexFunc(inForce, func(s retention.Schedule) bool {
			return slices.ContainsFunc(s.Rules, func(r retention.Rule) bool { return r.ID == rule })
		})
		if s < 0 {
			return nil, &status{exitVerify, fmt.Errorf("override of rule %s: no schedule in force has it", clean(rule)), "`kartoteka schedule list` lists the rules"}
		}
		x.Schedule = seal.Digest(inForce[s].Digest)
		list = append(list, x)
	}
	return list, nil
}

// readSchedules reads the files again, as they will be kept. One that changed since it was judged is refused.
func readSchedules(own []ownSchedule) (files [][]byte, err error) {
	for _, s := range own {
		data, err := os.ReadFile(s.file)
		if err != nil {
			return nil, err
		}
		if verify.Digest(data) != seal.Digest(s.Digest) {
			return nil, failf(exitFailed, "%s was changed meanwhile", clean(s.file))
		}
		files = append(files, data)
	}
	return files, nil
}

// tryLaw refuses what the archive could not apply later.
func tryLaw(a *archive.Archive, inForce []retention.Schedule, law verify.Retention) error {
	o := retention.Options{Schedules: inForce, Zone: a.Zone(), Controller: law.Controller}
	for _, x := range law.Overrides {
		o.Overrides = append(o.Overrides, retention.Override{Rule: x.Rule, Schedule: retention.Digest(x.Schedule), Officer: x.Officer, Basis: x.Basis})
	}
	if _, err := retention.New(o); err != nil {
		return &status{exitVerify, err, "`kartoteka schedule list` says which rules are marked verify"}
	}
	return nil
}
