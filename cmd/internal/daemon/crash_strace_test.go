package daemon

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// step is one thing that a program does below the archive's folder: a system call, and the path it is about without
// what is random in it.
type step struct {
	call, path string
	n          int    // it is the n-th of its thread that is the same
	args       string // as strace wrote them
	pick       string // the path by which strace -P picks it; "" where all it has is a random name
	all        int    // it is the all-th of its thread by this name, whatever the path
}

func (s step) String() string { return fmt.Sprintf("%s %s %d", s.call, s.path, s.n) }

// once are the options by which the step fails, and no other of its thread. strace counts the calls of each thread by
// itself, so that more than one may be struck; see miss.
func (s step) once(fault string) []string {
	if s.pick == "" {
		return []string{"-e", "trace=" + s.call, "-e", fmt.Sprintf("inject=%s:%s:when=%d", s.call, fault, s.all)}
	}
	return []string{"-e", "trace=" + s.call, "-P", s.pick, "-e", fmt.Sprintf("inject=%s:%s:when=%d", s.call, fault, s.n)}
}

var (
	traced   = regexp.MustCompile(`^(\d+) +(\w+)\((.*)`)
	tracedFD = regexp.MustCompile(`<(/[^>]*)>`)
	tracedIn = regexp.MustCompile(`"([^"]+)"`)
	random   = regexp.MustCompile(`(\.tmp-|\.taken-|quarantine/.*-)[0-9a-zA-Z]+`)
)

// strace runs a program and tells which steps it made below dir and which of them failed by order. One processor keeps
// most of the work on one thread.
func strace(t *testing.T, dir string, options []string, argv ...string) (r ran, steps, struck []step) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "trace")
	args := append([]string{"-f", "-qq", "-y", "-s", "0", "-o", out}, options...)
	r = run(t, []string{"GOMAXPROCS=1"}, "strace", append(args, argv...)...)
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("%v: %s", err, r.said)
	}
	steps, struck = readTrace(string(text), dir)
	return r, steps, struck
}

func readTrace(text, dir string) (steps, struck []step) {
	count, last := map[string]int{}, map[string]step{}
	for line := range strings.SplitSeq(text, "\n") {
		pid, _, _ := strings.Cut(line, " ")
		if m := traced.FindStringSubmatch(line); m != nil {
			s := step{call: m[2]}
			s.args, _, _ = strings.Cut(m[3], ") = ")
			s.path, s.pick = pathOf(s.args, dir)
			for _, c := range []string{s.call, s.call + s.path, s.call + " " + s.pick} {
				count[pid+c]++
			}
			s.all, s.n = count[pid+s.call], count[pid+s.call+s.path]
			if s.pick != "" {
				s.n = count[pid+s.call+" "+s.pick]
			}
			if last[pid] = s; s.path != "" {
				steps = append(steps, s)
			}
		}
		if strings.Contains(line, "(INJECTED)") { // the call itself may stand on an earlier line of the thread
			struck = append(struck, last[pid])
		}
	}
	return steps, struck
}

// pathOf finds the path below dir that a call is about, the last if there are two, and one that strace can pick it by:
// one of its own, or the folder that its name is relative to.
func pathOf(args, dir string) (path, pick string) {
	base := ""
	use := func(name string, picks bool) {
		if rel, ok := strings.CutPrefix(name, dir); ok {
			if path = random.ReplaceAllString("."+rel, "$1*"); picks && path == "."+rel {
				pick = name
			}
		}
	}
	for _, m := range tracedFD.FindAllStringSubmatch(args, -1) {
		base = m[1]
		use(base, true)
	}
	for _, m := range tracedIn.FindAllStringSubmatch(args, -1) {
		if filepath.IsAbs(m[1]) {
			use(m[1], true)
		} else {
			use(filepath.Join(base, m[1]), false)
		}
	}
	return path, pick
}

// TestSystemCalls fails each call that an accession makes once, on each path. KARTOTEKA_STEP is a pattern: the steps
// that match it are run alone.
func TestSystemCalls(t *testing.T) {
	needs(t, "strace")
	newScene(t).failEach(t)
}

// TestSystemCallsInRecovery begins with what an interrupted accession left: one that was killed when it would have
// renamed the checkpoint.
func TestSystemCallsInRecovery(t *testing.T) {
	if !crashAll {
		return
	}
	needs(t, "strace")
	s := newScene(t)
	strace(t, s.Dir, []string{"-e", "trace=renameat", "-P", filepath.Join(s.Dir, "log/checkpoint"), "-e", "inject=renameat:signal=SIGKILL"}, s.once()...)
	s.save(t)
	s.failEach(t)
}

func (s *scene) once() []string { return []string{s.kd, "--config", s.config, "--once"} }

// Calls that change the disk, and calls that look at it. close, fcntl and flock are not among them: Go asks the first
// two for nothing that can go wrong here, and a lock that fails is a second writer's, which TestDaemonRefusals has.
const (
	changes = "mkdirat,write,pwrite64,writev,fsync,fdatasync,sync_file_range,renameat,renameat2,linkat,symlinkat,unlinkat,truncate,ftruncate,fallocate,copy_file_range,fchmodat"
	looks   = "openat,read,pread64,getdents64,newfstatat,fstat,mmap"
)

