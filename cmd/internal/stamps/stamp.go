package stamps

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/stamper"
	"kartoteka/seal"
	"kartoteka/verify"
)

var (
	errTaken = errors.New("has its token already")
	errOrder = errors.New("the token is not later than the one it is to renew")
)

// task is one token that is wanted.
type task struct {
	archive.Awaited
	hash    crypto.Hash
	imprint []byte
	policy  *verify.Policy
	after   time.Time // the token must be of a later second
}

// stamp asks the family's authorities in their order, until one gives a token that holds. An error is the archive's.
func (s *Stamps) stamp(ctx context.Context, w asked, failed map[authority]error) (*Stamped, []Tried, error) {
	tried := []Tried{}
	t, err := s.task(w.Awaited)
	if err != nil {
		return nil, tried, err
	}
	for n, by := range s.By[w.Family] {
		if ctx.Err() != nil {
			break
		}
		err := failed[authority{w.Family, n}]
		var token []byte
		var stamp verify.Stamp
		if err == nil {
			token, stamp, err = s.ask(ctx, by, t)
		}
		if err != nil {
			if !errors.Is(err, errOrder) {
				failed[authority{w.Family, n}] = err
			}
			tried = append(tried, Tried{by.Name(), err.Error()})
			continue
		}
		done, err := s.keep(t, token, stamp)
		return done, tried, err
	}
	return nil, tried, nil
}

func (s *Stamps) task(w archive.Awaited) (t task, err error) {
	t = task{Awaited: w}
	renews := true
	err = s.Desk.Look(func(a *archive.Archive) error {
		_, e, err := a.Event(w.Covers)
		if err == nil {
			t.imprint, err = a.Imprint(w.Covers, w.Family)
		}
		if err == nil {
			t.hash, err = a.StampHash(w.Covers, w.Family)
		}
		t.policy, renews = a.Policy(), e.Night == nil
		return err
	})
	if err == nil && renews {
		t.after, err = s.lastToken(w)
	}
	return t, err
}

// lastToken is the latest time of all tokens of the family since the oldest night that waits for a renewal: none of the
// nights that it renews has a later one. It is looked for among more than it need be, which costs a retry at most.
func (s *Stamps) lastToken(w archive.Awaited) (last time.Time, err error) {
	first, some := w.Covers, false
	err = s.Desk.Look(func(a *archive.Archive) error {
		return a.NightStates(func(n archive.NightState) error {
			if n.Family == w.Family && n.Wave {
				first, some = min(first, n.Night), true
			}
			return nil
		})
	})
	if err != nil {
		return last, err
	}
	if !some {
		first = 0
	}
	_, err = events(s.Desk, first, func(_ *archive.Archive, _ seal.LeafIndex, e seal.Event) error {
		if e.TimeStamp != nil && e.TimeStamp.Family == w.Family && e.TimeStamp.Time.After(last) {
			last = e.TimeStamp.Time.Time
		}
		return nil
	})
	return last, err
}

// ask gets a token and judges it by this authority's anchor alone, whatever the stamper did: nothing else may stand in
// the log under its name.
func (s *Stamps) ask(ctx context.Context, by stamper.Stamper, t task) ([]byte, verify.Stamp, error) {
	if err := s.later(ctx, t.after); err != nil {
		return nil, verify.Stamp{}, err
	}
	token, err := by.Stamp(ctx, t.hash, t.imprint)
	if err != nil {
		return nil, verify.Stamp{}, err
	}
	stamp, err := judge(t, by.Name(), token, s.Now())
	if err == nil && !seal.At(stamp.Time).After(t.after) {
		err = fmt.Errorf("%s: %w", by.Name(), errOrder)
	}
	return token, stamp, err
}

// later waits for the second after a time, if that is the present one: times ascend through a record.
func (s *Stamps) later(ctx context.Context, after time.Time) error {
	left := after.Add(time.Second).Sub(s.Now())
	if after.IsZero() || left <= 0 || left > 2*time.Second { // further ahead the authority's clock decides
		return nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// skew is how far the authority's clock may be before ours.
const skew = 5 * time.Minute

// judge judges now. Where the authority's clock is ahead, within what is allowed, ours is the wrong one of the two.
func judge(t task, name string, token []byte, now time.Time) (verify.Stamp, error) {
	trust := &verify.Policy{}
	for _, a := range t.policy.TSAs {
		if a.Name == name {
			trust.TSAs = append(trust.TSAs, a)
		}
	}
	if len(trust.TSAs) == 0 {
		return verify.Stamp{}, fmt.Errorf("the policy has no time-stamp authority %s", name)
	}
	if p, err := seal.ParseStampToken(token); err == nil && p.Info.Time.After(now) && p.Info.Time.Sub(now) <= skew {
		now = p.Info.Time
	}
	return trust.Stamp(token, t.hash, t.imprint, now)
}

// keep commits the token, unless somebody was faster: a second one would stand in no record.
func (s *Stamps) keep(t task, token []byte, stamp verify.Stamp) (*Stamped, error) {
	done := &Stamped{Awaited: t.Awaited, TSA: stamp.TSA, Time: seal.At(stamp.Time), Until: seal.At(stamp.NotAfter)}
	err := s.Desk.Write(func(a *archive.Archive) error {
		if err := a.CatchUp(); err != nil { // an index that is behind misses the token that was kept last
			return err
		}
		still, err := a.Waiting()
		if err != nil {
			return err
		}
		if !slices.Contains(still, t.Awaited) {
			return errTaken
		}
		done.Event, err = a.KeepStamp(t.Covers, t.Family, token, stamp)
		return committed(err)
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// eventsAtOnce is how much of the log is read in one look: an execution of an order waits for it.
const eventsAtOnce = 20_000

// events reads the log on, in looks of bounded length, and gives the event after the last one.
func events(d Desk, from seal.LeafIndex, f func(*archive.Archive, seal.LeafIndex, seal.Event) error) (seal.LeafIndex, error) {
	enough := errors.New("enough")
	for {
		start := from
		err := d.Look(func(a *archive.Archive) error {
			return a.Events(from, func(i seal.LeafIndex, e seal.Event) error {
				if i >= start+eventsAtOnce {
					return enough
				}
				from = i + 1
				return f(a, i, e)
			})
		})
		if err == nil || !errors.Is(err, enough) {
			return from, err
		}
	}
}
