package cli

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
)

// fakeDaemon answers every request at a socket. Its folder is short: a socket's path has at most 107 bytes.
func fakeDaemon(t *testing.T, answer func(wire.Request) []wire.Answer) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c, answer)
		}
	}()
	return path
}

func serve(c net.Conn, answer func(wire.Request) []wire.Answer) {
	defer c.Close()
	in := wire.NewReader(c)
	for {
		line, err := in.Line()
		if err != nil {
			return
		}
		r, err := wire.ParseRequest(line)
		if err != nil {
			wire.Write(c, wire.Answer{Version: wire.Version, Error: wire.NewError(err)})
			return
		}
		for _, a := range answer(r) {
			a.Version = wire.Version
			wire.Write(c, a)
		}
	}
}

func TestThroughTheDaemon(t *testing.T) {
	found := archive.Found{Leaf: 7, Kind: "visit", Classes: []string{"lab"}, Documents: 1, Current: true, Archived: seal.At(archivetest.Start)}
	days := 12
	socket := "--socket=" + fakeDaemon(t, func(r wire.Request) []wire.Answer {
		switch r.Op {
		case wire.OpStatus:
			return []wire.Answer{{Status: &wire.Status{Origin: "daemon.example/1", Size: 9, DaysLeft: &days, Index: "in_step", Leftovers: 3, Problems: []wire.Problem{{Code: "space", Text: "full\x1b[0m"}}}}}
		case wire.OpIngest:
			return []wire.Answer{{More: true, Outcomes: []archive.Outcome{{Path: "/spool/incoming/a.zip", Status: archive.Taken, Leaf: 3}}},
				{Outcomes: []archive.Outcome{{Path: "b.zip", Status: archive.Rejected, Leaf: -1, Code: "signature", Reason: "no"}}}}
		case wire.OpList:
			return []wire.Answer{{Found: []archive.Found{found}}}
		}
		return []wire.Answer{{Found: []archive.Found{}}}
	})
	now := time.Now()
	want(t, now, exitOK, []string{"daemon.example/1", "12 days", "leftovers    3", "problem", "full?[0m"}, "status", socket)
	if s := parsed[jsonoutput.Status](t, want(t, now, exitOK, nil, "status", "--json", socket)); !s.Daemon || s.Size != 9 || s.Leftovers != 3 {
		t.Errorf("%+v", s)
	}
	want(t, now, exitPartly, []string{"taken      a.zip", "rejected   b.zip"}, "ingest", socket)
	bundle := filepath.Join(t.TempDir(), "x.zip")
	os.WriteFile(bundle, nil, 0o600)
	want(t, now, exitBusy, []string{"spool", "rename"}, "ingest", socket, bundle)
	want(t, now, exitOK, []string{"visit"}, "list", socket)
	want(t, now, exitFailed, []string{"not found"}, "find", "--id=pl.pesel=44051401359", socket)
	want(t, now, exitFailed, []string{"no kartotekad", "start kartotekad"}, "list", "--socket=/nowhere/sock")

	for code, exit := range map[wire.Code]int{wire.CodeForbidden: exitFailed, wire.CodeStopping: exitBusy, wire.CodeBusy: exitBusy, wire.CodeIndex: exitFailed, wire.CodeTampered: exitVerify, wire.CodeSpace: exitFailed} {
		s := "--socket=" + fakeDaemon(t, func(wire.Request) []wire.Answer { return []wire.Answer{{Error: wire.Errorf(code, "because")}} })
		want(t, now, exit, []string{"because", "hint"}, "list", s)
		want(t, now, exit, []string{"because"}, "ingest", s)
	}
}
