package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/wire"
)

type dueOptions struct {
	folders
	by    int
	ready bool
	csv   bool
}

func newRetentionDue(e *Env) *cobra.Command {
	var o dueOptions
	c := &cobra.Command{
		Use:   "due [--by YEAR] [--ready] [--csv|--json]",
		Short: "list what may be disposed of, and when",
		Long: `Lists bundles with the first day on which the law allows their disposal, the rule that says so, and what stands in
the way today. It names nobody. A day is reckoned anew each time: a new entry or another law moves it.

--csv is for the archive authority: RFC 4180, with a header, the citations and everything that stands in the way. In a
cell that a spreadsheet would take for a formula a ' stands first. --json prints a JSON object a line, the schema first.
Both are what --list of other commands reads.`,
		Example: `  kartoteka retention due --by 2031
  kartoteka retention due --ready --csv >ready.csv`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return e.due(c.Context(), o) },
	}
	f := c.Flags()
	f.IntVar(&o.by, "by", 0, "only what is due on 31 December of this `year` or before")
	f.BoolVar(&o.ready, "ready", false, "only that in whose way nothing stands today")
	f.BoolVar(&o.csv, "csv", false, "print CSV")
	o.folders.flags(f, e)
	return c
}

// dueWriter writes rows of the answer as they come.
type dueWriter interface {
	head() error
	row(appraisal.Row) error
}

func (e *Env) due(ctx context.Context, o dueOptions) error {
	by, err := yearEnd("by", o.by)
	if err != nil {
		return err
	}
	if o.csv && e.json {
		return usagef("--csv and --json exclude each other")
	}
	office, err := e.openOffice(o.folders)
	if err != nil {
		return err
	}
	defer office.Close()
	out := bufio.NewWriter(e.Stdout)
	w, count := e.dueWriter(out, o.csv), dueCount{first: map[string]int{}}
	if err := w.head(); err != nil {
		return err
	}
	err = office.due(ctx, wire.Due{By: by, Ready: o.ready}, func(rows []appraisal.Row) error {
		for _, r := range rows {
			count.add(r)
			if err := w.row(r); err != nil {
				return err
			}
		}
		return out.Flush()
	})
	if err := cmp.Or(err, out.Flush()); err != nil {
		return indexHint(err)
	}
	e.say("%s", count)
	return nil
}

// dueCount sums up, each bundle under the first thing that stands in its way.
type dueCount struct {
	all, ready int
	first      map[string]int
}

func (c *dueCount) add(r appraisal.Row) {
	c.all++
	if r.Ready {
		c.ready++
	} else {
		c.first[string(r.Blockers[0].Code)]++
	}
}

func (c dueCount) String() string {
	text := fmt.Sprintf("%s, %d ready", counted(c.all, "bundle"), c.ready)
	if len(c.first) == 0 {
		return text
	}
	var why []string
	codes := slices.SortedFunc(maps.Keys(c.first), func(a, b string) int { return cmp.Or(c.first[b]-c.first[a], strings.Compare(a, b)) })
	for _, code := range codes {
		why = append(why, fmt.Sprintf("%s %d", code, c.first[code]))
	}
	return text + "; in the way first: " + strings.Join(why, ", ")
}
