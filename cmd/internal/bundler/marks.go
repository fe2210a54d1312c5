package bundler

import (
	"bytes"
	"strings"

	"kartoteka/seal/clinical"
)

// marks looks for the traces of a document's own signature while its bytes go by. It is a hint for the producer, who
// must say what kind of signature it is; it proves nothing. UTF-16 and compressed PDF objects hide from it.
type marks struct {
	tail  []byte // end of what came before: a trace may lie across two writes
	xades bool
	pades bool
}

var (
	xadesMark = []byte("http://uri.etsi.org/01903/")  // ETSI EN 319 132-1, the namespace of QualifyingProperties
	padesMark = []byte("ETSI.CAdES.detached")         // ETSI EN 319 142-1 §6.3, /SubFilter
	pkcs7Mark = []byte("adbe.pkcs7.detached")         // ISO 32000-1 §12.8.3.3, what PAdES grew out of
	asicTypes = "application/vnd.etsi.asic-"          // ETSI EN 319 162-1
	adocTypes = "application/vnd.lt.archyvai.adoc-20" // Lithuanian ADOC-V1.0, V2.0
)

func (m *marks) Write(p []byte) (int, error) {
	const keep = 32 // no shorter than any trace
	joint := append(m.tail, p[:min(len(p), keep)]...)
	for _, b := range [][]byte{joint, p} {
		m.xades = m.xades || bytes.Contains(b, xadesMark)
		m.pades = m.pades || bytes.Contains(b, padesMark) || bytes.Contains(b, pkcs7Mark)
	}
	if len(p) >= keep {
		m.tail = append(m.tail[:0], p[len(p)-keep:]...)
	} else {
		m.tail = append(m.tail[:0], joint[max(0, len(joint)-keep):]...)
	}
	return len(p), nil
}

// format of the signature that was seen, where the document's own format can carry it.
func (m *marks) format(h clinical.Header) string {
	switch {
	case strings.HasPrefix(h.MediaType, asicTypes):
		return "asic"
	case strings.HasPrefix(h.MediaType, adocTypes):
		return "adoc"
	case m.pades && h.Format == clinical.PDF:
		return "pades"
	case m.xades && (strings.HasSuffix(h.MediaType, "/xml") || strings.HasSuffix(h.MediaType, "+xml")):
		return "xades"
	}
	return ""
}
