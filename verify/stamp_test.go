package verify_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"kartoteka/archive/stamper/stampertest"
	"kartoteka/seal"
	"kartoteka/verify"
)

var stamped = sha256.Sum256([]byte("night"))

// lapsed says that a token held once: what shows that it was there then is missing, and nothing is forged.
func lapsed(e *verify.Error) bool { return strings.Contains(e.Reason, "nothing here shows") }

// wantStamp judges a token; an empty code is a token that passes.
func wantStamp(t *testing.T, p *verify.Policy, token []byte, at time.Time, code verify.Code) verify.Stamp {
	t.Helper()
	s, err := p.Stamp(token, crypto.SHA256, stamped[:], at)
	var e *verify.Error
	switch {
	case err == nil && code != "":
		t.Errorf("passed, want %s", code)
	case err != nil && (!errors.As(err, &e) || e.Code != code):
		t.Errorf("got %v, want %q", err, code)
	case e != nil && e.Indeterminate != (code == verify.CodeTSA || lapsed(e)):
		t.Errorf("%s: indeterminate %v", code, e.Indeterminate)
	}
	return s
}

func TestStampPasses(t *testing.T) {
	for _, c := range []struct {
		name, key string
		change    func(f *stampertest.Forge)
	}{
		{"ECDSA P-256", "ecdsa", nil},
		{"ECDSA P-384", "p384", func(f *stampertest.Forge) { f.Digest = crypto.SHA384 }},
		{"ECDSA P-521", "p521", func(f *stampertest.Forge) { f.Digest = crypto.SHA512 }},
		{"RSA", "rsa", nil},
		{"RSA without NULL", "rsa", func(f *stampertest.Forge) { f.Bare = true }},
		{"RSA-PSS", "rsa", func(f *stampertest.Forge) { f.PSS = true }},
		{"Ed25519", "ed25519", nil},
		{"milliseconds", "ecdsa", func(f *stampertest.Forge) {
			f.GenTime = f.Time.UTC().Add(-time.Second).Format("20060102150405") + ".5Z"
		}},
		{"named by SHA-1", "ecdsa", func(f *stampertest.Forge) { f.NamedBySHA1 = true }},
		{"no nonce", "ecdsa", func(f *stampertest.Forge) { f.Nonce = nil }},
		{"an unknown attribute", "ecdsa", func(f *stampertest.Forge) { f.Extra = "1.2.3.4" }},
		{"an unknown kind of revocation list", "ecdsa", func(f *stampertest.Forge) {
			f.CMSVersion, f.CRLs = 5, [][]byte{{0xa1, 7, 6, 3, 0x2a, 3, 4, 5, 0}}
		}},
		{"OCSP responses with version 3", "ecdsa", func(f *stampertest.Forge) { f.CRLs = [][]byte{{0xa1, 7, 6, 3, 0x2a, 3, 4, 5, 0}} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := stampertest.New(t, stampertest.Options{Key: c.key})
			a.Change = c.change
			now := time.Now()
			s := wantStamp(t, a.Policy(), must(a.Token(crypto.SHA256, stamped[:])), now, "")
			if s.TSA != stampertest.Name || s.Serial != "1" || !s.NotAfter.Equal(a.Certificate.NotAfter) || s.Revocation != verify.RevocationUnknown || len(s.Algorithms) < 2 || len(s.Chain) != 3 {
				t.Errorf("%+v", s)
			}
			if now.Sub(s.Time).Abs() > 5*time.Second {
				t.Errorf("the time is %s", s.Time)
			}
		})
	}
}

