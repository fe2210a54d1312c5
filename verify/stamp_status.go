package verify

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"

	"kartoteka/seal"
)

// status is what a CRL or an OCSP response in the token says of one certificate, once its signature held.
type status struct {
	revoked    bool
	since      time.Time // of the revocation, or of the compromise if that was earlier
	reason     int       // CRLReason (RFC 5280 §5.3.1); -1: none is given
	this, next time.Time // when it was said, and when newer information was due (zero: not said)
}

// reasons in words.
var reasons = map[int]string{
	-1: "without a reason", 0: "unspecified", 1: "key compromise", 2: "CA compromise", 3: "affiliation changed", 4: "superseded",
	5: "cessation of operation", 6: "certificate hold", 8: "removed from CRL", 9: "privilege withdrawn", 10: "AA compromise",
}

// revocation judges the chain by what the token brings. Nothing there is no fault: the policy vouches for the anchor,
// and a TSA that sends no status is the rule; Stamp.Revocation says so, and a person can decide.
func (j *stampJudge) revocation(*Policy) *Error {
	j.Revocation = RevocationGood
	if len(j.Chain) == 1 {
		j.Revocation = RevocationUnknown
		j.Notes = append(j.Notes, "the policy vouches for the signer's certificate itself: nobody else's word on its revocation is asked")
	}
	crls := j.parseCRLs()
	for i := 0; i+1 < len(j.Chain); i++ {
		c, issuer := j.Chain[i], j.Chain[i+1]
		list := append(j.fromCRLs(crls, c, issuer), j.fromOCSP(c, issuer)...)
		good := false
		for _, s := range list {
			if err := j.revoked(s, i == 0); err != nil {
				return err
			}
			good = good || !s.revoked && j.current(s, c)
		}
		if !good {
			j.Revocation = RevocationUnknown
			j.Notes = append(j.Notes, fmt.Sprintf("the token brings no status of %.100q", c.Subject.String()))
		}
	}
	return nil
}

// revoked decides what a revocation does to the token. Two times count: the token's own, and the one it is judged at,
// when it is known to have existed.
//
// A revocation after the time of judging does nothing: the token was there before (ETSI EN 319 102-1 §5.6.2.4). Before
// it, the reason decides for the TSA's own certificate (RFC 3161 §4): where the key was not compromised, which the
// authority says by unspecified, affiliationChanged, superseded or cessationOfOperation, tokens older than the
// revocation stay valid. With any other reason, or none, all tokens of that key are invalid, whatever time they claim:
// who has the key chooses the time. That exception is not made for authorities above: RFC 3161 makes none.
func (j *stampJudge) revoked(s status, signer bool) *Error {
	if !s.revoked {
		return nil
	}
	word := reasons[s.reason]
	if s.since.After(j.at) {
		j.Notes = append(j.Notes, fmt.Sprintf("a certificate was revoked (%s) at %s, after the time of judging", word, seal.At(s.since)))
		return nil
	}
	kept := s.reason == 0 || s.reason == 3 || s.reason == 4 || s.reason == 5
	if signer && kept && j.Time.Before(s.since) {
		j.Notes = append(j.Notes, fmt.Sprintf("the TSA's certificate was revoked (%s) at %s, after the token", word, seal.At(s.since)))
		return nil
	}
	return failed(CodeStampRevoked, "a certificate of the token was revoked (%s) at %s", word, seal.At(s.since))
}

// current says whether a good status covers the token: it was not outdated at genTime, and was given while the
// certificate ran, because an authority may forget certificates that ended.
func (j *stampJudge) current(s status, c *x509.Certificate) bool {
	return (s.next.IsZero() || !s.next.Before(j.Time)) && !s.this.After(c.NotAfter) && !s.this.After(j.at)
}

func (j *stampJudge) parseCRLs() (list []*x509.RevocationList) {
	for _, der := range j.token.CRLs {
		if crl, err := x509.ParseRevocationList(der); err == nil {
			list = append(list, crl)
		} else {
			j.Notes = append(j.Notes, "the token brings a CRL that does not parse")
		}
	}
	return list
}

func (j *stampJudge) fromCRLs(crls []*x509.RevocationList, c, issuer *x509.Certificate) (list []status) {
	for _, crl := range crls {
		if !bytes.Equal(crl.RawIssuer, issuer.RawSubject) || crl.CheckSignatureFrom(issuer) != nil {
			continue // of another certificate of the chain, or of somebody who may not say
		}
		s := status{this: crl.ThisUpdate, next: crl.NextUpdate, reason: -1}
		for _, e := range crl.RevokedCertificateEntries {
			if e.SerialNumber.Cmp(c.SerialNumber) == 0 {
				s.entry(e)
			}
		}
		if s.revoked || covers(crl, c) {
			list = append(list, s)
		}
	}
	return list
}

// entry reads a line of a CRL. Since when a key is known to be compromised may stand in invalidityDate (RFC 5280
// §5.3.2), and may be earlier than the revocation.
func (s *status) entry(e x509.RevocationListEntry) {
	s.revoked, s.since, s.reason = true, e.RevocationTime, e.ReasonCode
	reasoned := false
	for _, x := range e.Extensions {
		switch {
		case x.Id.Equal(oidReasonCode):
			reasoned = true
		case x.Id.Equal(oidInvalidityDate):
			if t, ok := generalizedTime(x.Value); ok && t.Before(s.since) {
				s.since = t
			}
		}
	}
	if !reasoned { // crypto/x509 gives 0 for none, and here none is graver than 0
		s.reason = -1
	}
}
