package daemon

import (
	"net"

	"kartoteka/cmd/internal/stamps"
	"kartoteka/cmd/internal/wire"
)

// handleStamps answers what has to do with time stamps.
func (s *server) handleStamps(c net.Conn, r wire.Request) error {
	k := s.keeper
	switch r.Op {
	case wire.OpStamp:
		report, err := k.stamping.Run(k.stamping.life, r.Stamp.Now)
		return s.stamps(c, r.Op, report, err)
	case wire.OpRenew:
		report, err := k.stamping.Renew(k.stamping.life, &k.stamping.calendar, wire.Within(r.Renew.Days))
		return s.stamps(c, r.Op, report, err)
	}
	plan, err := k.stamping.calendar.Plan(stampDesk{k}, k.now(), wire.Within(r.Renewals.Days))
	if err != nil {
		return err
	}
	return s.send(c, wire.Answer{Renewals: &plan})
}

func (s *server) stamps(c net.Conn, op wire.Op, r stamps.Report, err error) error {
	s.log.Info(string(op), "nights", len(r.Nights), "renewals", len(r.Waves), "stamped", len(r.Stamped), "waiting", len(r.Waiting))
	s.keeper.stamped(r, err)
	s.keeper.reckon()
	if err != nil {
		return err
	}
	return s.send(c, wire.Answer{Stamps: &r})
}
