// Package container reads and writes the ZIP, or the folder, in which a bundle
// or a packet travels.
//
// The reader is strict: a ZIP has one encoding, every byte of the file belongs
// to a header or to an entry's data, and every name means the same file on
// every system. Two readers that differ on what a ZIP contains are how a signed
// document is swapped for another after it was checked; so what is ambiguous is
// refused rather than guessed. Nothing is extracted, and nothing is allocated
// because a header claims a size.
//
// The writer produces only what the reader accepts.
package container

import (
	"io"
	"os"
	"slices"
	"strings"
)

// Limits bound what a container may claim. A zero field means its default.
type Limits struct {
	MaxEntries   int   // files; folder entries are counted apart, to the same bound (default 1025: an envelope and 1,024 subjects)
	MaxEntrySize int64 // bytes of one file, inflated (default 64 GiB)
	MaxTotalSize int64 // bytes of all files, inflated (default 256 GiB)
	MaxRatio     int   // inflated : packed, of one entry and of the whole (default 200)
	RatioFloor   int64 // inflated bytes up to which MaxRatio is not asked (default 64 MiB)
	MaxNameBytes int   // bytes of a whole name (default 512)
	MaxDepth     int   // components of a name (default 8)
}

func (l Limits) withDefaults() Limits {
	orInt := func(p *int, def int) {
		if *p <= 0 {
			*p = def
		}
	}
	orInt64 := func(p *int64, def int64) {
		if *p <= 0 {
			*p = def
		}
	}
	orInt(&l.MaxEntries, 1025)
	orInt64(&l.MaxEntrySize, 64<<30)
	orInt64(&l.MaxTotalSize, 256<<30)
	orInt(&l.MaxRatio, 200)
	orInt64(&l.RatioFloor, 64<<20)
	orInt(&l.MaxNameBytes, 512)
	orInt(&l.MaxDepth, 8)
	return l
}

// bomb reports whether size bytes from packed bytes is more than data does.
// Deflate itself ends at 1032:1; division instead of multiplication, because
// packed*MaxRatio may overflow.
func (l Limits) bomb(size, packed int64) bool {
	return size > l.RatioFloor && size/int64(l.MaxRatio) > packed
}

// Entry is one regular file of a container.
type Entry struct {
	Name string // accepted by CheckName; forward slashes
	Size int64  // declared bytes; a reader from Open gives exactly so many or an error
}

// Container is an open, checked ZIP or folder.
// Its methods may be called from several goroutines.
type Container struct {
	path    string
	entries []Entry
	form    form
}

// form is what differs between a ZIP and a folder. Open is given an index into
// the sorted entries.
type form interface {
	open(i int) (io.ReadCloser, error)
	unchanged() error
	io.Closer
}

// Open opens the ZIP file or the folder at path and checks its structure: names,
// sizes, and for a ZIP that every byte is accounted for. The contents are checked
// while they are read. The file, or the folder's handle, stays open until Close.
//
// The path itself may be a symbolic link, it is the user's; entries may not.
func Open(path string, lim Limits) (*Container, error) {
	lim = lim.withDefaults()
	fi, err := os.Stat(path)
	if err != nil {
		return nil, inFile(fail(CodeUnreadable, "", "%w", err), path)
	}
	var c *Container
	if fi.IsDir() {
		c, err = openFolder(path, fi, lim)
	} else {
		c, err = openZipFile(path, fi, lim)
	}
	if err != nil {
		return nil, inFile(err, path)
	}
	c.path = path
	return c, nil
}

// NewZip reads a ZIP of the given size from r, which must stay as it is until
// the Container is no longer used. Close does not close r.
func NewZip(r io.ReaderAt, size int64, lim Limits) (*Container, error) {
	files, err := scanZip(r, size, lim.withDefaults())
	if err != nil {
		return nil, err
	}
	z := &zipFile{r: r, files: files}
	return &Container{entries: z.list(), form: z}, nil
}

// Entries returns the regular files, sorted by name. The caller may keep it.
func (c *Container) Entries() []Entry { return slices.Clone(c.entries) }

// Open returns a reader of one entry. It gives exactly Size bytes, then io.EOF
// only if the count and, in a ZIP, the CRC-32 are right and, in a folder, the
// file is still the one Open saw. What was read before an error is not to be
// trusted. A reader closed early has checked nothing.
func (c *Container) Open(name string) (io.ReadCloser, error) {
	i, ok := slices.BinarySearchFunc(c.entries, name, func(e Entry, n string) int {
		return strings.Compare(e.Name, n)
	})
	if !ok {
		return nil, inFile(fail(CodeNotFound, name, "%w", os.ErrNotExist), c.path)
	}
	r, err := c.form.open(i)
	if err != nil {
		return nil, inFile(err, c.path)
	}
	return &located{r, c.path}, nil
}

// Unchanged reports with CodeChanged whether the file is no longer what Open saw: its
// size, its modification time, and that the path still leads to this very file;
// for a folder every entry, and that none came or went. A sender who sets times
// back is not seen here; the digests see that. With NewZip it says nothing.
func (c *Container) Unchanged() error { return inFile(c.form.unchanged(), c.path) }

// Close releases the file. Readers still open fail afterwards.
func (c *Container) Close() error { return c.form.Close() }

// located adds the container's path to a reader's errors.
type located struct {
	io.ReadCloser
	path string
}

func (l *located) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = inFile(err, l.path)
	}
	return n, err
}
