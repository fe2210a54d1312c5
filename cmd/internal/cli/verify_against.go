package cli

import (
	"fmt"
	"strings"
	"time"

	"kartoteka/verify"
)

// against compares two packets, and prints what contradicts on stderr: the notes are the evidence, whatever becomes of the
// report.
func (e *Env) against(p *verify.Policy, r *verify.Report, file, other string, at time.Time) {
	for _, f := range p.Against(r, file, other, at) {
		fmt.Fprintf(e.Stderr, "evidence: one log signed both of these; keep the two packets\n")
		for i, note := range f.Notes {
			fmt.Fprintf(e.Stderr, "%s:\n", clean(f.Subjects[i]))
			for line := range strings.Lines(string(note)) {
				fmt.Fprintf(e.Stderr, "  %s\n", clean(strings.TrimSuffix(line, "\n")))
			}
		}
	}
}
