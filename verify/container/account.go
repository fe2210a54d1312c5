package container

import (
	"io"
	"slices"
	"strings"
)

// checkTree checks the entries against one another and the limits, and gives the
// files among them by name.
func checkTree(r io.ReaderAt, all []zipEntry, size int64, lim Limits) ([]zipEntry, error) {
	t := newTree(lim)
	var files []zipEntry
	var total int64
	for _, e := range all {
		if e.dir {
			if err := checkBare(r, e); err != nil {
				return nil, err
			}
			if err := t.addDir(e.name); err != nil {
				return nil, err
			}
			continue
		}
		if err := t.addFile(e.name); err != nil {
			return nil, err
		}
		if err := addSize(&total, e.name, e.size, lim); err != nil {
			return nil, err
		}
		if lim.bomb(e.size, e.packed) {
			return nil, fail(CodeRatio, e.name, "%d bytes would inflate to %d", e.packed, e.size)
		}
		files = append(files, e)
	}
	if lim.bomb(total, size) {
		return nil, fail(CodeRatio, "", "%d bytes would inflate to %d", size, total)
	}
	if err := t.finish(); err != nil {
		return nil, err
	}
	slices.SortFunc(files, func(a, b zipEntry) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

// addSize checks one size, and the sum, without ever overflowing it.
func addSize(total *int64, name string, size int64, lim Limits) error {
	if size > lim.MaxEntrySize {
		return fail(CodeTooLarge, name, "it has %d bytes, at most %d are allowed", size, lim.MaxEntrySize)
	}
	if size > lim.MaxTotalSize-*total {
		return fail(CodeTooLarge, name, "with it the files have more than %d bytes", lim.MaxTotalSize)
	}
	*total += size
	return nil
}

// checkBare checks that a folder's entry has no content. Java deflates nothing
// into the two bytes 03 00; that is the one other form there is.
func checkBare(r io.ReaderAt, e zipEntry) error {
	if e.size != 0 || e.crc != 0 {
		return fail(CodeNotRegular, e.name+"/", "the folder has content")
	}
	if e.packed == 0 && e.method == store {
		return nil
	}
	var b [2]byte
	if e.method != deflate || e.packed != int64(len(b)) {
		return fail(CodeNotRegular, e.name+"/", "the folder has content")
	}
	if err := readAt(r, b[:], e.data); err != nil {
		return err
	}
	if b != [2]byte{3, 0} {
		return fail(CodeNotRegular, e.name+"/", "the folder has content")
	}
	return nil
}
