package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/verify"
)

// serving runs `witness serve` until the test ends, and gives its address.
func serving(t *testing.T, a *archivetest.Archive, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	e := &Env{Stdin: strings.NewReader(""), Stdout: in, Stderr: io.Discard, Now: func() time.Time { return a.Now }, Getenv: func(string) string { return "" },
		Passphrase: func(string) (string, error) { return "", errors.New("nobody to ask") }}
	done := make(chan int, 1)
	go func() {
		done <- Main(ctx, e, append([]string{"witness", "serve", "--json", "--listen=127.0.0.1:0"}, args...))
		in.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	var s jsonoutput.WitnessServing
	if err != nil || json.Unmarshal([]byte(line), &s) != nil || s.Schema != jsonoutput.SpecWitnessServing {
		t.Fatalf("%q: %v, exit %d", line, err, <-done)
	}
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != exitOK {
			t.Errorf("serve ended with %d", code)
		}
	})
	return "http://" + s.Listen
}

func TestWitnesses(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 2})
	dir := t.TempDir()
	name := func(s string) string { return filepath.Join(dir, s) }
	on, arc := a.Now, "--archive="+a.Dir
	want(t, on, exitOK, nil, "keygen", "witness", "--plain", "--name=w.example", "-o", name("w"))
	want(t, on, exitUsage, []string{"the key is of"}, "policy", "add-witness", "other.example", "--key="+name("w.pub"), arc)
	want(t, on, exitFailed, []string{"is not NAME+HASH+KEY"}, "policy", "add-witness", "w.example", "--key=nonsense", arc)
	want(t, on, exitFailed, []string{"more than the witnesses"}, "policy", "witness-quorum", "--k=1", arc)
	w := parsed[jsonoutput.Witnesses](t, want(t, on, exitOK, nil, "policy", "add-witness", "w.example", "--key="+name("w.pub"), "--entity=North", "--json", arc))
	if len(w.Witnesses) != 1 || w.Witnesses[0].Entity != "North" {
		t.Errorf("%+v", w)
	}
	want(t, on, exitFailed, []string{"trusted already"}, "policy", "add-witness", "w.example", "--key="+w.Witnesses[0].Key, arc)
	want(t, on, exitOK, []string{"quorum: 1, of 1 other"}, "policy", "witness-quorum", "--k=1", "--other-entities=1", arc)
	policy := a.PolicyFile(t)
	pinned := "--policy=" + policy
	want(t, on, exitIndeterminate, []string{"cosigned by 0; the policy asks for 1"}, "witness", "verify", pinned, arc)

	want(t, on, exitFailed, []string{"no such file", "--first"}, "witness", "serve", "--key="+name("w"), "--state="+name("state"), pinned, "--listen=127.0.0.1:0")
	want(t, on, exitNoKey, []string{"note signer key"}, "witness", "serve", "--key="+name("w.pub"), "--state="+name("state"), pinned, "--listen=127.0.0.1:0")
	url := serving(t, a, "--key="+name("w"), "--state="+name("state"), pinned, "--first")
	want(t, on, exitUsage, nil, "witness", "collect", "--witness=w.example", arc)
	want(t, on, exitUsage, []string{"neither"}, "witness", "collect", "--witness=w.example="+url, "--quorum=open", arc)
	want(t, on, exitIndeterminate, []string{"refused", "fewer witnesses"}, "witness", "collect", "--witness=v.example="+url, arc)
	want(t, on, exitOK, []string{"refused", "warning: fewer"}, "witness", "collect", "--witness=v.example="+url, "--quorum=fail-open", arc)
	for range 2 {
		c := parsed[jsonoutput.Collected](t, want(t, on, exitOK, nil, "witness", "collect", "--witness=w.example="+url, "--json", arc))
		if c.Cosigners != 1 || !c.Quorum || c.Witnesses[0].Status != "cosigned" {
			t.Errorf("%+v", c)
		}
	}
	want(t, on, exitOK, []string{"PASSED", "witness 1"}, "witness", "verify", pinned, arc)
	want(t, on, exitOK, []string{"PASSED"}, "verify", "archive", pinned, arc)
	shown := parsed[jsonoutput.WitnessState](t, want(t, on, exitOK, nil, "witness", "show", "--state="+name("state"), "--json"))
	if len(shown.Logs) != 1 || shown.Logs[0].Origin != archivetest.Origin || len(shown.Evidence) != 0 {
		t.Errorf("%+v", shown)
	}
	cosigned := filepath.Join(a.Dir, "cosignatures", "10")
	if names, _ := filepath.Glob(filepath.Join(a.Dir, "cosignatures", "[0-9]*")); len(names) == 1 {
		cosigned = names[0]
	}
	want(t, on, exitOK, nil, "verify", "log", "--since="+cosigned, pinned, arc)

	// the archive is put back, and goes on otherwise
	old := a.Copy(t)
	a.Take(t, 1)
	want(t, a.Now, exitOK, nil, "witness", "collect", "--witness=w.example="+url, arc)
	want(t, a.Now, exitVerify, []string{"rolled back", "hint: stop"}, "witness", "collect", "--witness=w.example="+url, "--archive="+old)
	live := a.Dir
	a.Dir = old
	a.Take(t, 1)
	want(t, a.Now, exitVerify, []string{"cosigned another log"}, "witness", "collect", "--witness=w.example="+url, "--archive="+old)
	want(t, a.Now, exitVerify, []string{"EVIDENCE state.fork-"}, "witness", "show", "--state="+name("state"))
	a.Dir = live

	archivetest.Edit(t, a.Dir, "cosignatures/"+filepath.Base(last(t, a.Dir)), func(b []byte) []byte {
		flip := map[bool]byte{true: 'B', false: 'A'} // another letter, and still base64
		b[len(b)-20] = flip[b[len(b)-20] == 'A']
		return b
	})
	want(t, a.Now, exitVerify, []string{"FAILED", "witness"}, "witness", "verify", pinned, arc)
	want(t, a.Now, exitOK, nil, "policy", "witness-quorum", "--k=0", arc)
	want(t, a.Now, exitOK, nil, "policy", "end-witness", "w.example", "--at=now", arc)
	want(t, a.Now, exitFailed, []string{"no witness"}, "policy", "end-witness", "w.example", "--at=now", arc)
}

