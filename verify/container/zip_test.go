package container

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

func u16(off int, v uint16) func([]byte) {
	return func(b []byte) { binary.LittleEndian.PutUint16(b[off:], v) }
}

func u32(off int, v uint32) func([]byte) {
	return func(b []byte) { binary.LittleEndian.PutUint32(b[off:], v) }
}

func both(f ...func([]byte)) func([]byte) {
	return func(b []byte) {
		for _, g := range f {
			g(b)
		}
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func one(e rawEntry) rawZip { return rawZip{entries: []rawEntry{e}} }

// x64 is a zip64 extra field of the given numbers.
func x64(v ...uint64) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{1, 0}, uint16(8*len(v)))
	for _, n := range v {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}

var full = uint32(0xffffffff)

func ptr(v uint32) *uint32 { return &v }

func TestZip(t *testing.T) {
	a := rawEntry{name: "a", body: "hello"}
	plain := rawZip{entries: []rawEntry{a, {name: "d/b.xml", body: strings.Repeat("x", 1000), deflate: true}}}
	cut := func(n int) []byte { b := plain.bytes(); return b[:len(b)-n] }
	ut := unhex("5554 0500 03 00000000") // Info-ZIP's times

	tests := []struct {
		name string
		zip  any // rawZip or []byte
		lim  Limits
		want string
	}{
		{"plain", plain, Limits{}, "ok"},
		{"extra fields are ignored", one(rawEntry{name: "a", body: "x", extra: ut}), Limits{}, "ok"},
		{"descriptor 12", one(rawEntry{name: "a", body: "hello", deflate: true, descriptor: 12}), Limits{}, "ok"},
		{"descriptor 16", one(rawEntry{name: "a", body: "hello", deflate: true, descriptor: 16}), Limits{}, "ok"},
		{"descriptor 20", one(rawEntry{name: "a", body: "hello", descriptor: 20}), Limits{}, "ok"},
		{"descriptor 24", one(rawEntry{name: "a", body: "hello", descriptor: 24}), Limits{}, "ok"},
		{"descriptor and values in the header, too", one(rawEntry{name: "a", body: "hello", descriptor: 16, local: both(u32(18, 5), u32(22, 5))}), Limits{}, "ok"},
		{"central directory in another order", rawZip{entries: []rawEntry{a, {name: "b"}}, central: func(c []byte) []byte { return append(bytes.Clone(c[47:]), c[:47]...) }}, Limits{}, "ok"},
		{"UTF-8", one(rawEntry{name: "zażółć.xml", body: "x", flags: 0x800}), Limits{}, "ok"},
		{"zip64 end", rawZip{entries: []rawEntry{a}, end64: true}, Limits{}, "ok"},
		{"zip64 end repeated in the old one", rawZip{entries: []rawEntry{a}, end64: true, endPatch: both(u16(8, 1), u16(10, 1))}, Limits{}, "ok"},
		{"zip64 sizes", one(rawEntry{name: "a", body: "hello", dir: both(u32(20, full), u32(24, full)), dirExtra: x64(5, 5), local: both(u32(18, full), u32(22, full)), localExtra: x64(5, 5)}), Limits{}, "ok"},
		{"zip64 as Go writes it", one(rawEntry{name: "a", body: "hello", dir: both(u32(20, full), u32(24, full)), dirExtra: x64(5, 5, 0)}), Limits{}, "ok"},
		{"zip64 streamed by Info-ZIP", one(rawEntry{name: "a", body: "hello", descriptor: 24, localExtra: x64(0, 0), local: both(u32(18, full), u32(22, full))}), Limits{}, "ok"},
		{"folder of a file", rawZip{entries: []rawEntry{{name: "d/"}, {name: "d/b", body: "x"}}}, Limits{}, "ok"},
		{"folder as Java writes it", rawZip{entries: []rawEntry{{name: "d/", deflate: true, packed: []byte{3, 0}, descriptor: 16}, {name: "d/b", body: "x"}}}, Limits{}, "ok"},
		{"a ZIP in it is a file", one(rawEntry{name: "in.zip", body: string(plain.bytes())}), Limits{}, "ok"},
		{"0 bytes in a document", one(rawEntry{name: "a"}), Limits{}, "ok"},

		{"0 bytes", []byte{}, Limits{}, CodeEmpty},
		{"no entries", rawZip{}, Limits{}, CodeEmpty},
		{"only a folder", one(rawEntry{name: "d/"}), Limits{}, CodeEmpty},
		{"not a ZIP", bytes.Repeat([]byte("ustar "), 100), Limits{}, CodeNotZip},
		{"too short for anything", []byte("x"), Limits{}, CodeNotZip},
		{"cut by one byte", cut(1), Limits{}, CodeTruncated},
		{"cut in the central directory", cut(40), Limits{}, CodeTruncated},
		{"only the beginning", plain.bytes()[:10], Limits{}, CodeTruncated},
		{"cut, with a ZIP stored in it", one(rawEntry{name: "in.zip", body: string(plain.bytes())}).bytes()[:30+6+len(plain.bytes())+9], Limits{}, CodeTruncated},
		{"cut right behind a ZIP stored in it", one(rawEntry{name: "in.zip", body: string(plain.bytes())}).bytes()[:30+6+len(plain.bytes())], Limits{}, CodeGap},
		{"beginning missing", plain.bytes()[5:], Limits{}, CodeTruncated},
		{"a byte after the end", rawZip{entries: []rawEntry{a}, trailing: []byte{0}}, Limits{}, CodeTrailingData},
		{"an archive comment", rawZip{entries: []rawEntry{a}, trailing: []byte("hi"), endPatch: u16(20, 2)}, Limits{}, CodeTrailingData},
		{"an archive comment that is cut", rawZip{entries: []rawEntry{a}, trailing: []byte("hi"), endPatch: u16(20, 3)}, Limits{}, CodeTruncated},
		{"another ZIP behind", append(plain.bytes(), plain.bytes()...), Limits{}, CodeGap},
		{"an entry's comment", one(rawEntry{name: "a", body: "x", comment: "hi"}), Limits{}, CodeHeader},

		{"prefix, offsets moved", rawZip{prefix: []byte("#!/bin/sh\n"), entries: []rawEntry{a}}, Limits{}, CodeGap},
		{"prefix, offsets not moved", append([]byte("#!/bin/sh\n"), plain.bytes()...), Limits{}, CodeGap},
		{"gap between entries", rawZip{entries: []rawEntry{{name: "a", body: "x", gap: []byte("hidden")}, {name: "b"}}}, Limits{}, CodeGap},
		{"gap as long as a descriptor, no flag", rawZip{entries: []rawEntry{{name: "a", body: "x", gap: make([]byte, 12)}, {name: "b"}}}, Limits{}, CodeGap},
		{"gap before the central directory", rawZip{entries: []rawEntry{a}, gap: []byte("hidden")}, Limits{}, CodeGap},
		{"gap behind the central directory", rawZip{entries: []rawEntry{a}, after: []byte("hidden")}, Limits{}, CodeGap},
		{"an entry the central directory omits", rawZip{entries: []rawEntry{a, {name: "b"}}, central: func(c []byte) []byte { return c[:47] }, endPatch: both(u16(8, 1), u16(10, 1))}, Limits{}, CodeGap},
		{"no descriptor where one should be", rawZip{entries: []rawEntry{{name: "a", body: "hello", flags: 8}, {name: "b"}}}, Limits{}, CodeOverlap},
		{"descriptor of 14 bytes", rawZip{entries: []rawEntry{{name: "a", body: "hello", descriptor: 12, gap: []byte("hi")}}}, Limits{}, CodeGap},
		{"descriptor, CRC differs", one(rawEntry{name: "a", body: "hello", descriptor: 16, desc: u32(4, 1)}), Limits{}, CodeCRC},
		{"descriptor, size differs", one(rawEntry{name: "a", body: "hello", descriptor: 16, desc: u32(8, 1)}), Limits{}, CodeSizeMismatch},
		{"descriptor, no signature", one(rawEntry{name: "a", body: "hello", descriptor: 24, desc: u32(0, 1)}), Limits{}, CodeHeader},

		{"two names for the same bytes", rawZip{entries: []rawEntry{a, {name: "b", body: "hello", omit: true, offset: ptr(0)}}}, Limits{}, CodeOverlap},
		{"entry within another", rawZip{entries: []rawEntry{{name: "a", body: string(one(rawEntry{name: "b", body: "x"}).bytes()[:32])}, {name: "b", body: "x", omit: true, offset: ptr(31)}}}, Limits{}, CodeOverlap},
		{"entry in the central directory", rawZip{entries: []rawEntry{a, {name: "b", omit: true, offset: ptr(40)}}}, Limits{}, CodeOverlap},
		{"offset beyond the file", rawZip{entries: []rawEntry{a, {name: "b", omit: true, offset: ptr(1 << 30)}}}, Limits{}, CodeOverlap},
		{"packed size beyond the file", one(rawEntry{name: "a", body: "hello", deflate: true, dir: u32(20, 1<<30)}), Limits{}, CodeOverlap},
		{"packed size near 2^63", one(rawEntry{name: "a", body: "hello", deflate: true, dir: both(u32(20, full)), dirExtra: x64(1<<63 - 1)}), Limits{}, CodeOverlap},
		{"packed size beyond 2^63", one(rawEntry{name: "a", body: "hello", deflate: true, dir: both(u32(20, full)), dirExtra: x64(1<<63 + 5)}), Limits{}, CodeOverlap},

		{"header: other name", one(rawEntry{name: "a", localName: "b", body: "x"}), Limits{}, CodeHeader},
		{"header: other flags", one(rawEntry{name: "a", body: "x", local: u16(6, 2)}), Limits{}, CodeHeader},
		{"header: other method", one(rawEntry{name: "a", body: "x", deflate: true, local: u16(8, 0)}), Limits{}, CodeHeader},
		{"header: other size", one(rawEntry{name: "a", body: "x", deflate: true, local: u32(22, 0)}), Limits{}, CodeSizeMismatch},
		{"header: other packed size", one(rawEntry{name: "a", body: "x", local: u32(18, 0)}), Limits{}, CodeSizeMismatch},
		{"header: other CRC", one(rawEntry{name: "a", body: "x", local: u32(14, 0)}), Limits{}, CodeCRC},
		{"header: other size beside a descriptor", one(rawEntry{name: "a", body: "xy", descriptor: 16, local: u32(22, 1)}), Limits{}, CodeSizeMismatch},
		{"header: no signature", one(rawEntry{name: "a", body: "x", local: u32(0, 0)}), Limits{}, CodeHeader},
		{"central: no signature", one(rawEntry{name: "a", body: "x", dir: u32(0, 0)}), Limits{}, CodeHeader},
		{"central: name beyond it", one(rawEntry{name: "a", body: "x", dir: u16(28, 500)}), Limits{}, CodeHeader},
		{"central: more bytes", rawZip{entries: []rawEntry{a}, central: func(c []byte) []byte { return append(c, "PK"...) }}, Limits{}, CodeHeader},
		{"unknown flag", one(rawEntry{name: "a", body: "x", flags: 1 << 4}), Limits{}, CodeHeader},
		{"extra field malformed", one(rawEntry{name: "a", body: "x", extra: unhex("5554 0900 03")}), Limits{}, CodeHeader},
		{"extra field of 3 bytes", one(rawEntry{name: "a", body: "x", dirExtra: []byte{0, 0, 0}}), Limits{}, CodeHeader},
		{"count smaller", rawZip{entries: []rawEntry{a, {name: "b"}}, endPatch: both(u16(8, 1), u16(10, 1))}, Limits{}, CodeHeader},
		{"count larger", rawZip{entries: []rawEntry{a}, endPatch: both(u16(8, 2), u16(10, 2))}, Limits{}, CodeHeader},
		{"zip64 field missing", one(rawEntry{name: "a", body: "hello", dir: u32(24, full)}), Limits{}, CodeHeader},
		{"zip64 field twice", one(rawEntry{name: "a", body: "hello", dir: u32(24, full), dirExtra: append(x64(5), x64(5)...)}), Limits{}, CodeHeader},
		{"zip64 field too long", one(rawEntry{name: "a", body: "hello", dir: u32(24, full), dirExtra: x64(5, 5)}), Limits{}, CodeHeader},
		{"zip64 field says otherwise", one(rawEntry{name: "a", body: "hello", dir: u32(24, full), dirExtra: x64(5, 4, 0)}), Limits{}, CodeHeader},
		{"zip64 end says otherwise", rawZip{entries: []rawEntry{a}, end64: true, endPatch: u32(12, 5)}, Limits{}, CodeHeader},
		{"zip64 end elsewhere", rawZip{entries: []rawEntry{a}, end64: true, patch64: func(e, l []byte) { l[8]-- }}, Limits{}, CodeHeader},
		{"zip64 end of version 2", rawZip{entries: []rawEntry{a}, end64: true, patch64: func(e, l []byte) { e[4] = 80 }}, Limits{}, CodeHeader},

		{"encrypted", one(rawEntry{name: "a", body: "x", flags: 1}), Limits{}, CodeEncrypted},
		{"strongly encrypted", one(rawEntry{name: "a", body: "x", flags: 1 << 6}), Limits{}, CodeEncrypted},
		{"central directory encrypted", one(rawEntry{name: "a", body: "x", flags: 1 << 13}), Limits{}, CodeEncrypted},
		{"AES", one(rawEntry{name: "a", body: "x", extra: unhex("0199 0700 0200 4145 03 0800")}), Limits{}, CodeEncrypted},
		{"method 12", one(rawEntry{name: "a", body: "x", dir: u16(10, 12)}), Limits{}, CodeMethod},
		{"patched data", one(rawEntry{name: "a", body: "x", flags: 1 << 5}), Limits{}, CodeMethod},
		{"split archive", rawZip{entries: []rawEntry{a}, endPatch: u16(4, 1)}, Limits{}, CodeMultiDisk},
		{"split archive, count", rawZip{entries: []rawEntry{a}, endPatch: u16(8, 0)}, Limits{}, CodeMultiDisk},
		{"split archive, entry", one(rawEntry{name: "a", body: "x", dir: u16(34, 1)}), Limits{}, CodeMultiDisk},
		{"split archive, zip64", rawZip{entries: []rawEntry{a}, end64: true, patch64: func(e, l []byte) { l[16] = 2 }}, Limits{}, CodeMultiDisk},

		{"link", one(rawEntry{name: "a", body: "/etc/passwd", attr: 0o120777 << 16}), Limits{}, CodeLink},
		{"reparse point", one(rawEntry{name: "a", body: "x", attr: 0x400}), Limits{}, CodeLink},
		{"device", one(rawEntry{name: "a", attr: 0o020666 << 16}), Limits{}, CodeNotRegular},
		{"fifo", one(rawEntry{name: "a", attr: 0o010666 << 16}), Limits{}, CodeNotRegular},
		{"socket", one(rawEntry{name: "a", attr: 0o140666 << 16}), Limits{}, CodeNotRegular},
		{"volume label", one(rawEntry{name: "a", attr: 8}), Limits{}, CodeNotRegular},
		{"folder by attribute only", one(rawEntry{name: "a", attr: 0x10}), Limits{}, CodeNotRegular},
		{"folder by name only", rawZip{entries: []rawEntry{{name: "d/", attr: 0o100644 << 16}, {name: "d/b"}}}, Limits{}, CodeNotRegular},
		{"folder with content", rawZip{entries: []rawEntry{{name: "d/", body: "x"}, {name: "d/b"}}}, Limits{}, CodeNotRegular},
		{"folder with packed content", rawZip{entries: []rawEntry{{name: "d/", deflate: true, packed: []byte("hi")}, {name: "d/b"}}}, Limits{}, CodeNotRegular},
		{"folder without a file", rawZip{entries: []rawEntry{a, {name: "d/"}, {name: "d/e/"}}}, Limits{}, CodeNotRegular},

		{"name: cp437", one(rawEntry{name: "za\xbe.xml"}), Limits{}, CodeNameEncoding},
		{"name: UTF-8 not said", one(rawEntry{name: "zażółć.xml"}), Limits{}, CodeNameEncoding},
		{"name: not UTF-8", one(rawEntry{name: "za\xbe.xml", flags: 0x800}), Limits{}, CodeNameEncoding},
		{"name: NFD", one(rawEntry{name: "o\u0301.xml", flags: 0x800}), Limits{}, CodeNameEncoding},
		{"name: a second one", one(rawEntry{name: "a", extra: unhex("7570 0600 01 43beb7e8 62")}), Limits{}, CodeNameEncoding},
		{"name: zip slip", one(rawEntry{name: "../../etc/passwd"}), Limits{}, CodeNameTraversal},
		{"name: zip slip, folder", rawZip{entries: []rawEntry{{name: "../"}, a}}, Limits{}, CodeNameTraversal},
		{"name: empty", one(rawEntry{name: ""}), Limits{}, CodeNameTraversal},
		{"name: a slash", one(rawEntry{name: "/"}), Limits{}, CodeNameTraversal},
		{"name: absolute", one(rawEntry{name: "/etc/passwd"}), Limits{}, CodeNameAbsolute},
		{"name: NUL byte", one(rawEntry{name: "a\x00.xml"}), Limits{}, CodeNameReserved},
		{"name: twice", rawZip{entries: []rawEntry{a, a}}, Limits{}, CodeDuplicate},
		{"name: folder twice", rawZip{entries: []rawEntry{{name: "d/"}, {name: "d/"}, {name: "d/b"}}}, Limits{}, CodeDuplicate},
		{"name: case twins", rawZip{entries: []rawEntry{a, {name: "A"}}}, Limits{}, CodeNameTwin},
		{"name: case twins of folders", rawZip{entries: []rawEntry{{name: "d/a"}, {name: "D/b"}}}, Limits{}, CodeNameTwin},
		{"name: full case folding", rawZip{entries: []rawEntry{{name: "straße", flags: 0x800}, {name: "STRASSE"}}}, Limits{}, CodeNameTwin},
		{"name: file and folder", rawZip{entries: []rawEntry{a, {name: "a/b"}}}, Limits{}, CodeDuplicate},
		{"name: folder and file", rawZip{entries: []rawEntry{{name: "a/b"}, a}}, Limits{}, CodeDuplicate},
		{"name: file and folder, case", rawZip{entries: []rawEntry{a, {name: "A/b"}}}, Limits{}, CodeNameTwin},

		{"contents: CRC", one(rawEntry{name: "a", body: "hello", packed: []byte("jello")}), Limits{}, CodeCRC},
		{"contents: stored sizes differ", one(rawEntry{name: "a", body: "hello", packed: []byte("hello!")}), Limits{}, CodeSizeMismatch},
		{"contents: inflates to less", one(rawEntry{name: "a", body: "hello", deflate: true, packed: squeeze("hell")}), Limits{}, CodeSizeMismatch},
		{"contents: inflates to more", one(rawEntry{name: "a", body: "hello", deflate: true, packed: squeeze("hello!")}), Limits{}, CodeSizeMismatch},
		{"contents: deflate cut", one(rawEntry{name: "a", body: strings.Repeat("hello", 9), deflate: true, packed: squeeze(strings.Repeat("hello", 9))[:8]}), Limits{}, CodeSizeMismatch},
		{"contents: deflate without its last bytes", one(rawEntry{name: "a", body: "", deflate: true, packed: []byte{2}}), Limits{}, CodeSizeMismatch},
		{"contents: bytes after deflate", one(rawEntry{name: "a", body: "hello", deflate: true, packed: append(squeeze("hello"), 0)}), Limits{}, CodeSizeMismatch},
		{"contents: no deflate", one(rawEntry{name: "a", body: "hello", deflate: true, packed: []byte{7, 1, 2, 3}}), Limits{}, CodeCRC},
		{"contents: empty is not nothing", one(rawEntry{name: "a", body: "", deflate: true, packed: squeeze("x")}), Limits{}, CodeSizeMismatch},

		{"limit: entries", rawZip{entries: []rawEntry{a, {name: "b"}, {name: "c"}}}, Limits{MaxEntries: 2}, CodeTooMany},
		{"limit: entries, at once", rawZip{entries: []rawEntry{a, {name: "b"}, {name: "c"}}}, Limits{MaxEntries: 1}, CodeTooMany},
		{"limit: claimed count", rawZip{entries: []rawEntry{a}, endPatch: both(u16(8, 65000), u16(10, 65000))}, Limits{}, CodeTooMany},
		{"limit: size", one(rawEntry{name: "a", body: "hello"}), Limits{MaxEntrySize: 4}, CodeTooLarge},
		{"limit: claimed size", one(rawEntry{name: "a", deflate: true, dir: u32(24, full), dirExtra: x64(1<<63 - 1), local: u32(22, full), localExtra: x64(1<<63 - 1)}), Limits{}, CodeTooLarge},
		{"limit: total", rawZip{entries: []rawEntry{a, {name: "b", body: "hello"}}}, Limits{MaxTotalSize: 9}, CodeTooLarge},
		{"limit: ratio", one(rawEntry{name: "a", body: strings.Repeat("x", 10000), deflate: true}), Limits{RatioFloor: 9999, MaxRatio: 100}, CodeRatio},
		{"limit: ratio below the floor", one(rawEntry{name: "a", body: strings.Repeat("x", 10000), deflate: true}), Limits{RatioFloor: 10000, MaxRatio: 100}, "ok"},
		{"limit: name", one(rawEntry{name: strings.Repeat("a/", 4) + "a"}), Limits{MaxNameBytes: 8}, CodeNameTooLong},
		{"limit: depth", one(rawEntry{name: strings.Repeat("a/", 8) + "a"}), Limits{}, CodeNameTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, ok := tt.zip.([]byte)
			if !ok {
				b = tt.zip.(rawZip).bytes()
			}
			if got := verdict(b, tt.lim); got != tt.want {
				_, err := NewZip(bytes.NewReader(b), int64(len(b)), tt.lim)
				t.Errorf("got %s, want %s (%v)", got, tt.want, err)
			}
		})
	}
}