func TestStampFails(t *testing.T) {
	sum512 := sha512.Sum512([]byte("night"))
	for _, c := range []struct {
		name, key string
		change    func(f *stampertest.Forge)
		code      verify.Code
	}{
		{"another imprint", "", func(f *stampertest.Forge) { f.Imprint = make([]byte, 32) }, verify.CodeStampImprint},
		{"another hash", "", func(f *stampertest.Forge) { f.Hash, f.Imprint = crypto.SHA512, sum512[:] }, verify.CodeStampImprint},
		{"TSTInfo version 2", "", func(f *stampertest.Forge) { f.Version = 2 }, verify.CodeStampForm},
		{"critical extension", "", func(f *stampertest.Forge) { f.Critical = "1.2.3" }, verify.CodeStampForm},
		{"a fraction that ends in 0", "", func(f *stampertest.Forge) { f.GenTime = "20260101000000.50Z" }, verify.CodeStampForm},
		{"local time", "", func(f *stampertest.Forge) { f.GenTime = "20260101000000+0100" }, verify.CodeStampForm},
		{"before its certificate", "", func(f *stampertest.Forge) { f.Time = f.Time.Add(-31 * 24 * time.Hour) }, verify.CodeStampChain},
		{"after the time of judging", "", func(f *stampertest.Forge) { f.Time = f.Time.Add(time.Hour) }, verify.CodeTime},
		{"CMS version 1", "", func(f *stampertest.Forge) { f.CMSVersion = 1 }, verify.CodeStampForm},
		{"CMS version 4", "", func(f *stampertest.Forge) { f.CMSVersion = 4 }, verify.CodeStampForm},
		{"other content", "", func(f *stampertest.Forge) { f.ContentType = "1.2.840.113549.1.7.1" }, verify.CodeStampForm},
		{"other content signed", "", func(f *stampertest.Forge) { f.SignedType = "1.2.840.113549.1.7.1" }, verify.CodeStampForm},
		{"SHA-1", "", func(f *stampertest.Forge) { f.Digest = crypto.SHA1 }, verify.CodeStampAlgorithm},
		{"another content's digest", "", func(f *stampertest.Forge) { f.Sum = make([]byte, 32) }, verify.CodeStampSignature},
		{"spoilt ECDSA", "", func(f *stampertest.Forge) { f.Spoil = true }, verify.CodeStampSignature},
		{"spoilt RSA", "rsa", func(f *stampertest.Forge) { f.Spoil = true }, verify.CodeStampSignature},
		{"spoilt RSA without NULL", "rsa", func(f *stampertest.Forge) { f.Spoil, f.Bare = true, true }, verify.CodeStampSignature},
		{"spoilt RSA-PSS", "rsa", func(f *stampertest.Forge) { f.Spoil, f.PSS = true, true }, verify.CodeStampSignature},
		{"spoilt Ed25519", "ed25519", func(f *stampertest.Forge) { f.Spoil = true }, verify.CodeStampSignature},
		{"Ed25519 with SHA-256", "ed25519", func(f *stampertest.Forge) { f.Digest = crypto.SHA256 }, verify.CodeStampForm},
		{"no name of the certificate", "", func(f *stampertest.Forge) { f.Unnamed = true }, verify.CodeStampForm},
		{"no certificate", "", func(f *stampertest.Forge) { f.Certificates = nil }, verify.CodeStampSigner},
		{"an attribute twice", "", func(f *stampertest.Forge) { f.Extra = "1.2.840.113549.1.9.4" }, verify.CodeStampForm},
		{"no signer", "", func(f *stampertest.Forge) { f.Signers = 0 }, verify.CodeStampForm},
		{"two signers", "", func(f *stampertest.Forge) { f.Signers = 2 }, verify.CodeStampForm},
		{"unsorted attributes", "", func(f *stampertest.Forge) { f.Unsorted = true }, verify.CodeStampForm},
		{"BER", "", func(f *stampertest.Forge) { f.BER = true }, verify.CodeStampForm},
		{"trailing bytes", "", func(f *stampertest.Forge) { f.After = []byte{0} }, verify.CodeStampForm},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := stampertest.New(t, stampertest.Options{Key: c.key})
			a.Change = c.change
			wantStamp(t, a.Policy(), must(a.Token(crypto.SHA256, stamped[:])), time.Now(), c.code)
		})
	}
}

