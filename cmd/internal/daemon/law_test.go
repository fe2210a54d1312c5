package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/wire"
	"kartoteka/retention"
	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify"
)

// oldWorld has two officers, and of one patient two bundles whose term is over: of 2000 and 2001.
type oldWorld struct {
	*world
	officers []*archivetest.Officer
	patient  patient.Identifier
	old      []seal.LeafIndex
}

func newOldWorld(t *testing.T) *oldWorld {
	t.Helper()
	w := &oldWorld{world: newWorld(t, ""), patient: patient.Identifier{System: "pl.pesel", Value: "90000000001", Role: patient.RoleOwn}}
	w.officers = w.Officers(t)
	person, adult := archivetest.People[0], false
	person.Identifiers = []patient.Identifier{w.patient}
	for i := range 2 {
		d := w.Draft(fmt.Sprintf("old-bundle-%04d", i), person, archivetest.Document{Name: "documents/letter.txt", Body: fmt.Appendf(nil, "Karta %d", i)})
		d.Statement.Predicate.Facts = seal.Facts{Jurisdiction: "PL", LastEntryYear: 2000 + i, ServiceYear: 2000 + i, Under2AtService: &adult}
		w.old = append(w.old, w.TakeDraft(t, d))
	}
	a := w.OpenWrite(t)
	defer a.Close()
	if err := a.SetRetention(verify.Retention{Controller: "clinic"}, nil); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *oldWorld) sign(t *testing.T, unsigned []byte, officers ...*archivetest.Officer) []byte {
	t.Helper()
	o, _, err := seal.ParseOrder(unsigned)
	if err != nil {
		t.Fatal(err)
	}
	return archivetest.SignOrder(t, o, officers...)
}

// order hands the records over and gives the signed order for them.
func (w *oldWorld) order(t *testing.T, c *wire.Client) []byte {
	t.Helper()
	if _, err := c.Step(t.Context(), wire.Step{Step: seal.Step{Kind: seal.StepHandedOver, Officer: "J. Nowak"}, Bundles: w.old}); err != nil {
		t.Fatal(err)
	}
	file, err := c.Order(t.Context(), wire.Order{Number: "7/2026", Days: 30, Bundles: w.old})
	if err != nil {
		t.Fatal(err)
	}
	return w.sign(t, file, w.officers...)
}

