package appraisal_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/retention"
	"kartoteka/retention/retentiontest"
	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify"
)

// TestDecades lets a hospital's archive run for 35 years: patients under three laws come and die, officers place and
// release holds, each October they tell those whose records are due, each December the authority gives its leave, and on
// every New Year's Day two officers sign for all that is ready. Each bundle goes on the day that a second reading of the law
// gives, and no other day; all that time the archive is sound.
//
// With KARTOTEKA_PATIENTS=300 their number, over 70 years: `make decades`.
func TestDecades(t *testing.T) {
	t.Parallel()
	patients, years, end := 16, 14, 2061
	if n, err := strconv.Atoi(os.Getenv("KARTOTEKA_PATIENTS")); err == nil {
		patients, years, end = n, 35, 2097
	}
	h := newHospital(t, patients, years)
	for h.year = h.Now.Year(); h.year < end; h.year++ {
		h.live()
		h.notices()
		h.consents()
		h.newYear()
		if h.year%7 == 0 || h.year == end-1 {
			h.audit()
		}
	}
	h.wantDays(end)
	t.Logf("%d bundles, %d of them disposed of in %d orders, %d holds, %d packets, a log of %d events", len(h.leaves), len(h.gone), len(h.orders), len(h.holds), h.packets, h.size())
}

// hospital is an archive through the decades.
type hospital struct {
	*world
	r       *rand.Rand
	year    int
	lives   []retentiontest.Happening
	leaves  map[string]seal.LeafIndex // bundles by what the lives call them
	names   map[seal.LeafIndex]string
	gone    map[string]seal.Date // when each was disposed of
	by      map[string]seal.LeafIndex
	holds   []*holding
	orders  []seal.LeafIndex
	traces  [][]byte // of disposed bundles
	packets int
}

// own is the archive's bundle of 2025, of which nobody said that it is not a child's.
const own = "own"

// holding is a hold on a patient, or on one bundle.
type holding struct {
	patient     int
	bundle      string
	from, until int // years; both in June. until 0: for ever
	events      []seal.LeafIndex
}

func newHospital(t *testing.T, patients, years int) *hospital {
	h := &hospital{r: rand.New(rand.NewPCG(20, 22)), leaves: map[string]seal.LeafIndex{}, names: map[seal.LeafIndex]string{},
		gone: map[string]seal.Date{}, by: map[string]seal.LeafIndex{}}
	h.world = &world{Archive: archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1, InMemory: true}), t: t}
	h.officers = h.Officers(t)
	h.leaves[own], h.names[h.Bundles[0].Leaf] = h.Bundles[0].Leaf, own
	h.lives = retentiontest.Lives(h.r, patients, h.Now.Year()+1, years)
	for _, e := range h.lives {
		if e.Bundle != "" && h.r.IntN(8) == 0 {
			h.holds = append(h.holds, h.holding(e))
		}
	}
	h.write(func(a *archive.Archive) error { return a.SetRetention(trusting(t), nil) })
	return h
}

// holding makes up a hold that begins after a year in which a bundle came in, perhaps when it is gone.
func (h *hospital) holding(e retentiontest.Happening) *holding {
	x := &holding{patient: e.Patient, from: e.At.Year() + 1 + h.r.IntN(25)}
	if h.r.IntN(4) > 0 {
		x.until = x.from + 1 + h.r.IntN(12)
	}
	if h.r.IntN(2) == 0 {
		x.bundle = e.Bundle
	}
	return x
}

// trusting is the law of a public hospital that has compared every rule.
func trusting(t *testing.T) verify.Retention {
	t.Helper()
	all, err := retention.Load()
	if err != nil {
		t.Fatal(err)
	}
	law := verify.Retention{Controller: "public_hospital"}
	for _, s := range all {
		for _, r := range s.Rules {
			if r.Verify && r.Period() != "none" {
				law.Overrides = append(law.Overrides, verify.Override{Rule: r.ID, Schedule: seal.Digest(s.Digest), Officer: "archivist", Basis: "opinion of 2027-01-04"})
			}
		}
	}
	return law
}

func (h *hospital) at(month time.Month, day int) {
	h.Now = time.Date(h.year, month, day, 8, 0, 0, 0, time.UTC)
}

// live lets the first nine months of the year happen: what a month brings comes in at its end.
func (h *hospital) live() {
	for month := max(h.Now.Month(), time.January); month <= time.September; month++ {
		if h.Now.Year() == h.year && h.Now.Month() > month {
			continue
		}
		h.at(month, 28)
		h.bundles(month)
		h.facts(month)
		switch month {
		case time.May:
			h.quiet()
		case time.June:
			h.at(time.June, 29)
			h.placeAndRelease()
		case time.August:
			h.packet()
		}
	}
}

