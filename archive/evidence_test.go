package archive_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/archive/stamper"
	"kartoteka/archive/stamper/stampertest"
	"kartoteka/seal"
	"kartoteka/verify"
)

// stampWorld is an archive whose nights are stamped by two authorities, one for each family.
type stampWorld struct {
	*archivetest.Archive
	t     *testing.T
	tsas  map[seal.Family]*stampertest.TSA
	names map[seal.Family]string // in the policy
}

func newStampWorld(t *testing.T) *stampWorld {
	w := &stampWorld{Archive: archivetest.New(t, archivetest.Options{Bundles: 5, Accessions: 2}), t: t, tsas: map[seal.Family]*stampertest.TSA{}, names: map[seal.Family]string{}}
	w.Now = time.Now().UTC().Truncate(time.Second) // the authorities' certificates are of today
	for i, f := range seal.Families() {
		tsa := stampertest.New(t, stampertest.Options{})
		tsa.Now = func() time.Time { return w.Now }
		w.tsas[f], w.names[f] = tsa, []string{"first", "second"}[i]
		w.write(func(a *archive.Archive) error {
			return a.AddTSA(verify.Anchor{Name: w.names[f], Chain: tsa.Anchor().Chain})
		})
	}
	return w
}

func (w *stampWorld) write(f func(*archive.Archive) error) {
	w.t.Helper()
	a := w.OpenWrite(w.t)
	defer a.Close()
	if err := f(a); err != nil {
		w.t.Fatal(err)
	}
}

// stamp has an authority stamp a night or a wave.
func (w *stampWorld) stamp(a *archive.Archive, covers seal.LeafIndex, f seal.Family) error {
	w.Now = w.Now.Add(time.Minute)
	imprint, err := a.Imprint(covers, f)
	if err != nil {
		return err
	}
	hash, err := a.StampHash(covers, f)
	if err != nil {
		return err
	}
	s := &stamper.HTTP{TSA: w.names[f], URL: w.tsas[f].URL, Trust: a.Policy(), Now: func() time.Time { return w.Now }}
	token, err := s.Stamp(context.Background(), hash, imprint)
	if err != nil {
		return err
	}
	stamp, err := a.Policy().Stamp(token, hash, imprint, w.Now)
	if err != nil {
		return err
	}
	_, err = a.KeepStamp(covers, f, token, stamp)
	return err
}

// night gathers and stamps what came in.
func (w *stampWorld) night() (leaf seal.LeafIndex) {
	w.t.Helper()
	w.write(func(a *archive.Archive) (err error) {
		if leaf, err = a.GatherNight(); err != nil {
			return err
		}
		for _, f := range seal.Families() {
			if err := w.stamp(a, leaf, f); err != nil {
				return err
			}
		}
		return nil
	})
	return leaf
}

// renew stamps nights again, in both families.
func (w *stampWorld) renew(nights ...seal.LeafIndex) {
	w.t.Helper()
	w.write(func(a *archive.Archive) error {
		for _, f := range seal.Families() {
			wave, err := a.GatherWave(f, nights)
			if err != nil {
				return err
			}
			if err := w.stamp(a, wave, f); err != nil {
				return err
			}
		}
		return nil
	})
}

// wantEvidence: every document of the bundles has a record in both families that holds now, and is of no other document.
func (w *stampWorld) wantEvidence(bundles ...*archivetest.Bundle) {
	w.t.Helper()
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Close()
	room := reading.NewRoom(a, w.Custodian)
	for _, made := range bundles {
		b, err := room.Bundle(made.Leaf)
		if err != nil {
			w.t.Fatal(err)
		}
		for i, d := range made.Documents {
			for _, f := range seal.Families() {
				e, err := a.Evidence(made.Leaf, f)
				if err != nil {
					w.t.Fatalf("bundle %d, %s: %v", made.Leaf, f, err)
				}
				record, err := e.Record(b.Capsule, i+1)
				if err != nil {
					w.t.Fatalf("bundle %d, document %d, %s: %v", made.Leaf, i, f, err)
				}
				w.judge(a.Policy(), record, d.Body, verify.Passed)
				w.judge(a.Policy(), record, append([]byte("x"), d.Body...), verify.Failed)
			}
		}
	}
}

func (w *stampWorld) judge(p *verify.Policy, record *seal.EvidenceRecord, document []byte, want verify.Verdict) {
	w.t.Helper()
	data, err := record.Marshal()
	if err != nil {
		w.t.Fatal(err)
	}
	sum256, sum512 := sha256.Sum256(document), sha512.Sum512(document)
	r, said := p.EvidenceRecord(data, verify.DocumentDigests{crypto.SHA256: sum256[:], crypto.SHA512: sum512[:]}, w.Now)
	if r.Verdict != want {
		w.t.Errorf("record: %s, want %s: %+v", r.Verdict, want, r.Checks)
	}
	for _, reader := range said.Readers {
		if want == verify.Passed && !reader.Accepts {
			w.t.Errorf("%+v", reader)
		}
	}
}