func due(t *testing.T, c *wire.Client, d wire.Due) (rows []appraisal.Row) {
	t.Helper()
	if err := c.Due(t.Context(), d, func(some []appraisal.Row) error {
		rows = append(rows, some...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

func blocked(rows []appraisal.Row, leaf seal.LeafIndex, code retention.Code) bool {
	return slices.ContainsFunc(rows, func(r appraisal.Row) bool {
		return r.Bundle == leaf && slices.ContainsFunc(r.Blockers, func(b appraisal.Blocker) bool { return b.Code == code })
	})
}

func TestDaemonDisposes(t *testing.T) {
	w := newOldWorld(t)
	w.start(t, Options{})
	c, ctx := w.dial(t), t.Context()
	rows := due(t, c, wire.Due{})
	if len(rows) != 3 || !slices.IsSortedFunc(rows, func(a, b appraisal.Row) int { return int(a.Bundle - b.Bundle) }) || !blocked(rows, w.old[0], retention.NoNotice) {
		t.Fatalf("due: %+v", rows)
	}
	if rows := due(t, c, wire.Due{By: seal.Date{Year: 2025, Month: 12, Day: 31}}); len(rows) != 2 {
		t.Errorf("due by 2025: %+v", rows)
	}
	var refused *appraisal.Refused
	if _, err := c.Order(ctx, wire.Order{Number: "7/2026", Bundles: w.old}); !errors.As(err, &refused) || !errors.Is(err, archive.ErrRefused) || len(refused.Reasons) != 2 || refused.Reasons[0].Code != retention.NoNotice {
		t.Errorf("order: %v", err)
	}
	order := w.order(t, c)
	if ready := due(t, c, wire.Due{Ready: true}); len(ready) != 2 {
		t.Errorf("ready: %+v", ready)
	}
	var judged *verify.Error
	if err := c.Check(ctx, w.sign(t, order, w.officers[0])); !errors.As(err, &judged) || judged.Code != verify.CodeOfficers {
		t.Errorf("check of one signature: %v", err)
	}
	if _, err := c.Execute(ctx, w.sign(t, order, w.officers[1])); !errors.As(err, &judged) {
		t.Errorf("one signature: %v", err)
	}
	if err := c.Check(ctx, order); err != nil {
		t.Fatal(err)
	}
	leaf, err := c.Execute(ctx, order)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := c.Certificate(ctx, leaf)
	if err != nil {
		t.Fatal(err)
	}
	w.certified(t, cert)
	if found, err := c.Find(ctx, archive.Query{Identifier: w.patient}); err != nil || len(found) != 0 {
		t.Errorf("found %v, %v", found, err)
	}
	if _, err := c.Execute(ctx, order); !errors.As(err, &refused) || refused.Reasons[0].Code != retention.Absent {
		t.Errorf("twice: %v", err)
	}
	for _, no := range []seal.LeafIndex{1, 1e6} {
		if _, err := c.Certificate(ctx, no); err == nil {
			t.Errorf("certificate of event %d", no)
		}
	}
	w.check(t)
	w.saysNothing(t, "7/2026", "J. Nowak")
}

func (w *oldWorld) certified(t *testing.T, cert []byte) {
	t.Helper()
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, r := a.Policy().Certificate(cert, time.Time{}); r.Verdict != verify.Passed {
		t.Errorf("certificate: %+v", r.Checks)
	}
}

// saysNothing: the log has operations, events and counts, never who or why.
func (w *oldWorld) saysNothing(t *testing.T, words ...string) {
	t.Helper()
	log := w.log.String()
	for _, word := range append(words, w.patient.Value, "pl.pesel", "Kowalska") {
		if strings.Contains(log, word) {
			t.Errorf("the log holds %q:\n%s", word, log)
		}
	}
	if !strings.Contains(log, `"msg":"step"`) && !strings.Contains(log, `"msg":"hold"`) {
		t.Errorf("the log does not say what was done:\n%s", log)
	}
}

func TestDaemonHolds(t *testing.T) {
	w := newOldWorld(t)
	w.start(t, Options{})
	c, ctx := w.dial(t), t.Context()
	hold := wire.Hold{Whose: appraisal.Whose{Identifier: w.patient}, Hold: seal.Hold{ID: "K-12", Kind: seal.HoldCourt, OrderedBy: "SR Krakow", Basis: "art. 217 kpk",
		Review: seal.Date{Year: 2999, Month: 1, Day: 31}, Officer: "J. Nowak"}}
	events, err := c.Hold(ctx, hold)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %v", events, err)
	}
	list, err := c.Holds(ctx)
	if err != nil || len(list) != 1 || list[0].Event != events[0] || list[0].Covers != 2 || list[0].Overdue || list[0].Hold.OrderedBy != "SR Krakow" {
		t.Errorf("holds: %+v, %v", list, err)
	}
	if !blocked(due(t, c, wire.Due{}), w.old[1], retention.Held) {
		t.Error("not held")
	}
	end := func(officers ...*archivetest.Officer) error {
		st, err := c.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		root, err := seal.ParseDigest(st.Root)
		if err != nil {
			t.Fatal(err)
		}
		h := wire.HoldRelease{Hold: events[0], Log: seal.OrderLog{Size: st.Size, Root: root}}
		for _, o := range officers {
			h.Officers = append(h.Officers, o.Signature(t, seal.HoldReleaseMessage(archivetest.Origin, events[0], h.Log)))
		}
		_, err = c.HoldRelease(ctx, h)
		return err
	}
	var judged *verify.Error
	stranger := archivetest.NewOfficer(t, "director")
	if err := end(w.officers[0], stranger); !errors.As(err, &judged) || judged.Code != verify.CodeOfficers {
		t.Errorf("a stranger's signature: %v", err)
	}
	if err := end(w.officers[0]); !errors.Is(err, wire.ErrRequest) {
		t.Errorf("one signature: %v", err)
	}
	if err := end(w.officers...); err != nil {
		t.Fatal(err)
	}
	if err := end(w.officers...); err == nil {
		t.Error("ended twice")
	}
	if list, err := c.Holds(ctx); err != nil || len(list) != 0 {
		t.Errorf("holds: %+v, %v", list, err)
	}
	w.check(t)
	w.saysNothing(t, "K-12", "Krakow", "kpk", "J. Nowak")
}

func TestDaemonFacts(t *testing.T) {
	w := newOldWorld(t)
	w.start(t, Options{})
	c, ctx := w.dial(t), t.Context()
	injury := true
	events, err := c.Fact(ctx, wire.Fact{Whose: appraisal.Whose{Identifier: w.patient}, Facts: seal.Facts{DeathYear: 2024, DeathByInjuryOrPoisoning: &injury}, Basis: "USC 17", Officer: "J. Nowak"})
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %v", events, err)
	}
	events, err = c.Fact(ctx, wire.Fact{Whose: appraisal.Whose{Bundles: w.old}, Facts: seal.Facts{CaseClosedYear: 2001}, Basis: "looked at", Officer: "J. Nowak"})
	if err != nil || len(events) != 2 || events[1] != events[0]+1 {
		t.Fatalf("%v, %v", events, err)
	}
	if rows := due(t, c, wire.Due{}); !slices.ContainsFunc(rows, func(r appraisal.Row) bool {
		return r.Bundle == w.old[0] && r.Rule == "PL-30-INJURY-DEATH" && r.Due.Year == 2055
	}) {
		t.Errorf("due: %+v", rows)
	}
	for name, f := range map[string]wire.Fact{
		"of nobody":   {Whose: appraisal.Whose{Identifier: patient.Identifier{System: "pl.pesel", Value: "1"}}, Facts: seal.Facts{DeathYear: 2024}, Basis: "b", Officer: "o"},
		"of no event": {Whose: appraisal.Whose{Bundles: []seal.LeafIndex{0}}, Facts: seal.Facts{Class: "referral"}, Basis: "b", Officer: "o"},
	} {
		if events, err := c.Fact(ctx, f); err == nil {
			t.Errorf("%s: events %v", name, events)
		}
	}
	w.check(t)
}

// TestExecuteUnfinished: what a full disk or a crash left undone is done when the archive is opened again, and whoever asked
// is told that the order was executed.
func TestExecuteUnfinished(t *testing.T) {
	w := newOldWorld(t)
	k, err := start(w.conf, Options{Log: w.logger(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer k.desk.close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- k.run(ctx) }()
	order := w.orderBy(t, k)
	obstacle, open, opened := filepath.Join(w.Dir, "index.db.compact", "x"), k.open, 0
	if err := os.MkdirAll(obstacle, 0o755); err != nil {
		t.Fatal(err)
	}
	k.open = func() (*archive.Archive, error) {
		opened++
		os.RemoveAll(filepath.Dir(obstacle))
		return open()
	}
	leaf, err := k.execute(order)
	if err != nil || opened != 1 {
		t.Fatalf("event %d, %v; opened %d times", leaf, err, opened)
	}
	if err := k.executed(leaf, []byte("another order")); err == nil {
		t.Error("another order was executed")
	}
	if err := k.executed(1e6, order); err == nil {
		t.Error("an event beyond the log is the disposal's")
	}
	if err := k.appraise(func(a *archive.Archive, _ *appraisal.Appraiser) error {
		_, err := a.Certificate(leaf, thisProgram())
		return err
	}); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	w.check(t)
}

// orderBy makes a signed order without a socket.
func (w *oldWorld) orderBy(t *testing.T, k *keeper) (order []byte) {
	t.Helper()
	_, err := k.acts(func(p *appraisal.Appraiser) ([]seal.Act, error) {
		act, err := p.Step(seal.Step{Kind: seal.StepHandedOver, Officer: "J. Nowak"}, slices.Clone(w.old))
		return []seal.Act{act}, err
	})
	if err == nil {
		err = k.appraise(func(a *archive.Archive, p *appraisal.Appraiser) error {
			o, err := p.Order("7/2026", a.Today().AddDays(30), slices.Clone(w.old))
			order = archivetest.SignOrder(t, o, w.officers...)
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return order
}

// TestExecuteFails: where the archive does not open again the daemon ends; what is committed is finished by the next one.
func TestExecuteFails(t *testing.T) {
	w := newOldWorld(t)
	stop := w.start(t, Options{})
	c := w.dial(t)
	order := w.order(t, c)
	obstacle := filepath.Join(w.Dir, "index.db.compact")
	if err := os.MkdirAll(filepath.Join(obstacle, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Execute(t.Context(), order); !errors.Is(err, archive.ErrUnfinished) {
		t.Errorf("%v", err)
	}
	if err := stop(); err == nil {
		t.Error("the daemon goes on without an archive")
	}
	os.RemoveAll(obstacle)
	w.start(t, Options{})
	if found, err := w.dial(t).Find(t.Context(), archive.Query{Identifier: w.patient}); err != nil || len(found) != 0 {
		t.Errorf("found %v, %v", found, err)
	}
	w.check(t)
}

// TestDueHoldsNobodyUp: whoever reads a table slowly, or not at all, keeps nobody from writing.
func TestDueHoldsNobodyUp(t *testing.T) {
	w := newOldWorld(t)
	k, err := start(w.conf, Options{Log: w.logger(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer k.desk.close()
	s := newServer(k, &roles{}, w.logger(), nil)
	ours, theirs := net.Pipe()
	sent := make(chan error, 1)
	go func() { sent <- s.due(theirs, wire.Due{}) }()
	wait(t, "the table to be sent", func() bool { return len(s.dues) == 1 && k.desk.mu.TryLock() })
	k.desk.mu.Unlock()
	ours.Close()
	if err := <-sent; err == nil {
		t.Error("sent to nobody")
	}
}

// TestExecuteBesideLookUps: look-ups wait while the index is replaced; the race detector does the judging.
func TestExecuteBesideLookUps(t *testing.T) {
	w := newOldWorld(t)
	stop := w.start(t, Options{})
	order := w.order(t, w.dial(t))
	done := make(chan struct{})
	var asking sync.WaitGroup
	for range 3 {
		c := w.dial(t)
		asking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				_, err1 := c.Find(context.Background(), archive.Query{Identifier: w.patient})
				_, err2 := c.Holds(context.Background())
				err3 := c.Due(context.Background(), wire.Due{}, func([]appraisal.Row) error { return nil })
				_, err4 := c.Status(context.Background())
				if err := errors.Join(err1, err2, err3, err4); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	if _, err := w.dial(t).Execute(t.Context(), order); err != nil {
		t.Error(err)
	}
	close(done)
	asking.Wait()
	if err := stop(); err != nil {
		t.Error(err)
	}
	w.check(t)
}
