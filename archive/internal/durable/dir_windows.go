package durable

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// syncDir only looks whether the directory is there: Windows has no fsync of
// a directory, NTFS journals names itself. Clerks read on Windows; a writer
// belongs on Linux.
func syncDir(path string) error {
	_, err := os.Stat(path)
	return err
}

func crossDevice(err error) bool {
	return errors.Is(err, windows.ERROR_NOT_SAME_DEVICE) || errors.Is(err, syscall.EXDEV)
}
