package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/bundler"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
)

type keygenOptions struct {
	out, alg, name, of string
	plain              bool
}

func newKeygen(e *Env) *cobra.Command {
	var o keygenOptions
	kinds := []string{"custodian", "evidence", "producer", "officer", "witness"}
	c := &cobra.Command{
		Use:   "keygen custodian|evidence|producer|officer|witness -o FILE",
		Short: "make a key pair: FILE and FILE.pub",
		Long: `Makes a key pair: the secret half in FILE, readable by you alone, and the public half in FILE.pub.

  custodian, evidence  an age identity, post-quantum; opens documents, or evidence only
  producer, officer    a signing key in PEM; signs bundles, or orders
  witness              a note signer key; cosigns the log

The secret half is protected by a passphrase of at least 8 characters, asked
for twice, or taken from KARTOTEKA_PASSPHRASE. --plain leaves it open: for
machines only.

With --of 2/3 it makes the identities of three custodians, any two of whom open
together and none alone: FILE-1, FILE-2, FILE-3, each with a passphrase and a .pub
of its own, and FILE.pub, which holds the pairs, for kartoteka init --recipient.`,
		Example: `  kartoteka keygen custodian -o anna.key
  kartoteka keygen custodian --of 2/3 -o custody
  kartoteka keygen producer --plain -o his.pem`,
		Args:      cobra.ExactArgs(1),
		ValidArgs: kinds,
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(kinds, args[0]) {
				return usagef("keygen %q is none of %s", args[0], strings.Join(kinds, ", "))
			}
			if signing := args[0] == "producer" || args[0] == "officer"; c.Flags().Changed("alg") && !signing {
				return usagef("--alg is for producer and officer")
			}
			if (o.name != "") != (args[0] == "witness") {
				return usagef("--name is for witness, and a witness needs one")
			}
			if !c.Flags().Changed("of") {
				return e.keygen(args[0], o)
			}
			if args[0] != "custodian" {
				return usagef("--of is for custodian")
			}
			return e.keygenOf(o)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.out, "output", "o", "", "`file` of the secret half; the public one is FILE.pub")
	f.BoolVar(&o.plain, "plain", false, "no passphrase: for machines")
	f.StringVar(&o.alg, "alg", bundler.ECDSA, "`algorithm` of a signing key: ecdsa, ed25519 or rsa3072")
	f.StringVar(&o.name, "name", "", "`name` of a witness, as it stands in its signatures")
	f.StringVar(&o.of, "of", "", "`2/N`: N custodians, 2 to 5, any two of whom open together")
	_ = c.MarkFlagRequired("output")
	return c
}

func (e *Env) keygen(kind string, o keygenOptions) error {
	if err := freePair(o.out); err != nil {
		return err
	}
	passphrase := ""
	if !o.plain {
		var err error
		if passphrase, err = e.newPassphrase("new passphrase for " + o.out); err != nil {
			return err
		}
	}
	var p pair
	var err error
	switch kind {
	case "custodian", "evidence":
		var id *age.HybridIdentity
		if id, err = age.GenerateHybridIdentity(); err == nil {
			p, err = identityPair(id, passphrase, e.Now())
		}
	case "witness":
		p, err = witnessPair(o.name, passphrase)
	default:
		p.private, p.public, err = bundler.GenerateKey(o.alg, passphrase)
	}
	if err != nil {
		return fmt.Errorf("make a %s key: %w", kind, err)
	}
	if err := p.write(o.out); err != nil {
		return err
	}
	answer := jsonoutput.Keygen{Schema: jsonoutput.SpecKeygen, Kind: kind, File: o.out, PublicFile: o.out + ".pub",
		Protected: !o.plain, Public: strings.TrimSpace(string(p.public))}
	if kind == "custodian" || kind == "evidence" {
		answer.Fingerprint = seal.Fingerprint(answer.Public)
	}
	return e.print(answer, func() {
		fmt.Fprintf(e.Stdout, "secret half  %s\npublic half  %s\n", answer.File, answer.PublicFile)
		if answer.Fingerprint != "" {
			fmt.Fprintf(e.Stdout, "fingerprint  %s\n", answer.Fingerprint)
		}
	})
}

// leastPassphrase bounds a new passphrase, in characters: whoever has the file may try for years, and scrypt only makes
// each try dear. Keys that exist open with whatever they were made with.
const leastPassphrase = 8

// newPassphrase asks twice; a variable is asked once.
func (e *Env) newPassphrase(prompt string) (string, error) {
	first, err := e.Passphrase(prompt)
	if err != nil {
		return "", err
	}
	if first == "" {
		return "", &status{exitUsage, fmt.Errorf("the passphrase is empty"), "--plain leaves the key without one: for machines only"}
	}
	if utf8.RuneCountInString(first) < leastPassphrase {
		return "", &status{exitUsage, fmt.Errorf("the passphrase is shorter than %d characters", leastPassphrase), "take several words that nobody would put together"}
	}
	if e.Getenv("KARTOTEKA_PASSPHRASE") != "" {
		return first, nil
	}
	again, err := e.Passphrase("the same passphrase again")
	if err != nil {
		return "", err
	}
	if again != first {
		return "", failf(exitFailed, "the two passphrases differ")
	}
	return first, nil
}
