package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
)

func newClock(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:     "clock",
		Short:   "go on after the clock has jumped",
		Long:    "Decides about a clock that contradicts the log.",
		Example: `  kartoteka clock accept --officer archivist=archivist.pem --officer director=director.pem`,
		RunE:    needsVerb,
	}
	c.AddCommand(newClockAccept(e))
	return c
}

func newClockAccept(e *Env) *cobra.Command {
	var where folders
	var officers []string
	c := &cobra.Command{
		Use:   "accept --officer NAME=KEY --officer NAME=KEY",
		Short: "two officers accept this machine's clock",
		Long: `Accepts this machine's clock although the log contradicts it: an earlier clock was wrong, or nothing
was taken in for more than a year. Two officers sign; the log keeps their names and signatures.
Look at the clock first: what it says now will stand in every event.`,
		Example: `  kartoteka clock accept --officer archivist=archivist.pem --officer director=director.pem`,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return e.acceptClock(where, officers) },
	}
	c.Flags().StringArrayVar(&officers, "officer", nil, "an officer and the `NAME=FILE` of the signing key; twice")
	where.flags(c.Flags(), e)
	return c
}

func (e *Env) acceptClock(where folders, names []string) error {
	if len(names) < 2 {
		return usagef("two officers sign: --officer NAME=KEY --officer NAME=KEY")
	}
	officers, err := e.officers(names)
	if err != nil {
		return err
	}
	dir, err := e.archiveDir()
	if err != nil {
		return err
	}
	a, err := archive.Open(dir, archive.Options{Write: true, Private: where.private, Now: e.Now, AcceptClock: true})
	if err != nil {
		return err
	}
	defer a.Close()
	before := a.Last()
	if err := a.AcceptClock(officers); err != nil {
		return err
	}
	answer := jsonoutput.Clock{Schema: jsonoutput.SpecClock, Before: before, Accepted: a.Last()}
	return e.print(answer, func() {
		fmt.Fprintf(e.Stdout, "accepted: %s, after an event dated %s\n", answer.Accepted, answer.Before)
	})
}

// officers reads the signing keys of NAME=FILE.
func (e *Env) officers(names []string) (list []archive.Officer, err error) {
	for _, n := range names {
		name, file, ok := strings.Cut(n, "=")
		if !ok || name == "" || file == "" {
			return nil, usagef("--officer has the form NAME=FILE")
		}
		signer, err := e.readSigner(file, "")
		if err != nil {
			return nil, err
		}
		list = append(list, archive.Officer{Name: name, Sign: signer.Sign})
	}
	return list, nil
}
