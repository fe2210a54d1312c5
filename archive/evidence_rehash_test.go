package archive_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/seal"
	"kartoteka/seal/unseal"
	"kartoteka/verify"
)

// evidenceOfficer adds one to the people of the archive.
func (w *stampWorld) evidenceOfficer() *age.HybridIdentity {
	w.t.Helper()
	id, to := custodian(w.t, "evidence")
	to.Role = seal.RecipientEvidence
	rotate(w.t, w.Archive, []age.Identity{w.Custodian}, seal.Recipient{Name: "custodian", Role: seal.RecipientCustodian, Age: w.Custodian.Recipient().String()}, to)
	return id
}

// rehash renews the hash trees of SHA-256 by an evidence officer, and has the result stamped.
func (w *stampWorld) rehash(by age.Identity, nights ...seal.LeafIndex) (done reading.Rehashed) {
	w.t.Helper()
	w.write(func(a *archive.Archive) (err error) {
		done, err = reading.NewRoom(a, by).Rehash(w.t.Context(), reading.Rehash{Family: seal.FamilySHA256, Hash: seal.FamilySHA512, Nights: nights, Commit: a.GatherRehash})
		for _, leaf := range done.Events {
			err = errors.Join(err, w.stamp(a, leaf, seal.FamilySHA256))
		}
		return err
	})
	return done
}

// states gives what the calendar knows of SHA-256.
func (w *stampWorld) states() (list []archive.NightState) {
	w.t.Helper()
	w.write(func(a *archive.Archive) error {
		return a.NightStates(func(s archive.NightState) error {
			if s.Family == seal.FamilySHA256 {
				list = append(list, s)
			}
			return nil
		})
	})
	return list
}

// The hash tree is renewed, by an evidence officer alone, between renewals of its time stamps; another night follows.
func TestEvidenceRehash(t *testing.T) {
	w := newStampWorld(t)
	officer := w.evidenceOfficer()
	first := w.night()
	w.Take(t, 3)
	second := w.night()
	w.Now = w.Now.Add(300 * 24 * time.Hour)
	w.renew(first, second)
	done := w.rehash(officer)
	if len(done.Events) != 1 || done.Bundles != 8 || done.Gone != 0 {
		t.Fatalf("%+v", done)
	}
	w.wantEvidence(w.Bundles...)
	if s := w.states(); len(s) != 1 || s[0].Night != done.Events[0] || s[0].Until.IsZero() {
		t.Errorf("the calendar: %+v", s)
	}
	w.wantChains(w.Bundles[0], 2, 3)
	w.write(func(a *archive.Archive) error {
		if _, err := a.GatherWave(seal.FamilySHA256, []seal.LeafIndex{first}); err == nil {
			t.Error("a night is renewed although a new chain stands in its place")
		}
		if again, err := a.Rehashable(seal.FamilySHA256, seal.FamilySHA512); err != nil || len(again) > 0 {
			t.Errorf("to be renewed again: %v, %v", again, err)
		}
		return nil
	})
	w.Take(t, 1)
	third := w.night()
	w.Now = w.Now.Add(300 * 24 * time.Hour)
	w.renewStates()
	w.renewStates()
	w.wantEvidence(w.Bundles...)
	w.wantChains(w.Bundles[0], 2, 3+2)
	w.wantChains(w.Bundles[8], 1, 3)
	done = w.rehash(officer, third)
	w.renewStates()
	w.wantEvidence(w.Bundles...)
	w.wantChains(w.Bundles[8], 2, 5)
	w.wantChecked()
}

// renewStates stamps all that is on the calendar again, with a wave for each hash.
func (w *stampWorld) renewStates() {
	w.t.Helper()
	w.write(func(a *archive.Archive) error {
		_, err := renewAll(a, func(archive.NightState) bool { return true }, func(covers seal.LeafIndex, f seal.Family) error { return w.stamp(a, covers, f) })
		return err
	})
}

