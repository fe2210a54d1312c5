package clinical

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// vrs are the value representations of PS3.5 6.2; longVRs have a 32-bit length after two reserved bytes.
var (
	vrs = words(`AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI
		UL UN UR US UT UV`)
	longVRs = words(`OB OD OF OL OV OW SQ SV UC UN UR UT UV`)
)

const (
	undefined   = 0xffffffff
	forever     = math.MaxInt64
	maxSequence = 32 // nested sequences; the deepest structured reports have about 20
	maxItems    = 64 // kept of one sequence
)

var errElement = errors.New("malformed element")

// element is the head of a data element.
type element struct {
	tag    uint32
	vr     string // empty when implicit
	length uint32
}

// isSequence holds for what has items. An undefined length can only be a sequence or pixel data in
// fragments, which has the same items; UN with a kept sequence's tag is one (PS3.5 6.2.2, note 2).
func (e element) isSequence() bool {
	return e.vr == "SQ" || e.length == undefined || keptSequences[e.tag] && (e.vr == "" || e.vr == "UN")
}

// elements reads data elements one after another.
type elements struct {
	head        *Header
	r           *bufio.Reader
	pos         int64
	order       binary.ByteOrder
	explicit    bool
	onDirectory func(*record) // takes each directory record, so that a disc's thousands are not held
}

func (s *elements) read(p []byte) error {
	n, err := io.ReadFull(s.r, p)
	s.pos += int64(n)
	return err
}

func (s *elements) discard(n int64) error {
	got, err := io.CopyN(io.Discard, s.r, n)
	s.pos += got
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// header returns io.EOF only between two elements.
func (s *elements) header() (element, error) {
	var b [8]byte
	if err := s.read(b[:]); err != nil {
		return element{}, err
	}
	e := element{tag: uint32(s.order.Uint16(b[:]))<<16 | uint32(s.order.Uint16(b[2:]))}
	if !s.explicit || e.tag>>16 == 0xfffe {
		e.length = s.order.Uint32(b[4:])
		return e, nil
	}
	e.vr = string(b[4:6])
	if !longVRs[e.vr] {
		// Unknown representations too: those written in the wild are misspelled short ones.
		e.length = uint32(s.order.Uint16(b[6:]))
		return e, nil
	}
	var long [4]byte
	if err := s.read(long[:]); err != nil {
		return element{}, io.ErrUnexpectedEOF
	}
	e.length = s.order.Uint32(long[:])
	return e, nil
}

// dataset reads elements into into until end, until the item's delimiter or, outermost, until
// nothing wanted can follow.
func (s *elements) dataset(into *record, end int64, depth int) error {
	if depth > maxSequence {
		return errDepth
	}
	for s.pos < end {
		e, err := s.header()
		if err == io.EOF && depth == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if e.tag == itemEnd && depth > 0 || e.tag > lastTag && depth == 0 {
			return nil
		}
		if e.isSequence() {
			err = s.sequence(e, end, depth, s.visitor(into, e.tag))
		} else {
			err = s.value(into, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// value keeps a wanted value and passes over any other; nothing is allocated by the claimed length.
func (s *elements) value(into *record, e element) error {
	if e.length == undefined {
		return errElement
	}
	if into == nil || !keptValues[e.tag] {
		return s.discard(int64(e.length))
	}
	if e.length > maxValue {
		s.head.warn("a value over 4 KiB was left out")
		return s.discard(int64(e.length))
	}
	v := make([]byte, e.length)
	if err := s.read(v); err != nil {
		return io.ErrUnexpectedEOF
	}
	into.set(e.tag, v)
	return nil
}

// visitor says what becomes of a sequence's items; nil passes over them.
func (s *elements) visitor(into *record, tag uint32) func(*record) {
	switch {
	case into == nil || !keptSequences[tag]:
		return nil
	case tag == directorySequence:
		return s.onDirectory
	}
	return func(item *record) {
		if len(into.items[tag]) < maxItems {
			into.addItem(tag, item)
		}
	}
}

// sequence reads items to the sequence's end (PS3.5 7.5).
func (s *elements) sequence(e element, outer int64, depth int, visit func(*record)) error {
	end := outer
	if e.length != undefined {
		end = min(outer, s.pos+int64(e.length))
		if visit == nil {
			return s.discard(end - s.pos)
		}
	}
	if e.vr == "UN" { // a sequence in UN is always Implicit VR Little Endian (PS3.5 6.2.2, note 4)
		explicit, order := s.explicit, s.order
		s.explicit, s.order = false, binary.LittleEndian
		defer func() { s.explicit, s.order = explicit, order }()
	}
	for s.pos < end {
		item, err := s.header()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil || item.tag == sequenceEnd {
			return err
		}
		if item.tag != itemTag {
			return errElement
		}
		if err := s.item(item, end, depth+1, visit); err != nil {
			return err
		}
	}
	return nil
}

func (s *elements) item(e element, end int64, depth int, visit func(*record)) error {
	if e.length != undefined {
		end = min(end, s.pos+int64(e.length))
		if visit == nil {
			return s.discard(end - s.pos)
		}
	}
	var into *record
	if visit != nil {
		into = &record{}
	}
	err := s.dataset(into, end, depth)
	if visit != nil {
		visit(into)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}
