package seal_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"math/big"
	"strings"
	"testing"
	"time"

	"kartoteka/archive/stamper/stampertest"
	"kartoteka/seal"
	"kartoteka/seal/fuzztest"
)

var stampImprint = sha256.Sum256([]byte("night"))

func stampToken(t testing.TB, change func(f *stampertest.Forge)) ([]byte, *stampertest.TSA) {
	t.Helper()
	a := stampertest.New(t, stampertest.Options{})
	a.Change = change
	token, err := a.Token(crypto.SHA256, stampImprint[:])
	if err != nil {
		t.Fatal(err)
	}
	return token, a
}

func TestStampRequest(t *testing.T) {
	for _, q := range []seal.StampRequest{
		{Hash: crypto.SHA256, Imprint: stampImprint[:], Nonce: big.NewInt(1 << 60)},
		{Hash: crypto.SHA512, Imprint: make([]byte, 64), Policy: "2.25.329800735698586629295641978511506172918", Nonce: big.NewInt(-5)},
		{Hash: crypto.SHA384, Imprint: make([]byte, 48), Bare: true},
	} {
		data, err := q.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := seal.ParseStampRequest(data)
		if err != nil || got.Hash != q.Hash || !bytes.Equal(got.Imprint, q.Imprint) || got.Policy != q.Policy || got.Bare != q.Bare {
			t.Errorf("got %+v, %v", got, err)
		}
		if q.Nonce != nil && got.Nonce.Cmp(q.Nonce) != 0 {
			t.Errorf("nonce %v", got.Nonce)
		}
	}
	if _, err := (seal.StampRequest{Hash: crypto.SHA256, Imprint: make([]byte, 31)}).Marshal(); err == nil {
		t.Error("31 bytes are no SHA-256")
	}
}

// A BER token becomes DER; what is signed stays, and DER stays as it is.
func TestNormalizeStamp(t *testing.T) {
	ber, a := stampToken(t, func(f *stampertest.Forge) { f.BER = true })
	if _, err := seal.ParseStampToken(ber); err == nil {
		t.Fatal("the token is DER already")
	}
	der, err := seal.NormalizeStamp(ber)
	if err != nil {
		t.Fatal(err)
	}
	got, err := seal.ParseStampToken(der)
	if err != nil || !bytes.Contains(ber, got.Signed[1:]) || !bytes.Contains(ber, got.Certificates[0]) {
		t.Errorf("signed parts were changed: %v", err)
	}
	if _, err := a.Policy().Stamp(der, crypto.SHA256, stampImprint[:], time.Now()); err != nil {
		t.Error(err)
	}
	again, err := seal.NormalizeStamp(der)
	if err != nil || !bytes.Equal(again, der) {
		t.Errorf("DER was changed: %v", err)
	}
}

