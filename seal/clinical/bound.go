package clinical

import (
	"io"
	"strings"
	"unicode"
)

// Limits, beside the reason for each.
const (
	maxRead  = 64 << 20 // of any document: bounds the time
	maxXML   = 8 << 20  // of XML after cutRuns: encoding/xml holds a whole token, so this bounds the memory
	maxHL7   = 1 << 20  // PID is in the first segments
	maxDepth = 100      // nested elements; real documents stay below 30
	maxValue = 4 << 10  // of one value that is kept
	maxRun   = 32 << 10 // of a string or base64 run that reaches a parser
)

// cutRuns drops what follows the first 32 KiB of a run of base64 letters and white space. An
// attachment in XML is such a run and can be longer than all memory; as it holds no markup, a
// shorter one leaves the document as well-formed as it was.
type cutRuns struct {
	r   io.Reader
	run int
}

func (c *cutRuns) Read(p []byte) (int, error) {
	for {
		n, err := c.r.Read(p)
		out := p[:0]
		for _, b := range p[:n] {
			if !base64Letter(b) {
				c.run = 0
			} else if c.run++; c.run > maxRun {
				continue
			}
			out = append(out, b)
		}
		if len(out) > 0 || err != nil || n == 0 {
			return len(out), err
		}
	}
}

func base64Letter(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' ||
		b == '+' || b == '/' || b == '=' || b == ' ' || b == '\n' || b == '\r' || b == '\t'
}

// cutStrings drops what follows the first 32 KiB of a JSON string, number or literal, and repeated
// white space, since json.Decoder holds each whole. It counts escapes as one letter, so it never cuts inside one.
type cutStrings struct {
	r        io.Reader
	inString bool
	space    bool // the letter before was white space
	escape   int  // letters of the running escape still to come
	run      int
}

func (c *cutStrings) Read(p []byte) (int, error) {
	for {
		n, err := c.r.Read(p)
		out := p[:0]
		for _, b := range p[:n] {
			if c.keep(b) {
				out = append(out, b)
			}
		}
		if len(out) > 0 || err != nil || n == 0 {
			return len(out), err
		}
	}
}

func (c *cutStrings) keep(b byte) bool {
	if !c.inString {
		return c.keepOutside(b)
	}
	switch {
	case c.escape == 1 && b == 'u':
		c.escape = 4
	case c.escape > 0:
		c.escape--
	case b == '"':
		c.inString, c.run = false, 0
		return true
	case b == '\\':
		c.escape = 1
		c.run++
	default:
		c.run++
	}
	return c.run <= maxRun
}

func (c *cutStrings) keepOutside(b byte) bool {
	space := c.space
	c.space = b == ' ' || b == '\t' || b == '\r' || b == '\n'
	c.inString = b == '"'
	if c.space || c.inString || strings.IndexByte("{}[]:,", b) >= 0 {
		c.run = 0
		return !(space && c.space)
	}
	c.run++
	return c.run <= maxRun
}

// tidy makes one line of a value: white space folded, control characters and broken letters dropped.
func tidy(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
