package corpus

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// modality is a kind of imaging: its SOP class and how it is called.
type modality struct {
	code, class    string
	study          string
	low, high      int   // images a series
	sides          []int // of a square image
	depth, noise   int   // amplitude of anatomy and of noise
	pixelSpacingMM string
}

var modalities = []modality{
	{"CT", "1.2.840.10008.5.1.4.1.1.2", "CT", 14, 34, []int{448, 480}, 1400, 5, "0.7"},
	{"MR", "1.2.840.10008.5.1.4.1.1.4", "MR", 12, 36, []int{256, 320, 384}, 900, 4, "0.9"},
	{"CR", "1.2.840.10008.5.1.4.1.1.1", "X-RAY", 1, 3, []int{448, 480}, 2600, 6, "0.5"},
	{"DX", "1.2.840.10008.5.1.4.1.1.1.1", "X-RAY", 1, 4, []int{448, 480}, 2800, 4, "0.4"},
	{"CT", "1.2.840.10008.5.1.4.1.1.2", "CT HEAD", 12, 28, []int{384, 480}, 1100, 5, "0.6"},
	{"MR", "1.2.840.10008.5.1.4.1.1.4", "MR KNEE", 8, 24, []int{192, 256, 320}, 800, 4, "0.8"},
}

// dicomWriter writes explicit VR, little endian (PS3.5 §7.1.2). Elements must come in the order of their tags.
type dicomWriter struct{ content []byte }

// element takes the tag as 0xGGGGEEEE.
func (w *dicomWriter) element(tag uint32, vr, value string) {
	if len(value)%2 == 1 {
		if vr == "UI" || vr == "OB" {
			value += "\x00"
		} else {
			value += " "
		}
	}
	w.tag(tag, vr)
	if vr == "OB" || vr == "OW" {
		w.content = binary.LittleEndian.AppendUint32(append(w.content, 0, 0), uint32(len(value)))
	} else {
		w.content = binary.LittleEndian.AppendUint16(w.content, uint16(len(value)))
	}
	w.content = append(w.content, value...)
}

func (w *dicomWriter) tag(tag uint32, vr string) {
	w.content = binary.LittleEndian.AppendUint16(w.content, uint16(tag>>16))
	w.content = binary.LittleEndian.AppendUint16(w.content, uint16(tag))
	w.content = append(w.content, vr...)
}

func (w *dicomWriter) short(tag uint32, v int) {
	w.element(tag, "US", string([]byte{byte(v), byte(v >> 8)}))
}

// pixels opens PixelData; the caller appends exactly size bytes.
func (w *dicomWriter) pixels(size int64) {
	w.tag(0x7fe00010, "OW")
	w.content = binary.LittleEndian.AppendUint32(append(w.content, 0, 0), uint32(size))
}

// fileMeta is the preamble and group 2, which says how long it is (PS3.10 §7.1).
func (w *dicomWriter) fileMeta(class, instance string) {
	var group dicomWriter
	group.element(0x00020001, "OB", "\x00\x01")
	group.element(0x00020002, "UI", class)
	group.element(0x00020003, "UI", instance)
	group.element(0x00020010, "UI", "1.2.840.10008.1.2.1")
	group.element(0x00020012, "UI", "2.25.20261121")
	group.element(0x00020013, "SH", "KARTOTEKA_TEST")
	w.content = append(append(w.content, make([]byte, 128)...), "DICM"...)
	length := binary.LittleEndian.AppendUint32(nil, uint32(len(group.content)))
	w.element(0x00020000, "UL", string(length))
	w.content = append(w.content, group.content...)
}

// study is what all images of one examination share.
type study struct {
	*encounter
	modality
	uid, series, frame string
	at                 time.Time
	side               int
}

func newStudy(e *encounter, m modality, side int) study {
	return study{e, m, dicomUID(e.r), dicomUID(e.r), dicomUID(e.r), e.start, side}
}