func (h *hospital) of(month time.Month, ofBundle bool) (list []retentiontest.Happening) {
	for _, e := range h.lives {
		if e.At.Year() == h.year && e.At.Month() == month && (e.Bundle != "") == ofBundle {
			list = append(list, e)
		}
	}
	return list
}

func (h *hospital) bundles(month time.Month) {
	come := h.of(month, true)
	for _, e := range come {
		d := h.draft(bundle{id: "life-" + e.Bundle, person: e.Patient, facts: e.Facts, docs: 1 + e.Patient%3})
		if child := e.Facts.Under2AtService; child != nil && *child { // a newborn's card names the mother too
			d.Statement.Predicate.Patient.Identifiers = append(d.Statement.Predicate.Patient.Identifiers,
				patient.Identifier{System: "pl.pesel", Value: fmt.Sprint(80000000000 + e.Patient), Role: patient.RoleMother, Country: "PL"})
		}
		h.Spool(h.t, "life-"+e.Bundle+".zip", d)
	}
	if len(come) == 0 {
		return
	}
	for name, leaf := range h.TakeSpool(h.t) {
		name = name[len("life-") : len(name)-len(".zip")]
		h.leaves[name], h.names[leaf] = leaf, name
	}
}

func (h *hospital) facts(month time.Month) {
	for _, e := range h.of(month, false) {
		if e.Of != "" {
			h.learn(appraisal.Whose{Bundles: []seal.LeafIndex{h.leaves[e.Of]}}, e.Facts)
		} else {
			h.learn(appraisal.Whose{Identifier: identifier(e.Patient)}, e.Facts)
		}
	}
}

// quiet keeps a year in which nothing happens from stopping the clock: somebody sends what is refused.
func (h *hospital) quiet() {
	h.write(func(a *archive.Archive) error {
		acc, err := a.Begin()
		if err != nil {
			return err
		}
		acc.Reject(verify.CodeSignature)
		return acc.Commit()
	})
}

func (h *hospital) placeAndRelease() {
	for _, x := range h.holds {
		if x.from == h.year && (x.bundle == "" || h.gone[x.bundle].IsZero()) {
			whose := appraisal.Whose{Identifier: identifier(x.patient)}
			if x.bundle != "" {
				whose = appraisal.Whose{Bundles: []seal.LeafIndex{h.leaves[x.bundle]}}
			}
			x.events = h.hold(whose)
		}
		if x.until == h.year && x.events != nil {
			h.endHold(x.events...)
		}
	}
}

// held says whether a bundle is held on a New Year's Day.
func (h *hospital) held(e retentiontest.Happening) func(seal.Date) bool {
	return func(day seal.Date) bool {
		return slices.ContainsFunc(h.holds, func(x *holding) bool {
			return (x.bundle == e.Bundle || x.bundle == "" && x.patient == e.Patient) && x.from < day.Year && (x.until == 0 || day.Year <= x.until)
		})
	}
}

// packet hands records of somebody over, and verifies the packet as the receiver will.
func (h *hospital) packet() {
	var there []seal.LeafIndex
	for name, leaf := range h.leaves {
		if h.gone[name].IsZero() {
			there = append(there, leaf)
		}
	}
	if len(there) == 0 {
		return
	}
	slices.Sort(there)
	leaf := there[h.r.IntN(len(there))]
	h.write(func(a *archive.Archive) error {
		out, err := os.Create(filepath.Join(h.t.TempDir(), fmt.Sprint(leaf, ".zip")))
		if err != nil {
			return err
		}
		defer out.Close()
		return h.export(a, out, leaf)
	})
	h.packets++
}

func (h *hospital) export(a *archive.Archive, out *os.File, leaf seal.LeafIndex) error {
	x := reading.Export{Select: []reading.Selected{{Leaf: leaf}}, Now: func() time.Time { return h.Now },
		Release: seal.Release{Request: "R-1", Requester: seal.Requester{Name: "Anna Kowalska", Relation: "self"}, Basis: "UPP art. 26 ust. 1", Way: "carrier", Fee: "first",
			Evidence: seal.IdentityEvidence{Kind: "passport", Country: "UA", Last4: "1234", CheckedBy: "J. Nowak"}},
		Commit: func(r seal.Release, custodian string) (leaf seal.LeafIndex, err error) {
			acc, err := a.Begin()
			if err != nil {
				return 0, err
			}
			defer acc.Abort()
			if leaf, err = acc.Release(r, custodian); err != nil {
				return 0, err
			}
			return leaf, acc.Commit()
		},
		Void: func(seal.LeafIndex, string) error { return nil }}
	if _, err := reading.NewRoom(a, h.Custodian).Packet(h.t.Context(), out, x); err != nil {
		return err
	}
	if r := a.Policy().Packet(out.Name(), h.Now); r.Verdict != verify.Passed {
		h.t.Errorf("packet of bundle %d: %+v", leaf, r.Checks)
	}
	return nil
}

