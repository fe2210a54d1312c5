package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/wire"
	"kartoteka/seal"
	"kartoteka/seal/patient"
)

func TestMain(m *testing.M) {
	archivetest.Start = time.Now().Add(-4 * 24 * time.Hour) // its accessions end before now, and the clock agrees
	code := m.Run()
	os.RemoveAll(built.dir)
	os.Exit(code)
}

// world is an archive with one bundle in it, and a configuration.
type world struct {
	*archivetest.Archive
	config string // file
	conf   *Config
	log    syncBuffer
}

// syncBuffer is a log that is read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newWorld(t *testing.T, extra string) *world {
	t.Helper()
	w := &world{Archive: archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})}
	short, err := os.MkdirTemp("", "kd") // a socket's path is short; t.TempDir's is not
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(short) })
	w.config = filepath.Join(short, "kartotekad.yaml")
	text := fmt.Sprintf("archive: %s\nsocket: {path: %s/s}\nreserve: 1 MiB\n%s\n", w.Dir, short, extra)
	if err := os.WriteFile(w.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if w.conf, err = LoadConfig(w.config); err != nil {
		t.Fatal(err)
	}
	return w
}

// drop puts a file into the spool the way senders do.
func (w *world) drop(t *testing.T, name string, data []byte) string {
	t.Helper()
	to := filepath.Join(w.Dir, "spool/incoming", name)
	if err := os.WriteFile(to+".part", data, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(to+".part", to); err != nil {
		t.Fatal(err)
	}
	return to
}

// send makes bundles n to m-1 and drops them.
func (w *world) send(t *testing.T, n, m int) (sent []*archivetest.Bundle) {
	t.Helper()
	for ; n < m; n++ {
		b := w.Make(t, n)
		data, err := os.ReadFile(b.Path)
		if err != nil {
			t.Fatal(err)
		}
		b.Path = w.drop(t, filepath.Base(b.Path), data)
		sent = append(sent, b)
	}
	return sent
}

func (w *world) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// start runs the daemon until the test ends, or stop is called, which gives its error.
func (w *world) start(t *testing.T, o Options) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	o.Log, o.Ready = w.logger(), func() { close(ready) }
	go func() { ended <- Run(ctx, w.conf, o) }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("the daemon did not start: %v", err)
	}
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { stop() })
	return stop
}

