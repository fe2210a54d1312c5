package verify

import (
	"errors"
	"fmt"
)

// SpecReport is the schema of a report.
const SpecReport = "kartoteka/report/1"

// Verdict of a check or a report. A missing root is not a forgery: that is Indeterminate.
type Verdict string

const (
	Passed        Verdict = "passed"
	Failed        Verdict = "failed"
	Indeterminate Verdict = "indeterminate"
)

// Report is what a verification prints with --json.
type Report struct {
	Schema  string         `json:"schema"`
	Verdict Verdict        `json:"verdict"`
	Checks  []Check        `json:"checks"`
	Counts  map[string]int `json:"counts"`
}

// Check is one judgement. Codes are stable: scripts may rely on them.
type Check struct {
	Code    Code    `json:"code"`
	Verdict Verdict `json:"verdict"`
	Subject string  `json:"subject,omitempty"` // a file, an accession, an event number; never a patient
	Detail  string  `json:"detail,omitempty"`
}

// NewReport begins a report.
func NewReport() *Report {
	return &Report{Schema: SpecReport, Verdict: Passed, Checks: []Check{}, Counts: map[string]int{}}
}

// Add records a check; one failed check fails the report.
func (r *Report) Add(code Code, v Verdict, subject, detail string) {
	r.Checks = append(r.Checks, Check{Code: code, Verdict: v, Subject: subject, Detail: detail})
	if v == Failed || (v == Indeterminate && r.Verdict == Passed) {
		r.Verdict = v
	}
}

// Pass records a passed check.
func (r *Report) Pass(code Code, subject, detail string) { r.Add(code, Passed, subject, detail) }

// Fail records a failed check.
func (r *Report) Fail(code Code, subject, detail string) { r.Add(code, Failed, subject, detail) }

// Result records err: passed when it is nil, indeterminate where it says so, failed otherwise.
func (r *Report) Result(code Code, subject string, err error) bool {
	if err == nil {
		r.Pass(code, subject, "")
		return true
	}
	v, detail := Failed, err.Error()
	var e *Error
	if errors.As(err, &e) {
		code, detail = e.Code, e.Reason
		if e.Indeterminate {
			v = Indeterminate
		}
	}
	r.Add(code, v, subject, detail)
	return false
}

// Count adds to one of the report's counts.
func (r *Report) Count(what string, n int) { r.Counts[what] += n }

// Error is a judgement that stopped a reading: a stable code, and a reason for a person.
type Error struct {
	Code          Code
	Reason        string
	Indeterminate bool
	Err           error
}

func (e *Error) Error() string { return e.Reason }
func (e *Error) Unwrap() error { return e.Err }

func failed(c Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: c, Reason: err.Error(), Err: errors.Unwrap(err)}
}

func indeterminate(c Code, format string, args ...any) *Error {
	e := failed(c, format, args...)
	e.Indeterminate = true
	return e
}
