package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/witnesses"
	"kartoteka/seal"
	"kartoteka/verify"
)

func newWitnessCollect(e *Env) *cobra.Command {
	var names []string
	var quorum string
	c := &cobra.Command{
		Use:   "collect --witness NAME=URL...",
		Short: "have the archive's checkpoint cosigned",
		Long: `Sends the present checkpoint to witnesses, with the proof that it goes on from what each cosigned last, and keeps
their cosignatures in cosignatures/SIZE of the archive. Only witnesses that the policy trusts are asked. kartotekad may
be at work meanwhile; whoever runs this may write to the archive's folder.

--quorum says what it means when fewer cosigned than the policy asks for: with fail-closed exit 5, with fail-open a
warning. Exit 4: a witness cosigned another log than this one.`,
		Example: `  kartoteka witness collect --witness witness.partner.example=https://partner.example/witness`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			mode, err := witnesses.ParseMode(quorum)
			if err != nil {
				return usagef("--quorum: %w", err)
			}
			list, err := readWitnesses(names)
			if err != nil {
				return err
			}
			return e.collect(c.Context(), list, mode)
		},
	}
	c.Flags().StringArrayVar(&names, "witness", nil, "a witness of the policy and where it answers, `NAME=URL`; may be repeated")
	c.Flags().StringVar(&quorum, "quorum", string(witnesses.FailClosed), "`fail-closed` or fail-open: what too few cosignatures mean")
	_ = c.MarkFlagRequired("witness")
	return c
}

func readWitnesses(names []string) (list []witnesses.Witness, err error) {
	for _, n := range names {
		name, url, ok := strings.Cut(n, "=")
		if !ok || name == "" {
			return nil, usagef("--witness has the form NAME=URL")
		}
		if err := witnesses.CheckURL(url); err != nil {
			return nil, usagef("--witness %s: %w", clean(name), err)
		}
		list = append(list, witnesses.Witness{Name: name, URL: url})
	}
	return list, nil
}

func (e *Env) collect(ctx context.Context, list []witnesses.Witness, mode witnesses.Mode) error {
	a, err := e.openArchive(archive.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	head, err := witnesses.HeadOf(a)
	if err != nil {
		return err
	}
	answers := witnesses.Client{Now: e.Now}.Collect(ctx, head, a.Policy(), list)
	if err := ctx.Err(); err != nil {
		return err
	}
	var lines []seal.Cosignature
	for _, w := range answers {
		if w.Status == witnesses.Cosigned {
			lines = append(lines, w.Cosignature)
		}
	}
	if len(lines) > 0 {
		if err := a.KeepCosignatures(head.Signed, lines...); err != nil {
			return err
		}
	}
	return e.collected(a, answers, mode)
}

// collected prints the answers and says what they come to.
func (e *Env) collected(a *archive.Archive, answers []witnesses.Answer, mode witnesses.Mode) error {
	signed, err := cosignedHead(a)
	if err != nil {
		return err
	}
	cosigners, err := a.Policy().Cosigners(signed, e.Now().Add(witnesses.ClockAhead))
	if err != nil {
		return err
	}
	answer := jsonoutput.Collected{Schema: jsonoutput.SpecCollected, Size: a.Head().Size, Root: a.Head().Root, Witnesses: []jsonoutput.Collect{},
		Cosigners: len(cosigners), Quorum: a.Policy().Quorum(cosigners, a.Last().Time)}
	for _, w := range answers {
		l := jsonoutput.Collect{Name: w.Name, Status: string(w.Status)}
		if w.Err != nil {
			l.Error = w.Err.Error()
		} else {
			at := w.Cosignature.At
			l.At = &at
		}
		answer.Witnesses = append(answer.Witnesses, l)
	}
	if err := e.print(answer, func() { e.collectedText(answer) }); err != nil {
		return err
	}
	return e.collectedStatus(answer, a.Policy().WitnessQuorum, signed, mode)
}

// cosignedHead is the present checkpoint with the cosignatures that are kept of it.
func cosignedHead(a *archive.Archive) ([]byte, error) {
	signed, err := a.Cosigned(a.Head().Size)
	if err == nil && signed == nil {
		signed = a.Checkpoint()
	}
	return signed, err
}

func (e *Env) collectedText(a jsonoutput.Collected) {
	fmt.Fprintf(e.Stdout, "checkpoint of %d events: %d cosigned\n", a.Size, a.Cosigners)
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	for _, w := range a.Witnesses {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", clean(w.Name), w.Status, clean(w.Error)+timeOr(w.At, ""))
	}
	t.Flush()
}

func (e *Env) collectedStatus(a jsonoutput.Collected, q *verify.WitnessQuorum, signed []byte, mode witnesses.Mode) error {
	good := 0
	for _, w := range a.Witnesses {
		switch witnesses.Status(w.Status) {
		case witnesses.Forked, witnesses.Ahead:
			return &status{exitVerify, fmt.Errorf("witness %s: %s", clean(w.Name), clean(w.Error)),
				"stop, keep the folder as it is, and ask the witness for what it cosigned; this log signed:\n" + string(signed)}
		case witnesses.Cosigned:
			good++
		}
	}
	switch {
	case !a.Quorum && mode == witnesses.FailOpen:
		e.warn("fewer witnesses cosigned the checkpoint than the policy asks for")
		return nil
	case !a.Quorum:
		return failf(exitIndeterminate, "fewer witnesses cosigned the checkpoint than the policy asks for")
	case q != nil || good == len(a.Witnesses):
		return nil
	case good == 0:
		return failf(exitFailed, "no witness cosigned the checkpoint")
	}
	return failf(exitPartly, "%d of %d witnesses did not cosign the checkpoint", len(a.Witnesses)-good, len(a.Witnesses))
}
