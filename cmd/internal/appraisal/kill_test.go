package appraisal_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/seal"
)

// executor is set for a child process: the archive in which it executes the orders that are its arguments.
const executor = "KARTOTEKA_TEST_EXECUTOR"

// TestMain is the child of TestKilled where it is told so.
func TestMain(m *testing.M) {
	dir := os.Getenv(executor)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := executeAll(dir, os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// executeAll executes orders one after the other, but for those that are executed already.
func executeAll(dir, at string, orders []string) error {
	now, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return err
	}
	a, err := archive.Open(dir, archive.Options{Write: true, Reserve: 1 << 20, Now: func() time.Time { return now }})
	if err != nil {
		return err
	}
	defer a.Close()
	for _, name := range orders {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		p, err := appraisal.New(a)
		if err != nil {
			return err
		}
		if _, err := p.Execute(data); err != nil && !refused(err, "absent") {
			return err
		}
	}
	return nil
}

// killWorld has two orders that touch the same accessions and one patient's file.
type killWorld struct {
	*world
	orders []string // names of their files
	goes   [][]seal.LeafIndex
	traces [][][]byte
	stay   []seal.LeafIndex
}

func newKillWorld(t *testing.T) *killWorld {
	k := &killWorld{world: newWorld(t)}
	one := k.take(bundle{person: 10, facts: card(2000)}, bundle{person: 11, facts: card(2001), docs: 3}, bundle{person: 12, facts: card(2024)})
	two := k.take(bundle{person: 13, facts: card(2002)}) // all of its accession
	k.handOver(k.old...)
	k.goes = [][]seal.LeafIndex{{k.old[0], one[0], two[0]}, {k.old[1], k.old[2], one[1]}}
	k.stay = []seal.LeafIndex{k.young, one[2], k.Bundles[0].Leaf}
	for n, leaves := range k.goes {
		k.traces = append(k.traces, k.world.traces(leaves...))
		k.orders = append(k.orders, filepath.Join(t.TempDir(), fmt.Sprint(n, ".order.json")))
	}
	ahead := k.fork(t)
	for n, leaves := range k.goes { // the second order is made where the first is executed: it names what then goes along
		at := k.world
		if n == 1 {
			at = ahead.world
		}
		order := at.signed(leaves...)
		if err := os.WriteFile(k.orders[n], order, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ahead.execute(order); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// TestKilled kills a process at random moments while it executes two orders, and the next one that makes up for it too.
// However that ends, nothing, the first order or both are executed: never a part, and never anything else.
// KARTOTEKA_KILLS says how often. It is not parallel: until a child has begun, it holds the locks of other tests' archives.
func TestKilled(t *testing.T) {
	kills := 10
	if n, err := strconv.Atoi(os.Getenv("KARTOTEKA_KILLS")); err == nil {
		kills = n
	}
	first := newKillWorld(t)
	took := first.fork(t).run(t, time.Minute)
	ends, hit := map[int]int{}, 0
	for round := range kills {
		w := first.fork(t)
		for range 1 + round%3 { // the second and third kill meet what the one before left
			w.run(t, time.Duration(rand.Int64N(int64(took))))
			hit += w.halfDone()
		}
		ends[w.wantWhole()]++
		if err := executeAll(w.Dir, w.Now.Format(time.RFC3339), w.orders); err != nil {
			t.Fatalf("the run after the kills: %v", err)
		}
		if n := w.wantWhole(); n != len(w.orders) {
			t.Errorf("%d orders are executed after a run without a kill", n)
		}
	}
	t.Logf("a run takes %s; after %d rounds: %v orders executed; %d kills left something half done", took.Round(time.Millisecond), kills, ends, hit)
	if kills >= 50 && (len(ends) < 3 || hit == 0) {
		t.Error("the kills did not hit all there is to hit: the test tests nothing")
	}
}

func (w *killWorld) fork(t *testing.T) *killWorld {
	return &killWorld{w.world.fork(t), w.orders, w.goes, w.traces, w.stay}
}

// run starts the child and kills it after a time; it gives how long it took.
func (w *killWorld) run(t *testing.T, after time.Duration) time.Duration {
	t.Helper()
	child := exec.Command(os.Args[0], append([]string{w.Now.Format(time.RFC3339)}, w.orders...)...)
	child.Env = append(os.Environ(), executor+"="+w.Dir)
	child.Stderr = os.Stderr
	start := time.Now()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(after, func() { child.Process.Kill() })
	defer kill.Stop()
	if err := child.Wait(); err != nil && !child.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return time.Since(start)
}

// halfDone says whether there is something to be made up for, seen without a key.
func (w *killWorld) halfDone() int {
	if len(w.failed()) > 0 {
		return 1
	}
	return 0
}

// wantWhole opens the archive for writing, as the next run would, and sees what it holds: it gives how many orders are
// executed.
func (w *killWorld) wantWhole() (executed int) {
	w.t.Helper()
	w.write(func(*archive.Archive) error { return nil })
	w.wantSound()
	events := w.disposals()
	for n, leaves := range w.goes {
		found := w.search(w.traces[n])
		if n >= len(events) {
			w.wantOpen(leaves...)
			if len(found) == 0 {
				w.t.Errorf("order %d is not executed, and there is no trace of its bundles", n+1)
			}
			continue
		}
		if len(found) > 0 {
			w.t.Errorf("order %d is executed, and there is still %q", n+1, found)
		}
		w.wantGone(events[n], leaves...)
		w.certificate(events[n])
	}
	w.wantOpen(w.stay...)
	return len(events)
}

func (w *world) disposals() (events []seal.LeafIndex) {
	w.t.Helper()
	w.write(func(a *archive.Archive) error {
		return a.Events(0, func(i seal.LeafIndex, e seal.Event) error {
			if e.Disposal != nil {
				events = append(events, i)
			}
			return nil
		})
	})
	return slices.Clip(events)
}
