package archive

import (
	"fmt"
	"time"

	"filippo.io/age"

	"kartoteka/seal"
)

// Act stages what an officer did about a patient's records, sealed to the index identity and the custodians, and its
// event. Act fills in act.Event.
func (s *Accession) Act(act seal.Act) (seal.LeafIndex, error) {
	act.Event = s.next()
	n, err := s.actRecord(act)
	if err != nil {
		return 0, err
	}
	return s.add(seal.Event{Kind: act.Kind(), Act: &seal.ActEvent{Record: n}}), nil
}

func (s *Accession) actRecord(act seal.Act) (n int, err error) {
	data, err := act.Marshal()
	if err != nil {
		return 0, err
	}
	n = len(s.class(seal.ClassIndex).records)
	_, err = s.small(seal.ClassIndex, data)
	s.follow = true
	return n, err
}

// EndHold stages the end of a hold, which two officers signed over the log as it was then.
func (s *Accession) EndHold(hold seal.LeafIndex, log seal.OrderLog, officers []seal.OfficerSignature) (seal.LeafIndex, error) {
	_, e, err := s.a.Event(hold)
	if err == nil && e.Kind != seal.KindHold {
		err = fmt.Errorf("event %d is of no hold", hold)
	}
	if err == nil {
		err = s.a.index.inForce(hold)
	}
	if err != nil {
		return 0, err
	}
	end := seal.Event{Kind: seal.KindHoldRelease, Time: s.now, HoldRelease: &seal.HoldReleaseEvent{Hold: hold, Log: log, Officers: officers}}
	if root, err := s.a.rootAt(log.Size); err != nil || root != log.Root || log.Size <= int64(hold) {
		return 0, refusef("the release was signed in another log, or a fork of this one")
	}
	if err := s.trust.policy.HoldRelease(end); err != nil {
		return 0, err
	}
	s.follow = true
	return s.add(end), nil
}

// next is the index of the event that is staged next.
func (s *Accession) next() seal.LeafIndex {
	return seal.LeafIndex(s.a.head.Size) + seal.LeafIndex(len(s.events))
}

// year is the controller's year of an instant.
func (a *Archive) year(t seal.Time) int { return seal.DateIn(t.Time, a.zone).Year }

// Today is the controller's day.
func (a *Archive) Today() seal.Date { return seal.DateIn(a.opt.Now(), a.zone) }

// Zone is the controller's time zone.
func (a *Archive) Zone() *time.Location { return a.zone }

// ReadAct opens the record of an act, with its words.
func (a *Archive) ReadAct(leaf seal.LeafIndex) (seal.Act, error) {
	_, e, err := a.Event(leaf)
	if err != nil {
		return seal.Act{}, err
	}
	n := -1
	if e.Act != nil {
		n = e.Act.Record
	} else if e.Release != nil {
		n = e.Release.Act
	}
	if n < 0 {
		return seal.Act{}, fmt.Errorf("event %d is of no act", leaf)
	}
	f := &follower{a: a}
	defer f.close()
	return f.openAct(e.Accession, n)
}

// indexIdentity is the writer's, or a reader's who may read it.
func (a *Archive) indexIdentity() (*age.HybridIdentity, error) {
	if a.private != nil {
		return a.private.Index, nil
	}
	return ReadIndexIdentity(a.opt.Private)
}
