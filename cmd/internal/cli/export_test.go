package cli

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/cmd/internal/daemon"
	"kartoteka/seal"
	"kartoteka/seal/patient"
)

// counter is where packets are handed over: an archive, a custodian's identity, a request, a folder to write to.
type counter struct {
	*archivetest.Archive
	t        *testing.T
	identity string
	request  string
	out      string // folder
	now      func() time.Time
	ask      func(string) (string, error)
	ctx      context.Context
}

const request = `{"request":"R-1","requester":{"name":"Anna Kowalska","relation":"self"},"evidence":{"kind":"passport","country":"UA","last4":"1234","checked_by":"J. Nowak"},"basis":"UPP art. 26 ust. 1","way":"carrier","fee":"first"%s}`

func newCounter(t *testing.T, a *archivetest.Archive) *counter {
	t.Helper()
	return &counter{Archive: a, t: t, identity: a.CustodianFile(t), request: requestFile(t, ""), out: t.TempDir(), now: func() time.Time { return a.Now },
		ask: func(string) (string, error) { return "", errors.New("nobody to ask") }, ctx: context.Background()}
}

func requestFile(t *testing.T, more string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "request.json")
	if err := os.WriteFile(name, fmt.Appendf(nil, request, more), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// run runs a command of the clerk's.
func (c *counter) run(args ...string) ran {
	var out, err bytes.Buffer
	e := &Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &err, Now: c.now, Getenv: func(string) string { return "" }, Passphrase: c.ask}
	code := Main(c.ctx, e, args)
	return ran{code, out.String(), err.String()}
}

// export asks for the first person's records; later arguments win.
func (c *counter) export(more ...string) ran {
	return c.run(append([]string{"export", "--json", "--archive=" + c.Dir, "--id=pl.pesel=44051401359", "-i", c.identity, "--release=" + c.request}, more...)...)
}

func (c *counter) name(packet string) string { return filepath.Join(c.out, packet) }

// released asks for a packet that must come, verify, and hold so many documents.
func (c *counter) released(packet string, documents, left int, more ...string) map[string][]byte {
	c.t.Helper()
	r := c.export(append(more, "-o", c.name(packet))...)
	if r.code != exitOK {
		c.t.Fatalf("export %v: exit %d\n%s", more, r.code, r.err)
	}
	got := parsed[jsonoutput.Export](c.t, r)
	if got.Documents != documents || got.LeftOut != left {
		c.t.Errorf("export %v: %d documents, %d left out; want %d, %d", more, got.Documents, got.LeftOut, documents, left)
	}
	if v := c.run("verify", "packet", c.name(packet), "--policy="+c.PolicyFile(c.t)); v.code != exitOK {
		c.t.Errorf("verify packet: exit %d\n%s%s", v.code, v.out, v.err)
	}
	if i, err := os.Stat(c.name(packet)); err != nil || i.Mode().Perm() != 0o600 {
		c.t.Errorf("the packet's mode is %v, %v", i.Mode(), err)
	}
	return unzipped(c.t, c.name(packet))
}

// refused asks for a packet that must not come, and sees that nothing came of it.
func (c *counter) refused(code int, words []string, more ...string) {
	c.t.Helper()
	before, voids := c.releases()
	r := c.export(more...)
	if r.code != code {
		c.t.Errorf("export %v: exit %d, want %d\n%s%s", more, r.code, code, r.out, r.err)
	}
	for _, w := range words {
		if !strings.Contains(r.err, w) {
			c.t.Errorf("export %v: no %q in %s", more, w, r.err)
		}
	}
	if after, v := c.releases(); after != before || v != voids {
		c.t.Errorf("export %v: the log tells of a release", more)
	}
	c.wantFiles()
}

