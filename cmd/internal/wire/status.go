package wire

import "kartoteka/seal"

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
}

// Problem is something a person should see to. Codes are stable.
type Problem struct {
	Code  string    `json:"code"`
	Text  string    `json:"text"`
	Since seal.Time `json:"since"`
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
)
