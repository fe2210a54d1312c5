package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/cli/jsonoutput"
)

func TestCheckpoint(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1, InMemory: true})
	arc, pinned, on := "--archive="+a.Dir, "--policy="+a.PolicyFile(t), a.Now
	signed, err := os.ReadFile(filepath.Join(a.Dir, "log", "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	if r := want(t, on, exitOK, nil, "checkpoint", "show", arc); r.out != string(signed) {
		t.Errorf("%q", r.out)
	}
	paper := want(t, on, exitOK, nil, "checkpoint", "show", "--paper", arc).out
	if s := parsed[jsonoutput.Checkpoint](t, want(t, on, exitOK, nil, "checkpoint", "show", "--paper", "--json", arc)); s.Paper != paper || s.Checkpoint != string(signed) {
		t.Errorf("%+v", s)
	}
	file := filepath.Join(t.TempDir(), "typed.txt")
	typed := func(name, text string, code int, words ...string) string {
		t.Helper()
		t.Log(name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return want(t, on, code, words, "checkpoint", "type", file, pinned).out
	}
	lines := strings.SplitAfter(paper, "\n")
	at := func(word string) int {
		for i, l := range lines {
			if strings.Contains(l, " "+word+" ") {
				return i
			}
		}
		t.Fatalf("no line of %s in\n%s", word, paper)
		return 0
	}
	change := func(i int, f func(string) string) string {
		l := append([]string(nil), lines...)
		l[i] = f(l[i])
		return strings.Join(l, "")
	}
	for name, text := range map[string]string{
		"as printed": paper, "title left out": strings.Join(lines[2:], ""), "blank lines": strings.ReplaceAll(paper, "\n", "\n\n"),
		"symbols as they look": change(at("signature"), func(l string) string {
			return l[:15] + strings.NewReplacer("0", "o", "1", "l").Replace(strings.ToLower(l[15:]))
		}),
		"groups run together": change(at("root"), func(l string) string {
			f := strings.Fields(l)
			return f[0] + " " + f[1] + " " + strings.Join(f[2:len(f)-1], "") + " " + f[len(f)-1] + "\n"
		}),
		"tabs": strings.ReplaceAll(paper, "  ", "\t"),
	} {
		if got := typed(name, text, exitOK); got != string(signed) {
			t.Errorf("%s: %q", name, got)
		}
	}
	other := func(c byte) string { return string(map[bool]byte{true: '2', false: '3'}[c != '2']) }
	for name, text := range map[string]string{
		"one symbol": change(at("root"), func(l string) string { return strings.Replace(l, l[15:16], other(l[15]), 1) }),
		"the size":   change(at("size"), func(l string) string { return strings.Replace(l, "size       ", "size       1", 1) }),
		"the origin": change(at("origin"), func(l string) string { return strings.Replace(l, "kartoteka", "kartotaka", 1) }),
		"the check":  change(at("signer"), func(l string) string { return l[:len(l)-2] + other(l[len(l)-2]) + "\n" }),
		"two change": change(at("signature"), func(l string) string { return l[:15] + l[16:17] + l[15:16] + l[17:] }),
		"no content": change(at("size"), func(string) string { return " 2  size\n" }),
		"left out":   change(at("root"), func(string) string { return "" }),
		"the end":    change(at("end"), func(string) string { return "" }),
		"nothing":    "", "garbage": "\x00\xff 1 x\n9", "only a number": "1\n",
		"swapped": strings.Join(append(append([]string{}, lines[:3]...), lines[4], lines[3]), ""),
	} {
		if text != paper { // two symbols that are the same may change places
			typed(name, text, exitVerify)
		}
	}
	typed("a word", change(at("size"), func(l string) string { return strings.Replace(l, "size ", "sise ", 1) }), exitVerify, "line 2 does not fit its check")

	typed("as printed", paper, exitOK)
	b := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1, Origin: "other.example/1", InMemory: true})
	want(t, on, exitVerify, []string{"of the log"}, "checkpoint", "type", file, "--policy="+b.PolicyFile(t))
	want(t, on, exitUsage, nil, "checkpoint", "type", file)
}

// Every single mistyped symbol is found, in its line.
func TestPaperSymbols(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1, InMemory: true})
	signed, err := os.ReadFile(filepath.Join(a.Dir, "log", "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	paper, err := paperOf(signed)
	if err != nil {
		t.Fatal(err)
	}
	again, err := typedCheckpoint(paper)
	if err != nil || !bytes.Equal(again, signed) {
		t.Fatalf("%q %v", again, err)
	}
	begin := strings.Index(paper, "\n\n") + 2
	for i := begin; i < len(paper); i++ {
		if c := paper[i]; c == ' ' || c == '\n' {
			continue
		}
		for _, c := range []byte("7QZ") {
			wrong := []byte(paper)
			if wrong[i] == c {
				continue
			}
			wrong[i] = c
			if got, err := typedCheckpoint(string(wrong)); err == nil && !bytes.Equal(got, signed) {
				t.Fatalf("%q at %d is taken for %q", c, i, got)
			}
		}
	}
}

func FuzzTyped(f *testing.F) {
	f.Add(" 1  origin     a  0000\n 2  size       1  0000\n")
	f.Fuzz(func(t *testing.T, text string) {
		signed, err := typedCheckpoint(text)
		if err != nil {
			return
		}
		if paper, err := paperOf(signed); err == nil {
			if again, err := typedCheckpoint(paper); err != nil || !bytes.Equal(again, signed) {
				t.Errorf("%q is read back as %q: %v", signed, again, err)
			}
		}
	})
}

// A checkpoint typed on stdin is judged as one in a file.
func TestCheckpointStdin(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1, InMemory: true})
	paper := want(t, a.Now, exitOK, nil, "checkpoint", "show", "--paper", "--archive="+a.Dir).out
	var out, errs bytes.Buffer
	e := &Env{Stdin: strings.NewReader(paper), Stdout: &out, Stderr: &errs, Now: func() time.Time { return a.Now }, Getenv: func(string) string { return "" },
		Passphrase: func(string) (string, error) { return "", errors.New("nobody to ask") }}
	if code := Main(context.Background(), e, []string{"checkpoint", "type", "-", "--policy=" + a.PolicyFile(t)}); code != exitOK || !strings.HasPrefix(out.String(), archivetest.Origin) {
		t.Errorf("%d %s%s", code, out.String(), errs.String())
	}
}
