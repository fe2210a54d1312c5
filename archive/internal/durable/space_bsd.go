//go:build !linux && !windows

package durable

import "golang.org/x/sys/unix"

func blockSize(s *unix.Statfs_t) uint64 { return uint64(s.Bsize) }
