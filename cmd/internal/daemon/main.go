package daemon

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"

	"kartoteka/archive"
)

// Exit statuses: those of kartoteka, stable from the first release.
const (
	exitOK        = 0
	exitFailed    = 1
	exitUsage     = 2
	exitPartly    = 3
	exitVerify    = 4
	exitNoArchive = 10
	exitBusy      = 11
	exitNoKey     = 12
	exitStopped   = 130
)

const usage = `Example:
  kartotekad --config /etc/kartoteka/kartotekad.yaml

kartotekad takes bundles in from the spool, on a calendar or when asked, and
answers kartoteka on the local socket. docs/config.md explains the file.

  --config FILE   the configuration
  --check         check the configuration and exit
  --once          take in what stands in the spool, once, and exit

SIGTERM and SIGINT end it after the accession at hand. SIGHUP does nothing.

Exit status:
  0 ended, or done   1 failed   2 usage or configuration   3 partly done (--once)
  4 the archive is not what it signed for, or all bundles were rejected (--once)
  10 no archive   11 busy   12 no key   130 stopped (--once)
`

// Main runs kartotekad and returns its exit status.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("kartotekad", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	file := f.String("config", "", "")
	check := f.Bool("check", false, "")
	once := f.Bool("once", false, "")
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return exitOK
	case err == nil && f.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", f.Arg(0))
	case err == nil && *file == "":
		err = errors.New("--config FILE is needed")
	case err == nil && *check && *once:
		err = errors.New("--check and --once do not go together")
	}
	if err != nil {
		fmt.Fprintf(stderr, "kartotekad: %s\nhint: kartotekad --help\n", err)
		return exitUsage
	}
	c, err := LoadConfig(*file)
	if err != nil {
		return refuse(stderr, err)
	}
	o := Options{Log: c.Log.logger(stderr)}
	switch {
	case *check:
		return exitOK
	case *once:
		d, err := Once(ctx, c, o)
		if err != nil {
			return refuse(stderr, err)
		}
		return d.exit()
	}
	if err := Run(ctx, c, o); err != nil {
		return refuse(stderr, err)
	}
	return exitOK
}

// exit is partly done when some bundles are still there or were refused.
func (d Done) exit() int {
	switch {
	case d.Rejected == 0 && d.Postponed == 0:
		return exitOK
	case d.Taken == 0 && d.Known == 0 && d.Postponed == 0:
		return exitVerify
	}
	return exitPartly
}

func (l Log) logger(w io.Writer) *slog.Logger {
	level, err := l.level()
	if err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if l.Format == "text" {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

// refuse says why the daemon does not run, with what to do and with the evidence, if there is any.
func refuse(w io.Writer, err error) int {
	code, hint := refusal(err)
	fmt.Fprintf(w, "kartotekad: %s\n", err)
	if hint != "" {
		fmt.Fprintf(w, "hint: %s\n", hint)
	}
	var bad *archive.Tampered
	if errors.As(err, &bad) && bad.Proof != "" {
		fmt.Fprintf(w, "evidence:\n%s\n", bad.Proof)
	}
	return code
}

func refusal(err error) (code int, hint string) {
	var bad *archive.Tampered
	switch {
	case errors.Is(err, ErrConfig):
		return exitUsage, "docs/config.md explains every field; kartotekad --check tries a file"
	case errors.As(err, &bad):
		return exitVerify, "nothing was written. Keep the folder as it is, bring a copy that holds more, and see docs/runbook.md"
	case errors.Is(err, archive.ErrClock):
		return exitFailed, "set this machine's clock (timedatectl) and start again. If the clock is right, two officers accept it: kartoteka clock accept"
	case errors.Is(err, archive.ErrNotArchive):
		return exitNoArchive, "`archive:` in the configuration names the folder; `kartoteka init` makes an archive"
	case errors.Is(err, archive.ErrBusy):
		return exitBusy, "another kartotekad is running, or a kartoteka command is writing to the archive"
	case errors.Is(err, archive.ErrPrivate):
		return exitNoKey, "`private:` in the configuration names the folder of log.key and index.key; kartotekad's user must be able to read it"
	case errors.Is(err, archive.ErrSpace):
		return exitFailed, "make room on the archive's disk, or lower `reserve:`"
	case errors.Is(err, context.Canceled):
		return exitStopped, ""
	}
	return exitFailed, ""
}
