//go:build !windows

package durable

import (
	"errors"
	"os"
	"syscall"
)

// syncDir fsyncs a directory. A file system that cannot is an error, not a
// shrug: an archive must not stand on one.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}

func crossDevice(err error) bool { return errors.Is(err, syscall.EXDEV) }
