package stampertest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"sync"
	"testing"
	"time"

	"kartoteka/archive/stamper"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Conform tests what the contract of [stamper.Stamper] promises, of one whose TSA is honest and stands in the policy.
func Conform(t *testing.T, s stamper.Stamper, p *verify.Policy) {
	t.Run("token", func(t *testing.T) { tokenHolds(t, s, p) })
	t.Run("again", func(t *testing.T) { tokensDiffer(t, s) })
	t.Run("together", func(t *testing.T) { together(t, s) })
	t.Run("refuses", func(t *testing.T) { refuses(t, s) })
	t.Run("context", func(t *testing.T) { stops(t, s) })
}

// tokenHolds: DER, over the imprint itself, of now, by the TSA of this name.
func tokenHolds(t *testing.T, s stamper.Stamper, p *verify.Policy) {
	sum := sha512.Sum512([]byte("night"))
	for alg, imprint := range map[crypto.Hash][]byte{crypto.SHA256: sum[:32], crypto.SHA384: sum[:48], crypto.SHA512: sum[:]} {
		token, err := s.Stamp(t.Context(), alg, imprint)
		if err != nil {
			t.Fatalf("%v: %v", alg, err)
		}
		stamp, err := p.Stamp(token, alg, imprint, time.Now().Add(5*time.Minute))
		if err != nil || stamp.TSA != s.Name() {
			t.Errorf("%v: judged %v, of TSA %q, not %q", alg, err, stamp.TSA, s.Name())
		}
		if again, err := seal.NormalizeStamp(token); err != nil || !bytes.Equal(again, token) {
			t.Errorf("%v: the token is not DER: %v", alg, err)
		}
		if len(stamp.Chain) > 1 && len(parsed(t, token).Certificates) < len(stamp.Chain)-1 {
			t.Errorf("%v: the token lacks certificates of its chain", alg)
		}
	}
}

func parsed(t *testing.T, token []byte) seal.StampToken {
	t.Helper()
	p, err := seal.ParseStampToken(token)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func tokensDiffer(t *testing.T, s stamper.Stamper) {
	imprint := sha256.Sum256(nil)
	var tokens [2]seal.StampToken
	for i := range tokens {
		token, err := s.Stamp(t.Context(), crypto.SHA256, imprint[:])
		if err != nil {
			t.Fatal(err)
		}
		tokens[i] = parsed(t, token)
	}
	if a, b := tokens[0].Info, tokens[1].Info; a.Nonce == nil || b.Nonce == nil || a.Nonce.Cmp(b.Nonce) == 0 {
		t.Errorf("nonces %v and %v", a.Nonce, b.Nonce)
	}
}

func together(t *testing.T, s stamper.Stamper) {
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			imprint := sha256.Sum256([]byte{byte(i)})
			if _, err := s.Stamp(t.Context(), crypto.SHA256, imprint[:]); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func refuses(t *testing.T, s stamper.Stamper) {
	for _, imprint := range [][]byte{nil, make([]byte, 31), make([]byte, 64)} {
		if token, err := s.Stamp(t.Context(), crypto.SHA256, imprint); err == nil || token != nil {
			t.Errorf("%d bytes were stamped as SHA-256", len(imprint))
		}
	}
}

func stops(t *testing.T, s stamper.Stamper) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	imprint := sha256.Sum256(nil)
	if token, err := s.Stamp(ctx, crypto.SHA256, imprint[:]); err == nil || token != nil {
		t.Error("stamped under a context that had ended")
	}
}
