package jsonoutput

import (
	"kartoteka/retention"
	"kartoteka/seal"
	"kartoteka/verify"
)

// ScheduleCheck is the answer of `schedule check`.
type ScheduleCheck struct {
	Schema    string            `json:"schema"`
	Verdict   verify.Verdict    `json:"verdict"`   // failed where that of one schedule is
	Schedules []CheckedSchedule `json:"schedules"` // in the order they were named
}

// CheckedSchedule is one file and all that was found in it. A file that is no schedule has no jurisdiction, date and digest.
type CheckedSchedule struct {
	File         string            `json:"file"`
	Verdict      verify.Verdict    `json:"verdict"` // failed where a finding is a fault
	Jurisdiction string            `json:"jurisdiction,omitempty"`
	Checked      string            `json:"checked,omitempty"` // as it says itself: when it was compared with the law
	Digest       seal.Digest       `json:"sha256,omitzero"`
	Rules        int               `json:"rules"`
	Findings     []ScheduleFinding `json:"findings"` // the gravest first
}

// ScheduleFinding is one thing that speaks against a schedule.
type ScheduleFinding struct {
	Level        retention.Level `json:"level"`                  // fault, warning, note
	Jurisdiction string          `json:"jurisdiction,omitempty"` // where it counts: the EU's rules count in PL and LT
	Rule         string          `json:"rule,omitempty"`         // id; left out where it is about no single rule
	Reason       string          `json:"reason"`
}

// ScheduleList is the answer of `schedule list`.
type ScheduleList struct {
	Schema    string           `json:"schema"`
	Schedules []ListedSchedule `json:"schedules"` // PL, UA, LT, EU
}

// ListedSchedule is one schedule in force.
type ListedSchedule struct {
	Jurisdiction string            `json:"jurisdiction"`
	File         string            `json:"file,omitempty"` // left out where it is the embedded one
	Act          string            `json:"act"`
	Checked      string            `json:"checked"`
	Digest       seal.Digest       `json:"sha256"`
	Classes      map[string]string `json:"classes"` // every class the rules may name, with a title for people
	Rules        []ScheduleRule    `json:"rules"`
}

// ScheduleRule is one rule, in the words of the schedule's file. Neither years nor days: it has no period.
type ScheduleRule struct {
	ID         string               `json:"id"`
	Classes    []string             `json:"classes"` // or the one word any
	Unit       retention.Unit       `json:"unit"`
	Period     string               `json:"period"` // for people
	Years      int                  `json:"years,omitempty"`
	Days       int                  `json:"days,omitempty"`
	Trigger    retention.Trigger    `json:"trigger"`
	Rounding   retention.Rounding   `json:"rounding"`
	When       map[string]string    `json:"when,omitempty"` // conditions, all of which must hold
	Cite       string               `json:"cite,omitempty"`
	Source     string               `json:"source,omitempty"`
	Confidence retention.Confidence `json:"confidence"`
	Verify     bool                 `json:"verify"`              // a lawyer must compare it with the law first: until then nothing is disposed of by it
	Confirmed  string               `json:"confirmed,omitempty"` // with --archive: what it was compared with there
	Default    bool                 `json:"default"`
	Note       string               `json:"note,omitempty"`
}
