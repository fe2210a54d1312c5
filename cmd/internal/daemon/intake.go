package daemon

import (
	"context"
	"errors"
	"slices"
	"time"

	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// ask is a request to take in now what stands in the spool.
type ask struct {
	want map[string]bool      // paths without an outcome yet
	out  chan archive.Outcome // has room for all of them: a slow asker never holds the keeper up
	err  error                // once out is closed
}

// ingest asks for an accession now. Outcomes come on the ask's channel until it is closed.
func (k *keeper) ingest() (*ask, error) {
	q := &ask{want: map[string]bool{}}
	err := k.do(func() error {
		k.scan()
		for path := range k.spool.known {
			q.want[path] = true
		}
		q.out = make(chan archive.Outcome, len(q.want))
		k.asks = append(k.asks, q)
		return nil
	})
	return q, err
}

func (k *keeper) asked(path string) bool {
	for _, q := range k.asks {
		if q.want[path] {
			return true
		}
	}
	return false
}

// tell hands an outcome to those who asked for it.
func (k *keeper) tell(o archive.Outcome) {
	for _, q := range k.asks {
		if q.want[o.Path] {
			delete(q.want, o.Path)
			q.out <- o
		}
	}
	k.asks = slices.DeleteFunc(k.asks, func(q *ask) bool {
		if len(q.want) > 0 {
			return false
		}
		close(q.out)
		return true
	})
}

// answer ends all asks: there is an error, or nothing left to take. A bundle that its sender took back has no outcome.
func (k *keeper) answer(err error) {
	for _, q := range k.asks {
		q.err = err
		close(q.out)
	}
	k.asks = nil
}

// tally is one intake in numbers.
type tally struct {
	n     map[archive.Status]int
	bytes int64
}

// intake takes one accession's worth of bundles in. What it returns ends the daemon.
func (k *keeper) intake(ctx context.Context, batch []archive.Source) error {
	k.board.take(true)
	defer k.board.take(false)
	start := time.Now()
	before := k.desk.a.Head().Size
	t := tally{n: map[archive.Status]int{}}
	err := k.desk.a.Take(ctx, batch, func(o archive.Outcome) { k.outcome(&t, o) })
	if k.desk.a.Head().Size > before {
		k.said(t, time.Since(start))
	}
	if err == nil || errors.Is(err, context.Canceled) {
		return k.settle(nil)
	}
	fatal := k.settle(err)
	k.answer(err)
	if fatal == nil && !errors.Is(err, archive.ErrSpace) {
		k.hold = k.now().Add(backoff(k.failures, 30*time.Minute))
		k.failures++
		k.log.Error("accession failed", "error", safe(err), "again", seal.At(k.hold).String())
		k.board.raise(wire.ProblemIntake, "the last accession failed and is tried again: "+safe(err))
	}
	return fatal
}

func (k *keeper) outcome(t *tally, o archive.Outcome) {
	t.n[o.Status]++
	t.bytes += o.Bytes
	switch o.Status {
	case archive.Rejected: // neither the sender's file name nor the reason, which quotes names of documents
		k.log.Warn("rejected", "id", o.ID, "code", string(o.Code))
	case archive.Postponed:
		k.log.Debug("postponed", "code", string(o.Code))
	default:
		k.log.Debug(string(o.Status), "leaf", int64(o.Leaf))
	}
	if o.Stuck != "" { // the accession stands, and so does what it says of this bundle
		k.log.Warn("stuck in the spool", "status", string(o.Status), "id", o.ID, "leaf", int64(o.Leaf), "error", errnoIn(o.Stuck))
	}
	k.spool.settle(o, k.now())
	k.tell(o)
}

// said logs an accession, in one line.
func (k *keeper) said(t tally, took time.Duration) {
	s, err := k.desk.a.State()
	if err != nil {
		k.log.Warn("look at the archive", "error", safe(err))
	} else {
		k.leftovers(s.Leftovers)
	}
	k.log.Info("accession", "id", s.Accession.String(), "taken", t.n[archive.Taken], "known", t.n[archive.Known],
		"rejected", t.n[archive.Rejected], "postponed", t.n[archive.Postponed], "bytes", t.bytes, "size", s.Head.Size,
		"ms", took.Milliseconds())
	k.board.when(s.Index == archive.IndexBehind, wire.ProblemIndex, "the index misses the last accession; the next one makes up for it")
	k.writeStatus()
}
