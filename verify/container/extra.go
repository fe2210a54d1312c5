package container

import "math"

// Extra fields we look at (§4.5); all others are well formed or refused, and ignored.
const (
	extraZip64   = 0x0001 // §4.5.3
	extraStrong  = 0x0017 // strong encryption
	extraUniPath = 0x7075 // a second name, §4.6.9
	extraAES     = 0x9901
)

// wide holds the fields of a header that zip64 may widen, all-ones where the
// header refers to the extra field.
type wide struct {
	size, packed, offset uint64
	disk                 uint32
	local                bool // a local header has no offset and no disk
	zip64                bool // the extra field was there
}

// fromExtra walks an extra field and takes the wide values from it.
func (w *wide) fromExtra(raw string, extra []byte) error {
	for len(extra) > 0 {
		if len(extra) < 4 {
			return fail(CodeHeader, raw, "its extra field is malformed")
		}
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if n > len(extra)-4 {
			return fail(CodeHeader, raw, "its extra field is malformed")
		}
		body := extra[4 : 4+n]
		extra = extra[4+n:]
		switch id {
		case extraZip64:
			if w.zip64 || !w.take(body) {
				return fail(CodeHeader, raw, "its zip64 extra field is malformed")
			}
			w.zip64 = true
		case extraUniPath:
			return fail(CodeNameEncoding, raw, "it has a second name (extra field 0x7075)")
		case extraStrong, extraAES:
			return fail(CodeEncrypted, raw, "it is encrypted")
		}
	}
	if w.size == math.MaxUint64 || w.packed == math.MaxUint64 || w.offset == math.MaxUint64 || w.disk == math.MaxUint32 {
		return fail(CodeHeader, raw, "its zip64 extra field is missing")
	}
	return nil
}

// take reads a zip64 field, in the fixed order size, packed, offset, disk. The
// standard puts in only what is all-ones in the header; Go's writer always puts
// in the first three, which is accepted if they say the same.
func (w *wide) take(b []byte) bool {
	longs := []*uint64{&w.size, &w.packed, &w.offset}
	if w.local {
		longs = longs[:2]
	}
	masked := 0
	for _, p := range longs {
		if *p == math.MaxUint64 {
			masked += 8
		}
	}
	disk := !w.local && w.disk == math.MaxUint32
	all := !disk && len(b) == 8*len(longs)
	if !all && !(disk && len(b) == masked+4) && !(!disk && len(b) == masked) {
		return false
	}
	for _, p := range longs {
		if !all && *p != math.MaxUint64 {
			continue
		}
		if !agree(p, le.Uint64(b)) {
			return false
		}
		b = b[8:]
	}
	if disk {
		w.disk = le.Uint32(b)
	}
	return true
}
