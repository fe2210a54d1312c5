package container

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"testing"
)

// rawZip builds a ZIP header by header, so that each can lie.
type rawZip struct {
	prefix   []byte // before the first entry
	entries  []rawEntry
	gap      []byte // between the last entry and the central directory
	after    []byte // between the central directory and the end records
	end64    bool
	endPatch func(end []byte)            // the 22 bytes
	patch64  func(end64, locator []byte) // the 56 and 20 bytes
	central  func(central []byte) []byte // the whole central directory
	trailing []byte
}

type rawEntry struct {
	name       string
	body       string
	deflate    bool
	flags      uint16
	extra      []byte // both headers
	attr       uint32
	descriptor int // 0, 12, 16, 20 or 24 bytes; sets flag bit 3
	comment    string
	gap        []byte         // after it
	local      func(h []byte) // patches the 30 bytes
	localName  string
	localExtra []byte
	dirExtra   []byte
	packed     []byte         // instead of what deflate gives
	dir        func(h []byte) // patches the 46 bytes
	desc       func(b []byte)
	offset     *uint32
	omit       bool // only the central header
}

func squeeze(s string) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	io.WriteString(w, s)
	w.Close()
	return b.Bytes()
}

func (e rawEntry) parts() (packed []byte, method uint16) {
	switch {
	case e.packed != nil && e.deflate:
		return e.packed, 8
	case e.packed != nil:
		return e.packed, 0
	case e.deflate:
		return squeeze(e.body), 8
	}
	return []byte(e.body), 0
}

func (z rawZip) bytes() []byte {
	out := bytes.Clone(z.prefix)
	var central []byte
	put := binary.LittleEndian
	for _, e := range z.entries {
		packed, method := e.parts()
		crc := crc32.ChecksumIEEE([]byte(e.body))
		flags := e.flags
		if e.descriptor > 0 {
			flags |= 8
		}
		h := make([]byte, 30)
		copy(h, sigLocal)
		put.PutUint16(h[4:], 20)
		put.PutUint16(h[6:], flags)
		put.PutUint16(h[8:], method)
		put.PutUint16(h[12:], 0x21)
		if e.descriptor == 0 {
			put.PutUint32(h[14:], crc)
			put.PutUint32(h[18:], uint32(len(packed)))
			put.PutUint32(h[22:], uint32(len(e.body)))
		}
		name := e.name
		if e.localName != "" {
			name = e.localName
		}
		lx := append(bytes.Clone(e.extra), e.localExtra...)
		put.PutUint16(h[26:], uint16(len(name)))
		put.PutUint16(h[28:], uint16(len(lx)))
		if e.local != nil {
			e.local(h)
		}
		offset := uint32(len(out))
		if e.offset != nil {
			offset = *e.offset
		}
		if !e.omit {
			out = append(out, h...)
			out = append(out, name...)
			out = append(out, lx...)
			out = append(out, packed...)
			out = append(out, rawDescriptor(e, crc, len(packed))...)
			out = append(out, e.gap...)
		}
		c := make([]byte, 46)
		copy(c, sigCentral)
		put.PutUint16(c[4:], 20)
		put.PutUint16(c[6:], 20)
		put.PutUint16(c[8:], flags)
		put.PutUint16(c[10:], method)
		put.PutUint16(c[14:], 0x21)
		put.PutUint32(c[16:], crc)
		put.PutUint32(c[20:], uint32(len(packed)))
		put.PutUint32(c[24:], uint32(len(e.body)))
		cx := append(bytes.Clone(e.extra), e.dirExtra...)
		put.PutUint16(c[28:], uint16(len(e.name)))
		put.PutUint16(c[30:], uint16(len(cx)))
		put.PutUint16(c[32:], uint16(len(e.comment)))
		put.PutUint32(c[38:], e.attr)
		put.PutUint32(c[42:], offset)
		if e.dir != nil {
			e.dir(c)
		}
		central = append(central, c...)
		central = append(central, e.name...)
		central = append(central, cx...)
		central = append(central, e.comment...)
	}
	out = append(out, z.gap...)
	if z.central != nil {
		central = z.central(central)
	}
	offset := len(out)
	out = append(out, central...)
	out = append(out, z.after...)
	return append(append(out, z.endRecords(offset, len(central), len(out))...), z.trailing...)
}

func rawDescriptor(e rawEntry, crc uint32, packed int) []byte {
	var b []byte
	if e.descriptor == 16 || e.descriptor == 24 {
		b = append(b, sigDescriptor...)
	}
	put := binary.LittleEndian
	switch e.descriptor {
	case 12, 16:
		b = put.AppendUint32(put.AppendUint32(put.AppendUint32(b, crc), uint32(packed)), uint32(len(e.body)))
	case 20, 24:
		b = put.AppendUint64(put.AppendUint64(put.AppendUint32(b, crc), uint64(packed)), uint64(len(e.body)))
	}
	if e.desc != nil {
		e.desc(b)
	}
	return b
}

func (z rawZip) endRecords(offset, length, at int) []byte {
	put := binary.LittleEndian
	end := make([]byte, 22)
	copy(end, sigEnd)
	n := uint16(len(z.entries))
	put.PutUint16(end[8:], n)
	put.PutUint16(end[10:], n)
	put.PutUint32(end[12:], uint32(length))
	put.PutUint32(end[16:], uint32(offset))
	var out []byte
	if z.end64 {
		e, l := make([]byte, 56), make([]byte, 20)
		copy(e, sigEnd64)
		put.PutUint64(e[4:], 44)
		put.PutUint64(e[24:], uint64(n))
		put.PutUint64(e[32:], uint64(n))
		put.PutUint64(e[40:], uint64(length))
		put.PutUint64(e[48:], uint64(offset))
		copy(l, sigLocator)
		put.PutUint64(l[8:], uint64(at))
		put.PutUint32(l[16:], 1)
		for i := 8; i < 20; i++ {
			end[i] = 0xff
		}
		if z.patch64 != nil {
			z.patch64(e, l)
		}
		out = append(e, l...)
	}
	if z.endPatch != nil {
		z.endPatch(end)
	}
	return append(out, end...)
}

// verdict opens a ZIP and reads all of it: the code of the first error, or "ok".
func verdict(b []byte, lim Limits) string {
	c, err := NewZip(bytes.NewReader(b), int64(len(b)), lim)
	if err != nil {
		return codeOf(err)
	}
	defer c.Close()
	return readAll(c)
}

func readAll(c *Container) string {
	for _, e := range c.Entries() {
		r, err := c.Open(e.Name)
		if err != nil {
			return codeOf(err)
		}
		n, err := io.Copy(io.Discard, r)
		r.Close()
		if n > e.Size {
			return "MORE THAN DECLARED"
		}
		if err != nil {
			return codeOf(err)
		}
		if n != e.Size {
			return "LESS THAN DECLARED"
		}
	}
	return "ok"
}

func content(t *testing.T, c *Container, name string) string {
	t.Helper()
	r, err := c.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got %v (code %q), want code %q", err, codeOf(err), code)
	}
}
