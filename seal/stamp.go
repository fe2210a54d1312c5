package seal

import (
	"crypto"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Limits of what is read from a time-stamping authority (TSA).
const (
	MaxStampRequest  = 4 << 10
	MaxStampResponse = 1 << 20
	MaxStampToken    = 4 << 20 // with certificates, CRLs and OCSP responses
	maxNonce         = 1024    // bits: most send 64, some a whole hash
)

// Media types of RFC 3161 §3.4.
const (
	StampQueryType = "application/timestamp-query"
	StampReplyType = "application/timestamp-reply"
)

// Object identifiers of hash algorithms.
var hashOIDs = map[crypto.Hash]string{
	crypto.MD5: "1.2.840.113549.2.5", crypto.SHA1: "1.3.14.3.2.26", crypto.SHA224: "2.16.840.1.101.3.4.2.4",
	crypto.SHA256: "2.16.840.1.101.3.4.2.1", crypto.SHA384: "2.16.840.1.101.3.4.2.2", crypto.SHA512: "2.16.840.1.101.3.4.2.3",
}

// hashOf is the hash of an object identifier; zero if we know none.
func hashOf(id string) crypto.Hash {
	for h, oid := range hashOIDs {
		if oid == id {
			return h
		}
	}
	return 0
}

// StampRequest is a TimeStampReq (RFC 3161 §2.4.1).
type StampRequest struct {
	Hash    crypto.Hash
	Imprint []byte   // the root itself: it is not hashed again
	Policy  string   // object identifier in dots; empty: the TSA's own choice
	Nonce   *big.Int // nil: none
	Bare    bool     // does not ask for the signer's certificate; ours always do
}

// Marshal gives the request's DER.
func (q StampRequest) Marshal() ([]byte, error) {
	if hashOIDs[q.Hash] == "" || len(q.Imprint) != q.Hash.Size() {
		return nil, fmt.Errorf("stamp request: %d bytes are no %v", len(q.Imprint), q.Hash)
	}
	if q.Nonce != nil && q.Nonce.BitLen() > maxNonce {
		return nil, fmt.Errorf("stamp request: the nonce has more than %d bits", maxNonce)
	}
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(1)
			addImprint(b, q.Hash, q.Imprint)
			if q.Policy != "" {
				addOID(b, q.Policy)
			}
			if q.Nonce != nil {
				b.AddASN1BigInt(q.Nonce)
			}
			if !q.Bare {
				b.AddASN1Boolean(true)
			}
		})
	})
}

// addImprint writes a MessageImprint. The parameters are NULL: all servers know that form, some not the other.
func addImprint(b *cryptobyte.Builder, h crypto.Hash, imprint []byte) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addOID(b, hashOIDs[h])
			b.AddASN1NULL()
		})
		b.AddASN1OctetString(imprint)
	})
}

// ParseStampRequest reads a request without extensions.
func ParseStampRequest(data []byte) (StampRequest, error) {
	if len(data) > MaxStampRequest {
		return StampRequest{}, fmt.Errorf("stamp request has more than %d bytes", MaxStampRequest)
	}
	r := wholeDER(data, asn1.SEQUENCE, "stamp request")
	r.small(asn1.INTEGER, 1, 1, "the version")
	q := StampRequest{}
	if q.Hash, q.Imprint = r.imprint(); q.Hash == 0 {
		r.fail("the imprint's hash is not known")
	}
	if r.next(asn1.OBJECT_IDENTIFIER) {
		q.Policy = r.oid("the policy")
	}
	if r.next(asn1.INTEGER) {
		q.Nonce = r.nonce()
	}
	q.Bare = !r.boolean("certReq")
	r.end("the request")
	if err := r.err(); err != nil {
		return StampRequest{}, fmt.Errorf("stamp request: %w", err)
	}
	return q, nil
}

func (r *der) nonce() *big.Int {
	n := r.integer(asn1.INTEGER, "the nonce")
	if n.BitLen() > maxNonce { // it may be negative: some clients draw it as bytes
		r.fail("the nonce has more than %d bits", maxNonce)
	}
	return n
}

// imprint reads a MessageImprint. A hash that is not ours is 0.
func (r *der) imprint() (crypto.Hash, []byte) {
	in := r.open(asn1.SEQUENCE, "the imprint")
	h := in.hash("the imprint's algorithm")
	value := in.octets("the imprint's value")
	in.end("the imprint")
	if h != 0 && len(value) != h.Size() {
		r.fail("the imprint has %d bytes, which is no %v", len(value), h)
	}
	return h, value
}

// hash reads an AlgorithmIdentifier of a hash: parameters are NULL or absent (RFC 5754 §2).
func (r *der) hash(what string) crypto.Hash {
	in := r.open(asn1.SEQUENCE, what)
	id := in.oid(what)
	in.null(what)
	return hashOf(id)
}

// null reads what may follow an algorithm that has no parameters.
func (r *der) null(what string) {
	if r.next(asn1.NULL) && len(r.open(asn1.NULL, what).rest) > 0 {
		r.fail("the NULL of %s is not empty", what)
	}
	r.end(what)
}
