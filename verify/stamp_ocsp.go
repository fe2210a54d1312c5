package verify

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"kartoteka/seal"
)

// fromOCSP gives what the token's OCSP responses say of a certificate.
func (j *stampJudge) fromOCSP(c, issuer *x509.Certificate) (list []status) {
	for _, der := range j.token.OCSP {
		o, err := seal.ParseOCSP(der)
		if err != nil {
			continue
		}
		for _, a := range o.Answers {
			if a.Status == seal.OCSPUnknown || !about(a, c, issuer) || !responds(o, a, issuer) {
				continue
			}
			list = append(list, status{revoked: a.Status == seal.OCSPRevoked, since: a.RevokedAt, reason: a.Reason, this: a.ThisUpdate, next: a.NextUpdate})
		}
	}
	return list
}

// about says whether an answer is about this certificate of this issuer: a serial number alone is not enough.
func about(a seal.OCSPAnswer, c, issuer *x509.Certificate) bool {
	if a.Hash == 0 || !a.Hash.Available() || a.Serial.Cmp(c.SerialNumber) != 0 {
		return false
	}
	sum := func(b []byte) []byte {
		h := a.Hash.New()
		h.Write(b)
		return h.Sum(nil)
	}
	key, ok := publicKeyBits(issuer)
	return ok && bytes.Equal(a.IssuerName, sum(issuer.RawSubject)) && bytes.Equal(a.IssuerKey, sum(key))
}

// publicKeyBits is the key in a certificate without tag, length and number of unused bits (RFC 6960 §4.1.1).
func publicKeyBits(c *x509.Certificate) (key []byte, ok bool) {
	s, in := cryptobyte.String(c.RawSubjectPublicKeyInfo), cryptobyte.String(nil)
	ok = s.ReadASN1(&in, tag.SEQUENCE) && in.SkipASN1(tag.SEQUENCE) && in.ReadASN1BitStringAsBytes(&key)
	return key, ok
}

// responds says whether the response is signed by the issuer, or by whom the issuer made its responder (RFC 6960
// §4.2.2.2): a certificate by the issuer itself, for OCSP, valid when the answer was given. Whether the responder's own
// certificate is revoked is not asked: RFC 6960 lets an authority leave that out.
func responds(o seal.OCSPResponse, a seal.OCSPAnswer, issuer *x509.Certificate) bool {
	if o.Algorithm.Hash == crypto.SHA1 || o.Algorithm.Hash == crypto.MD5 { // crypto/x509 takes no CRL signed so either
		return false
	}
	if checkCMS(issuer.PublicKey, o.Algorithm, o.Signed, o.Signature) == nil {
		return true
	}
	for _, der := range o.Certificates {
		r, err := x509.ParseCertificate(der)
		if err != nil || !bytes.Equal(r.RawIssuer, issuer.RawSubject) || !slices.Contains(r.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
			continue
		}
		if a.ThisUpdate.Before(r.NotBefore) || a.ThisUpdate.After(r.NotAfter) || r.CheckSignatureFrom(issuer) != nil {
			continue
		}
		if checkCMS(r.PublicKey, o.Algorithm, o.Signed, o.Signature) == nil {
			return true
		}
	}
	return false
}
