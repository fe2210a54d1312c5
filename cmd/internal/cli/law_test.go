package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/daemon"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
	"kartoteka/seal/unseal"
)

func TestReadList(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []seal.LeafIndex // nil: an error
	}{
		{"bundle,class\n7,x\n9,\n", []seal.LeafIndex{7, 9}},
		{"\xef\xbb\xbfBundle;Class\r\n7;\"a;b\"\r\n9;x\r\n", []seal.LeafIndex{7, 9}},
		{"bundle\tclass\n7\tx\n", []seal.LeafIndex{7}},
		{"bundle,blockers\n7,\"one\ntwo\"\n8,\n", []seal.LeafIndex{7, 8}},
		{"7\n9\n", []seal.LeafIndex{7, 9}},
		{"7", []seal.LeafIndex{7}},
		{`{"schema":"kartoteka/due/1"}` + "\n" + `{"bundle":7,"x":1}` + "\n" + `{"bundle":0}`, []seal.LeafIndex{7, 0}},
		{`{"bundle":7}`, []seal.LeafIndex{7}},
		{"", []seal.LeafIndex{}},
		{"event\n7\n", nil}, {"bundle\nseven\n", nil}, {"bundle\n-1\n", nil}, {"bundle\n7\n\"\n", nil}, {"bundle\n=7\n", nil},
		{`{"schema":"kartoteka/due/1"}{"bundle":-1}`, nil}, {`{"bundle":7}{"schema":"x"}`, nil}, {`{"bundle":7`, nil}, {`{}`, nil}, {`{"bundle":"7"}`, nil},
	} {
		got, err := readList(strings.NewReader(c.in))
		if (err == nil) != (c.want != nil) || err == nil && !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, %v", c.in, got, err)
		}
	}
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		hint string
	}{
		{&appraisal.Refused{Reasons: []appraisal.Reason{{Bundle: 7, Code: "held"}}}, exitHeld, "make the order anew"},
		{fmt.Errorf("x: %w", archive.ErrRefused), exitHeld, "make the order anew"},
		{wire.Errorf(wire.CodeRefused, "x"), exitHeld, "make the order anew"},
		{wire.Errorf(wire.CodeHeld, "x"), exitHeld, ""},
		{wire.Errorf(wire.CodeRequest, "x"), exitUsage, ""},
		{&wire.Error{Code: wire.CodeJudged, Text: "x", Check: "officers"}, exitVerify, ""},
		{fmt.Errorf("x: %w", unseal.ErrHalf), exitNoKey, "a second custodian's identity file with another -i"},
		{fmt.Errorf("x: %w", unseal.ErrForeign), exitNoKey, "a custodian's identity file with -i"},
	} {
		if s := classify(c.err); s.code != c.code || !strings.Contains(s.hint, c.hint) {
			t.Errorf("%v: exit %d, hint %q", c.err, s.code, s.hint)
		}
	}
}

// Keys with a passphrase sign too, and are asked for it once; a key that is wrong leaves the order as it was.
func TestOrderSignPassphrase(t *testing.T) {
	t.Chdir(t.TempDir())
	asked := 0
	var out bytes.Buffer
	e := &Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, Getenv: func(string) string { return "" },
		Passphrase: func(string) (string, error) { asked++; return "seven words nobody puts together", nil }}
	if code := Main(context.Background(), e, []string{"keygen", "officer", "-o", "one.pem"}); code != exitOK {
		t.Fatal(out.String())
	}
	s, err := seal.Order{Origin: "o", Number: "1", Made: seal.Date{Year: 2026, Month: 1, Day: 1}, Until: seal.Date{Year: 2026, Month: 2, Day: 1}, Log: seal.OrderLog{Size: 9},
		Rules: []seal.OrderRule{{ID: "R", Citation: "c"}}, Bundles: []seal.OrderBundle{{Leaf: 7, Documents: 1, Due: seal.Date{Year: 2026, Month: 1, Day: 1}}}}.Sign()
	if err != nil {
		t.Fatal(err)
	}
	data, _ := s.Marshal()
	if err := os.WriteFile("o.json", data, 0o640); err != nil {
		t.Fatal(err)
	}
	asked = 0
	for i, want := range []int{exitOK, exitFailed} {
		if code := Main(context.Background(), e, []string{"order", "sign", "o.json", fmt.Sprintf("--officer=name_%d=one.pem", i)}); code != want || asked != i+1 {
			t.Errorf("exit %d, want %d; asked %d times\n%s", code, want, asked, out.String())
		}
	}
	signed, err := os.ReadFile("o.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, s, err := seal.ParseOrder(signed); err != nil || len(s.Signatures) != 1 || s.Signatures[0].KeyID != "name_0" {
		t.Errorf("%+v, %v", s, err)
	}
	if i, err := os.Stat("o.json"); err != nil || i.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", i, err)
	}
	if left, _ := filepath.Glob(".kartoteka-*"); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// What a sender wrote as a class is no formula of a spreadsheet, and the list reads back.
