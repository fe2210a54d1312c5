// Package cli is the command line of kartoteka: one verb, one file, one constructor.
package cli

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Env is the world a command runs in. Tests give their own.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Now    func() time.Time
	Getenv func(string) string

	// Passphrase asks a person; it is never called when stdin is no terminal and no variable gives the answer.
	Passphrase func(prompt string) (string, error)

	archive string // --archive
	socket  string // --socket
	json    bool   // --json
	quiet   bool   // --quiet
}

// System is the real world.
func System() *Env {
	e := &Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now, Getenv: os.Getenv}
	e.Passphrase = e.askPassphrase
	return e
}

// Main runs the command line and returns its exit status.
func Main(ctx context.Context, e *Env, args []string) int {
	root := newRoot(e)
	root.SetArgs(args)
	return e.exit(root.ExecuteContext(ctx))
}

func newRoot(e *Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "kartoteka",
		Short: "long-term medical archive with cryptographic integrity",
		Long: `kartoteka keeps signed medical documents for decades: encrypted, compressed, in an
append-only log that anyone can check. The daemon kartotekad takes bundles in;
kartoteka makes archives and bundles, finds, verifies and exports.`,
		Example: `  kartoteka init /srv/kartoteka --origin archive.hospital.example/1 --controller "Szpital Testowy" --country PL --recipient custodian.key.pub
  kartoteka verify archive --archive /srv/kartoteka`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(e.Stdout)
	root.SetErr(e.Stderr)
	f := root.PersistentFlags()
	f.StringVar(&e.archive, "archive", e.Getenv("KARTOTEKA_ARCHIVE"), "the archive's `folder` (or KARTOTEKA_ARCHIVE)")
	f.StringVar(&e.socket, "socket", e.Getenv("KARTOTEKA_SOCKET"), "kartotekad's `socket`; default ARCHIVE/kartotekad.sock (or KARTOTEKA_SOCKET)")
	f.BoolVar(&e.json, "json", false, "print the answer as JSON (docs/json.md)")
	f.BoolVar(&e.quiet, "quiet", false, "print nothing but the answer and errors")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	root.SetHelpTemplate(helpTemplate)
	root.SetUsageTemplate(withoutExamples(root.UsageTemplate()))
	root.AddCommand(
		newInit(e), newKeygen(e), withWitnesses(e, newPolicy(e)), newBundle(e), newIngest(e), newStatus(e), newList(e), newFind(e),
		newExport(e), newVerify(e), newInspect(e), newRebuild(e), newClock(e), newSchedule(e), newVersion(e), newMan(e),
		newFact(e), newHold(e), newRetention(e), newNotice(e), newHandedOver(e), newConsent(e), newOrder(e),
		newRotate(e), newCustody(e), newStamp(e), newRenew(e), newEvidence(e),
		newWitness(e), newCheckpoint(e),
	)
	return root
}

// withoutExamples takes the examples out of cobra's usage: help has them at the top.
func withoutExamples(usage string) string {
	head, rest, ok := strings.Cut(usage, "{{if .HasExample}}")
	if !ok {
		return usage
	}
	_, tail, ok := strings.Cut(rest, "{{end}}")
	if !ok {
		return usage
	}
	return head + tail
}

// helpTemplate leads with an example and ends with the exit status.
const helpTemplate = `{{if .Example}}Example:
{{.Example}}

{{end}}{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{if or .Runnable .HasSubCommands}}{{.UsageString}}{{end}}
Exit status:
  0 done   1 failed, not found   2 usage   3 partly done   4 verification failed, all rejected
  5 indeterminate   10 no archive   11 busy   12 no key   13 held, refused   130 stopped
`

// terminal says whether w is a person's terminal.
func terminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
