package stamps

import (
	"context"
	"fmt"
	"time"

	"kartoteka/archive"
)

// Renew gathers what ends within a time into one wave a family, and has everything stamped that waits. What is gathered
// and not stamped is tried again by every later run.
func (s *Stamps) Renew(ctx context.Context, c *Calendar, within time.Duration) (Report, error) {
	s.running.Lock()
	defer s.running.Unlock()
	r := newReport()
	p, err := c.Plan(s.Desk, s.Now(), within)
	if err != nil {
		return r, err
	}
	waves, err := p.waves(s.Desk)
	if err != nil {
		return r, err
	}
	for _, w := range waves {
		if ctx.Err() != nil {
			break
		}
		err := s.Desk.Write(func(a *archive.Archive) error {
			wave, err := a.GatherWave(w.family, w.nights)
			if err = committed(err); err == nil {
				r.Waves = append(r.Waves, wave)
			}
			return err
		})
		if err != nil {
			return r, fmt.Errorf("gather a renewal: %w", err)
		}
	}
	return r, s.stampAll(ctx, &r)
}
