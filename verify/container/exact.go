package container

import (
	"errors"
	"hash"
	"hash/crc32"
	"io"
)

// exact reads one entry: exactly the declared bytes, then the checks, then EOF.
type exact struct {
	name  string
	left  int64
	src   io.Reader
	crc   hash.Hash32 // nil in a folder
	want  uint32
	tail  func() error // nothing may be left of the packed bytes; may be nil
	close func() error // may be nil
	// verdict is shown the outcome (nil at the end) and may know better: a file
	// changed under the reader is "changed", not a wrong CRC.
	verdict func(error) error
	done    error // sticky
}

func newCRC() hash.Hash32 { return crc32.NewIEEE() }

func (x *exact) Read(p []byte) (int, error) {
	if x.done != nil {
		return 0, x.done
	}
	if x.left == 0 {
		return 0, x.end(x.finish())
	}
	if int64(len(p)) > x.left {
		p = p[:x.left]
	}
	n, err := x.src.Read(p)
	x.left -= int64(n)
	if x.crc != nil {
		x.crc.Write(p[:n])
	}
	switch {
	case err == nil || err == io.EOF && x.left == 0:
		return n, nil // the next Read finishes
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return n, x.end(fail(CodeSizeMismatch, x.name, "it ends %d bytes short of the declared size", x.left))
	}
	return n, x.end(readFailure(x.name, err))
}

// finish is called when all declared bytes were given.
func (x *exact) finish() error {
	var one [1]byte
	for range 100 { // io.Reader may give 0, nil; not for ever
		n, err := x.src.Read(one[:])
		switch {
		case n > 0:
			return fail(CodeSizeMismatch, x.name, "it goes on beyond the declared size")
		case err == nil:
			continue
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fail(CodeSizeMismatch, x.name, "the deflate stream is cut")
		case err != io.EOF:
			return readFailure(x.name, err)
		}
		if x.tail != nil {
			if err := x.tail(); err != nil {
				return err
			}
		}
		if x.crc != nil && x.crc.Sum32() != x.want {
			return fail(CodeCRC, x.name, "CRC-32 is %08x, declared is %08x", x.crc.Sum32(), x.want)
		}
		return nil
	}
	return fail(CodeUnreadable, x.name, "%w", io.ErrNoProgress)
}

func (x *exact) end(err error) error {
	if x.verdict != nil {
		err = x.verdict(err)
	}
	if err == nil {
		err = io.EOF
	}
	x.done = err
	return err
}

func (x *exact) Close() error {
	if x.done == nil || x.done == io.EOF {
		x.done = fail(CodeUnreadable, x.name, "the reader is closed")
	}
	if x.close == nil {
		return nil
	}
	c := x.close
	x.close = nil
	return c()
}
