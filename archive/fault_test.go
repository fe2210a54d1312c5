package archive_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kartoteka/archive"
	"kartoteka/archive/internal/durable/faulty"
	"kartoteka/verify"
)

// The fault table, in the manner of sunlight's TestSequenceErrors: a night of an archive (faultNight) is run once for
// every single change it makes to the disk, and that change is lost, or made and reported as failed, or half made; or
// the power goes just before it. Then the archive is opened again and the night finished, the power goes once more at
// the end, and everything must be there: see faultRun.

// With KARTOTEKA_FAULTS=all every combination is run, which takes minutes; without it every change still meets every
// kind of fault, but only one of the ways to go on after it. KARTOTEKA_FAULT=n runs the n-th step alone.
var allFaults = os.Getenv("KARTOTEKA_FAULTS") == "all"

// TestFaults fails every change of the night once.
func TestFaults(t *testing.T) {
	w := newFaultWorld(t, 0)
	changes, _ := w.rehearse(t)
	faults(t, w, changes)
}

// TestFaultsInRecovery begins with what an interrupted night left beyond the checkpoint, and fails what the writer does
// about it.
func TestFaultsInRecovery(t *testing.T) {
	w := newFaultWorld(t, 0).interrupted(t)
	changes, _ := w.rehearse(t)
	faults(t, w, untilStaged(changes))
}

// TestFaultsAtTileEdge fails what is done to a log that grows over the edge of a tile.
func TestFaultsAtTileEdge(t *testing.T) {
	w := newFaultWorld(t, atEdge)
	changes, _ := w.rehearse(t)
	if first := slices.Index(changes, "syncdir archive/spool/receipts"); !allFaults {
		changes = changes[:first]
	}
	for i, c := range changes {
		if (!strings.Contains(c, " archive/log") || i%2 == 0) && !allFaults {
			changes[i] = ""
		}
	}
	faults(t, w, changes)
}

// untilStaged are the changes before the first that an accession makes, unless all are wanted.
func untilStaged(changes []string) []string {
	first := slices.IndexFunc(changes, func(c string) bool { return strings.HasSuffix(c, ".segment") })
	if allFaults {
		return changes
	}
	return changes[:first]
}

func faults(t *testing.T, w *faultWorld, changes []string) {
	for _, kind := range []faulty.Kind{faulty.Lost, faulty.Stored, faulty.Short} {
		for then := range goOn + 1 {
			each(t, kind.String()+" "+then.String(), changes, func(n int) bool {
				op, _, _ := strings.Cut(changes[n-1], " ")
				return (kind != faulty.Short || op == "write") && (kind != faulty.Lost || op != "close") && // the same as another kind
					(allFaults || (n+int(kind))%3 == int(then))
			}, func(t *testing.T, n int) { w.fault(t, faulty.Fault{Kind: kind, At: n}, then) })
		}
	}
}

// fault is one run with one fault.
func (w *faultWorld) fault(t *testing.T, f faulty.Fault, then after) {
	r := w.run(t)
	r.disk.Fault = f
	err := r.night(then)
	op, name, _ := strings.Cut(r.disk.Changes()[f.At-1], " ")
	if err == nil && !r.stuck && op != "remove" && !strings.HasPrefix(name, "archive/spool/") {
		t.Error("nobody noticed the fault")
	}
	r.disk.Fault = faulty.Fault{}
	if then == goOn {
		r = w.after(t, r.cut(), func() bool { return false })
	}
	r.wantWholeSoFar()
	r.finish()
	r.powerCut(f.At)
}

// TestPowerCut cuts the power before every change of the night, and of one that begins with what another left: nothing
// survives that was not synced, or some of it, in any order, or all.
func TestPowerCut(t *testing.T) {
	w := newFaultWorld(t, 0)
	changes, cuts := w.rehearse(t)
	w.powerCuts(t, "", changes, cuts)
	w = w.interrupted(t)
	changes, cuts = w.rehearse(t)
	w.powerCuts(t, " in recovery", untilStaged(changes), cuts)
}

func (w *faultWorld) powerCuts(t *testing.T, where string, changes []string, cuts []cut) {
	for name, keep := range map[string]func(*rand.Rand) bool{
		"nothing": func(*rand.Rand) bool { return false },
		"some":    func(r *rand.Rand) bool { return r.IntN(2) == 0 },
		"all":     func(*rand.Rand) bool { return true },
	} {
		each(t, name+where, changes, func(n int) bool {
			return allFaults || n%map[string]int{"nothing": 1, "some": 3, "all": 6}[name] == 0
		}, func(t *testing.T, n int) {
			chance := rand.New(rand.NewPCG(2026, uint64(n)))
			r := w.after(t, cuts[n-1], func() bool { return keep(chance) })
			if name == "some" && chance.IntN(3) == 0 {
				os.Remove(filepath.Join(r.dir, "index.db"))
			}
			r.wantWholeSoFar()
			r.finish()
			if allFaults || n%8 == 1 {
				r.powerCut(n)
			}
		})
	}
}

