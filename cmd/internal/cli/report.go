package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"kartoteka/verify"
)

// judged prints a report, writes it to a file if one is wanted, and gives its exit status.
func (e *Env) judged(what string, r *verify.Report, file string) error {
	if file != "" {
		data, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			err = writeOutput(file, append(data, '\n'), 0o644)
		}
		if err != nil {
			return err
		}
	}
	if err := e.print(r, func() { e.reportText(what, r) }); err != nil {
		return err
	}
	return verdict(r.Verdict)
}

// free says early that an output is taken: a check may take hours.
func free(file string) error {
	if file == "" {
		return nil
	}
	if file == "-" {
		return usagef("--report needs a file; --json prints the report")
	}
	if _, err := os.Lstat(file); err == nil {
		return failf(exitFailed, "%s exists; it is not overwritten", clean(file))
	}
	_, err := os.Stat(filepath.Dir(file))
	return err
}

// maxLines bounds how many failures are printed; the JSON report has them all.
const maxLines = 200

// reportText prints a line for each check that did not pass, and sums up those that did.
func (e *Env) reportText(what string, r *verify.Report) {
	fmt.Fprintf(e.Stdout, "%s: %s\n", clean(what), strings.ToUpper(string(r.Verdict)))
	passed, lines := map[verify.Code]int{}, 0
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	for _, c := range r.Checks {
		if c.Verdict == verify.Passed {
			passed[c.Code]++
			continue
		}
		if lines++; lines <= maxLines {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", c.Verdict, c.Code, clean(c.Subject), clean(c.Detail))
		}
	}
	w.Flush()
	if lines > maxLines {
		fmt.Fprintf(e.Stdout, "  and %d more; --json or --report gives all\n", lines-maxLines)
	}
	summary(e, "passed", passed)
	summary(e, "counted", r.Counts)
	notes(e, r)
}

// summary prints name and number of each, sorted.
func summary[K ~string](e *Env, title string, counts map[K]int) {
	if len(counts) == 0 {
		return
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", k, counts[k]))
	}
	fmt.Fprintf(e.Stdout, "%s: %s\n", title, strings.Join(parts, ", "))
}

// maxOrders bounds how many executed orders are printed.
const maxOrders = 20

// notes says what a passed verdict does not mean, and what is missing by order.
func notes(e *Env, r *verify.Report) {
	orders := 0
	for _, c := range r.Checks {
		switch {
		case c.Verdict != verify.Passed || c.Detail == "":
		case c.Code == verify.CodeAnchors, c.Code == verify.CodeBeyond, c.Code == verify.CodePolicy:
			fmt.Fprintf(e.Stdout, "note: %s\n", clean(c.Detail))
		case c.Code == verify.CodeOrder && strings.HasPrefix(c.Subject, "orders/"):
			if orders++; orders <= maxOrders {
				fmt.Fprintf(e.Stdout, "disposed: %s\n", clean(c.Detail))
			}
		}
	}
	if orders > maxOrders {
		fmt.Fprintf(e.Stdout, "disposed: under %d orders more; --json or --report gives all\n", orders-maxOrders)
	}
}
