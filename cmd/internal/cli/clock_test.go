package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Two officers accept a clock; one, or one twice, cannot.
func TestClockAccept(t *testing.T) {
	t.Chdir(t.TempDir())
	now := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	run := func(want int, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		e := &Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: func() time.Time { return now }, Getenv: func(string) string { return "" }}
		if got := Main(context.Background(), e, args); got != want {
			t.Fatalf("%v: exit %d, want %d\n%s", args, got, want, out.String())
		}
		return out.String()
	}
	run(exitOK, "keygen", "custodian", "--plain", "-o", "c.key")
	run(exitOK, "keygen", "officer", "--plain", "-o", "one.pem")
	run(exitOK, "keygen", "officer", "--plain", "-o", "two.pem")
	run(exitOK, "init", "arch", "--origin", "clock.example/1", "--controller", "X", "--country", "PL", "--recipient", "c.key.pub", "--officer", "archivist=one.pem.pub")
	run(exitOK, "--archive", "arch", "policy", "add-officer", "director", "--key", "two.pem.pub")
	if list := run(exitOK, "--archive", "arch", "policy", "list"); !strings.Contains(list, "archivist (officer)") || !strings.Contains(list, "director (officer)") {
		t.Errorf("list does not show the officers:\n%s", list)
	}
	now = now.AddDate(20, 0, 0)
	if said := run(exitFailed, "--archive", "arch", "ingest"); !strings.Contains(said, "clock accept") {
		t.Errorf("no hint at the way on:\n%s", said)
	}
	run(exitUsage, "--archive", "arch", "clock", "accept", "--officer", "archivist=one.pem")
	run(exitVerify, "--archive", "arch", "clock", "accept", "--officer", "archivist=one.pem", "--officer", "director=one.pem")
	run(exitOK, "--archive", "arch", "clock", "accept", "--officer", "archivist=one.pem", "--officer", "director=two.pem")
	run(exitOK, "--archive", "arch", "ingest")
	run(exitOK, "--archive", "arch", "verify", "archive")
	if left, _ := filepath.Glob(filepath.Join("arch", "quarantine", "*")); len(left) > 0 {
		t.Errorf("attempts that were refused left %v", left)
	}
	if _, err := os.Stat("arch/index.db"); err != nil {
		t.Error(err)
	}
}
