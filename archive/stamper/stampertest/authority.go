// Package stampertest has a time-stamping authority for tests, which lies on request, and the tests that every
// [kartoteka/archive/stamper.Stamper] must pass. Its CMS is written by hand, apart from the code that reads it.
package stampertest

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
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"kartoteka/verify"
)

// Name of the TSA in the policy.
const Name = "test TSA"

// Options of a TSA. The zero value is an honest one.
type Options struct {
	Key      string                              // "ecdsa" (P-256; the default), "p384", "p521", "rsa", "ed25519"
	Template func(certificate *x509.Certificate) // changes the TSA's certificate before it is signed
	Purpose  func() pkix.Extension               // instead of the right extended key usage
	NoPlaces bool                                // the certificates name neither responder nor CRL
}

// TSA is a time-stamping authority with a root and an authority between. It serves RFC 3161, OCSP and CRLs at URL.
type TSA struct {
	URL    string
	Now    func() time.Time
	Change func(f *Forge)                               // lies
	Serve  func(w http.ResponseWriter, r *http.Request) // instead of the TSA

	Root, Authority, Certificate *x509.Certificate
	rootKey, authorityKey        crypto.Signer
	Key                          crypto.Signer

	options Options
	mu      sync.Mutex
	serial  int64
	revoked map[string]revocation // by serial number
	Asked   map[string]int        // requests by path
}

type revocation struct {
	at     time.Time
	reason int
}

// New starts a TSA. It ends with the test.
func New(t testing.TB, o Options) *TSA {
	t.Helper()
	a := &TSA{Now: time.Now, revoked: map[string]revocation{}, Asked: map[string]int{}}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.URL = server.URL
	a.rootKey, a.authorityKey, a.Key = newKey(t, "ecdsa"), newKey(t, "ecdsa"), newKey(t, o.Key)
	a.options = o
	a.Reissue(t)
	return a
}

// Reissue makes all certificates anew, after URL has changed.
func (a *TSA) Reissue(t testing.TB) {
	t.Helper()
	places := !a.options.NoPlaces
	a.Root = a.issue(t, authority("root"), nil, a.rootKey.Public(), a.rootKey, false)
	a.Authority = a.issue(t, authority("authority"), a.Root, a.authorityKey.Public(), a.rootKey, places)
	a.Certificate = a.issue(t, unit(a.options), a.Authority, a.Key.Public(), a.authorityKey, places)
}

// The RSA key is made once: it takes its time.
var rsaKey = sync.OnceValues(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 3072) })

func newKey(t testing.TB, kind string) (key crypto.Signer) {
	t.Helper()
	var err error
	switch kind {
	case "rsa":
		key, err = rsaKey()
	case "p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "p521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func authority(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"Szpital Testowy"}, CommonName: "test " + name}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		NotBefore: time.Now().Add(-365 * 24 * time.Hour), NotAfter: time.Now().Add(20 * 365 * 24 * time.Hour),
	}
}

// unit is a TSA's certificate, which is for time stamps alone (RFC 3161 §2.3).
func unit(o Options) *x509.Certificate {
	c := &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"Szpital Testowy"}, CommonName: "test TSU"}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: time.Now().Add(-30 * 24 * time.Hour), NotAfter: time.Now().Add(10 * 365 * 24 * time.Hour),
		ExtraExtensions: []pkix.Extension{Purpose(true, timeStamping)},
	}
	if o.Purpose != nil {
		c.ExtraExtensions = []pkix.Extension{o.Purpose()}
	}
	if o.Template != nil {
		o.Template(c)
	}
	return c
}

var (
	timeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	// CodeSigning is another purpose.
	CodeSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}
	// TimeStamping is the right one.
	TimeStamping = timeStamping
)

// Purpose is an extended key usage.
func Purpose(critical bool, purposes ...asn1.ObjectIdentifier) pkix.Extension {
	value, err := asn1.Marshal(purposes)
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: critical, Value: value}
}

