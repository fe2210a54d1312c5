package daemon

import (
	"context"
	"sync"
	"time"

	"kartoteka/archive"
	"kartoteka/cmd/internal/stamps"
	"kartoteka/cmd/internal/wire"
)

// stampRetry is how long it takes at most until an authority is asked again.
const stampRetry = time.Hour

// stamping has nights stamped. It follows the accessions and never holds them up: its commits are jobs of the keeper,
// and authorities are waited for outside of them.
type stamping struct {
	stamps.Stamps
	calendar stamps.Calendar
	life     context.Context // the daemon's: a request that goes away stops nothing
	wake     chan struct{}

	tried time.Time // a night was last gathered, or there was nothing to gather; stampNights' own

	mu      sync.Mutex   // never held while the desk is asked for
	plan    *stamps.Plan // as last reckoned; nil: not yet
	trouble string       // what failed in the archive at the last run
}

// stampDesk is the keeper as those see it who stamp.
type stampDesk struct{ *keeper }

func (d stampDesk) Look(f func(*archive.Archive) error) error { return d.desk.look(f) }

func (d stampDesk) Write(f func(*archive.Archive) error) (err error) {
	if stopped := d.do(func() error {
		d.board.take(true) // a renewal of decades of nights takes as long as it takes
		defer d.board.take(false)
		err = f(d.desk.a)
		return d.settle(err)
	}); stopped != nil {
		return stopped
	}
	return err
}

// nightOver wakes who stamps, once all that was due in a night is taken in; and at the start.
func (k *keeper) nightOver() {
	if now := k.now(); !now.Before(k.night) {
		k.night = k.cal.next(now)
		k.stamping.poke()
	}
}

func (s *stamping) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// stampNights runs beside the keeper.
func (k *keeper) stampNights(ctx context.Context) {
	s := &k.stamping
	select { // the night that was missed is made up for first
	case <-ctx.Done():
	case <-s.wake:
	}
	for failures := 0; ctx.Err() == nil; {
		pause := stampRetry
		if !k.stampNight(ctx) {
			pause = backoff(failures, stampRetry)
			failures++
		} else {
			failures = 0
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// stampNight does what is due; false when something waits still.
func (k *keeper) stampNight(ctx context.Context) bool {
	done := true
	if len(k.stamping.By) > 0 {
		r, err := k.stamping.Run(ctx, k.toGather())
		k.stamped(r, err)
		done = err == nil && len(r.Waiting) == 0
	}
	k.reckon()
	return done
}

// toGather says whether a nightly time has passed since the last night was gathered.
func (k *keeper) toGather() bool {
	if k.stamping.tried.IsZero() {
		if err := k.desk.look(func(a *archive.Archive) (err error) {
			k.stamping.tried, err = stamps.LastNight(a)
			return err
		}); err != nil {
			return false // what is wrong with the index stands on the board
		}
	}
	if now := k.now(); !k.cal.next(k.stamping.tried).After(now) {
		k.stamping.tried = now
		return true
	}
	return false
}

// stamped logs what a run did. What authorities say names nobody: they are shown hashes.
func (k *keeper) stamped(r stamps.Report, err error) {
	for _, night := range r.Nights {
		k.log.Info("night", "event", int64(night))
	}
	for _, wave := range r.Waves {
		k.log.Info("renewal", "event", int64(wave))
	}
	for _, t := range r.Stamped {
		k.log.Info("time stamp", "covers", int64(t.Covers), "family", string(t.Family), "tsa", t.TSA, "until", t.Until.String(), "event", int64(t.Event))
	}
	for _, w := range r.Waiting {
		for _, t := range w.Tried {
			k.log.Warn("no time stamp", "covers", int64(w.Covers), "family", string(w.Family), "tsa", t.TSA, "error", t.Error)
		}
	}
	if err != nil {
		k.log.Error("time stamps", "error", safe(err))
	}
	k.stamping.mu.Lock()
	k.stamping.trouble = safe(err)
	k.stamping.mu.Unlock()
}

// reckon takes stock of what must be renewed by when, and puts it on the board.
func (k *keeper) reckon() {
	p, err := k.stamping.calendar.Plan(stampDesk{k}, k.now(), 0)
	if err != nil {
		k.log.Error("calendar of renewals", "error", safe(err))
		k.stampProblems()
		return
	}
	k.stamping.mu.Lock()
	k.stamping.plan = &p
	k.stamping.mu.Unlock()
	k.stampProblems()
}

// stampState is how the archive stands with its stamps.
func (k *keeper) stampState(a *archive.Archive) (*wire.Stamped, error) {
	c, err := stamps.Counted(a)
	if err != nil {
		return nil, err
	}
	k.stamping.mu.Lock()
	defer k.stamping.mu.Unlock()
	return wire.StampState(c, k.stamping.plan), nil
}

// stampProblems puts up what a person must see to.
func (k *keeper) stampProblems() {
	var s *wire.Stamped
	if err := k.desk.look(func(a *archive.Archive) (err error) {
		s, err = k.stampState(a)
		return err
	}); err != nil {
		return // survey tells
	}
	k.stamping.mu.Lock()
	trouble := k.stamping.trouble
	k.stamping.mu.Unlock()
	up := map[string]bool{wire.ProblemStamps: trouble != ""}
	for _, p := range s.Problems(k.now()) {
		up[p.Code] = true
		k.board.put(p.Code, p.Text, p.Critical)
		if p.Code == wire.ProblemStamps {
			trouble = ""
		}
	}
	if trouble != "" {
		k.board.raise(wire.ProblemStamps, "the last night could not be gathered or stamped: "+trouble)
	}
	for _, code := range []string{wire.ProblemStamps, wire.ProblemRenewal} {
		if !up[code] {
			k.board.clear(code)
		}
	}
}
