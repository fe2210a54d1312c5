package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/seal"
)

func TestParseRequest(t *testing.T) {
	seed := strings.Repeat("ab", 32)
	release := `{"version":1,"op":"release","release":{"entry":{"schema":"","request":"R","requester":{"name":"N","relation":"self"},"evidence":{"kind":"passport","country":"UA","last4":"1234","checked_by":"C"},"basis":"B","way":"carrier","fee":"first","released":"2026-11-21T20:00:00Z","bundles":["` + seed + `"],"documents":1,"left_out":0,"seed":"SEED"},"custodian":"0123456789abcdef"}}`
	text, err := seal.Marshal(seal.NewSeed())
	if err != nil {
		t.Fatal(err)
	}
	release = strings.Replace(release, `"SEED"`, string(text), 1)
	for _, c := range []struct {
		line string
		code Code // empty: sound
	}{
		{`{"version":1,"op":"status"}`, ""},
		{`{"version":1,"op":"ingest"}`, ""},
		{`{"version":1,"op":"list","query":{"from":"2026-01","class":"lab"}}`, ""},
		{`{"version":1,"op":"find","query":{"name":"Kowalska","born":"1944-05-14"}}`, ""},
		{`{"version":1,"op":"find","query":{"identifier":{"system":"pl.pesel","value":"44051401359","role":""}}}`, ""},
		{`{"version":1,"op":"release_void","release_void":{"release":7,"code":"not_collected"}}`, ""},
		{release, ""},
		{``, CodeRequest}, {`null`, CodeVersion}, {`[]`, CodeRequest}, {`{}`, CodeVersion},
		{`{"version":2,"op":"status"}`, CodeVersion},
		{`{"version":1}`, CodeRequest},
		{`{"version":1,"op":"shutdown"}`, CodeRequest},
		{`{"version":1,"op":"status","more":1}`, CodeRequest},
		{`{"version":1,"op":"status","op":"ingest"}`, CodeRequest},
		{`{"version":1,"op":"status"}{}`, CodeRequest},
		{`{"version":1,"op":"status","query":{}}`, CodeRequest},
		{`{"version":1,"op":"list"}`, CodeRequest},
		{`{"version":1,"op":"list","query":{"name":"Kowalska","born":"1944-05-14"}}`, CodeRequest},
		{`{"version":1,"op":"find","query":{}}`, CodeRequest},
		{`{"version":1,"op":"release","release":{"entry":{},"custodian":"0123456789abcdef"}}`, CodeRequest},
		{strings.Replace(release, "0123456789abcdef", "Anna", 1), CodeRequest},
		{strings.Replace(release, `"documents":1`, `"documents":-1`, 1), CodeRequest},
		{strings.Replace(release, `"documents":1`, `"documents":0`, 1), CodeRequest}, // its reader would refuse the entry
		{`{"version":1,"op":"find","query":{"name":"` + strings.Repeat("cj ", 400) + `","born":"1944-05-14"}}`, CodeRequest},
		{`{"version":1,"op":"release_void","release_void":{"release":-1,"code":"x"}}`, CodeRequest},
		{`{"version":1,"op":"release_void","release_void":{"release":1,"code":"Anna K."}}`, CodeRequest},
		{`{"version":1,"op":"status","release_void":{"release":1,"code":"x"}}`, CodeRequest},
	} {
		_, err := ParseRequest([]byte(c.line))
		var e *Error
		if errors.As(err, &e); (err == nil) != (c.code == "") || (e != nil && e.Code != c.code) {
			t.Errorf("%.90s: %v, want code %q", c.line, err, c.code)
		}
	}
}

func TestLine(t *testing.T) {
	long := strings.Repeat("x", MaxLine-1)
	for _, c := range []struct {
		in   string
		n    int
		want error
	}{
		{"", 0, io.EOF}, {"a", 0, io.ErrUnexpectedEOF}, {"a\nb\n", 2, io.EOF}, {"\n", 1, io.EOF},
		{long + "\n", 1, io.EOF}, {long + "x\n", 0, ErrTooLong}, {long + long, 0, ErrTooLong},
	} {
		r := NewReader(strings.NewReader(c.in))
		n := 0
		_, err := r.Line()
		for ; err == nil; _, err = r.Line() {
			n++
		}
		if n != c.n || !errors.Is(err, c.want) {
			t.Errorf("%.20q…: %d lines and %v, want %d and %v", c.in, n, err, c.n, c.want)
		}
	}
}

