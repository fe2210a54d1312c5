package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"kartoteka/archive"
	"kartoteka/verify"
)

// TestSafe: whatever fails, what is logged names no sender's file and no document.
func TestSafe(t *testing.T) {
	const name = "Kowalska 44051401359"
	path := "/srv/a/spool/incoming/" + name + ".zip"
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New(name), "*errors.errorString"},
		{fmt.Errorf("take in %s: %w", path, &fs.PathError{Op: "read", Path: path, Err: syscall.EIO}), "read: input/output error"},
		{&fs.PathError{Op: "write", Path: "/srv/a/accessions/2026/11/21-0001/000001.segment", Err: syscall.ENOSPC}, "write accessions/2026/11/21-0001/000001.segment: no space left on device"},
		{&os.LinkError{Op: "rename", Old: path, New: "/srv/a/spool/rejected/" + name, Err: syscall.EXDEV}, "rename: invalid cross-device link"},
		{fmt.Errorf("%w: %s", archive.ErrSpace, name), archive.ErrSpace.Error()},
		{&verify.Error{Code: verify.CodeChanged, Reason: name}, "changed_while_read"},
		{&archive.Tampered{Code: verify.CodeKeyfile, Subject: "keyfiles/2026/11/21-0001/index.keys", Reason: name}, "keyfile: keyfiles/2026/11/21-0001/index.keys"},
		{fmt.Errorf("%w: %w", archive.ErrReopen, &fs.PathError{Op: "fsync", Path: "/srv/a/log/checkpoint", Err: syscall.EIO}), archive.ErrReopen.Error() + " (fsync log/checkpoint: input/output error)"},
	} {
		if got := safe(c.err); got != c.want || strings.Contains(got, "Kowalska") {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

func TestErrnoIn(t *testing.T) {
	const path = "/srv/a/spool/incoming/Kowalska 44051401359"
	for _, c := range [][2]string{
		{"purge a bundle from the spool: unlinkat " + path + ": permission denied", "permission denied"},
		{"set a rejected bundle aside: every name for it in rejected is taken\nrename " + path + " " + path + "x: read-only file system", "read-only file system"},
		{"rename " + path, "no error of the system"},
		{path + ": permission denied: Kowalska", "no error of the system"},
	} {
		if got := errnoIn(c[0]); got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
}
