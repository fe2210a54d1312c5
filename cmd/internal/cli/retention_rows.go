package cli

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
)

func (e *Env) dueWriter(out io.Writer, asCSV bool) dueWriter {
	switch {
	case asCSV:
		w := csv.NewWriter(out)
		w.UseCRLF = true
		return dueCSV{w}
	case e.json:
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		return dueJSON{enc}
	}
	return &dueTable{out: out}
}

// dueTable has columns of fixed width: the rows do not wait for each other.
type dueTable struct {
	out     io.Writer
	started bool
}

const dueFormat = "%-8s  %-3s  %-22s  %-10s  %-20s  %s\n"

func (t *dueTable) head() error { return nil }

func (t *dueTable) row(r appraisal.Row) error {
	if !t.started {
		t.started = true
		if _, err := fmt.Fprintf(t.out, dueFormat, "BUNDLE", "LAW", "CLASS", "DUE", "RULE", "STATE"); err != nil {
			return err
		}
	}
	state := "ready"
	if !r.Ready {
		state = clean(r.Blockers[0].Text)
		if n := len(r.Blockers) - 1; n > 0 {
			state += fmt.Sprintf(" (and %d more)", n)
		}
	}
	_, err := fmt.Fprintf(t.out, dueFormat, r.Bundle, clean(r.Jurisdiction), clean(cmp.Or(r.Class, "-")), cmp.Or(r.Due.String(), "-"), clean(cmp.Or(r.Rule, "-")), state)
	return err
}

// dueCSV has every member of a row.
type dueCSV struct{ w *csv.Writer }

func (c dueCSV) head() error {
	return c.write("bundle", "jurisdiction", "class", "due", "rule", "period", "citation", "schedule", "ready", "blockers", "missing")
}

func (c dueCSV) row(r appraisal.Row) error {
	var blockers []string
	schedule := ""
	if r.Schedule != (seal.Digest{}) {
		schedule = r.Schedule.String()
	}
	for _, b := range r.Blockers {
		blockers = append(blockers, b.Text)
	}
	return c.write(r.Bundle.String(), r.Jurisdiction, r.Class, r.Due.String(), r.Rule, r.Period, r.Citation, schedule,
		strconv.FormatBool(r.Ready), strings.Join(blockers, "; "), strings.Join(r.Missing, "; "))
}

func (c dueCSV) write(cells ...string) error {
	for i := range cells {
		cells[i] = unformula(cells[i])
	}
	if err := c.w.Write(cells); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

// unformula keeps a spreadsheet from reckoning with what a sender wrote (OWASP, CSV injection).
func unformula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

type dueJSON struct{ e *json.Encoder }

func (j dueJSON) head() error               { return j.e.Encode(jsonoutput.Due{Schema: jsonoutput.SpecDue}) }
func (j dueJSON) row(r appraisal.Row) error { return j.e.Encode(r) }
