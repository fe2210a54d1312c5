package container

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// folder is a container that is a directory. os.Root keeps every access inside
// it, whatever is swapped under us; identity (os.SameFile) of each file as it
// was at Open keeps it the file that was checked.
type folder struct {
	path  string
	root  *os.Root
	lim   Limits
	files []folderFile // sorted by name
}

type folderFile struct {
	name string
	info fs.FileInfo
}

func openFolder(path string, fi fs.FileInfo, lim Limits) (*Container, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fail(CodeUnreadable, "", "%w", err)
	}
	f := &folder{path: path, root: root, lim: lim}
	f.files, err = scanFolder(root, lim)
	if err == nil {
		err = f.samePath(fi)
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	entries := make([]Entry, len(f.files))
	for i, file := range f.files {
		entries[i] = Entry{Name: file.name, Size: file.info.Size()}
	}
	return &Container{entries: entries, form: f}, nil
}

// openSame opens name and makes sure it is what fi describes: between Lstat and
// open a link or a fifo may have taken its place.
func openSame(root *os.Root, name string, fi fs.FileInfo) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, notSeen(name, err)
	}
	now, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fail(CodeUnreadable, name, "%w", err)
	}
	if !os.SameFile(fi, now) || now.Mode().Type() != fi.Mode().Type() {
		f.Close()
		return nil, fail(CodeChanged, name, "another file is in its place")
	}
	return f, nil
}

// notSeen tells what is gone, which is its owner's doing, from what a disk does not show.
func notSeen(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fail(CodeChanged, name, "it is gone: %w", err)
	}
	return fail(CodeUnreadable, name, "%w", err)
}

// sameStamp compares what the system tells of a regular file.
func sameStamp(name string, then, now fs.FileInfo) error {
	switch {
	case !os.SameFile(then, now):
		return fail(CodeChanged, name, "another file is in its place")
	case then.Size() != now.Size():
		return fail(CodeChanged, name, "it had %d bytes and has %d", then.Size(), now.Size())
	case !then.ModTime().Equal(now.ModTime()):
		return fail(CodeChanged, name, "it was modified at %s", now.ModTime().UTC())
	}
	return nil
}

func (f *folder) open(i int) (io.ReadCloser, error) {
	file := f.files[i]
	h, err := openSame(f.root, file.name, file.info)
	if err != nil {
		return nil, err
	}
	now, err := h.Stat()
	if err != nil {
		h.Close()
		return nil, fail(CodeUnreadable, file.name, "%w", err)
	}
	if err := sameStamp(file.name, file.info, now); err != nil {
		h.Close()
		return nil, err
	}
	return &exact{
		name: file.name, left: file.info.Size(), src: h, close: h.Close,
		verdict: func(err error) error {
			now, serr := h.Stat()
			if serr != nil {
				return fail(CodeUnreadable, file.name, "%w", serr)
			}
			if cerr := sameStamp(file.name, file.info, now); cerr != nil {
				return cerr
			}
			return err
		},
	}, nil
}

// samePath checks that the path the user gave still leads to this folder.
func (f *folder) samePath(then fs.FileInfo) error {
	now, err := os.Stat(f.path)
	if err != nil {
		return notSeen("", err)
	}
	if !os.SameFile(then, now) {
		return fail(CodeChanged, "", "another folder is in its place")
	}
	return nil
}

// unchanged looks at everything again: whatever came, went or differs.
func (f *folder) unchanged() error {
	self, err := f.root.Stat(".")
	if err != nil {
		return notSeen("", err)
	}
	if err := f.samePath(self); err != nil {
		return err
	}
	now, err := scanFolder(f.root, f.lim)
	var unseen *Error
	if errors.As(err, &unseen) && unseen.Code == CodeUnreadable {
		return err
	}
	if err != nil {
		return fail(CodeChanged, "", "it can no longer be accepted: %w", err)
	}
	for i := range max(len(now), len(f.files)) {
		switch {
		case i >= len(now) || i < len(f.files) && f.files[i].name < now[i].name:
			return fail(CodeChanged, f.files[i].name, "it is gone")
		case i >= len(f.files) || now[i].name < f.files[i].name:
			return fail(CodeChanged, now[i].name, "it is new")
		}
		if err := sameStamp(now[i].name, f.files[i].info, now[i].info); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) Close() error { return f.root.Close() }
