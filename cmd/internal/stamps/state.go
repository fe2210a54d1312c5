package stamps

import (
	"time"

	"kartoteka/archive"
	"kartoteka/seal"
)

// Count is how many nights there are, in each family, and what waits.
type Count struct {
	Nights  int
	Waiting int       // nights and waves without their token
	Since   seal.Time // the oldest of them was gathered; zero: nothing waits
}

// Counted counts.
func Counted(a *archive.Archive) (c Count, err error) {
	some := false
	err = a.NightStates(func(n archive.NightState) error {
		c.Nights++
		some = some || n.Until.IsZero() || n.Wave
		return nil
	})
	if err != nil || !some {
		return c, err
	}
	list, err := waiting(a)
	if c.Waiting = len(list); c.Waiting > 0 {
		c.Since = list[0].since
	}
	return c, err
}

// LastNight is when the last night was gathered, or else when the archive was made.
func LastNight(a *archive.Archive) (at time.Time, err error) {
	var last seal.LeafIndex
	at = a.Spec.Created.Time
	err = a.NightStates(func(n archive.NightState) error {
		last = n.Night
		return nil
	})
	if err != nil || last == 0 {
		return at, err
	}
	_, e, err := a.Event(last)
	return e.Time.Time, err
}
