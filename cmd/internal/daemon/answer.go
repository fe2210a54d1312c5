package daemon

import (
	"errors"
	"net"
	"slices"

	"kartoteka/archive"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// foundPerAnswer keeps an answer well below wire.MaxLine.
const foundPerAnswer = 500

// answer answers one request. Its error means that the connection is of no more use.
func (s *server) answer(c net.Conn, p peer, line []byte) error {
	ops := s.roles.allowed(p)
	if len(ops) == 0 { // its last role was taken away since it connected
		s.turnAway(c, p, noRole(p))
		return wire.ErrForbidden
	}
	r, err := wire.ParseRequest(line)
	if err == nil && !slices.Contains(ops, r.Op) {
		s.log.Warn("forbidden", "op", string(r.Op), "uid", p.uid)
		err = wire.Errorf(wire.CodeForbidden, "%s: user %d has no role for this in kartotekad's configuration", r.Op, p.uid)
	}
	if err == nil {
		err = s.handle(c, r)
	}
	var broken *net.OpError
	if errors.As(err, &broken) {
		return err
	}
	if err != nil {
		return s.send(c, wire.Answer{Error: wire.NewError(err)})
	}
	return nil
}

func (s *server) handle(c net.Conn, r wire.Request) error {
	switch r.Op {
	case wire.OpStatus:
		st, err := s.keeper.status()
		if err != nil {
			return err
		}
		return s.send(c, wire.Answer{Status: &st})
	case wire.OpFind:
		return s.find(c, *r.Query)
	case wire.OpList:
		s.lists <- struct{}{}
		defer func() { <-s.lists }()
		return s.find(c, *r.Query)
	case wire.OpIngest:
		return s.ingest(c)
	case wire.OpRelease:
		return s.leaf(c, func(a *archive.Accession) (seal.LeafIndex, error) {
			return a.Release(r.Release.Entry, r.Release.Custodian)
		})
	case wire.OpReleaseVoid:
		return s.void(c, *r.Void)
	case wire.OpStamp, wire.OpRenewals, wire.OpRenew:
		return s.handleStamps(c, r)
	}
	return s.handleLaw(c, r)
}

func (s *server) find(c net.Conn, q archive.Query) error {
	var found []archive.Found
	err := s.keeper.desk.look(func(a *archive.Archive) (err error) {
		found, err = a.Find(q)
		return err
	})
	if err != nil {
		return err
	}
	for len(found) > foundPerAnswer {
		if err := s.send(c, wire.Answer{More: true, Found: found[:foundPerAnswer]}); err != nil {
			return err
		}
		found = found[foundPerAnswer:]
	}
	return s.send(c, wire.Answer{Found: found})
}

// ingest sends each outcome as it comes. When the asker goes away the accession goes on.
func (s *server) ingest(c net.Conn) error {
	q, err := s.keeper.ingest()
	if err != nil {
		return err
	}
	for o := range q.out {
		if err := s.send(c, wire.Answer{More: true, Outcomes: []archive.Outcome{o}}); err != nil {
			return err
		}
	}
	if q.err != nil {
		return q.err
	}
	return s.send(c, wire.Answer{})
}

func (s *server) leaf(c net.Conn, stage func(*archive.Accession) (seal.LeafIndex, error)) error {
	leaf, err := s.keeper.commit(stage)
	if err != nil {
		return err
	}
	return s.send(c, wire.Answer{Leaf: &leaf})
}

// void refuses to void what is no release, or not in the log: such an event could never be taken out again.
func (s *server) void(c net.Conn, v wire.Void) error {
	err := s.keeper.desk.look(func(a *archive.Archive) error {
		if int64(v.Release) >= a.Head().Size {
			return wire.Errorf(wire.CodeNotFound, "event %d is not in the log", v.Release)
		}
		_, e, err := a.Event(v.Release)
		if err == nil && e.Release == nil {
			err = wire.Errorf(wire.CodeNotFound, "event %d is not a release", v.Release)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.leaf(c, func(a *archive.Accession) (seal.LeafIndex, error) { return a.ReleaseVoid(v.Release, v.Code), nil })
}
