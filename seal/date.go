package seal

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a day of the calendar, without hour and zone: terms of storage, holds and orders are days in the controller's
// time zone. The zero Date means "none". Dates can be compared with ==.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateIn gives the day that it is at t in the zone. What is still 31 December in UTC may be 1 January there.
func DateIn(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date{y, m, d}
}

// ParseDate reads YYYY-MM-DD, years 0001 to 9999.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, fmt.Errorf("date %.20q is not of the form YYYY-MM-DD", s)
	}
	return DateIn(t, time.UTC), nil
}

// String gives YYYY-MM-DD, or nothing for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// IsZero says whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Compare gives -1, 0 or +1 as d is before, at or after other.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// Before says whether d is earlier than other.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// AddDays gives the day n days later.
func (d Date) AddDays(n int) Date {
	return DateIn(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC), time.UTC)
}

// MarshalText gives the one spelling.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText takes the one spelling; an empty text is the zero Date.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	*d = parsed
	return err
}

// Under2 says whether a patient born on one day had not reached the second birthday on the other (UPP art. 29 ust. 1
// pkt 4). On the second birthday itself the answer is no. Who was born on 29 February has the birthday on 1 March where
// there is no such day: a day later than under art. 112 of the Polish civil code, since the longer term does no harm.
func Under2(born, served Date) bool {
	birthday := DateIn(time.Date(born.Year+2, born.Month, born.Day, 0, 0, 0, 0, time.UTC), time.UTC)
	return served.Before(birthday)
}
