package container

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// walk is one pass over a folder.
type walk struct {
	root  *os.Root
	lim   Limits
	tree  *tree
	files []folderFile
	total int64
}

func scanFolder(root *os.Root, lim Limits) ([]folderFile, error) {
	w := &walk{root: root, lim: lim, tree: newTree(lim)}
	fi, err := root.Lstat(".")
	if err != nil {
		return nil, fail(CodeUnreadable, "", "%w", err)
	}
	if err := w.dir(".", fi); err != nil {
		return nil, err
	}
	if err := w.tree.finish(); err != nil {
		return nil, err
	}
	slices.SortFunc(w.files, func(a, b folderFile) int { return strings.Compare(a.name, b.name) })
	return w.files, nil
}

// dir lists one directory, in batches: a folder of ten million files is refused
// after the first thousand, not after its list was built. Depth is bounded by
// CheckName.
func (w *walk) dir(name string, fi fs.FileInfo) error {
	d, err := openSame(w.root, name, fi)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		list, err := d.ReadDir(256)
		for _, e := range list {
			child := e.Name()
			if name != "." {
				child = name + "/" + child
			}
			if err := w.entry(child); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fail(CodeUnreadable, name, "%w", err)
		}
	}
}

func (w *walk) entry(name string) error {
	if err := CheckName(name, w.lim); err != nil {
		return err
	}
	fi, err := w.root.Lstat(name)
	if err != nil {
		return notSeen(name, err)
	}
	switch mode := fi.Mode(); {
	case mode.IsDir(): // never a link, and on Windows never a junction: those lack the bit
		if err := w.tree.addDir(name); err != nil {
			return err
		}
		return w.dir(name, fi)
	case mode&fs.ModeSymlink != 0:
		return fail(CodeLink, name, "it is a symbolic link")
	case !mode.IsRegular():
		return fail(CodeNotRegular, name, "it is no regular file (%s)", mode.Type())
	}
	if err := w.tree.addFile(name); err != nil {
		return err
	}
	w.files = append(w.files, folderFile{name, fi})
	return addSize(&w.total, name, fi.Size(), w.lim)
}