// renewAll gathers what is due into one wave for each family and hash, and has it stamped.
func renewAll(a *archive.Archive, due func(archive.NightState) bool, stamp func(seal.LeafIndex, seal.Family) error) (waves int, err error) {
	for _, f := range seal.Families() {
		var nights []seal.LeafIndex
		err = errors.Join(err, a.NightStates(func(s archive.NightState) error {
			if s.Family == f && !s.Until.IsZero() && due(s) {
				nights = append(nights, s.Night)
			}
			return nil
		}))
		list, failed := a.ByHash(f, nights)
		err = errors.Join(err, failed)
		for _, nights := range list {
			wave, failed := a.GatherWave(f, nights)
			if failed == nil {
				waves++
				failed = stamp(wave, f)
			}
			err = errors.Join(err, failed)
		}
	}
	return waves, err
}

// wantChains counts chains, and time stamps in all of them, of a bundle's first document in SHA-256.
func (w *stampWorld) wantChains(b *archivetest.Bundle, chains, stamps int) {
	w.t.Helper()
	w.write(func(a *archive.Archive) error {
		bundle, err := reading.NewRoom(a, w.Custodian).Bundle(b.Leaf)
		if err != nil {
			return err
		}
		e, err := a.Evidence(b.Leaf, seal.FamilySHA256)
		if err != nil {
			return err
		}
		r, err := e.Record(bundle.Capsule, 1)
		if err != nil {
			return err
		}
		n := 0
		for _, c := range r.Chains {
			n += len(c.Stamps)
		}
		if len(r.Chains) != chains || n != stamps {
			w.t.Errorf("bundle %d: %d chains with %d stamps, want %d with %d", b.Leaf, len(r.Chains), n, chains, stamps)
		}
		return nil
	})
}

