package cli

import (
	"bytes"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/certpage"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
)

// certified are the files that tell of a destruction.
type certified struct{ certificate, page string }

func newOrderCertificate(e *Env) *cobra.Command {
	var where folders
	var o certified
	c := &cobra.Command{
		Use:   "certificate EVENT -o OUT.json [--page OUT.html]",
		Short: "issue the certificate of an executed order again",
		Long: `Issues the certificate of destruction of an executed order, by the event that order execute printed. It looks at every
copy within reach before it says that something is gone, and names those that are beyond it: packets that were
handed over, backups. Anyone checks it offline with verify certificate; the page is for people and proves nothing.`,
		Example: `  kartoteka order certificate 4711 -o 7-2031.certificate.json --page 7-2031.html`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return e.issueCertificate(c.Context(), where, args[0], o) },
	}
	c.Flags().StringVarP(&o.certificate, "output", "o", "", "`file` to write")
	c.Flags().StringVar(&o.page, "page", "", "write it as an HTML page for people to this `file`")
	where.flags(c.Flags(), e)
	return c
}

func (e *Env) issueCertificate(ctx context.Context, where folders, event string, o certified) error {
	leaf, err := bundleNumber(event)
	if err != nil {
		return usage(err)
	}
	if err := must([2]string{"output", o.certificate}); err != nil {
		return err
	}
	if err := o.free(); err != nil {
		return err
	}
	office, err := e.openOffice(where)
	if err != nil {
		return err
	}
	defer office.Close()
	if err := e.certify(ctx, office, leaf, o); err != nil {
		return err
	}
	answer := jsonoutput.CertificateIssued{Schema: jsonoutput.SpecCertificateIssued, Event: leaf, Certificate: o.certificate, Page: o.page}
	return e.print(answer, func() {
		fmt.Fprintf(e.Stdout, "certificate of event %d: %s\n", leaf, clean(o.certificate))
		e.say("check it with: kartoteka verify certificate %s --policy policy.json", clean(o.certificate))
	})
}

func (c certified) free() error {
	for _, name := range []string{c.certificate, c.page} {
		if name == "-" {
			return usagef("a certificate and its page need files")
		}
		if err := free(name); err != nil {
			return err
		}
	}
	if c.page != "" && c.page == c.certificate {
		return usagef("the certificate and its page need two files")
	}
	return nil
}

// certify issues a certificate and writes what is wanted of it.
func (e *Env) certify(ctx context.Context, o *office, disposal seal.LeafIndex, to certified) error {
	if to == (certified{}) {
		return nil
	}
	data, err := o.certificate(ctx, disposal)
	if err != nil {
		return err
	}
	page, err := certificatePage(data)
	if err != nil {
		return err
	}
	if to.certificate != "" {
		if err := writeOutput(to.certificate, data, 0o644); err != nil {
			return err
		}
	}
	if to.page != "" {
		return writeOutput(to.page, page, 0o644)
	}
	return nil
}

// certificatePage is of a certificate that the archive just made: who gets it from elsewhere verifies it first.
func certificatePage(data []byte) ([]byte, error) {
	c, _, err := seal.ParseCertificate(data)
	if err != nil {
		return nil, err
	}
	order, err := parseOrder("order", []byte(c.Order))
	if err != nil {
		return nil, err
	}
	event, err := seal.ParseEvent([]byte(c.Event))
	if err != nil {
		return nil, err
	}
	proof, err := seal.ParseProof([]byte(c.Proof))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = certpage.Write(&out, c, order.order, order.signers(), event, proof.Index)
	return out.Bytes(), err
}
