package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
)

func newCheckpoint(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "checkpoint",
		Short: "publish the log's checkpoint, and read a published one",
		Long: `The checkpoint is what the archive signs for: who keeps one can tell later that the log went on from it
(verify log --since). The more people can have it, in a bulletin, in print, the harder is it to show two logs.`,
		Example: `  kartoteka checkpoint show --paper
  kartoteka checkpoint type typed.txt --policy pinned.json`,
		RunE: needsVerb,
	}
	c.AddCommand(newCheckpointShow(e), newCheckpointType(e))
	return c
}

func newCheckpointShow(e *Env) *cobra.Command {
	var paper bool
	c := &cobra.Command{
		Use:   "show",
		Short: "print the signed checkpoint",
		Long: `Prints the signed checkpoint, byte for byte. --paper prints it for a bulletin: in letters and digits that are not
mistaken for each other, with a check at the end of each line, so that a person can type it back.`,
		Example: `  kartoteka checkpoint show > checkpoint-2026-11
  kartoteka checkpoint show --paper`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return e.checkpointShow(paper) },
	}
	c.Flags().BoolVar(&paper, "paper", false, "for print: short lines, each with a check")
	return c
}

func (e *Env) checkpointShow(paper bool) error {
	a, err := e.openArchive(archive.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	signed, text := a.Checkpoint(), ""
	if paper {
		if text, err = paperOf(signed); err != nil {
			return err
		}
	}
	return e.printCheckpoint(signed, text)
}

func (e *Env) printCheckpoint(signed []byte, paper string) error {
	c, err := seal.PeekCheckpoint(signed)
	if err != nil {
		return err
	}
	answer := jsonoutput.Checkpoint{Schema: jsonoutput.SpecCheckpoint, Origin: c.Origin, Size: c.Size, Root: c.Root, Checkpoint: string(signed), Paper: paper}
	return e.print(answer, func() {
		if paper == "" {
			paper = string(signed)
		}
		fmt.Fprint(e.Stdout, paper)
	})
}

func newCheckpointType(e *Env) *cobra.Command {
	var o judging
	c := &cobra.Command{
		Use:   "type FILE",
		Short: "read a checkpoint that was typed from paper",
		Long: `Reads what checkpoint show --paper printed, typed back into FILE (- is stdin), names the lines that do not fit their
check, and judges the signatures under a pinned policy. Then prints the checkpoint, for verify log --since. Capital and
small letters, blanks between groups, O for 0, and I or L for 1 make no difference.`,
		Example: `  kartoteka checkpoint type typed.txt --policy pinned.json > checkpoint
  kartoteka verify log --since checkpoint --policy pinned.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return e.checkpointType(args[0], o) },
	}
	c.Flags().StringVar(&o.policy, "policy", "", "pinned policy `file` with the trust anchors")
	c.Flags().StringVar(&o.at, "at", "", "judge as at this `time`: RFC 3339, or a date, whose end (UTC) is meant")
	_ = c.MarkFlagRequired("policy")
	return c
}

func (e *Env) checkpointType(file string, o judging) error {
	at, err := o.time()
	if err != nil {
		return err
	}
	if at.IsZero() {
		at = e.Now()
	}
	p, err := readPolicy(o.policy)
	if err != nil {
		return err
	}
	text, err := e.readTyped(file)
	if err != nil {
		return err
	}
	signed, err := typedCheckpoint(string(text))
	if err != nil {
		return &status{exitVerify, err, "compare these lines with the paper"}
	}
	if _, err := p.Earlier(signed, at); err != nil {
		return err
	}
	return e.printCheckpoint(signed, "")
}

func (e *Env) readTyped(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(e.Stdin, seal.MaxCheckpoint))
	}
	return readFile(file, 4*seal.MaxCheckpoint)
}
