package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/verify"
)

// TestReopenOnce: a commit whose outcome is unknown is looked into by opening the archive again, once; a second time
// without a commit in between ends the daemon, and so does an archive that does not open any more.
func TestReopenOnce(t *testing.T) {
	w := newWorld(t, "")
	k, err := start(w.conf, Options{Log: w.logger(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer k.desk.close()
	first := k.desk.a
	broken := fmt.Errorf("%w: fsync failed", archive.ErrReopen)
	if err := k.settle(broken); err != nil || k.desk.a == first || k.desk.a == nil {
		t.Fatalf("not opened again: %v", err)
	}
	if err := k.settle(broken); !errors.Is(err, archive.ErrReopen) {
		t.Errorf("opened again and again: %v", err)
	}
	if err := k.settle(nil); err != nil {
		t.Error(err)
	}
	if err := k.settle(fmt.Errorf("%w: page 3", archive.ErrIndexDamaged)); err != nil {
		t.Errorf("a damaged index after a commit: %v", err)
	}
	k.settle(nil)
	k.open = func() (*archive.Archive, error) { return nil, errors.New("the disk is gone") }
	var gone *lost
	if err := k.settle(broken); !errors.As(err, &gone) {
		t.Errorf("goes on without an archive: %v", err)
	}
	if err := k.settle(&archive.Tampered{Code: verify.CodeKeyfile}); err == nil {
		t.Error("goes on over broken evidence")
	}
}

// TestDaemonStopsOnTampering: what cannot be committed and is no archive any more ends the daemon with status 4.
func TestDaemonStopsOnTampering(t *testing.T) {
	w := newWorld(t, "calendar: {max_wait: 100ms}")
	stop := w.start(t, Options{})
	checkpoint := filepath.Join(w.Dir, "log/checkpoint")
	if err := os.Remove(checkpoint); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(checkpoint, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	sent := w.send(t, 1, 2)
	wait(t, "the end", func() bool { return !there(w.conf.Socket.Path) })
	err := stop()
	if code, _ := refusal(err); code != exitVerify {
		t.Errorf("exit %d: %v", code, err)
	}
	if there(w.receipt(sent[0])) || !there(sent[0].Path) {
		t.Error("a receipt was given, or the bundle left the spool")
	}
}
