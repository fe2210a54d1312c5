package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/verify"
)

// ran is what one command did.
type ran struct {
	code     int
	out, err string
}

// kartoteka runs a command over a test archive's clock.
func kartoteka(t testing.TB, now time.Time, args ...string) ran {
	t.Helper()
	var out, err bytes.Buffer
	e := &Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &err, Now: func() time.Time { return now }, Getenv: func(string) string { return "" },
		Passphrase: func(string) (string, error) { return "", errors.New("nobody to ask") }}
	code := Main(context.Background(), e, args)
	return ran{code, out.String(), err.String()}
}

// want runs a command and says whether it ended as it should, with these words in what it printed.
func want(t testing.TB, now time.Time, code int, words []string, args ...string) ran {
	t.Helper()
	r := kartoteka(t, now, args...)
	if r.code != code {
		t.Errorf("kartoteka %s: exit %d, want %d\n%s%s", strings.Join(args, " "), r.code, code, r.out, r.err)
	}
	for _, w := range words {
		if !strings.Contains(r.out+r.err, w) {
			t.Errorf("kartoteka %s: no %q in\n%s%s", strings.Join(args, " "), w, r.out, r.err)
		}
	}
	return r
}

func parsed[T any](t testing.TB, r ran) (v T) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(r.out))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, r.out)
	}
	return v
}

