package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

func newList(e *Env) *cobra.Command {
	var f folders
	var q archive.Query
	c := &cobra.Command{
		Use:   "list",
		Short: "list bundles",
		Long:  `Lists bundles in the order they were archived. The index holds no name and no title, so none is shown.`,
		Example: `  kartoteka list --since 2026-11-01 --class lab
  kartoteka list --limit 0 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.list(cmd.Context(), f, q) },
	}
	c.Flags().StringVar(&q.Since, "since", "", "archived on this `date` (UTC) or later, YYYY-MM-DD")
	c.Flags().StringVar(&q.Class, "class", "", "with a document of this `class`")
	c.Flags().IntVar(&q.Limit, "limit", 1000, "at most so `many`; 0 for all")
	f.flags(c.Flags(), e)
	return c
}

func (e *Env) list(ctx context.Context, f folders, q archive.Query) error {
	if _, err := time.Parse(time.DateOnly, q.Since); q.Since != "" && err != nil {
		return usagef("--since %q is not a date YYYY-MM-DD", clean(q.Since))
	}
	if q.Limit < 0 {
		return usagef("--limit is negative")
	}
	found, err := e.search(f, q, func(c *wire.Client) ([]archive.Found, error) { return c.List(ctx, q) })
	if err != nil {
		return err
	}
	return e.found(found, q.Limit)
}

// found prints what a search found.
func (e *Env) found(list []archive.Found, limit int) error {
	answer := jsonoutput.Found{Schema: jsonoutput.SpecFound, Bundles: list, More: limit > 0 && len(list) == limit}
	return e.print(answer, func() {
		e.foundText(list)
		if answer.More {
			e.say("the first %d; --limit 0 shows all", limit)
		}
	})
}

func (e *Env) foundText(list []archive.Found) {
	if len(list) == 0 {
		return
	}
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EVENT\tARCHIVED\tMONTH\tKIND\tCLASSES\tDOCUMENTS\tVERSION")
	for _, b := range list {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%d\t%s\n", b.Leaf, b.Archived, clean(b.Month), clean(b.Kind), clean(strings.Join(b.Classes, ",")), b.Documents, version(b))
	}
	w.Flush()
}

// version says whether a bundle is current, and its place among its versions.
func version(b archive.Found) string {
	var s []string
	if b.Current {
		s = append(s, "current")
	} else {
		s = append(s, "replaced by "+leaves(b.ReplacedBy))
	}
	if len(b.Replaces) > 0 {
		s = append(s, "replaces "+leaves(b.Replaces))
	}
	for _, f := range b.Flags {
		s = append(s, clean(f))
	}
	return strings.Join(s, "; ")
}

func leaves(list []seal.LeafIndex) string {
	var s []string
	for _, l := range list {
		s = append(s, l.String())
	}
	return strings.Join(s, ",")
}
