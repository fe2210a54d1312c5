package archive_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/verify"
)

// officer makes a key, and both halves of it as the archive wants them.
func officer(t *testing.T, name string) (verify.Officer, archive.Officer) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := cryptoutils.MarshalPublicKeyToPEM(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := signature.LoadSigner(key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(m []byte) ([]byte, error) { return signer.SignMessage(bytes.NewReader(m)) }
	return verify.Officer{Name: name, Key: string(pem)}, archive.Officer{Name: name, Sign: sign}
}

// A clock that jumped stops the archive until two different officers say that it is right; then it goes on, and the
// check knows why.
func TestAcceptClock(t *testing.T) {
	custodian, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	dir := filepath.Join(t.TempDir(), "archive")
	if err := archive.Init(dir, archive.InitOptions{Origin: "clock.example/1", Controller: seal.Controller{Name: "X", Country: "PL"}, Now: clock,
		Recipients: []seal.Recipient{{Name: "c", Role: seal.RecipientCustodian, Age: custodian.Recipient().String()}}}); err != nil {
		t.Fatal(err)
	}
	open := func(accept bool) (*archive.Archive, error) {
		return archive.Open(dir, archive.Options{Write: true, Now: clock, AcceptClock: accept})
	}
	a, err := open(false)
	if err != nil {
		t.Fatal(err)
	}
	pub1, first := officer(t, "archivist")
	pub2, second := officer(t, "director")
	_, stranger := officer(t, "stranger")
	twin := pub1
	twin.Name = "deputy"
	deputy := archive.Officer{Name: "deputy", Sign: first.Sign}
	for _, o := range []verify.Officer{pub1, pub2, twin} {
		if err := a.AddOfficer(o); err != nil {
			t.Fatal(err)
		}
	}
	a.Close()

	for _, jump := range []time.Time{time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)} {
		now = jump
		if _, err := open(false); !errors.Is(err, archive.ErrClock) {
			t.Fatalf("%s: opened with %v", jump, err)
		}
		if a, err = open(true); err != nil {
			t.Fatal(err)
		}
		for name, officers := range map[string][]archive.Officer{
			"nobody": nil, "one": {first}, "one twice": {first, first}, "one under two names": {first, deputy},
			"a stranger": {first, stranger}, "a forger": {first, {Name: "director", Sign: first.Sign}},
		} {
			if err := a.AcceptClock(officers); err == nil {
				t.Fatalf("%s: accepted by %s", jump, name)
			}
		}
		if err := a.AcceptClock([]archive.Officer{second, first}); err != nil {
			t.Fatal(err)
		}
		a.Close()
		if a, err = open(false); err != nil {
			t.Fatalf("%s: after it was accepted: %v", jump, err)
		}
		a.Close()
		r, err := archive.Check(context.Background(), dir, archive.CheckOptions{At: now})
		if err != nil || r.Verdict != verify.Passed {
			t.Fatalf("%s: %+v, %v", jump, r, err)
		}
	}
}
