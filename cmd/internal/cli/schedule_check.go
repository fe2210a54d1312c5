package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/retention"
	"kartoteka/seal"
	"kartoteka/verify"
)

func newScheduleCheck(e *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE...",
		Short: "try a hospital's own schedules",
		Long: `Reads a hospital's own schedules, one file for each country, and prints what speaks against them: a line for
each finding, with its level, the file, the rule and the reason, and a line for each file.

  fault    the schedule may not be used
  warning  it may, and somebody should know this
  note     how a gap is filled

Each is compared with the embedded schedule that it would replace. Where it keeps a record shorter, that is a
fault, unless the embedded rule is marked verify, or the own one is of high confidence and cites another law.
docs/retention-sources.md lists the words that a schedule may use.

Exit status 4 means that there is a fault, or that a file is no schedule.`,
		Example: `  kartoteka schedule check our-schedule.yaml
  kartoteka schedule check --json pl.yaml lt.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return e.checkSchedules(c.Context(), args) },
	}
}

func (e *Env) checkSchedules(ctx context.Context, files []string) error {
	embedded, err := retention.Load()
	if err != nil {
		return err
	}
	own, err := ownSchedules(ctx, files, embedded)
	if err != nil {
		return err
	}
	answer := scheduleCheck(own)
	if err := e.print(answer, func() { e.scheduleCheckText(answer) }); err != nil {
		return err
	}
	return verdict(answer.Verdict)
}

func scheduleCheck(own []ownSchedule) jsonoutput.ScheduleCheck {
	answer := jsonoutput.ScheduleCheck{Schema: jsonoutput.SpecScheduleCheck, Verdict: verify.Passed}
	for _, o := range own {
		s := jsonoutput.CheckedSchedule{File: o.file, Verdict: verify.Passed, Jurisdiction: o.Jurisdiction, Checked: o.Checked,
			Digest: seal.Digest(o.Digest), Rules: len(o.Rules), Findings: []jsonoutput.ScheduleFinding{}}
		for _, f := range o.findings {
			s.Findings = append(s.Findings, jsonoutput.ScheduleFinding{Level: f.Level, Jurisdiction: f.Jurisdiction, Rule: f.Rule, Reason: f.Text})
		}
		if retention.Faulty(o.findings) {
			s.Verdict, answer.Verdict = verify.Failed, verify.Failed
		}
		answer.Schedules = append(answer.Schedules, s)
	}
	return answer
}

func (e *Env) scheduleCheckText(answer jsonoutput.ScheduleCheck) {
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	for _, s := range answer.Schedules {
		for _, f := range s.Findings {
			rule := f.Rule
			if rule == "" {
				rule = "-"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.Level, clean(s.File), clean(rule), clean(f.Reason))
		}
	}
	w.Flush()
	for _, s := range answer.Schedules {
		fmt.Fprintln(e.Stdout, checkedText(s))
	}
}

// checkedText sums up one file.
func checkedText(s jsonoutput.CheckedSchedule) string {
	count := map[retention.Level]int{}
	for _, f := range s.Findings {
		count[f.Level]++
	}
	text := clean(s.File) + ": PASSED: "
	if s.Verdict != verify.Passed {
		text = clean(s.File) + ": FAILED: "
	}
	if s.Jurisdiction != "" {
		text += fmt.Sprintf("%s, %s; ", s.Jurisdiction, counted(s.Rules, "rule"))
	}
	return text + fmt.Sprintf("%s, %s, %s", counted(count[retention.Fault], "fault"), counted(count[retention.Warning], "warning"), counted(count[retention.Note], "note"))
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
