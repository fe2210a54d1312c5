package retention

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"kartoteka/retention/retentiontest"
	"kartoteka/seal"
)

// TestDecades lets four hundred random patients live for 35 years and their records rest for 35 more, and compares each
// disposal with a second reading of the law that shares no code with the engine. The same lives go through a real archive
// in cmd/internal/appraisal.
func TestDecades(t *testing.T) {
	all := retentiontest.Lives(rand.New(rand.NewPCG(35, 20)), 400, 2026, 35)
	h := newHospital(t)
	events := map[string]func(time.Time){}
	for _, e := range all {
		day, before := e.At.Format(time.DateOnly), events[e.At.Format(time.DateOnly)]
		events[day] = func(now time.Time) {
			if before != nil {
				before(now)
			}
			if e.Bundle == "" {
				h.learn(fmt.Sprint(e.Patient), e.Of, e.Facts)
			} else {
				h.take(fmt.Sprint(e.Patient), e.Bundle, now, e.Facts)
			}
		}
	}
	h.run(2026, 2096, events)
	of := map[int][]retentiontest.Happening{}
	for _, e := range all {
		of[e.Patient] = append(of[e.Patient], e)
	}
	for _, e := range all {
		if e.Bundle == "" {
			continue
		}
		if got, want := h.gone[e.Bundle], retentiontest.Goes(of[e.Patient], e, 2096, func(seal.Date) bool { return false }); got != want {
			t.Errorf("bundle %s (%+v) went on %s by %s, want %s", e.Bundle, e.Facts, got, h.rules[e.Bundle], want)
		}
	}
	t.Logf("%d happenings, %d bundles disposed of", len(all), len(h.gone))
}
