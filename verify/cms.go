package verify

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of tokens
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"errors"

	"kartoteka/seal"
)

// signature judges the digest of the content and the signature over the signed attributes (RFC 5652 §5.4, §5.6).
func (j *stampJudge) signature(*Policy) *Error {
	t := j.token
	if t.Digest == 0 || !t.Digest.Available() || t.Algorithm.Scheme == seal.SchemeUnknown {
		return failed(CodeStampAlgorithm, "the token is signed with an algorithm that is not supported: %.60q", t.Algorithm.OID)
	}
	h := t.Digest.New()
	h.Write(t.Content)
	if !bytes.Equal(h.Sum(nil), t.MessageSum) {
		return failed(CodeStampSignature, "the signed digest is not the content's")
	}
	a := t.Algorithm
	if a.Scheme == seal.SchemeEd25519 && t.Digest != crypto.SHA512 {
		return failed(CodeStampForm, "a signature of Ed25519 goes with SHA-512 (RFC 8419 §3.1)")
	}
	if a.Hash == 0 {
		a.Hash = t.Digest
	}
	if err := checkCMS(j.Signer.PublicKey, a, t.Signed, t.Signature); err != nil {
		return failed(CodeStampSignature, "the token's signature does not hold: %w", err)
	}
	return nil
}

var errSignature = errors.New("the signature does not fit the key")

// checkCMS checks a signature of CMS or OCSP over a message.
func checkCMS(key crypto.PublicKey, a seal.StampAlgorithm, message, signature []byte) error {
	if k, ok := key.(ed25519.PublicKey); ok && a.Scheme == seal.SchemeEd25519 {
		if !ed25519.Verify(k, message, signature) {
			return errSignature
		}
		return nil
	}
	if a.Hash == 0 || !a.Hash.Available() {
		return errors.New("its hash is not supported")
	}
	h := a.Hash.New()
	h.Write(message)
	return checkDigest(key, a, h.Sum(nil), signature)
}

func checkDigest(key crypto.PublicKey, a seal.StampAlgorithm, digest, signature []byte) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if a.Scheme == seal.SchemePSS {
			return rsa.VerifyPSS(k, a.Hash, digest, signature, &rsa.PSSOptions{SaltLength: saltLength(a.Salt), Hash: a.Hash})
		}
		if a.Scheme == seal.SchemeRSA {
			return checkPKCS1(k, a.Hash, digest, signature)
		}
	case *ecdsa.PublicKey:
		if a.Scheme == seal.SchemeECDSA && ecdsa.VerifyASN1(k, digest, signature) {
			return nil
		}
	}
	return errSignature
}

// saltLength is for crypto/rsa, where 0 would mean any length: no salt at all is refused instead.
func saltLength(n int) int {
	if n == 0 {
		return 1 << 20
	}
	return n
}

// checkPKCS1 takes the two encodings of DigestInfo that exist: with NULL (RFC 8017 §9.2) and without, as the Polish
// podpis zaufany writes it. Both are compared whole: nothing in the padded block is left to be chosen.
func checkPKCS1(k *rsa.PublicKey, h crypto.Hash, digest, signature []byte) error {
	if rsa.VerifyPKCS1v15(k, h, digest, signature) == nil {
		return nil
	}
	bare, err := asn1.Marshal(digestInfo{Algorithm: digestAlgorithm{hashOID[h]}, Digest: digest})
	if err != nil || len(hashOID[h]) == 0 {
		return errSignature
	}
	if rsa.VerifyPKCS1v15(k, 0, bare, signature) != nil { // hash 0: the block is what is given
		return errSignature
	}
	return nil
}

type digestInfo struct {
	Algorithm digestAlgorithm
	Digest    []byte
}

type digestAlgorithm struct{ OID asn1.ObjectIdentifier }

var hashOID = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
	crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
	crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
}

var oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}

// purpose wants a certificate for time stamps and nothing else: extended key usage critical, with that one purpose
// (RFC 3161 §2.3), and a key usage, if any, that allows signatures.
func (j *stampJudge) purpose(*Policy) *Error {
	c := j.Signer
	if len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(c.UnknownExtKeyUsage) > 0 {
		return failed(CodeStampPurpose, "the signer's certificate is not for time stamps, or not for them alone")
	}
	for _, e := range c.Extensions {
		if e.Id.Equal(oidExtKeyUsage) && !e.Critical {
			return failed(CodeStampPurpose, "the signer's certificate does not mark its purpose as critical")
		}
	}
	if c.KeyUsage != 0 && c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return failed(CodeStampPurpose, "the signer's certificate is not for signatures")
	}
	return nil
}
