package archive

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
)

// Abort gives up what was staged. The files stay beyond the checkpoint and are set aside at the next opening or
// removed here; either way nobody ever saw them.
func (s *Accession) Abort() error {
	if s.done {
		return nil
	}
	s.done = true
	var err error
	if s.segment != nil {
		err = s.segment.close()
	}
	for _, top := range []string{accessionsDir, keyfilesDir, keyfilesDir2} {
		err = errors.Join(err, s.a.discard(path.Join(top, s.id.String())))
	}
	if s.appended {
		err = errors.Join(err, s.a.quarantine())
	}
	if err != nil && s.a.writer != nil {
		s.a.writer.broken = true // the next accession would have the same id, and find files of this one: Open sets them aside
	}
	return err
}

// Commit makes the accession happen, whole, by one rename of one small file.
func (s *Accession) Commit() error {
	if s.done {
		return errors.New("commit: the accession is over")
	}
	a := s.a
	event, err := s.files()
	if err != nil {
		return err
	}
	if len(s.events) == 0 {
		return errors.New("commit: nothing was staged")
	}
	event.Night, event.Wave, event.Rehash = s.lasts()
	s.add(seal.Event{Kind: seal.KindAccession, Accessioned: event})
	closing := s.events[len(s.events)-1]
	leaves, err := marshalEvents(s.events)
	if err != nil {
		return err
	}
	// A crash up to here leaves segments and keyfiles in folders that no event names.
	s.appended = true
	tree, err := a.log.Append(leaves)
	if err != nil {
		return err
	}
	head := seal.Checkpoint{Origin: a.Spec.Origin, Size: tree.Size, Root: seal.Digest(tree.Root)}
	signed, err := head.Sign(s.signer)
	if err != nil {
		return err
	}
	if _, err := s.trust.policy.Checkpoint(signed, s.now.Time); err != nil { // nobody could open the archive any more
		return fmt.Errorf("commit: the checkpoint would not hold: %w", err)
	}
	if err := a.checkClock(); err != nil {
		return err
	}
	// A crash up to here leaves tiles beyond the checkpoint too.
	if err := durable.ReplaceFile(a.fs, checkpointName, signed, filePerm); err != nil {
		// The rename may have happened or not: only a fresh Open can tell.
		a.writer.broken, s.done = true, true
		return fmt.Errorf("%w: %w", ErrReopen, err)
	}
	// A crash from here on leaves a committed accession without receipts: they are given at the next opening.
	s.done = true
	a.mu.Lock()
	a.head, a.signed, a.last, a.trust = head, signed, closing, s.trust
	a.mu.Unlock()
	a.private.Log = s.signer
	if err := errors.Join(a.log.Publish(tree.Size), s.index()); err != nil {
		return &AfterCommit{err}
	}
	return nil
}

// index brings the index up to the commit. Bundles are at hand; everything else is read as a rebuild would.
func (s *Accession) index() error {
	if s.follow {
		return s.a.index.catchUp(s.a)
	}
	return s.a.index.add(s.added, s.a.year(s.now), s.a.head)
}

// AfterCommit says that an accession is committed, but something that can be made up for was not done: the index
// catches up before the next accession, superseded tiles go with the next commit.
type AfterCommit struct{ Err error }

func (e *AfterCommit) Error() string { return "after the commit: " + e.Err.Error() }
func (e *AfterCommit) Unwrap() error { return e.Err }

// files makes segments and keyfiles durable and describes them.
func (s *Accession) files() (*seal.AccessionEvent, error) {
	if err := s.flush(); err != nil {
		return nil, err
	}
	e := &seal.AccessionEvent{Events: len(s.events), Segments: s.sealed, Keyfiles: []seal.KeyfileSum{}, Policy: s.trust.policySum, To: s.trust.toSum}
	if e.Segments == nil {
		e.Segments = []seal.Segment{}
	}
	files := durable.NewBatch(s.a.fs, ".", filePerm, dirPerm)
	defer files.Abort()
	for _, c := range seal.Classes() {
		k := s.keys[c]
		if k == nil {
			continue
		}
		sum, data, err := s.keyfile(c, k)
		if err != nil {
			return nil, err
		}
		e.Keyfiles = append(e.Keyfiles, sum)
		for _, top := range []string{keyfilesDir, keyfilesDir2} {
			if err := files.Replace(path.Join(top, s.id.String(), c.FileName()), data); err != nil {
				return nil, err
			}
		}
	}
	return e, files.Commit()
}

func (s *Accession) keyfile(c seal.Class, k *staged) (sum seal.KeyfileSum, data []byte, err error) {
	f := seal.Keyfile{Head: seal.KeyfileHead{Accession: s.id, Class: c}, Records: k.records}
	if f.Secrets, err = s.trust.recipients.Wrap(c, s.secrets[c]); err != nil {
		return sum, nil, err
	}
	if data, err = f.Marshal(); err != nil {
		return sum, nil, err
	}
	sum, err = f.Sum()
	return sum, data, err
}

// flush writes the waiting payloads behind the documents and ends the last segment.
func (s *Accession) flush() error {
	for _, c := range seal.Classes() {
		k := s.keys[c]
		if k == nil {
			continue
		}
		for _, n := range slices.Sorted(maps.Keys(k.payloads)) {
			place, err := s.payload(k.payloads[n])
			if err != nil {
				return err
			}
			k.records[n].Segment, k.records[n].Offset = place.Segment, place.Offset
		}
		clear(k.payloads)
	}
	return s.endSegment()
}
