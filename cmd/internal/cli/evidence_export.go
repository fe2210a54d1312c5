package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/archive/reading"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
)

type evidenceOptions struct {
	bundle     string
	only       []int
	identities []string
	out        string
	documents  bool
}

func newEvidenceExport(e *Env) *cobra.Command {
	var o evidenceOptions
	c := &cobra.Command{
		Use:   "export --bundle N [--document I...] -i IDENTITY -o DIR",
		Short: "write a bundle's evidence records",
		Long: `Writes an evidence record (RFC 4998) of each document of a bundle, in each family that was stamped: NAME.sha256.ers
and NAME.sha512.ers. An evidence officer's identity is enough: only the bundle's capsule is opened, which names no
document, so NAME is the bundle's event and the document's number. With --documents the documents themselves are
written beside their records, under their own names; that takes a custodian's identity and is entered in no register:
hand records out with kartoteka export.

A record shows its document's hash: keep it as the document is kept.`,
		Example: `  kartoteka evidence export --bundle 118 -i evidence.key -o records
  kartoteka verify evidence records/118-1.sha256.ers letter.xml --policy pinned.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return e.exportEvidence(o) },
	}
	f := c.Flags()
	f.StringVar(&o.bundle, "bundle", "", "the bundle's event `number`")
	f.IntSliceVar(&o.only, "document", nil, "only this document, by its `number` in the bundle, from 1; may be repeated")
	f.StringArrayVarP(&o.identities, "identity", "i", nil, "an evidence officer's or custodian's identity `file`")
	f.StringVarP(&o.out, "output", "o", "", "`folder` to write to; it is made if it is not there")
	f.BoolVar(&o.documents, "documents", false, "the documents too")
	return c
}

func (e *Env) exportEvidence(o evidenceOptions) error {
	if err := must([2]string{"bundle", o.bundle}, [2]string{"output", o.out}); err != nil {
		return err
	}
	leaf, err := bundleNumber(o.bundle)
	if err != nil {
		return usagef("--bundle: %w", err)
	}
	if len(o.identities) == 0 {
		return &status{exitNoKey, errors.New("no identity is named"), "name an evidence officer's or a custodian's identity file with -i"}
	}
	identities, err := e.identities(o.identities)
	if err != nil {
		return err
	}
	a, err := e.openArchive(archive.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	answer := jsonoutput.EvidenceExport{Schema: jsonoutput.SpecEvidenceExport, Bundle: leaf, Files: []jsonoutput.EvidenceFile{}, Missing: []seal.Family{}}
	if err := o.write(reading.NewRoom(a, identities...), &answer); err != nil {
		return err
	}
	if err := e.print(answer, func() { e.evidenceText(answer) }); err != nil || len(answer.Missing) == 0 {
		return err
	}
	return &status{exitPartly, fmt.Errorf("not stamped yet in %v", answer.Missing), "kartotekad has it stamped after the night; kartoteka stamp --now does at once"}
}

// write opens the bundle, or its capsule alone.
func (o evidenceOptions) write(room *reading.Room, answer *jsonoutput.EvidenceExport) error {
	open := room.Capsule
	if o.documents {
		open = room.Bundle
	}
	b, err := open(answer.Bundle)
	if err != nil {
		return err
	}
	items := o.only
	for i := 1; len(o.only) == 0 && i < len(b.Capsule.Items); i++ {
		items = append(items, i)
	}
	for _, i := range items {
		if i < 1 || i >= len(b.Capsule.Items) {
			return failf(exitFailed, "the bundle of event %d has no document %d", b.Leaf, i)
		}
	}
	records, missing, err := b.Evidence(items...)
	if errors.Is(err, archive.ErrNotStamped) {
		return &status{exitFailed, err, "kartotekad has it stamped after the night; kartoteka stamp --now does at once"}
	}
	if err != nil {
		return err
	}
	answer.Missing = append(answer.Missing, missing...)
	if err := os.MkdirAll(o.out, 0o700); err != nil {
		return err
	}
	if o.documents {
		for _, i := range items {
			if err := o.document(b, i, answer); err != nil {
				return err
			}
		}
	}
	for _, r := range records {
		name := filepath.Join(o.out, o.name(b, r.Item)+"."+string(r.Family)+".ers")
		if err := writeOutput(name, r.Data, 0o600); err != nil {
			return err
		}
		answer.Files = append(answer.Files, jsonoutput.EvidenceFile{File: name, Document: r.Item, Family: r.Family})
	}
	return nil
}

// document writes one of the bundle's documents.
func (o evidenceOptions) document(b *reading.Bundle, i int, answer *jsonoutput.EvidenceExport) error {
	out, err := create(filepath.Join(o.out, o.name(b, i)), 0o600)
	if err != nil {
		return err
	}
	if err := b.Document(out, i); err != nil {
		out.abandon()
		return err
	}
	answer.Files = append(answer.Files, jsonoutput.EvidenceFile{File: out.name, Document: i})
	return out.commit()
}

// name is the document's own where the bundle is open, made fit for a file in one folder; else its number.
func (o evidenceOptions) name(b *reading.Bundle, i int) string {
	number := fmt.Sprintf("%d-%d", b.Leaf, i)
	if !o.documents {
		return number
	}
	own := strings.TrimPrefix(b.Statement.Subject[i-1].Name, seal.DocumentsPath)
	own = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, clean(own))
	if own = strings.Trim(own, ". "); own == "" || len(own) > 200 {
		return number
	}
	return own
}

func (e *Env) evidenceText(a jsonoutput.EvidenceExport) {
	for _, f := range a.Files {
		fmt.Fprintln(e.Stdout, clean(f.File))
	}
	e.say("check one with: kartoteka verify evidence FILE DOCUMENT --policy policy.json")
}