// harmless are the faults of which nothing need be said, and why.
var harmless = []struct {
	step *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`^unlinkat ./log/tile/`), "a superseded partial tile goes with the next opening"},
	{regexp.MustCompile(`^(openat|getdents64) ./log/tile/(0|entries)`), "so does one that is not found"},
	{regexp.MustCompile(`^(openat|read) ./log/tile/\S+\.p/`), "where a wider form of the same tile lies, that one is read"},
	{regexp.MustCompile(`^unlinkat ./spool/incoming/(folder|\.taken-\*)`), "a folder is first tried as a file, and what stays is counted as left over"},
	{regexp.MustCompile(`^(openat|getdents64) ./spool/incoming/(folder|\.taken-\*)(/documents)? `), "the guess of the room it takes, and the same as above"},
	{regexp.MustCompile(`^fsync ./spool/(incoming|rejected) `), "a refused bundle that a power cut brings back is refused again"},
	{regexp.MustCompile(`^fdatasync ./index.db `), "the index is behind after a power cut, or is made anew"},
	{regexp.MustCompile(`^pread64 ./index.db 1 `), "bbolt looks for its page size at another place"},
	{regexp.MustCompile(`^(newfstatat|fstat) `), "a hint about the size, or a second look"},
	{regexp.MustCompile(`^(openat|read) ./spool/receipts/[0-9a-f]`), "an old receipt is one witness of many against a rollback, and its sender's to keep"},
	{regexp.MustCompile(`^(openat|getdents64) ./spool/(incoming|rejected|receipts) `), "what is half written there goes with the next opening"},
}

func harmlessly(name string) bool {
	for _, h := range harmless {
		if h.step.MatchString(name) {
			return true
		}
	}
	return false
}

// faults says which faults a step is put through.
func (s step) faults() []string {
	switch s.call {
	case "mkdirat", "write", "pwrite64", "ftruncate", "renameat", "renameat2", "fallocate":
		return []string{"error=EIO", "error=ENOSPC", "signal=SIGKILL"}
	case "fsync", "fdatasync", "unlinkat":
		return []string{"error=EIO", "signal=SIGKILL"}
	case "openat":
		if strings.Contains(s.args, "O_CREAT") {
			return []string{"error=EIO", "error=ENOSPC", "signal=SIGKILL"}
		}
	}
	return []string{"error=EIO"}
}

// sample are the steps that are run without KARTOTEKA_CRASH.
var sample = regexp.MustCompile(`^(write \S+segment 1 error=ENOSPC|fsync \S+segment 1 error|renameat ./log/checkpoint 1 (error=EIO|signal)|fsync ./log 2|fsync ./spool/receipts 1 error)`)

// failEach fails each step of an accession once, in each way.
func (s *scene) failEach(t *testing.T) {
	_, steps, _ := strace(t, s.Dir, []string{"-e", "trace=" + changes + "," + looks}, s.once()...)
	only := sample
	if crashAll {
		only = regexp.MustCompile(os.Getenv("KARTOTEKA_STEP"))
	}
	tried, missed := map[string]bool{}, []string{}
	for _, at := range steps {
		for _, fault := range at.faults() {
			name := at.String() + " " + fault
			if tried[name] || at.n > 3 || !only.MatchString(name) {
				continue
			}
			tried[name] = true
			t.Run(name, func(t *testing.T) {
				if !s.fail(t, at, fault) {
					missed = append(missed, name)
				}
			})
		}
	}
	t.Logf("%d faults, of which %d could not be placed: %q", len(tried), len(missed), missed)
	if len(tried) == 0 || len(missed)*10 > len(tried) {
		t.Error("strace did not strike what it was told to: the test tests little")
	}
}

// fail lets one step fail once, and says whether it did. Where strace cannot pick the step by a path, it is told to
// strike at the thread's n-th call, as counted in a run just before; which one it struck is seen afterwards.
func (s *scene) fail(t *testing.T, at step, fault string) bool {
	for range 20 {
		s.restore(t)
		if at.pick == "" {
			_, steps, _ := strace(t, s.Dir, []string{"-e", "trace=" + at.call}, s.once()...)
			if i := slices.IndexFunc(steps, func(s step) bool { return s.path == at.path }); i >= 0 {
				at.all = steps[i].all
			}
			s.restore(t)
		}
		r, _, struck := strace(t, s.Dir, at.once(fault), s.once()...)
		if r.exit >= 0 && !slices.ContainsFunc(struck, func(s step) bool { return s.path == at.path }) {
			continue
		}
		if name := at.String() + " " + fault; !r.told() && !harmlessly(name) {
			t.Error("nobody was told of it")
		}
		s.wantWhole(t)
		s.finish(t)
		if t.Failed() {
			t.Logf("exit %d, struck %v, said %s", r.exit, struck, r.said)
		}
		return true
	}
	return false
}

func needs(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIP: %s is missing; docs/testing.md names its package", tool)
		}
	}
}
