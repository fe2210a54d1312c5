package seal

import (
	"bytes"
	"crypto"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// StampAlgorithm is how a token or an OCSP response was signed.
type StampAlgorithm struct {
	Scheme StampScheme
	Hash   crypto.Hash // 0 where the identifier names none: then it is the signer's digest algorithm
	Salt   int         // of RSA-PSS
	OID    string
}

// StampScheme is a kind of signature.
type StampScheme string

// The kinds that are read. SchemeUnknown has only its identifier.
const (
	SchemeUnknown StampScheme = ""
	SchemeRSA     StampScheme = "rsa" // PKCS #1 v1.5
	SchemePSS     StampScheme = "rsa-pss"
	SchemeECDSA   StampScheme = "ecdsa"
	SchemeEd25519 StampScheme = "ed25519"
)

const (
	oidPSS  = "1.2.840.113549.1.1.10"
	oidMGF1 = "1.2.840.113549.1.1.8"
)

// RFC 8017 appendix C, RFC 5758 §3.2, RFC 8410 §3.
var signatureOIDs = map[string]StampAlgorithm{
	"1.2.840.113549.1.1.1":  {Scheme: SchemeRSA},
	"1.2.840.113549.1.1.4":  {Scheme: SchemeRSA, Hash: crypto.MD5},
	"1.2.840.113549.1.1.5":  {Scheme: SchemeRSA, Hash: crypto.SHA1},
	"1.2.840.113549.1.1.11": {Scheme: SchemeRSA, Hash: crypto.SHA256},
	"1.2.840.113549.1.1.12": {Scheme: SchemeRSA, Hash: crypto.SHA384},
	"1.2.840.113549.1.1.13": {Scheme: SchemeRSA, Hash: crypto.SHA512},
	"1.2.840.10045.4.1":     {Scheme: SchemeECDSA, Hash: crypto.SHA1},
	"1.2.840.10045.4.3.2":   {Scheme: SchemeECDSA, Hash: crypto.SHA256},
	"1.2.840.10045.4.3.3":   {Scheme: SchemeECDSA, Hash: crypto.SHA384},
	"1.2.840.10045.4.3.4":   {Scheme: SchemeECDSA, Hash: crypto.SHA512},
	"1.3.101.112":           {Scheme: SchemeEd25519},
}

// signatureAlgorithm reads an AlgorithmIdentifier. Where there are no parameters, NULL or nothing stands in their place.
func (r *der) signatureAlgorithm(what string) StampAlgorithm {
	in := r.open(asn1.SEQUENCE, what)
	id := in.oid(what)
	a := signatureOIDs[id]
	a.OID = id
	switch {
	case id == oidPSS:
		a.Scheme = SchemePSS
		a.Hash, a.Salt = in.pss()
	case a.Scheme != SchemeUnknown:
		in.null(what)
	}
	return a
}

// pss reads RSASSA-PSS-params (RFC 4055 §3.1). The defaults are SHA-1; the mask uses the same hash, or it is not known.
func (r *der) pss() (crypto.Hash, int) {
	h, mask, salt := crypto.SHA1, crypto.SHA1, 20
	p := r.open(asn1.SEQUENCE, "the parameters of RSA-PSS")
	if p.next(tag0) {
		in := p.open(tag0, "the hash of RSA-PSS")
		h = in.hash("the hash of RSA-PSS")
		in.end("the hash of RSA-PSS")
	}
	if p.next(tag1) {
		in := p.open(tag1, "the mask of RSA-PSS").open(asn1.SEQUENCE, "the mask of RSA-PSS")
		if in.oid("the mask of RSA-PSS") != oidMGF1 {
			r.fail("the mask of RSA-PSS is not MGF1")
		}
		mask = in.hash("the mask's hash")
		in.end("the mask of RSA-PSS")
	}
	if tag := asn1.Tag(2).ContextSpecific().Constructed(); p.next(tag) {
		salt = p.open(tag, "the salt of RSA-PSS").small(asn1.INTEGER, 0, 1024, "the salt of RSA-PSS")
	}
	if tag := asn1.Tag(3).ContextSpecific().Constructed(); p.next(tag) {
		p.open(tag, "the trailer of RSA-PSS").small(asn1.INTEGER, 1, 1, "the trailer of RSA-PSS")
	}
	p.end("the parameters of RSA-PSS")
	if mask != h {
		r.fail("the mask of RSA-PSS has another hash than the signature")
	}
	return h, salt
}

// signerInfo reads RFC 5652 §5.3. Version 1: the signer is named by issuer and serial number.
func (t *StampToken) signerInfo(r *der) {
	r.small(asn1.INTEGER, 1, 1, "the signer's version")
	sid := r.open(asn1.SEQUENCE, "the signer's issuer and serial number")
	t.Issuer = sid.element(asn1.SEQUENCE, "the signer's issuer")
	t.Serial = sid.integer(asn1.INTEGER, "the signer's serial number")
	sid.end("the signer's name")
	digest := r.element(asn1.SEQUENCE, "the digest algorithm")
	t.Digest = (&der{rest: digest, fault: r.fault}).hash("the digest algorithm")
	signed := bytes.Clone(r.element(tag0, "the set of signed attributes"))
	algorithm := r.element(asn1.SEQUENCE, "the signature algorithm")
	t.Algorithm = (&der{rest: algorithm, fault: r.fault}).signatureAlgorithm("the signature algorithm")
	t.Signature = r.octets("the signature")
	if r.next(tag1) {
		r.setOf(tag1, maxTokenAttributes, "the set of unsigned attributes")
	}
	r.end("the signer")
	if len(signed) > 0 {
		signed[0] = byte(asn1.SET)
	}
	t.Signed = signed
	t.attributes(&der{rest: signed, fault: r.fault}, digest, algorithm)
}

// attributes reads the signed attributes: one value each, and no attribute twice (RFC 5652 §11).
func (t *StampToken) attributes(r *der, digest, algorithm []byte) {
	seen := map[string]bool{}
	for _, e := range r.sortedSetOf(asn1.SET, maxTokenAttributes, "the set of signed attributes") {
		a := (&der{rest: e, fault: r.fault}).open(asn1.SEQUENCE, "a signed attribute")
		id := a.oid("a signed attribute's type")
		if seen[id] {
			r.fail("the signed attribute %s stands twice", id)
		}
		seen[id] = true
		values := a.open(asn1.SET, "a signed attribute's values")
		a.end("a signed attribute")
		t.attribute(values, id, digest, algorithm)
	}
	if !seen[oidContentType] || !seen[oidMessageDigest] || len(t.Named) == 0 {
		r.fail("the signed attributes lack contentType, messageDigest or signingCertificate")
	}
}

func (t *StampToken) attribute(values *der, id string, digest, algorithm []byte) {
	switch id {
	case oidContentType:
		if values.oid("contentType") != oidStampInfo {
			values.fail("the signed contentType is not TSTInfo")
		}
	case oidMessageDigest:
		t.MessageSum = values.octets("messageDigest")
	case oidNamedV1:
		t.named(values, crypto.SHA1, "signingCertificate")
	case oidNamedV2:
		t.named(values, crypto.SHA256, "signingCertificateV2")
	case oidProtection:
		protects(values, digest, algorithm)
	default:
		return
	}
	values.end("a signed attribute's values")
}

// named reads SigningCertificate and SigningCertificateV2 (RFC 5035 §3, §4): the first certificate is the signer's.
// The others, and policies, bind nothing that the policy file does not decide.
func (t *StampToken) named(values *der, standard crypto.Hash, what string) {
	list := values.open(asn1.SEQUENCE, what)
	certs := list.open(asn1.SEQUENCE, what)
	first := certs.open(asn1.SEQUENCE, what)
	n := NamedCertificate{Hash: standard}
	if standard == crypto.SHA256 && first.next(asn1.SEQUENCE) {
		n.Hash = first.hash(what)
	}
	n.Sum = first.octets(what)
	t.Named = append(t.Named, n)
}

// protects compares CMSAlgorithmProtection (RFC 6211 §2) with the algorithms that stand outside the signature.
func protects(values *der, digest, algorithm []byte) {
	in := values.open(asn1.SEQUENCE, "the protection of algorithms")
	in.same(asn1.SEQUENCE, digest)
	in.same(tag1, algorithm)
	in.end("the protection of algorithms")
}

// same reads an AlgorithmIdentifier that must be the other one, whatever their tags are.
func (r *der) same(tag asn1.Tag, other []byte) {
	a := r.open(tag, "the protection of algorithms").rest
	b := (&der{rest: cryptobyte.String(other), fault: r.fault}).open(asn1.SEQUENCE, "an algorithm").rest
	if !bytes.Equal(a, b) {
		r.fail("the signed attributes name another algorithm")
	}
}