// GHSA-3xxc-pwj6-jgrj: whatever else lies among the certificates is not taken for the signer's, by name, by serial
// number, or because it stands first.
func TestInjectedCertificates(t *testing.T) {
	a := stampertest.New(t, stampertest.Options{})
	key := stampertest.New(t, stampertest.Options{}).Key.Public()
	spoofed := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Spoofed TSA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{stampertest.Purpose(true, stampertest.TimeStamping)},
	}
	other := a.Issue(t, spoofed, key)
	a.Change = func(f *stampertest.Forge) { f.Certificates = append(f.Certificates, other.Raw) }
	s := wantStamp(t, a.Policy(), must(a.Token(crypto.SHA256, stamped[:])), time.Now(), "")
	if s.Signer == nil || !s.Signer.Equal(a.Certificate) {
		t.Errorf("the signer is taken for %v", s.Signer.Subject)
	}
	a.Change = func(f *stampertest.Forge) { f.Named = other }
	wantStamp(t, a.Policy(), must(a.Token(crypto.SHA256, stamped[:])), time.Now(), verify.CodeStampSigner)
}

func TestStampPurpose(t *testing.T) {
	for name, o := range map[string]stampertest.Options{
		"not critical": {Purpose: func() pkix.Extension { return stampertest.Purpose(false, stampertest.TimeStamping) }},
		"a second one": {Purpose: func() pkix.Extension {
			return stampertest.Purpose(true, stampertest.TimeStamping, stampertest.CodeSigning)
		}},
		"unknown": {Purpose: func() pkix.Extension {
			return stampertest.Purpose(true, stampertest.TimeStamping, asn1.ObjectIdentifier{1, 2, 3})
		}},
		"another one": {Purpose: func() pkix.Extension { return stampertest.Purpose(true, stampertest.CodeSigning) }},
		"none":        {Template: func(c *x509.Certificate) { c.ExtraExtensions = nil }},
		"key usage":   {Template: func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }},
	} {
		t.Run(name, func(t *testing.T) {
			a := stampertest.New(t, o)
			wantStamp(t, a.Policy(), must(a.Token(crypto.SHA256, stamped[:])), time.Now(), verify.CodeStampPurpose)
		})
	}
}

// Trust comes from the policy, at the time of judging: never from the token, never at its own time.
func TestStampTrust(t *testing.T) {
	a := stampertest.New(t, stampertest.Options{})
	a.Change = func(f *stampertest.Forge) { f.Certificates = append(f.Certificates, a.Root.Raw) }
	token := must(a.Token(crypto.SHA256, stamped[:]))
	end := a.Certificate.NotAfter
	anchor := func(certs ...*x509.Certificate) *verify.Policy {
		var chain []byte
		for _, c := range certs {
			chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
		}
		return &verify.Policy{TSAs: []verify.Anchor{{Name: "x", Chain: string(chain)}}}
	}
	wantStamp(t, &verify.Policy{}, token, time.Now(), verify.CodeTSA)
	wantStamp(t, stampertest.New(t, stampertest.Options{}).Policy(), token, time.Now(), verify.CodeTSA)
	wantStamp(t, &verify.Policy{TSAs: []verify.Anchor{{Name: "x", Chain: "none"}}}, token, time.Now(), verify.CodeTSA)
	wantStamp(t, &verify.Policy{}, token, end.Add(time.Hour), verify.CodeTSA)
	wantStamp(t, a.Policy(), token, end.Add(-time.Second), "")
	wantStamp(t, a.Policy(), token, end.Add(time.Second), verify.CodeStampChain)
	wantStamp(t, anchor(a.Root, a.Authority, a.Certificate), token, end.Add(time.Second), verify.CodeStampChain)
	wantStamp(t, anchor(a.Authority), token, time.Now(), "")
	if s := wantStamp(t, anchor(a.Certificate), token, time.Now(), ""); len(s.Chain) != 1 || s.Revocation != verify.RevocationUnknown {
		t.Errorf("%+v", s)
	}
	var e *verify.Error
	if _, err := a.Policy().Stamp(token, crypto.SHA256, stamped[:], time.Time{}); !errors.As(err, &e) || !e.Indeterminate {
		t.Errorf("judged at no time: %v", err)
	}
}

