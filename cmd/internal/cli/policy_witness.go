package cli

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kartoteka/archive"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
	"kartoteka/verify"
)

// withWitnesses adds to the policy's commands those for witnesses.
func withWitnesses(e *Env, policy *cobra.Command) *cobra.Command {
	var where folders
	for _, c := range []*cobra.Command{newAddWitness(e, &where), newEndWitness(e, &where), newWitnessQuorum(e, &where)} {
		c.PreRunE = func(c *cobra.Command, _ []string) (err error) {
			where.private, err = c.Flags().GetString("private") // of all the policy's commands
			return err
		}
		policy.AddCommand(c)
	}
	return policy
}

func newAddWitness(e *Env, where *folders) *cobra.Command {
	var key, entity, from, until string
	c := &cobra.Command{
		Use:   "add-witness NAME --key VKEY",
		Short: "trust a witness's cosignatures",
		Long: `Trusts the cosignatures of a witness from now on. NAME is the name in its key, VKEY the key itself or the file that
keygen witness wrote to FILE.pub. --entity names the legal entity it belongs to, if that is another than the archive's
own: a quorum may ask for such ones.`,
		Example: `  kartoteka policy add-witness witness.partner.example --key witness.key.pub --entity "Szpital Partnerski"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			k := verify.LogKey{Entity: entity}
			var err error
			if k.From, err = e.readTime("from", from); err != nil {
				return err
			}
			if k.Until, err = e.readTime("until", until); err != nil {
				return err
			}
			if k.Key, err = readWitnessKey(args[0], key); err != nil {
				return err
			}
			return e.changeWitnesses(*where, func(a *archive.Archive) error { return a.AddWitness(k) })
		},
	}
	f := c.Flags()
	f.StringVar(&key, "key", "", "the witness's public key `VKEY`, or the file it is in")
	f.StringVar(&entity, "entity", "", "legal entity it belongs to, if another: its `name`")
	f.StringVar(&from, "from", "", "`time` from which the witness is trusted")
	f.StringVar(&until, "until", "", "`time` at which the trust ends")
	_ = c.MarkFlagRequired("key")
	return c
}

// readWitnessKey takes a key, or the file of one.
func readWitnessKey(name, key string) (string, error) {
	text := key
	if _, err := os.Stat(key); err == nil {
		data, err := readFile(key, 64<<10)
		if err != nil {
			return "", err
		}
		text = strings.TrimSpace(string(data))
	}
	k, err := seal.ParseWitnessKey(text)
	if err != nil {
		return "", &status{exitFailed, fmt.Errorf("key: %w", err), "a witness's public key is wanted, NAME+HASH+KEY; `kartoteka keygen witness` writes it to FILE.pub"}
	}
	if k.Name() != name {
		return "", usagef("the key is of %q, not of %q: a witness signs under the name in its key", clean(k.Name()), clean(name))
	}
	return k.String(), nil
}

func newEndWitness(e *Env, where *folders) *cobra.Command {
	var at string
	c := &cobra.Command{
		Use:     "end-witness NAME --at TIME",
		Short:   "end the trust in this witness",
		Long:    "Ends the trust in a witness at a time (\"now\" is one). What it cosigned before counts on.",
		Example: "  kartoteka policy end-witness witness.partner.example --at now",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := e.readTime("at", at)
			if err != nil {
				return err
			}
			if t == nil {
				return usagef("--at is empty")
			}
			return e.changeWitnesses(*where, func(a *archive.Archive) error { return a.EndWitness(args[0], *t) })
		},
	}
	c.Flags().StringVar(&at, "at", "", "`time` at which the trust ends")
	_ = c.MarkFlagRequired("at")
	return c
}

func newWitnessQuorum(e *Env, where *folders) *cobra.Command {
	var k, entities int
	var from string
	c := &cobra.Command{
		Use:   "witness-quorum --k K [--other-entities N]",
		Short: "say how many witnesses a checkpoint asks for",
		Long: `Says how many of the policy's witnesses must have cosigned a checkpoint, and to how many legal entities other than the
archive's own they must belong. Checkpoints made before --from, by default now, are not asked. --k 0 asks for none.

Under a policy with a quorum a packet is indeterminate until it carries cosignatures: docs/runbook.md, Witnesses.`,
		Example: "  kartoteka policy witness-quorum --k 2 --other-entities 1",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			t, err := e.readTime("from", from)
			if err != nil {
				return err
			}
			q := &verify.WitnessQuorum{K: k, Entities: entities, From: t}
			if k == 0 && entities == 0 {
				q = nil
			}
			return e.changeWitnesses(*where, func(a *archive.Archive) error { return a.SetWitnessQuorum(q) })
		},
	}
	f := c.Flags()
	f.IntVar(&k, "k", 0, "so many `witnesses`")
	f.IntVar(&entities, "other-entities", 0, "of so many other legal `entities`")
	f.StringVar(&from, "from", "now", "`time` from which checkpoints are asked")
	_ = c.MarkFlagRequired("k")
	return c
}

func (e *Env) changeWitnesses(where folders, change func(*archive.Archive) error) error {
	return e.changedPolicy(where, change, e.printWitnesses)
}

func (e *Env) printWitnesses(a *archive.Archive) error {
	data, err := a.PolicyFile()
	if err != nil {
		return err
	}
	answer := jsonoutput.Witnesses{Schema: jsonoutput.SpecWitnesses, Origin: a.Spec.Origin, Policy: verify.Digest(data), Witnesses: a.Policy().Witnesses, Quorum: a.Policy().WitnessQuorum}
	return e.print(answer, func() { e.witnessesText(answer) })
}

func (e *Env) witnessesText(a jsonoutput.Witnesses) {
	t := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "WITNESS\tENTITY\tFROM\tUNTIL")
	for _, w := range a.Witnesses {
		name, _, _ := strings.Cut(w.Key, "+")
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", clean(name), clean(w.Entity), timeOr(w.From, "-"), timeOr(w.Until, "-"))
	}
	t.Flush()
	if a.Quorum != nil {
		fmt.Fprintf(e.Stdout, "quorum: %d, of %d other legal entities, from %s\n", a.Quorum.K, a.Quorum.Entities, timeOr(a.Quorum.From, "the beginning"))
	}
}
