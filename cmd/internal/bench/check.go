package main

import (
	"time"
)

// checks judges the archive without any key, with a custodian's identity, and makes the index anew.
func (w *world) checks() error {
	a := w.path("archive")
	if _, err := run(w.kartoteka("policy", "export", "-o", w.path("policy.json"), "--archive", a)); err != nil {
		return err
	}
	keyless := []string{"verify", "archive", "--archive", a, "--policy", w.path("policy.json")}
	k, err := median(w.runs(), nil, func() (cost, error) { return run(w.kartoteka(keyless...)) })
	if err != nil {
		return err
	}
	r := w.b.t.row("check without keys", k, "").most("peak RSS", float64(k.rss)/(1<<20), 32, "MiB")
	if best := w.best("check tar", "check restic", "check borg"); best > 0 {
		r.most("/ the best peer's check", k.wall.Seconds()/best.Seconds(), 0.35, "")
	}
	k, err = median(w.runs(), nil, func() (cost, error) {
		return run(w.kartoteka(append(keyless, "-i", w.path("keys/one.key"))...))
	})
	if err != nil {
		return err
	}
	r = w.b.t.row("check with keys", k, "").most("peak RSS", float64(k.rss)/(1<<20), 32, "MiB")
	if restic := w.took["check restic"]; restic > 0 {
		r.most("/ restic's", k.wall.Seconds()/restic.Seconds(), 1.1, "")
	}
	k, err = run(w.kartoteka("rebuild", "--archive", a))
	w.b.t.row("rebuild of the index", k, "")
	return err
}

// best is the shortest of what was measured; 0 when nothing was.
func (w *world) best(names ...string) (best time.Duration) {
	for _, n := range names {
		if d := w.took[n]; d > 0 && (best == 0 || d < best) {
			best = d
		}
	}
	return best
}