// wantFiles sees that the folder holds these packets, and no temporary files.
func (c *counter) wantFiles(names ...string) {
	c.t.Helper()
	entries, err := os.ReadDir(c.out)
	if err != nil {
		c.t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(names) {
		c.t.Errorf("the folder holds %q, want %q", got, names)
	}
}

func (c *counter) releases() (releases, voids int) {
	c.t.Helper()
	a, err := archive.Open(c.Dir, archive.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	defer a.Close()
	err = a.Events(0, func(_ seal.LeafIndex, e seal.Event) error {
		switch {
		case e.Release != nil:
			releases++
		case e.ReleaseVoid != nil:
			voids++
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return releases, voids
}

func unzipped(t *testing.T, name string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// take takes drafts in.
func (c *counter) take(drafts ...*archivetest.Draft) {
	c.t.Helper()
	w := c.OpenWrite(c.t)
	defer w.Close()
	var sources []archive.Source
	for i, d := range drafts {
		sources = append(sources, archive.Source{Path: c.Spool(c.t, fmt.Sprintf("%d.zip", i), d), Spooled: true})
	}
	err := w.Take(c.ctx, sources, func(o archive.Outcome) {
		if o.Status != archive.Taken {
			c.t.Fatalf("%s %s", o.Code, o.Reason)
		}
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func TestExportSelection(t *testing.T) {
	c := newCounter(t, archivetest.New(t, archivetest.Options{}))
	secret := c.Draft("very-restricted", archivetest.People[0], archivetest.Document{Name: "documents/v.txt", Title: "V", Body: []byte("very restricted")})
	secret.Statement.Predicate.Documents[0].Confidentiality = "V"
	restricted := c.Draft("restricted", archivetest.People[0], archivetest.Document{Name: "documents/r.txt", Title: "R", Body: []byte("restricted")})
	restricted.Statement.Predicate.Documents[0].Confidentiality = "R"
	other := c.Draft("of-another", archivetest.People[0], archivetest.Document{Name: "documents/other.xml", Title: "?", Body: []byte(`<?xml version="1.0"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole><id root="2.16.840.1.113883.3.4424.1.1.616" extension="02070803628"/>
<patient><name><given>Zenon</given><family>Zupełnie-Inny</family></name><administrativeGenderCode code="M"/><birthTime value="19020708"/></patient></patientRole></recordTarget></ClinicalDocument>`)})
	c.take(secret, restricted, other)
	reason := "--release=" + requestFile(t, `,"reason":"the patient asks for all"`)

	// Bundle 0: letter (replaced by that of bundle 4), result, scan. Bundle 4: letter, result. And the three above.
	files := c.released("default.zip", 5, 3)
	for name, data := range files {
		if bytes.Contains(data, []byte("very restricted")) || bytes.Contains(data, []byte("Zupełnie-Inny")) || bytes.Contains(data, []byte("Karta informacyjna nr 0")) {
			t.Errorf("%s should have stayed", name)
		}
	}
	if !bytes.Contains(files[seal.PacketIndex], []byte("not in this packet: 3.")) {
		t.Error("the packet does not tell what was left out")
	}
	c.released("versions.zip", 6, 2, "--all-versions", reason)
	c.released("restricted.zip", 6, 2, "--very-restricted", reason)
	c.released("unresolved.zip", 6, 2, "--unresolved", reason)
	c.released("all.zip", 8, 0, "--all-versions", "--very-restricted", "--unresolved", reason)
	// 2025-01 and 2025-05: a range leaves out, and says so.
	c.released("january.zip", 2, 6, "--to=2025-01")
	c.released("may.zip", 3, 5, "--from=2025-05")
	c.released("letters.zip", 4, 4, "--class=discharge")
	c.released("other.zip", 4, 1, "--id=pl.pesel=02070803628") // bundles 1 and 5 of the second person

	c.out = t.TempDir()
	for _, flag := range []string{"--all-versions", "--very-restricted", "--unresolved"} {
		c.refused(exitUsage, []string{"reason"}, flag, "-o", c.name("p.zip"))
	}
	c.refused(exitFailed, []string{"not found"}, "--id=pl.pesel=90010112399", "-o", c.name("p.zip"))
	c.refused(exitFailed, []string{"not found"}, "--from=2030-01", "-o", c.name("p.zip"))
	c.refused(exitFailed, []string{"not found"}, "--class=referral", "-o", c.name("p.zip"))
	hidden := patient.Patient{Identifiers: []patient.Identifier{{System: "pl.pesel", Value: "55030101193", Role: patient.RoleOwn, Country: "PL"}},
		Names: []patient.Name{{Family: "Ukryta"}}, BirthDate: "1955-03-01", Sex: "F"}
	only := c.Draft("only-very-restricted", hidden, archivetest.Document{Name: "documents/v.txt", Body: []byte("v")})
	only.Statement.Predicate.Documents[0].Confidentiality = "V"
	c.take(only)
	c.refused(exitFailed, []string{"outside the default", "--very-restricted"}, "--id=pl.pesel=55030101193", "-o", c.name("p.zip"))
}

func TestExportRefused(t *testing.T) {
	c := newCounter(t, archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1}))
	other := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1, Origin: "elsewhere.example/1"})
	out := "--output=" + c.name("p.zip")
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no identity"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.refused(exitUsage, []string{"output"}, "-o", "-")
	c.refused(exitUsage, []string{"output"})
	c.refused(exitUsage, []string{"--id"}, out, "--id=44051401359")
	c.refused(exitUsage, []string{"months"}, out, "--from=2025-01-01")
	c.refused(exitUsage, []string{"months"}, out, "--to=soon")
	c.refused(exitUsage, []string{"register"}, out, "--release=")
	c.refused(exitFailed, []string{"no such file"}, out, "--release=/nowhere")
	c.refused(exitUsage, []string{"twice"}, out, "--release="+requestFile(t, `,"requester":{}`))
	c.refused(exitUsage, []string{"filled in by the archive"}, out, "--release="+requestFile(t, `,"documents":7`))
	c.refused(exitNoArchive, nil, out, "--archive="+t.TempDir())
	c.refused(exitNoKey, []string{"-i"}, out, "-i", "/nowhere")
	c.refused(exitNoKey, nil, out, "-i", text)
	c.refused(exitFailed, []string{"no such file"}, "-o", filepath.Join(c.out, "missing/p.zip"))
	own := c.identity
	c.identity = other.CustodianFile(t)
	c.refused(exitNoKey, []string{"identity"}, out)
	c.identity = c.Bundles[0].Path
	c.refused(exitNoKey, nil, out)
	c.identity = own
	// Another's identity beside the right one does no harm.
	c.released("p.zip", 3, 0, "-i", other.CustodianFile(t))
	taken := c.out
	c.out = t.TempDir()
	c.refused(exitFailed, []string{"exists"}, "-o", filepath.Join(taken, "p.zip"))
	c.refused(exitFailed, []string{"exists"}, "-o", taken)
	dangling := filepath.Join(taken, "link.zip")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	c.refused(exitFailed, []string{"exists"}, "-o", dangling)
	c.refused(exitNoKey, []string{"--private"}, "-o", c.name("p.zip"), "--private="+t.TempDir())
}

func TestExportPassphrase(t *testing.T) {
	c := newCounter(t, archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1}))
	to, err := age.NewScryptRecipient("right")
	if err != nil {
		t.Fatal(err)
	}
	to.SetWorkFactor(10)
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to)
	if err == nil {
		_, err = io.WriteString(w, c.Custodian.String()+"\n")
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	c.identity = filepath.Join(t.TempDir(), "protected.key")
	if err := os.WriteFile(c.identity, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	c.refused(exitNoKey, []string{"nobody to ask"}, "-o", c.name("p.zip"))
	for _, wrong := range []string{"wrong", ""} {
		c.ask = func(string) (string, error) { return wrong, nil }
		c.refused(exitNoKey, []string{"wrong passphrase"}, "-o", c.name("p.zip"))
	}
	c.ask = func(string) (string, error) { return "right", nil }
	c.released("p.zip", 3, 0)
}

// When the packet cannot get its name after all, the log says that it was not handed over.
func TestExportVoided(t *testing.T) {
	c := newCounter(t, archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1}))
	name := c.name("p.zip")
	c.now = func() time.Time { // the clock is asked once the output is begun
		if entries, err := os.ReadDir(c.out); err == nil && len(entries) == 1 {
			os.WriteFile(name, []byte("somebody else's"), 0o600)
		}
		return c.Now
	}
	r := c.export("-o", name)
	if r.code != exitFailed || !strings.Contains(r.err, "exists") || r.out != "" {
		t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
	}
	if releases, voids := c.releases(); releases != 1 || voids != 1 {
		t.Errorf("the log has %d releases and %d voids, want 1 and 1", releases, voids)
	}
	if data, err := os.ReadFile(name); err != nil || string(data) != "somebody else's" {
		t.Errorf("the other's file holds %q, %v", data, err)
	}
	c.wantFiles("p.zip")
	if v := c.run("verify", "archive", "--archive="+c.Dir); v.code != exitOK {
		t.Errorf("%s", v.out)
	}
}

func TestExportStopped(t *testing.T) {
	c := newCounter(t, archivetest.New(t, archivetest.Options{}))
	ctx, cancel := context.WithCancel(context.Background())
	c.ctx = ctx
	c.now = func() time.Time {
		if entries, err := os.ReadDir(c.out); err == nil && len(entries) == 1 { // Ctrl-C once the output is begun
			cancel()
		}
		return c.Now
	}
	c.refused(exitStopped, []string{"stopped"}, "-o", c.name("p.zip"))
}

// A packet is judged anywhere, years later, with the pinned policy and nothing else.
func TestExportVerifiedElsewhere(t *testing.T) {
	c := newCounter(t, archivetest.New(t, archivetest.Options{}))
	archived := c.Now
	c.Now = c.Now.AddDate(0, 0, 3)
	c.released("p.zip", 4, 1)
	other := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1, Origin: "elsewhere.example/1"})
	namesake := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	ended := func(at time.Time) string {
		dir := c.Copy(t)
		want(t, c.Now, exitOK, nil, "policy", "end-producer", "his", "--at="+at.Format(time.RFC3339), "--archive="+dir)
		name := filepath.Join(t.TempDir(), "policy.json")
		want(t, c.Now, exitOK, nil, "policy", "export", "-o", name, "--archive="+dir)
		return name
	}
	dir := t.TempDir()
	for name, from := range map[string]string{"p.zip": c.name("p.zip"), "policy.json": c.PolicyFile(t), "other.json": other.PolicyFile(t), "namesake.json": namesake.PolicyFile(t),
		"later.json": ended(archived.Add(24 * time.Hour)), "before.json": ended(archivetest.Start)} {
		copyFile(t, from, filepath.Join(dir, name))
	}
	if err := os.Rename(c.Dir, c.Dir+"-gone"); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	years := c.Now.AddDate(30, 0, 0)
	for _, v := range []struct {
		args string
		code int
		word string
	}{
		{"--policy=policy.json", exitOK, "PASSED"},
		{"--policy=policy.json --at=" + archived.AddDate(0, 0, -10).Format(time.DateOnly), exitIndeterminate, "time"},
		{"--policy=policy.json --at=" + archived.AddDate(0, 0, 1).Format(time.DateOnly), exitIndeterminate, "time"},
		{"--policy=other.json", exitVerify, "packet_form"},
		{"--policy=namesake.json", exitVerify, "log_inclusion"},
		{"--policy=later.json", exitOK, "PASSED"},
		{"--policy=before.json", exitVerify, "producer_not_trusted_then"},
		{"--policy=missing.json", exitUsage, "no such file"},
		{"", exitUsage, "--policy"},
	} {
		want(t, years, v.code, []string{v.word}, append([]string{"verify", "packet", "p.zip"}, strings.Fields(v.args)...)...)
	}
	want(t, years, exitVerify, nil, "verify", "packet", "policy.json", "--policy=policy.json")
	want(t, years, exitOK, []string{"packet"}, "inspect", "p.zip")
}

