package appraisal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/retention"
	"kartoteka/seal"
	"kartoteka/verify"
)

// ready is a world whose old bundles may go, with the order for them, not signed yet.
func ready(t *testing.T) (*world, seal.Order) {
	t.Helper()
	w := newWorld(t)
	w.step(seal.Step{Kind: seal.StepNotice, Until: seal.DateIn(w.Now, time.UTC).AddDays(10)}, w.old...)
	w.Now = w.Now.AddDate(0, 0, 20)
	o, err := w.order(w.old...)
	if err != nil {
		t.Fatal(err)
	}
	return w, o
}

// refusal is how an order was refused: the codes of each kind of refusal.
func refusal(err error) (codes []string) {
	var law *appraisal.Refused
	var judged *verify.Error
	switch {
	case err == nil:
		return []string{"executed"}
	case errors.As(err, &law):
		for _, r := range law.Reasons {
			codes = append(codes, string(r.Code))
		}
		slices.Sort(codes)
		return slices.Compact(codes)
	case errors.As(err, &judged):
		return []string{string(judged.Code)}
	case errors.Is(err, archive.ErrRefused):
		return []string{"archive"}
	case errors.Is(err, archive.ErrClock):
		return []string{"clock"}
	}
	return []string{err.Error()}
}

// wantRefused executes an order and sees that it was refused for the reasons given, that nothing was logged, and that
// everything is there.
func (w *world) wantRefused(order []byte, want ...string) {
	w.t.Helper()
	size := w.size()
	_, err := w.execute(order)
	if got := refusal(err); !slices.Equal(got, want) {
		w.t.Errorf("refused by %q, want %q: %v", got, want, err)
	}
	if got := w.size(); got != size {
		w.t.Errorf("the log grew from %d to %d events", size, got)
	}
	w.wantOpen(w.old...)
	w.wantPassed()
}

// TestSinceSigned: whatever happens between signing and execution and touches one of the bundles stops the whole order.
func TestSinceSigned(t *testing.T) {
	t.Parallel()
	first, o := ready(t)
	order := archivetest.SignOrder(t, o, first.officers...)
	ofPatient := appraisal.Whose{Identifier: identifier(0)}
	one := func(w *world) appraisal.Whose { return appraisal.Whose{Bundles: []seal.LeafIndex{w.old[2]}} }
	for _, c := range []struct {
		name   string
		happen func(w *world)
		want   []string
	}{
		{"a visit", func(w *world) { w.take(bundle{person: 0, facts: plain(2026)}) }, []string{"changed", "not_due", "notice"}},
		{"an old record, found", func(w *world) { w.take(bundle{person: 0, facts: plain(2002)}) }, []string{"changed", "notice"}},
		{"a death", func(w *world) {
			w.learn(ofPatient, seal.Facts{DeathYear: 2001, DeathByInjuryOrPoisoning: truth(true)})
		}, []string{"changed", "not_due", "notice"}},
		{"a fact of a bundle", func(w *world) { w.learn(one(w), seal.Facts{LastEntryYear: 2003}) }, []string{"changed", "notice"}},
		{"a fact that changes no day", func(w *world) { w.learn(one(w), seal.Facts{IssuedYear: 1999}) }, []string{"archive"}},
		{"a hold on a patient", func(w *world) { w.hold(ofPatient) }, []string{"held"}},
		{"a hold on a bundle", func(w *world) { w.hold(one(w)) }, []string{"held"}},
		{"a hold that was released again", func(w *world) { w.endHold(w.hold(one(w))...) }, []string{"archive"}},
		{"a packet", func(w *world) { w.release(w.old[0]) }, []string{"archive"}},
		{"a packet of a part", func(w *world) { w.release(w.old[0], w.young) }, []string{"archive"}},
		{"a consent is asked for", func(w *world) {
			w.write(func(a *archive.Archive) error {
				return a.SetRetention(verify.Retention{Controller: "public_hospital"}, nil)
			})
		}, []string{"consent"}},
		{"another wording of the law", func(w *world) {
			w.write(func(a *archive.Archive) error {
				return a.SetRetention(verify.Retention{Controller: "clinic"}, [][]byte{ownSchedule(w.t)})
			})
		}, []string{"changed"}},
		{"another notice, whose window is open", func(w *world) {
			w.step(seal.Step{Kind: seal.StepNotice, Until: seal.DateIn(w.Now, time.UTC).AddDays(10)}, w.old[2])
		}, []string{"window"}},
		{"an officer left", func(w *world) {
			w.write(func(a *archive.Archive) error { return a.EndOfficer("director", seal.At(w.Now)) })
			w.Now = w.Now.Add(time.Hour)
		}, []string{"officers"}},
		{"its time is over", func(w *world) { w.Now = w.Now.AddDate(0, 0, 31) }, []string{"archive"}},
		{"part of it was disposed of", func(w *world) { w.dispose(w.old[2]); w.old = w.old[:2] }, []string{"absent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := first.fork(t)
			c.happen(w)
			w.wantRefused(order, c.want...)
		})
	}
	t.Run("nothing that touches them", func(t *testing.T) {
		w := first.fork(t)
		older := w.take(bundle{person: 0, facts: plain(1999)}, bundle{person: 40, facts: plain(2026)})
		w.hold(appraisal.Whose{Identifier: identifier(40)})
		w.learn(appraisal.Whose{Identifier: identifier(2)}, seal.Facts{DeathYear: 2022, DeathByInjuryOrPoisoning: truth(false)})
		w.Now = w.Now.AddDate(0, 0, 29)
		event, err := w.execute(order)
		if err != nil {
			t.Fatal(err)
		}
		w.wantGone(event, w.old...)
		w.wantOpen(append(older, w.young)...)
		w.wantSound()
	})
}