// An evidence officer alone renews hash trees where no key to a document is at hand: the folder has none.
func TestRehashOpensNoDocument(t *testing.T) {
	w := newStampWorld(t)
	officer := w.evidenceOfficer()
	w.night()
	dir := w.Copy(t)
	for _, name := range archivetest.Files(t, dir, "keyfiles", "keyfiles.2") {
		if filepath.Base(name) == "content.keys" {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var got archive.Rehash
	room := reading.NewRoom(a, officer)
	done, err := room.Rehash(t.Context(), reading.Rehash{Family: seal.FamilySHA256, Hash: seal.FamilySHA512,
		Commit: func(r archive.Rehash) (seal.LeafIndex, error) { got = r; return 1, nil }})
	if err != nil || done.Bundles != len(w.Bundles) || len(got.Bundles) != len(w.Bundles) {
		t.Fatalf("%+v, %v", done, err)
	}
	w.write(func(a *archive.Archive) error {
		if _, err := reading.NewRoom(a, officer).Bundle(w.Bundles[0].Leaf); !errors.Is(err, unseal.ErrForeign) {
			t.Errorf("the evidence officer opens an envelope: %v", err)
		}
		stranger, _ := custodian(t, "stranger")
		if _, err := reading.NewRoom(a, stranger).Rehash(t.Context(), reading.Rehash{Family: seal.FamilySHA256, Hash: seal.FamilySHA512, SkipDamaged: true, Commit: a.GatherRehash}); !errors.Is(err, unseal.ErrForeign) {
			t.Errorf("by a stranger: %v", err)
		}
		_, err := a.GatherRehash(got) // the same log: what was computed elsewhere is committed here
		return err
	})
}

// What is stamped between the computing of the roots and their own token stays out of the records; what is gathered twice, or
// does not fit the log, is refused.
func TestRehashMeanwhile(t *testing.T) {
	w := newStampWorld(t)
	officer := w.evidenceOfficer()
	first := w.night()
	w.Now = w.Now.Add(time.Hour)
	w.write(func(a *archive.Archive) error {
		room := reading.NewRoom(a, officer)
		var event seal.LeafIndex
		_, err := room.Rehash(t.Context(), reading.Rehash{Family: seal.FamilySHA256, Hash: seal.FamilySHA512, Commit: func(r archive.Rehash) (leaf seal.LeafIndex, err error) {
			if _, err := renewAll(a, func(archive.NightState) bool { return true }, func(covers seal.LeafIndex, f seal.Family) error { return w.stamp(a, covers, f) }); err != nil {
				return 0, err
			}
			for name, spoil := range map[string]func(*archive.Rehash){
				"no night":         func(r *archive.Rehash) { r.Nights = nil },
				"another event":    func(r *archive.Rehash) { r.Nights = []seal.LeafIndex{w.Bundles[0].Leaf} },
				"another bundle":   func(r *archive.Rehash) { r.Bundles = []seal.RehashBundle{{Leaf: first, Root: r.Bundles[0].Root}} },
				"the same hash":    func(r *archive.Rehash) { r.Hash = seal.FamilySHA256 },
				"a longer log":     func(r *archive.Rehash) { r.Size = a.Head().Size + 1 },
				"a root too short": func(r *archive.Rehash) { r.Bundles = []seal.RehashBundle{{Leaf: r.Bundles[0].Leaf, Root: []byte("x")}} },
			} {
				bad := r
				spoil(&bad)
				if _, err := a.GatherRehash(bad); err == nil {
					t.Errorf("%s: gathered", name)
				}
			}
			event, err = a.GatherRehash(r)
			if _, twice := a.GatherRehash(r); twice == nil {
				t.Error("gathered twice")
			}
			return event, err
		}})
		if err != nil {
			return err
		}
		list, err := a.Waiting()
		if err != nil || len(list) != 1 || list[0].Covers != event {
			t.Errorf("waiting: %+v, %v", list, err)
		}
		return w.stamp(a, event, seal.FamilySHA256)
	})
	w.wantChains(w.Bundles[0], 2, 2)
	w.wantEvidence(w.Bundles...)
	w.wantChecked()
}

// A bundle that was disposed of is left out; the others' records hold.
func TestRehashDisposed(t *testing.T) {
	w := newStampWorld(t)
	officer := w.evidenceOfficer()
	officers := w.Officers(t)
	w.night()
	order := w.Order(t, w.Bundles[1].Leaf)
	w.write(func(a *archive.Archive) error {
		_, err := a.Dispose(archivetest.SignOrder(t, order, officers...), nil)
		return err
	})
	w.Now = w.Now.Add(time.Hour)
	if done := w.rehash(officer); done.Bundles != len(w.Bundles)-1 || done.Gone != 1 {
		t.Errorf("%+v", done)
	}
	w.wantEvidence(w.Bundles[0], w.Bundles[2], w.Bundles[3])
	w.wantChecked()
}

// A changed file of a renewal is found.
func TestRehashChanged(t *testing.T) {
	w := newStampWorld(t)
	officer := w.evidenceOfficer()
	w.night()
	w.rehash(officer)
	for _, name := range archivetest.Files(t, w.Dir, "evidence") {
		if !bytes.HasSuffix([]byte(name), []byte(".rehash.json")) {
			continue
		}
		dir := w.Copy(t)
		archivetest.Edit(t, dir, name, func(data []byte) []byte {
			data = bytes.Clone(data)
			data[len(data)/2] ^= 1
			return data
		})
		if r, err := archive.Check(t.Context(), dir, archive.CheckOptions{}); err != nil || r.Verdict != verify.Failed {
			t.Errorf("%s changed: %v, %v", name, r, err)
		}
	}
}

// An accession that forgets the last renewal of hash trees, and a renewal that forgets the one before it, break the log's rules.
func TestRehashChain(t *testing.T) {
	w := newStampWorld(t)
	officer := w.evidenceOfficer()
	w.night()
	w.rehash(officer)
	w.Take(t, 1)
	w.rehash(officer, w.night())
	for name, spoil := range map[string]func(*seal.Event) bool{
		"nothing": func(*seal.Event) bool { return false },
		"the accession's pointer": func(e *seal.Event) bool {
			had := e.Accessioned != nil && e.Accessioned.Rehash != nil
			if had {
				e.Accessioned.Rehash = nil
			}
			return had
		},
		"the renewal's pointer": func(e *seal.Event) bool {
			had := e.Rehash != nil && e.Rehash.Before != nil
			if had {
				e.Rehash.Before = nil
			}
			return had
		},
		"a range beyond": func(e *seal.Event) bool {
			if e.Rehash != nil {
				e.Rehash.To = 1 << 20
			}
			return e.Rehash != nil
		},
	} {
		if spoiled, err := w.read(spoil); (err != nil) != spoiled || spoiled == (name == "nothing") {
			t.Errorf("%s spoiled: %v", name, err)
		}
	}
}

// read reads the log's events anew, one of them spoiled.
func (w *stampWorld) read(spoil func(*seal.Event) bool) (spoiled bool, err error) {
	w.t.Helper()
	a, openErr := archive.Open(w.Dir, archive.Options{})
	if openErr != nil {
		w.t.Fatal(openErr)
	}
	defer a.Close()
	v := &verify.Events{}
	for i := seal.LeafIndex(0); int64(i) < a.Head().Size && err == nil; i++ {
		raw, e, readErr := a.Event(i)
		if readErr != nil {
			w.t.Fatal(readErr)
		}
		if !spoiled && spoil(&e) {
			spoiled = true
			if raw, readErr = e.Marshal(); readErr != nil {
				w.t.Fatal(readErr)
			}
		}
		err = v.Leaf(raw)
	}
	return spoiled, err
}

// A refresh takes the place of a packet's records where these prove nothing any more; one of another document makes the whole fail.
func TestRefreshOfAnotherDocument(t *testing.T) {
	w := newStampWorld(t)
	officer := w.evidenceOfficer()
	w.night()
	packet := w.packet("packet.zip")
	var f seal.Refresh
	w.write(func(a *archive.Archive) (err error) {
		f, _, err = reading.NewRoom(a, officer).Refresh(packet)
		return err
	})
	later := w.Now.Add(30 * 365 * oneDay)
	judge := func(what string, want, then verify.Verdict) {
		t.Helper()
		data, err := f.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		p := policyOf(t, w.Archive)
		if r := p.PacketWith(packet, data, w.Now); r.Verdict != want {
			t.Errorf("%s, now: %s %+v", what, r.Verdict, notPassed(r))
		}
		if r := p.PacketWith(packet, data, later); r.Verdict != then {
			t.Errorf("%s, later: %s %+v", what, r.Verdict, notPassed(r))
		}
	}
	judge("as it is", verify.Passed, verify.Indeterminate)
	f.Records[0].Record, f.Records[2].Record = f.Records[2].Record, f.Records[0].Record
	judge("of another document", verify.Passed, verify.Failed)
	f.Origin = "another.example/1"
	judge("of another archive", verify.Failed, verify.Failed)
}

// A capsule that does not open stops a renewal, unless it is passed over.
func TestRehashPastDamage(t *testing.T) {
	w := newStampWorld(t)
	officer := w.evidenceOfficer()
	w.night()
	dir := w.Copy(t)
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	_, e, err := a.Event(w.Bundles[2].Leaf)
	if err != nil {
		t.Fatal(err)
	}
	k, err := a.Keyfile(e.Accession, seal.ClassEvidence)
	if err != nil {
		t.Fatal(err)
	}
	at := k.Records[e.Bundle.Capsule]
	archivetest.Edit(t, dir, "accessions/"+e.Accession.String()+"/"+seal.SegmentName(at.Segment), func(data []byte) []byte {
		data[at.Offset+at.Length/2] ^= 1
		return data
	})
	x := reading.Rehash{Family: seal.FamilySHA256, Hash: seal.FamilySHA512, Commit: func(r archive.Rehash) (seal.LeafIndex, error) { return 1, nil }}
	if done, err := reading.NewRoom(a, officer).Rehash(t.Context(), x); err == nil || len(done.Events) != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	x.SkipDamaged = true
	if done, err := reading.NewRoom(a, officer).Rehash(t.Context(), x); err != nil || done.Bundles != len(w.Bundles)-1 || len(done.Damaged) != 1 {
		t.Errorf("%+v, %v", done, err)
	}
}
