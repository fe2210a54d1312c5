package archive_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/seal"
	"kartoteka/verify"
)

// accession has the thief commit one: what he stages needs nobody's leave.
func (x *thief) accession(stage func(w *archive.Archive, acc *archive.Accession)) {
	x.t.Helper()
	w := x.OpenWrite(x.t)
	defer w.Close()
	acc, err := w.Begin()
	if err != nil {
		x.t.Fatal(err)
	}
	stage(w, acc)
	acc.Reject(verify.CodeSignature) // so that there is something to commit
	if err := acc.Commit(); err != nil {
		x.t.Fatal(err)
	}
}

// wantFailed sees that the keyless check fails with a code and a reason.
func (x *thief) wantFailed(code verify.Code, reason string) {
	x.t.Helper()
	for _, c := range check(x.t, x.Dir, archive.CheckOptions{}).Checks {
		if c.Verdict == verify.Failed && c.Code == code && strings.Contains(c.Detail, reason) {
			return
		}
	}
	x.t.Errorf("the check does not fail with %s, %q", code, reason)
}

// rewrapAll rewrites every keyfile, with other secrets, and names them in a list.
func (x *thief) rewrapAll(event seal.LeafIndex, secrets func(k *seal.Keyfile) []seal.WrappedSecret) (list seal.Rewrapping) {
	x.t.Helper()
	for _, name := range archivetest.Files(x.t, x.Dir, "keyfiles") {
		rewrite(x.t, filepath.Join(x.Dir, name), func(data []byte) []byte {
			k, err := seal.ParseKeyfile(data)
			if err != nil {
				x.t.Fatal(err)
			}
			k.Rewrap(secrets(k), event)
			sum, err := k.SecretsSum()
			if err != nil {
				x.t.Fatal(err)
			}
			list.Keyfiles = append(list.Keyfiles, seal.RewrappedSecret{Accession: k.Head.Accession, Class: k.Head.Class, Secrets: sum})
			if data, err = k.Marshal(); err != nil {
				x.t.Fatal(err)
			}
			return data
		})
		data := read(x.t, filepath.Join(x.Dir, name))
		rewrite(x.t, filepath.Join(x.Dir, "keyfiles.2"+strings.TrimPrefix(name, "keyfiles")), func([]byte) []byte { return data })
	}
	return list
}

// junk is wrapped to those it was wrapped to before, and opens to nothing.
func (x *thief) junk(k *seal.Keyfile) (list []seal.WrappedSecret) {
	for _, s := range k.Secrets {
		list = append(list, seal.WrappedSecret{To: s.To, Age: []byte("junk")})
	}
	return list
}

// rewrap attacks: every keyfile gets secrets of the thief's, and the log an event that names them, signed as he can.
func (x *thief) rewrap(secrets func(*seal.Keyfile) []seal.WrappedSecret, sign func(e *seal.Event)) {
	x.t.Helper()
	x.accession(func(w *archive.Archive, acc *archive.Accession) {
		list := x.rewrapAll(seal.LeafIndex(w.Head().Size), secrets)
		sum, err := w.PutRewrapping(list)
		if err != nil {
			x.t.Fatal(err)
		}
		e := seal.Event{Kind: seal.KindKey, Accession: acc.ID(), Key: &seal.KeyEvent{List: sum, To: acc.Recipients(), Keyfiles: len(list.Keyfiles)}}
		sign(&e)
		acc.Append(e)
	})
}

