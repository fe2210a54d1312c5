package daemon

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"kartoteka/cmd/internal/wire"
)

// gather is how long the watcher waits for more before it wakes the keeper: senders come in swarms.
const gather = 50 * time.Millisecond

// watch wakes the keeper when something appears in the spool. It is a convenience: without it the keeper looks every
// scanEvery.
func (k *keeper) watch(ctx context.Context, dir string) {
	for ctx.Err() == nil {
		err := k.watchOnce(ctx, dir)
		if ctx.Err() != nil {
			return
		}
		k.board.raise(wire.ProblemWatch, "no news from the file system, so the spool is only looked at every 30 seconds: "+safe(err))
		sleep(ctx, scanEvery)
	}
}

var errWatch = errors.New("the watched folder is gone")

func (k *keeper) watchOnce(ctx context.Context, dir string) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.Add(dir); err != nil {
		return err
	}
	k.board.clear(wire.ProblemWatch)
	k.poke() // for what came before the watch
	var later <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-later:
			later = nil
			k.poke()
		case e, ok := <-w.Events:
			switch {
			case !ok, e.Name == dir && e.Has(fsnotify.Remove|fsnotify.Rename):
				return errWatch
			case later == nil && e.Has(fsnotify.Create) && !strings.HasPrefix(filepath.Base(e.Name), "."):
				later = time.After(gather)
			}
		case err, ok := <-w.Errors:
			if !ok {
				return errWatch
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return err
			}
			k.poke()
		}
	}
}

// poke wakes the keeper; one waking is enough for all that came.
func (k *keeper) poke() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
