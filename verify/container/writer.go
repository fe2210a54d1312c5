package container

import (
	"archive/zip"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// Writer writes a ZIP that this package's reader accepts under the same Limits.
// The same entries in the same order give the same bytes, for one version of the
// compressor:
// no times, no attributes, no extra fields below 4 GiB.
//
// After an error the output is worthless; every later call repeats the error.
type Writer struct {
	Limits Limits // set before the first Create; zero is the default

	zw     *zip.Writer
	lim    Limits
	tree   *tree
	entry  *entryWriter
	total  int64         // bytes of all files so far
	packed int64         // of them packed by deflate, and stored
	idle   *flate.Writer // a compressor that is free
	err    error
}

// NewWriter returns a Writer to w. Close must be called; it does not close w.
func NewWriter(w io.Writer) *Writer {
	out := &Writer{zw: zip.NewWriter(w)}
	out.zw.RegisterCompressor(zip.Deflate, out.deflate)
	return out
}

// Create begins a file. Stored keeps the bytes as they are: for what is
// compressed already. The returned writer is good until the next Create or Close.
func (w *Writer) Create(name string, stored bool) (io.Writer, error) {
	if w.err != nil {
		return nil, w.err
	}
	if w.tree == nil {
		w.lim = w.Limits.withDefaults()
		w.tree = newTree(w.lim)
	}
	w.entry = nil
	if err := CheckName(name, w.lim); err != nil {
		return nil, w.stop(err)
	}
	if err := w.tree.addFile(name); err != nil {
		return nil, w.stop(err)
	}
	h := &zip.FileHeader{Name: name, Method: zip.Deflate}
	if stored {
		h.Method = zip.Store
	}
	// 1980-01-01 is where DOS time begins (§4.4.6); zero would be month 0, day 0.
	// Modified cannot be used: it adds an extra field.
	//lint:ignore SA1019 the field that has no side effect
	h.ModifiedDate = 0x0021
	zf, err := w.zw.CreateHeader(h)
	if err != nil {
		return nil, w.stop(&Error{Entry: name, Code: CodeUnreadable, Err: err})
	}
	w.entry = &entryWriter{w: w, name: name, to: zf, stored: stored}
	return w.entry, nil
}

// Close writes the central directory. A ZIP without files is an error.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	if w.tree == nil {
		return w.stop(fail(CodeEmpty, "", "no files were written"))
	}
	w.entry = nil
	err := w.zw.Close()
	w.err = errors.New("the writer is closed")
	return err
}

func (w *Writer) stop(err error) error {
	w.err = err
	return err
}

// entryWriter checks the limits on sizes before the bytes go out.
type entryWriter struct {
	w      *Writer
	name   string
	to     io.Writer
	stored bool
	size   int64
}

func (e *entryWriter) Write(p []byte) (int, error) {
	w := e.w
	if w.err != nil {
		return 0, w.err
	}
	if w.entry != e {
		return 0, errors.New("write to an entry after the next was begun")
	}
	n := int64(len(p))
	if n > w.lim.MaxEntrySize-e.size || n > w.lim.MaxTotalSize-w.total {
		return 0, w.stop(fail(CodeTooLarge, e.name, "it makes the container larger than the limits allow"))
	}
	e.size += n
	w.total += n
	if e.stored {
		w.packed += n
	}
	done, err := e.to.Write(p)
	if err != nil {
		w.stop(err)
	}
	return done, err
}

// level is where deflate is three times as fast as at its default and gives two in a hundred away.
const level = 3

// deflate is the compressor of one entry. The reader refuses what inflates too
// much, and honest files do (a blank image, a log of zeros): so long before
// Limits.MaxRatio is reached, this one goes on with stored blocks. That is still
// a deflate stream, a bit longer than it could be.
func (w *Writer) deflate(out io.Writer) (io.WriteCloser, error) {
	d := &deflater{w: w, out: out, fw: w.idle}
	w.idle = nil
	if d.fw != nil {
		d.fw.Reset(d)
		return &deflaterInput{d}, nil
	}
	var err error
	d.fw, err = flate.NewWriter(d, level)
	return &deflaterInput{d}, err
}

// deflater counts what comes out of the compressor.
type deflater struct {
	w       *Writer
	out     io.Writer
	fw      *flate.Writer
	size    int64 // came in
	packed  int64 // went out
	plainly bool  // stored blocks from here on
}

func (d *deflater) Write(p []byte) (int, error) {
	d.packed += int64(len(p))
	d.w.packed += int64(len(p))
	return d.out.Write(p)
}

// nearBomb asks for half of both limits: the compressor holds bytes back, and one
// more step may come in before the next question.
func (d *deflater) nearBomb() bool {
	half := d.w.lim
	half.RatioFloor /= 2
	half.MaxRatio = max(1, half.MaxRatio/2)
	return half.bomb(d.size, d.packed) || half.bomb(d.w.total, d.w.packed)
}

// deflaterInput is what archive/zip writes an entry's bytes to.
type deflaterInput struct{ d *deflater }

func (in *deflaterInput) Write(p []byte) (int, error) {
	d, done := in.d, 0
	step := max(512, min(1<<20, int(d.w.lim.RatioFloor/4)))
	for len(p) > 0 {
		if !d.plainly && d.nearBomb() {
			if err := d.goPlain(); err != nil {
				return done, err
			}
		}
		n, err := d.fw.Write(p[:min(step, len(p))])
		d.size += int64(n)
		done += n
		if err != nil {
			return done, err
		}
		p = p[n:]
	}
	return done, nil
}

// goPlain ends the compressed blocks at a byte boundary, without the final bit
// (RFC 1951 §3.2.4), and lets a compressor of level 0 continue the stream.
func (d *deflater) goPlain() error {
	if err := d.fw.Flush(); err != nil {
		return err
	}
	fw, err := flate.NewWriter(d, flate.NoCompression)
	d.fw, d.plainly = fw, true
	return err
}

// Close leaves the compressor to the next entry: a new one is a megabyte to clear.
func (in *deflaterInput) Close() error {
	err := in.d.fw.Close()
	if err == nil && !in.d.plainly {
		in.d.w.idle = in.d.fw
	}
	return err
}