func TestIngestStatusListFind(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 4, Accessions: 2})
	dir, now := "--archive="+a.Dir, a.Now.Add(48*time.Hour)
	fresh := a.Make(t, 4).Path // of the first person, replaces that one's letter
	bad := filepath.Join(t.TempDir(), "bad\x1b[31m.zip")
	if err := os.WriteFile(bad, []byte("no bundle at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Chtimes(bad, now, now) // a given bundle is judged at once, however young

	want(t, now, exitOK, []string{"0 taken"}, "ingest", dir)
	r := want(t, now, exitPartly, []string{"taken", "rejected", "not_zip", "1 taken, 0 known, 1 rejected"}, "ingest", dir, fresh, bad)
	if strings.Contains(r.out, "\x1b") {
		t.Errorf("a terminal escape gets through: %q", r.out)
	}
	want(t, now, exitVerify, []string{"1 rejected"}, "ingest", dir, bad)
	want(t, now, exitOK, []string{"known"}, "ingest", dir, fresh)
	want(t, now, exitFailed, []string{"no such file"}, "ingest", dir, filepath.Join(a.Dir, "nothing.zip"))
	if _, err := os.Stat(fresh); err != nil {
		t.Error("a given bundle left its place")
	}
	in := parsed[jsonoutput.Ingest](t, want(t, now, exitOK, nil, "ingest", "--json", dir, fresh))
	if in.Schema != jsonoutput.SpecIngest || in.Known != 1 || in.Outcomes[0].Receipt == "" {
		t.Errorf("%+v", in)
	}

	want(t, now, exitOK, []string{"events, root", "days left", "waiting", "not running"}, "status", dir)
	st := parsed[jsonoutput.Status](t, want(t, now, exitOK, nil, "status", "--json", dir))
	if st.Origin != archivetest.Origin || st.Daemon || st.Free == 0 || st.DaysLeft == nil {
		t.Errorf("%+v", st)
	}

	want(t, now, exitOK, []string{"EVENT", "inpatient", "discharge,lab"}, "list", dir)
	all := parsed[jsonoutput.Found](t, want(t, now, exitOK, nil, "list", "--json", dir))
	if len(all.Bundles) != 5 || all.More {
		t.Errorf("list: %d, more %v", len(all.Bundles), all.More)
	}
	some := parsed[jsonoutput.Found](t, want(t, now, exitOK, nil, "list", "--json", "--limit=2", "--class=lab", dir))
	if len(some.Bundles) != 2 || !some.More {
		t.Errorf("list --limit: %d, more %v", len(some.Bundles), some.More)
	}
	since := parsed[jsonoutput.Found](t, want(t, now, exitOK, nil, "list", "--json", "--since="+now.Format(time.DateOnly), dir))
	if len(since.Bundles) != 1 {
		t.Errorf("list --since: %d", len(since.Bundles))
	}
	want(t, now, exitUsage, []string{"not a date"}, "list", "--since=yesterday", dir)

	hit := parsed[jsonoutput.Found](t, want(t, now, exitOK, nil, "find", "--json", "--id=pl.pesel=44051401359", dir))
	if len(hit.Bundles) != 2 || hit.Bundles[0].Current || !hit.Bundles[1].Current || len(hit.Bundles[0].ReplacedBy) != 1 {
		t.Errorf("find: %+v", hit)
	}
	want(t, now, exitOK, []string{"replaced by", "current; replaces"}, "find", "--id=pl.pesel=44051401359", dir)
	want(t, now, exitOK, []string{"EVENT"}, "find", "--name=Kowalska-Testowa", "--born=1944-05-14", dir)
	want(t, now, exitOK, []string{"EVENT"}, "find", "--name=Anna Kowalska-Testowa", "--born=1944-05-14", dir)
	want(t, now, exitFailed, []string{"not found"}, "find", "--id=pl.pesel=44051401359", "--role=mother", dir)
	want(t, now, exitFailed, []string{"not found"}, "find", "--id=pl.pesel=02211307589", dir)
	want(t, now, exitFailed, []string{"not found"}, "find", "--name=Nikt", "--born=1944-05-14", dir)
	want(t, now, exitUsage, nil, "find", dir)
	want(t, now, exitUsage, nil, "find", "--name=Nikt", dir)
	want(t, now, exitUsage, nil, "find", "--name=Nikt", "--born=1944", dir)
	want(t, now, exitUsage, nil, "find", "--id=44051401359", dir)
	want(t, now, exitUsage, nil, "find", "--id=pl.pesel=44051401359", "--role=father", dir)
	want(t, now, exitNoArchive, []string{"--archive"}, "find", "--id=pl.pesel=44051401359")
	want(t, now, exitNoArchive, nil, "status", "--archive="+t.TempDir())
	other := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	want(t, now, exitNoKey, []string{"another archive's"}, "find", "--id=pl.pesel=44051401359", dir, "--private="+other.Dir+"/private")
	limited := parsed[jsonoutput.Found](t, want(t, now, exitOK, nil, "list", "--json", "--limit=1", dir))
	if len(limited.Bundles) != 1 || limited.Bundles[0].Current || len(limited.Bundles[0].ReplacedBy) != 1 {
		t.Errorf("what replaced a bundle lies outside the list and is not seen: %+v", limited.Bundles)
	}
	want(t, now, exitNoKey, []string{"start kartotekad"}, "list", dir, "--private="+t.TempDir())
	want(t, now, exitNoKey, []string{"--private"}, "ingest", dir, "--private="+t.TempDir())
}

func TestSpool(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	b := a.Make(t, 1)
	in := filepath.Join(a.Dir, "spool/incoming", "x.zip")
	if err := os.Rename(b.Path, in); err != nil {
		t.Fatal(err)
	}
	want(t, a.Now, exitOK, []string{"taken", "x.zip"}, "ingest", "--archive="+a.Dir)
	if _, err := os.Stat(in); err == nil {
		t.Error("what was taken is still in the spool")
	}
	want(t, a.Now, exitOK, nil, "verify", "archive", "--archive="+a.Dir)
}

func TestTwoWriters(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	w := a.OpenWrite(t)
	defer w.Close()
	dir := "--archive=" + a.Dir
	want(t, a.Now, exitBusy, []string{"another process"}, "ingest", dir)
	want(t, a.Now, exitBusy, []string{"stop it first"}, "rebuild", dir)
	want(t, a.Now, exitBusy, nil, "rebuild", "--check", dir)
	want(t, a.Now, exitBusy, nil, "list", dir)
	want(t, a.Now, exitOK, nil, "status", dir)
	want(t, a.Now, exitOK, nil, "verify", "archive", dir)
}

func TestRebuild(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	dir := "--archive=" + a.Dir
	want(t, a.Now, exitOK, []string{"equals", "6 rows"}, "rebuild", "--check", dir)
	r := parsed[jsonoutput.Rebuild](t, want(t, a.Now, exitOK, nil, "rebuild", "--json", dir))
	if r.Rows != 6 || r.Events == 0 {
		t.Errorf("%+v", r)
	}
	index := filepath.Join(a.Dir, "index.db")
	good, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"missing": nil, "garbage": bytes.Repeat([]byte("garbage "), 4096), "empty": {}, "cut": good[:len(good)/2], "a page": good[:4096], "odd": good[:5000],
	} {
		os.Remove(index)
		if data != nil {
			os.WriteFile(index, data, 0o600)
		}
		want(t, a.Now, exitFailed, []string{"rebuild"}, "list", dir)
		want(t, a.Now, exitFailed, []string{"rebuild"}, "find", "--id=pl.pesel=44051401359", dir)
		r := want(t, a.Now, exitVerify, []string{"rebuild"}, "rebuild", "--check", "--json", dir)
		if c := parsed[jsonoutput.Rebuild](t, r); c.Equal == nil || *c.Equal {
			t.Errorf("%s: %+v", name, c)
		}
		want(t, a.Now, exitOK, nil, "verify", "archive", dir) // never needs the index
		want(t, a.Now, exitOK, nil, "status", dir)
		want(t, a.Now, exitOK, []string{"6 rows"}, "rebuild", dir)
		want(t, a.Now, exitOK, nil, "rebuild", "--check", dir)
		want(t, a.Now, exitOK, nil, "find", "--id=pl.pesel=44051401359", dir)
	}
}

