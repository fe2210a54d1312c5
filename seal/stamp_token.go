package seal

import (
	"crypto"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of a token's structure.
const (
	oidStampSigned   = "1.2.840.113549.1.7.2"
	oidStampInfo     = "1.2.840.113549.1.9.16.1.4"
	oidOCSPResponse  = "1.3.6.1.5.5.7.16.2" // id-ri-ocsp-response, RFC 5940 §2.1: an OCSPResponse
	oidContentType   = "1.2.840.113549.1.9.3"
	oidMessageDigest = "1.2.840.113549.1.9.4"
	oidNamedV1       = "1.2.840.113549.1.9.16.2.12" // RFC 2634, SHA-1
	oidNamedV2       = "1.2.840.113549.1.9.16.2.47" // RFC 5035
	oidProtection    = "1.2.840.113549.1.9.52"      // RFC 6211
)

// Limits of what a token may carry. A chain has three or four certificates.
const (
	maxTokenCertificates = 32
	maxTokenRevocations  = 64
	maxTokenAttributes   = 32
)

// StampToken is a TimeStampToken of RFC 3161: CMS SignedData over a TSTInfo, read but not judged. Package verify does
// that; nothing in here may be believed before.
type StampToken struct {
	Info         StampInfo
	Content      []byte // the TSTInfo as it was signed
	Certificates [][]byte
	CRLs         [][]byte
	OCSP         [][]byte // OCSPResponse each, or BasicOCSPResponse as ETSI TS 101 733 had it

	Issuer     []byte // of the signer's certificate: DER of the name
	Serial     *big.Int
	Digest     crypto.Hash    // of the content, in the signed attributes; 0 if it is not ours
	Algorithm  StampAlgorithm // of the signature
	Signed     []byte         // the signed attributes as they were signed: a SET OF (RFC 5652 §5.4)
	MessageSum []byte         // messageDigest
	Named      []NamedCertificate
	Signature  []byte

	version int
	parts   tokenParts
}

// tokenParts are encodings that [EnrichStamp] writes again as they were.
type tokenParts struct {
	digests, content, signers []byte
	revocations               [][]byte
}

// NamedCertificate is the signer's certificate as the signed attributes name it (ESSCertID, ESSCertIDv2).
type NamedCertificate struct {
	Hash crypto.Hash // 0 if it is not ours
	Sum  []byte
}

// ParseStampToken reads a token. It takes DER only, with exactly one signer, named by issuer and serial number. The order
// of sets is that of DER in what is signed; certificates and revocation lists may stand in any, as CMS has it and many
// TSAs write it. [NormalizeStamp] sorts them in tokens of our own.
func ParseStampToken(data []byte) (StampToken, error) {
	var t StampToken
	if len(data) > MaxStampToken {
		return t, fmt.Errorf("stamp token has more than %d bytes", MaxStampToken)
	}
	r := wholeDER(data, asn1.SEQUENCE, "the token")
	if id := r.oid("the content type"); id != oidStampSigned {
		r.fail("the token is of type %.60q, not signed data", id)
	}
	in := r.open(tag0, "the signed data")
	r.end("the token")
	t.signedData(in.open(asn1.SEQUENCE, "the signed data"))
	in.end("the token")
	if err := r.err(); err != nil {
		return StampToken{}, fmt.Errorf("stamp token: %w", err)
	}
	return t, nil
}

// signedData reads RFC 5652 §5.1.
func (t *StampToken) signedData(r *der) {
	t.version = r.small(asn1.INTEGER, 3, 5, "the version of the signed data")
	t.parts.digests = r.element(asn1.SET, "the digest algorithms")
	digests := &der{rest: t.parts.digests, fault: r.fault}
	for _, a := range digests.setOf(asn1.SET, 16, "the set of digest algorithms") {
		(&der{rest: a, fault: r.fault}).hash("a digest algorithm")
	}
	t.parts.content = r.element(asn1.SEQUENCE, "the content")
	t.encapsulated(&der{rest: t.parts.content, fault: r.fault})
	if r.next(tag0) {
		t.Certificates = r.setOf(tag0, maxTokenCertificates, "the set of certificates")
	}
	if r.next(tag1) {
		t.revocations(r, r.setOf(tag1, maxTokenRevocations, "the set of revocation lists"))
	}
	t.parts.signers = r.element(asn1.SET, "the set of signers")
	r.end("the signed data")
	t.checkSets(r)
	signers := (&der{rest: t.parts.signers, fault: r.fault}).open(asn1.SET, "the set of signers")
	t.signerInfo(signers.open(asn1.SEQUENCE, "the signer"))
	if signers.more() {
		r.fail("the token has more than one signer")
	}
}

// checkSets refuses certificates of other kinds, and the version that goes with them. Many TSAs write 3 where OCSP
// responses ask for 5 (RFC 5652 §5.1); nothing signs the number.
func (t *StampToken) checkSets(r *der) {
	for _, c := range t.Certificates {
		if c[0] != byte(asn1.SEQUENCE) {
			r.fail("a certificate is not one of X.509")
		}
	}
	if t.version == 4 {
		r.fail("the signed data has version 4")
	}
}

// versionFor is what RFC 5652 §5.1 asks for: 5 with OCSP responses, else 3, because the content is not plain data.
func (t *StampToken) versionFor() int {
	for _, e := range t.parts.revocations {
		if e[0] != byte(asn1.SEQUENCE) {
			return 5
		}
	}
	return 3
}

// encapsulated reads the content: a TSTInfo, and nothing else.
func (t *StampToken) encapsulated(r *der) {
	in := r.open(asn1.SEQUENCE, "the content")
	if id := in.oid("the content's type"); id != oidStampInfo {
		in.fail("the content is of type %.60q, not a TSTInfo", id)
	}
	wrapped := in.open(tag0, "the TSTInfo")
	t.Content = wrapped.octets("the TSTInfo")
	wrapped.end("the TSTInfo")
	in.end("the content")
	t.Info = readStampInfo(&der{rest: t.Content, fault: r.fault})
}

// revocations sorts what stands in crls: lists, and OCSP responses as RFC 5940 wraps them. Other kinds are left alone:
// nothing signs them, and nothing here rests on them.
func (t *StampToken) revocations(r *der, list [][]byte) {
	t.parts.revocations = append(t.parts.revocations, list...)
	for _, e := range list {
		if e[0] == byte(asn1.SEQUENCE) {
			t.CRLs = append(t.CRLs, e)
			continue
		}
		in := (&der{rest: e, fault: r.fault}).open(tag1, "a revocation list")
		if id := in.oid("the kind of a revocation list"); id == oidOCSPResponse || id == oidOCSPBasic {
			t.OCSP = append(t.OCSP, in.element(asn1.SEQUENCE, "an OCSP response"))
			in.end("an OCSP response")
		}
	}
}