// due lists the bundles that lack a step for New Year's Day.
func (h *hospital) due(lacks retention.Code) (leaves []seal.LeafIndex) {
	h.t.Helper()
	err := h.appraise(func(_ *archive.Archive, p *appraisal.Appraiser) error {
		return p.Each(seal.Date{Year: h.year + 1, Month: time.January, Day: 1}, func(d appraisal.Due) error {
			if !d.Open && d.Blocked(lacks) {
				leaves = append(leaves, d.Leaf)
			}
			return nil
		})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return leaves
}

// notices tells the patients that they may collect; some do.
func (h *hospital) notices() {
	h.at(time.October, 1)
	var told, handed []seal.LeafIndex
	for _, leaf := range h.due(retention.NoNotice) {
		if h.r.IntN(6) == 0 {
			handed = append(handed, leaf)
		} else {
			told = append(told, leaf)
		}
	}
	if len(told) > 0 {
		h.step(seal.Step{Kind: seal.StepNotice, Until: seal.Date{Year: h.year, Month: time.December, Day: 31}}, told...)
	}
	if len(handed) > 0 {
		h.step(seal.Step{Kind: seal.StepHandedOver}, handed...)
	}
}

func (h *hospital) consents() {
	h.at(time.December, 1)
	if leaves := h.due(retention.NoConsent); len(leaves) > 0 {
		h.step(seal.Step{Kind: seal.StepConsent, Authority: "state archive", Reference: fmt.Sprint("A-", h.year)}, leaves...)
	}
}

// newYear disposes of all that is ready, by two orders where there is much.
func (h *hospital) newYear() {
	h.Now = time.Date(h.year+1, time.January, 1, 8, 0, 0, 0, time.UTC)
	var ready []seal.LeafIndex
	err := h.appraise(func(_ *archive.Archive, p *appraisal.Appraiser) error {
		return p.Each(seal.Date{}, func(d appraisal.Due) error {
			if d.Ready() {
				ready = append(ready, d.Leaf)
			}
			return nil
		})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Sort(ready)
	for len(ready) > 0 {
		n := len(ready)
		if n > 3 {
			n /= 2
		}
		h.disposeOf(ready[:n])
		ready = ready[n:]
	}
}

func (h *hospital) disposeOf(leaves []seal.LeafIndex) {
	h.t.Helper()
	traces := h.world.traces(leaves[0])
	order := h.dispose(leaves...)
	h.orders, h.traces = append(h.orders, order), append(h.traces, traces...)
	for _, leaf := range leaves {
		name := h.names[leaf]
		if _, twice := h.gone[name]; twice {
			h.t.Errorf("bundle %q is disposed of twice", name)
		}
		h.gone[name], h.by[name] = seal.DateIn(h.Now, time.UTC), order
	}
}

// audit looks at everything.
func (h *hospital) audit() {
	h.t.Helper()
	h.wantSound()
	if found := h.search(h.traces); len(found) > 0 {
		h.t.Errorf("%d: of what is disposed of there is still %q", h.year, found)
	}
	h.traces = nil
	h.room(func(room *reading.Room) {
		for name, leaf := range h.leaves {
			if h.gone[name].IsZero() {
				if err := openWhole(room, leaf); err != nil {
					h.t.Errorf("%d: bundle %s: %v", h.year, name, err)
				}
			}
		}
	})
	for name, order := range h.by {
		if leaf, ok := h.leaves[name]; ok {
			h.wantGone(order, leaf)
		}
	}
	h.certificate(h.orders...)
}

// wantDays compares each disposal with the second reading of the law.
func (h *hospital) wantDays(end int) {
	h.t.Helper()
	of := map[int][]retentiontest.Happening{}
	for _, e := range h.lives {
		of[e.Patient] = append(of[e.Patient], e)
	}
	if got := h.gone[own].String(); got != "2048-01-01" {
		h.t.Errorf("the archive's first bundle went on %s", got)
	}
	for _, e := range h.lives {
		if e.Bundle == "" {
			continue
		}
		if got, want := h.gone[e.Bundle], retentiontest.Goes(of[e.Patient], e, end+1, h.held(e)); got != want {
			h.t.Errorf("bundle %s (%+v) went on %s, want %s", e.Bundle, e.Facts, got, want)
		}
	}
}