// last is the newest file of cosignatures.
func last(t *testing.T, dir string) (name string) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(dir, "cosignatures", "[0-9]*"))
	var newest time.Time
	for _, n := range names {
		if i, err := os.Stat(n); err == nil && i.ModTime().After(newest) {
			name, newest = n, i.ModTime()
		}
	}
	return name
}

// Two packets of an archive that was put back in between and went on otherwise contradict each other.
func TestVerifyAgainst(t *testing.T) {
	c := newCounter(t, archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 2}))
	want(t, c.Now, exitOK, nil, "policy", "export", "-o", c.name("p.json"), "--archive="+c.Dir)
	pinned := "--policy=" + c.name("p.json")
	old := c.Copy(t)
	export := func(to string) {
		t.Helper()
		if r := c.export("-o", c.name(to)); r.code != exitOK {
			t.Fatal(r)
		}
	}
	export("a.zip")
	export("b.zip")
	c.Now = c.Now.Add(time.Hour)
	live := c.Dir
	c.Dir = old
	export("forked.zip")
	export("forked2.zip")
	c.Dir = live
	on := c.Now.Add(time.Hour)
	want(t, on, exitOK, []string{"PASSED"}, "verify", "packet", c.name("a.zip"), "--against="+c.name("a.zip"), pinned)
	r := want(t, on, exitVerify, []string{"forked", "evidence: one log signed both"}, "verify", "packet", c.name("a.zip"), "--against="+c.name("forked.zip"), pinned)
	if strings.Count(r.err, archivetest.Origin) < 4 {
		t.Errorf("the two notes are not printed:\n%s", r.err)
	}
	report := parsed[verify.Report](t, want(t, on, exitVerify, nil, "verify", "packet", c.name("b.zip"), "--against="+c.name("forked2.zip"), pinned, "--json"))
	if f := report.Checks[len(report.Checks)-1]; f.Code != verify.CodeFork || f.Verdict != verify.Failed {
		t.Errorf("%+v", f)
	}
	for _, pair := range [][2]string{{"a.zip", "b.zip"}, {"b.zip", "a.zip"}} {
		r := kartoteka(t, on, "verify", "packet", c.name(pair[0]), "--against="+c.name(pair[1]), pinned)
		if r.code != exitOK && (r.code != exitIndeterminate || !strings.Contains(r.out, "verify log --since")) {
			t.Errorf("%v: %d %s", pair, r.code, r.out)
		}
	}
	want(t, on, exitIndeterminate, []string{"holds no proofs"}, "verify", "packet", c.name("a.zip"), "--against="+c.name("p.json"), pinned)
	want(t, on, exitIndeterminate, nil, "verify", "packet", c.name("a.zip"), "--against="+c.name("nowhere.zip"), pinned)
}
