package witnesses_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/cmd/internal/witness"
	"kartoteka/seal"
	"kartoteka/verify"
)

// TestMain lets this binary be a witness in a process of its own.
func TestMain(m *testing.M) {
	if dir := os.Getenv("KARTOTEKA_TEST_WITNESS"); dir != "" {
		if err := beWitness(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// beWitness serves what a folder says: key, policy, and the clock, which the test sets.
func beWitness(dir string) error {
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			panic(err)
		}
		return strings.TrimSpace(string(data))
	}
	key, err := seal.ParseCosigner(read("key"))
	if err != nil {
		return err
	}
	policy, err := verify.ParsePolicy([]byte(read("policy")))
	if err != nil {
		return err
	}
	clock := func() time.Time {
		t, err := time.Parse(time.RFC3339, read("clock"))
		if err != nil {
			panic(err)
		}
		return t
	}
	state := filepath.Join(dir, "state.json")
	_, missing := os.Stat(state)
	w, err := witness.Open(witness.Options{Key: key, File: state, Logs: []*verify.Policy{policy}, Now: clock, First: missing != nil})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return w.Serve(context.Background(), l)
}

// process is a witness in a process of its own.
type process struct {
	t    *testing.T
	dir  string
	name string
	cmd  *exec.Cmd
	url  string
}

func newProcess(t *testing.T, name, skey string, policy []byte) *process {
	p := &process{t: t, dir: t.TempDir(), name: name}
	p.write("key", skey)
	p.write("policy", string(policy))
	return p
}

func (p *process) write(name, text string) {
	p.t.Helper()
	tmp := filepath.Join(p.dir, name+".new")
	if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(tmp, filepath.Join(p.dir, name)); err != nil {
		p.t.Fatal(err)
	}
}

// start runs it. What it says of its address is its first line.
func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), "KARTOTEKA_TEST_WITNESS="+p.dir)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.t.Fatal(err)
	}
	p.url = "http://" + strings.TrimSpace(line)
}

// kill ends it as a power cut would.
func (p *process) kill() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.cmd = nil
	}
}
