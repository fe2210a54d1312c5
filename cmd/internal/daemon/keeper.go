package daemon

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// scanEvery is how often the spool is looked at without being told: news of the file system get lost.
const scanEvery = 30 * time.Second

// keeper owns the archive: its one goroutine, run, does everything that writes. Look-ups run beside it.
type keeper struct {
	log   *slog.Logger
	now   func() time.Time
	open  func() (*archive.Archive, error)
	desk  desk
	cal   calendar
	board *board
	pace  pace
	jobs  chan func() error // an error ends the daemon
	wake  chan struct{}
	over  chan struct{} // closed when run has ended
	file  string        // status file

	stamping stamping

	// Of the keeper's goroutine only.
	spool    waiting
	asks     []*ask
	failures int       // accessions that failed in a row
	hold     time.Time // nothing is taken in before
	reopened bool      // since the last commit
	night    time.Time // the next nightly time after which stamps are asked for
}

// desk is where the archive lies open. Whoever looks something up holds it for reading; it is changed for a freshly
// opened one only while nobody does.
type desk struct {
	mu sync.RWMutex
	a  *archive.Archive
}

func (d *desk) look(f func(*archive.Archive) error) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.a == nil {
		return wire.ErrStopping
	}
	return f(d.a)
}

func (d *desk) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.a == nil {
		return nil
	}
	err := d.a.Close()
	d.a = nil
	return err
}

func newKeeper(log *slog.Logger, now func() time.Time, open func() (*archive.Archive, error)) *keeper {
	k := &keeper{log: log, now: now, open: open, board: &board{log: log, now: now, beat: now()},
		jobs: make(chan func() error), wake: make(chan struct{}, 1), over: make(chan struct{})}
	k.stamping.Desk, k.stamping.Now, k.stamping.life, k.stamping.wake = stampDesk{k}, now, context.Background(), make(chan struct{}, 1)
	return k
}

// run keeps the archive until ctx is done or something ends it.
func (k *keeper) run(ctx context.Context) error {
	defer k.end()
	tick := time.NewTicker(scanEvery)
	defer tick.Stop()
	k.survey()
	for ctx.Err() == nil {
		wait, err := k.turn(ctx)
		if err != nil {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case job := <-k.jobs:
			err = job()
		case <-k.wake:
		case <-timer.C:
		case <-tick.C:
			k.survey()
			k.writeStatus()
		}
		timer.Stop()
		if err != nil {
			return err
		}
	}
	return nil
}

// turn looks at the spool, makes one accession if one is due or asked for, and says how long nothing is to be done.
func (k *keeper) turn(ctx context.Context) (wait time.Duration, err error) {
	k.scan()
	at, some := k.at()
	now := k.now()
	due := some && !at.After(now)
	if batch := k.spool.next(now, due, k.asked); len(batch) > 0 {
		return 0, k.intake(ctx, batch)
	}
	k.answer(nil)
	k.nightOver()
	if !some {
		return scanEvery, nil
	}
	return max(at.Sub(now), 10*time.Millisecond), nil
}

// at is when the next accession begins.
func (k *keeper) at() (at time.Time, some bool) {
	if at, some = k.spool.due(k.cal); some && at.Before(k.hold) {
		at = k.hold
	}
	return at, some
}

func (k *keeper) scan() {
	err := k.desk.look(func(a *archive.Archive) error {
		found, err := a.Spooled()
		if err == nil {
			k.spool.update(found, k.now())
		}
		return err
	})
	k.board.when(err != nil, wire.ProblemSpool, "the spool cannot be listed: "+safe(err))
	k.board.when(k.spool.stuck() > 0, wire.ProblemPostponed, "bundles cannot be judged for long: they cannot be read, or are still being written")
	at, some := k.at()
	var since time.Time
	if now := k.now(); !some {
		at = k.cal.next(now)
	} else if since = k.spool.list[0].came; at.Before(now) {
		at = now
	}
	k.board.turn(at, since)
}

// do has the keeper run f between two accessions, and waits for it.
func (k *keeper) do(f func() error) error {
	done := make(chan struct{})
	job := func() error {
		defer close(done)
		return f()
	}
	select {
	case k.jobs <- job:
		<-done
		return nil
	case <-k.over:
		return wire.ErrStopping
	}
}

// commit makes an accession of what stage stages, and no bundles.
func (k *keeper) commit(stage func(*archive.Accession) (seal.LeafIndex, error)) (leaf seal.LeafIndex, err error) {
	if stopped := k.do(func() (fatal error) {
		leaf, err = k.commitNow(stage)
		return k.settle(err)
	}); stopped != nil {
		return 0, stopped
	}
	return leaf, err
}

func (k *keeper) commitNow(stage func(*archive.Accession) (seal.LeafIndex, error)) (seal.LeafIndex, error) {
	acc, err := k.desk.a.Begin()
	if err != nil {
		return 0, err
	}
	defer acc.Abort()
	leaf, err := stage(acc)
	if err != nil {
		return 0, err
	}
	err = acc.Commit()
	var after *archive.AfterCommit
	switch {
	case errors.As(err, &after):
		k.log.Warn("after the commit", "leaf", leaf, "error", safe(err))
		err = nil
	case errors.Is(err, archive.ErrReopen):
		// Committed or not? There is one writer: if the log holds the event's place now, it holds the event.
		if fatal := k.reopen(err); fatal != nil {
			return 0, fatal
		}
		if k.desk.a.Head().Size > int64(leaf) {
			err = nil
		} else {
			err = errors.New("the event could not be committed; the archive was opened again, try once more")
		}
	}
	return leaf, err
}

// settle sorts out how writing ended. What it returns ends the daemon.
func (k *keeper) settle(err error) error {
	var bad *archive.Tampered
	var gone *lost
	switch {
	case err == nil:
		k.failures, k.hold, k.reopened = 0, time.Time{}, false
		k.board.clear(wire.ProblemSpace, wire.ProblemIntake)
		return nil
	case errors.As(err, &gone), errors.As(err, &bad), errors.Is(err, archive.ErrClock):
		return err
	case errors.Is(err, archive.ErrReopen), errors.Is(err, archive.ErrUnfinished), errors.Is(err, archive.ErrIndexDamaged):
		return k.reopen(err)
	case errors.Is(err, archive.ErrSpace):
		k.hold = k.now().Add(scanEvery)
		k.board.raise(wire.ProblemSpace, "the disk is full up to the reserve; nothing is taken in until there is room")
	}
	return nil
}

// reopen opens the archive again, once between two commits: only a fresh Open can tell how a broken commit ended, and
// it sets a damaged index aside.
func (k *keeper) reopen(cause error) error {
	if k.reopened {
		return cause
	}
	k.log.Warn("opening the archive again", "error", safe(cause))
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	k.reopened = true
	if err := k.desk.a.Close(); err != nil {
		k.log.Warn("close the archive", "error", safe(err))
	}
	a, err := k.open()
	if k.desk.a = a; err != nil {
		return &lost{err}
	}
	return nil
}

// lost says that the archive could not be opened again: there is nothing left to keep.
type lost struct{ error }

func (l *lost) Unwrap() error { return l.error }

// end gives up what still waits for the keeper.
func (k *keeper) end() {
	close(k.over)
	k.answer(wire.ErrStopping)
}