func TestDueCSV(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "a", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\t=1": "'\t=1", "1=": "1="} {
		if got := unformula(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	var out bytes.Buffer
	w := (&Env{}).dueWriter(&out, true)
	row := appraisal.Row{Bundle: 7, Jurisdiction: "PL", Class: "=cmd|' /C calc'!A0", Citation: "art. 1, \"x\"",
		Blockers: []appraisal.Blocker{{Code: "notice", Text: "one"}, {Code: "consent", Text: "two; three\r\nfour"}}, Missing: []string{"death_year"}}
	if err := w.head(); err != nil {
		t.Fatal(err)
	}
	if err := w.row(row); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "missing\r\n7,PL,'=cmd|") {
		t.Errorf("%q", out.String())
	}
	rows, err := csv.NewReader(bytes.NewReader(out.Bytes())).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[1]) != 11 || !strings.HasPrefix(rows[1][2], "'=") || rows[1][6] != row.Citation || rows[1][7] != "" || rows[1][10] != "death_year" {
		t.Errorf("%q, %v", rows, err)
	}
	if list, err := readList(&out); err != nil || !slices.Equal(list, []seal.LeafIndex{7}) {
		t.Errorf("%v, %v", list, err)
	}
}

// lawWorld is an archive with a bundle whose term is over, two officers with keys, and a daemon.
func lawWorld(t *testing.T) (now time.Time, dir, socket string, old seal.LeafIndex) {
	t.Helper()
	a := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
	now = a.Now.Add(48 * time.Hour)
	d, adult := a.Draft("old-bundle", archivetest.People[3], archivetest.Document{Name: "documents/letter.txt", Body: []byte("Karta")}), false
	d.Statement.Predicate.Facts = seal.Facts{Jurisdiction: "PL", LastEntryYear: 2000, ServiceYear: 2000, Under2AtService: &adult}
	d.Statement.Predicate.Patient.Identifiers[0].Value = "90000000003"
	old = a.TakeDraft(t, d)
	dir = "--archive=" + a.Dir
	for _, who := range []string{"archivist", "director"} {
		want(t, now, exitOK, nil, "keygen", "officer", "--plain", "-o", who+".pem")
		want(t, now, exitOK, nil, "policy", "add-officer", who, "--key", who+".pem.pub", dir)
	}
	want(t, now, exitOK, nil, "schedule", "adopt", "--controller-kind=clinic", dir)
	short, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(short) })
	conf, err := daemon.ParseConfig("c.yaml", fmt.Appendf(nil, "archive: %s\nsocket: {path: %s/s}\nreserve: 1 MiB\n", a.Dir, short))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	o := daemon.Options{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return now }, Ready: func() { close(ready) }}
	go func() { ended <- daemon.Run(ctx, conf, o) }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return now, dir, "--socket=" + filepath.Join(short, "s"), old
}

