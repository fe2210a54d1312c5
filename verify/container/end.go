package container

import (
	"encoding/binary"
	"io"
	"math"
)

var le = binary.LittleEndian

const (
	sigLocal      = "PK\x03\x04" // §4.3.7
	sigDescriptor = "PK\x07\x08" // §4.3.9.3
	sigCentral    = "PK\x01\x02" // §4.3.12
	sigEnd        = "PK\x05\x06" // §4.3.16
	sigEnd64      = "PK\x06\x06" // §4.3.14
	sigLocator    = "PK\x06\x07" // §4.3.15

	endLen     = 22
	end64Len   = 56 // version 1, no extensible data sector
	locatorLen = 20
)

// zipEnd is what the end records say of the central directory. Its place is
// proven: offset+length is where the end records begin.
type zipEnd struct {
	offset, length int64
	count          uint64
}

// readEnd reads the end of central directory record, which must be the last 22
// bytes, and the zip64 records right before it if they are there.
func readEnd(r io.ReaderAt, size int64) (zipEnd, error) {
	if size == 0 {
		return zipEnd{}, fail(CodeEmpty, "", "it has 0 bytes")
	}
	var b [endLen]byte
	if size < endLen {
		return zipEnd{}, noEnd(r, size)
	}
	if err := readAt(r, b[:], size-endLen); err != nil {
		return zipEnd{}, err
	}
	if string(b[:4]) != sigEnd || le.Uint16(b[20:]) != 0 {
		return zipEnd{}, noEnd(r, size)
	}
	// Read as zip64 would hold them; all-ones says "see there" (§4.4.1.4).
	disks := [3]uint32{widen16(le.Uint16(b[4:])), widen16(le.Uint16(b[6:])), 0}
	here, count := widen16to64(le.Uint16(b[8:])), widen16to64(le.Uint16(b[10:]))
	length, offset := widen32(le.Uint32(b[12:])), widen32(le.Uint32(b[16:]))
	records := size - endLen

	e64, ok, err := readEnd64(r, records)
	if err != nil {
		return zipEnd{}, err
	}
	if ok {
		records = e64.at
		if !agree(&disks[0], e64.disk) || !agree(&disks[1], e64.startDisk) || !agree(&here, e64.here) ||
			!agree(&count, e64.count) || !agree(&length, e64.length) || !agree(&offset, e64.offset) {
			return zipEnd{}, fail(CodeHeader, "", "the two end of central directory records disagree")
		}
	}
	if disks != [3]uint32{} || here != count {
		return zipEnd{}, fail(CodeMultiDisk, "", "it is one part of a split archive")
	}
	if err := placed(offset, length, uint64(records)); err != nil {
		return zipEnd{}, err
	}
	return zipEnd{offset: int64(offset), length: int64(length), count: count}, nil
}

// placed checks that the central directory ends where the end records begin.
func placed(offset, length, records uint64) error {
	switch {
	case offset > records || length > records-offset:
		return fail(CodeTruncated, "", "the central directory should end at %d, its end record is at %d", offset+length, records)
	case offset+length < records:
		return fail(CodeGap, "", "%d bytes belong to no entry, before the archive or behind its central directory", records-offset-length)
	}
	return nil
}

type zipEnd64 struct {
	at                          int64
	disk, startDisk             uint32
	here, count, length, offset uint64
}

// readEnd64 reads the zip64 records that end at the given place, if any.
func readEnd64(r io.ReaderAt, endsAt int64) (zipEnd64, bool, error) {
	at := endsAt - locatorLen - end64Len
	if at < 0 {
		return zipEnd64{}, false, nil
	}
	var b [end64Len + locatorLen]byte
	if err := readAt(r, b[:], at); err != nil {
		return zipEnd64{}, false, err
	}
	locator := b[end64Len:]
	if string(locator[:4]) != sigLocator {
		return zipEnd64{}, false, nil
	}
	if le.Uint32(locator[4:]) != 0 || le.Uint32(locator[16:]) != 1 {
		return zipEnd64{}, false, fail(CodeMultiDisk, "", "it is one part of a split archive")
	}
	if le.Uint64(locator[8:]) != uint64(at) || string(b[:4]) != sigEnd64 || le.Uint64(b[4:]) != end64Len-12 {
		return zipEnd64{}, false, fail(CodeHeader, "", "the zip64 end record is not right before its locator")
	}
	return zipEnd64{
		at: at, disk: le.Uint32(b[16:]), startDisk: le.Uint32(b[20:]),
		here: le.Uint64(b[24:]), count: le.Uint64(b[32:]), length: le.Uint64(b[40:]), offset: le.Uint64(b[48:]),
	}, true, nil
}

// widen turns a field's all-ones into the all-ones of its zip64 form. Without
// zip64 records that is an impossible value, as it should be.
func widen16(v uint16) uint32 {
	if v == math.MaxUint16 {
		return math.MaxUint32
	}
	return uint32(v)
}

func widen16to64(v uint16) uint64 {
	if v == math.MaxUint16 {
		return math.MaxUint64
	}
	return uint64(v)
}

func widen32(v uint32) uint64 {
	if v == math.MaxUint32 {
		return math.MaxUint64
	}
	return uint64(v)
}

// agree takes the zip64 value for a field that is all-ones; any other must be equal.
func agree[T uint32 | uint64](v *T, wide T) bool {
	if *v == ^T(0) {
		*v = wide
	}
	return *v == wide
}
