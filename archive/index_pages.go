package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// bbolt follows page numbers without looking back: a flipped bit that makes a branch its own descendant sends it round
// and round until the stack is full, and that ends the process where no recover helps. So the pages are walked here
// first, with a list of those met.
//
// Numbers in a page are in the machine's byte order, as bbolt has them.
const (
	pageHead    = 16 // id (8), flags (2), count (2), overflow (4)
	pageBranch  = 0x01
	pageLeaf    = 0x02
	elementSize = 16 // branch: pos, key size, page id; leaf: flags, pos, key size, value size
	bucketFlag  = 0x01
	metaSize    = 64
)

// wholeIndex is the size up to which every page's head is looked at. Above it leaves are taken for leaves, as their
// first sibling is: then only branches are read, a hundredth of the file.
const wholeIndex = 256 << 20

type pageWalk struct {
	f     io.ReaderAt
	size  int64  // of a page
	limit uint64 // number of pages
	seen  []uint64
	whole bool
}

// checkPages says whether the pages of the database at path make trees. bbolt holds it open, so that nobody writes.
func checkPages(path string, pageSize int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	w := &pageWalk{f: f, whole: info.Size() <= wholeIndex, size: int64(pageSize), limit: uint64(info.Size() / int64(pageSize))}
	w.seen = make([]uint64, w.limit/64+1)
	root, err := w.meta()
	if err != nil {
		return err
	}
	return w.buckets(root)
}

// meta finds the root page as bbolt does: in the younger of the two meta pages whose checksum holds.
func (w *pageWalk) meta() (root uint64, err error) {
	var younger []byte
	for n := range int64(2) {
		m := make([]byte, metaSize)
		if _, err := w.f.ReadAt(m, n*w.size+pageHead); err != nil {
			return 0, err
		}
		if metaSum(m) && (younger == nil || binary.NativeEndian.Uint64(m[48:]) > binary.NativeEndian.Uint64(younger[48:])) {
			younger = m
		}
	}
	if younger == nil {
		return 0, errors.New("neither meta page holds")
	}
	return binary.NativeEndian.Uint64(younger[16:]), nil
}

// metaSum checks a meta page's FNV-1a sum.
func metaSum(m []byte) bool {
	h := uint64(14695981039346656037)
	for _, c := range m[:56] {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return binary.NativeEndian.Uint64(m[56:]) == h
}

// buckets walks the root's tree, whose leaves name the buckets, and then theirs. Ours do not nest.
func (w *pageWalk) buckets(root uint64) error {
	var roots []uint64
	err := w.tree(root, 0, func(id uint64, page []byte) error {
		for i := range int(binary.NativeEndian.Uint16(page[10:])) {
			e, err := element(page, i)
			if err != nil || binary.NativeEndian.Uint32(e)&bucketFlag == 0 {
				return errors.Join(err, errors.New("the root holds something else than buckets"))
			}
			at := pageHead + i*elementSize + int(binary.NativeEndian.Uint32(e[4:])) + int(binary.NativeEndian.Uint32(e[8:]))
			if at+8 > len(page) {
				return fmt.Errorf("page %d: a bucket lies outside it", id)
			}
			if r := binary.NativeEndian.Uint64(page[at:]); r != 0 { // 0: the bucket stands in this very page
				roots = append(roots, r)
			}
		}
		return nil
	})
	for _, r := range roots {
		if err == nil {
			err = w.tree(r, 0, nil)
		}
	}
	return err
}

func element(page []byte, i int) ([]byte, error) {
	at := pageHead + i*elementSize
	if at+elementSize > len(page) {
		return nil, errors.New("a page has more elements than room")
	}
	return page[at : at+elementSize], nil
}

// maxPageDepth is more than a tree of any size has.
const maxPageDepth = 32

// tree walks down from a page, and calls leaf with each leaf if it is not nil.
func (w *pageWalk) tree(id uint64, depth int, leaf func(uint64, []byte) error) error {
	if err := w.meet(id); err != nil {
		return err
	}
	page, err := w.page(id)
	if err != nil {
		return err
	}
	switch flags := binary.NativeEndian.Uint16(page[8:]); {
	case flags == pageLeaf && leaf != nil:
		return leaf(id, page)
	case flags == pageLeaf:
		return nil
	case flags != pageBranch || depth == maxPageDepth:
		return fmt.Errorf("page %d is neither branch nor leaf", id)
	}
	return w.branch(page, depth, leaf)
}

func (w *pageWalk) branch(page []byte, depth int, leaf func(uint64, []byte) error) error {
	for i := range int(binary.NativeEndian.Uint16(page[10:])) {
		e, err := element(page, i)
		if err != nil {
			return err
		}
		child := binary.NativeEndian.Uint64(e[8:])
		if i > 0 && !w.whole && leaf == nil && w.leafAt(binary.NativeEndian.Uint64(page[pageHead+8:])) {
			err = w.meet(child)
		} else {
			err = w.tree(child, depth+1, leaf)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *pageWalk) leafAt(id uint64) bool {
	head := make([]byte, pageHead)
	_, err := w.f.ReadAt(head, int64(id)*w.size)
	return err == nil && binary.NativeEndian.Uint16(head[8:]) == pageLeaf
}

// meet notes a page: in trees each is met once.
func (w *pageWalk) meet(id uint64) error {
	if id < 2 || id >= w.limit {
		return fmt.Errorf("page %d is outside the file", id)
	}
	if w.seen[id/64]&(1<<(id%64)) != 0 {
		return fmt.Errorf("page %d stands in two places", id)
	}
	w.seen[id/64] |= 1 << (id % 64)
	return nil
}

// maxOverflow bounds how much of a page with overflow is read: branches and the leaves of the root are short.
const maxOverflow = 64

// page reads a page and what it overflows into.
func (w *pageWalk) page(id uint64) ([]byte, error) {
	page := make([]byte, w.size)
	if _, err := w.f.ReadAt(page, int64(id)*w.size); err != nil {
		return nil, err
	}
	if binary.NativeEndian.Uint64(page) != id {
		return nil, fmt.Errorf("page %d says it is another", id)
	}
	over := min(binary.NativeEndian.Uint32(page[12:]), maxOverflow)
	if over == 0 || id+uint64(over) >= w.limit {
		return page, nil
	}
	page = make([]byte, w.size*int64(1+over))
	_, err := w.f.ReadAt(page, int64(id)*w.size)
	return page, err
}
