package container

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math"
)

// noEnd says what is wrong with a file whose last 22 bytes are no end record: it
// is told for a person; the file is refused in any case.
func noEnd(r io.ReaderAt, size int64) error {
	const most = endLen + math.MaxUint16 // the longest comment
	tail := make([]byte, min(size, most))
	if err := readAt(r, tail, size-int64(len(tail))); err != nil {
		return err
	}
	for i := len(tail) - endLen; i >= 0; i-- {
		if string(tail[i:i+4]) != sigEnd {
			continue
		}
		comment, rest := int(le.Uint16(tail[i+20:])), len(tail)-i-endLen
		switch {
		case comment != rest && !endsAt(tail[i:], size-int64(len(tail)-i)):
			continue // of a ZIP inside this one, which is cut
		case comment > rest:
			return fail(CodeTruncated, "", "its comment is cut")
		case comment == rest:
			return fail(CodeTrailingData, "", "it has an archive comment of %d bytes; none is allowed", comment)
		}
		return fail(CodeTrailingData, "", "%d bytes follow its end", rest)
	}
	var head [4]byte
	if size >= 4 {
		if err := readAt(r, head[:], 0); err != nil {
			return err
		}
	}
	if size < 4 || !bytes.HasPrefix(head[:], []byte("PK")) {
		return fail(CodeNotZip, "", "it neither begins nor ends as a ZIP does")
	}
	return fail(CodeTruncated, "", "it has no end of central directory: it is cut, or still being written")
}

// endsAt reports whether the end record b, found at the given place, may be true.
func endsAt(b []byte, at int64) bool {
	length, offset := le.Uint32(b[12:]), le.Uint32(b[16:])
	return offset == math.MaxUint32 || int64(offset)+int64(length) == at
}

// readAt fills b. The caller knows from the size that the bytes were there.
func readAt(r io.ReaderAt, b []byte, off int64) error {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	return readFailure("", err)
}

// readFailure makes an error of one from the reader below.
func readFailure(entry string, err error) error {
	var mine *Error
	switch {
	case errors.As(err, &mine):
		return err
	case err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fail(CodeChanged, entry, "it is shorter than it was")
	case isCorrupt(err):
		return fail(CodeCRC, entry, "its packed bytes are damaged: %w", err)
	}
	return fail(CodeUnreadable, entry, "%w", err)
}

func isCorrupt(err error) bool {
	var c flate.CorruptInputError
	return errors.As(err, &c)
}
