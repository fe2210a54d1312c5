package daemon

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/seal"
)

// built are both programs, built once.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func program(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "kartotekad"); built.err == nil {
			var out []byte
			if out, built.err = exec.Command("go", "build", "-o", built.dir, "kartoteka/cmd/kartotekad", "kartoteka/cmd/kartoteka").CombinedOutput(); built.err != nil {
				built.err = fmt.Errorf("%w: %s", built.err, out)
			}
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "kartotekad")
}

func receiptName(b *archivetest.Bundle) string { return seal.ReceiptName(sha256.Sum256([]byte(b.ID))) }

// TestKill kills the program at random moments of an intake, over and over. What was acknowledged by a receipt stays,
// nothing is half visible, and the next run goes on by itself. KARTOTEKA_KILLS says how often, however long it takes.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("kills the daemon for up to 20 seconds")
	}
	kills, end := 50, time.Now().Add(18*time.Second)
	if n, err := strconv.Atoi(os.Getenv("KARTOTEKA_KILLS")); err == nil {
		kills, end = n, time.Now().Add(24*time.Hour)
	}
	w := newWorld(t, "calendar: {max_wait: 1ms}\nlog: {level: error}")
	kd := program(t)
	var sent []*archivetest.Bundle
	receipts := map[string]string{}
	rounds, killed := 0, 0
	for ; rounds < kills && time.Now().Before(end); rounds++ {
		sent = append(sent, w.send(t, 1+len(sent), 13+len(sent))...)
		out, dead := killAfter(t, kd, w.config, time.Duration(20+rand.IntN(150))*time.Millisecond)
		if !dead {
			t.Fatalf("round %d: the daemon ended by itself: %s", rounds, out)
		}
		killed++
		w.compareReceipts(t, receipts)
		if rounds%5 == 0 {
			reopen(t, w) // sets aside what lies beyond the checkpoint
			w.check(t)
		}
	}
	out, err := exec.Command(kd, "--config", w.config, "--once").CombinedOutput()
	if err != nil {
		t.Fatalf("the run after all the kills: %v: %s", err, out)
	}
	w.compareReceipts(t, receipts)
	w.check(t)
	for _, b := range sent {
		w.checkReceipt(t, b)
	}
	if left := w.list(t, "incoming"); len(left) != 0 {
		t.Errorf("%d bundles are left in the spool", len(left))
	}
	if bad := w.list(t, "rejected"); len(bad) != 0 {
		t.Errorf("rejected: %q", bad)
	}
	aside, err := os.ReadDir(filepath.Join(w.Dir, "quarantine"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d rounds, %d bundles, quarantine holds %d leftovers", rounds, len(sent), len(aside))
	if rounds > 20 && len(aside) == 0 {
		t.Error("not one kill hit an accession: the test tests nothing")
	}
}

// killAfter starts the daemon and kills it. dead says that it was the kill that ended it.
func killAfter(t testing.TB, kd, config string, d time.Duration) (out string, dead bool) {
	t.Helper()
	var text strings.Builder
	cmd := exec.Command(kd, "--config", config)
	cmd.Stderr = &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(d)
	cmd.Process.Kill()
	cmd.Wait()
	ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return text.String(), ok && ws.Signaled()
}

// compareReceipts sees that no receipt that was ever there is gone or changed.
func (w *world) compareReceipts(t *testing.T, seen map[string]string) {
	t.Helper()
	for name, text := range seen {
		if got, err := os.ReadFile(filepath.Join(w.Dir, "spool/receipts", name)); err != nil || string(got) != text {
			t.Fatalf("receipt %s was there and is gone or changed: %v", name, err)
		}
	}
	for _, name := range w.list(t, "receipts") {
		if !strings.HasPrefix(name, ".") {
			b, err := os.ReadFile(filepath.Join(w.Dir, "spool/receipts", name))
			if err != nil {
				t.Fatal(err)
			}
			seen[name] = string(b)
		}
	}
}

func reopen(t *testing.T, w *world) {
	t.Helper()
	a, err := archive.Open(w.Dir, archive.Options{Write: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// checkReceipt proves a receipt the way its sender does, and that today's log goes on from it.
func (w *world) checkReceipt(t *testing.T, b *archivetest.Bundle) {
	t.Helper()
	data, err := os.ReadFile(w.receipt(b))
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	keys, err := a.Policy().LogVerifiers(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r, err := seal.ParseReceipt(data)
	if err == nil {
		_, _, err = r.Check(sha256.Sum256(b.Envelope), a.Spec.Origin, keys...)
	}
	if err == nil {
		err = a.Since(data, a.Policy(), time.Now())
	}
	if err != nil {
		t.Errorf("receipt of %s: %v", b.ID, err)
	}
}

// TestStopAndRestart: SIGTERM ends the daemon with 0, SIGHUP does not, and a start with nothing to do takes 100 ms.
func TestStopAndRestart(t *testing.T) {
	w := newWorld(t, "")
	w.send(t, 1, 3)
	kd := program(t)
	cmd := exec.Command(kd, "--config", w.config)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait(t, "the socket", func() bool { return there(w.conf.Socket.Path) })
	if took := time.Since(start); took > 100*time.Millisecond {
		t.Logf("started in %s, more than 100 ms: a busy machine, or a regression", took)
	}
	c := w.dial(t)
	if _, err := c.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Signal(syscall.SIGHUP)
	time.Sleep(20 * time.Millisecond)
	if _, err := c.Status(t.Context()); err != nil {
		t.Errorf("after SIGHUP: %v", err)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
}
