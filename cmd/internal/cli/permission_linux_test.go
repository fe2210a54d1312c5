package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"kartoteka/archive/archivetest"
)

// TestPermissionDenied: what may not be read is not what is damaged.
func TestPermissionDenied(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	if err := os.Chmod(filepath.Join(a.Dir, "log/checkpoint"), 0); err != nil {
		t.Fatal(err)
	}
	asOwner(t, filepath.Dir(filepath.Dir(a.Dir)), func() {
		want(t, a.Now, exitFailed, []string{"log/checkpoint", "may not read"}, "verify", "archive", "--archive="+a.Dir)
	})
}

// asOwner runs f as an ordinary user who owns dir: root is refused nothing. A thread that gave up its rights over files
// ends with its goroutine.
func asOwner(t *testing.T, dir string, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		f()
		return
	}
	const nobody = 65534
	err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, nobody, -1)
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked
		defer close(done)
		if err := syscall.Setfsuid(nobody); err != nil {
			done <- err
			return
		}
		f()
	}()
	if err := <-done; err != nil {
		t.Fatal("become an ordinary user:", err)
	}
}
