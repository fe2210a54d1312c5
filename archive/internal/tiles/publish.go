package tiles

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Publish tells the log that the checkpoint of a size, the staged one or the
// one it has, is durable. The log has that size even if an error is returned;
// the error is about removing superseded partial tiles, which the next
// Publish does again. Call it once after Open too, for what a crash between a
// checkpoint and its Publish left.
//
// BUG: tlog-tiles wants partial tiles of every checkpoint served until the full
// tile is there. A remote reader with an older checkpoint finds them gone
// (404) and has to fetch the checkpoint again.
func (l *Log) Publish(size int64) error {
	old, err := l.advance(size)
	if err != nil {
		return err
	}
	var errs []error
	for level := entries; level < levels(size); level++ {
		errs = append(errs, l.sweep(level, old, size))
	}
	return errors.Join(errs...)
}

func (l *Log) advance(size int64) (old int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old = l.now.size
	switch {
	case l.next != nil && size == l.next.size:
		l.now, l.next = l.next, nil
	case size != old:
		return 0, fmt.Errorf("publish size %d: not the staged size, nor the log's %d", size, old)
	}
	return old, nil
}

// sweep removes superseded partial tiles at a level, in the directories where
// the edge is, was, or has just left. The directories are not synced: a tile
// that a power cut brings back is removed by a later Publish, or named by Check.
func (l *Log) sweep(level int, old, size int64) error {
	now := edgeTile(size, level)
	was := edgeTile(old, level)
	dirs := make(map[string]bool)
	for _, n := range []int64{now.N, max(now.N-1, 0), was.N} {
		full := tlog.Tile{L: level, N: n, W: width}
		dirs[path.Dir(tilePath(full))] = true
	}
	var errs []error
	for dir := range dirs {
		list, err := l.fsys.ReadDir(path.Join(l.dir, dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		for _, e := range list {
			name, ok := strings.CutSuffix(e.Name(), ".p")
			if !ok {
				continue
			}
			t, err := parseTilePath(path.Join(dir, name))
			if err == nil && t.N <= now.N {
				errs = append(errs, l.removePartials(sized(size, level, t.N)))
			}
		}
	}
	return errors.Join(errs...)
}

// removePartials removes the partial tiles narrower than t, provided that t is
// there: if it was lost, they may be the last copy of what they hold.
func (l *Log) removePartials(t tlog.Tile) error {
	if t.W == 0 {
		return nil
	}
	if _, err := l.fsys.Stat(l.path(t)); err != nil {
		return fmt.Errorf("partial tiles before %s stay: %w", l.path(t), err)
	}
	narrow := t
	narrow.W = 1
	dir := path.Dir(l.path(narrow))
	for _, w := range l.partials(dir) {
		if w >= t.W {
			break
		}
		if err := l.fsys.Remove(path.Join(dir, strconv.Itoa(w))); err != nil {
			return err
		}
	}
	if t.W == width {
		l.fsys.Remove(dir) // fails, rightly, if something else is in it
	}
	return nil
}