// Whoever has the log key alone cannot say that a keyfile has other secrets: junk locks everybody out, but a check fails,
// and the honest program does not follow.
func TestThiefRewraps(t *testing.T) {
	forged := func(x *thief) func(e *seal.Event) {
		return func(e *seal.Event) {
			for _, o := range x.officers { // their names, not their keys
				stranger := archivetest.NewOfficer(t, o.Name)
				e.Key.Officers = append(e.Key.Officers, stranger.Signature(t, e.RewrapMessage(archivetest.Origin)))
			}
		}
	}
	t.Run("junk", func(t *testing.T) {
		x := newThief(t)
		index := read(t, filepath.Join(x.Dir, "index.db")) // the archive's own, which has not seen his events
		x.rewrap(x.junk, forged(x))
		x.wantFailed(verify.CodeEvent, "does not hold")
		if err := os.WriteFile(filepath.Join(x.Dir, "index.db"), index, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := archive.Open(x.Dir, archive.Options{Write: true, Now: func() time.Time { return x.Now }})
		var bad *archive.Tampered
		if !errors.As(err, &bad) || bad.Code != verify.CodeOfficers {
			t.Errorf("opened for writing: %v", err)
		}
	})
	t.Run("junk, signed for an accession before", func(t *testing.T) {
		x := newThief(t)
		x.rewrap(x.junk, func(e *seal.Event) {
			then := *e
			then.Accession = seal.NextAccession(seal.AccessionID{}, x.Now.Add(-time.Hour))
			for _, o := range x.officers {
				e.Key.Officers = append(e.Key.Officers, o.Signature(t, then.RewrapMessage(archivetest.Origin)))
			}
		})
		x.wantFailed(verify.CodeEvent, "does not hold")
	})
	t.Run("to himself", func(t *testing.T) { // even if two officers sign: the keyfiles are for those whom the event names
		x := newThief(t)
		id, to := custodian(t, "thief")
		x.rewrap(func(k *seal.Keyfile) []seal.WrappedSecret {
			sealed, err := seal.SealTo(id.Recipient().String(), []byte(seal.NewSecret().Passphrase()))
			if err != nil {
				t.Fatal(err)
			}
			return []seal.WrappedSecret{{To: seal.Fingerprint(to.Age), Age: sealed}}
		}, func(e *seal.Event) {
			for _, o := range x.officers {
				e.Key.Officers = append(e.Key.Officers, o.Signature(t, e.RewrapMessage(archivetest.Origin)))
			}
		})
		x.wantFailed(verify.CodeKeyfile, "its secrets are wrapped to "+seal.Fingerprint(to.Age))
	})
}

// He can have the archive trust officers of his own, for the policy changes by an event: who pinned it is not taken in.
func TestThiefNamesOfficers(t *testing.T) {
	x := newThief(t)
	pinned := policyOf(t, x.Archive)
	his := []*archivetest.Officer{archivetest.NewOfficer(t, "accomplice"), archivetest.NewOfficer(t, "burglar")}
	w := x.OpenWrite(t)
	for _, o := range his {
		if err := w.AddOfficer(verify.Officer{Name: o.Name, Key: o.PEM}); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	x.rewrap(x.junk, func(e *seal.Event) {
		for _, o := range his {
			e.Key.Officers = append(e.Key.Officers, o.Signature(t, e.RewrapMessage(archivetest.Origin)))
		}
	})
	wantCode(t, check(t, x.Dir, archive.CheckOptions{Policy: pinned}), verify.Failed, verify.CodeEvent)
}

// Nor can he have what comes in from now on wrapped to himself.
func TestThiefGivesToHimself(t *testing.T) {
	_, to := custodian(t, "thief")
	give := func(acc *archive.Accession) {
		if err := acc.Give([]seal.Recipient{to}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("silently", func(t *testing.T) {
		x := newThief(t)
		x.accession(func(_ *archive.Archive, acc *archive.Accession) { give(acc) })
		x.wantFailed(verify.CodeEvent, "changes the recipients without two officers")
	})
	t.Run("with a key event of the recipients before", func(t *testing.T) {
		x := newThief(t)
		x.accession(func(_ *archive.Archive, acc *archive.Accession) {
			e := seal.Event{Kind: seal.KindKey, Accession: acc.ID(), Key: &seal.KeyEvent{To: acc.Recipients()}}
			for _, o := range x.officers {
				e.Key.Officers = append(e.Key.Officers, o.Signature(t, e.RewrapMessage(archivetest.Origin)))
			}
			acc.Append(e)
			give(acc)
		})
		x.wantFailed(verify.CodeEvent, "names other recipients than its key event")
	})
}

// An accession's keyfiles are wrapped to the recipients that its event names, and to nobody beside them.
func TestThiefAmongTheSecrets(t *testing.T) {
	x := newThief(t)
	_, to := custodian(t, "thief")
	x.accession(func(_ *archive.Archive, acc *archive.Accession) {
		acc.WrapAlso(to)
		if _, err := acc.Act(seal.Act{Person: &seal.Digest{1}, Fact: &seal.Addition{Facts: seal.Facts{DeathYear: 2025}, Basis: "x", Officer: "archivist"}}); err != nil {
			t.Fatal(err)
		}
	})
	x.wantFailed(verify.CodeKeyfile, seal.Fingerprint(to.Age))
}

// Without two officers whom the policy trusts with it nothing is written, however good the identity.
func TestRotateOfficers(t *testing.T) {
	s := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1})
	officers := s.Officers(t)
	w := s.OpenWrite(t)
	defer w.Close()
	desk := archivetest.NewOfficer(t, "desk")
	if err := w.AddOfficer(verify.Officer{Name: desk.Name, Key: desk.PEM, Roles: []verify.Role{verify.RoleHold}}); err != nil {
		t.Fatal(err)
	}
	_, toAnna := custodian(t, "anna")
	before, files := w.Head(), archivetest.Files(t, s.Dir, ".")
	for name, by := range map[string][]*archivetest.Officer{
		"nobody": nil, "one": officers[:1], "one twice": {officers[0], officers[0]}, "one and one for holds": {officers[0], desk},
		"one and a stranger": {officers[0], archivetest.NewOfficer(t, "director")},
	} {
		var bad *verify.Error
		_, err := w.RotateCustodians(change(w, by, []age.Identity{s.Custodian}, toAnna))
		if !errors.As(err, &bad) || bad.Code != verify.CodeOfficers || w.Head() != before {
			t.Errorf("signed by %s: %v", name, err)
		}
		if now := archivetest.Files(t, s.Dir, "."); len(now) != len(files) {
			t.Errorf("signed by %s: %d files, had %d", name, len(now), len(files))
		}
	}
	if p, err := w.PlanCustodians(change(w, nil, []age.Identity{s.Custodian}, toAnna)); err != nil || strings.Join(p.Officers, " ") != "archivist director" {
		t.Errorf("%q may sign, %v", p.Officers, err)
	}
	if _, err := w.RotateCustodians(change(w, []*archivetest.Officer{officers[1], officers[0]}, []age.Identity{s.Custodian}, toAnna)); err != nil {
		t.Error(err)
	}
	found := false
	for _, c := range check(t, s.Dir, archive.CheckOptions{}).Checks {
		found = found || c.Verdict == verify.Passed && strings.Contains(c.Detail, "wrapped to other people in event") && strings.Contains(c.Detail, "archivist and director")
	}
	if !found {
		t.Error("the check does not tell of it")
	}
}
