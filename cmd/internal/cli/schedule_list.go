package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/retention"
	"kartoteka/seal"
	"kartoteka/verify"
)

func newScheduleList(e *Env) *cobra.Command {
	var country string
	c := &cobra.Command{
		Use:   "list [--country PL|UA|LT] [FILE...]",
		Short: "list the rules in force",
		Long: `Lists the rules in force: those of the embedded schedules, or of a hospital's own in FILE, which replaces the
embedded one of its country as a whole. With --archive and no FILE it is what that archive adopted. The EU's rules
are added in Poland and Lithuania. Below each rule stands which records it is for.

A rule marked verify must be compared with the law by a lawyer first: until then nothing is disposed of by it.

Exit status 4 means that a FILE may not be used: schedule check says why.`,
		Example: `  kartoteka schedule list --country PL
  kartoteka schedule list --country LT our-schedule.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			return e.listSchedules(c.Context(), strings.ToUpper(country), args)
		},
	}
	c.Flags().StringVar(&country, "country", "", "only the rules of this `country`: PL, UA or LT")
	return c
}

func (e *Env) listSchedules(ctx context.Context, country string, files []string) error {
	if country != "" && !slices.Contains([]string{"PL", "UA", "LT"}, country) {
		return usagef("--country %q is none of PL, UA, LT", country)
	}
	embedded, err := retention.Load()
	if err != nil {
		return err
	}
	var own []ownSchedule
	var confirmed map[string]verify.Override
	if len(files) == 0 && e.archive != "" {
		own, confirmed, err = e.lawOf()
	} else if own, err = ownSchedules(ctx, files, embedded); err == nil {
		err = usable(own, country)
	}
	if err != nil {
		return err
	}
	answer := jsonoutput.ScheduleList{Schema: jsonoutput.SpecScheduleList}
	for _, s := range embedded {
		if governs(s.Jurisdiction, country) {
			answer.Schedules = append(answer.Schedules, inForce(s, own, confirmed))
		}
	}
	return e.print(answer, func() { e.scheduleListText(answer) })
}

// usable refuses files that may not be used, and those that would not show.
func usable(own []ownSchedule, country string) error {
	for _, o := range own {
		if retention.Faulty(o.findings) {
			f := o.findings[0]
			f.Jurisdiction = ""
			return &status{exitVerify, fmt.Errorf("%s: %s", clean(o.file), clean(f.String())), "`kartoteka schedule check` says all that is wrong"}
		}
	}
	for _, o := range own {
		if !governs(o.Jurisdiction, country) {
			return usagef("%s is for %s: --country %s does not show it", clean(o.file), o.Jurisdiction, country)
		}
	}
	return nil
}

// governs says whether a jurisdiction's rules count in a country; in one of them where none is named.
func governs(jurisdiction, country string) bool {
	return country == "" || jurisdiction == country || jurisdiction == "EU" && country != "UA"
}

// inForce is the embedded schedule, or what replaces it.
func inForce(s retention.Schedule, own []ownSchedule, confirmed map[string]verify.Override) jsonoutput.ListedSchedule {
	file := ""
	for _, o := range own {
		if o.Jurisdiction == s.Jurisdiction {
			s, file = o.Schedule, o.file
		}
	}
	l := jsonoutput.ListedSchedule{Jurisdiction: s.Jurisdiction, File: file, Act: s.Act, Checked: s.Checked, Digest: seal.Digest(s.Digest),
		Classes: s.Classes, Rules: []jsonoutput.ScheduleRule{}}
	for _, r := range s.Rules {
		l.Rules = append(l.Rules, jsonoutput.ScheduleRule{ID: r.ID, Classes: r.Class, Unit: r.Unit, Period: r.Period(), Years: r.Years, Days: r.MinDays,
			Trigger: r.Trigger, Rounding: r.Rounding, When: r.When, Cite: r.Cite, Source: r.Source, Confidence: r.Confidence, Verify: r.Verify, Confirmed: confirmed[r.ID].Basis, Default: r.Default, Note: r.Note})
	}
	return l
}

// listWidth is how wide the list may be: it is printed and pinned to a wall.
const listWidth = 100

func (e *Env) scheduleListText(answer jsonoutput.ScheduleList) {
	rows := [][]string{{"RULE", "PERIOD", "FROM", "CONFIDENCE", "CITATION"}}
	for _, s := range answer.Schedules {
		for _, r := range s.Rules {
			rows = append(rows, ruleRow(r))
		}
	}
	widths := listWidths(rows)
	unconfirmed, at := 0, 1
	for i, s := range answer.Schedules {
		if i > 0 {
			fmt.Fprintln(e.Stdout)
		}
		scheduleHead(e.Stdout, s)
		writeRow(e.Stdout, rows[0], widths)
		for _, r := range s.Rules {
			writeRow(e.Stdout, rows[at], widths)
			writeIndented(e.Stdout, records(r, s.Classes))
			writeIndented(e.Stdout, conditions(r.When))
			if r.Confirmed != "" {
				writeIndented(e.Stdout, "compared with the law: "+clean(r.Confirmed))
			}
			if at++; r.Verify && r.Confirmed == "" {
				unconfirmed++
			}
		}
	}
	if unconfirmed > 0 {
		e.say("marked verify: %d of %s, to be compared with the law by a lawyer first; until then nothing is disposed of by them", unconfirmed, counted(len(rows)-1, "rule"))
	}
}

// scheduleHead says which schedule it is, and where it comes from.
func scheduleHead(w io.Writer, s jsonoutput.ListedSchedule) {
	from := "embedded"
	if s.File != "" {
		from = clean(s.File) + ", in place of the embedded one"
	}
	for _, line := range wrap(fmt.Sprintf("%s: %s, checked %s", s.Jurisdiction, from, s.Checked), listWidth) {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "SHA-256 %s\n", s.Digest)
}

func ruleRow(r jsonoutput.ScheduleRule) []string {
	row := []string{r.ID, r.Period, strings.ReplaceAll(string(r.Trigger), "_", " "), string(r.Confidence), r.Cite}
	switch {
	case r.Confirmed != "":
		row[3] = "confirmed"
	case r.Verify:
		row[3] += ", verify"
	}
	for i, cell := range row {
		if row[i] = clean(cell); cell == "" || cell == "none" {
			row[i] = "-"
		}
	}
	return row
}

// records says which records a rule is for.
func records(r jsonoutput.ScheduleRule, titles map[string]string) string {
	var classes []string
	for _, c := range r.Classes {
		switch {
		case c == retention.AnyClass:
			c = "any record"
		case titles[c] != "":
			c += " (" + titles[c] + ")"
		}
		classes = append(classes, c)
	}
	text := "for " + strings.Join(classes, ", ")
	if r.Default {
		text += " that no other rule is known to fit"
	}
	return clean(text)
}

// conditions says what must be true of the records besides; empty where nothing must.
func conditions(when map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(when)) {
		all = append(all, name+"="+when[name])
	}
	if len(all) == 0 {
		return ""
	}
	return clean("only when " + strings.Join(all, ", "))
}

// listWidths gives each column what its longest cell wants, within bounds; the citation has the rest.
func listWidths(rows [][]string) []int {
	widths, rest := make([]int, 5), listWidth
	for i, most := range []int{28, 10, 16, 14} {
		for _, row := range rows {
			widths[i] = min(most, max(widths[i], utf8.RuneCountInString(row[i])))
		}
		rest -= widths[i] + 2
	}
	widths[4] = rest
	return widths
}

// writeRow writes the cells beside each other, each over as many lines as it needs.
func writeRow(w io.Writer, row []string, widths []int) {
	var cells [][]string
	lines := 0
	for i, cell := range row {
		cells = append(cells, wrap(cell, widths[i]))
		lines = max(lines, len(cells[i]))
	}
	for n := range lines {
		var b strings.Builder
		for i, cell := range cells {
			text := ""
			if n < len(cell) {
				text = cell[n]
			}
			fmt.Fprintf(&b, "%-*s  ", widths[i], text)
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

func writeIndented(w io.Writer, text string) {
	if text == "" {
		return
	}
	for _, line := range wrap(text, listWidth-4) {
		fmt.Fprintln(w, "    "+line)
	}
}

// wrap breaks a text into lines at its spaces, and a word that is too long anywhere.
func wrap(text string, width int) []string {
	var lines []string
	line := []rune{}
	for _, word := range strings.Fields(text) {
		next := []rune(word)
		if len(line) > 0 && len(line)+1+len(next) > width {
			lines, line = append(lines, string(line)), nil
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		for line = append(line, next...); len(line) > width; line = line[width:] {
			lines = append(lines, string(line[:width]))
		}
	}
	return append(lines, string(line))
}
