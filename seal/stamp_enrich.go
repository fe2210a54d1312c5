package seal

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// EnrichStamp adds certificates, CRLs and OCSP responses to a token, where nothing signs them, and leaves all that is
// signed as it is. What is there already is not added again.
func EnrichStamp(token []byte, certificates, crls, ocsp [][]byte) ([]byte, error) {
	t, err := ParseStampToken(token)
	if err != nil {
		return nil, err
	}
	t.Certificates = union(t.Certificates, certificates)
	added, err := wrapOCSP(ocsp)
	if err != nil {
		return nil, fmt.Errorf("enrich a stamp token: %w", err)
	}
	t.parts.revocations = union(union(t.parts.revocations, crls), added)
	enriched, err := t.marshal()
	if err != nil {
		return nil, fmt.Errorf("enrich a stamp token: %w", err)
	}
	if _, err := ParseStampToken(enriched); err != nil {
		return nil, fmt.Errorf("enrich a stamp token: what was added does not fit: %w", err)
	}
	return enriched, nil
}

func union(have, more [][]byte) [][]byte {
	seen := map[string]bool{}
	var all [][]byte
	for _, list := range [][][]byte{have, more} {
		for _, e := range list {
			if !seen[string(e)] {
				all = append(all, e)
			}
			seen[string(e)] = true
		}
	}
	return all
}

// marshal writes the token anew around the parts that stay as they were.
func (t *StampToken) marshal() ([]byte, error) {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addOID(b, oidStampSigned)
			b.AddASN1(tag0, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1Int64(int64(t.versionFor()))
					b.AddBytes(t.parts.digests)
					b.AddBytes(t.parts.content)
					addOptionalSetOf(b, tag0, t.Certificates)
					addOptionalSetOf(b, tag1, t.parts.revocations)
					b.AddBytes(t.parts.signers)
				})
			})
		})
	})
}

func addOptionalSetOf(b *cryptobyte.Builder, tag asn1.Tag, list [][]byte) {
	if len(list) > 0 {
		addSetOf(b, tag, list)
	}
}

// wrapOCSP puts responses into OtherRevocationInfoFormat (RFC 5652 §10.2.1).
func wrapOCSP(responses [][]byte) (list [][]byte, err error) {
	for _, response := range responses {
		e, err := build(func(b *cryptobyte.Builder) {
			b.AddASN1(tag1, func(b *cryptobyte.Builder) {
				addOID(b, oidOCSPResponse)
				b.AddBytes(response)
			})
		})
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}
