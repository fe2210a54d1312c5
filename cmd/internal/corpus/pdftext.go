package corpus

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// pdfLines is the text of a printed page.
func (f *folder) pdfLines(s sheet, short bool) []string {
	lines := []string{
		s.hospital.Name, s.title(), s.made, "",
		fmt.Sprintf("%s: %s   %s", s.label["patient"], s.fullName(), s.firstNumber()),
		fmt.Sprintf("%s: %s   %s: %s", s.label["born"], s.patient.BirthDate, s.label["date"], s.at.Format(time.DateOnly)),
		fmt.Sprintf("%s: %s %s", s.label["diagnosis"], s.dx.code, s.illness), "",
	}
	parts := []struct {
		label string
		list  []string
	}{{"complaint", s.complaint}, {"history", s.history}, {"exam", s.exam}, {"course", s.course}, {"advice", s.advice}}
	if short {
		parts = parts[:1]
	}
	for _, part := range parts {
		lines = append(lines, strings.ToUpper(s.label[part.label]))
		lines = append(lines, wrap(s.paragraph(part.list, 3, 7), 100)...)
	}
	return append(lines, "", s.label["doctor"]+": "+s.doctor.String()+" "+s.doctor.ID)
}

// wrap breaks at spaces.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+utf8.RuneCountInString(word) >= width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// pageText is the content stream: 13 points a line from the top of A4, the picture, if any, at the foot.
func pageText(alphabet *pdfAlphabet, lines []string, picture []byte) []byte {
	var b bytes.Buffer
	b.WriteString("BT /F1 8 Tf 13 TL 50 800 Td\n")
	for _, line := range lines[:min(len(lines), 57)] {
		fmt.Fprintf(&b, "(%s) Tj T*\n", alphabet.encode(line))
	}
	b.WriteString("ET\n")
	if picture != nil {
		high := jpegHeight(picture)
		wide := min(430, 540*pageWidth/high)
		fmt.Fprintf(&b, "q %d 0 0 %d 60 40 cm /Im1 Do Q\n", wide, wide*high/pageWidth)
	}
	return b.Bytes()
}
