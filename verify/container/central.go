package container

import (
	"bufio"
	"io"
	"math"
	"strings"
)

const centralLen = 46 // §4.3.12, fixed part

// readCentral reads the central directory one header at a time: what it
// allocates follows the bytes that are there and the limits, not end.count.
func readCentral(r io.ReaderAt, end zipEnd, lim Limits) ([]zipEntry, error) {
	most := 2 * uint64(lim.MaxEntries) // as many folders as files
	if end.count > most {
		return nil, fail(CodeTooMany, "", "it has %d entries, at most %d files are allowed", end.count, lim.MaxEntries)
	}
	section := io.NewSectionReader(r, end.offset, end.length)
	br := bufio.NewReaderSize(section, 64<<10)
	var all []zipEntry
	var buf []byte
	for left := end.length; left > 0; {
		if uint64(len(all)) == most {
			return nil, fail(CodeTooMany, "", "it has more than %d entries", most)
		}
		e, n, err := readCentralHeader(br, left, &buf, lim)
		if err != nil {
			return nil, err
		}
		if e.offset >= end.offset {
			return nil, fail(CodeOverlap, e.name, "it begins inside the central directory")
		}
		left -= n
		all = append(all, e)
	}
	if uint64(len(all)) != end.count {
		return nil, fail(CodeHeader, "", "the central directory has %d entries, its end record says %d", len(all), end.count)
	}
	return all, nil
}

// readCentralHeader reads one header of at most left bytes and says how many it had.
func readCentralHeader(br *bufio.Reader, left int64, buf *[]byte, lim Limits) (zipEntry, int64, error) {
	var h [centralLen]byte
	if left < centralLen {
		return zipEntry{}, 0, fail(CodeHeader, "", "the central directory ends within a header")
	}
	if _, err := io.ReadFull(br, h[:]); err != nil {
		return zipEntry{}, 0, readFailure("", err)
	}
	if string(h[:4]) != sigCentral { // also a digital signature, §4.3.13
		return zipEntry{}, 0, fail(CodeHeader, "", "the central directory has something else than headers")
	}
	nameLen, extraLen, commentLen := int(le.Uint16(h[28:])), int(le.Uint16(h[30:])), int(le.Uint16(h[32:]))
	n := nameLen + extraLen + commentLen
	if left < int64(centralLen+n) {
		return zipEntry{}, 0, fail(CodeHeader, "", "the central directory ends within a header")
	}
	if cap(*buf) < n { // at most 3 * 64 KiB
		*buf = make([]byte, n)
	}
	b := (*buf)[:n]
	if _, err := io.ReadFull(br, b); err != nil {
		return zipEntry{}, 0, readFailure("", err)
	}
	e, err := parseCentral(h[:], string(b[:nameLen]), b[nameLen:nameLen+extraLen], lim)
	if err == nil && commentLen != 0 {
		err = fail(CodeHeader, e.name, "it has a comment; none is allowed")
	}
	return e, int64(centralLen + n), err
}

func parseCentral(h []byte, raw string, extra []byte, lim Limits) (zipEntry, error) {
	e := zipEntry{flags: le.Uint16(h[8:]), method: le.Uint16(h[10:]), crc: le.Uint32(h[16:])}
	e.name, e.dir = strings.CutSuffix(raw, "/")
	if err := checkFlags(raw, e.flags, e.method); err != nil {
		return e, err
	}
	if err := checkEncoding(raw, e.flags); err != nil {
		return e, err
	}
	if err := CheckName(e.name, lim); err != nil {
		return e, err
	}
	if err := checkMode(raw, e.dir, le.Uint32(h[38:])); err != nil {
		return e, err
	}
	w := wide{size: widen32(le.Uint32(h[24:])), packed: widen32(le.Uint32(h[20:])), offset: widen32(le.Uint32(h[42:])), disk: widen16(le.Uint16(h[34:]))}
	if err := w.fromExtra(raw, extra); err != nil {
		return e, err
	}
	if w.disk != 0 {
		return e, fail(CodeMultiDisk, raw, "it is on another part of a split archive")
	}
	return e, e.setSizes(raw, w)
}

// setSizes takes over what fits in an int64; the rest cannot be true.
func (e *zipEntry) setSizes(raw string, w wide) error {
	switch {
	case w.size > math.MaxInt64:
		return fail(CodeTooLarge, raw, "it claims %d bytes", w.size)
	case w.packed > math.MaxInt64 || w.offset > math.MaxInt64:
		return fail(CodeOverlap, raw, "it claims %d bytes at %d", w.packed, w.offset)
	}
	e.size, e.packed, e.offset = int64(w.size), int64(w.packed), int64(w.offset)
	if e.method == store && e.size != e.packed {
		return fail(CodeSizeMismatch, raw, "it is stored, %d bytes as %d", e.size, e.packed)
	}
	return nil
}

func checkFlags(raw string, flags, method uint16) error {
	switch {
	case flags&(flagEncrypted|flagStrong|flagMasked) != 0:
		return fail(CodeEncrypted, raw, "it is encrypted")
	case method != store && method != deflate || flags&flagPatch != 0:
		return fail(CodeMethod, raw, "compression method %d is neither stored nor deflated", method)
	case flags&^(flagLevel|flagDescriptor|flagUTF8) != 0:
		return fail(CodeHeader, raw, "it has unknown flags %#04x", flags)
	}
	return nil
}

// checkEncoding: without flag 11 a name is in code page 437, or whatever the
// sender's system had (appendix D); only ASCII is the same in all of them.
func checkEncoding(raw string, flags uint16) error {
	if flags&flagUTF8 == 0 && strings.IndexFunc(raw, func(r rune) bool { return r > 0x7e }) >= 0 {
		return fail(CodeNameEncoding, raw, "its name is not said to be UTF-8 (flag bit 11)")
	}
	return nil
}

// checkMode reads the external attributes as both systems would, whichever wrote
// them: "made by" is a claim, and extractors differ on heeding it (§4.4.15).
func checkMode(raw string, dir bool, attr uint32) error {
	const (
		dosLabel, dosDir, dosDevice, dosReparse = 0x08, 0x10, 0x40, 0x400
		typeMask, typeDir, typeFile, typeLink   = 0xf000, 0x4000, 0x8000, 0xa000
	)
	unix := attr >> 16 & typeMask
	switch {
	case unix == typeLink || attr&dosReparse != 0:
		return fail(CodeLink, raw, "it is a symbolic link")
	case unix != 0 && unix != typeDir && unix != typeFile, attr&(dosLabel|dosDevice) != 0:
		return fail(CodeNotRegular, raw, "it is a device, socket or fifo")
	case !dir && (unix == typeDir || attr&dosDir != 0), dir && unix == typeFile:
		return fail(CodeNotRegular, raw, "its name and its attributes disagree on whether it is a folder")
	}
	return nil
}
