package stamps_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/stamper"
	"kartoteka/archive/stamper/stampertest"
	"kartoteka/cmd/internal/stamps"
	"kartoteka/seal"
	"kartoteka/verify"
)

// world is an archive that several authorities may stamp. Their clocks are the world's.
type world struct {
	*archivetest.Archive
	t    *testing.T
	tsas map[string]*stampertest.TSA
}

func newWorld(t *testing.T, names ...string) *world {
	w := &world{Archive: archivetest.New(t, archivetest.Options{Bundles: 3, Accessions: 1}), t: t, tsas: map[string]*stampertest.TSA{}}
	w.Now = time.Now().UTC().Truncate(time.Second) // the authorities' certificates are of today
	for _, n := range names {
		w.authority(n, stampertest.Options{})
	}
	return w
}

// authority makes one that the policy trusts.
func (w *world) authority(name string, o stampertest.Options) *stampertest.TSA {
	w.t.Helper()
	tsa := stampertest.New(w.t, o)
	tsa.Now = func() time.Time { return w.Now }
	w.tsas[name] = tsa
	w.open(func(a *archive.Archive) error { return a.AddTSA(verify.Anchor{Name: name, Chain: tsa.Anchor().Chain}) })
	return tsa
}

func (w *world) open(f func(*archive.Archive) error) {
	w.t.Helper()
	a := w.OpenWrite(w.t)
	defer a.Close()
	if err := f(a); err != nil {
		w.t.Fatal(err)
	}
}

// by gives families their authorities by name.
func (w *world) by(a *archive.Archive, names map[seal.Family][]string) map[seal.Family][]stamper.Stamper {
	by := map[seal.Family][]stamper.Stamper{}
	for f, list := range names {
		for _, n := range list {
			by[f] = append(by[f], &stamper.HTTP{TSA: n, URL: w.tsas[n].URL, Trust: a.Policy(), Now: w.clock, Timeout: 2 * time.Second})
		}
	}
	return by
}

func (w *world) clock() time.Time { return w.Now }

func both(names ...string) map[seal.Family][]string {
	return map[seal.Family][]string{seal.FamilySHA256: names, seal.FamilySHA512: names}
}

// run opens the archive, lets the authorities stamp, and counts.
func (w *world) run(names map[seal.Family][]string, gather bool) (r stamps.Report) {
	w.t.Helper()
	w.open(func(a *archive.Archive) (err error) {
		s := stamps.Stamps{Desk: stamps.Alone(a), By: w.by(a, names), Now: w.clock}
		r, err = s.Run(context.Background(), gather)
		return err
	})
	return r
}

func (w *world) want(r stamps.Report, nights, stamped, waiting int) {
	w.t.Helper()
	if len(r.Nights) != nights || len(r.Stamped) != stamped || len(r.Waiting) != waiting {
		w.t.Errorf("%d nights, %d stamped, %d waiting; want %d, %d, %d: %+v", len(r.Nights), len(r.Stamped), len(r.Waiting), nights, stamped, waiting, r)
	}
}

func (w *world) wantChecked() {
	w.t.Helper()
	r, err := archive.Check(context.Background(), w.Dir, archive.CheckOptions{At: w.Now})
	if err != nil || r.Verdict != verify.Passed {
		w.t.Errorf("the archive does not check: %v, %+v", err, r)
	}
}

// tokens lists the times of a family's tokens, by the log.
func (w *world) tokens(f seal.Family) (list []seal.StampEvent) {
	w.t.Helper()
	w.open(func(a *archive.Archive) error {
		return a.Events(0, func(_ seal.LeafIndex, e seal.Event) error {
			if e.TimeStamp != nil && e.TimeStamp.Family == f {
				list = append(list, *e.TimeStamp)
			}
			return nil
		})
	})
	return list
}

func TestNightAfterNight(t *testing.T) {
	w := newWorld(t, "first", "second")
	names := map[seal.Family][]string{seal.FamilySHA256: {"first", "second"}, seal.FamilySHA512: {"second", "first"}}
	for night := range 3 {
		r := w.run(names, true)
		w.want(r, 1, 2, 0)
		if r.Stamped[0].TSA != "first" || r.Stamped[1].TSA != "second" {
			t.Errorf("night %d: %+v", night, r.Stamped)
		}
		w.want(w.run(names, true), 0, 0, 0) // nothing came in
		w.Now = w.Now.Add(24 * time.Hour)
		w.Take(t, 1)
		w.want(w.run(names, false), 0, 0, 0) // not its time yet
	}
	w.wantChecked()
}

