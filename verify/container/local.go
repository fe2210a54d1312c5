package container

import (
	"io"
	"math"
	"slices"
)

const localLen = 30 // §4.3.7, fixed part

// checkLocals walks the file from offset 0 to the central directory: each local
// header begins where the entry before it ended. So no byte is read twice (the
// overlapping bombs of D. Fifield, "A better zip bomb", 2019) and none is hidden.
// It fills in where each entry's data begins.
func checkLocals(r io.ReaderAt, all []zipEntry, central int64) error {
	order := make([]*zipEntry, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	slices.SortStableFunc(order, func(a, b *zipEntry) int {
		switch {
		case a.offset < b.offset:
			return -1
		case a.offset > b.offset:
			return 1
		}
		return 0
	})
	if len(order) == 0 && central != 0 {
		return fail(CodeGap, "", "%d bytes belong to no entry", central)
	}
	if len(order) > 0 && order[0].offset != 0 {
		return fail(CodeGap, "", "%d bytes come before the first entry", order[0].offset)
	}
	for i, e := range order {
		next := central
		if i+1 < len(order) {
			next = order[i+1].offset
		}
		if err := e.checkLocal(r, next); err != nil {
			return err
		}
	}
	return nil
}

func (e *zipEntry) raw() string {
	if e.dir {
		return e.name + "/"
	}
	return e.name
}

// checkLocal reads the local header of e, whose bytes end at next.
func (e *zipEntry) checkLocal(r io.ReaderAt, next int64) error {
	var h [localLen]byte
	if next-e.offset < localLen {
		return fail(CodeOverlap, e.raw(), "the next entry begins within its header")
	}
	if err := readAt(r, h[:], e.offset); err != nil {
		return err
	}
	if string(h[:4]) != sigLocal {
		return fail(CodeHeader, e.raw(), "there is no local header at %d", e.offset)
	}
	nameLen, extraLen := int(le.Uint16(h[26:])), int(le.Uint16(h[28:]))
	e.data = e.offset + localLen + int64(nameLen+extraLen)
	// packed may be near MaxInt64: compare by subtraction.
	if e.data > next || e.packed > next-e.data {
		return fail(CodeOverlap, e.raw(), "its %d bytes reach into the next entry or the central directory", e.packed)
	}
	b := make([]byte, nameLen+extraLen) // at most 2 * 64 KiB, and the bytes are there
	if err := readAt(r, b, e.offset+localLen); err != nil {
		return err
	}
	if err := e.matchLocal(h[:], string(b[:nameLen]), b[nameLen:]); err != nil {
		return err
	}
	return e.checkDescriptor(r, next)
}

// matchLocal: both headers must say the same. With a data descriptor the local
// one may have zeros for what was not known yet (§4.4.4, bit 3).
func (e *zipEntry) matchLocal(h []byte, name string, extra []byte) error {
	flags, method, crc := le.Uint16(h[6:]), le.Uint16(h[8:]), le.Uint32(h[14:])
	w := wide{local: true, packed: widen32(le.Uint32(h[18:])), size: widen32(le.Uint32(h[22:]))}
	switch {
	case name != e.raw():
		return fail(CodeHeader, e.raw(), "its local header calls it %q", name)
	case flags != e.flags || method != e.method:
		return fail(CodeHeader, e.raw(), "its local header has other flags or another method")
	}
	if err := w.fromExtra(e.raw(), extra); err != nil {
		return err
	}
	late := e.flags&flagDescriptor != 0
	same := func(local, central uint64) bool { return local == central || late && local == 0 }
	switch {
	case !same(uint64(crc), uint64(e.crc)):
		return fail(CodeCRC, e.raw(), "its local header has CRC-32 %08x, the central directory %08x", crc, e.crc)
	case !same(w.size, uint64(e.size)) || !same(w.packed, uint64(e.packed)):
		return fail(CodeSizeMismatch, e.raw(), "its local header has %d bytes packed as %d, the central directory %d packed as %d", w.size, w.packed, e.size, e.packed)
	}
	return nil
}

// checkDescriptor accounts for what stands between the data and next: nothing,
// or with flag bit 3 a data descriptor. That has four forms: with or without its
// signature, with 4 or 8 byte sizes (§4.3.9); the length tells which.
func (e *zipEntry) checkDescriptor(r io.ReaderAt, next int64) error {
	at := e.data + e.packed
	n := next - at
	if e.flags&flagDescriptor == 0 {
		if n != 0 {
			return fail(CodeGap, e.raw(), "%d bytes after it belong to no entry", n)
		}
		return nil
	}
	if n < 12 {
		return fail(CodeOverlap, e.raw(), "the next entry begins within its data descriptor")
	}
	if n != 12 && n != 16 && n != 20 && n != 24 {
		return fail(CodeGap, e.raw(), "%d bytes after it are no data descriptor", n)
	}
	b := make([]byte, n)
	if err := readAt(r, b, at); err != nil {
		return err
	}
	if n == 16 || n == 24 {
		if string(b[:4]) != sigDescriptor {
			return fail(CodeHeader, e.raw(), "its data descriptor has no signature")
		}
		b = b[4:]
	}
	if le.Uint32(b) != e.crc {
		return fail(CodeCRC, e.raw(), "its data descriptor has CRC-32 %08x, the central directory %08x", le.Uint32(b), e.crc)
	}
	var packed, size uint64
	if len(b) == 12 {
		packed, size = uint64(le.Uint32(b[4:])), uint64(le.Uint32(b[8:]))
		if e.packed > math.MaxUint32 || e.size > math.MaxUint32 {
			return fail(CodeSizeMismatch, e.raw(), "its data descriptor has no room for its size")
		}
	} else {
		packed, size = le.Uint64(b[4:]), le.Uint64(b[12:])
	}
	if packed != uint64(e.packed) || size != uint64(e.size) {
		return fail(CodeSizeMismatch, e.raw(), "its data descriptor has %d bytes packed as %d, the central directory %d packed as %d", size, packed, e.size, e.packed)
	}
	return nil
}
