package daemon

import "time"

// calendar says when bundles are due. Its days are those of the archive's time zone.
type calendar struct {
	zone    *time.Location
	nightly TimeOfDay
	maxWait time.Duration // 0: only nightly
}

// due is when a bundle that came at a time is taken in: the first night after it, or maxWait later if that is sooner.
// Asked of the oldest bundle it also gives a night that was missed: that lies in the past, so it is now.
func (c calendar) due(came time.Time) time.Time {
	at := c.next(came)
	if soon := came.Add(c.maxWait); c.maxWait > 0 && soon.Before(at) {
		return soon
	}
	return at
}

// next is the first nightly time after t.
func (c calendar) next(t time.Time) time.Time {
	y, m, d := t.In(c.zone).Date()
	for i := 0; ; i++ {
		if at := c.on(y, m, d+i); at.After(t) {
			return at
		}
	}
}

// on is the nightly time of one day: the first instant of the day at which the clock on the wall says so, or, where
// the clock is set forward over it, the instant at which that is done.
func (c calendar) on(y int, m time.Month, d int) time.Time {
	h, min := int(c.nightly)/60, int(c.nightly)%60
	t := time.Date(y, m, d, h, min, 0, 0, c.zone)
	start, end := t.ZoneBounds()
	want := time.Date(y, m, d, h, min, 0, 0, time.UTC)
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
	switch { // skipped: time.Date gives an instant on either side of the gap
	case wall.After(want):
		return start
	case wall.Before(want):
		return end
	}
	if start.IsZero() {
		return t
	}
	_, before := start.Add(-time.Second).Zone()
	_, now := t.Zone()
	if first := t.Add(time.Duration(now-before) * time.Second); before > now && first.Before(start) { // it comes twice
		return first
	}
	return t
}