// An authority that is down, slow, lying or not trusted gives no token; the next one is asked, and the night is kept until
// one answers.
func TestBadAuthorities(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*stampertest.TSA)
		says  string
	}{
		{"down", func(a *stampertest.TSA) { a.URL = "http://127.0.0.1:1/" }, "refused"},
		{"slow", func(a *stampertest.TSA) {
			a.Serve = nil
			a.Change = func(*stampertest.Forge) { time.Sleep(3 * time.Second) }
		}, "deadline"},
		{"lying", func(a *stampertest.TSA) { a.Change = func(f *stampertest.Forge) { f.Spoil = true } }, "signature"},
		{"refusing", func(a *stampertest.TSA) { a.Change = func(f *stampertest.Forge) { f.Status, f.Text = 2, "no money" } }, "no money"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "bad", "good")
			c.spoil(w.tsas["bad"])
			r := w.run(both("bad"), true)
			w.want(r, 1, 0, 2)
			if len(r.Waiting[0].Tried) != 1 || !strings.Contains(r.Waiting[0].Tried[0].Error, c.says) || r.Waiting[0].Since != seal.At(w.Now) {
				t.Errorf("%+v", r.Waiting)
			}
			r = w.run(both("bad", "good"), true)
			w.want(r, 0, 2, 0)
			if r.Stamped[0].TSA != "good" {
				t.Errorf("%+v", r.Stamped)
			}
			w.wantChecked()
		})
	}
}

func TestNoAuthority(t *testing.T) {
	w := newWorld(t, "first")
	r := w.run(map[seal.Family][]string{seal.FamilySHA256: {"first"}}, true)
	w.want(r, 1, 1, 1)
	if len(r.Waiting[0].Tried) != 0 || r.Waiting[0].Family != seal.FamilySHA512 {
		t.Errorf("%+v", r.Waiting)
	}
}

// Who stops a run loses nothing.
func TestStopped(t *testing.T) {
	w := newWorld(t, "first")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w.open(func(a *archive.Archive) error {
		s := stamps.Stamps{Desk: stamps.Alone(a), By: w.by(a, both("first")), Now: w.clock}
		r, err := s.Run(ctx, true)
		w.want(r, 1, 0, 2)
		return err
	})
	w.want(w.run(both("first"), false), 0, 2, 0)
}

// A liar that gives a token of another authority, however good, has not stamped.
func TestAnothersToken(t *testing.T) {
	w := newWorld(t, "first", "second")
	w.open(func(a *archive.Archive) error {
		liar := named{"first", &stamper.HTTP{TSA: "second", URL: w.tsas["second"].URL, Trust: a.Policy(), Now: w.clock}}
		s := stamps.Stamps{Desk: stamps.Alone(a), Now: w.clock, By: map[seal.Family][]stamper.Stamper{seal.FamilySHA256: {liar}, seal.FamilySHA512: {liar}}}
		r, err := s.Run(context.Background(), true)
		w.want(r, 1, 0, 2)
		return err
	})
}

type named struct {
	name string
	stamper.Stamper
}

func (n named) Name() string { return n.name }

// While an authority is asked, the archive is free: the desk is not held.
func TestNetworkHoldsNobodyUp(t *testing.T) {
	w := newWorld(t, "first")
	w.open(func(a *archive.Archive) error {
		d := &watched{Desk: stamps.Alone(a)}
		by := w.by(a, both("first"))
		for f := range by {
			by[f][0] = looking{by[f][0], func() {
				if d.busy {
					t.Error("the network is waited for with the archive in hand")
				}
			}}
		}
		s := stamps.Stamps{Desk: d, By: by, Now: w.clock}
		r, err := s.Run(context.Background(), true)
		w.want(r, 1, 2, 0)
		return err
	})
}

type watched struct {
	stamps.Desk
	busy bool
}

func (w *watched) Look(f func(*archive.Archive) error) error {
	w.busy = true
	defer func() { w.busy = false }()
	return w.Desk.Look(f)
}

func (w *watched) Write(f func(*archive.Archive) error) error {
	w.busy = true
	defer func() { w.busy = false }()
	return w.Desk.Write(f)
}

type looking struct {
	stamper.Stamper
	look func()
}

func (l looking) Stamp(ctx context.Context, h crypto.Hash, imprint []byte) ([]byte, error) {
	l.look()
	return l.Stamper.Stamp(ctx, h, imprint)
}

// renew stamps again what ends within a time.
func (w *world) renew(names map[seal.Family][]string, within time.Duration) (r stamps.Report) {
	w.t.Helper()
	w.open(func(a *archive.Archive) (err error) {
		s := stamps.Stamps{Desk: stamps.Alone(a), By: w.by(a, names), Now: w.clock}
		r, err = s.Renew(context.Background(), &stamps.Calendar{}, within)
		return err
	})
	return r
}

func (w *world) plan(within time.Duration) *stamps.Plan {
	var p stamps.Plan
	w.t.Helper()
	w.open(func(a *archive.Archive) (err error) {
		p, err = (&stamps.Calendar{}).Plan(stamps.Alone(a), w.Now, within)
		return err
	})
	return &p
}

const year = 365 * 24 * time.Hour

