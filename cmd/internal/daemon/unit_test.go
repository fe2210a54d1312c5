package daemon

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const unitFile = "../../../docs/kartotekad.service"

// TestUnit has systemd read the unit that is delivered: it finds nothing to say about it, and little exposure.
func TestUnit(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("SKIP: systemd-analyze is missing; package systemd brings it")
	}
	data, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "kartotekad.service")
	data = bytes.ReplaceAll(data, []byte("/usr/bin/kartotekad"), []byte(program(t))) // verify wants the program to be there
	if err := os.WriteFile(unit, data, 0o644); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	verify := exec.Command("systemd-analyze", "verify", "--man=no", unit)
	verify.Stderr = &stderr
	if err := verify.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, stderr.String())
	}
	out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=10", unit).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
	score := regexp.MustCompile(`(?m)exposure level for \S+: ([0-9.]+)`).FindSubmatch(out)
	if score == nil || !strings.HasPrefix(string(score[1]), "0.") {
		t.Errorf("exposure %q; it was 0.6\n%s", score, out)
	}
}

// TestUnitAllowsWhatIsUsed compares the system calls of an accession and a socket's making with the unit's filter: a
// forbidden one fails with EPERM, at night.
func TestUnitAllowsWhatIsUsed(t *testing.T) {
	for tool, from := range map[string]string{"strace": "strace", "systemd-analyze": "systemd"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIP: %s is missing; package %s brings it", tool, from)
		}
	}
	allowed := syscalls(t, "@system-service")
	for _, set := range []string{"@privileged", "@resources"} {
		for name := range syscalls(t, set) {
			delete(allowed, name)
		}
	}
	for _, name := range []string{"fchownat", "chown", "lchown"} {
		allowed[name] = true
	}
	delete(allowed, "prlimit64")
	w := newWorld(t, "calendar: {max_wait: 1ms}\nstatus_file: "+filepath.Join(t.TempDir(), "s"))
	sent := w.send(t, 1, 4)
	trace := filepath.Join(t.TempDir(), "trace")
	cmd := exec.Command("strace", "-f", "-qq", "-o", trace, program(t), "--config", w.config)
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	wait(t, "a receipt", func() bool { return there(w.receipt(sent[2])) })
	if _, err := w.dial(t).Status(t.Context()); err != nil {
		t.Error(err)
	}
	stopTraced(t, trace)
	if err := cmd.Wait(); err != nil {
		t.Errorf("strace: %v", err)
	}
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	// Go raises the limit of open files at its start and lives with being refused; LimitNOFILE= does it instead.
	harmless := map[string]bool{"prlimit64": true, "setrlimit": true, "getrlimit": true, "execve": true}
	for _, m := range regexp.MustCompile(`(?m)^\d+ +([a-z0-9_]+)\(`).FindAllSubmatch(data, -1) {
		if name := string(m[1]); !allowed[name] && !harmless[name] {
			t.Errorf("%s is used, and the unit's filter forbids it", name)
			harmless[name] = true
		}
	}
}

// stopTraced ends the program, whose number begins the trace: strace itself lets no signal end it.
func stopTraced(t *testing.T, trace string) {
	t.Helper()
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(data), " ")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// syscalls lists a set of systemd's, sets within it too.
func syscalls(t *testing.T, set string) map[string]bool {
	t.Helper()
	out, err := exec.Command("systemd-analyze", "syscall-filter", "--no-pager", set).Output()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, line := range strings.Split(string(out), "\n")[1:] {
		switch name := strings.TrimSpace(line); {
		case strings.HasPrefix(name, "@"):
			for n := range syscalls(t, name) {
				names[n] = true
			}
		case name != "" && !strings.HasPrefix(name, "#"):
			names[name] = true
		}
	}
	return names
}
