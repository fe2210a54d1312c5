package cli

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify/container"
)

func newBundleInspect(e *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "inspect FILE",
		Short: "show what a bundle says of itself",
		Long: `Shows the signer, the statement and the documents of a bundle, ZIP or folder. Nothing is judged:
neither the signature nor a digest. That is what verify bundle is for.`,
		Example: "  kartoteka bundle inspect out.zip",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			a, err := inspectBundle(args[0])
			if err != nil {
				return err
			}
			return e.print(a, func() { e.bundleText(a) })
		},
	}
}

func inspectBundle(name string) (*jsonoutput.BundleInspect, error) {
	c, err := container.Open(name, container.Limits{})
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	defer c.Close()
	f, err := c.Open(seal.EnvelopeName)
	if err != nil {
		return nil, fmt.Errorf("%s is no bundle: %w", name, err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, seal.MaxEnvelope+1))
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	envelope, err := seal.ParseEnvelope(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	a := &jsonoutput.BundleInspect{Schema: jsonoutput.SpecBundleInspect, Hint: envelope.Hint, Documents: []jsonoutput.BundleDocument{}}
	if cert, err := x509.ParseCertificate(envelope.Certificate); err == nil {
		a.Subject, a.Issuer = cert.Subject.String(), cert.Issuer.String()
	}
	if a.Statement, err = seal.ParseStatement(envelope.Payload); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	a.Receipt = seal.ReceiptName(sha256.Sum256([]byte(a.Statement.Predicate.Bundle.ID)))
	match(a, c.Entries())
	return a, nil
}

// match pairs subjects and files.
func match(a *jsonoutput.BundleInspect, files []container.Entry) {
	sizes := map[string]int64{}
	for _, f := range files {
		if f.Name != seal.EnvelopeName {
			sizes[f.Name] = f.Size
		}
	}
	signed := map[string]bool{}
	for _, s := range a.Statement.Subject {
		size, ok := sizes[s.Name]
		signed[s.Name] = true
		a.Documents = append(a.Documents, jsonoutput.BundleDocument{Name: s.Name, Size: size, Present: ok, Signed: true})
	}
	for _, f := range files {
		if f.Name != seal.EnvelopeName && !signed[f.Name] {
			a.Documents = append(a.Documents, jsonoutput.BundleDocument{Name: f.Name, Size: f.Size, Present: true})
		}
	}
}

func (e *Env) bundleText(a *jsonoutput.BundleInspect) {
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	defer t.Flush()
	row := func(name, format string, args ...any) {
		if text := strings.TrimSpace(clean(fmt.Sprintf(format, args...))); text != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, text)
		}
	}
	m := a.Statement.Predicate
	row("bundle", "%s", m.Bundle.ID)
	row("created", "%s", m.Created)
	row("key hint", "%s", a.Hint)
	row("certificate", "%s", a.Subject)
	row("issuer", "%s", a.Issuer)
	row("controller", "%s, %s", m.Controller.Name, m.Controller.Country)
	row("producer", "%s %s", m.Producer.System, m.Producer.Version)
	row("encounter", "%s %s %s %s", m.Encounter.Kind, m.Encounter.ID, m.Encounter.Start, m.Encounter.End)
	for _, n := range m.Patient.Names {
		row("patient", "%s", nameLine(n))
	}
	row("born", "%s %s", m.Patient.BirthDate, m.Patient.Sex)
	for _, id := range m.Patient.Identifiers {
		row("identifier", "%s %s (%s)", id.System, id.Value, id.Role)
	}
	row("receipt", "%s", a.Receipt)
	for _, d := range a.Documents {
		s := a.Statement.Document(d.Name)
		row("document", "%s  %d bytes  %s  %s  %s%s", d.Name, d.Size, s.MediaType, s.Class, s.Title, fault(d))
	}
	row("trust", "not judged; see kartoteka verify bundle")
}

func nameLine(n patient.Name) string {
	return strings.Join(append(append([]string{n.Family}, n.Given...), n.Patronymic), " ")
}

func fault(d jsonoutput.BundleDocument) string {
	switch {
	case !d.Present:
		return "  [signed for but not there]"
	case !d.Signed:
		return "  [there but not signed for]"
	}
	return ""
}
