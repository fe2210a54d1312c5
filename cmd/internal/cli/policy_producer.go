package cli

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/verify"
)

func newAddProducer(e *Env, where *folders) *cobra.Command {
	var key, chain, subject, from, until string
	c := &cobra.Command{
		Use:   "add-producer NAME --key PEM | --chain PEM --subject DN",
		Short: "trust a producer's bundles",
		Long: `Trusts the bundles of a producer from now on: those signed with one public key, or with
certificates of one subject under a chain. Times are 2026-11-21 (00:00 UTC) or 2026-11-21T20:00:00Z.`,
		Example: `  kartoteka policy add-producer his --key his.pem.pub
  kartoteka policy add-producer lab --chain ca.pem --subject "CN=lab,O=Szpital Testowy,C=PL" --until 2028-01-01`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p := verify.Producer{Name: args[0], Subject: subject}
			var err error
			if p.From, err = e.readTime("from", from); err != nil {
				return err
			}
			if p.Until, err = e.readTime("until", until); err != nil {
				return err
			}
			if p.From != nil && p.Until != nil && !p.From.Before(p.Until.Time) {
				return usagef("--until is not after --from")
			}
			if err := readTrusted(&p, key, chain); err != nil {
				return err
			}
			return e.changePolicy(*where, func(a *archive.Archive) error { return a.AddProducer(p) })
		},
	}
	f := c.Flags()
	f.StringVar(&key, "key", "", "PEM `file` of the producer's public key")
	f.StringVar(&chain, "chain", "", "PEM `file` of the root and intermediate certificates")
	f.StringVar(&subject, "subject", "", "with --chain: `subject` of the producer's certificates, as `bundle inspect` prints it")
	f.StringVar(&from, "from", "", "`time` from which the producer is trusted")
	f.StringVar(&until, "until", "", "`time` at which the trust ends")
	return c
}

func newEndProducer(e *Env, where *folders) *cobra.Command {
	return newEnd(e, where, "producer", "his", (*archive.Archive).EndProducer)
}

// newEnd ends the trust in somebody.
func newEnd(e *Env, where *folders, who, example string, end func(*archive.Archive, string, seal.Time) error) *cobra.Command {
	var at string
	c := &cobra.Command{
		Use:     "end-" + who + " NAME --at TIME",
		Short:   "end the trust in this " + who,
		Long:    "Ends the trust in a key of this " + who + " at a time (\"now\" is one). What was signed before stays good.",
		Example: "  kartoteka policy end-" + who + " " + example + " --at 2026-12-31T23:00:00Z",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := e.readTime("at", at)
			if err != nil {
				return err
			}
			if t == nil {
				return usagef("--at is empty")
			}
			return e.changePolicy(*where, func(a *archive.Archive) error { return end(a, args[0], *t) })
		},
	}
	c.Flags().StringVar(&at, "at", "", "`time` at which the trust ends")
	_ = c.MarkFlagRequired("at")
	return c
}

func (e *Env) changePolicy(where folders, change func(*archive.Archive) error) error {
	return e.changedPolicy(where, change, e.printProducers)
}

// changedPolicy changes the policy and prints what came of it.
func (e *Env) changedPolicy(where folders, change, print func(*archive.Archive) error) error {
	a, err := e.openWriter(where, "stop kartotekad to change the policy, and start it again afterwards")
	if err != nil {
		return err
	}
	defer a.Close()
	if err := change(a); err != nil {
		return fmt.Errorf("change the policy: %w", err)
	}
	e.say("the policy has changed; give verifiers the new one (policy export)")
	return print(a)
}

// readTime takes a date (00:00 UTC), an RFC 3339 time, or "now"; nil for nothing.
func (e *Env) readTime(flag, s string) (*seal.Time, error) {
	if s == "" {
		return nil, nil
	}
	if s == "now" {
		t := seal.At(e.Now())
		return &t, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			at := seal.At(t)
			return &at, nil
		}
	}
	return nil, usagef("--%s %q is neither a date (2026-11-21) nor a time (2026-11-21T20:00:00Z)", flag, s)
}

// readTrusted reads the key or the chain. It is encoded anew, so that nothing else a file holds, a private key for one,
// gets into the policy.
func readTrusted(p *verify.Producer, key, chain string) error {
	switch {
	case (key == "") == (chain == ""):
		return usagef("name either --key or --chain")
	case (chain == "") != (p.Subject == ""):
		return usagef("--subject goes with --chain")
	case key != "":
		text, err := readPublicKey(key)
		p.Key = text
		return err
	}
	data, err := os.ReadFile(chain)
	if err != nil {
		return fmt.Errorf("chain: %w", err)
	}
	for {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			break
		}
		if b.Type == "CERTIFICATE" {
			p.Chain += string(pem.EncodeToMemory(&pem.Block{Type: b.Type, Bytes: b.Bytes}))
		}
	}
	if p.Chain == "" {
		return failf(exitFailed, "%s holds no PEM certificate", chain)
	}
	return nil
}

func readPublicKey(name string) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("key: %w", err)
	}
	key, err := verify.LoadKey(data)
	if err != nil {
		return "", &status{exitFailed, fmt.Errorf("%s: %w", name, err), "a producer's public key in PEM is wanted; `kartoteka keygen producer` writes it to FILE.pub"}
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}
