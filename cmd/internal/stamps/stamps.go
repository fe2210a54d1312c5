// Package stamps has nights and waves stamped by authorities, and knows by when they must be stamped again. kartotekad
// and kartoteka use it alike. It opens nothing that is sealed.
package stamps

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/stamper"
	"kartoteka/seal"
)

// Desk is where the archive lies open. What it calls is short: the network is never waited for in it.
type Desk interface {
	// Look calls f to read.
	Look(f func(*archive.Archive) error) error
	// Write calls f to commit; nobody else writes meanwhile.
	Write(f func(*archive.Archive) error) error
}

// Stamps has stamped what waits for a token. Runs follow one another.
type Stamps struct {
	Desk Desk
	By   map[seal.Family][]stamper.Stamper // each family's authorities, the first to be asked first
	Now  func() time.Time

	running sync.Mutex
}

// Report is what a run did.
type Report struct {
	Nights  []seal.LeafIndex `json:"nights"` // gathered by it
	Waves   []seal.LeafIndex `json:"waves"`  // gathered by it
	Stamped []Stamped        `json:"stamped"`
	Waiting []Waiting        `json:"waiting"` // still, the oldest first
}

// Stamped is a token that was kept.
type Stamped struct {
	archive.Awaited
	TSA   string         `json:"tsa"`
	Time  seal.Time      `json:"time"`  // as the authority says
	Until seal.Time      `json:"until"` // when the first certificate of its chain ends
	Event seal.LeafIndex `json:"event"`
}

// Waiting is a night or a wave without its token.
type Waiting struct {
	archive.Awaited
	Since seal.Time `json:"since"` // it was gathered
	Tried []Tried   `json:"tried"` // in this run; none: no authority is configured, or the run was stopped
}

// Tried is an authority that gave no token.
type Tried struct {
	TSA   string `json:"tsa"`
	Error string `json:"error"`
}

// Run has everything stamped that waits; with gather, what came in since the last night too. Its error says what failed
// in the archive, not that an authority did not answer: that stands in the report, which holds what was done in any case.
func (s *Stamps) Run(ctx context.Context, gather bool) (Report, error) {
	s.running.Lock()
	defer s.running.Unlock()
	r := newReport()
	if gather {
		if err := s.gather(&r); err != nil {
			return r, fmt.Errorf("gather the night: %w", err)
		}
	}
	return r, s.stampAll(ctx, &r)
}

func newReport() Report {
	return Report{Nights: []seal.LeafIndex{}, Waves: []seal.LeafIndex{}, Stamped: []Stamped{}, Waiting: []Waiting{}}
}

// authority is one by its place in a family's list: some refuse one hash and take the other.
type authority struct {
	family seal.Family
	n      int
}

func (s *Stamps) gather(r *Report) error {
	err := s.Desk.Write(func(a *archive.Archive) error {
		night, err := a.GatherNight()
		if err = committed(err); err == nil {
			r.Nights = append(r.Nights, night)
		}
		return err
	})
	if errors.Is(err, archive.ErrNothingNew) {
		return nil
	}
	return err
}

// committed passes over what was left undone after a commit: the event stands, and the next commit makes up for it.
func committed(err error) error {
	var after *archive.AfterCommit
	if errors.As(err, &after) {
		return nil
	}
	return err
}

// stampAll goes through what waits, the oldest first. An authority that failed once is left alone until the next run:
// a list of nights must not wait for its time limit one by one.
func (s *Stamps) stampAll(ctx context.Context, r *Report) error {
	var list []asked
	err := s.Desk.Look(func(a *archive.Archive) (err error) {
		list, err = waiting(a)
		return err
	})
	failed := map[authority]error{}
	for _, w := range list {
		if err != nil || ctx.Err() != nil {
			r.Waiting = append(r.Waiting, Waiting{w.Awaited, w.since, []Tried{}})
			continue
		}
		var done *Stamped
		var tried []Tried
		if done, tried, err = s.stamp(ctx, w, failed); done != nil {
			r.Stamped = append(r.Stamped, *done)
		} else if !errors.Is(err, errTaken) {
			r.Waiting = append(r.Waiting, Waiting{w.Awaited, w.since, tried})
		}
		if errors.Is(err, errTaken) {
			err = nil
		}
	}
	return err
}

// asked is what an authority is asked for.
type asked struct {
	archive.Awaited
	since seal.Time
}

func waiting(a *archive.Archive) (list []asked, err error) {
	all, err := a.Waiting()
	for _, w := range all {
		_, e, err := a.Event(w.Covers)
		if err != nil {
			return nil, err
		}
		list = append(list, asked{w, e.Time})
	}
	return list, err
}

// Alone is the desk of a program that has the archive for itself.
func Alone(a *archive.Archive) Desk { return alone{a} }

type alone struct{ *archive.Archive }

func (a alone) Look(f func(*archive.Archive) error) error  { return f(a.Archive) }
func (a alone) Write(f func(*archive.Archive) error) error { return f(a.Archive) }
