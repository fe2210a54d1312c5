package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/verify"
)

var (
	// ErrNoDaemon says that nobody listens at the socket.
	ErrNoDaemon = errors.New("no kartotekad is listening")
	// ErrForbidden says that the daemon's configuration gives the asking user no role for this.
	ErrForbidden = errors.New("your user has no role for this")
	// ErrNotFound says that what the request names is not in the archive.
	ErrNotFound = errors.New("not found")
	// ErrHeld says that a hold forbids it.
	ErrHeld = errors.New("held")
	// ErrRequest says that the request is not sound.
	ErrRequest = errors.New("the request is not sound")
	// ErrVersion says that program and daemon speak different versions.
	ErrVersion = errors.New("kartoteka and kartotekad are of different versions")
	// ErrStopping says that the daemon is being stopped.
	ErrStopping = errors.New("kartotekad is stopping")
)

// Code of an error: a stable string.
type Code string

const (
	CodeBusy      Code = "busy"
	CodeForbidden Code = "forbidden"
	CodeNotFound  Code = "not_found"
	CodeSpace     Code = "space"
	CodeClock     Code = "clock"
	CodeHeld      Code = "held"
	CodeTampered  Code = "tampered"
	CodeIndex     Code = "index_damaged"
	CodeRequest   Code = "request"
	CodeVersion   Code = "version"
	CodeStopping  Code = "stopping"
	CodeFailed    Code = "failed"
	// CodeConnections: the asking user, or all users together, have as many connections as there may be.
	CodeConnections Code = "connections"
	// CodeRefused: an order is not made or executed, and nothing is disposed of.
	CodeRefused Code = "refused"
	// CodeUnfinished: it is committed; what it asks of the disk is done at the next opening.
	CodeUnfinished Code = "unfinished"
	// CodeJudged: a signature or a file did not pass; check is the verdict's code.
	CodeJudged Code = "judged"
)

// Error is an error as it goes over the socket. On both sides errors.Is finds the sentinel its code stands for, and
// errors.As an *archive.Tampered with its evidence, an *appraisal.Refused with its reasons, a *verify.Error.
type Error struct {
	Code    Code   `json:"code"`
	Text    string `json:"text"`
	Check   string `json:"check,omitempty"`   // tampered, judged: the verdict's code
	Subject string `json:"subject,omitempty"` // tampered
	Proof   string `json:"proof,omitempty"`   // tampered: text that anyone can check

	Reasons []appraisal.Reason `json:"reasons,omitempty"` // refused: by the law
	More    int                `json:"more,omitempty"`    // refused: reasons that are not listed
}

// maxReasons keeps an error well below MaxLine.
const maxReasons = 5_000

func (e *Error) Error() string {
	text := cmp.Or(e.Text, string(e.Code), "no reason was given")
	if e.Subject != "" {
		return e.Subject + ": " + text
	}
	return text
}

// Unwrap gives the sentinel.
func (e *Error) Unwrap() error {
	switch {
	case e.Code == CodeTampered:
		return &archive.Tampered{Code: verify.Code(e.Check), Subject: e.Subject, Reason: e.Text, Proof: e.Proof}
	case e.Code == CodeRefused && len(e.Reasons) > 0:
		return &appraisal.Refused{Reasons: e.Reasons, More: e.More}
	case e.Code == CodeJudged:
		return &verify.Error{Code: verify.Code(e.Check), Reason: e.Text}
	}
	for _, s := range sentinels() {
		if s.code == e.Code {
			return s.err
		}
	}
	return nil
}

type sentinel struct {
	code Code
	err  error
}

func sentinels() []sentinel {
	return []sentinel{
		{CodeUnfinished, archive.ErrUnfinished}, // whatever was in the way: first
		{CodeBusy, archive.ErrBusy}, {CodeForbidden, ErrForbidden}, {CodeNotFound, ErrNotFound}, {CodeSpace, archive.ErrSpace},
		{CodeClock, archive.ErrClock}, {CodeHeld, ErrHeld}, {CodeIndex, archive.ErrIndexDamaged}, {CodeRequest, ErrRequest},
		{CodeVersion, ErrVersion}, {CodeStopping, ErrStopping}, {CodeStopping, context.Canceled}, {CodeNotFound, fs.ErrNotExist},
		{CodeRefused, archive.ErrRefused},
	}
}

// NewError makes err fit for the socket.
func NewError(err error) *Error {
	var e *Error
	var bad *archive.Tampered
	var refused *appraisal.Refused
	var judged *verify.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &refused):
		listed := refused.Reasons[:min(len(refused.Reasons), maxReasons)]
		return &Error{Code: CodeRefused, Text: err.Error(), Reasons: listed, More: refused.Count() - len(listed)}
	case errors.As(err, &bad):
		return &Error{Code: CodeTampered, Text: bad.Reason, Check: string(bad.Code), Subject: bad.Subject, Proof: bad.Proof}
	}
	for _, s := range sentinels() {
		if errors.Is(err, s.err) {
			return &Error{Code: s.code, Text: err.Error()}
		}
	}
	if errors.As(err, &judged) && !judged.Indeterminate {
		return &Error{Code: CodeJudged, Text: err.Error(), Check: string(judged.Code)}
	}
	return &Error{Code: CodeFailed, Text: err.Error()}
}

// Errorf makes an error with a code.
func Errorf(c Code, format string, args ...any) *Error {
	return &Error{Code: c, Text: fmt.Sprintf(format, args...)}
}
