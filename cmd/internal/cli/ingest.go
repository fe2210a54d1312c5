package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
)

func newIngest(e *Env) *cobra.Command {
	var f folders
	var again bool
	c := &cobra.Command{
		Use:   "ingest [BUNDLE...]",
		Short: "take bundles in now",
		Long: `Takes bundles in: one accession now, instead of waiting for the calendar's.

Without arguments it takes what stands in the spool; what is taken leaves the spool once its receipt is
durable, and what is refused moves to spool/rejected beside the reason. Bundles that are named stay where
they are. While kartotekad runs it does the work, and only the spool can be taken.`,
		Example: `  kartoteka ingest --archive /srv/kartoteka
  kartoteka ingest --archive /srv/kartoteka discharge-2024-1187.zip`,
		RunE: func(cmd *cobra.Command, args []string) error { return e.ingest(cmd.Context(), f, again, args) },
	}
	f.flags(c.Flags(), e)
	c.Flags().BoolVar(&again, "again", false, "take bundles in too that were disposed of before; only while kartotekad is stopped")
	c.Flags().StringVar(&f.spool, "spool", "", "`folder` of the spool; default ARCHIVE/spool")
	return c
}

func (e *Env) ingest(ctx context.Context, f folders, again bool, bundles []string) error {
	sources, err := named(bundles)
	if err != nil {
		return err
	}
	answer := &jsonoutput.Ingest{Schema: jsonoutput.SpecIngest, Outcomes: []archive.Outcome{}}
	each := func(o archive.Outcome) { e.outcome(answer, o) }
	c, err := e.daemon()
	if err != nil {
		return err
	}
	if c != nil {
		defer c.Close()
		if again {
			return &status{exitBusy, errors.New("kartotekad is running: it takes nothing in again that was disposed of"), "stop kartotekad, then run `kartoteka ingest --again`"}
		}
		if len(sources) > 0 {
			return &status{exitBusy, errors.New("kartotekad is running: it takes bundles from the spool only"), "rename them into the spool's incoming folder, then run `kartoteka ingest`"}
		}
		return e.ingested(answer, c.Ingest(ctx, each), false)
	}
	a, err := e.openWriterWith(f, archive.Options{Again: again}, "kartotekad is probably running; rename the bundles into the spool's incoming folder, it takes them in")
	if err != nil {
		return err
	}
	defer a.Close()
	if len(bundles) == 0 {
		if sources, err = a.Spooled(); err != nil {
			return err
		}
	}
	return e.ingested(answer, a.Take(ctx, sources, each), len(bundles) > 0)
}

// named are the bundles given: each must be there and readable before anything is taken in.
func named(bundles []string) (sources []archive.Source, err error) {
	for _, b := range bundles {
		f, err := os.Open(b)
		if err != nil {
			return nil, err
		}
		f.Close()
		sources = append(sources, archive.Source{Path: b})
	}
	return sources, nil
}

// outcome notes one outcome, and tells a person at once.
func (e *Env) outcome(all *jsonoutput.Ingest, o archive.Outcome) {
	all.Outcomes = append(all.Outcomes, o)
	if o.Stuck != "" {
		e.warn("%s cannot leave the spool: %s", clean(filepath.Base(o.Path)), clean(o.Stuck))
	}
	switch o.Status {
	case archive.Taken:
		all.Taken++
	case archive.Known:
		all.Known++
	case archive.Rejected:
		all.Rejected++
	case archive.Postponed:
		all.Postponed++
	}
	if e.json {
		return
	}
	name := clean(filepath.Base(o.Path))
	switch o.Status {
	case archive.Taken, archive.Known:
		fmt.Fprintf(e.Stdout, "%-9s  %s  event %d  receipt %s\n", o.Status, name, o.Leaf, clean(o.Receipt))
	default:
		fmt.Fprintf(e.Stdout, "%-9s  %s  %s: %s\n", o.Status, name, o.Code, clean(o.Reason))
	}
}

// ingested sums up. What was taken in before an error is safe, and is said before the error.
func (e *Env) ingested(all *jsonoutput.Ingest, err error, given bool) error {
	perr := e.print(all, func() {
		e.say("%d taken, %d known, %d rejected, %d postponed", all.Taken, all.Known, all.Rejected, all.Postponed)
	})
	switch {
	case err != nil:
		return err
	case perr != nil:
		return perr
	case all.Rejected > 0 && all.Taken+all.Known+all.Postponed == 0:
		return &status{code: exitVerify}
	case all.Rejected > 0, given && all.Postponed > 0: // a given bundle is not met again by itself
		return &status{code: exitPartly}
	}
	return nil
}