// TestDisposalThroughTheDaemon: each verb reaches the archive through the socket, and says the same as without.
func TestDisposalThroughTheDaemon(t *testing.T) {
	t.Chdir(t.TempDir())
	now, dir, socket, old := lawWorld(t)
	bundle := "--bundle=" + old.String()
	run := func(code int, words []string, args ...string) ran {
		t.Helper()
		return want(t, now, code, words, append(args, socket)...)
	}
	run(exitOK, []string{"BUNDLE", "the patient was not told", "3 bundles, 0 ready"}, "retention", "due")
	run(exitOK, []string{"fact added: event"}, "fact", "add", "--id=pl.pesel=90000000003", "--last-entry-year=2001", "--basis=paper", "--officer=J. Nowak")
	run(exitUsage, []string{"facts of a patient"}, "fact", "add", "--id=pl.pesel=90000000003", "--class=x", "--basis=paper", "--officer=J. Nowak")
	placed := parsed[jsonoutput.Acts](t, run(exitOK, nil, "hold", "place", "--json", bundle, "--hold-id=K", "--kind=court_or_prosecutor", "--ordered-by=SR", "--basis=217", "--review=2999-01-01", "--officer=N"))
	run(exitOK, []string{"K   court_or_prosecutor", "1 hold in force"}, "hold", "list")
	r := run(exitHeld, []string{"held", "the order is refused: 2 reasons"}, "order", "create", bundle, "--number=1", "-o", "o.json")
	if !strings.HasPrefix(r.out, "BUNDLE") {
		t.Errorf("the reasons are no answer: %s", r.out)
	}
	keys := []string{"--officer=archivist=archivist.pem", "--officer=director=director.pem"}
	run(exitVerify, []string{"does not hold"}, "hold", "release", placed.Events[0].String(), keys[0], "--officer=director=archivist.pem")
	run(exitOK, []string{"released: event"}, append([]string{"hold", "release", placed.Events[0].String()}, keys...)...)
	run(exitOK, []string{"handing over noted for 1 bundle"}, "handed-over", bundle, "--officer=N")
	run(exitOK, []string{"destroys    1 bundle, 1 document"}, "order", "create", "--ready", "--number=1", "-o", "o.json")
	run(exitVerify, []string{"0 did"}, "order", "execute", "o.json", "--yes")
	for _, k := range keys {
		want(t, now, exitOK, nil, "order", "sign", "o.json", k)
	}
	run(exitOK, []string{"would be executed today"}, "order", "execute", "o.json")
	run(exitBusy, []string{"stop kartotekad"}, "ingest", "--again")
	want(t, now, exitBusy, []string{"stop kartotekad to change the law"}, "schedule", "adopt", dir)
	done := parsed[jsonoutput.Executed](t, run(exitOK, nil, "order", "execute", "o.json", "--yes", "--json", "--certificate=c.json", "--page=c.html"))
	if done.Bundles != 1 || done.Certificate != "c.json" || done.Page != "c.html" {
		t.Errorf("%+v", done)
	}
	run(exitHeld, []string{"disposed of already"}, "order", "execute", "o.json", "--yes")
	run(exitOK, nil, "order", "certificate", done.Event.String(), "-o", "again.json")
	run(exitFailed, []string{"not in the log"}, "order", "certificate", "9999", "-o", "no.json")
	want(t, now, exitOK, nil, "policy", "export", "-o", "p.json", dir)
	want(t, now, exitOK, []string{"PASSED"}, "verify", "certificate", "again.json", "--policy=p.json")
	rows := run(exitOK, nil, "retention", "due", "--json")
	if lines := strings.Split(strings.TrimSpace(rows.out), "\n"); len(lines) != 3 || lines[0] != `{"schema":"kartoteka/due/1"}` || !json.Valid([]byte(lines[1])) {
		t.Errorf("%q", rows.out)
	}
	want(t, now, exitOK, []string{"PASSED"}, "verify", "archive", dir)
}

// A file's name in an error reaches the terminal as what it is, and moves nothing on it.
func TestErrorsAreClean(t *testing.T) {
	r := kartoteka(t, time.Now(), "order", "show", "no\x1b[31m\u202efile.json")
	if r.code == exitOK || strings.ContainsAny(r.err, "\x1b\u202e") || !strings.Contains(r.err, "no?[31m?file.json") {
		t.Errorf("exit %d: %q", r.code, r.err)
	}
}
