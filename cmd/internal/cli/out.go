package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"
)

// print writes v as JSON with --json; otherwise it calls text to write it for a person.
func (e *Env) print(v any, text func()) error {
	if !e.json {
		text()
		return nil
	}
	enc := json.NewEncoder(e.Stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// say talks to a person on stderr.
func (e *Env) say(format string, args ...any) {
	if !e.quiet {
		fmt.Fprintf(e.Stderr, format+"\n", args...)
	}
}

// warn says what a person must not miss, even with --quiet.
func (e *Env) warn(format string, args ...any) {
	fmt.Fprintf(e.Stderr, "warning: "+format+"\n", args...)
}

// progress draws one line on a terminal, and nothing elsewhere.
func (e *Env) progress(what string) func(done, all int64) {
	if e.quiet || e.json || !terminal(e.Stderr) {
		return func(int64, int64) {}
	}
	return func(done, all int64) {
		if done >= all {
			fmt.Fprint(e.Stderr, "\r\x1b[K")
			return
		}
		fmt.Fprintf(e.Stderr, "\r\x1b[K%s %d/%d", what, done, all)
	}
}

// clean makes a string from outside fit for a terminal: control characters and bidirectional overrides become '?'.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) {
			return '?'
		}
		return r
	}, s)
}

// cleanLines is clean for a text of several lines: an error names files, and a file's name is its maker's.
func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = clean(l)
	}
	return strings.Join(lines, "\n")
}

// output is a file that appears whole or not at all, and never over another.
type output struct {
	*os.File
	name string
}

// create starts an output file. `-` is refused: packets and bundles do not belong on a terminal or into a pipe that
// cannot be taken back.
func create(name string, perm os.FileMode) (*output, error) {
	if name == "" || name == "-" {
		return nil, usagef("an output file is needed (-o FILE)")
	}
	if _, err := os.Lstat(name); err == nil {
		return nil, failf(exitFailed, "%s exists; it is not overwritten", name)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".kartoteka-*.part")
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(perm); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return &output{f, name}, nil
}

// commit makes the file durable and gives it its name; Link refuses a name that was taken meanwhile.
func (o *output) commit() error {
	defer os.Remove(o.Name())
	if err := errors.Join(o.Sync(), o.Close()); err != nil {
		return err
	}
	if err := os.Link(o.Name(), o.name); err == nil {
		return nil
	} else if errors.Is(err, os.ErrExist) {
		return failf(exitFailed, "%s exists; it is not overwritten", o.name)
	}
	if _, err := os.Lstat(o.name); err == nil { // no hard links here, FAT for one
		return failf(exitFailed, "%s exists; it is not overwritten", o.name)
	}
	return os.Rename(o.Name(), o.name)
}

// abandon removes what was written.
func (o *output) abandon() {
	o.Close()
	os.Remove(o.Name())
}

// writeOutput writes a small file whole.
func writeOutput(name string, data []byte, perm os.FileMode) error {
	o, err := create(name, perm)
	if err != nil {
		return err
	}
	if _, err := o.Write(data); err != nil {
		o.abandon()
		return err
	}
	return o.commit()
}

func (e *Env) askPassphrase(prompt string) (string, error) {
	if p := e.Getenv("KARTOTEKA_PASSPHRASE"); p != "" {
		return p, nil
	}
	if f, ok := e.Stdin.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return "", failf(exitNoKey, "%s: stdin is no terminal; set KARTOTEKA_PASSPHRASE", prompt)
	}
	fmt.Fprintf(e.Stderr, "%s: ", prompt)
	p, err := term.ReadPassword(int(e.Stdin.(*os.File).Fd()))
	fmt.Fprintln(e.Stderr)
	return string(p), err
}
