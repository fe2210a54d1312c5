package stamper_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/archive/stamper"
	"kartoteka/archive/stamper/stampertest"
	"kartoteka/seal"
	"kartoteka/verify"
)

var imprint = sha256.Sum256([]byte("night"))

func client(a *stampertest.TSA) *stamper.HTTP {
	return &stamper.HTTP{URL: a.URL, TSA: stampertest.Name, Trust: a.Policy()}
}

func TestHTTPConforms(t *testing.T) {
	for _, key := range []string{"ecdsa", "rsa", "ed25519"} {
		t.Run(key, func(t *testing.T) {
			a := stampertest.New(t, stampertest.Options{Key: key})
			stampertest.Conform(t, client(a), a.Policy())
		})
	}
}

// What comes back has the chain and the status of every certificate in it, and still the signature of the TSA.
func TestCompletes(t *testing.T) {
	a := stampertest.New(t, stampertest.Options{})
	a.Change = func(f *stampertest.Forge) { f.BER = true }
	token, err := client(a).Stamp(t.Context(), crypto.SHA256, imprint[:])
	if err != nil {
		t.Fatal(err)
	}
	p, err := seal.ParseStampToken(token)
	if err != nil || len(p.Certificates) != 2 || len(p.OCSP) != 0 || len(p.CRLs) != 2 {
		t.Errorf("%d certificates, %d OCSP responses, %d CRLs, %v", len(p.Certificates), len(p.OCSP), len(p.CRLs), err)
	}
	s, err := a.Policy().Stamp(token, crypto.SHA256, imprint[:], time.Now())
	if err != nil || s.Revocation != verify.RevocationGood || len(s.Notes) > 0 {
		t.Errorf("revocation %q, notes %q, %v", s.Revocation, s.Notes, err)
	}
}

// Without CRLs the responder is asked; without any the token is taken and a note is made.
func TestStatusIsNoCondition(t *testing.T) {
	for _, c := range []struct {
		name   string
		broken string
		ocsp   int
		notes  bool
	}{{"no CRLs", "/crl", 2, false}, {"nothing", "/", 0, true}} {
		t.Run(c.name, func(t *testing.T) {
			a := stampertest.New(t, stampertest.Options{})
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/tsa" && strings.HasPrefix(r.URL.Path, c.broken) {
					http.Error(w, "no", http.StatusServiceUnavailable)
					return
				}
				a.ServeHTTP(w, r)
			}))
			defer front.Close()
			b := withPlaces(t, a, front.URL)
			var notes []string
			h := client(b)
			h.URL, h.Note = front.URL+"/tsa", func(s string) { notes = append(notes, s) }
			token, err := h.Stamp(t.Context(), crypto.SHA256, imprint[:])
			if err != nil {
				t.Fatal(err)
			}
			p, _ := seal.ParseStampToken(token)
			if len(p.OCSP) != c.ocsp || (len(notes) > 0) != c.notes {
				t.Errorf("%d OCSP responses, notes %q", len(p.OCSP), notes)
			}
		})
	}
}

// withPlaces gives the TSA certificates that name a server in front of it.
func withPlaces(t *testing.T, a *stampertest.TSA, url string) *stampertest.TSA {
	t.Helper()
	a.URL = url
	a.Reissue(t)
	return a
}

func TestRevokedIsNoStamp(t *testing.T) {
	a := stampertest.New(t, stampertest.Options{})
	a.Revoke(a.Certificate, time.Now().Add(-time.Minute), 1)
	_, err := client(a).Stamp(t.Context(), crypto.SHA256, imprint[:])
	wantCode(t, err, verify.CodeStampRevoked)
}