func (a *TSA) issue(t testing.TB, c, issuer *x509.Certificate, public crypto.PublicKey, key crypto.Signer, places bool) *x509.Certificate {
	t.Helper()
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	if issuer == nil {
		issuer = c
	}
	if places {
		c.OCSPServer = []string{a.URL + "/ocsp"}
		c.CRLDistributionPoints = []string{a.URL + "/crl/" + issuer.Subject.CommonName[len("test "):]}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, issuer, public, key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Issue signs another certificate under the authority: one to be slipped into a token.
func (a *TSA) Issue(t testing.TB, c *x509.Certificate, public crypto.PublicKey) *x509.Certificate {
	return a.issue(t, c, a.Authority, public, a.authorityKey, false)
}

// Anchor is what a policy says of this TSA: its root.
func (a *TSA) Anchor() verify.Anchor {
	return verify.Anchor{Name: Name, Chain: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Root.Raw}))}
}

// Policy trusts this TSA alone.
func (a *TSA) Policy() *verify.Policy { return &verify.Policy{TSAs: []verify.Anchor{a.Anchor()}} }

// Revoke revokes a certificate. Reason 0 is written as none: crypto/x509 knows no other way.
func (a *TSA) Revoke(c *x509.Certificate, at time.Time, reason int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revoked[c.SerialNumber.String()] = revocation{at, reason}
}

// CRL gives the list of an issuer, "root" or "authority".
func (a *TSA) CRL(issuer string, extensions ...pkix.Extension) ([]byte, error) {
	cert, key := a.Authority, a.authorityKey
	if issuer == "root" {
		cert, key = a.Root, a.rootKey
	}
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: a.Now().Add(-time.Hour), NextUpdate: a.Now().Add(24 * time.Hour), ExtraExtensions: extensions}
	a.mu.Lock()
	defer a.mu.Unlock()
	for serial, r := range a.revoked {
		n, _ := new(big.Int).SetString(serial, 10)
		e := x509.RevocationListEntry{SerialNumber: n, RevocationTime: r.at.UTC(), ReasonCode: r.reason}
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, e)
	}
	return x509.CreateRevocationList(rand.Reader, list, cert, key)
}

// OCSP gives the answer about a certificate of this TSA, by its serial number.
func (a *TSA) OCSP(serial *big.Int) ([]byte, error) {
	issuer, key := a.Authority, a.authorityKey
	if serial.Cmp(a.Authority.SerialNumber) == 0 {
		issuer, key = a.Root, a.rootKey
	}
	answer := ocsp.Response{SerialNumber: serial, Status: ocsp.Good, ThisUpdate: a.Now().Add(-time.Minute), NextUpdate: a.Now().Add(time.Hour)}
	a.mu.Lock()
	r, revoked := a.revoked[serial.String()]
	a.mu.Unlock()
	if revoked {
		answer.Status, answer.RevokedAt, answer.RevocationReason = ocsp.Revoked, r.at, r.reason
	}
	return ocsp.CreateResponse(issuer, issuer, answer, key)
}

// ServeHTTP is the TSA, its responder and its lists.
func (a *TSA) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.Asked[r.URL.Path]++
	a.mu.Unlock()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	var answer []byte
	switch {
	case err != nil:
	case r.URL.Path == "/crl/root" || r.URL.Path == "/crl/authority":
		answer, err = a.CRL(r.URL.Path[len("/crl/"):])
	case r.URL.Path == "/ocsp":
		var q *ocsp.Request
		w.Header().Set("Content-Type", "application/ocsp-response")
		if q, err = ocsp.ParseRequest(body); err == nil {
			answer, err = a.OCSP(q.SerialNumber)
		}
	case a.Serve != nil:
		r.Body = io.NopCloser(bytes.NewReader(body))
		a.Serve(w, r)
		return
	default:
		w.Header().Set("Content-Type", "application/timestamp-reply")
		answer, err = a.Answer(body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Write(answer)
}
