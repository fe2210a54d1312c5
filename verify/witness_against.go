package verify

import (
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/seal"
)

// Fork is two signed checkpoints of one log that contradict each other: evidence against whoever has the log key.
type Fork struct {
	Subjects [2]string // where they were found
	Notes    [2][]byte
}

// maxViews bounds how many checkpoints are compared: an honest packet has one.
const maxViews = 100

// view is a checkpoint somebody holds, and the subtrees under it that proofs show.
type view struct {
	subject string
	note    []byte
	head    seal.Checkpoint
	nodes   nodes
}

// Against compares two packets that two people hold: of one honest log, neither contradicts the other. Inclusion proofs
// show parts of a tree only; where they do not meet, nothing can be told, and the log's own proof is needed.
func (p *Policy) Against(r *Report, a, b string, at time.Time) (forks []Fork) {
	var views []*view
	for _, path := range []string{a, b} {
		found, err := p.views(r, path, at)
		if err != nil {
			r.Add(CodeFork, Indeterminate, filepath.Base(path), "holds no proofs that could be compared: "+err.Error())
			return nil
		}
		views = append(views, found...)
	}
	views = joined(views)
	if len(views) > maxViews {
		r.Add(CodeFork, Indeterminate, "", fmt.Sprintf("%d different checkpoints; only %d are compared", len(views), maxViews))
		views = views[:maxViews]
	}
	if len(views) == 1 {
		r.Pass(CodeFork, views[0].subject, fmt.Sprintf("both are under one checkpoint of %d events", views[0].head.Size))
	}
	for i, v := range views {
		for _, w := range views[:i] {
			err := w.meets(v)
			r.Result(CodeFork, w.subject+" and "+v.subject, err)
			if e, ok := err.(*Error); ok && !e.Indeterminate {
				forks = append(forks, Fork{[2]string{w.subject, v.subject}, [2][]byte{w.note, v.note}})
			}
		}
	}
	return forks
}

// views gives the checkpoints of a packet's proofs that hold, each once. One that does not hold accuses nobody.
func (p *Policy) views(r *Report, path string, at time.Time) (list []*view, err error) {
	proofs, _, err := heldProofs(path)
	if err != nil {
		return nil, err
	}
	for _, h := range proofs {
		subject := filepath.Base(path) + " " + h.subject
		c, err := p.Earlier(h.proof.Checkpoint, at)
		if err == nil {
			err = seal.CheckTreePath(h.proof.Path, int(c.Size), int(h.proof.Index), seal.LeafHash(h.leaf), c.Root)
		}
		if err != nil {
			r.Add(CodeFork, Indeterminate, subject, "does not hold, and is not compared: "+err.Error())
			continue
		}
		v := &view{subject: subject, note: h.proof.Checkpoint, head: c, nodes: nodes{}}
		v.nodes.add(span{0, c.Size}, int64(h.proof.Index), h.proof.Path, seal.LeafHash(h.leaf))
		list = append(list, v)
	}
	if list = joined(list); len(list) == 0 {
		err = fmt.Errorf("no proof in it holds under the policy")
	}
	return list, err
}

// joined makes one view of those under one checkpoint: both saw what either saw.
func joined(list []*view) (views []*view) {
	byHead := map[seal.Checkpoint]*view{}
	for _, v := range list {
		old := byHead[v.head]
		if old == nil {
			byHead[v.head] = v
			views = append(views, v)
			continue
		}
		for s, h := range v.nodes { // they cannot differ: each leads to one root
			old.nodes[s] = h
		}
	}
	return views
}

// meets judges whether two views can be of one log.
func (v *view) meets(w *view) error {
	if v.head.Size == w.head.Size {
		return failed(CodeFork, "two checkpoints of %d events have different roots: the log was forked", v.head.Size)
	}
	for s, h := range v.nodes {
		if other, ok := w.nodes[s]; ok && other != h {
			return failed(CodeFork, "the checkpoints of %d and of %d events have different events from %d to %d: the log was forked", v.head.Size, w.head.Size, s.from, s.to-1)
		}
	}
	if v.head.Size > w.head.Size {
		v, w = w, v
	}
	root, ok := w.nodes.root(span{0, v.head.Size})
	switch {
	case !ok:
		return indeterminate(CodeFork, "packets alone do not show whether the checkpoint of %d events goes on from that of %d: ask the archive, verify log --since each of them", w.head.Size, v.head.Size)
	case root != v.head.Root:
		return failed(CodeFork, "the checkpoint of %d events does not go on from that of %d: the log was forked", w.head.Size, v.head.Size)
	}
	return nil
}

// span is leaves from one up to another, without it.
type span struct{ from, to int64 }

// split is where RFC 6962 cuts a tree: the left half is the largest power of two below its size.
func (s span) split() int64 {
	k := int64(1)
	for k < s.to-s.from-k {
		k <<= 1
	}
	return s.from + k
}

// whole says whether the subtree is the same in every larger tree.
func (s span) whole() bool { return (s.to-s.from)&(s.to-s.from-1) == 0 }

// nodes are the hashes of whole subtrees.
type nodes map[span]seal.Digest

// add takes what an audit path that was checked shows, and gives the hash of the span.
func (n nodes) add(s span, i int64, path []seal.Digest, leaf seal.Digest) seal.Digest {
	h := leaf
	if last := len(path) - 1; last >= 0 {
		mid, sibling := s.split(), path[last]
		if i < mid {
			n.put(span{mid, s.to}, sibling)
			h = inner(n.add(span{s.from, mid}, i, path[:last], leaf), sibling)
		} else {
			n.put(span{s.from, mid}, sibling)
			h = inner(sibling, n.add(span{mid, s.to}, i, path[:last], leaf))
		}
	}
	n.put(s, h)
	return h
}

func (n nodes) put(s span, h seal.Digest) {
	if s.whole() {
		n[s] = h
	}
}

// root computes the hash of a smaller tree, where all its parts are known.
func (n nodes) root(s span) (h seal.Digest, ok bool) {
	if s.whole() {
		h, ok = n[s]
		return h, ok
	}
	left, ok := n.root(span{s.from, s.split()})
	if !ok {
		return h, false
	}
	right, ok := n.root(span{s.split(), s.to})
	return inner(left, right), ok
}

func inner(l, r seal.Digest) seal.Digest {
	return seal.Digest(tlog.NodeHash(tlog.Hash(l), tlog.Hash(r)))
}
