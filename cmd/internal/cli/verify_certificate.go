package cli

import (
	"bytes"
	"time"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/certpage"
	"kartoteka/seal"
	"kartoteka/verify"
)

func newVerifyCertificate(e *Env) *cobra.Command {
	var o judging
	var page string
	c := &cobra.Command{
		Use:   "certificate FILE",
		Short: "judge a certificate of destruction",
		Long: `Judges a certificate of destruction with nothing but its file and a policy you pinned: the log key issued it, two
officers who were trusted then signed its order, the archive's log holds the disposal, and what the certificate
says was destroyed is what the order names, no more and no less. Without --at it is judged as at its issue.

With --page, a certificate that passes is also written as a page for people, in Polish, Ukrainian, Lithuanian
and English, to read or to print. The page proves nothing: keep the certificate.`,
		Example: `  kartoteka verify certificate D-2048-1.certificate.json --policy pinned.json
  kartoteka verify certificate D-2048-1.certificate.json --policy pinned.json --page D-2048-1.html`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return e.verifyCertificate(args[0], page, o) },
	}
	o.flags(c.Flags())
	c.Flags().StringVar(&page, "page", "", "write the certificate as an HTML page to this `file`, if it passes")
	return c
}

func (e *Env) verifyCertificate(file, page string, o judging) error {
	if o.policy == "" {
		return usagef("no policy: whoever made the certificate could have forged its anchors too; name the policy you pinned with --policy")
	}
	if page == "-" {
		return usagef("--page needs a file")
	}
	if err := free(page); err != nil {
		return err
	}
	data, err := readFile(file, seal.MaxSigned)
	if err != nil {
		return err
	}
	var c seal.Certificate
	var policy *verify.Policy
	err = e.verifyFile(file, o, func(p *verify.Policy, at time.Time) (r *verify.Report) {
		if o.at == "" {
			at = time.Time{} // its issue
		}
		policy = p
		c, r = p.Certificate(data, at)
		return r
	})
	if page == "" {
		return err
	}
	if err != nil {
		e.say("no page is written: the certificate did not pass")
		return err
	}
	return writeCertificatePage(page, policy, c)
}

// writeCertificatePage is for a certificate that passed.
func writeCertificatePage(name string, p *verify.Policy, c seal.Certificate) error {
	event, err := seal.ParseEvent([]byte(c.Event))
	if err != nil {
		return err
	}
	order, officers, err := p.Order([]byte(c.Order), event.Time.Time)
	if err != nil {
		return err
	}
	proof, err := seal.ParseProof([]byte(c.Proof))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := certpage.Write(&out, c, order, officers, event, proof.Index); err != nil {
		return err
	}
	return writeOutput(name, out.Bytes(), 0o644)
}
