package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/stamps"
	"kartoteka/seal"
	"kartoteka/seal/fuzztest"
)

func line(t testing.TB, v any) []byte {
	t.Helper()
	b, err := seal.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzRequest: what parses is written as a line that parses to the same, and an entry that is to be committed can be read
// from the register.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		`{"version":1,"op":"status"}`, `{"version":1,"op":"list","query":{"from":"2026-01","limit":3}}`,
		`{"version":1,"op":"find","query":{"name":"Żółć","born":"1944-05-14"}}`,
		`{"version":1,"op":"find","query":{"identifier":{"system":"pl.pesel","value":"44051401359","role":"own"}}}`,
		`{"version":1,"op":"release_void","release_void":{"release":7,"code":"not_collected"}}`,
		`{"version":1,"op":"release","release":{"entry":{},"custodian":"0123456789abcdef"}}`, `{"version":2}`, `null`,
	} {
		f.Add([]byte(s))
	}
	for _, s := range sound() {
		f.Add([]byte(s))
	}
	f.Add(line(f, Request{Version: Version, Op: OpRelease, Release: &Release{Custodian: "0123456789abcdef", Entry: seal.Release{
		Request: "R-1", Requester: seal.Requester{Name: "N", Relation: "self"}, Evidence: seal.IdentityEvidence{Kind: "passport", Country: "UA", Last4: "1234", CheckedBy: "C"},
		Basis: "B", Way: "carrier", Fee: "first", Bundles: []seal.Digest{{1}}, Documents: 1, Seed: seal.Seed{2}}}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Request
		var err error
		fuzztest.Bounded(t, len(data), func() { r, err = ParseRequest(data) })
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) || e.Code == "" {
				t.Errorf("error without a code: %v", err)
			}
			return
		}
		if r.Release != nil {
			entry, _, _, err := r.Release.Entry.Commit()
			if err == nil {
				_, err = seal.ParseReleaseEntry(entry)
			}
			if err != nil {
				t.Errorf("%+v cannot be read from the register: %v", r.Release.Entry, err)
			}
		}
		fuzztest.Settles(t, r, throughLine, func(r Request) ([]byte, error) { return seal.Marshal(r) })
	})
}

// throughLine sends JSON as a line before it is parsed.
func throughLine(data []byte) (Request, error) {
	got, err := NewReader(bytes.NewReader(append(bytes.Clone(data), '\n'))).Line()
	if err != nil {
		return Request{}, err
	}
	return ParseRequest(got)
}

// says is a daemon that answers the same whatever it is asked.
type says struct {
	net.Conn
	io.Reader
}

func (s says) Read(p []byte) (int, error)  { return s.Reader.Read(p) }
func (s says) Write(p []byte) (int, error) { return len(p), nil }

// FuzzAnswer: whatever a daemon answers, each method of the client comes back with an answer or an error, and reads no
// more than the answers it was told of.
func FuzzAnswer(f *testing.F) {
	leaf := seal.LeafIndex(7)
	found := archive.Found{}
	for _, answers := range [][]Answer{
		{{Version: 1, Status: &Status{Origin: "o", Problems: []Problem{{Code: ProblemSpace}}}}},
		{{Version: 1, More: true, Found: []archive.Found{found}}, {Version: 1, Found: []archive.Found{found, found}}},
		{{Version: 1, More: true, Outcomes: []archive.Outcome{{}}}, {Version: 1, Leaf: &leaf}},
		{{Version: 1, Error: NewError(&archive.Tampered{Code: "log_rolled_back", Subject: "log", Reason: "is shorter", Proof: "proof"})}},
		{{Version: 1, Error: NewError(fmt.Errorf("x: %w", archive.ErrBusy))}},
		{{Version: 1, More: true, Rows: []appraisal.Row{{Bundle: 7, Blockers: []appraisal.Blocker{{Code: "held", Text: "held"}}}}}, {Version: 1}},
		{{Version: 1, More: true, File: []byte("a part")}, {Version: 1, File: []byte("the rest")}},
		{{Version: 1, Leaves: []seal.LeafIndex{7, 8}}},
		{{Version: 1, Holds: []appraisal.HoldInForce{{Event: 7}}}},
		{{Version: 1, Stamps: &stamps.Report{Nights: []seal.LeafIndex{7}, Stamped: []stamps.Stamped{{TSA: "first"}}, Waiting: []stamps.Waiting{{Tried: []stamps.Tried{{TSA: "first", Error: "down"}}}}}}},
		{{Version: 1, Renewals: &stamps.Plan{Rows: []stamps.Row{{Family: seal.FamilySHA256, TSA: "first", Why: stamps.WhyCertificate, State: stamps.StateDue, Count: 3}}, Calls: 1}}},
		{{Version: 1, Error: NewError(&appraisal.Refused{Reasons: []appraisal.Reason{{Bundle: 7, Code: "held"}}})}},
	} {
		var b []byte
		for _, a := range answers {
			b = append(append(b, line(f, a)...), '\n')
		}
		f.Add(b)
	}
	f.Add([]byte("\n"))
	f.Add([]byte(`{"version":1,"more":true}` + "\n"))
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, data []byte) {
		client := func() *Client {
			conn := says{Reader: bytes.NewReader(data)}
			return &Client{conn: conn, in: NewReader(conn), used: time.Now()}
		}
		fuzztest.Bounded(t, 15*len(data), func() {
			for _, err := range []error{
				second(client().Status(ctx)), second(client().List(ctx, archive.Query{})), second(client().Find(ctx, archive.Query{Name: "A", Born: "1944-05-14"})),
				client().Ingest(ctx, func(archive.Outcome) {}), second(client().ReleaseVoid(ctx, 1, "x")),
				second(client().Holds(ctx)), client().Due(ctx, Due{}, func([]appraisal.Row) error { return nil }), second(client().Certificate(ctx, 7)),
				second(client().Fact(ctx, Fact{Whose: appraisal.Whose{Bundles: []seal.LeafIndex{7}}, Facts: seal.Facts{Class: "referral"}, Basis: "B", Officer: "N"})),
				client().Check(ctx, []byte("{}")), second(client().Stamp(ctx, Stamp{Now: true})), second(client().Renew(ctx, Renew{})), second(client().Renewals(ctx, Renewals{Days: 9})),
			} {
				if err != nil && err.Error() == "" {
					t.Errorf("%T without a text", err)
				}
			}
		})
	})
}

func second[T any](_ T, err error) error { return err }

// FuzzLine cuts lines as bytes.Split does, however the bytes come in.
func FuzzLine(f *testing.F) {
	f.Add([]byte("a\nb\n\nc"))
	f.Add([]byte(strings.Repeat("x", 5000) + "\n" + strings.Repeat("y", 4096) + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := bytes.Split(data, []byte("\n"))
		want := lines[:len(lines)-1]
		end := io.EOF
		if len(lines[len(lines)-1]) > 0 {
			end = io.ErrUnexpectedEOF
		}
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.DataErrReader(bytes.NewReader(data))} {
			got := [][]byte{}
			in := NewReader(r)
			l, err := in.Line()
			for ; err == nil; l, err = in.Line() {
				got = append(got, append([]byte{}, l...))
			}
			if !errors.Is(err, end) || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(bytes.Join(got, []byte("\n")), bytes.Join(want, []byte("\n"))) {
				t.Fatalf("%q: %q, %v", data, got, err)
			}
		}
	})
}
