package container

import (
	"os"
	"runtime"
	"syscall"
	"testing"
)

// asNobody runs f on a thread whose file accesses are those of an ordinary user:
// root is refused nothing. The thread ends with the goroutine.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		f()
		return
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is not to be used again
		defer close(done)
		if err := syscall.Setfsuid(65534); err != nil {
			done <- err
			return
		}
		f()
	}()
	if err := <-done; err != nil {
		t.Skip("SKIP: root cannot become an ordinary user here:", err)
	}
}
