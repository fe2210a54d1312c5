package daemon

import (
	"testing"
	"time"
)

func TestCalendarNext(t *testing.T) {
	for _, c := range []struct{ zone, nightly, from, want string }{
		{"Europe/Warsaw", "00:30", "2026-11-21T20:00:00Z", "2026-11-21T23:30:00Z"},
		{"Europe/Warsaw", "00:30", "2026-11-21T23:30:00Z", "2026-11-22T23:30:00Z"}, // strictly after
		{"Europe/Warsaw", "00:30", "2026-11-21T23:29:59Z", "2026-11-21T23:30:00Z"},
		{"Europe/Kyiv", "00:30", "2026-11-21T20:00:00Z", "2026-11-21T22:30:00Z"},
		{"UTC", "23:59", "2026-12-31T23:59:30Z", "2027-01-01T23:59:00Z"},

		// The clock goes forward at 02:00 (Poland) and 03:00 (Ukraine, Lithuania) on 2026-03-29: 01:00 UTC for all.
		{"Europe/Warsaw", "02:30", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Warsaw", "02:00", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Warsaw", "03:00", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Warsaw", "01:59", "2026-03-28T12:00:00Z", "2026-03-29T00:59:00Z"},
		{"Europe/Warsaw", "02:30", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
		{"Europe/Vilnius", "03:30", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},

		// It goes back on 2026-10-25 at 01:00 UTC: 02:30 comes twice in Poland, and only the first counts.
		{"Europe/Warsaw", "02:30", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		{"Europe/Warsaw", "02:30", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"Europe/Warsaw", "02:30", "2026-10-25T01:15:00Z", "2026-10-26T01:30:00Z"},
		{"Europe/Warsaw", "03:00", "2026-10-24T12:00:00Z", "2026-10-25T02:00:00Z"},
		{"Europe/Vilnius", "03:30", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},

		// Midnight itself is skipped in Beirut on 2026-03-29, and comes twice in Havana on 2026-11-01.
		{"Asia/Beirut", "00:30", "2026-03-28T12:00:00Z", "2026-03-28T22:00:00Z"},
		{"America/Havana", "00:30", "2026-10-31T12:00:00Z", "2026-11-01T04:30:00Z"},
	} {
		got := testCalendar(t, c.zone, c.nightly, 0).next(at(t, c.from))
		if want := at(t, c.want); !got.Equal(want) {
			t.Errorf("%s %s after %s: %s, want %s", c.zone, c.nightly, c.from, got.UTC().Format(time.RFC3339), c.want)
		}
	}
}

// TestCalendarEveryNight goes through years in zones with odd changes: one night a day, never two, never none.
func TestCalendarEveryNight(t *testing.T) {
	for _, zone := range []string{"Europe/Warsaw", "Europe/Kyiv", "Europe/Vilnius", "Australia/Lord_Howe", "America/Havana", "Asia/Tehran"} {
		for _, nightly := range []string{"00:00", "00:30", "01:30", "02:15", "02:30", "03:00", "23:59"} {
			c := testCalendar(t, zone, nightly, 0)
			now := time.Date(2015, 1, 1, 12, 0, 0, 0, c.zone)
			for range 15 * 365 {
				next := c.next(now)
				if gap := next.Sub(now); gap <= 0 || gap > 37*time.Hour {
					t.Fatalf("%s %s: %s follows %s", zone, nightly, next, now)
				}
				if y, m, d := next.Date(); now.Year() == y && now.Month() == m && now.Day() == d && now.Hour() != 12 {
					t.Fatalf("%s %s: twice on one day: %s, %s", zone, nightly, now, next)
				}
				now = next
			}
		}
	}
}

func TestCalendarDue(t *testing.T) {
	for _, c := range []struct {
		wait       time.Duration
		came, want string
	}{
		{0, "2026-11-21T20:00:00Z", "2026-11-21T23:30:00Z"},
		{15 * time.Minute, "2026-11-21T20:00:00Z", "2026-11-21T20:15:00Z"},
		{15 * time.Minute, "2026-11-21T23:20:00Z", "2026-11-21T23:30:00Z"}, // the night comes first
		{48 * time.Hour, "2026-11-21T20:00:00Z", "2026-11-21T23:30:00Z"},
	} {
		if got := testCalendar(t, "Europe/Warsaw", "00:30", c.wait).due(at(t, c.came)); !got.Equal(at(t, c.want)) {
			t.Errorf("came %s, at most %s: due %s, want %s", c.came, c.wait, got.UTC(), c.want)
		}
	}
}

func testCalendar(t *testing.T, zone, nightly string, wait time.Duration) calendar {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseConfig("test", []byte("archive: /a\ncalendar: {nightly: '"+nightly+"'}"))
	if err != nil {
		t.Fatal(err)
	}
	return calendar{z, c.Calendar.Nightly, wait}
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
