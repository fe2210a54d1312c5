package verify

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"time"

	"kartoteka/seal"
)

// Stamp is what an accepted time-stamp token says, and what the calendar of renewals must know of it.
type Stamp struct {
	TSA        string    // its name in the policy, never the one the token gives itself
	Time       time.Time // genTime
	Accuracy   time.Duration
	Serial     string      // in decimal
	Policy     string      // of the TSA: an object identifier
	Hash       crypto.Hash // of the imprint
	NotAfter   time.Time   // when the first certificate of the chain ends: from then on the token alone proves nothing
	Algorithms []Algorithm // all that the token rests on, each with its end where one is known
	Revocation string      // "good", or "unknown" where the token does not bring the status of every certificate
	Notes      []string    // what a person should know although the token was accepted

	Signer *x509.Certificate   // the one that signed, found by issuer, serial number and hash
	Chain  []*x509.Certificate // from the signer to the policy's anchor
}

// What Stamp.Revocation says.
const (
	RevocationGood    = "good"
	RevocationUnknown = "unknown"
)

// stampJudge carries one token through its judgement.
type stampJudge struct {
	Stamp
	token seal.StampToken
	pool  []*x509.Certificate // what the token brings, in no order and of no trust
	at    time.Time
}

// Stamp judges an RFC 3161 token over an imprint at a time. That time is when the token is known to have existed: the
// genTime of the next token of a record, now for the last one, and never the token's own genTime: whoever steals the
// key of a certificate that ended can write any time into a token (ETSI EN 319 102-1 §5.6.2.4). Trust comes from the
// policy's TSAs only. An error is an *[Error]; it is indeterminate where no anchor of the policy is above the token.
func (p *Policy) Stamp(token []byte, alg crypto.Hash, imprint []byte, at time.Time) (Stamp, error) {
	if at.IsZero() { // crypto/x509 would take it for now
		return Stamp{}, indeterminate(CodeTime, "judged at no time")
	}
	t, err := seal.ParseStampToken(token)
	if err != nil {
		return Stamp{}, failed(CodeStampForm, "%w", err)
	}
	j := &stampJudge{token: t, at: at}
	for _, step := range []func(*Policy) *Error{
		func(*Policy) *Error { return j.content(alg, imprint) }, j.findSigner,
		j.tokenAlgorithms, j.signature, j.purpose, j.anchor, j.chainAlgorithms, j.revocation,
	} {
		if err := step(p); err != nil {
			return Stamp{}, err
		}
	}
	return j.Stamp, nil
}

// content compares the TSTInfo with what was to be stamped.
func (j *stampJudge) content(alg crypto.Hash, imprint []byte) *Error {
	info := j.token.Info
	switch {
	case len(info.Unknown) > 0:
		return failed(CodeStampForm, "the token has critical extensions that nobody here knows: %.200q", info.Unknown)
	case info.Hash == 0:
		return failed(CodeStampAlgorithm, "the imprint's hash is not supported")
	case info.Hash != alg || !bytes.Equal(info.Imprint, imprint):
		return failed(CodeStampImprint, "the token is over another imprint")
	case info.Time.After(j.at):
		return failed(CodeTime, "the token is of %s, after the time it is judged at", info.Time.Format(time.RFC3339))
	}
	j.Time, j.Accuracy, j.Hash = info.Time, info.Accuracy, info.Hash
	j.Serial, j.Policy = info.Serial.String(), info.Policy
	return nil
}

// findSigner finds the certificate by issuer and serial number, then by the hash that the signed attributes give: a
// certificate that somebody put into the token beside it is never taken for it (GHSA-3xxc-pwj6-jgrj). It may stand in
// the policy instead.
func (j *stampJudge) findSigner(p *Policy) *Error {
	for _, der := range j.token.Certificates {
		if c, err := x509.ParseCertificate(der); err == nil {
			j.pool = append(j.pool, c)
		}
	}
	candidates := j.pool
	for _, a := range p.TSAs {
		certs, _ := a.certificates() // one that does not parse is reported where the chain is looked for
		candidates = append(candidates[:len(candidates):len(candidates)], certs...)
	}
	found := false
	for _, c := range candidates {
		if !bytes.Equal(c.RawIssuer, j.token.Issuer) || c.SerialNumber.Cmp(j.token.Serial) != 0 {
			continue
		}
		found = true
		if namedAll(j.token.Named, c) {
			j.Signer = c
			return j.notes(c)
		}
	}
	if found {
		return failed(CodeStampSigner, "the certificate with the signer's issuer and serial number is not the one that the token signs for")
	}
	return failed(CodeStampSigner, "the token does not bring its signer's certificate")
}

// namedAll says whether every name in the signed attributes is this certificate's.
func namedAll(named []seal.NamedCertificate, c *x509.Certificate) bool {
	for _, n := range named {
		if n.Hash == 0 || !n.Hash.Available() {
			return false
		}
		h := n.Hash.New()
		h.Write(c.Raw)
		if !bytes.Equal(h.Sum(nil), n.Sum) {
			return false
		}
	}
	return len(named) > 0
}

func (j *stampJudge) notes(c *x509.Certificate) *Error {
	strong := false
	for _, n := range j.token.Named {
		strong = strong || n.Hash != crypto.SHA1
	}
	if !strong { // RFC 5816: the hash binds one certificate to its own issuer's name; only a second preimage would help
		j.Notes = append(j.Notes, "the signer's certificate is named by SHA-1 alone")
	}
	if name := j.token.Info.TSA; name != nil && !bytes.Equal(name, c.RawSubject) {
		j.Notes = append(j.Notes, "the TSA calls itself another name than its certificate does")
	}
	return nil
}
