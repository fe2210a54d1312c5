package archive

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// told is what the log says of files beside those of the accessions, and of what is no more.
type told struct {
	trust     []seal.NamedDigest
	disposals []disposal
	rewrapped []rewrapped
	transfers []seal.Digest
	evidence  []gatheredEvent
	logs      []signedLog               // that officers signed for
	retired   map[string]seal.LeafIndex // segment's name -> disposal
}

type disposal struct {
	leaf seal.LeafIndex
	time seal.Time
	seal.DisposalEvent
}

// signedLog is the log that a decision was signed for.
type signedLog struct {
	leaf seal.LeafIndex
	log  seal.OrderLog
}

type rewrapped struct {
	leaf seal.LeafIndex
	seal.KeyEvent
}

func (t *told) take(i seal.LeafIndex, e seal.Event) {
	switch {
	case e.Trust != nil:
		t.trust = append(t.trust, e.Trust.Files...)
	case e.Disposal != nil:
		t.disposals = append(t.disposals, disposal{i, e.Time, *e.Disposal})
	case e.HoldRelease != nil:
		t.logs = append(t.logs, signedLog{i, e.HoldRelease.Log})
	case e.Key != nil:
		t.rewrapped = append(t.rewrapped, rewrapped{i, *e.Key})
	case e.Custody != nil:
		t.transfers = append(t.transfers, e.Custody.Transfer)
	case e.Night != nil, e.Wave != nil, e.Rehash != nil, e.TimeStamp != nil:
		t.evidence = append(t.evidence, gatheredEvent{i, e})
	case e.Retired != nil:
		if t.retired == nil {
			t.retired = map[string]seal.LeafIndex{}
		}
		t.retired[segmentName(e.Retired.Accession, e.Retired.Segment)] = e.Retired.Order
	}
}

// files are those that must be there under their digest.
func (t *told) files() map[string]seal.Digest {
	names := map[string]seal.Digest{}
	for _, f := range t.trust {
		names[f.Name] = f.SHA256
	}
	for _, r := range t.rewrapped {
		if r.Keyfiles > 0 {
			names[rewrappingName(r.List)] = r.List
		}
	}
	for _, d := range t.transfers {
		names[transferName(d)] = d
	}
	return names
}

func segmentName(id seal.AccessionID, n int) string {
	return path.Join(accessionsDir, id.String(), seal.SegmentName(n))
}

func (c *check) isRetired(segment string) bool {
	_, ok := c.told.retired[segment]
	return ok
}

// expected is what must be gone from a keyfile, and with which secrets it must be.
type expected struct {
	shredded map[int]seal.LeafIndex
	wrapped  seal.LeafIndex // the last key event that named its secrets; 0 none
	to       seal.Digest    // the recipients that it named
}

// disposals judges every executed order, and finds out what must be gone.
func (c *check) disposals() error {
	c.want, c.disposed = map[keyfileID]*expected{}, map[seal.LeafIndex]bool{}
	for _, d := range c.told.disposals {
		if err := c.disposal(d); err != nil {
			return err
		}
	}
	for _, s := range c.told.logs {
		if root, err := c.a.rootAt(s.log.Size); err != nil || root != s.log.Root {
			c.r.Fail(verify.CodeOfficers, fmt.Sprintf("event %d", s.leaf), "was signed in another log, or a fork of this one")
		}
	}
	for _, r := range c.told.rewrapped {
		c.rewrapping(r)
	}
	return nil
}

func (c *check) expect(k keyfileID) *expected {
	if c.want[k] == nil {
		c.want[k] = &expected{shredded: map[int]seal.LeafIndex{}}
	}
	return c.want[k]
}

// disposal judges an order as at the time of its execution: two officers, and as many bundles as the log says.
func (c *check) disposal(d disposal) error {
	name := orderName(d.Order)
	o, records, err := c.a.executed(c.o.Policy, d.leaf, seal.Event{Time: d.time, Disposal: &d.DisposalEvent})
	for _, b := range o.Bundles {
		if err == nil && c.disposed[b.Leaf] {
			err = fmt.Errorf("the bundle of event %d was disposed of before", b.Leaf)
		}
		c.disposed[b.Leaf] = true
	}
	var bad *Tampered
	if errors.As(err, &bad) {
		c.r.Fail(bad.Code, bad.Subject, bad.Reason)
		return nil
	}
	if err != nil {
		c.r.Result(verify.CodeOrder, name, err)
		return nil
	}
	for k, numbers := range records {
		for _, n := range numbers {
			if _, before := c.expect(k).shredded[n]; !before {
				c.expect(k).shredded[n] = d.leaf
			}
		}
	}
	c.r.Count("disposed", len(o.Bundles))
	c.r.Pass(verify.CodeOrder, name, fmt.Sprintf("%d bundles with %d documents are disposed of under order %s, executed in event %d", len(o.Bundles), d.Documents, o.Number, d.leaf))
	return nil
}

// judgeKeyfile checks one copy: what it has, and that it has nothing it should not have any more.
func (c *check) judgeKeyfile(data []byte, id seal.AccessionID, want seal.KeyfileSum, segments []seal.Segment) error {
	k, err := c.a.checkKeyfile(data, id, want, segments)
	if err != nil {
		return err
	}
	e := c.want[keyfileID{id, want.Class}]
	if e == nil {
		e = &expected{}
	}
	for _, r := range k.Records {
		order, gone := e.shredded[r.N]
		switch {
		case r.Shredded() && (!gone || order != *r.Order):
			return headerMissing(r.N)
		case gone && !r.Shredded(): // of a retired segment too: a keyfile from a backup
			return c.unfinished(fmt.Sprintf("record %d is still there, but the order of event %d was executed", r.N, order))
		case !r.Shredded() && c.isRetired(segmentName(id, r.Segment)):
			return fmt.Errorf("record %d is of segment %d, which was retired as if nothing were left in it", r.N, r.Segment)
		}
	}
	if wrapped(k) != e.wrapped {
		return c.unfinished(fmt.Sprintf("its secrets are of before the rewrapping in event %d (from a backup? then rotate custodians again)", e.wrapped))
	}
	return c.wrappedTo(k, e)
}

// unfinished is what an interrupted execution, or a keyfile from a backup, leaves until the archive is opened for writing.
// While a writer is at work it is only not done yet.
func (c *check) unfinished(what string) error {
	if busy, err := durable.Locked(filepath.Join(c.a.dir, lockName)); err == nil && busy {
		return &verify.Error{Code: verify.CodeDisposal, Reason: what + ": a writer is at work", Indeterminate: true}
	}
	return &verify.Error{Code: verify.CodeDisposal, Reason: what + "; opening the archive for writing carries it out"}
}

// unnamedOrders names files under orders/ that no event names. An attempt that was given up leaves one: it is no fault.
func (c *check) unnamedOrders() error {
	names, err := c.a.list(ordersDir)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, d := range c.told.disposals {
		known[orderName(d.Order)] = true
	}
	slices.Sort(names)
	for _, n := range names {
		if name := path.Join(ordersDir, n); !known[name] && !durable.IsTemp(n) {
			c.r.Pass(verify.CodeOrder, name, "was never executed: nothing of it holds")
		}
	}
	return nil
}
