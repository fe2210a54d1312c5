package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/witness"
	"kartoteka/seal"
)

func newWitnessShow(e *Env) *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:     "show --state FILE",
		Short:   "what a witness cosigned last, and what it refused",
		Long:    "Shows each log's checkpoint that was cosigned last, and the files of evidence beside the state. Exit 4 if there are any.",
		Example: "  kartoteka witness show --state state.json",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return e.witnessShow(file) },
	}
	c.Flags().StringVar(&file, "state", "", "`file` of what was cosigned last")
	_ = c.MarkFlagRequired("state")
	return c
}

func (e *Env) witnessShow(file string) error {
	s, err := witness.Show(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &status{exitFailed, err, ""}
	}
	if err != nil {
		return &status{exitVerify, err, ""}
	}
	answer := jsonoutput.WitnessState{Schema: jsonoutput.SpecWitnessState, Witness: s.Witness, Logs: []jsonoutput.WitnessedLog{}, Evidence: append([]string{}, s.Evidence...)}
	for _, l := range s.Logs {
		c, err := seal.PeekCheckpoint([]byte(l.Checkpoint))
		if err != nil {
			return err
		}
		answer.Logs = append(answer.Logs, jsonoutput.WitnessedLog{Origin: l.Origin, Size: c.Size, Root: c.Root, Checkpoint: l.Checkpoint})
	}
	if err := e.print(answer, func() { e.witnessText(answer) }); err != nil || len(answer.Evidence) == 0 {
		return err
	}
	return &status{code: exitVerify}
}

func (e *Env) witnessText(a jsonoutput.WitnessState) {
	fmt.Fprintf(e.Stdout, "witness  %s\n", clean(a.Witness))
	for _, l := range a.Logs {
		fmt.Fprintf(e.Stdout, "log      %s  %d events, root %s\n", clean(l.Origin), l.Size, l.Root)
	}
	for _, name := range a.Evidence {
		fmt.Fprintf(e.Stdout, "EVIDENCE %s\n", clean(name))
	}
}
