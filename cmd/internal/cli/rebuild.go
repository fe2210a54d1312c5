package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
)

func newRebuild(e *Env) *cobra.Command {
	var f folders
	var check bool
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "make the index anew, from nothing but the archive",
		Long: `Makes index.db anew from the log and the sealed index entries. The index is disposable: losing it loses nothing.
The old one stays in place until the new one is complete.

With --check a fresh index is made beside the live one, compared with it and thrown away.`,
		Example: `  kartoteka rebuild --archive /srv/kartoteka
  kartoteka rebuild --check --archive /srv/kartoteka`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if check {
				return e.rebuildCheck(f)
			}
			return e.rebuild(f)
		},
	}
	f.flags(c.Flags(), e)
	c.Flags().BoolVar(&check, "check", false, "compare a fresh index with the live one; change nothing")
	return c
}

const stopDaemon = "kartotekad is probably running and holds the index: stop it first"

func (e *Env) rebuild(f folders) error {
	a, err := e.openWriter(f, stopDaemon)
	if err != nil {
		return err
	}
	defer a.Close()
	rows, err := a.Rebuild()
	if err != nil {
		return err
	}
	answer := jsonoutput.Rebuild{Schema: jsonoutput.SpecRebuild, Events: seal.LeafIndex(a.Head().Size), Rows: rows}
	return e.print(answer, func() {
		fmt.Fprintf(e.Stdout, "index rebuilt: %d rows from %d events\n", rows, answer.Events)
	})
}

// rebuildCheck looks at the live index before it opens the archive for writing: that would mend it in passing.
func (e *Env) rebuildCheck(f folders) error {
	r, err := e.openArchive(archive.Options{})
	if err != nil {
		return err
	}
	err = r.ProbeIndex()
	r.Close()
	if errors.Is(err, archive.ErrIndexDamaged) || errors.Is(err, fs.ErrNotExist) {
		return e.checked(jsonoutput.Rebuild{}, err)
	}
	if errors.Is(err, archive.ErrBusy) {
		return &status{exitBusy, err, stopDaemon}
	}
	if err != nil {
		return err
	}
	a, err := e.openWriter(f, stopDaemon)
	if err != nil {
		return err
	}
	defer a.Close()
	rows, err := a.CheckIndex()
	if err != nil && !errors.Is(err, archive.ErrIndexDiffers) && !errors.Is(err, archive.ErrIndexDamaged) {
		return err
	}
	return e.checked(jsonoutput.Rebuild{Events: seal.LeafIndex(a.Head().Size), Rows: rows}, err)
}

// checked says whether the indexes are equal.
func (e *Env) checked(answer jsonoutput.Rebuild, differ error) error {
	equal := differ == nil
	answer.Schema, answer.Equal = jsonoutput.SpecRebuild, &equal
	if !equal {
		answer.Reason = differ.Error()
	}
	err := e.print(answer, func() {
		if equal {
			fmt.Fprintf(e.Stdout, "the index equals a rebuilt one: %d rows from %d events\n", answer.Rows, answer.Events)
		}
	})
	if err != nil || equal {
		return err
	}
	return &status{exitVerify, differ, "`kartoteka rebuild` makes the index anew; nothing is lost"}
}
