package seal

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// BlockSize is the unit in which a segment is hashed, checked and mended.
const BlockSize = 64 << 10

// SegmentMagic begins every segment; the first payload follows at once.
const SegmentMagic = SpecSegment + "\n"

// SegmentName is a segment's file name in its accession's folder; segments count from 1.
func SegmentName(n int) string { return fmt.Sprintf("%06d.segment", n) }

// Segment is what an accession event says of one segment.
type Segment struct {
	N      int    `json:"n"`
	Length int64  `json:"length"` // bytes of the whole file
	Root   Digest `json:"root"`   // RFC 6962 tree whose leaf i is SHA-256 of block i
}

// SegmentWriter writes a segment: [SegmentMagic], then payloads one behind the other.
type SegmentWriter struct {
	w      io.Writer
	n      int64
	block  hash.Hash
	filled int
	leaves []Digest
}

// NewSegmentWriter writes the magic line to w. Sum owes nothing to w: the caller syncs and closes it.
func NewSegmentWriter(w io.Writer) (*SegmentWriter, error) {
	s := &SegmentWriter{w: w, block: sha256.New()}
	_, err := io.WriteString(s, SegmentMagic)
	return s, err
}

// Offset is where the next payload begins.
func (s *SegmentWriter) Offset() int64 { return s.n }

func (s *SegmentWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.hash(p[:n])
	return n, err
}

func (s *SegmentWriter) hash(p []byte) {
	s.n += int64(len(p))
	for len(p) > 0 {
		k := min(BlockSize-s.filled, len(p))
		s.block.Write(p[:k])
		p = p[k:]
		if s.filled += k; s.filled == BlockSize {
			s.endBlock()
		}
	}
}

func (s *SegmentWriter) endBlock() {
	s.leaves = append(s.leaves, LeafHash(s.block.Sum(nil)))
	s.block.Reset()
	s.filled = 0
}

// Sum ends the segment and says what the accession's event must say of it.
func (s *SegmentWriter) Sum(n int) Segment {
	if s.filled > 0 {
		s.endBlock()
	}
	return Segment{N: n, Length: s.n, Root: TreeRoot(s.leaves)}
}

// CheckSegment reads a whole segment and says whether it is the one the event names.
func CheckSegment(r io.Reader, want Segment) error {
	magic := make([]byte, len(SegmentMagic))
	if _, err := io.ReadFull(r, magic); err != nil {
		return fmt.Errorf("segment is cut short: %w", err)
	}
	if string(magic) != SegmentMagic {
		return errors.New("not a segment: its first line is not " + SpecSegment)
	}
	s, err := NewSegmentWriter(io.Discard)
	if err != nil {
		return err
	}
	if _, err := io.CopyBuffer(s, r, make([]byte, 4*BlockSize)); err != nil {
		return err
	}
	switch got := s.Sum(want.N); {
	case got.Length != want.Length:
		return fmt.Errorf("segment has %d bytes, its event says %d", got.Length, want.Length)
	case got.Root != want.Root:
		return errors.New("segment's blocks do not give the root its event names")
	}
	return nil
}
