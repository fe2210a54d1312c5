package daemon

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNotify(t *testing.T) {
	for name, address := range map[string]string{"path": filepath.Join(t.TempDir(), "n"), "abstract": "@kartotekad-test-" + filepath.Base(t.TempDir())} {
		t.Run(name, func(t *testing.T) {
			l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			w := newWorld(t, "")
			stop := w.start(t, Options{Getenv: func(k string) string {
				return map[string]string{"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "40000"}[k]
			}})
			hear(t, l, "READY=1", "WATCHDOG=1", "STATUS=next accession")
			stop()
			hear(t, l, "STOPPING=1")
		})
	}
}

// hear waits for messages, in whatever order, and lets others pass.
func hear(t *testing.T, l *net.UnixConn, want ...string) {
	t.Helper()
	b := make([]byte, 4096)
	l.SetReadDeadline(time.Now().Add(5 * time.Second))
	for len(want) > 0 {
		n, err := l.Read(b)
		if err != nil {
			t.Fatalf("did not hear %q: %v", want, err)
		}
		want = slices.DeleteFunc(want, func(s string) bool { return strings.HasPrefix(string(b[:n]), s) })
	}
}

func TestNotifyWithoutSystemd(t *testing.T) {
	n := newNotifier(func(k string) string {
		return map[string]string{"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}[k]
	})
	n.ready()
	if n.watched() {
		t.Error("somebody else's watchdog")
	}
	if n := newNotifier(func(string) string { return "vsock:2:1234" }); n.address != "" {
		t.Errorf("address %q", n.address)
	}
}
