package cli

import (
	"context"
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/witness"
	"kartoteka/verify"
)

type witnessServe struct {
	key, state, listen string
	policies           []string
	first              bool
}

func newWitnessServe(e *Env) *cobra.Command {
	var o witnessServe
	c := &cobra.Command{
		Use:   "serve --key FILE --state FILE --policy FILE... --listen ADDRESS",
		Short: "be a witness for partners' logs",
		Long: `Answers POST /add-checkpoint (C2SP tlog-witness) until it is stopped: cosigns a checkpoint of a log whose policy
is given, if it extends every checkpoint of that log it ever cosigned. What it cosigned last stands in the state,
durably, before a cosignature leaves. What speaks against a log is kept beside it.

The state must not be lost and never be put back from a copy: the witness could then be made to cosign another
past. --first begins one. Speak TLS in front of it.`,
		Example: `  kartoteka witness serve --key witness.key --state state.json --policy hospital.json --listen 127.0.0.1:8180`,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return e.witnessServe(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.key, "key", "", "the witness's private key `file`, from keygen witness --plain")
	f.StringVar(&o.state, "state", "", "`file` of what was cosigned last")
	f.StringArrayVar(&o.policies, "policy", nil, "pinned policy `file` of a log; may be repeated")
	f.StringVar(&o.listen, "listen", "", "`address` and port")
	f.BoolVar(&o.first, "first", false, "begin the state: this key has cosigned nothing yet")
	for _, name := range []string{"key", "state", "policy", "listen"} {
		_ = c.MarkFlagRequired(name)
	}
	return c
}

func (e *Env) witnessServe(ctx context.Context, o witnessServe) error {
	key, err := readCosigner(o.key)
	if err != nil {
		return err
	}
	w := witness.Options{Key: key, File: o.state, Now: e.Now, First: o.first, Say: func(text string) { e.warn("%s", clean(text)) }}
	answer := jsonoutput.WitnessServing{Schema: jsonoutput.SpecWitnessServing, Witness: key.Key().String()}
	for _, name := range o.policies {
		p, err := readPolicy(name)
		if err != nil {
			return err
		}
		w.Logs, answer.Logs = append(w.Logs, p), append(answer.Logs, p.Origin)
	}
	serving, err := witness.Open(w)
	if err != nil {
		return &status{exitFailed, err, "--first begins a state, once for each key"}
	}
	defer serving.Close()
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	answer.Listen = l.Addr().String()
	err = e.print(answer, func() { fmt.Fprintf(e.Stdout, "witness  %s\nlistens  %s\n", answer.Witness, answer.Listen) })
	if err != nil {
		l.Close()
		return err
	}
	return serving.Serve(ctx, l)
}

// readPolicy reads a policy that must be there.
func readPolicy(name string) (*verify.Policy, error) {
	if name == "" {
		return nil, usagef("--policy is empty")
	}
	return judging{policy: name}.pinned()
}
