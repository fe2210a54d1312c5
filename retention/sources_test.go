package retention

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// go test ./retention -run TestSourcesPage -update writes the page anew after a change of the schedules.
var update = flag.Bool("update", false, "write docs/retention-sources.md")

const sourcesPath = "../docs/retention-sources.md"

// The page is exactly what the schedules say, so it cannot fall behind them.
func TestSourcesPage(t *testing.T) {
	want := sourcesPage(loaded(t))
	if *update {
		if err := os.WriteFile(sourcesPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(sourcesPath)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(string(raw), "\r\n", "\n")
	if got != want {
		t.Errorf("%s is not what the schedules say: run go test ./retention -run TestSourcesPage -update", sourcesPath)
	}
	for _, s := range loaded(t) {
		for _, r := range s.Rules {
			if !strings.Contains(got, "| "+r.ID+" |") || !strings.Contains(got, cell(r.Cite)) || !strings.Contains(got, cell(r.Source)) {
				t.Errorf("rule %s, its citation or its source is not in %s", r.ID, sourcesPath)
			}
		}
	}
	if !strings.Contains(got, "not legal advice") {
		t.Error("the page does not say that it is not legal advice")
	}
}

const sourcesHead = `# Where the retention rules come from

Generated from retention/schedules; a test keeps the two the same. **This is research and not legal advice.** Have a lawyer of
your country compare the rules with the law in force before anything is destroyed.

- **Confidence.** high: the text was seen in an official publication, or quoted by a hospital or public body. medium: seen in a
  secondary source, or clear practice. low: general knowledge; the text was not seen.
- **Verify.** A rule marked *verify* never leads to disposal unless the hospital overrides it explicitly. Every rule of low
  confidence is marked.
- **Which rule counts.** The controller's country governs; the EU's rules are added in Poland and Lithuania. Of several rules
  that fit, the latest due date wins, and a hold beats them all. The default rule counts where no other rule of its country is
  known to fit.
- **From.** The fact that starts the period is in brackets. *End of year*: the period runs from 31 December of that year, and
  disposal is allowed from 1 January after it ends. Otherwise it runs from the day itself, or, where only the year is known,
  from its 31 December.
- **Unit.** patient_file: all records of one patient at one controller; a new entry anywhere restarts the clock. document: each
  document by itself.
- **SHA-256** is that of the schedule file; every decision names it.

How a decision is made from all this: [retention.md](retention.md).
`

func sourcesPage(all []Schedule) string {
	var b strings.Builder
	b.WriteString(sourcesHead)
	for _, s := range all {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\nChecked %s. SHA-256 `%s`.%s\n\n", s.Jurisdiction, s.Act, s.Checked, s.Digest, prefixed(" Source: ", s.Source))
		b.WriteString(ruleTable(s.Rules))
		b.WriteString(noteList(s.Rules))
		b.WriteString(dutyTable(s))
		fmt.Fprintf(&b, "\nClasses: %s.\n", classList(s.Classes))
	}
	b.WriteString("\n## Triggers and the facts they read\n\n" + triggerTable())
	b.WriteString("\n## Conditions and the facts they read\n\n" + conditionTable())
	return b.String()
}

func ruleTable(rules []Rule) string {
	rows := [][]string{{"Rule", "Class", "Unit", "Period", "From", "Only when", "Citation", "Confidence", "Verify", "Source"}}
	for _, r := range rules {
		from := string(r.Trigger)
		if fact := factOf(r.Trigger); fact != "" {
			from += " (" + fact + ")"
		}
		if r.Rounding == EndOfCalendarYear {
			from += ", end of year"
		}
		class := strings.Join(r.Class, ", ")
		if r.Default {
			class += " (default)"
		}
		rows = append(rows, []string{r.ID, class, string(r.Unit), r.Period(), from, conditions(r.When), r.Cite, string(r.Confidence), verifyMark(r.Verify), r.Source})
	}
	return table(rows)
}

func noteList(rules []Rule) string {
	var b strings.Builder
	for _, r := range rules {
		if r.Note != "" {
			fmt.Fprintf(&b, "- %s: %s\n", r.ID, r.Note)
		}
	}
	return prefixed("\nNotes:\n\n", b.String())
}

func dutyTable(s Schedule) string {
	if len(s.sections()) == 0 {
		return ""
	}
	rows := [][]string{{"Duty", "What", "Citation", "Confidence", "Verify", "Source"}}
	for _, sec := range s.sections() {
		c := sec.clause
		rows = append(rows, []string{sec.name, sec.text + dutyDetail(s, sec.name), c.Cite, string(c.Confidence), verifyMark(c.Verify), c.Source})
	}
	return "\n" + table(rows)
}

func dutyDetail(s Schedule, name string) string {
	switch name {
	case "handover":
		return "; when: " + s.Disposal.Handover.When
	case "consent":
		c := s.Disposal.Consent
		return prefixed("; applies to: ", c.AppliesTo) + prefixed("; form: ", c.Form) + prefixed("; practice: ", c.Evidence)
	}
	return ""
}

func triggerTable() string {
	rows := [][]string{{"Trigger", "Fact", "Meaning"}}
	for _, row := range Triggers() {
		rows = append(rows, []string{string(row.Trigger), row.Fact, row.Meaning})
	}
	return table(rows)
}

func conditionTable() string {
	rows := [][]string{{"Condition", "Fact", "Values", "Meaning"}}
	for _, c := range Conditions() {
		rows = append(rows, []string{c.Name, c.Fact, strings.Join(c.Values, ", "), c.Meaning})
	}
	return table(rows)
}

func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		for _, text := range row {
			b.WriteString("| " + cell(text) + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}

// cell keeps text from ending its cell; a dash is easier to read than a hole.
func cell(text string) string { return strings.ReplaceAll(cmp.Or(text, "–"), "|", `\|`) }

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func verifyMark(verify bool) string {
	if verify {
		return "**verify**"
	}
	return ""
}

func factOf(t Trigger) string {
	i := slices.IndexFunc(Triggers(), func(row TriggerFact) bool { return row.Trigger == t })
	return Triggers()[i].Fact
}

func conditions(w When) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(w)) {
		all = append(all, name+" = "+w[name])
	}
	return strings.Join(all, ", ")
}

func classList(classes map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(classes)) {
		all = append(all, name+" ("+classes[name]+")")
	}
	return strings.Join(all, "; ")
}