func (w *world) dial(t *testing.T) *wire.Client {
	t.Helper()
	c, err := wire.Dial(w.conf.Socket.Path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (w *world) list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(w.Dir, "spool", dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (w *world) receipt(b *archivetest.Bundle) string {
	return filepath.Join(w.Dir, "spool/receipts", receiptName(b))
}

func (w *world) check(t *testing.T) {
	t.Helper()
	r, err := archive.Check(t.Context(), w.Dir, archive.CheckOptions{At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != "passed" {
		t.Fatalf("the archive does not check: %+v", r)
	}
}

func wait(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestDaemonTakesWhatIsDropped(t *testing.T) {
	w := newWorld(t, "calendar: {max_wait: 30ms}\nstatus_file: "+filepath.Join(t.TempDir(), "status.json"))
	stop := w.start(t, Options{})
	sent := w.send(t, 1, 6)
	secret := "Kowalska-44051401359.zip"
	w.drop(t, secret, []byte("PK\x03\x04 this is no bundle at all"))
	old := time.Now().Add(-time.Hour) // not "still being written"
	os.Chtimes(filepath.Join(w.Dir, "spool/incoming", secret), old, old)
	for _, b := range sent {
		wait(t, "a receipt", func() bool { return there(w.receipt(b)) })
	}
	// The bad bundle may have been looked at before its time was set back: then it is tried again when asked for.
	if err := w.dial(t).Ingest(t.Context(), func(archive.Outcome) {}); err != nil {
		t.Fatal(err)
	}
	wait(t, "an empty spool", func() bool { return len(w.list(t, "incoming")) == 0 })
	if got, want := w.list(t, "rejected"), []string{secret, secret + ".reason.txt"}; !slices.Equal(got, want) {
		t.Errorf("rejected/ holds %q, want %q", got, want)
	}
	found, err := w.dial(t).Find(t.Context(), archive.Query{Identifier: patient.Identifier{System: "pl.pesel", Value: "02070803628"}})
	if err != nil || len(found) != 2 { // bundles 1 and 5 are of that person
		t.Errorf("found %d bundles, %v; want 2", len(found), err)
	}
	s, err := w.dial(t).Status(t.Context())
	if err != nil || s.Waiting != 0 || s.Rejected != 1 || s.Index != "in_step" || s.DaysLeft == nil || s.Next == nil || len(s.Problems) != 0 {
		t.Errorf("status %+v, %v", s, err)
	}
	if !there(w.conf.StatusFile) {
		t.Error("no status file")
	}
	if err := stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
	w.check(t)
	for _, word := range []string{"Kowalska", "44051401359", ".zip", "letter", sent[0].ID} {
		if strings.Contains(w.log.String(), word) {
			t.Errorf("the log holds %q:\n%s", word, w.log.String())
		}
	}
	if there(w.conf.Socket.Path) {
		t.Error("the socket was left")
	}
}

func TestDaemonKeepsToTheCalendar(t *testing.T) {
	w := newWorld(t, "")
	w.conf.Calendar.Nightly = TimeOfDay((time.Now().Hour()*60 + time.Now().Minute() + 12*60) % (24 * 60)) // far off in any zone of the test archive
	w.start(t, Options{})
	sent := w.send(t, 1, 3)
	c := w.dial(t)
	wait(t, "the bundles to be seen", func() bool {
		s, err := c.Status(t.Context())
		return err == nil && s.WaitingSince != nil && s.Next != nil && s.Next.After(time.Now().Add(time.Hour))
	})
	if there(w.receipt(sent[0])) {
		t.Fatal("taken in before it was due")
	}
	got := map[archive.Status]int{}
	if err := c.Ingest(t.Context(), func(o archive.Outcome) { got[o.Status]++ }); err != nil || got[archive.Taken] != 2 {
		t.Errorf("ingest: %v, %v", got, err)
	}
	if !there(w.receipt(sent[0])) || !there(w.receipt(sent[1])) {
		t.Error("no receipts")
	}
}

func TestDaemonMakesUpForAMissedNight(t *testing.T) {
	w := newWorld(t, "")
	for _, b := range w.send(t, 1, 3) {
		old := time.Now().Add(-25 * time.Hour)
		os.Chtimes(b.Path, old, old)
	}
	w.start(t, Options{})
	wait(t, "the accession", func() bool { return len(w.list(t, "receipts")) == 3 })
}

func TestDaemonRefusals(t *testing.T) {
	t.Run("second", func(t *testing.T) {
		w := newWorld(t, "")
		w.start(t, Options{})
		err := Run(t.Context(), w.conf, Options{Log: w.logger()})
		if code, _ := refusal(err); !errors.Is(err, archive.ErrBusy) || code != exitBusy {
			t.Errorf("a second daemon: %v", err)
		}
	})
	for name, c := range map[string]struct {
		spoil func(*world) Options
		code  int
	}{
		"no archive": {func(w *world) Options { w.conf.Archive = t.TempDir(); return Options{} }, exitNoArchive},
		"no key":     {func(w *world) Options { w.conf.Private = t.TempDir(); return Options{} }, exitNoKey},
		"clock": {func(w *world) Options {
			return Options{Now: func() time.Time { return time.Now().Add(-240 * time.Hour) }}
		}, exitFailed},
		"rolled back": {func(w *world) Options {
			saved := map[string][]byte{}
			for _, f := range archivetest.Files(t, w.Dir, "log") {
				saved[f], _ = os.ReadFile(filepath.Join(w.Dir, f))
			}
			w.Take(t, 1)
			os.RemoveAll(filepath.Join(w.Dir, "log"))
			for f, data := range saved {
				os.MkdirAll(filepath.Dir(filepath.Join(w.Dir, f)), 0o755)
				os.WriteFile(filepath.Join(w.Dir, f), data, 0o644)
			}
			return Options{}
		}, exitVerify},
		"policy": {func(w *world) Options {
			for _, f := range archivetest.Files(t, w.Dir, "policy") {
				archivetest.Edit(t, w.Dir, f, func(b []byte) []byte { return append(b, ' ') })
			}
			return Options{}
		}, exitVerify},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			o := c.spoil(w)
			o.Log = w.logger()
			err := Run(t.Context(), w.conf, o)
			var out bytes.Buffer
			if code := refuse(&out, err); code != c.code {
				t.Errorf("exit %d, want %d: %s", code, c.code, out.String())
			}
			if name == "rolled back" && !strings.Contains(out.String(), "evidence:\n") {
				t.Errorf("no evidence: %s", out.String())
			}
		})
	}
}

func TestDaemonRelease(t *testing.T) {
	w := newWorld(t, "")
	w.start(t, Options{})
	c := w.dial(t)
	found, err := c.List(t.Context(), archive.Query{})
	if err != nil || len(found) != 1 {
		t.Fatalf("list: %v, %v", found, err)
	}
	entry := seal.Release{Request: "R-1", Requester: seal.Requester{Name: "Anna Kowalska", Relation: "self"},
		Evidence: seal.IdentityEvidence{Kind: "passport", Country: "UA", Last4: "1234", CheckedBy: "J. Nowak"}, Basis: "UPP art. 26 ust. 1",
		Way: "carrier", Fee: "first", Released: seal.At(time.Now()), Bundles: []seal.Digest{found[0].ID}, Documents: 3, Seed: seal.NewSeed()}
	leaf, err := c.Release(t.Context(), entry, seal.Fingerprint(w.Custodian.Recipient().String()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReleaseVoid(t.Context(), leaf, "not_collected"); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"void of no release": second(c.ReleaseVoid(t.Context(), 0, "mistake")),
		"void beyond":        second(c.ReleaseVoid(t.Context(), 1e6, "mistake")),
	} {
		if !errors.Is(err, wire.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"personal custodian": second(c.Release(t.Context(), entry, "Anna Kowalska")),
		"personal code":      second(c.ReleaseVoid(t.Context(), leaf, "Anna did not come")),
		"no requester":       second(c.Release(t.Context(), seal.Release{Bundles: entry.Bundles, Seed: entry.Seed}, strings.Repeat("0", 16))),
		"find of nobody":     second(c.Find(t.Context(), archive.Query{})),
	} {
		if !errors.Is(err, wire.ErrRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.check(t)
}

func second[T any](_ T, err error) error { return err }

func TestDaemonStopsTakingWhenFull(t *testing.T) {
	w := newWorld(t, "calendar: {max_wait: 10ms}")
	w.conf.Reserve = 1 << 60
	w.start(t, Options{})
	w.send(t, 1, 2)
	c := w.dial(t)
	wait(t, "the problem", func() bool {
		s, err := c.Status(t.Context())
		return err == nil && slices.ContainsFunc(s.Problems, func(p wire.Problem) bool { return p.Code == wire.ProblemSpace })
	})
	if err := c.Ingest(t.Context(), func(archive.Outcome) {}); !errors.Is(err, archive.ErrSpace) {
		t.Errorf("ingest: %v", err)
	}
	s, err := c.Status(t.Context())
	if err != nil || s.Waiting != 1 || s.DaysLeft == nil || *s.DaysLeft != 0 {
		t.Errorf("status %+v, %v", s, err)
	}
	if n := strings.Count(w.log.String(), `"code":"space"`); n != 1 {
		t.Errorf("said %d times:\n%s", n, w.log.String())
	}
}

// TestDaemonConcurrent looks things up while bundles are taken in; the race detector does the judging.
func TestDaemonConcurrent(t *testing.T) {
	w := newWorld(t, "calendar: {max_wait: 1ms}")
	stop := w.start(t, Options{})
	var asking sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		c := w.dial(t)
		asking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				_, err1 := c.Find(context.Background(), archive.Query{Name: "Kowalska-Testowa", Born: "1944-05-14"})
				_, err2 := c.Status(context.Background())
				err3 := c.Ingest(context.Background(), func(archive.Outcome) {})
				if err := errors.Join(err1, err2, err3); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := 1; n < 40; n += 3 {
		w.send(t, n, n+3)
		time.Sleep(20 * time.Millisecond)
	}
	wait(t, "all receipts", func() bool { return len(w.list(t, "receipts")) == 1+39 })
	close(done)
	asking.Wait()
	if err := stop(); err != nil {
		t.Error(err)
	}
	w.check(t)
}

func TestOnce(t *testing.T) {
	w := newWorld(t, "")
	w.send(t, 1, 4)
	bad := w.drop(t, "bad.zip", []byte("no ZIP"))
	d, err := Once(t.Context(), w.conf, Options{Log: w.logger()})
	if err != nil || d.Taken != 3 || d.Postponed != 1 || d.exit() != exitPartly {
		t.Errorf("%+v, %v", d, err)
	}
	os.Chtimes(bad, time.Now().Add(-time.Hour), time.Now().Add(-time.Hour))
	d, err = Once(t.Context(), w.conf, Options{Log: w.logger()})
	if err != nil || d.Rejected != 1 || d.exit() != exitVerify {
		t.Errorf("%+v, %v", d, err)
	}
	w.check(t)
}

// TestFolderAndLongName: a folder is purged whole, and a name too long for a reason file beside it blocks nobody.
func TestFolderAndLongName(t *testing.T) {
	w := newWorld(t, "")
	b := w.Make(t, 1)
	dir := filepath.Join(w.Dir, "spool/incoming/folder")
	for name, body := range map[string][]byte{seal.EnvelopeName: b.Envelope, b.Documents[0].Name: b.Documents[0].Body, b.Documents[1].Name: b.Documents[1].Body} {
		os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		os.WriteFile(filepath.Join(dir, name), body, 0o644)
	}
	os.MkdirAll(filepath.Join(w.Dir, "spool/incoming/.taken-left", "documents"), 0o755)
	long := w.drop(t, strings.Repeat("x", 245), []byte("no ZIP"))
	os.Chtimes(long, time.Now().Add(-time.Hour), time.Now().Add(-time.Hour))
	d, err := Once(t.Context(), w.conf, Options{Log: w.logger()})
	if err != nil || d.Taken != 1 || d.Rejected != 1 {
		t.Errorf("%+v, %v\n%s", d, err, w.log.String())
	}
	if left := w.list(t, "incoming"); len(left) != 0 {
		t.Errorf("left in the spool: %q", left)
	}
	if got := w.list(t, "rejected"); len(got) != 2 {
		t.Errorf("rejected: %q", got)
	}
}

func TestMainArguments(t *testing.T) {
	w := newWorld(t, "")
	for _, c := range []struct {
		args string
		code int
	}{
		{"--help", exitOK}, {"", exitUsage}, {"--config", exitUsage}, {"--config /nowhere.yaml", exitUsage},
		{"--config " + w.config + " --check", exitOK}, {"--config " + w.config + " --check --once", exitUsage},
		{"--config " + w.config + " --once", exitOK}, {"--config " + w.config + " spool", exitUsage},
	} {
		var out bytes.Buffer
		if code := Main(t.Context(), strings.Fields(c.args), &out, &out); code != c.code {
			t.Errorf("kartotekad %s: exit %d, want %d\n%s", c.args, code, c.code, out.String())
		}
	}
	if _, err := os.Stat(w.conf.Socket.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("--once made a socket")
	}
}
