package durable

import "golang.org/x/sys/unix"

// blockSize is the unit of statfs's counts. On FUSE Bsize is the size of a
// transfer and would promise far more space than there is.
func blockSize(s *unix.Statfs_t) uint64 {
	if s.Frsize > 0 {
		return uint64(s.Frsize)
	}
	return uint64(s.Bsize)
}
