// Package witness is a C2SP tlog-witness for the logs of partner archives: it cosigns a checkpoint only if it extends
// every checkpoint of that log it ever cosigned, so that nobody can be shown another log. It keeps one checkpoint a log.
package witness

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"kartoteka/seal"
	"kartoteka/verify"
)

// Options of Open.
type Options struct {
	Key   *seal.Cosigner
	File  string            // the state
	Logs  []*verify.Policy  // whose checkpoints are cosigned: origin and log keys of each
	Now   func() time.Time  // what the cosignatures say
	First bool              // begin a state; without it the file must be there
	Say   func(text string) // tells of refusals that are evidence; may be nil
}

// Witness cosigns. It may be asked by many at once.
type Witness struct {
	o    Options
	logs map[string]*verify.Policy
	lock *lock

	mu    sync.Mutex // from the look at what is known to the state on disk: two requests must not both extend it
	state state
}

// Open takes the state. A witness that lost it must not begin anew under its old key: it could be made to cosign another
// past. So a missing file is an error, unless First says that there never was one; and one process has it at a time.
func Open(o Options) (*Witness, error) {
	if o.Say == nil {
		o.Say = func(string) {}
	}
	w := &Witness{o: o, logs: map[string]*verify.Policy{}}
	for _, p := range o.Logs {
		if w.logs[p.Origin] != nil {
			return nil, fmt.Errorf("witness: two policies are of the log %q", p.Origin)
		}
		w.logs[p.Origin] = p
	}
	var err error
	if w.lock, err = takeLock(o.File + ".lock"); err != nil {
		return nil, fmt.Errorf("witness state %s: %w", o.File, err)
	}
	if w.state, err = openState(o.File, o.Key.Key(), o.First); err != nil {
		w.lock.release()
		return nil, err
	}
	return w, nil
}

// Close lets another process have the state.
func (w *Witness) Close() error { return w.lock.release() }

// Refusal is why a checkpoint is not cosigned, as the protocol answers it.
type Refusal struct {
	Status int
	Known  int64 // with http.StatusConflict: size of the checkpoint cosigned last
	Reason string
}

func (r *Refusal) Error() string { return r.Reason }

func refuse(status int, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Reason: fmt.Sprintf(format, args...)}
}

// Add cosigns a checkpoint, or gives a *Refusal. Any other error is the disk's or the clock's: nothing was cosigned.
func (w *Witness) Add(r seal.AddCheckpoint) (seal.Cosignature, error) {
	c, err := w.signed(r)
	if err != nil {
		return seal.Cosignature{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	known, note := w.state.last(c.Origin)
	if err := w.extends(known, c, r); err != nil {
		return seal.Cosignature{}, w.refused(err, note, r)
	}
	cosignature, err := w.o.Key.Cosign(r.Checkpoint, w.o.Now())
	if err != nil {
		return cosignature, err
	}
	// A crash before the file is durable leaves the checkpoint before, and nobody has the cosignature.
	next := w.state.with(c.Origin, r.Checkpoint)
	if err := next.write(w.o.File); err != nil {
		return seal.Cosignature{}, err
	}
	// A crash from here on leaves a state that is ahead of the log: it asks again, and gets a cosignature then.
	w.state = next
	return cosignature, nil
}

// signed says whether the checkpoint is one of a log we know, signed by it.
func (w *Witness) signed(r seal.AddCheckpoint) (seal.Checkpoint, error) {
	peek, err := seal.PeekCheckpoint(r.Checkpoint)
	if err != nil {
		return peek, refuse(http.StatusBadRequest, "%v", err)
	}
	p := w.logs[peek.Origin]
	if p == nil {
		return peek, refuse(http.StatusNotFound, "the log %.80q is not known here", peek.Origin)
	}
	c, err := p.Checkpoint(r.Checkpoint, w.o.Now())
	if err != nil {
		return c, refuse(http.StatusForbidden, "%v", err)
	}
	if r.Old > c.Size {
		return c, refuse(http.StatusBadRequest, "old size %d is above the checkpoint's %d", r.Old, c.Size)
	}
	return c, nil
}

// extends judges a checkpoint of the log against the one cosigned last.
func (w *Witness) extends(known, c seal.Checkpoint, r seal.AddCheckpoint) error {
	conflict := &Refusal{Status: http.StatusConflict, Known: known.Size}
	switch {
	case known.Size == c.Size && known.Root != c.Root && known.Size > 0:
		conflict.Reason = fmt.Sprintf("forked: two checkpoints of %d events have different roots", c.Size)
		return &misbehaved{"fork", conflict}
	case r.Old != known.Size:
		conflict.Reason = fmt.Sprintf("the checkpoint cosigned last has %d events, not %d", known.Size, r.Old)
		return conflict
	case (r.Old == 0 || r.Old == c.Size) && len(r.Proof) > 0:
		return refuse(http.StatusUnprocessableEntity, "a proof from %d to %d is empty", r.Old, c.Size)
	case c.Size == 0 && c.Root != seal.TreeRoot(nil):
		return refuse(http.StatusUnprocessableEntity, "the root over no events is another")
	}
	if err := verify.Consistency(known, c, r.Proof); err != nil {
		return &misbehaved{"proof", refuse(http.StatusUnprocessableEntity, "%v", err)}
	}
	return nil
}

// misbehaved is a refusal with evidence to keep: a fork proves itself; a proof that does not hold may be the client's.
type misbehaved struct {
	kind string
	*Refusal
}

func (m *misbehaved) Unwrap() error { return m.Refusal }

// refused keeps the evidence of a refusal, where there is any. It stands beside the state; failing to write it changes
// nothing about the answer.
func (w *Witness) refused(err error, known string, r seal.AddCheckpoint) error {
	var m *misbehaved
	if !errors.As(err, &m) {
		return err
	}
	name, werr := keep(w.o.File, evidence{Schema: SpecEvidence, Kind: m.kind, Reason: m.Reason, Time: seal.At(w.o.Now()), Known: known,
		Offered: string(r.Checkpoint), Request: string(r.Marshal())})
	switch {
	case werr != nil:
		w.o.Say(fmt.Sprintf("refused, and the evidence could not be kept (%v): %s", werr, m.Reason))
	case name != "":
		w.o.Say(fmt.Sprintf("refused, evidence in %s: %s", filepath.Base(name), m.Reason))
	}
	return m.Refusal
}