// A certificate that the token leaves out may stand in the policy.
func TestSignerFromPolicy(t *testing.T) {
	a := stampertest.New(t, stampertest.Options{})
	a.Change = func(f *stampertest.Forge) { f.Certificates = nil }
	p := a.Policy()
	for _, c := range []*x509.Certificate{a.Authority, a.Certificate} {
		p.TSAs[0].Chain += string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	if s := wantStamp(t, p, must(a.Token(crypto.SHA256, stamped[:])), time.Now(), ""); len(s.Chain) != 3 {
		t.Errorf("%d certificates", len(s.Chain))
	}
}

func TestStampAlgorithms(t *testing.T) {
	for _, a := range verify.Algorithms() {
		if a.Name == "" || a.Source == "" || a.Until == nil && a.Verify {
			t.Errorf("%+v", a)
		}
	}
	a := stampertest.New(t, stampertest.Options{})
	s := wantStamp(t, a.Policy(), must(a.Token(crypto.SHA256, stamped[:])), time.Now(), "")
	var names []string
	for _, a := range s.Algorithms {
		names = append(names, a.String())
	}
	if got := strings.Join(names, " "); got != "sha256 ecdsa-256" {
		t.Errorf("it rests on %s", got)
	}
}

// What a revocation does depends on when it was, why, and on the time of judging (RFC 3161 §4).
func TestStampRevocation(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name      string
		authority bool // revoked is the authority above the TSA
		when      time.Duration
		reason    int
		at        time.Duration
		code      verify.Code
		state     string
	}{
		{"compromised before the token", false, -day, 1, day, verify.CodeStampRevoked, ""},
		{"compromised after the token", false, day, 1, 2 * day, verify.CodeStampRevoked, ""},
		{"compromised after the time of judging", false, 3 * day, 1, 2 * day, "", verify.RevocationUnknown},
		{"superseded before the token", false, -day, 4, day, verify.CodeStampRevoked, ""},
		{"superseded after the token", false, day, 4, 2 * day, "", verify.RevocationUnknown},
		{"ceased after the token", false, day, 5, 2 * day, "", verify.RevocationUnknown},
		{"no reason, after the token", false, day, 0, 2 * day, verify.CodeStampRevoked, ""},
		{"withdrawn after the token", false, day, 9, 2 * day, verify.CodeStampRevoked, ""},
		{"authority superseded after the token", true, day, 4, 2 * day, verify.CodeStampRevoked, ""},
		{"authority superseded after the time of judging", true, 3 * day, 4, 2 * day, "", verify.RevocationUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := stampertest.New(t, stampertest.Options{})
			token := must(a.Token(crypto.SHA256, stamped[:]))
			now := time.Now()
			cert := a.Certificate
			if c.authority {
				cert = a.Authority
			}
			a.Revoke(cert, now.Add(c.when), c.reason)
			a.Now = func() time.Time { return now.Add(max(c.when, 0) + time.Hour) }
			enriched := must(seal.EnrichStamp(token, nil, [][]byte{must(a.CRL("root")), must(a.CRL("authority"))}, nil))
			s := wantStamp(t, a.Policy(), enriched, now.Add(c.at), c.code)
			if s.Revocation != c.state {
				t.Errorf("revocation %q, want %q; %q", s.Revocation, c.state, s.Notes)
			}
			if c.reason > 0 {
				enriched = must(seal.EnrichStamp(token, nil, nil, [][]byte{must(a.OCSP(cert.SerialNumber))}))
				wantStamp(t, a.Policy(), enriched, now.Add(c.at), c.code)
			}
		})
	}
}

