package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	bolt "go.etcd.io/bbolt"

	"kartoteka/seal"
)

// Certificate makes the certificate of an executed order, signed by the log key. It looks at every copy within reach
// before it says that something is gone, and names those that are beyond it.
func (a *Archive) Certificate(disposal seal.LeafIndex, system seal.System) ([]byte, error) {
	if a.writer == nil {
		return nil, ErrReadOnly
	}
	raw, e, err := a.Event(disposal)
	if err != nil {
		return nil, err
	}
	if e.Disposal == nil {
		return nil, fmt.Errorf("event %d is no disposal", disposal)
	}
	order, err := a.OrderFile(e.Disposal.Order)
	if err != nil {
		return nil, err
	}
	o, _, err := a.trust.policy.Order(order, e.Time.Time)
	if err != nil {
		return nil, err
	}
	proof, err := a.Proof(disposal)
	if err != nil {
		return nil, err
	}
	c := seal.Certificate{Origin: a.Spec.Origin, Controller: a.Controller(), System: system, Issued: seal.At(a.opt.Now()),
		Order: string(order), Event: string(raw), Proof: string(proof.Marshal())}
	if err := a.describe(&c, o, disposal); err != nil {
		return nil, err
	}
	return a.sign(c)
}

// describe fills in what was destroyed and what is known of the copies.
func (a *Archive) describe(c *seal.Certificate, o seal.Order, disposal seal.LeafIndex) error {
	events := &eventReader{a: a}
	for _, b := range o.Bundles {
		e, err := events.event(b.Leaf)
		if err != nil {
			return err
		}
		c.Bundles = append(c.Bundles, seal.Destroyed{Leaf: b.Leaf, ID: e.Bundle.ID, Root: e.Bundle.Commitment.Root, Leaves: e.Bundle.Commitment.Count + 1, Time: e.Time})
	}
	goes, err := a.destroys(o)
	if err != nil {
		return err
	}
	for _, k := range goes.keyfiles() {
		written, err := a.shredded(k, goes[k])
		if err != nil {
			return err
		}
		c.Keyfiles = append(c.Keyfiles, written)
	}
	if c.Segments, err = a.retiredBy(disposal); err != nil {
		return err
	}
	c.Copies, err = a.copies(o)
	return err
}

// errStillThere keeps a certificate from being issued that would not be true.
var errStillThere = errors.New("is still there: no certificate is issued")

// shredded looks at both copies of a keyfile.
func (a *Archive) shredded(id keyfileID, numbers []int) (seal.Rewritten, error) {
	w := seal.Rewritten{Accession: id.Accession, Class: id.Class, Shredded: numbers}
	for _, top := range []string{keyfilesDir, keyfilesDir2} {
		k, err := a.readKeyfile(id.name(top), id.Accession, id.Class)
		if err != nil {
			return w, err
		}
		for _, suffix := range []string{oldSuffix, newSuffix} { // of a rewriting that was interrupted
			if _, err := a.fs.Stat(id.name(top) + suffix); err == nil {
				return w, fmt.Errorf("%s %w", id.name(top)+suffix, errStillThere)
			}
		}
		for _, n := range numbers {
			if r, err := k.Record(n); err != nil || !r.Shredded() {
				return w, fmt.Errorf("%s: record %d %w", id.name(top), n, errStillThere)
			}
		}
		if w.Root, err = k.HeaderRoot(); err != nil {
			return w, err
		}
		w.Generation = k.Head.Generation
	}
	return w, nil
}

// retiredBy lists the segments that a disposal emptied; each must be gone.
func (a *Archive) retiredBy(disposal seal.LeafIndex) (list []seal.Gone, err error) {
	_, e, err := a.Event(disposal)
	for i := disposal + 1; err == nil; i++ {
		var next seal.Event
		if _, next, err = a.Event(i); err != nil || next.Accession != e.Accession || next.Accessioned != nil {
			return list, err
		}
		if r := next.Retired; r != nil {
			if _, serr := a.fs.Stat(segmentName(r.Accession, r.Segment)); serr == nil {
				return list, fmt.Errorf("segment %d of %s %w", r.Segment, r.Accession, errStillThere)
			}
			list = append(list, seal.Gone{Accession: r.Accession, Segment: r.Segment})
		}
	}
	return list, err
}

// copies lists every copy there may be, and what is known of it.
func (a *Archive) copies(o seal.Order) ([]seal.Copy, error) {
	err := a.viewIndex(func(tx *bolt.Tx) error {
		for _, b := range o.Bundles {
			if tx.Bucket(bucketRows).Get(leafKey(b.Leaf)) != nil {
				return fmt.Errorf("the index entry of event %d %w", b.Leaf, errStillThere)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list := []seal.Copy{{Kind: seal.CopyLocal, Where: keyfilesDir, State: seal.CopyDestroyed},
		{Kind: seal.CopyLocal, Where: keyfilesDir2, State: seal.CopyDestroyed}, {Kind: seal.CopyIndex, Where: indexName, State: seal.CopyDestroyed},
		{Kind: seal.CopyOffline, State: seal.CopyUnknown}}
	kept, err := a.quarantined()
	if err != nil {
		return nil, err
	}
	if kept {
		list = append(list, seal.Copy{Kind: seal.CopyOffline, Where: quarantineDir, State: seal.CopyUnknown})
	}
	for _, r := range o.Released {
		_, e, err := a.Event(r)
		if err != nil {
			return nil, err
		}
		list = append(list, seal.Copy{Kind: seal.CopyRelease, Event: &r, Time: &e.Time, State: seal.CopyBeyond})
	}
	return list, nil
}

// quarantined says whether keyfiles of interrupted accessions lie in quarantine: nobody can tell whether a bundle that was
// taken in again later is among what they open.
func (a *Archive) quarantined() (found bool, err error) {
	err = filepath.WalkDir(filepath.Join(a.dir, quarantineDir), func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && strings.HasSuffix(d.Name(), ".keys") {
			found = true
			return fs.SkipAll
		}
		return err
	})
	return found, err
}

// sign signs a certificate with the log key: the policy has it, and whoever has the policy can check it.
func (a *Archive) sign(c seal.Certificate) ([]byte, error) {
	s, err := c.Sign()
	if err != nil {
		return nil, err
	}
	sig, err := a.private.Log.Sign(s.Message())
	if err != nil {
		return nil, err
	}
	if err := s.Add(seal.Signature{KeyID: keyName(a.private.Log), Sig: sig}); err != nil {
		return nil, err
	}
	return s.Marshal()
}

// keyName is a log key's name and hash, as they begin its verifier key.
func keyName(s interface {
	Name() string
	KeyHash() uint32
}) string {
	return fmt.Sprintf("%s+%08x", s.Name(), s.KeyHash())
}
