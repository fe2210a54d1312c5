package durable

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ReadFile reads a whole file of at most max bytes; above that it fails with
// ErrTooLarge. It never allocates more than max because of what the file
// system says the size is: a damaged inode, or a sparse file, may say anything.
func ReadFile(fsys FS, name string, max int64) (data []byte, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > max {
		return nil, fmt.Errorf("read %s: %d bytes, at most %d: %w", name, info.Size(), max, ErrTooLarge)
	}
	var b bytes.Buffer
	b.Grow(int(info.Size()) + bytes.MinRead) // one allocation, with room to see the end
	if _, err := b.ReadFrom(io.LimitReader(f, max+1)); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(b.Len()) > max {
		return nil, fmt.Errorf("read %s: more than %d bytes: %w", name, max, ErrTooLarge)
	}
	return b.Bytes(), nil
}