func TestStampGood(t *testing.T) {
	a := stampertest.New(t, stampertest.Options{})
	token := must(a.Token(crypto.SHA256, stamped[:]))
	crls := [][]byte{must(a.CRL("root")), must(a.CRL("authority"))}
	ocsp := [][]byte{must(a.OCSP(a.Certificate.SerialNumber)), must(a.OCSP(a.Authority.SerialNumber))}
	point := func(parts string) pkix.Extension {
		return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: append([]byte{0x30, byte(len(parts))}, parts...)}
	}
	name := func(url string) string {
		n := len(url)
		return string([]byte{0xa0, byte(n + 4), 0xa0, byte(n + 2), 0x86, byte(n)}) + url
	}
	with := func(e pkix.Extension) [][]byte { return [][]byte{crls[0], must(a.CRL("authority", e))} }
	other := stampertest.New(t, stampertest.Options{})
	for _, c := range []struct {
		name       string
		crls, ocsp [][]byte
		want       string
	}{
		{"CRLs", crls, nil, "good"},
		{"OCSP", nil, ocsp, "good"},
		{"one of each", crls[:1], ocsp[:1], "good"},
		{"the authority's alone", crls[:1], nil, "unknown"},
		{"other issuers'", [][]byte{must(other.CRL("root")), must(other.CRL("authority"))}, nil, "unknown"},
		{"another issuer's answer", nil, [][]byte{must(other.OCSP(a.Certificate.SerialNumber)), must(other.OCSP(a.Authority.SerialNumber))}, "unknown"},
		{"for others than authorities", with(point("\x81\x01\xff")), nil, "good"},
		{"for authorities", with(point("\x82\x01\xff")), nil, "unknown"},
		{"for attribute certificates", with(point("\x85\x01\xff")), nil, "unknown"},
		{"some reasons", with(point("\x83\x02\x05\x20")), nil, "unknown"},
		{"of its place", with(point(name(a.URL + "/crl/authority"))), nil, "good"},
		{"of another place", with(point(name("http://x/"))), nil, "unknown"},
		{"a difference", with(pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}), nil, "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			enriched := must(seal.EnrichStamp(token, nil, c.crls, c.ocsp))
			s := wantStamp(t, a.Policy(), enriched, time.Now().Add(time.Minute), "")
			if s.Revocation != c.want || (c.want == "unknown") != (len(s.Notes) > 0) {
				t.Errorf("%s, want %s: %q", s.Revocation, c.want, s.Notes)
			}
		})
	}
	// What was outdated when the token was made says nothing of it.
	late := stampertest.New(t, stampertest.Options{})
	lists := [][]byte{must(late.CRL("root")), must(late.CRL("authority"))}
	late.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	enriched := must(seal.EnrichStamp(must(late.Token(crypto.SHA256, stamped[:])), nil, lists, nil))
	if s := wantStamp(t, late.Policy(), enriched, time.Now().Add(50*time.Hour), ""); s.Revocation != "unknown" {
		t.Error("an outdated list was taken")
	}
}

// Any byte of a token matters, or is one that nothing rests on: no change gives another content or signer.
func TestStampBytes(t *testing.T) {
	a := stampertest.New(t, stampertest.Options{NoPlaces: true})
	token := must(a.Token(crypto.SHA256, stamped[:]))
	content := must(seal.ParseStampToken(token)).Content
	for i := range token {
		changed := bytes.Clone(token)
		changed[i] ^= 1
		s, err := a.Policy().Stamp(changed, crypto.SHA256, stamped[:], time.Now())
		if err != nil {
			continue
		}
		if p := must(seal.ParseStampToken(changed)); !bytes.Equal(p.Content, content) || !s.Signer.Equal(a.Certificate) {
			t.Fatalf("byte %d changes what is accepted", i)
		}
	}
}

func FuzzStamp(f *testing.F) {
	a := stampertest.New(f, stampertest.Options{})
	p, at := a.Policy(), time.Now().Add(time.Minute)
	f.Add(must(seal.EnrichStamp(must(a.Token(crypto.SHA256, stamped[:])), nil, [][]byte{must(a.CRL("root"))}, [][]byte{must(a.OCSP(big.NewInt(1)))})))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := p.Stamp(data, crypto.SHA256, stamped[:], at)
		if err == nil && !s.Signer.Equal(a.Certificate) {
			t.Fatal("accepted a token of somebody else")
		}
	})
}
