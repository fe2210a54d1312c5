package archive

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"kartoteka/archive/internal/durable"
	"kartoteka/archive/internal/tiles"
	"kartoteka/seal"
	"kartoteka/verify"
)

// CheckOptions of a keyless check.
type CheckOptions struct {
	Policy    *verify.Policy        // nil: the archive's own; it then proves only that the archive agrees with itself
	At        time.Time             // judge as at this time; zero: the time of the last event
	Sample    float64               // share of the accessions whose segments are read; 0 means all
	LogOnly   bool                  // the log alone: no segments, no keyfiles
	Since     []byte                // an earlier checkpoint, receipt or log proof that the log must go on from
	SinceName string                // what to call it
	Step      func(done, all int64) // progress: events first, then accessions
}

// Check reads the whole archive at dir without any key and without the index, and judges it: the log from its leaves
// up, the checkpoint, every segment's blocks and every keyfile's headers against the events. A writer may be at work
// meanwhile.
func Check(ctx context.Context, dir string, o CheckOptions) (*verify.Report, error) {
	a, err := Open(dir, Options{})
	r := verify.NewReport()
	var bad *Tampered
	if errors.As(err, &bad) {
		r.Fail(bad.Code, bad.Subject, bad.Reason)
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	defer a.Close()
	c := &check{a: a, o: o, ctx: ctx, r: r}
	return r, c.run()
}

type check struct {
	a        *Archive
	o        CheckOptions
	ctx      context.Context
	r        *verify.Report
	intakes  []verify.Intake
	told     told
	want     map[keyfileID]*expected          // of the keyfiles that were rewritten
	lists    map[seal.Digest]seal.Recipients  // that were ever in force
	to       map[seal.AccessionID]seal.Digest // those of each accession
	disposed map[seal.LeafIndex]bool          // bundles
	left     []string                         // files of the log beyond the checkpoint, or superseded
}

func (c *check) run() error {
	c.anchors()
	head, err := c.o.Policy.Checkpoint(c.a.signed, c.a.last.Time.Time)
	if !c.r.Result(verify.CodeCheckpoint, checkpointName, err) {
		return nil
	}
	known := c.o.At // cosignatures come after the last event, by which time() would judge them
	if known.IsZero() {
		known = c.a.opt.Now()
	}
	c.time()
	if err := c.log(head); err != nil {
		return err
	}
	if err := c.a.Witnessed(c.r, c.o.Policy, known); err != nil {
		return err
	}
	c.since()
	if !c.o.LogOnly {
		if err := c.everyAccession(); err != nil {
			return err
		}
	}
	return c.beyond()
}

// anchors says whose word is taken: with the archive's own policy the check shows that the archive agrees with itself,
// not whose it is.
func (c *check) anchors() {
	if c.o.Policy == nil {
		c.o.Policy = c.a.Policy()
		c.r.Pass(verify.CodeAnchors, policyDir, "the trust anchors came from the archive itself: this shows that it agrees with itself, not that it is the one you know; pin a policy to show that")
		return
	}
	c.r.Pass(verify.CodeAnchors, "", "the trust anchors came from the policy given")
}

// time judges the time of judgement: before the last event, half of the log was not there.
func (c *check) time() {
	last := c.a.last.Time
	if c.o.At.IsZero() {
		c.o.At = last.Time
	}
	if c.o.At.Before(last.Add(-clockBehind)) {
		c.r.Add(verify.CodeTime, verify.Indeterminate, checkpointName, fmt.Sprintf("judged as at %s, but the last event is dated %s", seal.At(c.o.At), last))
	}
}

func (c *check) since() {
	if c.o.Since != nil {
		c.r.Result(verify.CodeLogConsistency, c.o.SinceName, c.a.Since(c.o.Since, c.o.Policy, c.o.At))
	}
}

func (c *check) step(done, all int64) {
	if c.o.Step != nil {
		c.o.Step(done, all)
	}
}

// lookAgain is how often the log is read anew because a commit replaced its edge meanwhile.
const lookAgain = 5

// log recomputes the log from its entries and reads the events. A writer that publishes meanwhile removes the partial
// tiles of the checkpoint at hand: then the log is read again under the new one.
func (c *check) log(head seal.Checkpoint) error {
	for n := 0; ; n++ {
		read, err := c.readLog(head)
		if err == nil && (read.good(head) || n == lookAgain) {
			c.judgeLog(read, head)
			return nil
		}
		moved, merr := c.moved()
		if merr != nil {
			return merr
		}
		if !moved {
			if errors.Is(err, tiles.ErrManyProblems) {
				c.judgeLog(read, head)
				return nil
			}
			if err != nil {
				return err
			}
			c.judgeLog(read, head)
			return nil
		}
		if head, err = c.o.Policy.Checkpoint(c.a.signed, c.a.last.Time.Time); err != nil {
			c.r.Result(verify.CodeCheckpoint, checkpointName, err)
			return nil
		}
	}
}

// moved says whether the checkpoint on disk is another one by now, and takes it up.
func (c *check) moved() (bool, error) {
	signed, err := durable.ReadFile(c.a.fs, checkpointName, seal.MaxCheckpoint)
	if err != nil || string(signed) == string(c.a.signed) {
		return false, nil
	}
	var bad *Tampered
	if err := c.a.refresh(); errors.As(err, &bad) {
		c.r.Fail(bad.Code, bad.Subject, bad.Reason)
		return false, nil
	} else if err != nil {
		return false, err
	}
	return true, nil
}

// logRead is one reading of the log.
type logRead struct {
	tree     tiles.Tree
	problems []tiles.Problem
	events   verify.Events
	intakes  []verify.Intake
	told     told
	count    int
	err      error // the first event that cannot be; those after it would only follow from it
}

func (c *check) readLog(head seal.Checkpoint) (*logRead, error) {
	l := &logRead{events: verify.Events{Policy: c.o.Policy}}
	l.events.Done = func(in verify.Intake) { l.intakes = append(l.intakes, in) }
	l.events.Seen = l.told.take
	var err error
	l.tree, l.problems, err = tiles.Check(c.a.fs, logDir, head.Size, func(i int64, leaf []byte) error {
		l.count++
		if l.err == nil {
			l.err = l.events.Leaf(leaf)
		}
		c.step(i, head.Size)
		return c.ctx.Err()
	})
	c.step(head.Size, head.Size)
	return l, err
}

// good says that there is nothing that a commit in between could explain.
func (l *logRead) good(head seal.Checkpoint) bool {
	for _, p := range l.problems {
		if p.Code != tiles.TileUnexpected && p.Code != tiles.TileSuperseded {
			return false
		}
	}
	return l.err == nil && seal.Digest(l.tree.Root) == head.Root
}

func (c *check) judgeLog(l *logRead, head seal.Checkpoint) {
	c.intakes, c.told = l.intakes, l.told
	c.r.Count("events", l.count)
	c.tiles(l.problems)
	if seal.Digest(l.tree.Root) != head.Root {
		c.r.Fail(verify.CodeLogEntries, logDir, "the entries do not give the root the checkpoint signs for")
		return
	}
	c.r.Pass(verify.CodeLogEntries, logDir, fmt.Sprintf("%d events under the checkpoint's root", head.Size))
	policy, unknown, err := l.events.End()
	if l.err != nil {
		err = l.err
	}
	if !c.r.Result(verify.CodeEvent, logDir, err) {
		return
	}
	if unknown > 0 {
		c.r.Add(verify.CodeEventUnknown, verify.Indeterminate, logDir, strconv.Itoa(unknown)+" events of kinds this version does not know")
	}
	if policy != c.a.last.Accessioned.Policy {
		c.r.Fail(verify.CodePolicy, logDir, "the policy in force is not the one the last event names")
	}
}