// Nights are renewed in one wave a family, by whoever answers; what waits is in no second wave.
func TestWaves(t *testing.T) {
	w := newWorld(t)
	short := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(year) }
	w.authority("short", stampertest.Options{Template: short})
	w.authority("long", stampertest.Options{})
	for range 3 {
		w.want(w.run(both("short"), true), 1, 2, 0)
		w.Now = w.Now.Add(24 * time.Hour)
		w.Take(t, 1)
	}
	p := w.plan(90 * 24 * time.Hour)
	if p.Calls != 0 || len(p.Rows) != 2 || p.Rows[0].State != stamps.StateHolds || p.Rows[0].Count != 3 || p.Rows[0].Why != stamps.WhyCertificate || p.Rows[0].TSA != "short" {
		t.Errorf("%+v", p)
	}
	if by, lapsed := p.First(); lapsed != 0 || time.Until(by.Time).Round(time.Hour) != year {
		t.Errorf("first %s, %d lapsed", by, lapsed)
	}
	w.Now = w.Now.Add(300 * 24 * time.Hour)
	if p := w.plan(90 * 24 * time.Hour); p.Calls != 2 || p.Rows[0].State != stamps.StateDue {
		t.Errorf("%+v", p)
	}

	down := w.tsas["long"].URL
	w.tsas["long"].URL = "http://127.0.0.1:1/"
	r := w.renew(both("long"), 90*24*time.Hour)
	if w.want(r, 0, 0, 2); len(r.Waves) != 2 {
		t.Errorf("%+v", r)
	}
	if r := w.renew(both("long"), 90*24*time.Hour); len(r.Waves) != 0 || len(r.Waiting) != 2 {
		t.Errorf("a second wave over the same nights: %+v", r)
	}
	if p := w.plan(90 * 24 * time.Hour); p.Calls != 0 || p.Rows[0].State != stamps.StateWaiting {
		t.Errorf("%+v", p)
	}
	w.tsas["long"].URL = down
	w.want(w.run(both("long"), false), 0, 2, 0)
	if p := w.plan(90 * 24 * time.Hour); p.Calls != 0 || p.Rows[0].State != stamps.StateHolds || p.Rows[0].Count != 3 || p.Rows[0].TSA != "long" {
		t.Errorf("%+v", p)
	}
	w.wantChecked()
}

// What was not renewed in time is named for ever, and is in no wave.
func TestLapsed(t *testing.T) {
	w := newWorld(t)
	w.authority("short", stampertest.Options{Template: func(c *x509.Certificate) { c.NotAfter = time.Now().Add(48 * time.Hour) }})
	w.authority("long", stampertest.Options{})
	w.want(w.run(both("short"), true), 1, 2, 0)
	w.Now = w.Now.Add(60 * 24 * time.Hour)
	if r := w.renew(both("long"), year); len(r.Waves) != 0 {
		t.Errorf("%+v", r)
	}
	if _, lapsed := w.plan(year).First(); lapsed != 2 {
		t.Errorf("%d lapsed", lapsed)
	}
}

// Two tokens of one second never stand in one record.
func TestSameSecond(t *testing.T) {
	w := newWorld(t, "first", "second")
	w.want(w.run(both("first"), true), 1, 2, 0)
	r := w.renew(both("second"), 20*year)
	w.want(r, 0, 0, 2)
	if len(r.Waves) != 2 || !strings.Contains(r.Waiting[0].Tried[0].Error, "not later") {
		t.Errorf("%+v", r)
	}
	w.Now = w.Now.Add(time.Second)
	w.want(w.run(both("second"), false), 0, 2, 0)
	for _, f := range seal.Families() {
		tokens := w.tokens(f)
		if len(tokens) != 2 || !tokens[0].Time.Before(tokens[1].Time.Time) {
			t.Errorf("%s: %+v", f, tokens)
		}
	}
	w.wantChecked()
}

// An end of an algorithm counts as one of a certificate does.
func TestAlgorithmEnds(t *testing.T) {
	w := newWorld(t)
	w.authority("rsa", stampertest.Options{Key: "rsa"})
	w.want(w.run(both("rsa"), true), 1, 2, 0)
	for _, r := range w.plan(year).Rows {
		if want := endOf("rsa", 3000); want == nil && r.Why != stamps.WhyCertificate || want != nil && (r.Why != "rsa-3000" || r.By != *want) {
			t.Errorf("%+v", r)
		}
	}
}

func endOf(name string, bits int) *seal.Time {
	i := slices.IndexFunc(verify.Algorithms(), func(a verify.Algorithm) bool { return a.Name == name && a.Bits == bits })
	return verify.Algorithms()[i].Until
}

// What fails in the archive is an error, and not the authority's fault.
func TestDeskFails(t *testing.T) {
	w := newWorld(t, "first")
	w.open(func(a *archive.Archive) error {
		full := errors.New("the disk is full")
		s := stamps.Stamps{Desk: failing{stamps.Alone(a), full}, By: w.by(a, both("first")), Now: w.clock}
		if _, err := s.Run(context.Background(), true); !errors.Is(err, full) {
			t.Errorf("%v", err)
		}
		return nil
	})
}

type failing struct {
	stamps.Desk
	err error
}

func (f failing) Write(func(*archive.Archive) error) error { return f.err }
