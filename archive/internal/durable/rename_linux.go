package durable

import (
	"os"

	"golang.org/x/sys/unix"
)

// renameNew lets the kernel refuse a taken name. Some file systems (NFS, old
// FUSE) do not know how; there we look first.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch err {
	case nil:
		return nil
	case unix.EINVAL, unix.ENOSYS, unix.ENOTSUP:
		return renameUnlessThere(from, to)
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
}
