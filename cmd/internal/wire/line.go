package wire

import (
	"bufio"
	"errors"
	"io"

	"kartoteka/seal"
)

// ErrTooLong says that a line has more than MaxLine bytes. The connection is of no more use.
var ErrTooLong = errors.New("line has more than 16 MiB")

// Reader reads lines. Memory grows with what arrives, never with what is claimed.
type Reader struct{ b *bufio.Reader }

// NewReader reads lines from r.
func NewReader(r io.Reader) *Reader { return &Reader{bufio.NewReaderSize(r, 4<<10)} }

// Line reads one line without its end. Between lines the error is io.EOF; within one it is io.ErrUnexpectedEOF.
func (r *Reader) Line() ([]byte, error) {
	var line []byte
	for {
		part, err := r.b.ReadSlice('\n')
		if len(line)+len(part) > MaxLine {
			return nil, ErrTooLong
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// Write writes v as one line, in one write.
func Write(w io.Writer, v any) error {
	line, err := seal.Marshal(v)
	if err != nil {
		return err
	}
	if len(line) >= MaxLine {
		return ErrTooLong
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
