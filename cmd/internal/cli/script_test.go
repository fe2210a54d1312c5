package cli

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kartoteka/archive/stamper/stampertest"
)

// TestMain lets the scripts run this test binary as `kartoteka`.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kartoteka": func() { os.Exit(Main(context.Background(), System(), os.Args[1:])) },
	})
}

// TestScripts runs testdata/*.txtar. Beside testscript's own commands a script has:
//
//	status N CMD ARG...   run a command that must exit with status N; its output is there for stdout and stderr
//	setvar NAME FILE      set a variable to a file's text (`stdout` is the last command's), blanks cut off its ends
//	glob NAME PATTERN     set a variable to the one file that a pattern finds
//	flip FILE OFFSET      turn one bit of a file's byte; from the end with a negative offset
//	truncate FILE SIZE    cut a file, or lengthen it with zeros (a sparse file)
//	rsakey FILE BITS      write a plain RSA private key in PEM, however weak
//	tsa NAME [DAYS]       start a time-stamp authority whose certificate ends in so many days: its root is NAME.pem, its
//	                      address $NAME
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": scriptStatus, "setvar": scriptSetvar, "glob": scriptGlob,
			"flip": scriptFlip, "truncate": scriptTruncate, "rsakey": scriptRSAKey,
			"tsa": func(ts *testscript.TestScript, neg bool, args []string) { scriptTSA(t, ts, neg, args) },
		},
	})
}

func need(ts *testscript.TestScript, neg bool, args []string, n int, usage string) {
	if neg || len(args) < n {
		ts.Fatalf("usage: %s", usage)
	}
}

func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "status N CMD ARG...")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func scriptSetvar(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "setvar NAME FILE")
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

func scriptGlob(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "glob NAME PATTERN")
	found, err := filepath.Glob(ts.MkAbs(args[1]))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("%s finds %d files, want 1: %s", args[1], len(found), strings.Join(found, " "))
	}
	ts.Setenv(args[0], found[0])
}

func scriptFlip(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "flip FILE OFFSET")
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(data)
	}
	if at < 0 || at >= len(data) {
		ts.Fatalf("%s has %d bytes", args[0], len(data))
	}
	data[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

func scriptTSA(t *testing.T, ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 1, "tsa NAME [DAYS]")
	o := stampertest.Options{}
	if len(args) > 1 {
		days, err := strconv.Atoi(args[1])
		ts.Check(err)
		o.Template = func(c *x509.Certificate) { c.NotAfter = time.Now().AddDate(0, 0, days) }
	}
	a := stampertest.New(t, o)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pem"), []byte(a.Anchor().Chain), 0o600))
	ts.Setenv(args[0], a.URL)
}

func scriptTruncate(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "truncate FILE SIZE")
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR|os.O_CREATE, 0o600)
	ts.Check(err)
	ts.Check(errors.Join(f.Truncate(size), f.Close()))
}

func scriptRSAKey(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, neg, args, 2, "rsakey FILE BITS")
	bits, err := strconv.Atoi(args[1])
	ts.Check(err)
	key, err := rsa.GenerateKey(rand.Reader, bits)
	ts.Check(err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
}
