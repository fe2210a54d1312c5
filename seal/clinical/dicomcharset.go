package clinical

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// dicomCharsets are the defined terms of (0008,0005) by number (PS3.3 C.12.1.1.2): "ISO_IR 100" and
// "ISO 2022 IR 100" are one repertoire.
var dicomCharsets = map[string]encoding.Encoding{
	"100": charmap.ISO8859_1, "101": charmap.ISO8859_2, "109": charmap.ISO8859_3, "110": charmap.ISO8859_4,
	"144": charmap.ISO8859_5, "127": charmap.ISO8859_6, "126": charmap.ISO8859_7, "138": charmap.ISO8859_8,
	"148": charmap.ISO8859_9, "203": charmap.ISO8859_15, "166": charmap.Windows874,
	"13": japanese.ShiftJIS, // JIS X 0201 is Shift JIS's single bytes
	"87": japanese.ISO2022JP, "159": japanese.ISO2022JP,
	"149": korean.EUCKR, "58": simplifiedchinese.GBK,
	"GB18030": simplifiedchinese.GB18030, "GBK": simplifiedchinese.GBK,
}

// escapes are ISO 2022's designations of a set to G1 (PS3.3 tables C.12-3 and C.12-4). Those of the
// Japanese sets are ISO-2022-JP's own and left to its decoder.
var escapes = []struct {
	sequence string
	set      encoding.Encoding
}{
	{"-A", charmap.ISO8859_1}, {"-B", charmap.ISO8859_2}, {"-C", charmap.ISO8859_3}, {"-D", charmap.ISO8859_4},
	{"-L", charmap.ISO8859_5}, {"-G", charmap.ISO8859_6}, {"-F", charmap.ISO8859_7}, {"-H", charmap.ISO8859_8},
	{"-M", charmap.ISO8859_9}, {"-b", charmap.ISO8859_15}, {"-T", charmap.Windows874}, {")I", japanese.ShiftJIS},
	{"$)C", korean.EUCKR}, {"$)A", simplifiedchinese.GBK},
}

// decodeDICOM turns a value into UTF-8 by its Specific Character Set.
func decodeDICOM(h *Header, charset, value string) string {
	value = strings.TrimRight(value, " \x00")
	if isASCII(value) {
		return value
	}
	names := strings.Split(strings.Trim(charset, " \x00"), `\`)
	initial, known := charsetOf(names[0])
	if initial == nil && known {
		return utf8Value(h, value) // UTF-8, or undeclared
	}
	if !known {
		h.warn("unknown SpecificCharacterSet, only ASCII was kept")
		return asciiOnly(value)
	}
	var out string
	if strings.Contains(value, "\x1b") {
		out = decode2022(initial, value)
	} else {
		out = decodeWith(initial, value)
	}
	if utf8.ValidString(value) && hasC1(out) {
		// No DICOM text has C1 control characters, so these bytes are UTF-8 under a false label.
		h.warn("text is UTF-8 but SpecificCharacterSet says otherwise")
		return value
	}
	if strings.ContainsRune(out, utf8.RuneError) {
		h.warn("text does not fit its SpecificCharacterSet")
	}
	return out
}

// charsetOf returns nil for UTF-8 and the default repertoire.
func charsetOf(term string) (set encoding.Encoding, known bool) {
	term = strings.TrimSpace(term)
	switch term {
	case "", "ISO_IR 192", "ISO_IR 6", "ISO 2022 IR 6":
		return nil, true
	}
	for _, prefix := range []string{"ISO_IR ", "ISO 2022 IR ", "ISO-IR ", "ISO IR ", "ISO_IR_", "ISO_2022_IR_"} {
		term = strings.TrimPrefix(term, prefix) // the misspellings are common
	}
	set, known = dicomCharsets[term]
	return set, known
}

// utf8Value reads UTF-8 and, where the value says nothing, assumes it if the bytes agree.
func utf8Value(h *Header, value string) string {
	if strings.Contains(value, "\x1b") { // an empty first value with code extensions
		return decode2022(nil, value)
	}
	if utf8.ValidString(value) {
		return value
	}
	h.warn("text does not fit its SpecificCharacterSet")
	return strings.ToValidUTF8(value, "\uFFFD")
}

// decode2022 follows escapes. The initial set comes back at every delimiter of a name or value
// (PS3.5 6.1.2.5.3).
func decode2022(initial encoding.Encoding, value string) string {
	var out strings.Builder
	head, rest, _ := strings.Cut(value, "\x1b")
	out.WriteString(decodeWith(initial, head))
	for rest != "" {
		var run string
		run, rest, _ = strings.Cut(rest, "\x1b")
		set, text := escape(run)
		if set == nil { // to ASCII, or a Japanese set: two-byte letters may hold a delimiter's byte
			out.WriteString(decodeWith(japanese.ISO2022JP, "\x1b"+run))
			continue
		}
		cut := strings.IndexAny(text, `^=\`)
		if cut < 0 {
			cut = len(text)
		}
		out.WriteString(decodeWith(set, text[:cut]))
		out.WriteString(decodeWith(initial, text[cut:]))
	}
	return out.String()
}

func escape(run string) (set encoding.Encoding, text string) {
	for _, e := range escapes {
		if text, ok := strings.CutPrefix(run, e.sequence); ok {
			return e.set, text
		}
	}
	return nil, run
}

func decodeWith(set encoding.Encoding, s string) string {
	if set == nil {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	out, err := set.NewDecoder().String(s)
	if err != nil {
		return asciiOnly(s)
	}
	return out
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 || r == 0x1b }) < 0
}

func hasC1(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 && r < 0xa0 }) >= 0
}

func asciiOnly(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] >= 0x80 || b[i] == 0x1b {
			b[i] = '?'
		}
	}
	return string(b)
}
