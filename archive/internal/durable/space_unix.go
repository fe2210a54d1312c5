//go:build !windows

package durable

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// FreeSpace returns the bytes that an unprivileged process may still write on
// the file system of path, and its size in bytes.
func FreeSpace(path string) (free, total uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, 0, fmt.Errorf("free space of %s: %w", path, err)
	}
	block := blockSize(&s)
	return uint64(s.Bavail) * block, uint64(s.Blocks) * block, nil
}
