package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"kartoteka/archive/internal/durable"
	"kartoteka/verify"
)

// ErrSpace says that taking more in would fill the disk.
var ErrSpace = errors.New("the disk is nearly full; nothing is taken in")

// room says whether one more bundle fits above the reserve. [ErrSpace] says that the reserve itself is touched: then
// nothing fits. A bundle that is merely too large, a *verify.Error, keeps no other out, whatever size it claims to have.
func (a *Archive) room(path string) error {
	free, total, err := durable.FreeSpace(a.dir)
	if err != nil {
		return nil // a file system that cannot tell will say so when it is full
	}
	reserve := a.reserve(total)
	if free < reserve {
		return fmt.Errorf("%w: %d MiB free", ErrSpace, free>>20)
	}
	if need := bytesOf(path); free-reserve < need+need/8 {
		return &verify.Error{Code: codeNoRoom, Reason: "is larger than what the disk has room for"}
	}
	return nil
}

// bytesOf is the size of a bundle, ZIP or folder, as it claims.
func bytesOf(path string) (n uint64) {
	filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if i, err := d.Info(); err == nil {
				n += uint64(i.Size())
			}
		}
		return nil
	})
	return n
}

func (a *Archive) reserve(total uint64) uint64 {
	if a.opt.Reserve != 0 {
		return a.opt.Reserve
	}
	return min(1<<30, total/20)
}
