package corpus

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"slices"
)

// A scanned page is put together from lines that were compressed before: encoding every page anew would give
// 15 MB/s. JPEG allows it because a restart marker resets the decoder (ITU T.81 E.1.4), deflate because a
// flushed block ends on a byte and looks back no further than we let it. Only the heading is drawn for each page.
const (
	pageWidth  = 848 // 106 blocks: A4 at about 100 dpi
	lineHeight = 32  // 4 rows of blocks
	stockLines = 48  // per language
)

// pageStock holds ready lines, each in both encodings, made when a language is first asked for.
type pageStock struct {
	seed  uint64
	lines map[string][]scanLine
	head  []byte // a JPEG up to its pixels

	deflate *flate.Writer
}

type scanLine struct {
	jpeg    []byte // entropy-coded segment
	deflate []byte // flushed deflate blocks
	pixels  []byte // as PNG filters them: a zero before each row
}

func newPageStock(seed uint64) pageStock {
	return pageStock{seed: seed, lines: map[string][]scanLine{}}
}

func (p *pageStock) of(language string) []scanLine {
	if lines := p.lines[language]; lines != nil {
		return lines
	}
	r := stream(p.seed, int(language[0]), forStock)
	n := narrator{tongueOf(language), r, pick(r, diagnoses).name(language)}
	lists := [][]string{n.complaint, n.history, n.exam, n.course, n.advice}
	lines := make([]scanLine, stockLines)
	for i := range lines {
		lines[i] = p.draw(r, typewritten(n.fill(pick(r, pick(r, lists)))), true)
	}
	p.lines[language] = lines
	return lines
}

// draw makes the line as the scanner sees it; deflate is left out where only JPEG is wanted.
func (p *pageStock) draw(r *rand.Rand, text string, both bool) scanLine {
	page := paper(r)
	write(page, 24, 9, text)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, page, &jpeg.Options{Quality: 75}); err != nil {
		panic(err) // into memory, of a size JPEG allows: cannot fail
	}
	sos := bytes.Index(b.Bytes(), []byte{0xff, 0xda})
	length := int(binary.BigEndian.Uint16(b.Bytes()[sos+2:]))
	if p.head == nil {
		p.head = slices.Clone(b.Bytes()[:sos+2+length])
	}
	line := scanLine{jpeg: b.Bytes()[sos+2+length : b.Len()-2]}
	for y := range lineHeight {
		line.pixels = append(line.pixels, 0)
		line.pixels = append(line.pixels, page.Pix[y*page.Stride:][:pageWidth]...)
	}
	if both {
		line.deflate = p.flushed(line.pixels)
	}
	return line
}

// paper is blank: grey that falls off towards the right, with a sensor's noise, blurred a little. Noise of this
// strength (σ ≈ 5) matters: with less, JPEG's fixed Huffman codes leave a third for zstd to find, which real scans do not.
func paper(r *rand.Rand) *image.Gray {
	page := image.NewGray(image.Rect(0, 0, pageWidth, lineHeight))
	left := 0
	for i := 0; i < len(page.Pix); i += 8 {
		word := r.Uint64()
		shade := 232 - i%pageWidth/60
		for k := range 8 {
			bits := int(word >> (8 * k))
			noise := bits&15 + bits>>4&15 - 15
			page.Pix[i+k] = byte(shade + (noise+left)/2)
			left = noise
		}
	}
	return page
}

// flushed deflates one line by itself: Reset forgets the lines before.
func (p *pageStock) flushed(pixels []byte) []byte {
	var b bytes.Buffer
	if p.deflate == nil {
		w, err := flate.NewWriter(&b, flate.DefaultCompression)
		if err != nil {
			panic(err) // the level is a constant
		}
		p.deflate = w
	}
	p.deflate.Reset(&b)
	p.deflate.Write(pixels)
	p.deflate.Flush()
	return b.Bytes()
}

// compose chooses the lines of a page under its own heading.
func (p *pageStock) compose(s sheet, most int, both bool) []scanLine {
	stock := p.of(s.code)
	page := []scanLine{
		p.draw(s.r, typewritten(fmt.Sprintf("%s  %s  %s", s.hospital.City, s.title(), s.at.Format("2006-01-02"))), both),
		p.draw(s.r, typewritten(fmt.Sprintf("%s  %s  %s  %s", s.fullName(), s.firstNumber(), s.patient.BirthDate, s.encounter.id)), both),
	}
	for _, i := range s.r.Perm(len(stock))[:between(s.r, 8, most)] { // no line twice: a page must not compress by itself
		page = append(page, stock[i])
	}
	return page
}

func (p *pageStock) jpeg(s sheet) []byte {
	lines := p.compose(s, 34, false)
	head := slices.Clone(p.head)
	sof := bytes.Index(head, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(head[sof+5:], uint16(len(lines)*lineHeight))
	sos := bytes.LastIndex(head, []byte{0xff, 0xda})
	interval := uint16(pageWidth / 8 * lineHeight / 8)
	out := append(slices.Clone(head[:sos]), 0xff, 0xdd, 0, 4, byte(interval>>8), byte(interval))
	out = append(out, head[sos:]...)
	for i, line := range lines {
		if i > 0 {
			out = append(out, 0xff, 0xd0+byte((i-1)%8))
		}
		out = append(out, line.jpeg...)
	}
	return append(out, 0xff, 0xd9)
}

func jpegHeight(picture []byte) int {
	sof := bytes.Index(picture, []byte{0xff, 0xc0})
	return int(binary.BigEndian.Uint16(picture[sof+5:]))
}

func (p *pageStock) png(s sheet) []byte {
	lines := p.compose(s, 22, true)
	pixels := []byte{0x78, 0x9c} // zlib's header; its blocks and check follow
	check := adler32.New()
	for _, line := range lines {
		pixels = append(pixels, line.deflate...)
		check.Write(line.pixels)
	}
	pixels = append(pixels, 1, 0, 0, 0xff, 0xff) // the empty last block
	pixels = check.Sum(pixels)
	header := binary.BigEndian.AppendUint32(nil, pageWidth)
	header = binary.BigEndian.AppendUint32(header, uint32(len(lines)*lineHeight))
	out := []byte("\x89PNG\r\n\x1a\n")
	out = pngChunk(out, "IHDR", append(header, 8, 0, 0, 0, 0)) // 8 bits, grey
	out = pngChunk(out, "IDAT", pixels)
	return pngChunk(out, "IEND", nil)
}

func pngChunk(out []byte, kind string, content []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(content)))
	start := len(out)
	out = append(append(out, kind...), content...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}
