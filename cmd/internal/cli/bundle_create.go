package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/bundler"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/verify/container"
)

type createOptions struct {
	meta, key, certificate, out string
	folder                      bool
}

func newBundleCreate(e *Env) *cobra.Command {
	var o createOptions
	c := &cobra.Command{
		Use:   "create --meta FILE.json --key PEM -o OUT.zip DOCUMENT...",
		Short: "make a signed bundle of documents",
		Long: `Makes a signed bundle of documents. Metadata that a document states itself need not be in the
metadata file; where the two disagree the file's word stands, with a warning.

Documents of different confidentiality or retention, and more than 1,024, may not stand in one
bundle: then several are made, and -o must be a folder (it exists, or its name ends in /).
Nothing is overwritten; after a failure nothing is left.`,
		Example: `  kartoteka bundle create --meta meta.json --key his.pem -o out.zip discharge.xml ct.dcm
  kartoteka bundle create --meta meta.json --key his.pem -o /srv/kartoteka/spool/incoming/ *.xml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return e.bundleCreate(c.Context(), o, args) },
	}
	f := c.Flags()
	f.StringVar(&o.meta, "meta", "", "metadata `file` (docs/format/bundle.md)")
	f.StringVar(&o.key, "key", "", "the producer's private key, a PEM `file`")
	f.StringVar(&o.certificate, "certificate", "", "the producer's certificate, a PEM `file`, if the policy trusts it by chain")
	f.StringVarP(&o.out, "output", "o", "", "`file` to write, or folder of the bundles")
	f.BoolVar(&o.folder, "folder", false, "write the bundle as a folder instead of a ZIP")
	for _, name := range []string{"meta", "key", "output"} {
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func (e *Env) bundleCreate(ctx context.Context, o createOptions, names []string) error {
	if o.out == "" || o.out == "-" {
		return usagef("an output file is needed (-o FILE)")
	}
	b, err := e.makeBundles(ctx, o, names)
	if err != nil {
		return err
	}
	for _, w := range b.Warnings {
		e.warn("%s", clean(w))
	}
	files, dir, err := outputNames(b, o)
	if err != nil {
		return err
	}
	if err := writeBundles(ctx, b, files, dir, o.folder); err != nil {
		return err
	}
	answer := jsonoutput.Bundles{Schema: jsonoutput.SpecBundles, Warnings: append([]string{}, b.Warnings...)}
	for i, p := range b.Parts {
		answer.Bundles = append(answer.Bundles, jsonoutput.CreatedBundle{ID: p.ID(), File: files[i], Receipt: p.ReceiptName(), Documents: len(p.Statement.Subject), Bytes: p.Size()})
	}
	return e.print(answer, func() {
		for _, b := range answer.Bundles {
			fmt.Fprintf(e.Stdout, "bundle     %s\nfile       %s\ndocuments  %d (%d bytes)\nreceipt    %s\n", b.ID, clean(b.File), b.Documents, b.Bytes, b.Receipt)
		}
	})
}

// makeBundles reads everything that the command line names.
func (e *Env) makeBundles(ctx context.Context, o createOptions, names []string) (*bundler.Batch, error) {
	text, err := os.ReadFile(o.meta)
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	meta, err := bundler.ParseMetadata(text)
	if err != nil {
		return nil, failf(exitFailed, "%s: %w", o.meta, err)
	}
	signer, err := e.readSigner(o.key, o.certificate)
	if err != nil {
		return nil, err
	}
	options := bundler.Options{Metadata: meta, Signer: signer, Now: e.Now, Progress: e.progress("reading documents")}
	for _, name := range names {
		d, err := bundler.File(name)
		if err != nil {
			return nil, err
		}
		options.Documents = append(options.Documents, d)
	}
	b, err := bundler.Make(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("make a bundle: %w", err)
	}
	return b, nil
}

func (e *Env) readSigner(key, certificate string) (*bundler.Signer, error) {
	text, err := os.ReadFile(key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	var leaf []byte
	if certificate != "" {
		if leaf, err = os.ReadFile(certificate); err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
	}
	s, err := bundler.LoadSigner(text, leaf, func() (string, error) { return e.Passphrase("passphrase for " + key) })
	var asked *status
	switch {
	case errors.Is(err, bundler.ErrPassphrase):
		return nil, &status{exitNoKey, fmt.Errorf("%s: %w", key, err), ""}
	case errors.As(err, &asked):
		return nil, err
	case err != nil:
		return nil, failf(exitFailed, "%s: %w", key, err)
	}
	return s, nil
}

// outputNames gives each part its file, and the folder they go to if -o named one. In a folder a bundle goes under its
// id: a name of the patient's or of the documents' would be seen by whoever lists the spool.
func outputNames(b *bundler.Batch, o createOptions) (names []string, dir string, err error) {
	into := strings.HasSuffix(o.out, "/") || strings.HasSuffix(o.out, string(filepath.Separator))
	if i, err := os.Stat(o.out); err == nil && i.IsDir() {
		into = true
	}
	if !into && len(b.Parts) > 1 {
		return nil, "", &status{exitUsage, fmt.Errorf("the documents make %d bundles, since they differ in confidentiality or retention, or are more than 1,024", len(b.Parts)),
			fmt.Sprintf("name a folder for them: -o %s/", strings.TrimSuffix(o.out, ".zip"))}
	}
	if !into {
		return []string{o.out}, "", nil
	}
	for _, p := range b.Parts {
		name := container.SafeName(p.ID())
		if !o.folder {
			name += ".zip"
		}
		names = append(names, filepath.Join(o.out, name))
	}
	return names, filepath.Clean(o.out), nil
}