// serve runs a daemon over the archive and gives its socket.
func (c *counter) serve() (socket string, stop func()) {
	c.t.Helper()
	short, err := os.MkdirTemp("", "kd") // a socket's path is short; t.TempDir's is not
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { os.RemoveAll(short) })
	config := filepath.Join(short, "kartotekad.yaml")
	text := fmt.Sprintf("archive: %s\nsocket: {path: %s/s}\nreserve: 1 MiB\ncalendar: {max_wait: 1ms}\n", c.Dir, short)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	conf, err := daemon.LoadConfig(config)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	o := daemon.Options{Now: c.now, Log: slog.New(slog.DiscardHandler), Ready: func() { close(ready) }}
	go func() { ended <- daemon.Run(ctx, conf, o) }()
	select {
	case <-ready:
	case err := <-ended:
		c.t.Fatalf("the daemon did not start: %v", err)
	}
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			c.t.Errorf("the daemon ended with %v", err)
		}
	})
	c.t.Cleanup(stop)
	return conf.Socket.Path, stop
}

// Many hands at once, while bundles come in: each packet verifies, each release stands in the log, by the daemon's hand.
func TestExportThroughDaemon(t *testing.T) {
	c := newCounter(t, archivetest.New(t, archivetest.Options{Bundles: 8}))
	socket, stop := c.serve()
	policy := c.PolicyFile(t)
	c.refused(exitBusy, []string{"--socket"}, "-o", c.name("p.zip")) // not asked at its socket, it keeps the archive for itself
	// The clerk has no private folder.
	clerk := []string{"--socket=" + socket, "--private=" + t.TempDir()}
	ids := []string{"44051401359", "02070803628", "90010112345", "85121254321"}
	done := make(chan struct{})
	var sending, asking sync.WaitGroup
	sending.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
			}
			d := c.Draft(fmt.Sprintf("meanwhile-%06d", n), archivetest.People[n%4], archivetest.Document{Name: "documents/n.txt", Body: fmt.Append(nil, n)})
			part := filepath.Join(c.Dir, "spool/incoming", fmt.Sprintf("%d.part", n))
			if err := errors.Join(os.WriteFile(part, d.Zip(t, d.Sign(t, c.Producer)), 0o600), os.Rename(part, strings.TrimSuffix(part, "part")+"zip")); err != nil {
				t.Error(err)
			}
			time.Sleep(3 * time.Millisecond)
		}
	})
	const each = 5
	for i, id := range ids {
		asking.Go(func() {
			for n := range each {
				name := c.name(fmt.Sprintf("%d-%d.zip", i, n))
				if r := c.export(append(clerk, "--id=pl.pesel="+id, "-o", name)...); r.code != exitOK {
					t.Errorf("export: exit %d %s", r.code, r.err)
					return
				}
				if v := c.run("verify", "packet", name, "--policy="+policy); v.code != exitOK {
					t.Errorf("verify: exit %d %s", v.code, v.out)
				}
			}
		})
	}
	asking.Wait()
	close(done)
	sending.Wait()
	stop()
	if releases, voids := c.releases(); releases != each*len(ids) || voids != 0 {
		t.Errorf("the log has %d releases and %d voids, want %d and 0", releases, voids, each*len(ids))
	}
	entries, err := os.ReadDir(c.out)
	if err != nil || len(entries) != each*len(ids) {
		t.Errorf("%d files in the folder, want %d", len(entries), each*len(ids))
	}
	if v := c.run("verify", "archive", "--archive="+c.Dir); v.code != exitOK {
		t.Errorf("%s", v.out)
	}
}

// Without a daemon one hand at a time writes: the other is told, and nothing is half done.
func TestExportTwoAtOnce(t *testing.T) {
	c := newCounter(t, archivetest.New(t, archivetest.Options{}))
	codes := make([]int, 4)
	var all sync.WaitGroup
	for i := range codes {
		all.Go(func() { codes[i] = c.export("-o", c.name(fmt.Sprintf("%d.zip", i))).code })
	}
	all.Wait()
	ok := 0
	var names []string
	for i, code := range codes {
		switch code {
		case exitOK:
			ok++
			names = append(names, fmt.Sprintf("%d.zip", i))
		case exitBusy:
		default:
			t.Errorf("exit %d", code)
		}
	}
	if releases, voids := c.releases(); ok == 0 || releases != ok || voids != 0 {
		t.Errorf("%d packets, %d releases, %d voids", ok, releases, voids)
	}
	c.wantFiles(names...)
	// The same packet twice at once: one gets the name.
	for i := range codes {
		all.Go(func() { codes[i] = c.export("-o", c.name("same.zip")).code })
	}
	all.Wait()
	c.wantFiles(append(names, "same.zip")...)
}
