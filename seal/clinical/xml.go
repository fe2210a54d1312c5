package clinical

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

const (
	cdaSpace  = "urn:hl7-org:v3"
	fhirSpace = "http://hl7.org/fhir"
)

var (
	errDTD   = errors.New("document type declaration refused")
	errDepth = errors.New("nested too deeply")
)

// xmlTokens is an XML token stream that refuses DTDs and deep nesting. encoding/xml knows only the
// five predefined entities and character references, so without a DTD nothing expands.
type xmlTokens struct {
	dec     *xml.Decoder
	raw     *io.LimitedReader
	depth   int
	doctype string // name of the refused DTD's root element
}

func newXMLTokens(in io.Reader, prefix []byte) *xmlTokens {
	raw := &io.LimitedReader{R: in, N: maxRead}
	var text io.Reader = raw
	if be, ok := utf16Order(prefix); ok {
		text = utf16Reader(raw, be)
	}
	dec := xml.NewDecoder(bufio.NewReader(io.LimitReader(&cutRuns{r: text}, maxXML)))
	dec.CharsetReader = xmlCharset
	return &xmlTokens{dec: dec, raw: raw}
}

func (x *xmlTokens) next() (xml.Token, error) {
	tok, err := x.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := tok.(type) {
	case xml.StartElement:
		if x.depth++; x.depth > maxDepth {
			return nil, errDepth
		}
	case xml.EndElement:
		x.depth--
	case xml.Directive:
		x.doctype = doctypeName(t)
		return nil, errDTD
	}
	return tok, nil
}

// skip leaves the element just begun. Unlike Decoder.Skip it keeps the depth limit.
func (x *xmlTokens) skip() error {
	for outer := x.depth; ; {
		if _, err := x.next(); err != nil || x.depth < outer {
			return err
		}
	}
}

// doctypeName is the local name of the root element a DTD is for.
func doctypeName(d xml.Directive) string {
	fields := strings.Fields(string(d[:min(len(d), 256)]))
	if len(fields) < 2 || !strings.EqualFold(fields[0], "DOCTYPE") {
		return ""
	}
	name := fields[1][strings.LastIndexByte(fields[1], ':')+1:]
	name, _, _ = strings.Cut(name, "[")
	return name
}

// readXMLDocument lets the root element decide what the document is.
func readXMLDocument(h *Header, in *bufio.Reader, prefix []byte) {
	h.Format, h.MediaType = Other, "application/xml"
	skipMark(in)
	x := newXMLTokens(in, prefix)
	root, err := x.root()
	switch {
	case err == errDTD && x.doctype == "ClinicalDocument":
		h.Format, h.MediaType = CDA, "text/xml"
	case err == errDTD && strings.EqualFold(x.doctype, "html"), err == nil && strings.EqualFold(root.Name.Local, "html"):
		h.Format, h.MediaType = Text, "text/html"
		return
	case err != nil && err != errDTD && looksLikeText(prefix) && !declaresXML(prefix):
		*h = textOrOther("", prefix) // text that happens to begin with '<'
		return
	case err != nil:
	case root.Name.Local == "ClinicalDocument" && (root.Name.Space == cdaSpace || root.Name.Space == ""):
		h.Format, h.MediaType = CDA, "text/xml" // what IHE XDM requires of a CDA document
		if root.Name.Space == "" {
			h.warn("ClinicalDocument has no namespace")
		}
		err = readCDA(h, x)
	case root.Name.Space == fhirSpace && isResourceType(root.Name.Local):
		h.Format, h.MediaType = FHIR, "application/fhir+xml"
		err = readFHIRXML(h, x, root)
	}
	x.report(h, err)
}

func declaresXML(prefix []byte) bool {
	start := textStart(prefix)
	return bytes.HasPrefix(start, []byte("<?xml")) || bytes.HasPrefix(start, []byte("<!"))
}

// root reads up to the first element.
func (x *xmlTokens) root() (xml.StartElement, error) {
	for {
		tok, err := x.next()
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := tok.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// report turns the reason a token stream ended into a warning.
func (x *xmlTokens) report(h *Header, err error) {
	var syntax *xml.SyntaxError
	switch {
	case err == nil || err == io.EOF && h.Format == Other:
	case errors.Is(err, errDTD):
		h.warn("document type declaration refused, nothing after it was read")
	case errors.Is(err, errDepth):
		h.warn("elements nested too deeply, the rest was not read")
	case x.raw.N <= 0:
		h.warn("larger than 64 MiB, the rest was not read")
	case x.dec.InputOffset() >= maxXML:
		h.warn("header larger than 8 MiB, the rest was not read")
	case strings.Contains(err.Error(), errCharset.Error()):
		h.warn("declared character set is not supported")
	case errors.As(err, &syntax), err == io.EOF:
		h.warn("malformed or truncated XML, the rest was not read")
	default:
		h.warn("unreadable XML, the rest was not read")
	}
}

// skipMark drops a UTF-8 byte order mark and MLLP's start byte.
func skipMark(in *bufio.Reader) {
	if b, _ := in.Peek(3); string(b) == "\xef\xbb\xbf" {
		in.Discard(3)
	}
	for {
		if b, _ := in.Peek(1); len(b) == 0 || !strings.Contains(" \t\r\n\v", string(b)) {
			return
		}
		in.Discard(1)
	}
}

// attribute returns an unqualified attribute, tidied, or "" where it is missing or too long.
func attribute(h *Header, e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local != name || a.Name.Space != "" {
			continue
		}
		if len(a.Value) > maxValue {
			h.warn("a value over 4 KiB was left out")
			return ""
		}
		return tidy(a.Value)
	}
	return ""
}
