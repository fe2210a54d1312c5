package stamper

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"kartoteka/seal"
	"kartoteka/verify"
)

// What may be fetched. A token stands in every evidence record made from its night, so it must stay small.
const (
	maxOCSP = 64 << 10
	maxCRL  = 64 << 10
)

// found is what was fetched for one token.
type found struct{ crls, ocsp [][]byte }

// complete adds to an accepted token the certificates up to the anchor, and the status of each as it is tonight: in
// thirty years nobody will answer for them. Certificates come from the policy and the token; none is fetched, because
// that would mean following addresses that nobody trusted vouches for. What cannot be fetched is a note; what says that
// a certificate is revoked is an error.
func (h *HTTP) complete(ctx context.Context, trust *verify.Policy, q seal.StampRequest, token []byte, s verify.Stamp) ([]byte, error) {
	var certificates [][]byte
	for _, c := range s.Chain {
		if !bytes.Equal(c.RawIssuer, c.RawSubject) { // a root stands in whoever's list of roots, or is not trusted
			certificates = append(certificates, c.Raw)
		}
	}
	var f found
	if !h.NoStatus && s.Revocation != verify.RevocationGood {
		f = h.statuses(ctx, s.Chain)
	}
	enriched, err := seal.EnrichStamp(token, certificates, f.crls, f.ocsp)
	if err != nil { // what was fetched is of no use; the token is what it was
		h.note("%v", err)
		enriched = token
	}
	s, err = h.judge(trust, q, enriched, s.Time)
	if err != nil {
		return nil, err
	}
	for _, n := range s.Notes {
		h.note("%s", n)
	}
	return enriched, nil
}

// statuses asks for every certificate but the anchor: the CRL first, because openssl ts reads no token with an OCSP
// response in it (its SignedData has room for CRLs only), then the responder, where there is no CRL or it is too long.
func (h *HTTP) statuses(ctx context.Context, chain []*x509.Certificate) (f found) {
	for i := 0; i+1 < len(chain); i++ {
		if err := h.status(ctx, chain[i], chain[i+1], &f); err != nil {
			h.note("status of %.100q: %v", chain[i].Subject.String(), err)
		}
	}
	return f
}

func (h *HTTP) status(ctx context.Context, c, issuer *x509.Certificate, f *found) error {
	err := errors.New("the certificate names neither a responder nor a CRL")
	for _, u := range c.CRLDistributionPoints {
		var data []byte
		if data, err = h.fetchCRL(ctx, u, issuer); err == nil {
			f.crls = append(f.crls, data)
			return nil
		}
	}
	for _, u := range c.OCSPServer {
		var data []byte
		if data, err = h.askResponder(ctx, u, c, issuer); err == nil {
			f.ocsp = append(f.ocsp, data)
			return nil
		}
	}
	return err
}

// askResponder sends an OCSP request (RFC 6960, appendix A.1).
func (h *HTTP) askResponder(ctx context.Context, where string, c, issuer *x509.Certificate) ([]byte, error) {
	body, err := seal.OCSPRequest(c, issuer)
	if err != nil {
		return nil, err
	}
	req, err := newRequest(ctx, http.MethodPost, where, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/ocsp-request")
	data, err := fetch(h.plainClient(), req, "application/ocsp-response", maxOCSP)
	if err != nil {
		return nil, err
	}
	_, err = seal.ParseOCSP(data)
	return data, err
}

func (h *HTTP) fetchCRL(ctx context.Context, where string, issuer *x509.Certificate) ([]byte, error) {
	req, err := newRequest(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, err
	}
	data, err := fetch(h.plainClient(), req, "", maxCRL)
	if err != nil {
		return nil, err
	}
	crl, err := x509.ParseRevocationList(data)
	if err == nil {
		err = crl.CheckSignatureFrom(issuer)
	}
	if err != nil {
		return nil, fmt.Errorf("CRL from %.100s: %w", where, err)
	}
	return data, nil
}

// newRequest goes to the web only: a certificate may name other places, such as LDAP directories.
func newRequest(ctx context.Context, method, where string, body []byte) (*http.Request, error) {
	u, err := url.Parse(where)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
		return nil, fmt.Errorf("%.100q is no address on the web", where)
	}
	return http.NewRequestWithContext(ctx, method, where, bytes.NewReader(body))
}

// plainClient has no cookies and no credentials, even if the client given for the TSA has.
func (h *HTTP) plainClient() *http.Client { return (&HTTP{}).client() }
