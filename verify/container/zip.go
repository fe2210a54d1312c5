package container

import (
	"bufio"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/flate"
)

// zipFile is a container that is a ZIP. Section numbers in these files are those
// of PKWARE's APPNOTE.TXT 6.3.10.
type zipFile struct {
	r     io.ReaderAt
	files []zipEntry // regular files sorted by name

	// Of a file opened by path; f is nil for NewZip.
	f    *os.File
	path string
	info fs.FileInfo
}

// zipEntry is one central directory header, and where its data begins.
type zipEntry struct {
	name   string // without the slash of a folder
	dir    bool
	flags  uint16
	method uint16
	crc    uint32
	packed int64
	size   int64
	offset int64 // of the local header
	data   int64 // of the packed bytes, known once the local header was read
}

const (
	store   = 0 // §4.4.5
	deflate = 8

	flagEncrypted  = 1 << 0 // §4.4.4
	flagLevel      = 1<<1 | 1<<2
	flagDescriptor = 1 << 3
	flagPatch      = 1 << 5
	flagStrong     = 1 << 6
	flagUTF8       = 1 << 11
	flagMasked     = 1 << 13 // local header values hidden
)

// openZipFile opens a file that os.Stat described as fi.
func openZipFile(path string, fi fs.FileInfo, lim Limits) (*Container, error) {
	if !fi.Mode().IsRegular() {
		return nil, fail(CodeNotRegular, "", "neither a file nor a folder (%s)", fi.Mode().Type())
	}
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, fail(CodeUnreadable, "", "%w", err)
	}
	z := &zipFile{r: f, f: f, path: path, info: fi}
	// Between os.Stat and here another file, even a fifo, may have come.
	if err = z.stampSame(); err == nil {
		z.files, err = scanZip(f, fi.Size(), lim)
		if err != nil {
			err = z.verdict(err) // a file still being written looks like anything
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Container{entries: z.list(), form: z}, nil
}

// scanZip accounts for every byte of a ZIP, from the end to the beginning, and
// gives its files by name.
func scanZip(r io.ReaderAt, size int64, lim Limits) ([]zipEntry, error) {
	end, err := readEnd(r, size)
	if err != nil {
		return nil, err
	}
	all, err := readCentral(r, end, lim)
	if err != nil {
		return nil, err
	}
	if err := checkLocals(r, all, end.offset); err != nil {
		return nil, err
	}
	return checkTree(r, all, size, lim)
}

func (z *zipFile) list() []Entry {
	out := make([]Entry, len(z.files))
	for i, e := range z.files {
		out[i] = Entry{Name: e.name, Size: e.size}
	}
	return out
}

func (z *zipFile) open(i int) (io.ReadCloser, error) {
	e := z.files[i]
	x := &exact{name: e.name, left: e.size, crc: newCRC(), want: e.crc, verdict: z.verdict}
	section := io.NewSectionReader(z.r, e.data, e.packed)
	if e.method == store {
		x.src = section
		return x, nil
	}
	// flate takes no byte more than it needs from an io.ByteReader, so what it
	// leaves was hidden behind the end of its stream.
	packed := bufio.NewReader(section)
	inflate := flate.NewReader(packed)
	x.src, x.close = inflate, inflate.Close
	x.tail = func() error {
		if _, err := packed.ReadByte(); err != io.EOF {
			return fail(CodeSizeMismatch, e.name, "packed bytes are left after the end of the deflate stream")
		}
		return nil
	}
	return x, nil
}

// verdict prefers "changed" over what a change looks like.
func (z *zipFile) verdict(err error) error {
	if cerr := z.stampSame(); cerr != nil {
		return cerr
	}
	return err
}

func (z *zipFile) stampSame() error {
	if z.f == nil {
		return nil
	}
	now, err := z.f.Stat()
	if err != nil {
		return fail(CodeUnreadable, "", "%w", err)
	}
	return sameStamp("", z.info, now)
}

func (z *zipFile) unchanged() error {
	if z.f == nil {
		return nil
	}
	if err := z.stampSame(); err != nil {
		return err
	}
	now, err := os.Stat(z.path)
	if err != nil {
		return notSeen("", err)
	}
	return sameStamp("", z.info, now)
}

func (z *zipFile) Close() error {
	if z.f == nil {
		return nil
	}
	return z.f.Close()
}
