package daemon

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestReadErrors fails each read of a check, and of a list, once: the program says of which file, finds nothing else,
// and damages nothing. index.db is read through mmap, where a bad sector is a signal and not an error: strace cannot
// make one; archive.TestIndexCycle and TestIndexPagesGood have pages that are bad.
func TestReadErrors(t *testing.T) {
	needs(t, "strace")
	s := newScene(t)
	s.finish(t)
	kartoteka := filepath.Join(filepath.Dir(s.kd), "kartoteka")
	for _, args := range [][]string{{"verify", "archive"}, {"list"}} {
		argv := append(append([]string{kartoteka}, args...), "--archive", s.Dir)
		_, steps, _ := strace(t, s.Dir, []string{"-e", "trace=openat,read,pread64,getdents64,mmap"}, argv...)
		done := map[string]bool{}
		for _, at := range steps {
			bboltTwice := at.String() == "pread64 ./index.db 1" // it looks for its page size at another place then
			if done[at.String()] || at.n > 2 || bboltTwice || !crashAll && (at.call != "read" || at.n > 1 || !strings.Contains(at.path, "segment") && !strings.Contains(at.path, "checkpoint") && !strings.Contains(at.path, "content.keys")) {
				continue
			}
			done[at.String()] = true
			t.Run(args[0]+" "+at.String(), func(t *testing.T) { s.failRead(t, at, argv) })
		}
	}
	s.check(t)
	s.wantOnce(t)
}

// failRead tries often: strace counts the calls of each thread by itself, and a check reads on several.
func (s *scene) failRead(t *testing.T, at step, argv []string) {
	r, _, struck := strace(t, s.Dir, at.once("error=EIO"), argv...)
	for try := 1; len(struck) == 0 && try < 20; try++ {
		r, _, struck = strace(t, s.Dir, at.once("error=EIO"), argv...)
	}
	if len(struck) == 0 && at.n > 1 {
		t.Log("never two such reads on one thread")
		return
	}
	named := strings.Contains(r.said, strings.TrimPrefix(at.path, "./"))
	if len(struck) == 0 || r.exit == exitOK || !named {
		t.Errorf("nobody was told of which file: exit %d, struck %v, said %s", r.exit, struck, r.said)
	}
}
