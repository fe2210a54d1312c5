package durable

import (
	"errors"
	"fmt"
	"os"
)

// Lock is an exclusive advisory lock on a file. The operating system drops it
// when the process ends, however it ends, so a stale one cannot be left.
type Lock struct{ file *os.File }

// TryLock takes the lock on the file at path, an operating system's path,
// making the file if it is not there. It does not wait: if the lock is held the
// error is ErrLocked. The file is never removed, or two processes could each
// hold a lock on a file of that name.
func TryLock(path string) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return &Lock{f}, nil
}

// Locked says whether a living process holds the lock on the file at path. It makes no file: where there is none, nobody
// does. Looking takes the lock for an instant, and TryLock elsewhere may fail in it: ask only when the answer matters.
func Locked(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the lock: %w", err)
	}
	defer f.Close()
	err = lockFile(f)
	if errors.Is(err, ErrLocked) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the lock %s: %w", path, err)
	}
	return false, nil
}

// Unlock gives the lock back. It may be called once.
func (l *Lock) Unlock() error { return l.file.Close() }