// writeHead writes everything before the pixels. instance counts from 1; frames > 1 only for multi-frame classes.
func (s study) writeHead(w *dicomWriter, instance, frames int) {
	uid := dicomUID(s.r)
	w.fileMeta(s.class, uid)
	day, clock := s.at.Format("20060102"), s.at.Format("150405")
	w.element(0x00080005, "CS", "ISO_IR 192")
	w.element(0x00080008, "CS", `ORIGINAL\PRIMARY`)
	w.element(0x00080016, "UI", s.class)
	w.element(0x00080018, "UI", uid)
	w.element(0x00080020, "DA", day)
	w.element(0x00080023, "DA", day)
	w.element(0x00080030, "TM", clock)
	w.element(0x00080033, "TM", clock)
	w.element(0x00080050, "SH", s.encounter.id)
	w.element(0x00080060, "CS", s.code)
	if frames > 1 {
		w.element(0x00080064, "CS", "WSD") // conversion type, of secondary capture only
	}
	w.element(0x00080070, "LO", "Made Up Imaging")
	w.element(0x00080080, "LO", dicomText(s.hospital.Name, 64))
	w.element(0x00080090, "PN", s.doctor.Family+"^"+s.doctor.Given)
	w.element(0x00081030, "LO", s.modality.study+" (test, made up)")
	s.writePatient(w)
	w.element(0x00180050, "DS", "5")
	w.element(0x0020000d, "UI", s.uid)
	w.element(0x0020000e, "UI", s.series)
	w.element(0x00200010, "SH", s.encounter.id)
	w.element(0x00200011, "IS", "1")
	w.element(0x00200013, "IS", strconv.Itoa(instance))
	w.element(0x00200020, "CS", "")
	w.element(0x00200032, "DS", fmt.Sprintf(`0\0\%d`, 5*instance))
	w.element(0x00200037, "DS", `1\0\0\0\1\0`)
	w.element(0x00200052, "UI", s.frame)
	s.writeImage(w, frames)
}

func (s study) writePatient(w *dicomWriter) {
	name, p := s.name(), s.patient
	w.element(0x00100010, "PN", strings.TrimRight(name.Family+"^"+strings.Join(name.Given, " ")+"^"+name.Patronymic, "^"))
	w.element(0x00100020, "LO", s.firstNumber())
	w.element(0x00100021, "LO", p.Identifiers[0].System+" "+p.Identifiers[0].Role)
	w.element(0x00100030, "DA", strings.ReplaceAll(p.BirthDate, "-", ""))
	w.element(0x00100040, "CS", p.Sex)
}

func (s study) writeImage(w *dicomWriter, frames int) {
	w.short(0x00280002, 1)
	w.element(0x00280004, "CS", "MONOCHROME2")
	if frames > 1 {
		w.element(0x00280008, "IS", strconv.Itoa(frames))
	}
	w.short(0x00280010, s.side)
	w.short(0x00280011, s.side)
	w.element(0x00280030, "DS", s.pixelSpacingMM+`\`+s.pixelSpacingMM)
	w.short(0x00280100, 16)
	w.short(0x00280101, 16)
	w.short(0x00280102, 15)
	w.short(0x00280103, 0)
	w.element(0x00281050, "DS", strconv.Itoa(s.depth/2))
	w.element(0x00281051, "DS", strconv.Itoa(s.depth))
}

// dicomText cuts to the number of characters the VR allows.
func dicomText(s string, most int) string {
	runes := []rune(s)
	return string(runes[:min(len(runes), most)])
}

// study adds one series; its images share anatomy, each with its own noise.
func (f *folder) study() {
	r := f.e.r
	m := pick(r, modalities)
	count := between(r, m.low, m.high)
	s := newStudy(f.e, m, pick(r, m.sides))
	if f.small {
		count, s.side = min(count, 2+count/6), min(s.side, 256)
	}
	body := f.bodies.pick(r)
	for i := range count {
		w := &dicomWriter{content: make([]byte, 0, 2048+s.side*s.side*2)}
		s.writeHead(w, i+1, 1)
		w.pixels(int64(s.side * s.side * 2))
		w.content = body.slice(w.content, r, s.modality, s.side, i)
		f.addImage(s, w.content)
	}
}

func (f *folder) addImage(s study, content []byte) {
	name := fmt.Sprintf("IM%06d.dcm", len(f.documents)+1)
	f.documents = append(f.documents, Document{Name: name, MediaType: "application/dicom", Bytes: content, Size: int64(len(content)), entry: s.entry()})
}

func (s study) entry() listed {
	return listed{Class: "image", Title: s.modality.study, Authored: s.at.Format(time.RFC3339), Author: &author{s.doctor.String(), s.doctor.ID}}
}
