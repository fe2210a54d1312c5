package verify_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
	"kartoteka/verify"
)

const origin = "kartoteka.hospital.example/2026"

// vector reads a vector of package seal: this package judges what that one writes.
func vector(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "seal", "testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// shared finds shared/data/sub beside the module or above it.
func shared(t *testing.T, sub string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		found := filepath.Join(dir, "shared", "data", sub)
		if _, err := os.Stat(found); err == nil {
			return found
		}
		if up := filepath.Dir(dir); up != dir {
			dir = up
			continue
		}
		t.Skipf("SKIP: no folder shared/data/%s in any folder above", sub)
	}
}

func examplePolicy(t testing.TB) *verify.Policy {
	t.Helper()
	p, err := verify.ParsePolicy(vector(t, "policy-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func exampleEnvelope(t testing.TB) seal.Envelope {
	t.Helper()
	e, err := seal.ParseEnvelope(vector(t, "envelope-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func stamp(s string) *seal.Time {
	t := seal.At(day(s))
	return &t
}

// outcome is a code and a verdict, or "passed".
func outcome(err error) string {
	if err == nil {
		return "passed"
	}
	var e *verify.Error
	if !errors.As(err, &e) {
		return "no verdict: " + err.Error()
	}
	if e.Indeterminate {
		return string(e.Code) + " indeterminate"
	}
	return string(e.Code)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// fixed is the same derivation of keys as in package seal's vectors.
func fixed(name string) [32]byte { return sha256.Sum256([]byte("kartoteka test vector: " + name)) }

func producer(t testing.TB, name string) (signature.Signer, string) {
	t.Helper()
	seed := fixed(name)
	key := ed25519.NewKeyFromSeed(seed[:])
	return must(signature.LoadSigner(key, crypto.SHA256)), string(must(cryptoutils.MarshalPublicKeyToPEM(key.Public())))
}

func logKey(t testing.TB, name string) (note.Signer, string) {
	t.Helper()
	seed := fixed(name)
	public := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
	sum := sha256.Sum256(append([]byte(origin+"\n\x01"), public...))
	hash := binary.BigEndian.Uint32(sum[:])
	b64 := base64.StdEncoding.EncodeToString
	signer := must(note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", origin, hash, b64(append([]byte{1}, seed[:]...)))))
	return signer, fmt.Sprintf("%s+%08x+%s", origin, hash, b64(append([]byte{1}, public...)))
}
