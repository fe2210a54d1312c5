package wire

import (
	"fmt"
	"time"

	"kartoteka/cmd/internal/stamps"
	"kartoteka/seal"
)

// Status is what an operator looks at.
type Status struct {
	Origin       string     `json:"origin"`
	Size         int64      `json:"size"` // events in the log
	Root         string     `json:"root"`
	Last         seal.Time  `json:"last"` // the last commit
	Waiting      int        `json:"waiting"`
	WaitingSince *seal.Time `json:"waiting_since,omitempty"`
	Rejected     int        `json:"rejected"`  // refused bundles that are kept
	Leftovers    int        `json:"leftovers"` // bundles that were dealt with and could not be removed from the spool
	Free         uint64     `json:"free"`      // bytes
	Reserve      uint64     `json:"reserve"`   // bytes that are left free
	DaysLeft     *int       `json:"days_left"` // at the pace of the last 30 days; null when there is no pace yet
	Index        string     `json:"index"`     // in_step, behind, unknown
	Taking       bool       `json:"taking"`    // an accession is being made
	Next         *seal.Time `json:"next"`      // when the next accession begins; null when taking in is stopped
	Problems     []Problem  `json:"problems"`
	Stamps       *Stamped   `json:"stamps"` // null when the index cannot be asked
}

// Stamped is how the archive stands with its time stamps. Nights are counted in each family.
type Stamped struct {
	Waiting int        `json:"waiting"`  // nights and waves without their token
	Since   *seal.Time `json:"since"`    // the oldest of them was gathered
	RenewBy *seal.Time `json:"renew_by"` // when the first token ends that can still be renewed; null: there is none
	Lapsed  int        `json:"lapsed"`   // nights that were not renewed in time
	Nights  int        `json:"nights"`   // all of them
}

// StampState joins what the index counts with the calendar, where it was reckoned.
func StampState(c stamps.Count, p *stamps.Plan) *Stamped {
	s := &Stamped{Waiting: c.Waiting, Nights: c.Nights}
	if c.Waiting > 0 {
		s.Since = &c.Since
	}
	if p == nil {
		return s
	}
	by, lapsed := p.First()
	if s.Lapsed = lapsed; !by.IsZero() {
		s.RenewBy = &by
	}
	return s
}

// When there is something to see to.
const (
	stampWithin   = 24 * time.Hour      // a night has its stamps
	renewWarn     = 90 * 24 * time.Hour // before tokens end
	renewCritical = 30 * 24 * time.Hour
)

// Problems of the time stamps, at a time.
func (s *Stamped) Problems(now time.Time) (list []Problem) {
	put := func(code string, critical bool, format string, args ...any) {
		list = append(list, Problem{Code: code, Text: fmt.Sprintf(format, args...), Since: seal.At(now), Critical: critical})
	}
	if s.Since != nil && now.Sub(s.Since.Time) > stampWithin {
		put(ProblemStamps, true, "%d nights or renewals wait for a time stamp, the first since %s; kartoteka stamp says what the authorities answer", s.Waiting, s.Since)
	}
	switch {
	case s.Lapsed > 0:
		put(ProblemRenewal, true, "time stamps of %d nights ended before they were renewed; that cannot be repaired", s.Lapsed)
	case s.RenewBy != nil && s.RenewBy.Sub(now) < renewWarn:
		put(ProblemRenewal, s.RenewBy.Sub(now) < renewCritical, "time stamps end on %s and must be renewed before: kartoteka renew plan, renew run", s.RenewBy)
	}
	return list
}

// Problem is something a person should see to. Codes are stable.
type Problem struct {
	Code     string    `json:"code"`
	Text     string    `json:"text"`
	Since    seal.Time `json:"since"`
	Critical bool      `json:"critical,omitempty"` // what it threatens cannot be repaired: `status` exits with 1
}

// Codes of problems.
const (
	ProblemSpace      = "space"            // the reserve is reached: nothing is taken in
	ProblemFewDays    = "few_days_left"    // at the present pace the disk is full within 30 days
	ProblemIntake     = "intake_failed"    // the last accession failed and is tried again
	ProblemSpool      = "spool_unreadable" // the spool cannot be listed
	ProblemPostponed  = "bundle_postponed" // a bundle cannot be judged: it may be unreadable, or is written for long
	ProblemLeftovers  = "spool_leftovers"  // the clear text of bundles that were dealt with cannot be removed from the spool
	ProblemIndex      = "index_behind"     // look-ups miss the last accession; the next one makes up for it
	ProblemWatch      = "watch_lost"       // no news from the file system: the spool is only looked at every 30 seconds
	ProblemStatusFile = "status_file"      // the status file cannot be written
	ProblemStamps     = "stamps"           // a night stays without its time stamps for more than a day
	ProblemRenewal    = "renewal"          // time stamps end soon, or have ended, and were not renewed
)
