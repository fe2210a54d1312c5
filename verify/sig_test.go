package verify_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"kartoteka/seal"
	"kartoteka/verify"
)

func exampleStatement(t testing.TB) seal.Statement {
	t.Helper()
	return must(seal.ParseStatement(vector(t, "statement-1.json")))
}

// signed makes an envelope with a key.
func signed(t testing.TB, key crypto.PrivateKey, cert *x509.Certificate) seal.Envelope {
	t.Helper()
	data, err := seal.Sign(exampleStatement(t), must(signature.LoadSigner(key, crypto.SHA256)), cert)
	if err != nil {
		t.Fatal(err)
	}
	return must(seal.ParseEnvelope(data))
}

func TestSignerKinds(t *testing.T) {
	_, edward, _ := ed25519.GenerateKey(rand.Reader)
	for _, tt := range []struct {
		name string
		key  crypto.Signer
		weak bool
	}{
		{"ECDSA P-256", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), false},
		{"Ed25519", edward, false},
		{"RSA 3072", must(rsa.GenerateKey(rand.Reader, 3072)), false},
		{"ECDSA P-384", must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)), true},
		{"RSA 2048", must(rsa.GenerateKey(rand.Reader, 2048)), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := string(must(cryptoutils.MarshalPublicKeyToPEM(tt.key.Public())))
			p := examplePolicy(t)
			p.Producers = []verify.Producer{{Name: "his", Key: text}}
			_, err := verify.ParsePolicy(must(p.Marshal()))
			if (err != nil) != tt.weak || tt.weak && !strings.Contains(err.Error(), "the key is not") {
				t.Errorf("policy: %v", err)
			}
			signer, err := p.Envelope(signed(t, tt.key, nil), day("2026-11-21"))
			want := "passed"
			if tt.weak {
				want = "producer_unknown indeterminate"
			}
			if outcome(err) != want || !tt.weak && signer.Producer != "his" {
				t.Errorf("got %+v, %s, want %s", signer, outcome(err), want)
			}
		})
	}
}

func TestEnvelopeJudged(t *testing.T) {
	_, pem := producer(t, "producer")
	_, other := producer(t, "other")
	window := func(from, until *seal.Time) []verify.Producer {
		return []verify.Producer{{Name: "his", Key: pem, From: from, Until: until}}
	}
	for _, tt := range []struct {
		name      string
		change    func(*seal.Envelope)
		producers []verify.Producer
		want      string
	}{
		{"good", nil, nil, "passed"},
		{"first day", nil, window(stamp("2026-11-21"), nil), "passed"},
		{"last day", nil, window(nil, stamp("2026-11-22")), "passed"},
		{"before from", nil, window(stamp("2026-11-22"), nil), "producer_not_trusted_then"},
		{"at until", nil, window(nil, stamp("2026-11-21")), "producer_not_trusted_then"},
		{"ended and trusted again", nil, append(window(nil, stamp("2026-01-01")), window(stamp("2026-06-01"), nil)...), "passed"},
		{"unknown producer", nil, []verify.Producer{{Name: "other", Key: other}}, "producer_unknown indeterminate"},
		{"no producer", nil, []verify.Producer{}, "producer_unknown indeterminate"},
		{"signature flipped", func(e *seal.Envelope) { e.Signature = flip(e.Signature, 3) }, nil, "signature"},
		{"signature of nothing", func(e *seal.Envelope) { e.Signature = nil }, nil, "signature"},
		{"payload flipped", func(e *seal.Envelope) { e.Payload = flip(e.Payload, 40) }, nil, "signature"},
		{"another's hint", func(e *seal.Envelope) { e.Hint = hintOf(t, other) }, append(window(nil, nil), verify.Producer{Name: "other", Key: other}), "signature"},
		{"no hint", func(e *seal.Envelope) { e.Hint = "" }, nil, "producer_unknown indeterminate"},
		{"payload type", func(e *seal.Envelope) { e.PayloadType = "application/vnd.kartoteka+json" }, nil, "payload_type"},
		{"payload type by case", func(e *seal.Envelope) { e.PayloadType = strings.ToUpper(e.PayloadType) }, nil, "payload_type"},
	} {
		p, e := examplePolicy(t), exampleEnvelope(t)
		if tt.producers != nil {
			p.Producers = tt.producers
		}
		if tt.change != nil {
			tt.change(&e)
		}
		_, err := p.Envelope(e, day("2026-11-21"))
		if got := outcome(err); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	if _, err := examplePolicy(t).Envelope(exampleEnvelope(t), time.Time{}); outcome(err) != "time indeterminate" {
		t.Errorf("judged at no time: %s", outcome(err))
	}
}

func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

func hintOf(t testing.TB, pem string) string {
	return must(seal.KeyHint(must(verify.LoadKey([]byte(pem)))))
}

// authority makes certificates.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func (a *authority) issue(t testing.TB, cn string, ca bool, key crypto.Signer, from, until string, usage x509.KeyUsage) *x509.Certificate {
	t.Helper()
	if ca {
		usage = x509.KeyUsageCertSign
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: cn, Organization: []string{"Szpital, Testowy"}, Country: []string{"PL"}},
		NotBefore: day(from), NotAfter: day(until), IsCA: ca, BasicConstraintsValid: ca, KeyUsage: usage}
	parent, signer := c, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	return must(x509.ParseCertificate(der))
}

