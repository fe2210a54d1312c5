package cli

import (
	"kartoteka/archive"
	"kartoteka/cmd/internal/stamps"
	"kartoteka/cmd/internal/wire"
)

// lookAtStamps fills in how the archive stands with its time stamps, where this user may ask the index.
func (e *Env) lookAtStamps(a *archive.Archive, s *wire.Status) {
	n, err := stamps.Counted(a)
	if err != nil {
		return
	}
	p, err := (&stamps.Calendar{}).Plan(stamps.Alone(a), e.Now(), 0)
	if err != nil {
		e.warn("the calendar of time stamps cannot be reckoned: %s", clean(err.Error()))
		return
	}
	s.Stamps = wire.StampState(n, &p)
	s.Problems = append(s.Problems, s.Stamps.Problems(e.Now())...)
}

func (e *Env) stampRows(row func(name, format string, args ...any), s *wire.Stamped) {
	switch {
	case s == nil:
		return
	case s.Since != nil:
		row("time stamps", "%s, the first since %s", waits(s.Waiting), s.Since)
	case s.Nights == 0:
		row("time stamps", "no night was gathered yet")
	default:
		row("time stamps", "none is missing")
	}
	if s.RenewBy != nil {
		row("renew", "before %s", s.RenewBy)
	}
}
