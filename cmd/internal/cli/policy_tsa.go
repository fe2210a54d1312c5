package cli

import (
	"crypto/x509"
	"encoding/pem"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
	"kartoteka/verify"
)

func newAddTSA(e *Env, where *folders) *cobra.Command {
	var chain string
	c := &cobra.Command{
		Use:   "add-tsa NAME --chain PEM",
		Short: "trust a time-stamp authority",
		Long: `Trusts the time stamps (RFC 3161) of an authority from now on: those whose certificates lead to the root in the
file. Intermediate certificates in it help where tokens lack them. NAME is a word of a-z, 0-9 and _; it stands in the
log. Trust in an authority is never taken back: what it stamped is judged by it for ever. When its root changes, add
the new one under another name.

Whom to ask is the configuration's matter (docs/config.md, stamps).`,
		Example: `  kartoteka policy add-tsa certum --chain certum-root.pem`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			read := verify.Producer{Subject: args[0]} // a chain is read alike, whoever it is of
			if err := readTrusted(&read, "", chain); err != nil {
				return err
			}
			tsa := verify.Anchor{Name: args[0], Chain: read.Chain}
			if err := tsa.Check(); err != nil {
				return usagef("%s: %w", clean(args[0]), err)
			}
			return e.changePolicy(*where, func(a *archive.Archive) error { return a.AddTSA(tsa) })
		},
	}
	c.Flags().StringVar(&chain, "chain", "", "PEM `file` of the root and intermediate certificates")
	_ = c.MarkFlagRequired("chain")
	return c
}

// tsas lists the authorities of a policy.
func tsas(p *verify.Policy) []jsonoutput.TSA {
	list := []jsonoutput.TSA{}
	for _, a := range p.TSAs {
		t := jsonoutput.TSA{Name: a.Name}
		for b, rest := pem.Decode([]byte(a.Chain)); b != nil; b, rest = pem.Decode(rest) {
			c, err := x509.ParseCertificate(b.Bytes)
			if err != nil {
				continue
			}
			if until := seal.At(c.NotAfter); t.Certificates == 0 || until.Before(t.Until.Time) {
				t.Until = until
			}
			t.Certificates++
		}
		list = append(list, t)
	}
	return list
}