func (w *stampWorld) wantChecked() {
	w.t.Helper()
	r, err := archive.Check(context.Background(), w.Dir, archive.CheckOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range r.Checks {
		if c.Verdict != verify.Passed {
			w.t.Errorf("%s %s: %s: %s", c.Code, c.Verdict, c.Subject, c.Detail)
		}
	}
	w.write(func(a *archive.Archive) error { _, err := a.CheckIndex(); return err })
}

func TestEvidence(t *testing.T) {
	w := newStampWorld(t)
	first := w.night()
	w.wantEvidence(w.Bundles...)
	w.write(func(a *archive.Archive) error {
		if _, err := a.GatherNight(); !errors.Is(err, archive.ErrNothingNew) {
			t.Errorf("a second night of nothing: %v", err)
		}
		return nil
	})
	w.Take(t, 3)
	if _, err := w.evidence(w.Bundles[6]); !errors.Is(err, archive.ErrNotStamped) {
		t.Errorf("evidence before the night: %v", err)
	}
	second := w.night()
	w.Now = w.Now.Add(300 * 24 * time.Hour)
	w.renew(first, second)
	w.wantEvidence(w.Bundles...)
	w.Take(t, 1)
	w.Now = w.Now.Add(300 * 24 * time.Hour)
	third := w.night()
	w.renew(first, second, third)
	w.wantEvidence(w.Bundles...)
	w.wantChecked()
}

func (w *stampWorld) evidence(made *archivetest.Bundle) (*archive.Evidence, error) {
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.Evidence(made.Leaf, seal.FamilySHA256)
}

// A changed night, wave or token is found.
func TestEvidenceChanged(t *testing.T) {
	w := newStampWorld(t)
	w.renew(w.night())
	for _, name := range archivetest.Files(t, w.Dir, "evidence") {
		dir := w.Copy(t)
		archivetest.Edit(t, dir, name, func(data []byte) []byte {
			data = bytes.Clone(data)
			data[len(data)/2] ^= 1
			return data
		})
		r, err := archive.Check(context.Background(), dir, archive.CheckOptions{})
		if err != nil || r.Verdict != verify.Failed {
			t.Errorf("%s changed: %v, %v", name, r, err)
		}
	}
}

// A packet brings the evidence along. Long after, it proves by the log alone, and says what is missing; where the stamps were
// renewed, a packet made then proves all.
func TestEvidenceInPacket(t *testing.T) {
	w := newStampWorld(t)
	w.night()
	fresh := w.packet("fresh.zip")
	w.wantPacket(fresh, w.Now, verify.Passed, verify.Passed)
	w.wantPacket(fresh, w.Now.Add(30*365*24*time.Hour), verify.Indeterminate, verify.Indeterminate)
}

func (w *stampWorld) packet(name string) string {
	w.t.Helper()
	a := w.OpenWrite(w.t)
	defer a.Close()
	return w.packetOf(a, name, w.Bundles[0].Leaf)
}

func (w *stampWorld) packetOf(a *archive.Archive, name string, bundle seal.LeafIndex) string {
	w.t.Helper()
	out, err := os.Create(filepath.Join(w.t.TempDir(), name))
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Close()
	commit := func(stage func(*archive.Accession) (seal.LeafIndex, error)) (leaf seal.LeafIndex, err error) {
		acc, err := a.Begin()
		if err != nil {
			return 0, err
		}
		defer acc.Abort()
		if leaf, err = stage(acc); err != nil {
			return 0, err
		}
		return leaf, acc.Commit()
	}
	_, err = reading.NewRoom(a, w.Custodian).Packet(context.Background(), out, reading.Export{Select: []reading.Selected{{Leaf: bundle}}, Now: func() time.Time { return w.Now },
		Release: seal.Release{Request: "R-1", Requester: seal.Requester{Name: "N", Relation: "self"}, Evidence: seal.IdentityEvidence{Kind: "passport", CheckedBy: "C"}, Basis: "B", Way: "carrier"},
		Commit: func(r seal.Release, custodian string) (seal.LeafIndex, error) {
			return commit(func(s *archive.Accession) (seal.LeafIndex, error) { return s.Release(r, custodian) })
		},
		Void: func(seal.LeafIndex, string) error { return nil }})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Name()
}

// wantPacket judges a packet at a time: as a whole, and its evidence.
func (w *stampWorld) wantPacket(name string, at time.Time, whole, evidence verify.Verdict) {
	w.t.Helper()
	a, err := archive.Open(w.Dir, archive.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer a.Close()
	r := a.Policy().Packet(name, at)
	n := 0
	for _, c := range r.Checks {
		if c.Code == verify.CodeEvidence {
			n++
			if c.Verdict != evidence {
				w.t.Errorf("at %s: %+v, want %s", seal.At(at), c, evidence)
			}
		}
	}
	if r.Verdict != whole || n != 2 {
		w.t.Errorf("at %s: %s with %d records' families, want %s: %+v", seal.At(at), r.Verdict, n, whole, r.Checks)
	}
}
