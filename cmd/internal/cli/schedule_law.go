package cli

import (
	"fmt"
	"slices"
	"strings"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/retention"
	"kartoteka/seal"
	"kartoteka/verify"
)

// warnOfKind: a slip in the kind would do away with a consent that the law asks for.
func (e *Env) warnOfKind(kind string, inForce []retention.Schedule) {
	var known []string
	for _, s := range inForce {
		if d := s.Disposal; d != nil && d.Consent != nil && d.Consent.AppliesTo != "" {
			known = append(known, d.Consent.AppliesTo)
		}
	}
	if kind != "" && len(known) > 0 && !slices.Contains(known, kind) {
		e.warn("no consent is asked for that is needed of %s only: this archive's controller is of kind %s", strings.Join(known, ", "), clean(kind))
	}
}

// warnOfDropped names what was in force and is no longer.
func (e *Env) warnOfDropped(before *verify.Retention, now verify.Retention, own []ownSchedule) {
	if before == nil {
		return
	}
	for _, sum := range before.Schedules {
		if !slices.ContainsFunc(own, func(o ownSchedule) bool { return seal.Digest(o.Digest) == sum }) {
			e.warn("no longer in force: schedule %s", sum)
		}
	}
	for _, x := range before.Overrides {
		if !slices.ContainsFunc(now.Overrides, func(y verify.Override) bool { return y.Rule == x.Rule }) {
			e.warn("no longer in force: override of rule %s (%s)", clean(x.Rule), clean(x.Basis))
		}
	}
	if before.Controller != now.Controller {
		e.warn("the kind of controller was %q", clean(before.Controller))
	}
}

func (e *Env) printLaw(a *archive.Archive, own []ownSchedule) error {
	file, err := a.PolicyFile()
	if err != nil {
		return err
	}
	law := a.Policy().Retention
	answer := jsonoutput.Law{Schema: jsonoutput.SpecLaw, Policy: verify.Digest(file), Controller: law.Controller,
		Schedules: []jsonoutput.LawSchedule{}, Overrides: []jsonoutput.LawOverride{}}
	for _, s := range own {
		answer.Schedules = append(answer.Schedules, jsonoutput.LawSchedule{Jurisdiction: s.Jurisdiction, Digest: seal.Digest(s.Digest)})
	}
	for _, x := range law.Overrides {
		answer.Overrides = append(answer.Overrides, jsonoutput.LawOverride(x))
	}
	return e.print(answer, func() { e.lawText(answer) })
}

func (e *Env) lawText(l jsonoutput.Law) {
	kind := "not set: every consent is asked for"
	if l.Controller != "" {
		kind = clean(l.Controller)
	}
	fmt.Fprintf(e.Stdout, "controller  %s\n", kind)
	for _, s := range l.Schedules {
		fmt.Fprintf(e.Stdout, "schedule    %s, the hospital's own, sha256 %s\n", s.Jurisdiction, s.Digest)
	}
	for _, x := range l.Overrides {
		fmt.Fprintf(e.Stdout, "override    %s, by %s: %s\n", clean(x.Rule), clean(x.Officer), clean(x.Basis))
	}
	fmt.Fprintf(e.Stdout, "policy      sha256 %s\n", l.Policy)
	e.say("the policy has changed; give verifiers the new one (policy export)")
}