// TestBadReads fails every read of the night once, or flips a bit in what it gives. The night may stop, but it must not
// carry the damage into the archive; with a sound disk it ends well.
func TestBadReads(t *testing.T) {
	w := newFaultWorld(t, 0)
	r := w.run(t)
	if err := r.night(stop); err != nil {
		t.Fatal(err)
	}
	looks := r.disk.Looks()
	for _, kind := range []faulty.Kind{faulty.Unread, faulty.Flip} {
		each(t, kind.String(), looks, func(n int) bool {
			return (kind == faulty.Unread || strings.HasPrefix(looks[n-1], "read ")) && (allFaults || n%3 == 0)
		}, func(t *testing.T, n int) {
			r := w.run(t)
			r.disk.Fault = faulty.Fault{Kind: kind, At: n}
			r.night(again)
			r.disk.Fault = faulty.Fault{}
			r.wantWholeSoFar()
			r.finish()
			if allFaults || n%4 == 0 {
				r.powerCut(n)
			}
		})
	}
}

// each runs a test for every step that is wanted, side by side with those of other names, and gives up after a few that
// failed.
func each(t *testing.T, name string, steps []string, want func(n int) bool, f func(t *testing.T, n int)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		ran := 0
		for n, failed := 1, 0; n <= len(steps) && failed < 5; n++ {
			if only := os.Getenv("KARTOTEKA_FAULT"); steps[n-1] == "" || !want(n) || only != "" && only != fmt.Sprint(n) {
				continue
			}
			if ran++; !t.Run(fmt.Sprint(n), func(t *testing.T) { f(t, n) }) {
				failed++
				t.Logf("%d is %s", n, steps[n-1])
			}
		}
		t.Logf("%d runs, %d steps", ran, len(steps))
	})
}

// after says what the process does when a step of the night has failed.
type after int

const (
	stop  after = iota // it ends
	again              // it tries the step again
	goOn               // it does the next step, and then the power goes
)

func (a after) String() string { return [...]string{"then stop", "then again", "then go on"}[a] }

// night runs the night. A writer that must be opened anew is.
func (r *faultRun) night(then after) error {
	first := r.open()
	if first != nil {
		r.close()
		return first
	}
	for _, step := range []func() error{r.take, r.trust, r.release} {
		err := step()
		if first == nil {
			first = err
		}
		if first != nil && then == stop || err == nil && first != nil && then == goOn {
			break
		}
		if err != nil && then == again {
			err = step()
		}
		if errors.Is(err, archive.ErrReopen) {
			r.close()
			if err = r.open(); err == nil {
				err = step()
			}
		}
		if err != nil && then == again {
			r.t.Errorf("a single fault, and yet the writer does not get on: %v", err)
		}
		if r.a == nil {
			break
		}
	}
	r.close()
	return first
}

// wantWholeSoFar sees, before any writer mends anything, that what is committed is whole and holds what was
// acknowledged. Files beyond the checkpoint are no fault.
func (r *faultRun) wantWholeSoFar() {
	r.t.Helper()
	report := check(r.t, r.dir, archive.CheckOptions{Since: r.told.checkpoint, SinceName: "checkpoint"})
	for _, c := range notPassed(report) {
		if c.Code != verify.CodeBeyond {
			r.t.Errorf("before it is opened again: %+v", c)
		}
	}
	r.wantTold()
}

// finish opens the archive again and does what is left of the night.
func (r *faultRun) finish() {
	r.t.Helper()
	if err := r.night(stop); err != nil {
		r.t.Fatalf("the next run: %v", err)
	}
	r.wantAll(r.shallow())
}

// powerCut takes the power away from an archive that is at rest: all was acknowledged, so all must be there. The
// bundles come back into the spool, for nobody synced that they left; they are known.
func (r *faultRun) powerCut(n int) {
	r.t.Helper()
	after := r.w.after(r.t, r.cut(), func() bool { return false })
	if err := after.night(stop); err != nil {
		r.t.Fatalf("after a power cut at the end: %v", err)
	}
	if after.size > r.size+2 { // the bad bundle may have come back, and is refused again
		r.t.Errorf("after a power cut at the end the log has %d events, had %d", after.size, r.size)
	}
	if !allFaults && n%8 != 0 { // these take long
		after.wantAll(after.shallow())
		return
	}
	after.wantAll(after.deep())
	after.wantIndex()
}
