package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// show runs kartoteka, shows the command line and what it says, and expects an exit status.
func (d *demo) show(status int, args ...string) (string, error) {
	return d.showIn("", status, args...)
}

// showIn runs it in another folder.
func (d *demo) showIn(dir string, status int, args ...string) (string, error) {
	line := "kartoteka " + quoted(args)
	if dir != "" {
		line = fmt.Sprintf("(cd %s && %s)", dir, line)
	}
	fmt.Printf("$ %s\n", line)
	said, err := d.quiet(dir, status, args...)
	fmt.Print(indented(said, 9))
	return said, err
}

// quiet runs it without a word; what it says comes back, stdout first.
func (d *demo) quiet(dir string, status int, args ...string) (string, error) {
	c, err := d.command("kartoteka", dir, args...)
	if err != nil {
		return "", err
	}
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &exit) {
		return "", err
	}
	said := stdout.String() + stderr.String()
	if got := c.ProcessState.ExitCode(); got != status {
		return said, fmt.Errorf("kartoteka %s: exit status %d, not %d: %s", quoted(args), got, status, stderr.String())
	}
	return said, nil
}

// ask runs it with --json and reads the answer.
func (d *demo) ask(answer any, args ...string) error {
	said, err := d.quiet("", 0, append(args, "--json", "--quiet")...)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(said), answer)
}

func (d *demo) command(name, dir string, args ...string) (*exec.Cmd, error) {
	program, err := filepath.Abs(filepath.Join(d.bin, name))
	if err != nil {
		return nil, err
	}
	c := exec.Command(program, args...)
	c.Dir = dir
	for _, v := range os.Environ() { // the user's own archive must not get into this
		if !strings.HasPrefix(v, "KARTOTEKA_") {
			c.Env = append(c.Env, v)
		}
	}
	return c, nil
}

// quoted is a command line that can be pasted into a shell.
func quoted(args []string) string {
	var list []string
	for _, a := range args {
		if strings.ContainsAny(a, " '\"$*«»") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		list = append(list, a)
	}
	return strings.Join(list, " ")
}

// indented gives at most n lines.
func indented(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > n {
		lines = append(lines[:n-1], fmt.Sprintf("… and %d lines more", len(lines)-n+1))
	}
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	return "    " + strings.Join(lines, "\n    ") + "\n"
}
