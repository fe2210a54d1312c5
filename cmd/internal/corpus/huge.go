package corpus

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"time"
)

// hugeFrame is the side of a frame of a huge document: 512 KiB each.
const hugeFrame = 512

// HugeLimit is the largest size Huge can make: pixel data is one element with a 32-bit length.
const HugeLimit = 4<<30 - 2<<20

// hugeMin leaves room for the head, a few frames and the padding element.
const hugeMin = 2 << 20

// Huge reads as one multi-frame DICOM file of the given size, rounded down to even and kept between 2 MiB and
// HugeLimit. Memory is one frame. The same size gives the same bytes.
func Huge(size int64) io.Reader {
	person := People(Options{})[0]
	w := newWorkshop(Options{}.sizes(), true)
	return w.huge(person, size)
}

func hugeSize(size int64) int64 { return max(hugeMin, min(HugeLimit, size)) &^ 1 }

// hugeBundle is an imaging bundle whose only document is streamed.
func (w *workshop) hugeBundle(p Person) Bundle {
	size := hugeSize(w.o.Huge)
	e := w.hugeEncounter(p)
	d := Document{Name: "IM000001.dcm", MediaType: "application/dicom", Size: size, entry: newStudy(e, hugeModality(), hugeFrame).entry()}
	d.Large = func() io.Reader { return w.huge(p, size) }
	f := &folder{workshop: w, e: e, documents: []Document{d}}
	return f.bundle()
}

func (w *workshop) hugeEncounter(p Person) *encounter {
	r := stream(w.o.Seed, p.Index, forHuge)
	return newEncounter(r, w.hospitalOf(p, 0, 1), p, "imaging", time.Date(2024, 12, 2, 0, 0, 0, 0, time.UTC), 98)
}

// hugeModality is Multi-frame Grayscale Word Secondary Capture.
func hugeModality() modality {
	return modality{code: "OT", class: "1.2.840.10008.5.1.4.1.1.7.3", study: "CINE", depth: 1200, noise: 5, pixelSpacingMM: "0.5"}
}

// huge draws everything anew, so that it can be read twice, also at the same time.
func (w *workshop) huge(p Person, size int64) io.Reader {
	size = hugeSize(size)
	e := w.hugeEncounter(p)
	s := newStudy(e, hugeModality(), hugeFrame)
	const frame = hugeFrame * hugeFrame * 2
	frames := (size - 64<<10) / frame
	head := &dicomWriter{}
	s.writeHead(head, 1, int(frames))
	head.pixels(frames * frame)
	tail := &dicomWriter{}
	tail.tag(0xfffcfffc, "OB") // Data Set Trailing Padding fills up to the size
	padding := size - int64(len(head.content)) - frames*frame - 12
	tail.content = binary.LittleEndian.AppendUint32(append(tail.content, 0, 0), uint32(padding))
	stock := newBodyStock(w.o.Seed)
	return io.MultiReader(bytes.NewReader(head.content), &frameReader{left: int(frames), body: stock.pick(e.r), r: e.r},
		bytes.NewReader(tail.content), io.LimitReader(zeros{}, padding))
}

// frameReader makes one frame at a time.
type frameReader struct {
	left    int
	body    body
	r       *rand.Rand
	content []byte // of the frame
	unread  []byte
}

func (f *frameReader) Read(p []byte) (int, error) {
	if len(f.unread) == 0 {
		if f.left == 0 {
			return 0, io.EOF
		}
		f.content = f.body.slice(f.content[:0], f.r, hugeModality(), hugeFrame, f.left)
		f.unread, f.left = f.content, f.left-1
	}
	n := copy(p, f.unread)
	f.unread = f.unread[n:]
	return n, nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
