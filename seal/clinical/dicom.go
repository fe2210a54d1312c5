package clinical

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// Transfer syntaxes that change how the data set is read (PS3.5 annex A). Any other is Explicit VR
// Little Endian with compressed pixels, which are not read.
const (
	implicitLE = "1.2.840.10008.1.2"
	bigEndian  = "1.2.840.10008.1.2.2"
	deflatedLE = "1.2.840.10008.1.2.1.99"
	// JPEG, JPEG-LS, JPEG 2000, MPEG, HEVC and JPIP are all under this arc.
	compressedArc = "1.2.840.10008.1.2.4."
	mediaStorage  = "1.2.840.10008.1.3.10" // Media Storage Directory, the DICOMDIR
)

// isDICOM knows Part 10 by its magic. Files without it (ACR-NEMA habit, network dumps) are known by a
// first element in group 2 or 8 that makes sense, which no text file has: it starts with a control
// character.
func isDICOM(b []byte) bool {
	if len(b) >= 132 && string(b[128:132]) == "DICM" {
		return true
	}
	if len(b) < 10 {
		return false
	}
	group, element := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
	order := binary.ByteOrder(binary.LittleEndian)
	if group == 0x0800 {
		group, element, order = 0x0008, binary.BigEndian.Uint16(b[2:]), binary.BigEndian
	}
	switch {
	case group == 0x0002 && element <= 0x0010, group == 0x0008 && element <= 0x0070:
	default:
		return false
	}
	if vrs[string(b[4:6])] {
		return true
	}
	// Implicit: the next element must follow in order.
	next := 8 + int64(order.Uint32(b[4:]))
	if group != 0x0008 || next > 256 || next+4 > int64(len(b)) {
		return false
	}
	g, e := order.Uint16(b[next:]), order.Uint16(b[next+2:])
	return g == 0x0008 && e > element || g == 0x0010
}

// readDicom reads the File Meta Information and the data set up to (0042,0012). Pixel data
// (7FE0,0010) and everything else that is large comes after.
func readDicom(h *Header, in *bufio.Reader) {
	raw := &io.LimitedReader{R: in, N: maxRead}
	s := &elements{head: h, r: bufio.NewReader(raw), order: binary.LittleEndian, explicit: true}
	if b, _ := s.r.Peek(132); len(b) == 132 && string(b[128:]) == "DICM" {
		s.r.Discard(132)
	}
	f := &dicomFile{head: h, meta: &record{}}
	err := s.readMeta(f)
	if err == nil {
		s.onDirectory = f.directoryRecord
		f.data, err = s.readData(f.meta.uid(transferSyntaxUID))
	}
	f.finish()
	switch {
	case err == nil:
	case errors.Is(err, errDepth):
		h.warn("sequences nested too deeply, the rest was not read")
	case raw.N <= 0:
		h.warn("larger than 64 MiB before the pixel data, the rest was not read")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		h.warn("truncated data set")
	default:
		h.warn("malformed data set, the rest was not read")
	}
}

// readMeta reads group 2, which is Explicit VR Little Endian whatever follows (PS3.10 7.1).
func (s *elements) readMeta(f *dicomFile) error {
	for {
		b, err := s.r.Peek(2)
		if err == io.EOF && len(b) == 0 {
			return nil
		}
		if err != nil || binary.LittleEndian.Uint16(b) != 0x0002 {
			return err
		}
		e, err := s.header()
		if err == nil {
			err = s.value(f.meta, e)
		}
		if err != nil {
			return err
		}
	}
}

// readData reads the data set in the declared transfer syntax, or in the one its first bytes speak.
func (s *elements) readData(syntax string) (*record, error) {
	if syntax == deflatedLE {
		// RFC 1951 without a zlib header (PS3.5 A.5); what a small file inflates to is bounded too.
		s.r = bufio.NewReader(io.LimitReader(flate.NewReader(s.r), maxRead))
	}
	s.guess(syntax)
	data := &record{}
	err := s.dataset(data, forever, 0)
	return data, err
}

func (s *elements) guess(syntax string) {
	b, _ := s.r.Peek(8)
	if len(b) < 8 {
		return
	}
	s.explicit, s.order = syntax != implicitLE, binary.LittleEndian
	if syntax == bigEndian {
		s.order = binary.BigEndian
	}
	explicit := vrs[string(b[4:6])]
	swapped := b[0] == 0 && b[1] != 0 // a low group number, high byte first
	if syntax == "" {
		s.head.warn("no transfer syntax, guessed")
		s.explicit = explicit
		if swapped {
			s.order = binary.BigEndian
		}
		return
	}
	if explicit != s.explicit || swapped != (s.order == binary.BigEndian) {
		s.head.warn("data set is not in the declared transfer syntax")
		s.explicit = explicit
		if s.order = binary.LittleEndian; swapped {
			s.order = binary.BigEndian
		}
	}
}

// dicomFile is what was gathered of one file.
type dicomFile struct {
	head       *Header
	meta, data *record
	studies    int
}

func (f *dicomFile) finish() {
	h, meta, data := f.head, f.meta, f.data
	h.Study.TransferSyntax = meta.uid(transferSyntaxUID)
	h.Compressed = strings.HasPrefix(h.Study.TransferSyntax, compressedArc) || h.Study.TransferSyntax == deflatedLE
	if meta.uid(mediaClassUID) == mediaStorage || f.studies > 0 || len(h.Patients) > 0 {
		h.Format = DICOMDIR
		h.DocID = meta.uid(mediaInstanceUID)
		h.Class = "other"
		if f.studies > 1 {
			h.Study = Study{TransferSyntax: h.Study.TransferSyntax}
		}
		return
	}
	h.Study.SOPClassUID = first(data.uid(sopClassUID), meta.uid(mediaClassUID))
	h.Study.SOPInstanceUID = first(data.uid(sopInstanceUID), meta.uid(mediaInstanceUID))
	h.DocID = h.Study.SOPInstanceUID
	if data == nil {
		return
	}
	f.study(data)
	f.document(data)
	h.addPatient(data.patient(h))
}
