package seal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// TokenClaims is what a time-stamp token claims (RFC 3161 §2.4.2). Nothing of it is verified: package verify does that.
type TokenClaims struct {
	Algorithm DigestAlgorithm // of the imprint
	Imprint   []byte
	Time      time.Time // genTime

	// Of the form, which verifiers of records ask for: BSI TR-ESOR-ERS A3.4.
	Version       byte // of SignedData
	Certificates  bool
	Revocations   bool // crls, which OCSP answers stand in too
	Signers       int
	Unsigned      bool // some signer has unsigned attributes
	SigningCertV2 bool // some signer has a SigningCertificateV2
	DER           bool // also every SET is in order, so that encoding it again changes nothing
}

// Object identifiers, without tag and length.
const (
	oidSignedData    = "2a864886f70d010702"
	oidTSTInfo       = "2a864886f70d0109100104"
	oidSigningCertV2 = "2a864886f70d010910022f"
)

// PeekToken reads a token without judging it.
func PeekToken(token []byte) (TokenClaims, error) {
	t, err := peekToken(token)
	if err != nil {
		return TokenClaims{}, fmt.Errorf("time-stamp token: %w", err)
	}
	return t, nil
}

func peekToken(token []byte) (t TokenClaims, err error) {
	if err := checkDER(token, false); err != nil {
		return t, err
	}
	t.DER = checkDER(token, true) == nil
	file := &derReader{rest: token}
	info := file.inside(derSequence, "ContentInfo")
	if err := file.end(); err != nil {
		return t, err
	}
	info.named(oidSignedData, "SignedData")
	signed := info.inside(derContext, "content").inside(derSequence, "SignedData")
	if v := signed.value(derInteger, "version"); len(v) == 1 {
		t.Version = v[0]
	}
	signed.value(derSet, "digestAlgorithms")
	content := signed.inside(derSequence, "encapContentInfo")
	content.named(oidTSTInfo, "TSTInfo")
	tst := content.inside(derContext, "eContent").inside(derOctets, "eContent").inside(derSequence, "TSTInfo")
	if err := errors.Join(info.err, content.err, tst.err); err != nil {
		return t, err
	}
	t.signed(signed)
	if err := signed.end(); err != nil {
		return t, err
	}
	return t, t.tst(tst)
}

// named wants an object identifier.
func (r *derReader) named(oid, what string) {
	if name := r.value(derOID, "type"); r.err == nil && hex.EncodeToString(name) != oid {
		r.err = fmt.Errorf("is no %s", what)
	}
}

func (t *TokenClaims) tst(r *derReader) error {
	r.value(derInteger, "version")
	r.value(derOID, "policy")
	imprint := r.inside(derSequence, "messageImprint")
	algorithm := imprint.value(derSequence, "hashAlgorithm")
	t.Imprint = imprint.value(derOctets, "hashedMessage")
	r.value(derInteger, "serialNumber")
	at := r.value(derGeneralized, "genTime")
	if err := errors.Join(imprint.end(), r.err); err != nil {
		return err
	}
	var err error
	if t.Algorithm, err = parseDigestAlgorithm(algorithm); err != nil {
		return err
	}
	t.Time, err = time.Parse("20060102150405Z", string(at)) // with or without a fraction
	return err
}

// signed reads on behind the content.
func (t *TokenClaims) signed(r *derReader) {
	_, certificates, _ := r.optional(derContext)
	_, crls, _ := r.optional(derContext + 1)
	t.Certificates, t.Revocations = len(certificates) > 0, len(crls) > 0
	signers := r.inside(derSet, "signerInfos")
	for signers.err == nil && len(signers.rest) > 0 {
		t.signer(signers.inside(derSequence, "SignerInfo"))
	}
	if r.err == nil {
		r.err = signers.err
	}
}

func (t *TokenClaims) signer(r *derReader) {
	t.Signers++
	r.value(derInteger, "version")
	r.take() // sid
	r.value(derSequence, "digestAlgorithm")
	_, attributes, _ := r.optional(derContext)
	for a := (&derReader{rest: attributes}); a.err == nil && len(a.rest) > 0; {
		name := a.inside(derSequence, "Attribute").value(derOID, "type")
		t.SigningCertV2 = t.SigningCertV2 || hex.EncodeToString(name) == oidSigningCertV2
	}
	r.value(derSequence, "signatureAlgorithm")
	r.value(derOctets, "signature")
	if _, _, ok := r.optional(derContext + 1); ok {
		t.Unsigned = true
	}
}
