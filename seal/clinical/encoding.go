package clinical

import (
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// xmlCharsets are the encodings a Polish, Ukrainian or Lithuanian system was ever likely to declare.
var xmlCharsets = map[string]encoding.Encoding{
	"iso-8859-1":   charmap.ISO8859_1,
	"latin1":       charmap.ISO8859_1,
	"us-ascii":     charmap.ISO8859_1,
	"iso-8859-2":   charmap.ISO8859_2,
	"iso-8859-4":   charmap.ISO8859_4,
	"iso-8859-5":   charmap.ISO8859_5,
	"iso-8859-13":  charmap.ISO8859_13,
	"iso-8859-15":  charmap.ISO8859_15,
	"windows-1250": charmap.Windows1250,
	"windows-1251": charmap.Windows1251,
	"windows-1252": charmap.Windows1252,
	"windows-1257": charmap.Windows1257,
	"koi8-u":       charmap.KOI8U,
}

var errCharset = errors.New("declared character set is not supported")

// xmlCharset is encoding/xml's CharsetReader. UTF-16 was turned into UTF-8 before the declaration
// could be read, so its declaration changes nothing.
func xmlCharset(label string, in io.Reader) (io.Reader, error) {
	label = strings.ToLower(strings.TrimSpace(label))
	if strings.HasPrefix(label, "utf-16") || label == "utf8" {
		return in, nil
	}
	if cs, ok := xmlCharsets[label]; ok {
		return cs.NewDecoder().Reader(in), nil
	}
	return nil, errCharset
}

// utf16Order tells UTF-16 by its byte order mark or, as XML 1.0 appendix F does, by a zero byte beside '<'.
func utf16Order(b []byte) (bigEndian, ok bool) {
	if len(b) < 2 {
		return false, false
	}
	switch [2]byte{b[0], b[1]} {
	case [2]byte{0xfe, 0xff}, [2]byte{0, '<'}:
		return true, true
	case [2]byte{0xff, 0xfe}, [2]byte{'<', 0}:
		return false, true
	}
	return false, false
}

func utf16Reader(in io.Reader, bigEndian bool) io.Reader {
	order := unicode.LittleEndian
	if bigEndian {
		order = unicode.BigEndian
	}
	return unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(in)
}

// foldUTF16 keeps the ASCII letters of UTF-16 and turns every other into '?'.
func foldUTF16(b []byte, bigEndian bool) []byte {
	var out []byte
	for i := 0; i+1 < len(b); i += 2 {
		high, low := b[i+1], b[i]
		if bigEndian {
			high, low = b[i], b[i+1]
		}
		switch {
		case high == 0xfe && low == 0xff: // byte order mark
		case high == 0 && low < 0x80:
			out = append(out, low)
		default:
			out = append(out, '?')
		}
	}
	return out
}
