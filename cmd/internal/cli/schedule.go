package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/retention"
)

func newSchedule(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "schedule",
		Short: "the rules of retention, and a hospital's own",
		Long: `Shows the schedules by which it is decided how long a record is kept, tries a hospital's own against them, and sets
which are in force for an archive. docs/retention.md tells how a schedule is applied,
docs/retention-sources.md where the rules come from. Nothing here is legal advice.`,
		Example: `  kartoteka schedule list --country PL
  kartoteka schedule check our-schedule.yaml
  kartoteka schedule adopt --controller-kind public_hospital --schedule our-schedule.yaml`,
		RunE: needsVerb,
	}
	c.AddCommand(newScheduleCheck(e), newScheduleList(e), newScheduleAdopt(e))
	return c
}

// ownSchedule is a file that a hospital wants in place of an embedded schedule, with all that speaks against it.
type ownSchedule struct {
	file               string
	retention.Schedule // zero where the file holds none
	findings           []retention.Finding
}

func (o *ownSchedule) fault(rule, text string) {
	o.findings = append(o.findings, retention.Finding{Level: retention.Fault, Jurisdiction: o.Jurisdiction, Rule: rule, Text: text})
}

// ownSchedules reads a hospital's files and judges each. The error is that a file cannot be read; what is wrong in one
// is among its findings.
func ownSchedules(ctx context.Context, files []string, embedded []retention.Schedule) ([]ownSchedule, error) {
	var all []ownSchedule
	for _, name := range files {
		o, err := readSchedule(name)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	judged := make(chan struct{})
	go func() { // minutes, where a schedule has tens of thousands of classes: who waits may stop
		defer close(judged)
		judgeSchedules(all, embedded)
	}()
	select {
	case <-judged:
		return all, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func readSchedule(name string) (ownSchedule, error) {
	o := ownSchedule{file: name}
	f, err := os.Open(name)
	if err != nil {
		return o, err
	}
	defer f.Close()
	s, err := retention.Parse(f)
	var unread *os.PathError
	switch {
	case errors.As(err, &unread):
		return o, err
	case err != nil:
		for _, text := range reasons(cmp.Or(errors.Unwrap(err), err)) {
			o.fault(ruleOf(text))
		}
	default:
		o.Schedule = s
	}
	return o, nil
}

// judgeSchedules checks the schedules as they would be in force together, and compares each with the embedded one.
func judgeSchedules(all []ownSchedule, embedded []retention.Schedule) {
	inForce, first := embedded, map[string]string{}
	for i := range all {
		o := &all[i]
		if o.Jurisdiction == "" {
			continue
		}
		if file, taken := first[o.Jurisdiction]; taken {
			o.fault("", fmt.Sprintf("second schedule for %s beside %s: it was not checked", o.Jurisdiction, file))
			continue
		}
		first[o.Jurisdiction] = o.file
		inForce = retention.Replace(inForce, o.Schedule)
	}
	checked := retention.Check(inForce...)
	for i := range all {
		if o := &all[i]; o.Jurisdiction != "" && len(o.findings) == 0 {
			o.judge(checked, embedded)
		}
	}
}

// judge takes what was found about the schedule's jurisdiction, and puts the gravest first.
func (o *ownSchedule) judge(checked []retention.Finding, embedded []retention.Schedule) {
	for _, f := range checked {
		if f.Jurisdiction == o.Jurisdiction || f.Jurisdiction == "" {
			o.findings = append(o.findings, f)
		}
	}
	o.findings = append(o.findings, retention.Compare(o.Schedule, embedded)...)
	gravest := []retention.Level{retention.Fault, retention.Warning, retention.Note}
	slices.SortStableFunc(o.findings, func(a, b retention.Finding) int {
		return slices.Index(gravest, a.Level) - slices.Index(gravest, b.Level)
	})
}

// reasons takes an error of retention.Parse apart: it joins all that is wrong, and so does the YAML decoder.
func reasons(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, one := range joined.Unwrap() {
			all = append(all, reasons(one)...)
		}
		return all
	}
	text, ok := strings.CutPrefix(err.Error(), "yaml: unmarshal errors:\n  ")
	if !ok {
		return []string{text}
	}
	return strings.Split(text, "\n  ")
}

// ruleOf cuts the rule's id off a reason that begins with it.
func ruleOf(reason string) (rule, text string) {
	if rest, ok := strings.CutPrefix(reason, "rule "); ok {
		if id, text, ok := strings.Cut(rest, ": "); ok && !strings.Contains(id, " ") {
			return id, text
		}
	}
	return "", reason
}