// A ZIP that is accepted must not survive the loss or gain of a single byte.
func TestZipEveryCut(t *testing.T) {
	z := rawZip{end64: true, entries: []rawEntry{{name: "a", body: "hello", descriptor: 16}, {name: "d/"}, {name: "d/b", body: "xx", deflate: true}}}
	b := z.bytes()
	if got := verdict(b, Limits{}); got != "ok" {
		t.Fatal(got)
	}
	for i := range b {
		if got := verdict(b[:i], Limits{}); got != CodeTruncated && got != CodeEmpty && got != CodeNotZip {
			t.Errorf("first %d of %d bytes: %s", i, len(b), got)
		}
		if got := verdict(b[i+1:], Limits{}); got == "ok" {
			t.Errorf("without the first %d bytes: %s", i+1, got)
		}
		if got := verdict(append(bytes.Clone(b[:i]), b[i+1:]...), Limits{}); got == "ok" {
			t.Errorf("without byte %d: %s", i, got)
		}
		if got := verdict(append(append(bytes.Clone(b[:i]), b[i]), b[i:]...), Limits{}); got == "ok" {
			t.Errorf("with byte %d twice: %s", i, got)
		}
	}
}

// D. Fifield, "A better zip bomb" (2019), §"Overlapping files" with quoted local
// headers: every entry's deflate stream holds, in a stored block, the local
// header of the next, and ends in the one kernel they all share. All of it is
// valid for a reader that looks at one entry at a time.
func TestZipQuotedOverlap(t *testing.T) {
	const n = 20
	kernel, body := squeeze(strings.Repeat("0", 1<<20)), strings.Repeat("0", 1<<20)
	z := rawZip{}
	tail, text := kernel, body
	var offsets []uint32
	for i := n - 1; i >= 0; i-- {
		e := rawEntry{name: string(rune('a' + i)), body: text, deflate: true, packed: tail}
		local := one(e).bytes()[:30+1]
		z.entries = append([]rawEntry{e}, z.entries...)
		if i == 0 {
			break
		}
		block := binary.LittleEndian.AppendUint16([]byte{0}, uint16(len(local)))
		block = binary.LittleEndian.AppendUint16(block, ^uint16(len(local)))
		tail = append(append(block, local...), tail...)
		text = string(local) + text
	}
	for i := range z.entries {
		offsets = append(offsets, uint32(i*(31+5)))
		z.entries[i].offset, z.entries[i].omit = &offsets[i], i > 0
	}
	b := z.bytes()
	if got := verdict(b, Limits{}); got != CodeOverlap {
		t.Errorf("got %s, want %s", got, CodeOverlap)
	}
	assertStdlibOpens(t, b, n) // the bomb is well made
}

// 42.zip: its layers are files to us; nobody opens them. The layer itself may
// still not claim too much.
func TestZipNested(t *testing.T) {
	inner := one(rawEntry{name: "bomb", body: strings.Repeat("\x00", 1<<20), deflate: true})
	z := rawZip{}
	for i := range 16 {
		z.entries = append(z.entries, rawEntry{name: "lib " + string(rune('a'+i)) + ".zip", body: string(inner.bytes()), deflate: true})
	}
	if got := verdict(z.bytes(), Limits{RatioFloor: 1 << 19}); got != "ok" {
		t.Errorf("outer: got %s, want ok", got)
	}
	if got := verdict(inner.bytes(), Limits{RatioFloor: 1 << 19}); got != CodeRatio {
		t.Errorf("inner: got %s, want %s", got, CodeRatio)
	}
	// Many small ones below the floor are a bomb together.
	z.entries = nil
	for i := range 16 {
		z.entries = append(z.entries, rawEntry{name: string(rune('a' + i)), body: strings.Repeat("\x00", 1<<16), deflate: true})
	}
	if got := verdict(z.bytes(), Limits{RatioFloor: 1 << 17}); got != CodeRatio {
		t.Errorf("together: got %s, want %s", got, CodeRatio)
	}
}
