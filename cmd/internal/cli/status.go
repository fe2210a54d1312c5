package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/wire"
)

func newStatus(e *Env) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "show how the archive is",
		Long:    `Shows the log's checkpoint, the last commit, what waits in the spool and how long the disk lasts. It needs no key.`,
		Example: `  kartoteka status --archive /srv/kartoteka`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return e.status(cmd.Context()) },
	}
}

func (e *Env) status(ctx context.Context) error {
	answer := jsonoutput.Status{Schema: jsonoutput.SpecStatus}
	c, err := e.daemon()
	switch {
	case err != nil:
		return err
	case c != nil:
		defer c.Close()
		answer.Daemon = true
		answer.Status, err = c.Status(ctx)
	default:
		answer.Status, err = e.look()
	}
	if err != nil {
		return err
	}
	if err := e.print(answer, func() { e.statusText(answer) }); err != nil {
		return err
	}
	for _, p := range answer.Problems {
		if p.Critical {
			return &status{code: exitFailed}
		}
	}
	return nil
}

// look is status without a daemon.
func (e *Env) look() (s wire.Status, err error) {
	a, err := e.openArchive(archive.Options{})
	if err != nil {
		return s, err
	}
	defer a.Close()
	st, err := a.State()
	if err != nil {
		return s, err
	}
	s = wire.Status{Origin: a.Spec.Origin, Size: st.Head.Size, Root: st.Head.Root.String(), Last: st.Last, Waiting: st.Waiting,
		Rejected: st.Rejected, Leftovers: st.Leftovers, Free: st.Free, Reserve: st.Reserve, Index: string(st.Index), Problems: []wire.Problem{}}
	e.lookAtStamps(a, &s)
	perDay, err := a.Pace(e.Now())
	s.DaysLeft = st.DaysLeft(perDay)
	return s, err
}

func (e *Env) statusText(s jsonoutput.Status) {
	w := tabwriter.NewWriter(e.Stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, name+"\t"+format+"\n", args...) }
	row("archive", "%s", clean(s.Origin))
	row("checkpoint", "%d events, root %s", s.Size, s.Root)
	row("last commit", "%s", s.Last)
	waiting := fmt.Sprintf("%d", s.Waiting)
	if s.WaitingSince != nil {
		waiting += fmt.Sprintf(", the oldest since %s", s.WaitingSince)
	}
	row("waiting", "%s", waiting)
	row("rejected", "%d", s.Rejected)
	row("leftovers", "%d", s.Leftovers)
	left := "no pace yet"
	if s.DaysLeft != nil {
		left = fmt.Sprintf("about %d days left", *s.DaysLeft)
	}
	row("free", "%s (%s kept free); %s", size(s.Free), size(s.Reserve), left)
	e.stampRows(row, s.Stamps)
	switch {
	case !s.Daemon:
		row("kartotekad", "not running")
	case s.Taking:
		row("kartotekad", "taking bundles in; index %s", s.Index)
	case s.Next != nil:
		row("kartotekad", "next accession %s; index %s", s.Next, s.Index)
	default:
		row("kartotekad", "taking in is stopped; index %s", s.Index)
	}
	for _, p := range s.Problems {
		row("problem", "%s: %s (since %s)", p.Code, clean(p.Text), p.Since)
	}
	w.Flush()
}

// size writes bytes for people.
func size(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
