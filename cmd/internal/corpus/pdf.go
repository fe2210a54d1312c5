package corpus

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
	"unicode/utf16"
)

// pdfWriter writes a PDF 1.4 by hand: objects one after another, then the table of their offsets.
type pdfWriter struct {
	bytes.Buffer
	offsets []int
}

func (w *pdfWriter) object(format string, args ...any) {
	w.offsets = append(w.offsets, w.Len())
	fmt.Fprintf(w, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(w.offsets)}, args...)...)
}

func (w *pdfWriter) stream(dictionary string, content []byte) {
	w.object("<< %s /Length %d >>\nstream\n%s\nendstream", dictionary, len(content), content)
}

// finish writes the cross-reference table: 20 bytes an entry, as ISO 32000 demands.
func (w *pdfWriter) finish(root, info int) []byte {
	at := w.Len()
	fmt.Fprintf(w, "xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1)
	for _, offset := range w.offsets {
		fmt.Fprintf(w, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(w, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(w.offsets)+1, root, info, at)
	return w.Bytes()
}

// pdfAlphabet gives each letter beyond ASCII one byte from 128 on, in order of appearance.
type pdfAlphabet struct{ letters []rune }

func (a *pdfAlphabet) encode(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune(`()\`, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 128:
			b.WriteRune(r)
		default:
			b.WriteByte(a.code(r))
		}
	}
	return b.String()
}

func (a *pdfAlphabet) code(r rune) byte {
	for i, known := range a.letters {
		if known == r {
			return byte(128 + i)
		}
	}
	if len(a.letters) == 127 {
		return '?'
	}
	a.letters = append(a.letters, r)
	return byte(127 + len(a.letters))
}

// differences names the glyphs (Adobe Glyph List: uniXXXX).
func (a *pdfAlphabet) differences() string {
	var b strings.Builder
	for _, r := range a.letters {
		fmt.Fprintf(&b, " /uni%04X", r)
	}
	return b.String()
}

// toUnicode lets a reader copy and search the text.
func (a *pdfAlphabet) toUnicode() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /K def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<00> <FF>\nendcodespacerange\n1 beginbfrange\n<20> <7E> <0020>\nendbfrange\n")
	for start := 0; start < len(a.letters); start += 100 { // the most a block may hold
		part := a.letters[start:min(start+100, len(a.letters))]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(part))
		for i, r := range part {
			fmt.Fprintf(&b, "<%02X> <%04X>\n", 128+start+i, r)
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nend\nend")
	return b.Bytes()
}

// writePDF writes one page: text, and below it, if scanned, the picture of a page.
func (f *folder) writePDF(s sheet, scanned bool) []byte {
	var alphabet pdfAlphabet
	var picture []byte
	if scanned {
		picture = f.pages.jpeg(s)
	}
	content := f.packer.pack(pageText(&alphabet, f.pdfLines(s, scanned), picture))
	w := &pdfWriter{}
	w.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	w.object("<< /Type /Catalog /Pages 2 0 R >>")
	w.object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	image := ""
	if scanned {
		image = " /XObject << /Im1 8 0 R >>"
	}
	w.object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >>%s >> >>", image)
	w.stream("/Filter /FlateDecode", content)
	w.object("<< /Type /Font /Subtype /Type1 /BaseFont /Courier /FirstChar 32 /LastChar 254 /Widths [%s] /ToUnicode 6 0 R /Encoding << /Type /Encoding /Differences [128%s] >> >>",
		strings.Repeat("600 ", 254-31), alphabet.differences()) // without widths, letters beyond ASCII would lie on top of each other
	w.stream("", alphabet.toUnicode())
	w.object("<< /Title <%s> /Producer (kartoteka corpus: made up) /CreationDate (D:%s) >>", utf16Hex(s.title()), s.at.Format("20060102150405Z"))
	if scanned {
		w.stream(fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode",
			pageWidth, jpegHeight(picture)), picture)
	}
	return w.finish(1, 7)
}

func utf16Hex(s string) string {
	var b strings.Builder
	b.WriteString("FEFF")
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	return b.String()
}

// packer deflates; one writer is kept because a new one costs more than the page.
type packer struct{ writer *zlib.Writer }

func (p *packer) pack(content []byte) []byte {
	var b bytes.Buffer
	if p.writer == nil {
		p.writer = zlib.NewWriter(&b)
	} else {
		p.writer.Reset(&b)
	}
	p.writer.Write(content)
	p.writer.Close()
	return b.Bytes()
}
