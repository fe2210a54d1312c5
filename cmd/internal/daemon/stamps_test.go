package daemon

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/stamper/stampertest"
	"kartoteka/cmd/internal/wire"
	"kartoteka/verify"
)

// stampWorld is a world with an authority that the policy trusts.
type stampWorld struct {
	*world
	tsa   *stampertest.TSA
	down  atomic.Bool
	slow  atomic.Bool
	later atomic.Int64 // how far the world's clock is ahead
}

func newStampWorld(t *testing.T, o stampertest.Options) *stampWorld {
	t.Helper()
	s := &stampWorld{tsa: stampertest.New(t, o)}
	s.tsa.Now = s.now
	s.tsa.Change = func(f *stampertest.Forge) {
		if s.slow.Load() {
			time.Sleep(2 * time.Second)
		}
		if s.down.Load() {
			f.Status, f.Text = 2, "closed"
		}
	}
	s.world = newWorld(t, fmt.Sprintf("stamps: [{name: first, url: %q, timeout: 10s}]", s.tsa.URL))
	a := s.OpenWrite(t)
	defer a.Close()
	if err := a.AddTSA(verify.Anchor{Name: "first", Chain: s.tsa.Anchor().Chain}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stampWorld) now() time.Time { return time.Now().Add(time.Duration(s.later.Load())) }

func (s *stampWorld) run(t *testing.T) *wire.Client {
	t.Helper()
	s.start(t, Options{Now: s.now})
	return s.dial(t)
}

func (s *stampWorld) status(t *testing.T, c *wire.Client) wire.Status {
	t.Helper()
	st, err := c.Status(t.Context())
	if err != nil || st.Stamps == nil {
		t.Fatalf("%+v, %v", st, err)
	}
	return st
}

// wantProblem wants a problem on the board, or, with none, that it is not there.
func wantProblem(t *testing.T, st wire.Status, code string, up, critical bool) {
	t.Helper()
	i := slices.IndexFunc(st.Problems, func(p wire.Problem) bool { return p.Code == code })
	if (i >= 0) != up || up && st.Problems[i].Critical != critical {
		t.Errorf("problem %s: want %v, critical %v; got %+v", code, up, critical, st.Problems)
	}
}

// What was missed is gathered and stamped at the start; then night follows night, after what came in.
func TestDaemonStampsNights(t *testing.T) {
	s := newStampWorld(t, stampertest.Options{})
	c := s.run(t)
	wait(t, "the first night", func() bool { st := s.status(t, c).Stamps; return st.Nights == 2 && st.Waiting == 0 })
	s.send(t, 1, 3)
	if err := c.Ingest(t.Context(), func(archive.Outcome) {}); err != nil {
		t.Fatal(err)
	}
	if r, err := c.Stamp(t.Context(), wire.Stamp{}); err != nil || len(r.Nights)+len(r.Stamped)+len(r.Waiting) != 0 {
		t.Errorf("gathered before the night: %+v, %v", r, err)
	}
	s.later.Store(int64(25 * time.Hour))
	c.Ingest(t.Context(), func(archive.Outcome) {}) // the keeper looks at its clock
	wait(t, "the second night", func() bool { st := s.status(t, c).Stamps; return st.Nights == 4 && st.Waiting == 0 })
	st := s.status(t, c)
	if st.Stamps.RenewBy == nil || st.Stamps.Lapsed != 0 || len(st.Problems) != 0 {
		t.Errorf("%+v", st)
	}
	if log := s.log.String(); !strings.Contains(log, `"msg":"time stamp","covers"`) {
		t.Errorf("no line for a time stamp:\n%s", log)
	}
}

// A night that stays without stamp for a day is an alarm, until it has one.
func TestDaemonTellsOfMissingStamps(t *testing.T) {
	s := newStampWorld(t, stampertest.Options{})
	s.down.Store(true)
	c := s.run(t)
	wait(t, "the first night", func() bool { return s.status(t, c).Stamps.Waiting == 2 })
	wantProblem(t, s.status(t, c), wire.ProblemStamps, false, false)
	s.later.Store(int64(25 * time.Hour))
	r, err := c.Stamp(t.Context(), wire.Stamp{})
	if err != nil || len(r.Waiting) != 2 || !strings.Contains(r.Waiting[0].Tried[0].Error, "closed") {
		t.Errorf("%+v, %v", r, err)
	}
	wantProblem(t, s.status(t, c), wire.ProblemStamps, true, true)
	s.down.Store(false)
	if r, err := c.Stamp(t.Context(), wire.Stamp{}); err != nil || len(r.Stamped) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	wantProblem(t, s.status(t, c), wire.ProblemStamps, false, false)
}

// What ends soon is told, first as a problem, then as an alarm; a renewal ends it.
func TestDaemonTellsOfRenewals(t *testing.T) {
	s := newStampWorld(t, stampertest.Options{Template: func(c *x509.Certificate) { c.NotAfter = time.Now().Add(100 * 24 * time.Hour) }})
	c := s.run(t)
	wait(t, "the first night", func() bool {
		st := s.status(t, c).Stamps
		return st.Nights == 2 && st.Waiting == 0 && st.RenewBy != nil
	})
	for _, step := range []struct {
		days         int
		up, critical bool
	}{{0, false, false}, {20, true, false}, {75, true, true}, {101, true, true}} {
		s.later.Store(int64(step.days) * int64(24*time.Hour))
		if _, err := c.Stamp(t.Context(), wire.Stamp{}); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, s.status(t, c), wire.ProblemRenewal, step.up, step.critical)
	}
	if p, err := c.Renewals(t.Context(), wire.Renewals{Days: 365}); err != nil || p.Calls != 0 || p.Rows[0].State != "lapsed" {
		t.Errorf("%+v, %v", p, err)
	}
	s.later.Store(0)
	if p, err := c.Renewals(t.Context(), wire.Renewals{Days: 365}); err != nil || p.Calls != 2 || p.Rows[0].State != "due" {
		t.Errorf("%+v, %v", p, err)
	}
	s.later.Store(int64(time.Minute))
	r, err := c.Renew(t.Context(), wire.Renew{Days: 365})
	if err != nil || len(r.Waves) != 2 || len(r.Stamped) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

// While an authority is waited for, the archive takes bundles in and answers.
func TestDaemonWaitsForNoAuthority(t *testing.T) {
	s := newStampWorld(t, stampertest.Options{})
	s.slow.Store(true)
	c := s.run(t)
	wait(t, "the night to be gathered", func() bool { return s.status(t, c).Stamps.Waiting == 2 })
	start := time.Now()
	sent := s.send(t, 1, 2)
	if err := c.Ingest(t.Context(), func(archive.Outcome) {}); err != nil || !there(s.receipt(sent[0])) {
		t.Errorf("no receipt: %v", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("taking in waited for %s", took)
	}
}

// Without an authority nothing is gathered, and that is said once.
func TestDaemonWithoutAuthorities(t *testing.T) {
	w := newWorld(t, "")
	w.start(t, Options{})
	c := w.dial(t)
	wait(t, "a warning", func() bool { return strings.Count(w.log.String(), "no time-stamp authority is configured") == 2 })
	if st, err := c.Status(t.Context()); err != nil || st.Stamps == nil || st.Stamps.Nights != 0 || len(st.Problems) != 0 {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestConfigStamps(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("p4ss\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{"{name: a, url: 'https://tsa.example/'}", ""},
		{"{name: a, url: 'https://tsa.example/', families: [sha512], user: u, password_file: " + secret + ", timeout: 20s, policy_oid: 1.3.6.1, no_status: true}", ""},
		{"{name: a, url: 'https://tsa.example/', header_file: /h}", ""},
		{"{url: 'https://tsa.example/'}", "stamps[0]: name: \"\""},
		{"{name: A B, url: 'https://tsa.example/'}", "name: \"A B\""},
		{"{name: a}", "url: is no address"},
		{"{name: a, url: 'ldap://x/'}", "url: is no address"},
		{"{name: a, url: 'https://u:p@x/'}", "url: holds a user"},
		{"{name: a, url: 'https://x/', families: [sha1]}", "families: \"sha1\""},
		{"{name: a, url: 'https://x/', families: [sha256, sha256]}", "named twice"},
		{"{name: a, url: 'https://x/', user: u}", "one goes with the other"},
		{"{name: a, url: 'https://x/', user: u, password_file: p}", "password_file: \"p\" is not an absolute path"},
		{"{name: a, url: 'https://x/', header_file: h}", "header_file: \"h\" is not an absolute path"},
		{"{name: a, url: 'https://x/', user: u, password_file: /p, header_file: /h}", "stands instead"},
		{"{name: a, url: 'https://x/', timeout: 1h}", "timeout: 1h0m0s"},
		{"{name: a, url: 'https://x/', policy_oid: one}", "policy_oid: \"one\""},
		{"{name: a, url: 'https://x/', families: sha256}", "cannot unmarshal"},
		{"{name: a, url: 'https://x/', password: p}", "field password is not known"},
	} {
		conf, err := ParseConfig("f", []byte("archive: /a\nstamps: ["+c.text+"]\n"))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.text, err, c.want)
		}
		if conf != nil && conf.Stamps[0].User != "" {
			h, err := conf.Stamps[0].stamper(nil, nil, nil)
			if err != nil || h.Password != "p4ss" || h.User != "u" || h.Profile != "1.3.6.1" || !h.NoStatus || h.Timeout != 20*time.Second {
				t.Errorf("%+v, %v", h, err)
			}
		}
	}
}
