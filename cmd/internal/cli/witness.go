package cli

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kartoteka/seal"
)

func newWitness(e *Env) *cobra.Command {
	c := &cobra.Command{
		Use:   "witness",
		Short: "cosign partners' logs, and have ours cosigned",
		Long: `A witness cosigns the checkpoints of a log that it has seen grow, and of no other: then nobody can be shown
another log. Hospitals do it for each other. serve is a witness; collect has an archive's log cosigned.`,
		Example: `  kartoteka keygen witness --plain --name witness.partner.example -o witness.key
  kartoteka witness serve --key witness.key --state state.json --first --policy hospital.json --listen 127.0.0.1:8180`,
		RunE: needsVerb,
	}
	c.AddCommand(newWitnessServe(e), newWitnessShow(e), newWitnessCollect(e), newWitnessVerify(e))
	return c
}

// readCosigner reads a witness's private key. Under a passphrase it cannot serve: nobody is there to ask.
func readCosigner(name string) (*seal.Cosigner, error) {
	data, err := readFile(name, 64<<10)
	if err != nil {
		return nil, &status{exitNoKey, fmt.Errorf("key: %w", err), ""}
	}
	if bytes.HasPrefix(data, []byte("-----BEGIN AGE")) || bytes.HasPrefix(data, []byte("age-encryption.org/")) {
		return nil, &status{exitNoKey, fmt.Errorf("%s is protected by a passphrase", clean(name)), "a witness answers by itself: `kartoteka keygen witness --plain` makes a key for it, `age -d` opens this one"}
	}
	key, err := seal.ParseCosigner(strings.TrimSpace(string(data)))
	if err != nil {
		return nil, &status{exitNoKey, fmt.Errorf("%s: %w", clean(name), err), "`kartoteka keygen witness` makes one"}
	}
	return key, nil
}