func wantCode(t *testing.T, err error, code verify.Code) {
	t.Helper()
	var e *verify.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// Every lie a server can tell. The error is a judgement's, or one of the exchange.
func TestLies(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(f *stampertest.Forge)
		code   verify.Code
		says   string
	}{
		{"another imprint", func(f *stampertest.Forge) { f.Imprint = bytes.Repeat([]byte{1}, 32) }, verify.CodeStampImprint, ""},
		{"another nonce", func(f *stampertest.Forge) { f.Nonce = big.NewInt(1) }, "", "nonce"},
		{"no nonce", func(f *stampertest.Forge) { f.Nonce = nil }, "", "nonce"},
		{"old", func(f *stampertest.Forge) { f.Time = f.Time.Add(-time.Hour) }, "", "off by"},
		{"future", func(f *stampertest.Forge) { f.Time = f.Time.Add(time.Hour) }, "", "off by"},
		{"another policy", func(f *stampertest.Forge) { f.Policy = "1.2.3" }, "", "policy"},
		{"trailing bytes", func(f *stampertest.Forge) { f.After = []byte{5, 0} }, "", "stamp response"},
		{"rejection", func(f *stampertest.Forge) { f.Status, f.Bit, f.Text = 2, 14, "later" }, "", `rejection: the TSA's time source is not available: "later"`},
		{"waiting", func(f *stampertest.Forge) { f.Status = 3 }, "", "waiting"},
		{"granted with modifications", func(f *stampertest.Forge) { f.Status = 1 }, "", ""},
		{"spoilt", func(f *stampertest.Forge) { f.Spoil = true }, verify.CodeStampSignature, ""},
		{"two signers", func(f *stampertest.Forge) { f.Signers = 2 }, "", "more than one signer"},
		{"no certificate", func(f *stampertest.Forge) { f.Certificates = nil }, verify.CodeStampSigner, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := stampertest.New(t, stampertest.Options{})
			a.Change = c.change
			h := client(a)
			h.Profile = "1.3.6.1.4.1.99999.7"
			token, err := h.Stamp(t.Context(), crypto.SHA256, imprint[:])
			switch {
			case c.code == "" && c.says == "":
				if err != nil {
					t.Error(err)
				}
			case err == nil || token != nil:
				t.Error("was taken for a stamp")
			case c.code != "":
				wantCode(t, err, c.code)
			case !strings.Contains(err.Error(), c.says):
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// What is no time-stamping server, or a broken one.
func TestServers(t *testing.T) {
	reply := func(w http.ResponseWriter) { w.Header().Set("Content-Type", seal.StampReplyType) }
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		says  string
	}{
		{"500", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "x", 500) }, "status 500"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }, "content of type"},
		{"garbage", func(w http.ResponseWriter, _ *http.Request) { reply(w); io.WriteString(w, "garbage") }, "stamp response"},
		{"nothing", func(w http.ResponseWriter, _ *http.Request) { reply(w) }, "stamp response"},
		{"huge", func(w http.ResponseWriter, _ *http.Request) { reply(w); w.Write(make([]byte, 2<<20)) }, "more than"},
		{"slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "deadline"},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://localhost:1/", http.StatusTemporaryRedirect)
		}, "another server"},
		{"in circles", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusTemporaryRedirect) }, "redirects"},
		{"as a GET", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, "drops the request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := stampertest.New(t, stampertest.Options{})
			a.Serve = c.serve
			h := client(a)
			h.Timeout = 300 * time.Millisecond
			if c.name != "slow" {
				h.Timeout = 10 * time.Second
			}
			token, err := h.Stamp(t.Context(), crypto.SHA256, imprint[:])
			if err == nil || token != nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// A clock of ours that is a little behind stops nothing; one that is wrong does.
func TestClock(t *testing.T) {
	a := stampertest.New(t, stampertest.Options{})
	for off, good := range map[time.Duration]bool{-4 * time.Minute: true, 4 * time.Minute: true, -6 * time.Minute: false, 6 * time.Minute: false} {
		h := client(a)
		h.Now = func() time.Time { return time.Now().Add(off) }
		if _, err := h.Stamp(t.Context(), crypto.SHA256, imprint[:]); (err == nil) != good {
			t.Errorf("off by %v: %v", off, err)
		}
	}
}

// The token of another TSA, though the policy trusts it too, is not this one's.
func TestOnlyItsOwnAnchor(t *testing.T) {
	a, b := stampertest.New(t, stampertest.Options{}), stampertest.New(t, stampertest.Options{})
	other := b.Anchor()
	other.Name = "other"
	p := &verify.Policy{TSAs: []verify.Anchor{a.Anchor(), other}}
	h := &stamper.HTTP{URL: b.URL, TSA: stampertest.Name, Trust: p}
	_, err := h.Stamp(t.Context(), crypto.SHA256, imprint[:])
	wantCode(t, err, verify.CodeTSA)
	h.TSA = "unknown"
	if _, err := h.Stamp(t.Context(), crypto.SHA256, imprint[:]); err == nil {
		t.Error("a TSA that the policy does not have gave a stamp")
	}
}

func TestCredentials(t *testing.T) {
	a := stampertest.New(t, stampertest.Options{})
	var got string
	a.Serve = func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		w.Header().Set("Content-Type", seal.StampReplyType)
		body, _ := io.ReadAll(r.Body)
		answer, _ := a.Answer(body)
		w.Write(answer)
	}
	h := client(a)
	h.User, h.Password = "u", "p"
	if _, err := h.Stamp(t.Context(), crypto.SHA256, imprint[:]); err != nil || got != "Basic dTpw" {
		t.Errorf("%q, %v", got, err)
	}
	file := filepath.Join(t.TempDir(), "header")
	if err := os.WriteFile(file, []byte("Authorization: Bearer x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.User, h.HeaderFile = "", file
	if _, err := h.Stamp(t.Context(), crypto.SHA256, imprint[:]); err != nil || got != "Bearer x" {
		t.Errorf("%q, %v", got, err)
	}
	h.URL = "http://tsa.invalid/"
	if _, err := h.Stamp(t.Context(), crypto.SHA256, imprint[:]); err == nil || !strings.Contains(err.Error(), "not sent over http") {
		t.Errorf("a password over http: %v", err)
	}
}

func TestCertificateEnds(t *testing.T) {
	a := stampertest.New(t, stampertest.Options{Template: func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }})
	_, err := client(a).Stamp(context.Background(), crypto.SHA256, imprint[:])
	wantCode(t, err, verify.CodeStampChain)
	b := stampertest.New(t, stampertest.Options{Purpose: func() pkix.Extension { return stampertest.Purpose(false, stampertest.TimeStamping) }})
	_, err = client(b).Stamp(context.Background(), crypto.SHA256, imprint[:])
	wantCode(t, err, verify.CodeStampPurpose)
}
