package archive_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// custodian makes an identity and its recipient.
func custodian(t testing.TB, name string) (*age.HybridIdentity, seal.Recipient) {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id, seal.Recipient{Name: name, Role: seal.RecipientCustodian, Age: id.Recipient().String()}
}

// change is a change of custodians by somebody's identities, which officers sign.
func change(w *archive.Archive, officers []*archivetest.Officer, by []age.Identity, to ...seal.Recipient) archive.CustodianChange {
	room := reading.NewRoom(w, by...)
	return archive.CustodianChange{Recipients: to, Secret: room.Secret, Unseal: room.Unseal, Officers: signing(officers...)}
}

func rotate(t testing.TB, s *archivetest.Archive, by []age.Identity, to ...seal.Recipient) archive.CustodiansRotated {
	t.Helper()
	officers := s.Officers(t)
	w := s.OpenWrite(t)
	defer w.Close()
	done, err := w.RotateCustodians(change(w, officers, by, to...))
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// opens counts the bundles that identities open, and has the rest of the check pass.
func opens(t testing.TB, dir string, ids ...age.Identity) int {
	t.Helper()
	r, err := reading.Check(t.Context(), dir, ids, reading.CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range notPassed(r) {
		if c.Code != verify.CodeIdentity {
			t.Errorf("%+v", c)
		}
	}
	return r.Counts["bundles_opened"]
}

// wrapped collects all wrapped secrets of the keyfiles in both places.
func wrapped(t testing.TB, dir string) (secrets [][]byte) {
	t.Helper()
	for _, name := range archivetest.Files(t, dir, "keyfiles", "keyfiles.2") {
		k, err := seal.ParseKeyfile(read(t, filepath.Join(dir, name)))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range k.Secrets {
			secrets = append(secrets, s.Age)
		}
	}
	return secrets
}

// wantGone sees that no file of the archive holds one of the wrapped secrets.
func wantGone(t testing.TB, dir string, secrets [][]byte) {
	t.Helper()
	for _, name := range archivetest.Files(t, dir, ".") {
		data := read(t, filepath.Join(dir, name))
		for _, s := range secrets {
			if bytes.Contains(data, s) || bytes.Contains(data, []byte(base64.StdEncoding.EncodeToString(s))) {
				t.Errorf("%s still holds a secret wrapped before", name)
			}
		}
	}
}

func wantPassed(t testing.TB, dir string) {
	t.Helper()
	for _, c := range notPassed(check(t, dir, archive.CheckOptions{})) {
		t.Errorf("%+v", c)
	}
}

// After a change of custodians the new one opens everything, the old one nothing: neither what is new nor what was there.
func TestRotateCustodians(t *testing.T) {
	s := archivetest.New(t, archivetest.Options{})
	before := wrapped(t, s.Dir)
	anna, toAnna := custodian(t, "anna")
	evidence, toEvidence := custodian(t, "evidence")
	toEvidence.Role = seal.RecipientEvidence
	plan := func(by age.Identity) archive.CustodianPlan {
		r, err := archive.Open(s.Dir, archive.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		p, err := r.PlanCustodians(change(r, nil, []age.Identity{by}, toAnna, toEvidence))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	s.Officers(t)
	if p := plan(s.Custodian); len(p.Officers) != 2 || len(p.Come) != 2 || len(p.Leave) != 1 || len(p.Stay) != 0 || p.Keyfiles != 9 {
		t.Errorf("plan: %+v", p)
	}
	done := rotate(t, s, []age.Identity{s.Custodian}, toAnna, toEvidence)
	if done.Keyfiles != 9 || len(done.Damaged) != 0 {
		t.Errorf("%+v", done)
	}
	if p := plan(anna); len(p.Come) != 0 || len(p.Leave) != 0 || len(p.Stay) != 2 {
		t.Errorf("plan afterwards: %+v", p)
	}
	wantGone(t, s.Dir, before)
	wantPassed(t, s.Dir)
	if _, err := os.Stat(filepath.Join(s.Dir, "rewrap")); err == nil {
		t.Error("rewrap/ is left")
	}
	s.Take(t, 2)
	if n := opens(t, s.Dir, anna); n != 8 {
		t.Errorf("the new custodian opens %d bundles, want 8", n)
	}
	if n := opens(t, s.Dir, s.Custodian); n != 0 {
		t.Errorf("the old custodian opens %d bundles", n)
	}
	wantEvidence(t, s.Dir, evidence)
	w := s.OpenWrite(t)
	defer w.Close()
	if rows, err := w.CheckIndex(); err != nil || rows != 8 {
		t.Errorf("the index has %d rows: %v", rows, err)
	}
	if _, err := w.RotateCustodians(change(w, s.Officers(t), []age.Identity{s.Custodian}, toAnna)); !errors.Is(err, unseal.ErrForeign) {
		t.Errorf("by the old custodian: %v", err)
	}
	if _, err := w.RotateCustodians(change(w, s.Officers(t), []age.Identity{anna}, toEvidence)); err == nil {
		t.Error("an archive without a custodian")
	}
}

// wantEvidence sees that an evidence officer opens capsules and nothing else.
func wantEvidence(t *testing.T, dir string, id age.Identity) {
	t.Helper()
	for _, name := range archivetest.Files(t, dir, "keyfiles") {
		k, err := seal.ParseKeyfile(read(t, filepath.Join(dir, name)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = unseal.Keyfile(k, id); (err == nil) != (k.Head.Class == seal.ClassEvidence) {
			t.Errorf("%s, by the evidence officer: %v", name, err)
		}
	}
}

// Custody can be given to a pair, and back; disposals and rotations of before do not stand in the way.
func TestRotateToPairAndBack(t *testing.T) {
	s := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
	anna, toAnna := custodian(t, "anna")
	jonas, toJonas := custodian(t, "jonas")
	pair := toAnna
	pair.Age = min(toAnna.Age, toJonas.Age) + "+" + max(toAnna.Age, toJonas.Age)
	rotate(t, s, []age.Identity{s.Custodian}, pair)
	if both, one := opens(t, s.Dir, anna, jonas), opens(t, s.Dir, anna); both != 2 || one != 0 {
		t.Errorf("both open %d, one %d", both, one)
	}
	w := s.OpenWrite(t)
	if _, err := w.RotateCustodians(change(w, s.Officers(t), []age.Identity{jonas}, toJonas)); !errors.Is(err, unseal.ErrForeign) {
		t.Errorf("by one of two: %v", err)
	}
	w.Close()
	rotate(t, s, []age.Identity{jonas, anna}, toAnna)
	if n := opens(t, s.Dir, anna); n != 2 {
		t.Errorf("given back, %d", n)
	}
	wantPassed(t, s.Dir)
}

// An archive without a bundle has no keyfile to rewrap, and its custodians change all the same.
func TestRotateEmpty(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	old, toOld := custodian(t, "old")
	_, toNew := custodian(t, "new")
	officers := []*archivetest.Officer{archivetest.NewOfficer(t, "archivist"), archivetest.NewOfficer(t, "director")}
	o := archive.InitOptions{Origin: "empty.example/1", Controller: seal.Controller{Name: "X", Country: "PL"}, Recipients: []seal.Recipient{toOld}}
	for _, x := range officers {
		o.Officers = append(o.Officers, verify.Officer{Name: x.Name, Key: x.PEM})
	}
	if err := archive.Init(dir, o); err != nil {
		t.Fatal(err)
	}
	w, err := archive.Open(dir, archive.Options{Write: true})
	if err != nil {
		t.Fatal(err)
	}
	if done, err := w.RotateCustodians(change(w, officers, []age.Identity{old}, toNew)); err != nil || done.Keyfiles != 0 {
		t.Errorf("%+v %v", done, err)
	}
	w.Close()
	wantPassed(t, dir)
}

// Keyfiles put back from a copy of before are read, the check says what they are, and a second rotation by both
// identities mends them. Where one copy is left the next opening does.
func TestRotateRestored(t *testing.T) {
	s := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
	backup := s.Copy(t)
	before := wrapped(t, s.Dir)
	anna, toAnna := custodian(t, "anna")
	rotate(t, s, []age.Identity{s.Custodian}, toAnna)
	restore := func(tops ...string) {
		for _, name := range archivetest.Files(t, backup, tops...) {
			archivetest.Edit(t, s.Dir, name, func([]byte) []byte { return read(t, filepath.Join(backup, name)) })
		}
	}
	restore("keyfiles")
	wantCode(t, check(t, s.Dir, archive.CheckOptions{}), verify.Failed, verify.CodeDisposal)
	s.OpenWrite(t).Close()
	wantPassed(t, s.Dir)
	wantGone(t, s.Dir, before)

	restore("keyfiles", "keyfiles.2")
	wantCode(t, check(t, s.Dir, archive.CheckOptions{}), verify.Failed, verify.CodeDisposal)
	w := s.OpenWrite(t)
	if _, err := w.RotateCustodians(change(w, s.Officers(t), []age.Identity{anna}, toAnna)); !errors.Is(err, unseal.ErrForeign) {
		t.Errorf("the old custodian's identity is needed: %v", err)
	}
	k, err := w.Keyfile(seal.AccessionID{}, seal.ClassContent)
	if err == nil {
		t.Errorf("%+v", k)
	}
	w.Close()
	wantCode(t, check(t, s.Dir, archive.CheckOptions{}), verify.Failed, verify.CodeDisposal)
	rotate(t, s, []age.Identity{anna, s.Custodian}, toAnna)
	wantPassed(t, s.Dir)
	wantGone(t, s.Dir, before)
	if n := opens(t, s.Dir, anna); n != 2 {
		t.Errorf("the new custodian opens %d", n)
	}
}

// A keyfile of which no copy holds stops the rotation, unless it is passed over: it is lost to everybody.
func TestRotatePastDamage(t *testing.T) {
	s := archivetest.New(t, archivetest.Options{})
	lost := archivetest.Files(t, s.Dir, "keyfiles")[0]
	for _, name := range []string{lost, "keyfiles.2" + strings.TrimPrefix(lost, "keyfiles")} {
		archivetest.Edit(t, s.Dir, name, func(b []byte) []byte { b[len(b)-9] ^= 1; return b })
	}
	anna, toAnna := custodian(t, "anna")
	s.Officers(t)
	w := s.OpenWrite(t)
	before := w.Head()
	c := change(w, s.Officers(t), []age.Identity{s.Custodian}, toAnna)
	var bad *archive.Tampered
	if _, err := w.RotateCustodians(c); !errors.As(err, &bad) || w.Head() != before {
		t.Errorf("%v, %d events", err, w.Head().Size)
	}
	if left := archivetest.Files(t, s.Dir, "policy/sealed"); len(left) != 1 {
		t.Errorf("sealed: %q", left)
	}
	c.SkipDamaged = true
	done, err := w.RotateCustodians(c)
	if err != nil || done.Keyfiles != 8 || len(done.Damaged) != 1 {
		t.Errorf("%+v %v", done, err)
	}
	w.Close()
	r, err := reading.Check(t.Context(), s.Dir, []age.Identity{anna}, reading.CheckOptions{})
	if err != nil || r.Counts["bundles_opened"] != 4 {
		t.Errorf("%v, %v", r.Counts, err)
	}
}

// A change of custodians and of the log key, and then a patient asks for her records: the packet holds under the policy
// that is exported now.
func TestRotateAndExport(t *testing.T) {
	s := archivetest.New(t, archivetest.Options{})
	anna, toAnna := custodian(t, "anna")
	rotate(t, s, []age.Identity{s.Custodian}, toAnna)
	s.Now = s.Now.Add(time.Minute)
	w := s.OpenWrite(t)
	if _, err := rotateLog(s, w, anna); err != nil {
		t.Fatal(err)
	}
	w.Close()
	packet := export(t, s, anna)
	if r := policyOf(t, s).Packet(packet, s.Now); r.Verdict != verify.Passed || r.Counts["documents"] == 0 {
		t.Errorf("%s %v %v", r.Verdict, r.Counts, notPassed(r))
	}
	wantPassed(t, s.Dir)
}

// export hands all bundles over as one packet.
func export(t testing.TB, s *archivetest.Archive, id age.Identity) (name string) {
	t.Helper()
	w := s.OpenWrite(t)
	defer w.Close()
	out, err := os.Create(filepath.Join(t.TempDir(), "packet.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	x := reading.Export{Now: func() time.Time { return s.Now }, Release: seal.Release{Request: "R-1", Basis: "UPP art. 26 ust. 1", Way: "carrier", Fee: "first",
		Requester: seal.Requester{Name: "Anna Kowalska", Relation: "self"},
		Evidence:  seal.IdentityEvidence{Kind: "passport", Country: "UA", Last4: "1234", CheckedBy: "J. Nowak"}}}
	for _, b := range s.Bundles {
		x.Select = append(x.Select, reading.Selected{Leaf: b.Leaf})
	}
	x.Commit = func(r seal.Release, custodian string) (seal.LeafIndex, error) {
		acc, err := w.Begin()
		if err != nil {
			return 0, err
		}
		defer acc.Abort()
		leaf, err := acc.Release(r, custodian)
		if err != nil {
			return 0, err
		}
		return leaf, acc.Commit()
	}
	x.Void = func(seal.LeafIndex, string) error { return nil }
	if _, err := reading.NewRoom(w, id).Packet(t.Context(), out, x); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}
