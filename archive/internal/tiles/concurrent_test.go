package tiles

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// One writer publishes small steps while readers, who stand for other
// processes, open the log at the checkpoint they have just seen and go on
// reading at that size after it is no longer the newest.
func TestReadersWhileWriting(t *testing.T) {
	const last = 1500
	fsys, _ := newFS(t)
	ref := newReference(t, "a", last)
	w := newLog(t, fsys)
	var checkpoint atomic.Int64
	var done atomic.Bool
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !done.Load() {
				if err := readAll(w, fsys, checkpoint.Load(), ref); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for size := int64(0); size < last && !t.Failed(); {
		size = min(size+37, last)
		tree, err := w.Append(leavesOf("a", w.published().size, size))
		if err != nil {
			t.Error(err)
			break
		}
		checkpoint.Store(tree.Size)
		if err := w.Publish(tree.Size); err != nil {
			t.Error(err)
		}
	}
	done.Store(true)
	wg.Wait()
}

func readAll(w *Log, fsys *quick, size int64, ref reference) error {
	r, err := Open(fsys, "log", size)
	if err != nil {
		return err
	}
	tree, err := r.Tree()
	if err != nil {
		return err
	}
	want := int64(0)
	check := func(i int64, b []byte) error {
		if i != want || !bytes.Equal(b, leaf("a", i)) {
			return fmt.Errorf("leaf %d at size %d: %q", i, size, b)
		}
		want++
		return nil
	}
	if err := r.Leaves(0, size, check); err != nil {
		return fmt.Errorf("other process at size %d: %w", size, err)
	}
	want = 0
	if err := w.Leaves(0, size, check); err != nil {
		return fmt.Errorf("same process at size %d: %w", size, err)
	}
	root, err := w.RootAt(size)
	if err != nil || root != tree.Root {
		return fmt.Errorf("roots at size %d: %v and %v, %v", size, root, tree.Root, err)
	}
	if _, err := r.Inclusion(size/2, size); size > 0 && err != nil {
		return err
	}
	return nil
}
