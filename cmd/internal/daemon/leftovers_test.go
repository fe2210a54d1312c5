package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
)

// TestLeftovers: what could not leave the spool is a problem until it is gone.
func TestLeftovers(t *testing.T) {
	w := newWorld(t, "")
	k, err := start(w.conf, Options{Log: w.logger(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer k.desk.close()
	incoming := filepath.Join(w.Dir, "spool/incoming")
	taken, refused := filepath.Join(incoming, ".taken-X"), filepath.Join(incoming, ".refused-Y")
	os.MkdirAll(filepath.Join(taken, "documents"), 0o755)
	os.WriteFile(refused, nil, 0o600)
	look := func(want int) {
		t.Helper()
		k.survey()
		s, err := k.status()
		if err != nil || s.Leftovers != want || (len(s.Problems) == 1) != (want > 0) {
			t.Fatalf("%+v, %v; want %d", s, err, want)
		}
		if want > 0 && s.Problems[0].Code != wire.ProblemLeftovers {
			t.Errorf("problem %+v", s.Problems[0])
		}
	}
	look(2)
	os.RemoveAll(taken)
	look(1)
	os.Remove(refused)
	look(0)
}

// TestStuck: a bundle that could not leave is warned of once, without its name, and fails nothing; while it stands under
// its own name it is met again ever more rarely.
func TestStuck(t *testing.T) {
	w := newWorld(t, "calendar: {max_wait: 1ms}")
	k, err := start(w.conf, Options{Log: w.logger(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer k.desk.close()
	const name = "Kowalska-44051401359.zip"
	path := w.drop(t, name, []byte("anything"))
	k.scan()
	tl := tally{n: map[archive.Status]int{}}
	k.outcome(&tl, archive.Outcome{Path: path, Status: archive.Taken, Leaf: 7, Stuck: "purge a bundle from the spool: unlinkat " + path + ": permission denied"})
	if n := strings.Count(w.log.String(), `"level":"WARN"`); n != 1 || !strings.Contains(w.log.String(), `"leaf":7,"error":"permission denied"`) {
		t.Errorf("%d warnings:\n%s", n, w.log.String())
	}
	if strings.Contains(w.log.String(), "Kowalska") {
		t.Errorf("the log names it:\n%s", w.log.String())
	}
	if tl.n[archive.Taken] != 1 || k.failures != 0 || !k.hold.IsZero() {
		t.Errorf("counts as a failure: %+v", tl)
	}
	k.scan()
	if batch := k.spool.next(time.Now(), true, k.asked); len(batch) != 0 {
		t.Error("met again at once")
	}
	k.survey()
	if _, up := k.board.problems[wire.ProblemLeftovers]; !up {
		t.Error("no problem although its clear text is still there")
	}
	for range 5 {
		k.outcome(&tl, archive.Outcome{Path: path, Status: archive.Known, Leaf: 7, Stuck: "x"})
	}
	k.scan()
	if _, up := k.board.problems[wire.ProblemPostponed]; up {
		t.Error("said to be unjudged")
	}
	os.Remove(path)
	k.scan()
	k.survey()
	if len(k.board.problems) != 0 {
		t.Errorf("problems %v", k.board.problems)
	}
}