func pemOf(certs ...*x509.Certificate) string {
	var b strings.Builder
	for _, c := range certs {
		pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return b.String()
}

func TestCertificates(t *testing.T) {
	key := func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }
	rootKey, midKey, leafKey, strangerKey := key(), key(), key(), key()
	big := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	var none *authority
	sign := x509.KeyUsageDigitalSignature
	root := none.issue(t, "Root", true, rootKey, "2020-01-01", "2040-01-01", 0)
	mid := (&authority{root, rootKey}).issue(t, "Middle", true, midKey, "2020-01-01", "2040-01-01", 0)
	ca := &authority{mid, midKey}
	leaf := ca.issue(t, "HIS seal", false, leafKey, "2026-01-01", "2028-01-01", sign)
	stranger := none.issue(t, "HIS seal", false, strangerKey, "2026-01-01", "2028-01-01", sign)
	chain := pemOf(root, mid)
	subject := leaf.Subject.String()

	for _, tt := range []struct {
		name    string
		cert    *x509.Certificate
		key     crypto.Signer
		chain   string
		subject string
		at      string
		want    string
	}{
		{"valid", leaf, leafKey, chain, subject, "2026-11-21", "passed"},
		{"order of the chain", leaf, leafKey, pemOf(mid, root), subject, "2026-11-21", "passed"},
		{"for commitments", ca.issue(t, "HIS seal", false, leafKey, "2026-01-01", "2028-01-01", x509.KeyUsageContentCommitment), leafKey, chain, subject, "2026-11-21", "passed"},
		{"expired then", leaf, leafKey, chain, subject, "2028-01-02", "producer_not_trusted_then"},
		{"not yet valid", leaf, leafKey, chain, subject, "2025-12-31", "producer_not_trusted_then"},
		{"intermediate missing", leaf, leafKey, pemOf(root), subject, "2026-11-21", "producer_not_trusted_then"},
		{"another subject", leaf, leafKey, chain, "CN=PACS seal", "2026-11-21", "producer_unknown indeterminate"},
		{"another issuer", stranger, strangerKey, chain, subject, "2026-11-21", "producer_not_trusted_then"},
		{"not for signatures", ca.issue(t, "HIS seal", false, leafKey, "2026-01-01", "2028-01-01", x509.KeyUsageKeyEncipherment), leafKey, chain, subject, "2026-11-21", "producer_not_trusted_then"},
		{"weak", ca.issue(t, "HIS seal", false, big, "2026-01-01", "2028-01-01", sign), big, chain, subject, "2026-11-21", "key_weak"},
		{"signed with another key", leaf, strangerKey, chain, subject, "2026-11-21", "signature"},
	} {
		p := examplePolicy(t)
		p.Producers = []verify.Producer{{Name: "his", Chain: tt.chain, Subject: tt.subject}}
		if _, err := verify.ParsePolicy(must(p.Marshal())); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		_, err := p.Envelope(signed(t, tt.key, tt.cert), day(tt.at))
		if got := outcome(err); got != tt.want {
			t.Errorf("%s: got %s (%v), want %s", tt.name, got, err, tt.want)
		}
	}
	p := examplePolicy(t)
	p.Producers = []verify.Producer{{Name: "his", Key: string(must(cryptoutils.MarshalPublicKeyToPEM(leafKey.Public())))}}
	if _, err := p.Envelope(signed(t, leafKey, leaf), day("2026-11-21")); outcome(err) != "producer_unknown indeterminate" {
		t.Errorf("a certificate where the policy names the key: %s", outcome(err))
	}
	p.Producers = []verify.Producer{{Name: "his", Chain: chain, Subject: subject}}
	if _, err := p.Envelope(signed(t, leafKey, nil), day("2026-11-21")); outcome(err) != "producer_unknown indeterminate" {
		t.Errorf("a key where the policy names a chain: %s", outcome(err))
	}
}