// Flipped bytes anywhere in the index: no command crashes or hangs, and a rebuild mends it.
func TestFlippedIndex(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 12})
	dir, index := "--archive="+a.Dir, filepath.Join(a.Dir, "index.db")
	want(t, a.Now, exitOK, nil, "rebuild", dir)
	good, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(7, 7))
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for n := range rounds {
		data := bytes.Clone(good)
		for range 1 + n%8 {
			page := rng.IntN(len(data) / 4096)
			at := page*4096 + rng.IntN(4096)
			if n%2 == 0 {
				at = page*4096 + rng.IntN(64) // headers
			}
			data[at] ^= byte(1 + rng.IntN(255))
		}
		if err := os.WriteFile(index, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"list", dir}, {"find", "--id=pl.pesel=44051401359", dir}, {"status", dir}, {"rebuild", "--check", dir}} {
			r := kartoteka(t, a.Now, args...)
			if r.code != exitOK && !strings.Contains(r.err, "rebuild") && !strings.Contains(r.err, "not found") {
				t.Errorf("%d: kartoteka %v: exit %d %s", n, args, r.code, r.err)
			}
		}
		want(t, a.Now, exitOK, nil, "rebuild", dir)
		want(t, a.Now, exitOK, nil, "rebuild", "--check", dir)
	}
}

func TestVerifyArchive(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	other := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1, Origin: "elsewhere.example/1"})
	dir, policy := "--archive="+a.Dir, "--policy="+a.PolicyFile(t)
	report := filepath.Join(t.TempDir(), "report.json")
	receipt := "--since=" + a.Bundles[0].Receipt
	want(t, a.Now, exitOK, []string{"PASSED", "came from the archive itself", "segment"}, "verify", "archive", dir)
	want(t, a.Now, exitOK, []string{"policy given"}, "verify", "archive", dir, policy, receipt, "--sample=50%", "--report="+report)
	data, err := os.ReadFile(report)
	var r verify.Report
	if err != nil || json.Unmarshal(data, &r) != nil || r.Verdict != verify.Passed || r.Schema != verify.SpecReport {
		t.Errorf("report: %v %+v", err, r)
	}
	want(t, a.Now, exitFailed, []string{"exists"}, "verify", "archive", dir, "--report="+report)
	want(t, a.Now, exitVerify, []string{"FAILED", "checkpoint", "elsewhere"}, "verify", "archive", dir, "--policy="+other.PolicyFile(t))
	want(t, a.Now, exitUsage, nil, "verify", "archive", dir, "--policy=/nowhere")
	want(t, a.Now, exitVerify, nil, "verify", "archive", dir, "--policy="+report)
	want(t, a.Now, exitIndeterminate, []string{"time"}, "verify", "archive", dir, "--at=2026-01-01")
	want(t, a.Now, exitOK, nil, "verify", "archive", dir, "--at=2056-01-01T00:00:00Z")
	want(t, a.Now, exitUsage, nil, "verify", "archive", dir, "--at=soon")
	want(t, a.Now, exitUsage, nil, "verify", "archive", dir, "--report=-")
	want(t, a.Now, exitFailed, nil, "verify", "archive", dir, "--report=/nowhere/r.json")
	want(t, a.Now, exitUsage, nil, "verify", "archive", dir, "--sample=200%")
	want(t, a.Now, exitUsage, nil, "verify", "archive", dir, "--all-digests")
	want(t, a.Now, exitUsage, nil, "verify")
	want(t, a.Now, exitNoArchive, nil, "verify", "archive", "--archive="+t.TempDir())
	want(t, a.Now, exitOK, []string{"bundles_opened 6", "documents_opened"}, "verify", "archive", dir, "-i", a.CustodianFile(t), "--all-digests")
	want(t, a.Now, exitIndeterminate, []string{"identity"}, "verify", "archive", dir, "-i", other.CustodianFile(t))
	want(t, a.Now, exitNoKey, nil, "verify", "archive", dir, "-i", "/nowhere")
	want(t, a.Now, exitNoKey, nil, "verify", "archive", dir, "-i", report)
}

