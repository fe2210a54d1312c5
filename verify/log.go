package verify

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/seal"
)

// Checkpoint judges a signed checkpoint of the policy's log at a time.
func (p *Policy) Checkpoint(signed []byte, at time.Time) (seal.Checkpoint, error) {
	keys, err := p.LogVerifiers(at)
	if err != nil {
		return seal.Checkpoint{}, err
	}
	c, err := seal.OpenCheckpoint(signed, p.Origin, keys...)
	if err != nil {
		return c, failed(CodeCheckpoint, "%w", err)
	}
	return c, nil
}

// Earlier judges a checkpoint, a receipt's or a proof's for one, that says nothing of its time: the keys of now signed it, or
// those of an earlier age of the log. It serves to compare logs: a forged one can accuse, never acquit.
func (p *Policy) Earlier(signed []byte, at time.Time) (c seal.Checkpoint, err error) {
	if c, err = p.Checkpoint(signed, at); err == nil {
		return c, nil
	}
	for _, k := range p.LogKeys {
		if k.Until == nil {
			continue
		}
		if then, old := p.Checkpoint(signed, k.Until.Add(-time.Second)); old == nil {
			return then, nil
		}
	}
	return c, err
}

// Consistency judges whether the log at now extends the log at before: nothing that was logged then was changed,
// removed or inserted since. Both must have been checked.
func Consistency(before, now seal.Checkpoint, proof tlog.TreeProof) error {
	if before.Size > now.Size {
		return failed(CodeLogRolledBack, "the log has %d events, but it once signed for %d: it was rolled back, or another copy of it went on", now.Size, before.Size)
	}
	if before.Size == now.Size && before.Root != now.Root {
		return failed(CodeLogConsistency, "two checkpoints of %d events have different roots: the log was forked", now.Size)
	}
	if before.Size == now.Size || before.Size == 0 {
		return nil
	}
	if tlog.CheckTree(proof, now.Size, tlog.Hash(now.Root), before.Size, tlog.Hash(before.Root)) != nil {
		return failed(CodeLogConsistency, "the log of %d events does not extend the log of %d it once signed for: it was forked", now.Size, before.Size)
	}
	return nil
}

// Intake is one accession as its events tell it.
type Intake struct {
	ID       seal.AccessionID
	Leaf     seal.LeafIndex // of its accession event; its other events stand right before it
	Files    seal.AccessionEvent
	Bundles  int
	Rejected int
	Releases int
}

// Events reads a log's events in order and judges that they can follow each other. It holds counts only.
type Events struct {
	Policy *Policy                          // judges officers' signatures; nil where there is none at hand
	Done   func(Intake)                     // called as each accession is complete
	Seen   func(seal.LeafIndex, seal.Event) // called for each event that is what it can be; may be nil

	next     seal.LeafIndex
	open     Intake
	events   int // of the open accession so far
	content  int // records of the open accession spoken for, by keyfile
	capsule  int
	entry    int
	lastID   seal.AccessionID
	last     seal.Time
	policy   seal.Digest
	to       seal.Digest     // the recipients in force
	key      *seal.Digest    // those that the open accession's key event puts in force
	night    *seal.LeafIndex // the last of their kind
	wave     *seal.LeafIndex
	rehash   *seal.LeafIndex
	unknown  int
	disposal seal.LeafIndex // of the open accession; 0 none
	gaps     bool           // the open accession has events of unknown kinds: they may speak for records
}

// Leaf takes the next leaf.
func (v *Events) Leaf(leaf []byte) error {
	i := v.next
	v.next++
	e, err := seal.ParseEvent(leaf)
	unknown := errors.Is(err, seal.ErrUnknownKind)
	if unknown {
		v.unknown++
		err = nil
	}
	if err == nil {
		err = v.take(i, e)
		v.gaps = v.gaps || unknown
	}
	if err == nil && v.Seen != nil {
		v.Seen(i, e)
	}
	if err != nil {
		return failed(CodeEvent, "event %d: %w", i, err)
	}
	return nil
}

func (v *Events) take(i seal.LeafIndex, e seal.Event) error {
	switch last := v.last; {
	case e.Clock != nil && e.Clock.Before != last:
		return fmt.Errorf("says that the event before it is dated %s; it is dated %s", e.Clock.Before, last)
	case e.Clock == nil && e.Time.Before(last.Time):
		return fmt.Errorf("is dated %s, before the event before it (%s)", e.Time, last)
	}
	if err := v.signed(e); err != nil {
		return err
	}
	v.last = e.Time
	if v.open.ID == (seal.AccessionID{}) {
		if e.Accession.Compare(v.lastID) <= 0 {
			return fmt.Errorf("accession %s does not come after %s", e.Accession, v.lastID)
		}
		v.open = Intake{ID: e.Accession}
	}
	if e.Accession != v.open.ID {
		return fmt.Errorf("accession %s is not complete", v.open.ID)
	}
	if e.Accessioned != nil {
		return v.end(i, *e.Accessioned)
	}
	v.events++
	return v.member(i, e)
}

// signed judges the signatures that an event itself carries.
func (v *Events) signed(e seal.Event) error {
	switch {
	case v.Policy == nil:
		return nil
	case e.Clock != nil:
		return v.Policy.Clock(e)
	case e.HoldRelease != nil:
		return v.Policy.HoldRelease(e)
	case e.Key != nil:
		return v.Policy.Key(e)
	case e.Custody != nil:
		return v.Policy.Custody(e)
	}
	return nil
}

