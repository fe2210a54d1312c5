package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal/unseal"
	"kartoteka/verify"
)

// Exit statuses: stable from the first release.
const (
	exitOK            = 0
	exitFailed        = 1
	exitUsage         = 2
	exitPartly        = 3
	exitVerify        = 4
	exitIndeterminate = 5
	exitNoArchive     = 10
	exitBusy          = 11
	exitNoKey         = 12
	exitHeld          = 13
	exitStopped       = 130
)

// status is an error with an exit status of its own. A nil err says nothing more: the report is printed already.
type status struct {
	code int
	err  error
	hint string // for the person: what to do
}

func (s *status) Error() string {
	if s.err == nil {
		return ""
	}
	return s.err.Error()
}
func (s *status) Unwrap() error { return s.err }

func usage(err error) error                   { return &status{code: exitUsage, err: err} }
func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }
func failf(code int, format string, a ...any) error {
	return &status{code: code, err: fmt.Errorf(format, a...)}
}

// verdict turns a report's verdict into an exit status.
func verdict(v verify.Verdict) error {
	switch v {
	case verify.Passed:
		return nil
	case verify.Indeterminate:
		return &status{code: exitIndeterminate}
	}
	return &status{code: exitVerify}
}

// exit prints an error with its hint and gives its status.
func (e *Env) exit(err error) int {
	if err == nil {
		return exitOK
	}
	s := classify(err)
	if text := s.Error(); text != "" {
		fmt.Fprintf(e.Stderr, "kartoteka: %s\n", cleanLines(text))
	}
	if s.hint != "" {
		fmt.Fprintf(e.Stderr, "hint: %s\n", cleanLines(s.hint))
	}
	return s.code
}

// classify gives errors of the packages below their status and, for a person, a way on.
func classify(err error) *status {
	var s *status
	var bad *archive.Tampered
	var judged *verify.Error
	switch {
	case errors.As(err, &s):
		return s
	case errors.Is(err, context.Canceled):
		return &status{exitStopped, errors.New("stopped"), ""}
	case errors.Is(err, archive.ErrNotArchive):
		return &status{exitNoArchive, err, "name the archive's folder with --archive or KARTOTEKA_ARCHIVE; `kartoteka init` makes one"}
	case errors.Is(err, archive.ErrBusy):
		return &status{exitBusy, err, "kartotekad is probably running; commands reach it through its socket (--socket)"}
	case errors.Is(err, wire.ErrStopping):
		return &status{exitBusy, err, "ask again once kartotekad runs"}
	case errors.Is(err, wire.ErrForbidden):
		return &status{exitFailed, err, "kartotekad's configuration says who may do what (roles)"}
	case errors.Is(err, wire.ErrHeld):
		return &status{exitHeld, err, ""}
	case errors.Is(err, archive.ErrRefused):
		return &status{exitHeld, err, "nothing was disposed of; make the order anew, and have it signed again"}
	case errors.Is(err, wire.ErrRequest):
		return &status{exitUsage, err, ""}
	case errors.Is(err, archive.ErrClock):
		return &status{exitFailed, err, "set the clock right; if it is right, two officers accept it: kartoteka clock accept"}
	case errors.Is(err, archive.ErrSpace):
		return &status{exitFailed, err, "make room on the archive's disk; what was not taken in stays where it is"}
	case errors.Is(err, unseal.ErrHalf):
		return &status{exitNoKey, err, "name a second custodian's identity file with another -i"}
	case errors.Is(err, unseal.ErrForeign), errors.Is(err, unseal.ErrNeedsPassphrase), errors.Is(err, unseal.ErrPassphrase):
		return &status{exitNoKey, err, "name a custodian's identity file with -i"}
	case errors.As(err, &bad):
		hint := "stop, keep the folder as it is, and see docs/runbook.md"
		if bad.Proof != "" {
			hint = "stop, keep the folder as it is; evidence:\n" + bad.Proof
		}
		return &status{exitVerify, err, hint}
	case errors.As(err, &judged):
		if judged.Indeterminate {
			return &status{exitIndeterminate, err, ""}
		}
		return &status{exitVerify, err, ""}
	case errors.Is(err, archive.ErrIndexDamaged):
		return &status{exitFailed, err, "`kartoteka rebuild` makes the index anew; nothing is lost"}
	case errors.Is(err, fs.ErrPermission):
		return &status{exitFailed, err, "you may not read or write this file"}
	case strings.HasPrefix(err.Error(), "unknown command"), strings.HasPrefix(err.Error(), "required flag"), strings.Contains(err.Error(), "arg(s)"):
		return &status{exitUsage, err, "`kartoteka --help` lists the commands"}
	}
	return &status{exitFailed, err, ""}
}
