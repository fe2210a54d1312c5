package cli

import (
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/stamps"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// stampDaemon answers what has to do with stamps.
func stampDaemon(t *testing.T, r stamps.Report, p stamps.Plan) string {
	return "--socket=" + fakeDaemon(t, func(q wire.Request) []wire.Answer {
		switch {
		case q.Op == wire.OpStamp && q.Stamp.Now, q.Op == wire.OpRenew && q.Renew.Days == 90:
			return []wire.Answer{{Stamps: &r}}
		case q.Op == wire.OpRenewals:
			return []wire.Answer{{Renewals: &p}}
		}
		return []wire.Answer{{Error: wire.Errorf(wire.CodeRequest, "not asked so")}}
	})
}

func TestStampThroughTheDaemon(t *testing.T) {
	now := time.Now()
	night := archive.Awaited{Covers: 7, Family: seal.FamilySHA256}
	stamped := stamps.Stamped{Awaited: night, TSA: "first", Time: seal.At(now), Until: seal.At(now.Add(time.Hour)), Event: 9}
	waits := stamps.Waiting{Awaited: night, Since: seal.At(now), Tried: []stamps.Tried{{TSA: "second", Error: "closed\x1b[0m"}}}
	for _, c := range []struct {
		r     stamps.Report
		code  int
		words []string
	}{
		{stamps.Report{Nights: []seal.LeafIndex{7}, Stamped: []stamps.Stamped{stamped}}, exitOK, []string{"gathered   night 7", "stamped    7  sha256  by first"}},
		{stamps.Report{Stamped: []stamps.Stamped{stamped}, Waiting: []stamps.Waiting{waits}}, exitPartly, []string{"waits      7  sha256", "second: closed?[0m", "still"}},
		{stamps.Report{Waiting: []stamps.Waiting{waits, {Awaited: night}}}, exitFailed, []string{"2 nights or renewals wait", "no authority was asked"}},
		{stamps.Report{}, exitOK, []string{"nothing waits"}},
	} {
		socket := stampDaemon(t, c.r, stamps.Plan{})
		want(t, now, c.code, c.words, "stamp", "--now", socket)
		if got := parsed[jsonoutput.Stamps](t, want(t, now, c.code, nil, "stamp", "--now", "--json", socket)); got.Schema != jsonoutput.SpecStamps || len(got.Stamped) != len(c.r.Stamped) {
			t.Errorf("%+v", got)
		}
		want(t, now, exitUsage, []string{"kartotekad"}, "stamp", "--now", "--tsa=first=http://tsa.example/", socket)
	}
}

func TestRenewThroughTheDaemon(t *testing.T) {
	now := time.Now()
	row := func(s stamps.State) stamps.Row {
		return stamps.Row{Family: seal.FamilySHA256, TSA: "first", By: seal.At(now), Why: "rsa-1900", State: s, Count: 3, First: 7, Last: 70}
	}
	done := stamps.Report{Waves: []seal.LeafIndex{80}, Stamped: []stamps.Stamped{{Awaited: archive.Awaited{Covers: 80, Family: seal.FamilySHA256}, TSA: "first", Until: seal.At(now)}}}
	due := stampDaemon(t, done, stamps.Plan{Rows: []stamps.Row{row(stamps.StateDue)}, Calls: 1, Fresh: 1})
	want(t, now, exitOK, []string{"rsa-1900", "7-70", "1 call to authorities renews", "one night or renewal waits"}, "renew", "plan", due)
	want(t, now, exitOK, []string{"nothing was done"}, "renew", "run", due)
	want(t, now, exitOK, []string{"gathered   renewal 80", "ends no later"}, "renew", "run", "--yes", due)
	if p := parsed[jsonoutput.Renewals](t, want(t, now, exitOK, nil, "renew", "plan", "--json", due)); p.Calls != 1 || p.Rows[0].Count != 3 {
		t.Errorf("%+v", p)
	}
	late := stampDaemon(t, done, stamps.Plan{Rows: []stamps.Row{row(stamps.StateLapsed)}})
	want(t, now, exitFailed, []string{"nothing is due", "lapsed", "ended before they were renewed: 3 nights"}, "renew", "plan", late)
	for _, within := range []string{"1w", "-1d", "36h", "100000d", "d"} {
		want(t, now, exitUsage, []string{"number of days"}, "renew", "plan", "--within="+within, late)
	}
	want(t, now, exitOK, nil, "renew", "plan", "--within=48h", due)
}

// An alarm is no success, though the answer is whole.
func TestStatusAlarm(t *testing.T) {
	now, since := time.Now(), seal.At(archivetest.Start)
	for critical, code := range map[bool]int{false: exitOK, true: exitFailed} {
		socket := "--socket=" + fakeDaemon(t, func(wire.Request) []wire.Answer {
			return []wire.Answer{{Status: &wire.Status{Origin: "o", Stamps: &wire.Stamped{Waiting: 2, Since: &since, RenewBy: &since}, Problems: []wire.Problem{{Code: wire.ProblemStamps, Text: "waits", Critical: critical}}}}}
		})
		want(t, now, code, []string{"time stamps", "2 nights or renewals wait, the first since", "renew", "before", "stamps: waits"}, "status", socket)
		if s := parsed[jsonoutput.Status](t, want(t, now, code, nil, "status", "--json", socket)); s.Problems[0].Critical != critical || s.Stamps.Waiting != 2 {
			t.Errorf("%+v", s)
		}
	}
}