// follows says whether a record's number is the next one of its keyfile.
func (v *Events) follows(got, next int) bool { return got == next || v.gaps && got > next }

// member counts what one event speaks for: every record of an accession belongs to exactly one event.
func (v *Events) member(i seal.LeafIndex, e seal.Event) error {
	switch {
	case e.Bundle != nil:
		if !v.follows(e.Bundle.Content, v.content) || !v.follows(e.Bundle.Capsule, v.capsule) || !v.follows(e.Bundle.Entry, v.entry) {
			return errors.New("its records do not follow those of the event before it")
		}
		v.content = e.Bundle.Content + e.Bundle.Commitment.Count + 1
		v.capsule, v.entry = e.Bundle.Capsule+1, e.Bundle.Entry+1
		v.open.Bundles++
	case e.Release != nil:
		if !v.follows(e.Release.Content, v.content) || !v.follows(e.Release.Act, v.entry) {
			return errors.New("its records do not follow those of the event before it")
		}
		v.content, v.entry = e.Release.Content+1, e.Release.Act+1
		v.open.Releases++
	case e.Act != nil:
		if !v.follows(e.Act.Record, v.entry) {
			return errors.New("its record does not follow those of the event before it")
		}
		v.entry = e.Act.Record + 1
	case e.Disposal != nil:
		v.disposal = i
	case e.Retired != nil && (e.Retired.Order != v.disposal || v.disposal == 0 || e.Retired.Accession.Compare(e.Accession) >= 0):
		return errors.New("retires a segment under another order than the one just executed, or of no earlier accession")
	case e.ReleaseVoid != nil && e.ReleaseVoid.Release >= i, e.HoldRelease != nil && (e.HoldRelease.Hold >= i || e.HoldRelease.Log.Size > int64(i)),
		e.TimeStamp != nil && e.TimeStamp.Covers >= i, e.Night != nil && e.Night.To > i, e.Wave != nil && e.Wave.Before != nil && *e.Wave.Before >= i,
		e.Rehash != nil && (e.Rehash.To > i || e.Rehash.Before != nil && *e.Rehash.Before >= i):
		return errors.New("names an event that is not before it")
	case e.Night != nil:
		v.night = &i
	case e.Wave != nil:
		if !sameLeaf(e.Wave.Before, v.wave) {
			return errors.New("does not name the wave before it")
		}
		v.wave = &i
	case e.Rehash != nil:
		if !sameLeaf(e.Rehash.Before, v.rehash) {
			return errors.New("does not name the renewal of hash trees before it")
		}
		v.rehash = &i
	case e.Key != nil:
		if v.key != nil {
			return errors.New("is the second of its kind in one accession")
		}
		v.key = &e.Key.To
	case e.Rejected != nil:
		v.open.Rejected++
	case e.Trust != nil:
		if e.Trust.Before != v.policy {
			return errors.New("changes another policy than the one in force")
		}
		v.policy = e.Trust.After
	}
	return nil
}

func (v *Events) end(i seal.LeafIndex, files seal.AccessionEvent) error {
	if files.Events != v.events {
		return fmt.Errorf("accession %s has %d events, it says %d", v.open.ID, v.events, files.Events)
	}
	want := map[seal.Class]int{seal.ClassContent: v.content, seal.ClassEvidence: v.capsule, seal.ClassIndex: v.entry}
	for _, k := range files.Keyfiles {
		if !v.follows(k.Records, want[k.Class]) {
			return fmt.Errorf("%s has %d records, the events speak for %d", k.Class.FileName(), k.Records, want[k.Class])
		}
		delete(want, k.Class)
	}
	for class, n := range want {
		if n != 0 {
			return fmt.Errorf("no %s, but the events speak for %d records", class.FileName(), n)
		}
	}
	if v.policy != files.Policy {
		return errors.New("was not made under the policy in force")
	}
	if !sameLeaf(v.night, files.Night) || !sameLeaf(v.wave, files.Wave) || !sameLeaf(v.rehash, files.Rehash) {
		return errors.New("does not name the last night, the last wave and the last renewal of hash trees")
	}
	if err := v.recipients(files.To); err != nil {
		return err
	}
	v.open.Leaf, v.open.Files = i, files
	if v.Done != nil {
		v.Done(v.open)
	}
	v.lastID, v.to, v.key = v.open.ID, files.To, nil
	v.open = Intake{}
	v.events, v.content, v.capsule, v.entry, v.gaps, v.disposal = 0, 0, 0, 0, false, 0
	return nil
}

// recipients judges whom an accession puts in force: the log key alone gives the archive to nobody.
func (v *Events) recipients(to seal.Digest) error {
	first := v.lastID == (seal.AccessionID{})
	switch {
	case v.key != nil && *v.key != to:
		return errors.New("names other recipients than its key event")
	case v.key == nil && !first && to != v.to:
		return errors.New("changes the recipients without two officers")
	}
	return nil
}

func sameLeaf(a, b *seal.LeafIndex) bool { return a == b || a != nil && b != nil && *a == *b }

// End judges that the log does not stop in the middle of an accession, and gives the digest of the policy in force
// and the number of events of kinds this version does not know.
func (v *Events) End() (policy seal.Digest, unknown int, err error) {
	if v.events != 0 {
		return v.policy, v.unknown, failed(CodeEvent, "the log ends inside accession %s", v.open.ID)
	}
	return v.policy, v.unknown, nil
}
