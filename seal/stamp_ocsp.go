package seal

import (
	"crypto"
	"crypto/sha1"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const oidOCSPBasic = "1.3.6.1.5.5.7.48.1.1"

// OCSPResponse is a successful OCSPResponse of RFC 6960 §4.2, read but not judged.
type OCSPResponse struct {
	Signed       []byte // ResponseData
	Algorithm    StampAlgorithm
	Signature    []byte
	Certificates [][]byte
	Produced     time.Time
	Answers      []OCSPAnswer
}

// OCSPAnswer is what a response says of one certificate.
type OCSPAnswer struct {
	Hash       crypto.Hash // of the next two; 0 if it is not ours
	IssuerName []byte
	IssuerKey  []byte
	Serial     *big.Int
	Status     OCSPStatus
	RevokedAt  time.Time
	Reason     int // CRLReason; -1: none is given
	ThisUpdate time.Time
	NextUpdate time.Time // zero: newer information is always there
}

// OCSPStatus is a certificate's status.
type OCSPStatus int

// The statuses, by their tag.
const (
	OCSPGood OCSPStatus = iota
	OCSPRevoked
	OCSPUnknown
)

// ParseOCSP reads a response, or the BasicOCSPResponse inside it alone.
func ParseOCSP(data []byte) (OCSPResponse, error) {
	var o OCSPResponse
	if len(data) > MaxStampResponse {
		return o, fmt.Errorf("OCSP response has more than %d bytes", MaxStampResponse)
	}
	r := wholeDER(data, asn1.SEQUENCE, "the response")
	if r.next(asn1.SEQUENCE) { // a BasicOCSPResponse begins with its data
		o.basic(newDERIn(data, r))
		return o.result(r)
	}
	if r.small(asn1.ENUM, 0, 6, "the status of the response") != 0 {
		r.fail("the responder gave no answer")
	}
	in := r.open(tag0, "the answer").open(asn1.SEQUENCE, "the answer")
	r.end("the response")
	if in.oid("the kind of answer") != oidOCSPBasic {
		in.fail("the answer is of an unknown kind")
	}
	o.basic(newDERIn(in.octets("the answer"), r))
	in.end("the answer")
	return o.result(r)
}

func (o OCSPResponse) result(r *der) (OCSPResponse, error) {
	if err := r.err(); err != nil {
		return OCSPResponse{}, fmt.Errorf("OCSP response: %w", err)
	}
	return o, nil
}

func newDERIn(data []byte, r *der) *der { return &der{rest: data, fault: r.fault} }

func (o *OCSPResponse) basic(r *der) {
	in := r.open(asn1.SEQUENCE, "the basic response")
	r.end("the basic response")
	o.Signed = in.element(asn1.SEQUENCE, "the response's data")
	o.Algorithm = in.signatureAlgorithm("the response's signature algorithm")
	signature := cryptobyte.String(in.element(asn1.BIT_STRING, "the response's signature"))
	if in.err() == nil && !signature.ReadASN1BitStringAsBytes(&o.Signature) {
		in.fail("the response's signature is not whole bytes")
	}
	if in.next(tag0) {
		list := in.open(tag0, "the responder's certificates").open(asn1.SEQUENCE, "the responder's certificates")
		for list.more() && len(o.Certificates) < maxTokenCertificates {
			o.Certificates = append(o.Certificates, list.element(asn1.SEQUENCE, "a responder's certificate"))
		}
		list.end("the responder's certificates")
	}
	in.end("the basic response")
	o.data(newDERIn(o.Signed, r).open(asn1.SEQUENCE, "the response's data"))
}

// data reads ResponseData. Who answers shows in the signature, so the responder's name is passed over.
func (o *OCSPResponse) data(r *der) {
	if r.next(tag0) {
		r.fail("the response's data has a version")
	}
	r.any("the responder's name")
	o.Produced = r.time("producedAt")
	answers := r.open(asn1.SEQUENCE, "the answers")
	for answers.more() && len(o.Answers) < maxTokenRevocations {
		o.Answers = append(o.Answers, answers.open(asn1.SEQUENCE, "an answer").answer())
	}
	answers.end("the answers")
	if r.next(tag1) {
		r.element(tag1, "the extensions")
	}
	r.end("the response's data")
}

func (r *der) answer() (a OCSPAnswer) {
	id := r.open(asn1.SEQUENCE, "the certificate's name")
	a.Hash = id.hash("the hash in the certificate's name")
	a.IssuerName = id.octets("the issuer's name")
	a.IssuerKey = id.octets("the issuer's key")
	a.Serial = id.integer(asn1.INTEGER, "the serial number")
	id.end("the certificate's name")
	r.status(&a)
	a.ThisUpdate = r.time("thisUpdate")
	if r.next(tag0) {
		a.NextUpdate = r.open(tag0, "nextUpdate").time("nextUpdate")
	}
	if r.next(tag1) {
		r.element(tag1, "the extensions")
	}
	r.end("an answer")
	return a
}

func (r *der) status(a *OCSPAnswer) {
	a.Reason = -1
	good, revoked, unknown := asn1.Tag(0).ContextSpecific(), tag1, asn1.Tag(2).ContextSpecific()
	switch {
	case r.next(good):
		r.element(good, "the status")
	case r.next(unknown):
		r.element(unknown, "the status")
		a.Status = OCSPUnknown
	default:
		in := r.open(revoked, "the status")
		a.Status, a.RevokedAt = OCSPRevoked, in.time("the time of revocation")
		if in.next(tag0) {
			a.Reason = in.open(tag0, "the reason").small(asn1.ENUM, 0, 10, "the reason")
		}
		in.end("the status")
	}
}

// time reads a GeneralizedTime in whole seconds.
func (r *der) time(what string) (t time.Time) {
	if r.err() == nil && !r.rest.ReadASN1GeneralizedTime(&t) {
		r.fail("%s is not a time in DER", what)
	}
	return t
}

// OCSPRequest asks for the status of one certificate (RFC 6960 §4.1). It names the issuer by SHA-1, the one hash that
// every responder knows (RFC 5019 §2.1.1): it only finds the certificate, the answer is signed with another.
func OCSPRequest(c, issuer *x509.Certificate) ([]byte, error) {
	info := cryptobyte.String(issuer.RawSubjectPublicKeyInfo)
	var in cryptobyte.String
	var key []byte
	if !info.ReadASN1(&in, asn1.SEQUENCE) || !in.SkipASN1(asn1.SEQUENCE) || !in.ReadASN1BitStringAsBytes(&key) {
		return nil, fmt.Errorf("OCSP request: the issuer's key is not DER")
	}
	nameSum, keySum := sha1.Sum(issuer.RawSubject), sha1.Sum(key)
	return build(func(b *cryptobyte.Builder) {
		nest(b, 5, func(b *cryptobyte.Builder) { // OCSPRequest, TBSRequest, requestList, Request, CertID
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addOID(b, hashOIDs[crypto.SHA1])
				b.AddASN1NULL()
			})
			b.AddASN1OctetString(nameSum[:])
			b.AddASN1OctetString(keySum[:])
			b.AddASN1BigInt(c.SerialNumber)
		})
	})
}

// nest writes sequences of one value each.
func nest(b *cryptobyte.Builder, depth int, write func(b *cryptobyte.Builder)) {
	if depth == 0 {
		write(b)
		return
	}
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { nest(b, depth-1, write) })
}