// What is signed is never put in order: then the signature would be over something else than what stands there.
func TestNormalizeKeepsSigned(t *testing.T) {
	token, _ := stampToken(t, func(f *stampertest.Forge) { f.Unsorted = true })
	if _, err := seal.NormalizeStamp(token); err == nil || !strings.Contains(err.Error(), "order") {
		t.Errorf("got %v", err)
	}
	for _, bad := range [][]byte{nil, {0x30}, {0x30, 0x80}, {0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, append(token, 0), bytes.Repeat([]byte{0x30, 0x80}, 1000)} {
		if _, err := seal.NormalizeStamp(bad); err == nil {
			t.Errorf("%x was normalized", bad[:min(8, len(bad))])
		}
	}
}

func TestEnrichStamp(t *testing.T) {
	token, a := stampToken(t, nil)
	crl, err := a.CRL("root")
	if err != nil {
		t.Fatal(err)
	}
	ocsp, err := a.OCSP(a.Certificate.SerialNumber)
	if err != nil {
		t.Fatal(err)
	}
	enrich := func(token []byte) []byte {
		t.Helper()
		out, err := seal.EnrichStamp(token, [][]byte{a.Root.Raw, a.Authority.Raw}, [][]byte{crl}, [][]byte{ocsp})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	enriched := enrich(token)
	before, _ := seal.ParseStampToken(token)
	after, err := seal.ParseStampToken(enriched)
	switch {
	case err != nil || len(after.Certificates) != 3 || len(after.CRLs) != 1 || len(after.OCSP) != 1:
		t.Errorf("%d certificates, %d CRLs, %d OCSP responses, %v", len(after.Certificates), len(after.CRLs), len(after.OCSP), err)
	case !bytes.Equal(before.Content, after.Content) || !bytes.Equal(before.Signed, after.Signed) || !bytes.Equal(before.Signature, after.Signature):
		t.Error("signed parts were changed")
	case !bytes.Equal(enrich(enriched), enriched):
		t.Error("what was there was added again")
	}
	if normal, err := seal.NormalizeStamp(enriched); err != nil || !bytes.Equal(normal, enriched) {
		t.Errorf("the enriched token is not DER: %v", err)
	}
	if _, err := seal.EnrichStamp(token, [][]byte{{1, 2, 3}}, nil, nil); err == nil {
		t.Error("took what is no certificate")
	}
}

func TestStampResponse(t *testing.T) {
	_, a := stampToken(t, nil)
	request, err := seal.StampRequest{Hash: crypto.SHA256, Imprint: stampImprint[:]}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	a.Change = func(f *stampertest.Forge) { f.Status, f.Bit, f.Text = 2, 25, "out of\norder" }
	data, err := a.Answer(request)
	if err != nil {
		t.Fatal(err)
	}
	r, err := seal.ParseStampResponse(data)
	if want := `rejection: system failure: "out of\norder"`; err != nil || r.String() != want || r.Granted() {
		t.Errorf("got %s, %v", r, err)
	}
	for _, bad := range [][]byte{nil, {0x30, 0}, {0x30, 5, 0x30, 3, 2, 1, 0}, append(data, 0)} {
		if r, err := seal.ParseStampResponse(bad); err == nil {
			t.Errorf("%x gave %+v", bad, r)
		}
	}
}

func FuzzParseStampToken(f *testing.F) {
	token, a := stampToken(f, nil)
	f.Add(token)
	if crl, err := a.CRL("root"); err == nil {
		enriched, _ := seal.EnrichStamp(token, nil, [][]byte{crl}, nil)
		f.Add(enriched)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := bounded(t, data, seal.ParseStampToken); err != nil {
			return
		}
		// What is read can be written again: sorted at most.
		normal, err := seal.NormalizeStamp(data)
		if err != nil || len(normal) != len(data) {
			t.Fatalf("normalized to %d bytes of %d: %v", len(normal), len(data), err)
		}
	})
}

func FuzzNormalizeStamp(f *testing.F) {
	for _, ber := range []bool{false, true} {
		token, _ := stampToken(f, func(f *stampertest.Forge) { f.BER = ber })
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		normal, err := bounded(t, data, seal.NormalizeStamp)
		if err == nil {
			fuzztest.Same(t, normal, func() ([]byte, error) { return seal.NormalizeStamp(normal) })
		}
	})
}

func FuzzParseStampResponse(f *testing.F) {
	_, a := stampToken(f, nil)
	request, _ := seal.StampRequest{Hash: crypto.SHA256, Imprint: stampImprint[:]}.Marshal()
	for _, status := range []int64{0, 2} {
		a.Change = func(f *stampertest.Forge) { f.Status, f.Text = status, "text" }
		data, err := a.Answer(request)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := bounded(t, data, seal.ParseStampResponse)
		if err == nil && len(r.Token) > len(data) {
			t.Fatal("a token out of nothing")
		}
	})
}

func FuzzParseStampRequest(f *testing.F) {
	request, _ := seal.StampRequest{Hash: crypto.SHA256, Imprint: stampImprint[:], Policy: "1.2.3", Nonce: big.NewInt(9)}.Marshal()
	f.Add(request)
	settled(f, seal.MaxStampRequest, seal.ParseStampRequest, seal.StampRequest.Marshal)
}

func FuzzParseOCSP(f *testing.F) {
	_, a := stampToken(f, nil)
	for _, c := range []int64{1, 0} {
		if c == 0 {
			a.Revoke(a.Certificate, time.Now(), 1)
		}
		data, err := a.OCSP(a.Certificate.SerialNumber)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { bounded(t, data, seal.ParseOCSP) })
}