// ownSchedule is the embedded one of Poland with a line more: the same rules in another wording.
func ownSchedule(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("../../../retention/schedules/pl.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(data), "# compared\n"...)
}

// TestSigners: two officers must have signed, with two keys, both of them trusted with disposals on that day.
func TestSigners(t *testing.T) {
	t.Parallel()
	w, o := ready(t)
	twin := *w.officers[0]
	twin.Name = "deputy"
	clerk, late, early := archivetest.NewOfficer(t, "clerk"), archivetest.NewOfficer(t, "late"), archivetest.NewOfficer(t, "early")
	tomorrow, yesterday := seal.At(w.Now.AddDate(0, 0, 1)), seal.At(w.Now.AddDate(0, 0, -1))
	w.write(func(a *archive.Archive) error {
		return errors.Join(
			a.AddOfficer(verify.Officer{Name: twin.Name, Key: twin.PEM}),
			a.AddOfficer(verify.Officer{Name: "clerk", Key: clerk.PEM, Roles: []verify.Role{verify.RoleHold, verify.RoleClock, verify.RoleCustody}}),
			a.AddOfficer(verify.Officer{Name: "late", Key: late.PEM, From: &tomorrow}),
			a.AddOfficer(verify.Officer{Name: "early", Key: early.PEM, Until: &yesterday}))
	})
	archivist, director := w.officers[0], w.officers[1]
	forger := archivetest.NewOfficer(t, "director")
	for name, signers := range map[string][]*archivetest.Officer{
		"nobody": nil, "one": {archivist}, "one key under two names": {archivist, &twin}, "a stranger": {archivist, archivetest.NewOfficer(t, "stranger")},
		"another key": {archivist, forger}, "another role": {archivist, clerk}, "not yet": {archivist, late}, "no more": {archivist, early},
		"a third who may not": {archivist, director, clerk}, "a third who is not known": {archivist, director, archivetest.NewOfficer(t, "stranger")},
	} {
		t.Run(name, func(t *testing.T) { w.wantRefused(archivetest.SignOrder(t, o, signers...), "officers") })
	}
	t.Run("one twice", func(t *testing.T) {
		s, err := o.Sign()
		if err != nil {
			t.Fatal(err)
		}
		sig := seal.Signature{KeyID: "archivist", Sig: archivist.Signature(t, s.Message()).Signature}
		s.Signatures = []seal.Signature{sig, sig}
		data, err := s.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		w.wantRefused(data, "order: signed file: signatures are not in the order of their key ids, each once, or too many")
	})
	t.Run("two and a deputy", func(t *testing.T) {
		if _, err := w.execute(archivetest.SignOrder(t, o, archivist, director, &twin)); err != nil {
			t.Error(err)
		}
	})
}

// TestForgedOrder flips every byte of an order's file.
func TestForgedOrder(t *testing.T) {
	t.Parallel()
	w, o := ready(t)
	order := archivetest.SignOrder(t, o, w.officers...)
	size := w.size()
	err := w.appraise(func(a *archive.Archive, p *appraisal.Appraiser) error {
		for at := range order {
			for bit := range 8 {
				if !everything && bit != at%8 {
					continue
				}
				forged := bytes.Clone(order)
				forged[at] ^= 1 << bit
				if _, err := p.Execute(forged); err == nil {
					return fmt.Errorf("byte %d with bit %d flipped (%q): executed", at, bit, order[max(0, at-20):at+1])
				}
			}
		}
		for _, forged := range [][]byte{nil, []byte("\n"), order[:len(order)-1], append(bytes.Clone(order), '\n'), append([]byte(" "), order...)} {
			if _, err := p.Execute(forged); err == nil {
				return fmt.Errorf("%q: executed", forged)
			}
		}
		if a.Head().Size != size {
			t.Error("the log grew")
		}
		_, err := p.Execute(order)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestWrongOrder: two officers sign what cannot be executed here and now.
func TestWrongOrder(t *testing.T) {
	t.Parallel()
	first, good := ready(t)
	held := first.take(bundle{person: 7, facts: plain(1999)}, bundle{person: 8, facts: plain(1998)}, bundle{person: nobody, facts: card(1990)})
	first.handOver(held[:2]...)
	first.hold(appraisal.Whose{Bundles: held[:1]})
	good.Log = first.orderLog()
	today := seal.DateIn(first.Now, time.UTC)
	also := func(leaf seal.LeafIndex) func(*seal.Order) {
		return func(o *seal.Order) {
			b := o.Bundles[0]
			b.Leaf = leaf
			if i, there := slices.BinarySearchFunc(o.Bundles, leaf, func(b seal.OrderBundle, l seal.LeafIndex) int { return int(b.Leaf - l) }); there {
				o.Bundles[i] = b
			} else {
				o.Bundles = slices.Insert(o.Bundles, i, b)
			}
		}
	}
	for _, c := range []struct {
		name string
		edit func(o *seal.Order)
		want []string
	}{
		{"of another log", func(o *seal.Order) { o.Origin = "elsewhere.example/1" }, []string{"order"}},
		{"of a longer log", func(o *seal.Order) { o.Log.Size += 100 }, []string{"archive"}},
		{"of a fork", func(o *seal.Order) { o.Log.Root[0] ^= 1 }, []string{"archive"}},
		{"of tomorrow", func(o *seal.Order) { o.Made = today.AddDays(1) }, []string{"archive"}},
		{"of last year", func(o *seal.Order) { o.Made, o.Until = today.AddDays(-300), today.AddDays(-1) }, []string{"archive"}},
		{"an event that is no bundle", also(0), []string{"absent"}},
		{"a bundle beyond the log", func(o *seal.Order) { o.Log.Size += 100; also(seal.LeafIndex(o.Log.Size - 1))(o) }, []string{"absent"}},
		{"a bundle that is not due", also(first.young), []string{"changed", "not_due", "notice"}},
		{"a held one", also(held[0]), []string{"changed", "held"}},
		{"one of nobody", also(held[2]), []string{"changed", "unresolved"}},
		{"another day", func(o *seal.Order) { o.Bundles[1].Due = o.Bundles[1].Due.AddDays(-1) }, []string{"changed"}},
		{"another rule", func(o *seal.Order) { o.Rules[0].ID = "PL-5-REFERRAL" }, []string{"changed"}},
		{"another schedule", func(o *seal.Order) { o.Rules[0].Schedule[3] ^= 1 }, []string{"changed"}},
		{"fewer documents", func(o *seal.Order) { o.Bundles[0].Documents++ }, []string{"archive"}},
		{"without the act that goes along", func(o *seal.Order) { o.Acts = nil }, []string{"archive"}},
		{"with an act that stays", func(o *seal.Order) { o.Acts = append(slices.Clone(o.Acts), seal.LeafIndex(o.Log.Size-1)) }, []string{"archive"}},
		{"with a release that was not", func(o *seal.Order) { o.Released = []seal.LeafIndex{3} }, []string{"archive"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, o := first.fork(t), good
			o.Bundles, o.Rules = slices.Clone(o.Bundles), slices.Clone(o.Rules)
			c.edit(&o)
			w.wantRefused(archivetest.SignOrder(t, o, w.officers...), c.want...)
		})
	}
}

// TestOtherArchive: an order is for one archive, and for one course of its log.
func TestOtherArchive(t *testing.T) {
	t.Parallel()
	w, o := ready(t)
	other := newWorld(t)
	other.officers = w.officers
	order := archivetest.SignOrder(t, o, w.officers...)
	other.step(seal.Step{Kind: seal.StepNotice, Until: seal.DateIn(other.Now, time.UTC).AddDays(10)}, other.old...)
	other.Now = w.Now
	other.wantRefused(order, "officers")

	fork := w.fork(t)
	fork.take(bundle{person: 20, facts: plain(2026)})
	w.take(bundle{person: 21, facts: plain(2026)})
	late := fork.signed(fork.old...)
	w.wantRefused(late, "archive")
	if _, err := w.execute(order); err != nil {
		t.Errorf("made before the fork: %v", err)
	}
}

// TestTwice: an order is executed once, whatever happens to it after.
func TestTwice(t *testing.T) {
	t.Parallel()
	w, o := ready(t)
	w.old = append(w.old, w.take(bundle{person: 5, facts: card(1999)})...)
	for _, leaves := range [][]seal.LeafIndex{w.old[:3], w.old[3:]} {
		order := archivetest.SignOrder(t, o, w.officers...)
		if len(leaves) == 1 {
			order = w.signed(leaves...)
		}
		event, err := w.execute(order)
		if err != nil {
			t.Fatal(err)
		}
		size := w.size()
		if _, err := w.execute(order); !refused(err, retention.Absent) {
			t.Errorf("executed again: %v", err)
		}
		w.write(func(a *archive.Archive) error { // past the law
			if _, err := a.Dispose(order, nil); !errors.Is(err, archive.ErrRefused) {
				t.Errorf("executed again, past the law: %v", err)
			}
			return nil
		})
		if got := w.size(); got != size {
			t.Errorf("the log grew from %d to %d", size, got)
		}
		w.wantGone(event, leaves...)
		w.wantSound()
	}
}

// TestClockForward: nobody disposes of anything by setting the clock.
func TestClockForward(t *testing.T) {
	t.Parallel()
	w, o := ready(t)
	young := w.take(bundle{person: 30, facts: card(2026)})
	w.old = append(w.old, young...)
	w.Now = time.Date(2060, 1, 2, 8, 0, 0, 0, time.UTC)
	o.Until = seal.Date{Year: 2061, Month: time.January, Day: 1}
	if _, err := archive.Open(w.Dir, archive.Options{Write: true, Now: func() time.Time { return w.Now }}); !errors.Is(err, archive.ErrClock) {
		t.Errorf("opened in 2060: %v", err)
	}
	size := w.size()
	a, err := archive.Open(w.Dir, archive.Options{Write: true, AcceptClock: true, Reserve: 1 << 20, Now: func() time.Time { return w.Now }})
	if err != nil {
		t.Fatal(err)
	}
	p, err := appraisal.New(a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Execute(archivetest.SignOrder(t, o, w.officers...)); !errors.Is(err, archive.ErrClock) {
		t.Errorf("executed in 2060, while nobody has accepted the clock: %v", err)
	}
	a.Close()
	if got := w.size(); got != size {
		t.Errorf("the log grew from %d to %d", size, got)
	}
}

func (w *world) orderLog() (l seal.OrderLog) {
	w.t.Helper()
	w.write(func(a *archive.Archive) error {
		l = seal.OrderLog{Size: a.Head().Size, Root: a.Head().Root}
		return nil
	})
	return l
}