// What may be wrong with the committed files, and how it is said.
func TestVerifyDamaged(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	flip := func(b []byte) []byte { b[len(b)/2] ^= 4; return b }
	cut := func(b []byte) []byte { return b[:len(b)-1] }
	last := func(dir, top string) string {
		all := archivetest.Files(t, dir, top)
		return all[len(all)-1]
	}
	for _, tt := range []struct {
		name, top, word string
		edit            func([]byte) []byte
	}{
		{"segment flipped", "accessions", "segment", flip},
		{"segment cut", "accessions", "segment", cut},
		{"keyfile flipped", "keyfiles", "keyfile", flip},
		{"keyfile cut", "keyfiles", "keyfile", cut},
		{"second keyfile flipped", "keyfiles.2", "keyfile", flip},
		{"tile flipped", "log/tile/0", "log", flip},
		{"tile cut", "log/tile/0", "log", cut},
		{"entries flipped", "log/tile/entries", "event", flip},
		{"checkpoint flipped", "log/checkpoint", "checkpoint", flip},
		{"checkpoint cut", "log/checkpoint", "checkpoint", func(b []byte) []byte { return b[:len(b)/2] }},
	} {
		dir := a.Copy(t)
		name := tt.top
		if name != "log/checkpoint" {
			name = last(dir, tt.top)
		}
		archivetest.Edit(t, dir, name, tt.edit)
		r := want(t, a.Now, exitVerify, []string{tt.word}, "verify", "archive", "--archive="+dir)
		if !strings.Contains(r.out, "FAILED") {
			t.Errorf("%s: %s", tt.name, r.out)
		}
	}
	// The newest accession's files are gone.
	dir := a.Copy(t)
	for _, top := range []string{"accessions", "keyfiles", "keyfiles.2"} {
		os.RemoveAll(filepath.Dir(filepath.Join(dir, last(dir, top))))
	}
	want(t, a.Now, exitVerify, []string{"is missing"}, "verify", "archive", "--archive="+dir)
}

