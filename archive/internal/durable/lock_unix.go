//go:build !windows

package durable

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile uses flock, not fcntl: a fcntl lock is lost as soon as any part of
// the process closes any handle of the file.
func lockFile(f *os.File) error {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
		case unix.EINTR:
		case unix.EWOULDBLOCK:
			return ErrLocked
		default:
			return err
		}
	}
}