func TestErrorsCrossOver(t *testing.T) {
	for _, want := range []error{archive.ErrBusy, archive.ErrSpace, archive.ErrClock, archive.ErrIndexDamaged, ErrForbidden, ErrNotFound, ErrHeld, ErrRequest, ErrVersion, ErrStopping, context.Canceled,
		archive.ErrRefused, archive.ErrUnfinished, fmt.Errorf("%w: %w", archive.ErrUnfinished, archive.ErrSpace)} {
		line, err := seal.Marshal(Answer{Version: Version, Error: NewError(fmt.Errorf("while at it: %w", want))})
		if err != nil {
			t.Fatal(err)
		}
		var a Answer
		if err := seal.UnmarshalStrict(line, &a); err != nil {
			t.Fatal(err)
		}
		if want == context.Canceled { // the daemon's end, not the caller's
			want = ErrStopping
		}
		if errors.Is(want, archive.ErrUnfinished) { // it counts for more than what was in the way
			want = archive.ErrUnfinished
		}
		if !errors.Is(a.Error, want) || !strings.Contains(a.Error.Error(), "while at it") {
			t.Errorf("%v came over as %v", want, a.Error)
		}
	}
	var bad *archive.Tampered
	if e := NewError(fmt.Errorf("x: %w", &archive.Tampered{Code: "log_rolled_back", Subject: "log", Reason: "is shorter", Proof: "proof"})); !errors.As(e, &bad) || bad.Proof != "proof" || bad.Code != "log_rolled_back" {
		t.Errorf("evidence came over as %+v", bad)
	}
}

func TestDialNobody(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, "left")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: left, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "missing"), filepath.Join(dir, "no", "folder"), left, file, filepath.Join(file, "x")} {
		if _, err := Dial(path); !errors.Is(err, ErrNoDaemon) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestClient talks to a daemon made of canned lines.
func TestClient(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		want        string // error text; empty: none
	}{
		{"parts", `{"version":1,"more":true,"found":[{"leaf":1}]}` + "\n" + `{"version":1,"found":[{"leaf":2}]}` + "\n", "bad"},
		{"error", `{"version":1,"error":{"code":"forbidden","text":"no role"}}` + "\n", "no role"},
		{"closed", "", "stopping"},
		{"cut", `{"version":1`, "stopping"},
		{"junk", "hello\n", "the daemon's answer"},
		{"unknown member", `{"version":1,"x":1}` + "\n", "the daemon's answer"},
		{"empty", `{"version":1}` + "\n", ""},
	} {
		list, err := canned(t, c.lines).List(t.Context(), archive.Query{})
		if c.name == "parts" {
			if err == nil && len(list) == 2 && list[1].Leaf == 2 {
				continue
			}
		}
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, %v", c.name, list, err)
		}
	}
}

func TestClientContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := canned(t, "silence").Status(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// canned is a client of a daemon that answers the first request with lines; "silence" keeps the line open.
func canned(t *testing.T, lines string) *Client {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		NewReader(theirs).Line()
		if lines != "silence" {
			io.WriteString(theirs, lines)
			theirs.Close()
		}
	}()
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return &Client{conn: ours, in: NewReader(ours)}
}

// TestClientConnectsAgain: an export reads for minutes between its look-up and its release, and the daemon closes idle
// connections.
func TestClientConnectsAgain(t *testing.T) {
	dir, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // answers once, then closes
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			NewReader(c).Line()
			Write(c, Answer{Version: Version})
			c.Close()
		}
	}()
	c, err := Dial(filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := c.List(t.Context(), archive.Query{}); err != nil {
			t.Fatal(err)
		}
		c.used = c.used.Add(-redialAfter)
	}
	c.Close()
	if _, err := c.List(t.Context(), archive.Query{}); err == nil {
		t.Error("a closed client asks")
	}
}