// The newest accession was rolled back whole, checkpoint and all: only a receipt tells.
func TestVerifyRolledBack(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	before := a.Copy(t)
	early := filepath.Join(t.TempDir(), "early")
	copyFile(t, filepath.Join(a.Dir, "log/checkpoint"), early)
	a.Take(t, 1)
	receipt := filepath.Join(t.TempDir(), "receipt")
	copyFile(t, a.Bundles[6].Receipt, receipt)
	dir := "--archive=" + before
	want(t, a.Now, exitOK, nil, "verify", "archive", dir)
	want(t, a.Now, exitOK, nil, "verify", "log", dir, "--since="+early)
	want(t, a.Now, exitVerify, []string{"log_rolled_back"}, "verify", "log", dir, "--since="+receipt)
	want(t, a.Now, exitVerify, []string{"log_rolled_back"}, "verify", "archive", dir, "--since="+receipt)
	want(t, a.Now, exitOK, []string{"log_consistency"}, "verify", "log", "--archive="+a.Dir, "--since="+receipt)
	want(t, a.Now, exitOK, nil, "verify", "log", "--archive="+a.Dir, "--since="+early)
	want(t, a.Now, exitVerify, nil, "verify", "log", dir, "--since="+a.Bundles[0].Path)
	want(t, a.Now, exitFailed, nil, "verify", "log", dir, "--since=/nowhere")
	// The checkpoint alone was put back.
	copyFile(t, early, filepath.Join(a.Dir, "log/checkpoint"))
	want(t, a.Now, exitVerify, nil, "verify", "log", "--archive="+a.Dir, "--since="+receipt)
	// A writer remembers too: its index and receipts know more.
	r := want(t, a.Now, exitVerify, []string{"rolled back", "evidence"}, "ingest", "--archive="+a.Dir)
	if strings.Contains(r.out, "taken") {
		t.Error("it took bundles in")
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestVerifyBundle(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	other := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	good := a.Bundles[0].Path
	want(t, a.Now, exitOK, []string{"PASSED", "document_digest 3"}, "verify", "bundle", good, "--policy="+a.PolicyFile(t))
	want(t, a.Now, exitOK, nil, "verify", "bundle", good, "--archive="+a.Dir)
	want(t, a.Now, exitIndeterminate, []string{"producer_unknown"}, "verify", "bundle", good, "--policy="+other.PolicyFile(t))
	want(t, a.Now, exitUsage, []string{"--policy"}, "verify", "bundle", good)
	want(t, a.Now, exitFailed, nil, "verify", "bundle", "/nowhere.zip", "--archive="+a.Dir)
	want(t, a.Now, exitUsage, []string{"--policy"}, "verify", "packet", good, "--archive="+a.Dir)
	want(t, a.Now, exitVerify, nil, "verify", "packet", good, "--policy="+a.PolicyFile(t))
	bad := filepath.Join(t.TempDir(), "bad.zip")
	data, _ := os.ReadFile(good)
	data[len(data)-200000/2] ^= 1
	os.WriteFile(bad, data, 0o600)
	want(t, a.Now, exitVerify, []string{"FAILED"}, "verify", "bundle", bad, "--archive="+a.Dir)
	os.WriteFile(bad, []byte("x"), 0o600)
	want(t, a.Now, exitVerify, []string{"not_zip"}, "verify", "bundle", bad, "--archive="+a.Dir)
	want(t, a.Now, exitVerify, []string{"producer_not_trusted_then"}, "verify", "bundle", good, "--archive="+endedProducer(t, a), "--at=2026-03-20")
}

// endedProducer is a copy of the archive in whose policy the producer's trust has ended.
func endedProducer(t *testing.T, a *archivetest.Archive) string {
	dir := a.Copy(t)
	want(t, a.Now.Add(time.Hour), exitOK, nil, "policy", "end-producer", "his", "--at=2026-03-10T00:00:00Z", "--archive="+dir)
	return dir
}

func TestInspect(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	b := a.Bundles[0]
	in := func(name string) string { return filepath.Join(a.Dir, name) }
	first := func(top, suffix string) string {
		for _, f := range archivetest.Files(t, a.Dir, top) {
			if strings.HasSuffix(f, suffix) {
				return in(f)
			}
		}
		t.Fatal("no", top, suffix)
		return ""
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for file, words := range map[string][]string{
		b.Path:                             {"bundle", b.ID, "documents", "3"},
		b.Receipt:                          {"receipt", "kartoteka/receipt/1", archivetest.Origin},
		a.Dir:                              {"archive", "Szpital Testowy", "events"},
		in("archive.json"):                 {"archive.json"},
		in("log/checkpoint"):               {"checkpoint", "events", "signed by"},
		in("index.db"):                     {"index", "rebuild"},
		first("accessions", ".segment"):    {"segment", "block root", "not told"},
		first("keyfiles", "content.keys"):  {"keyfile", "content", "opens to", "2026/03/"},
		a.PolicyFile(t):                    {"policy", "producer", "his"},
		first("policy", "recipients.json"): {"recipients", "custodian"},
		first("policy/sealed", ".age"):     {"age file"},
		first("log/tile/entries", ""):      {"entry tile", "bundle events"},
		first("log/tile/0", ""):            {"hash tile"},
		in("private/log.key"):              {"secret key", "not shown"},
		a.CustodianFile(t):                 {"secret key"},
		write("envelope.json", b.Envelope): {"envelope", "in-toto"},
	} {
		r := want(t, a.Now, exitOK, words, "inspect", file)
		if strings.Contains(r.out, "AGE-SECRET") || strings.Contains(r.out, "PRIVATE+KEY") {
			t.Errorf("%s: a key is shown", file)
		}
		got := parsed[jsonoutput.Inspect](t, want(t, a.Now, exitOK, nil, "inspect", "--json", file))
		if got.Schema != jsonoutput.SpecInspect || got.Kind == "" {
			t.Errorf("%s: %+v", file, got)
		}
	}
	for name, data := range map[string]string{
		"keyfile": "kartoteka/keyfile/1\n{}\n", "keyfile9": "kartoteka/keyfile/9\n", "segment9": "kartoteka/segment/9\nx", "policy": `{"schema":"kartoteka/policy/1"`,
		"receipt": `{"schema":"kartoteka/receipt/1"}`, "later": `{"schema":"kartoteka/order/1"}`, "zip": "PK\x03\x04garbage", "event": `{"schema":"kartoteka/event/1","kind":"bundle"}`,
		"proof": "c2sp.org/tlog-proof@v1\nindex x\n", "note": "origin\nx\n\n\u2014 a AAAA\n",
	} {
		want(t, a.Now, exitVerify, nil, "inspect", write(name, []byte(data)))
	}
	for name, data := range map[string]string{"empty": "", "text": "hello", "json": `{"a":1}`, "binary": "\x00\x01\x02"} {
		want(t, a.Now, exitFailed, []string{"none of kartoteka's"}, "inspect", write(name, []byte(data)))
	}
	want(t, a.Now, exitFailed, []string{"none of"}, "inspect", t.TempDir())
	want(t, a.Now, exitFailed, []string{"no such"}, "inspect", "/nowhere")
	want(t, a.Now, exitFailed, nil, "inspect", os.DevNull)
}
