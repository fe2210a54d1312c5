package clinical

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf8"
)

// prefixSize is how much of a document the sniffer sees: past the 128-byte DICOM preamble and
// enough text to tell text from bytes.
const prefixSize = 4 << 10

// Which reader continues after the sniffer.
type readerKind int

const (
	readNothing readerKind = iota
	readDICOM
	readXML
	readJSON
	readHL7
)

// sniffed is a Header as far as the first bytes allow, and who reads on.
type sniffed struct {
	Header
	reader readerKind
}

func sniff(name string, prefix []byte) sniffed {
	if isDICOM(prefix) {
		return sniffed{Header{Format: DICOM, MediaType: "application/dicom"}, readDICOM}
	}
	for _, m := range magics {
		if m.matches(prefix) {
			h := Header{Format: m.format, MediaType: m.media, Compressed: m.compressed}
			if m.media == "application/zip" {
				h.MediaType = zipMedia(prefix)
			}
			return sniffed{h, readNothing}
		}
	}
	switch start := textStart(prefix); {
	case bytes.HasPrefix(start, []byte("<")):
		return sniffed{Header{}, readXML} // the root element decides
	case bytes.HasPrefix(start, []byte("{")):
		return sniffed{Header{}, readJSON} // resourceType decides
	case bytes.HasPrefix(start, []byte("MSH|")), bytes.HasPrefix(start, []byte("FHS|")), bytes.HasPrefix(start, []byte("BHS|")):
		// HL7 v2 has no registered media type; this is what IHE and most engines write.
		return sniffed{Header{Format: HL7v2, MediaType: "x-application/hl7-v2+er7"}, readHL7}
	}
	return sniffed{textOrOther(name, prefix), readNothing}
}

// magic is a file signature at an offset.
type magic struct {
	offset        int
	sign          string
	format, media string
	compressed    bool
}

func (m magic) matches(b []byte) bool {
	return len(b) >= m.offset+len(m.sign) && string(b[m.offset:m.offset+len(m.sign)]) == m.sign
}

// TIFF and PDF say nothing of compression here: both are envelopes, and some of what hospitals put in
// them (scans in CCITT G4, fonts, plain streams) still gains.
var magics = []magic{
	{0, "%PDF-", PDF, "application/pdf", false},
	{0, "\xef\xbb\xbf%PDF-", PDF, "application/pdf", false},
	{0, "\xff\xd8\xff", Image, "image/jpeg", true},
	{0, "\x89PNG\r\n\x1a\n", Image, "image/png", true},
	{0, "GIF87a", Image, "image/gif", true},
	{0, "GIF89a", Image, "image/gif", true},
	{0, "II*\x00", Image, "image/tiff", false},
	{0, "MM\x00*", Image, "image/tiff", false},
	{0, "II+\x00", Image, "image/tiff", false},
	{0, "MM\x00+", Image, "image/tiff", false},
	{0, "\x00\x00\x00\x0cjP  \r\n\x87\n", Image, "image/jp2", true},
	{0, "\xff\x4f\xff\x51", Image, "image/j2c", true},
	{8, "WEBPVP8", Image, "image/webp", true},
	{4, "ftypheic", Image, "image/heic", true},
	{4, "ftypmif1", Image, "image/heif", true},
	{4, "ftypavif", Image, "image/avif", true},
	{4, "ftyp", Other, "video/mp4", true},
	{0, "{\\rtf", Text, "application/rtf", false},
	{0, "PK\x03\x04", Other, "application/zip", true},
	{0, "\x1f\x8b", Other, "application/gzip", true},
	{0, "\x28\xb5\x2f\xfd", Other, "application/zstd", true},
	{0, "\xfd7zXZ\x00", Other, "application/x-xz", true},
	{0, "BZh", Other, "application/x-bzip2", true},
	{0, "7z\xbc\xaf\x27\x1c", Other, "application/x-7z-compressed", true},
	{257, "ustar", Other, "application/x-tar", false},
}

// zipMedia reads the media type that ASiC (ETSI EN 319 162-1), OpenDocument and EPUB store as the first,
// uncompressed member, "mimetype".
func zipMedia(b []byte) string {
	const header = 30 // local file header of PKWARE APPNOTE 4.3.7
	if len(b) < header+8 || string(b[header:header+8]) != "mimetype" || b[8] != 0 || b[9] != 0 {
		return "application/zip"
	}
	size, extra := int(b[22])|int(b[23])<<8, int(b[28])|int(b[29])<<8
	start := header + 8 + extra
	if size == 0 || size > 127 || start+size > len(b) {
		return "application/zip"
	}
	for _, c := range b[start : start+size] {
		if c <= ' ' || c > '~' {
			return "application/zip"
		}
	}
	return string(b[start : start+size])
}

// textStart returns the first text of a document: past a byte order mark, white space and MLLP's
// leading 0x0B, UTF-16 folded to bytes. It is only good for comparing with ASCII.
func textStart(b []byte) []byte {
	if be, ok := utf16Order(b); ok {
		b = foldUTF16(b, be)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	return bytes.TrimLeft(b, " \t\r\n\v")
}

func textOrOther(name string, b []byte) Header {
	if be, ok := utf16Order(b); ok && looksLikeText(foldUTF16(b, be)) {
		return Header{Format: Text, MediaType: "text/plain; charset=utf-16"}
	}
	if !looksLikeText(b) {
		return Header{Format: Other, MediaType: "application/octet-stream"}
	}
	media := "text/plain"
	switch strings.ToLower(path.Ext(name)) {
	case ".csv":
		media = "text/csv"
	case ".md":
		media = "text/markdown"
	}
	if validUTF8Prefix(b) {
		media += "; charset=utf-8"
	}
	return Header{Format: Text, MediaType: media}
}

// looksLikeText holds for any 8-bit text, since old wards write windows-1250 and 1251: what betrays
// bytes is a control character.
func looksLikeText(b []byte) bool {
	for _, c := range b {
		if c < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", rune(c)) || c == 0x7f {
			return false
		}
	}
	return len(b) > 0
}

// validUTF8Prefix allows the last letter to be cut by the end of the prefix.
func validUTF8Prefix(b []byte) bool {
	for cut := 0; cut < utf8.UTFMax && cut <= len(b); cut++ {
		if utf8.Valid(b[:len(b)-cut]) {
			return cut == 0 || len(b) == prefixSize
		}
	}
	return false
}
