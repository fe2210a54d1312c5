package cli

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
	"kartoteka/verify"
)

func newPolicy(e *Env) *cobra.Command {
	var at folders
	c := &cobra.Command{
		Use:   "policy",
		Short: "whom the archive trusts",
		Long: `Shows and changes the policy: whose bundles are taken in, and by which keys the log is checked.
Every change is an event of the log. A verifier elsewhere pins what export writes.`,
		Example: `  kartoteka policy add-producer his --key his.pem.pub
  kartoteka policy export -o policy.json`,
		RunE: needsVerb,
	}
	at.flags(c.PersistentFlags(), e)
	c.AddCommand(newAddProducer(e, &at), newEndProducer(e, &at), newAddOfficer(e, &at), newEndOfficer(e, &at), newAddTSA(e, &at), newPolicyList(e), newPolicyExport(e))
	return c
}

// needsVerb is what a command does that is nothing without its sub-command.
func needsVerb(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &status{exitUsage, fmt.Errorf("%s: unknown command %q", c.CommandPath(), args[0]), fmt.Sprintf("`%s --help` lists the commands", c.CommandPath())}
	}
	return &status{exitUsage, fmt.Errorf("%s needs a command", c.CommandPath()), fmt.Sprintf("`%s --help` lists them", c.CommandPath())}
}

func newPolicyList(e *Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the trusted producers, officers and time-stamp authorities", Example: "  kartoteka policy list", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a, err := e.openArchive(archive.Options{})
			if err != nil {
				return err
			}
			defer a.Close()
			return e.printProducers(a)
		},
	}
}

func newPolicyExport(e *Env) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:     "export -o FILE",
		Short:   "write the policy for verifiers to pin",
		Long:    "Writes the policy in force. Give it to verifiers by a way that does not pass this machine,\nor let them compare its SHA-256.",
		Example: "  kartoteka policy export -o policy.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a, err := e.openArchive(archive.Options{})
			if err != nil {
				return err
			}
			defer a.Close()
			data, err := a.PolicyFile()
			if err != nil {
				return err
			}
			if err := writeOutput(out, data, 0o644); err != nil {
				return err
			}
			answer := jsonoutput.PolicyExport{Schema: jsonoutput.SpecPolicyExport, File: out, Origin: a.Spec.Origin, Policy: verify.Digest(data)}
			return e.print(answer, func() { fmt.Fprintf(e.Stdout, "%s  %s\n", answer.Policy, out) })
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "`file` to write")
	_ = c.MarkFlagRequired("output")
	return c
}

func (e *Env) printProducers(a *archive.Archive) error {
	data, err := a.PolicyFile()
	if err != nil {
		return err
	}
	answer := jsonoutput.Producers{Schema: jsonoutput.SpecProducers, Origin: a.Spec.Origin, Policy: verify.Digest(data), Producers: []jsonoutput.Producer{}, Officers: []jsonoutput.Producer{}, TSAs: tsas(a.Policy())}
	for _, p := range a.Policy().Producers {
		l := jsonoutput.Producer{Name: p.Name, Subject: p.Subject, From: p.From, Until: p.Until}
		if key, err := verify.LoadKey([]byte(p.Key)); p.Key != "" && err == nil {
			l.Key = algorithm(key)
			l.Hint, _ = seal.KeyHint(key)
		}
		answer.Producers = append(answer.Producers, l)
	}
	for _, o := range a.Policy().Officers {
		l := jsonoutput.Producer{Name: o.Name, Roles: o.Roles, From: o.From, Until: o.Until}
		if key, err := verify.LoadKey([]byte(o.Key)); err == nil {
			l.Key = algorithm(key)
			l.Hint, _ = seal.KeyHint(key)
		}
		answer.Officers = append(answer.Officers, l)
	}
	return e.print(answer, func() {
		t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "NAME\tKEY\tHINT OR SUBJECT\tFROM\tUNTIL")
		for _, p := range answer.Producers {
			key, who := p.Key, p.Hint
			if p.Subject != "" {
				key, who = "chain", p.Subject
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", clean(p.Name), key, clean(who), timeOr(p.From, "-"), timeOr(p.Until, "-"))
		}
		for _, o := range answer.Officers {
			fmt.Fprintf(t, "%s (%s)\t%s\t%s\t%s\t%s\n", clean(o.Name), officerOf(o.Roles), o.Key, o.Hint, timeOr(o.From, "-"), timeOr(o.Until, "-"))
		}
		for _, tsa := range answer.TSAs {
			fmt.Fprintf(t, "%s (time stamps)\tchain\t%s\t-\t%s\n", clean(tsa.Name), counted(tsa.Certificates, "certificate"), tsa.Until)
		}
		t.Flush()
	})
}

func officerOf(roles []verify.Role) string {
	if len(roles) == 0 {
		return "officer"
	}
	return "officer: " + strings.Trim(fmt.Sprint(roles), "[]")
}

func timeOr(t *seal.Time, none string) string {
	if t == nil {
		return none
	}
	return t.String()
}

func algorithm(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return "ecdsa-" + k.Params().Name
	case ed25519.PublicKey:
		return "ed25519"
	case *rsa.PublicKey:
		return fmt.Sprintf("rsa-%d", k.N.BitLen())
	}
	return "?"
}
