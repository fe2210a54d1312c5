package daemon

import (
	"net"
	"slices"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// handleLaw answers what the law of retention has to do with.
func (s *server) handleLaw(c net.Conn, r wire.Request) error {
	switch r.Op {
	case wire.OpFact:
		return s.acts(c, r.Op, func(p *appraisal.Appraiser) ([]seal.Act, error) {
			return p.Fact(r.Fact.Whose, r.Fact.Facts, r.Fact.Basis, r.Fact.Officer)
		})
	case wire.OpHold:
		return s.acts(c, r.Op, func(p *appraisal.Appraiser) ([]seal.Act, error) { return p.Hold(r.Hold.Whose, r.Hold.Hold) })
	case wire.OpStep:
		return s.acts(c, r.Op, func(p *appraisal.Appraiser) ([]seal.Act, error) {
			act, err := p.Step(r.Step.Step, r.Step.Bundles)
			return []seal.Act{act}, err
		})
	case wire.OpHoldRelease:
		return s.endHold(c, *r.HoldRelease)
	case wire.OpHolds:
		return s.holds(c)
	case wire.OpDue:
		return s.due(c, *r.Due)
	case wire.OpOrder:
		return s.order(c, *r.Order)
	case wire.OpExecute:
		return s.execute(c, *r.Execute)
	case wire.OpCertificate:
		return s.certificate(c, r.Certificate.Event)
	}
	return wire.Errorf(wire.CodeRequest, "request: no such operation")
}

func (s *server) acts(c net.Conn, op wire.Op, make func(*appraisal.Appraiser) ([]seal.Act, error)) error {
	var about int
	leaves, err := s.keeper.acts(func(p *appraisal.Appraiser) (acts []seal.Act, err error) {
		acts, err = make(p)
		for _, a := range acts {
			about += len(a.Bundles())
		}
		return acts, err
	})
	if err != nil {
		return err
	}
	s.log.Info(string(op), "first", int64(leaves[0]), "events", len(leaves), "bundles", about)
	return s.send(c, wire.Answer{Leaves: leaves})
}

func (s *server) endHold(c net.Conn, h wire.HoldRelease) error {
	leaf, err := s.keeper.endHold(h)
	if err != nil {
		return err
	}
	s.log.Info(string(wire.OpHoldRelease), "event", int64(leaf), "hold", int64(h.Hold))
	return s.send(c, wire.Answer{Leaf: &leaf})
}

func (s *server) order(c net.Conn, o wire.Order) error {
	var file []byte
	err := s.keeper.appraise(func(a *archive.Archive, p *appraisal.Appraiser) error {
		order, err := p.Order(o.Number, a.Today().AddDays(o.Days), o.Bundles)
		if err != nil {
			return err
		}
		signed, err := order.Sign()
		if err == nil {
			file, err = signed.Marshal()
		}
		return err
	})
	if err != nil {
		return err
	}
	s.log.Info(string(wire.OpOrder), "bundles", len(o.Bundles))
	return s.file(c, file)
}

func (s *server) execute(c net.Conn, x wire.Execute) error {
	if x.Check {
		err := s.keeper.appraise(func(_ *archive.Archive, p *appraisal.Appraiser) error {
			return p.Check([]byte(x.Order), s.keeper.now())
		})
		if err != nil {
			return err
		}
		return s.send(c, wire.Answer{})
	}
	leaf, err := s.keeper.execute([]byte(x.Order))
	if err != nil {
		s.log.Warn("not executed", "error", safe(err))
		return err
	}
	s.log.Info(string(wire.OpExecute), "event", int64(leaf))
	return s.send(c, wire.Answer{Leaf: &leaf})
}

func (s *server) certificate(c net.Conn, disposal seal.LeafIndex) error {
	var file []byte
	err := s.keeper.appraise(func(a *archive.Archive, _ *appraisal.Appraiser) (err error) {
		if int64(disposal) >= a.Head().Size {
			return wire.Errorf(wire.CodeNotFound, "event %d is not in the log", disposal)
		}
		file, err = a.Certificate(disposal, thisProgram())
		return err
	})
	if err != nil {
		return err
	}
	s.log.Info(string(wire.OpCertificate), "event", int64(disposal))
	return s.file(c, file)
}

// partSize keeps a part of a file, in base64, well below wire.MaxLine.
const partSize = 4 << 20

func (s *server) file(c net.Conn, file []byte) error {
	for part := range slices.Chunk(file, partSize) {
		if err := s.send(c, wire.Answer{More: true, File: part}); err != nil {
			return err
		}
	}
	return s.send(c, wire.Answer{})
}
