package verify

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// Extensions of CRLs (RFC 5280 §5.2, §5.3).
var (
	oidReasonCode     = asn1.ObjectIdentifier{2, 5, 29, 21}
	oidInvalidityDate = asn1.ObjectIdentifier{2, 5, 29, 24}
	oidIssuingPoint   = asn1.ObjectIdentifier{2, 5, 29, 28}
)

func generalizedTime(der []byte) (t time.Time, ok bool) {
	s := cryptobyte.String(der)
	ok = s.ReadASN1GeneralizedTime(&t) && s.Empty()
	return t, ok
}

// covers says whether a certificate that a CRL does not name is good by it. A CRL may be for some certificates only
// (issuingDistributionPoint, RFC 5280 §5.2.5), or only a difference to another: its extensions say so, and are critical.
func covers(crl *x509.RevocationList, c *x509.Certificate) bool {
	for _, e := range crl.Extensions {
		switch {
		case !e.Critical:
		case !e.Id.Equal(oidIssuingPoint), !pointCovers(e.Value, c):
			return false
		}
	}
	return true
}

// pointCovers reads an IssuingDistributionPoint: for authorities or for others as the certificate is one, all reasons,
// not indirect, and, where it names a place, one that the certificate names too.
func pointCovers(der []byte, c *x509.Certificate) bool {
	s, in := cryptobyte.String(der), cryptobyte.String(nil)
	if !s.ReadASN1(&in, tag.SEQUENCE) || !s.Empty() {
		return false
	}
	for !in.Empty() {
		var part cryptobyte.String
		var t tag.Tag
		if !in.ReadAnyASN1(&part, &t) {
			return false
		}
		switch t {
		case tag.Tag(0).ContextSpecific().Constructed():
			if !namesPlace(part, c) {
				return false
			}
		case tag.Tag(1).ContextSpecific(): // onlyContainsUserCerts
			if isTrue(part) && c.IsCA {
				return false
			}
		case tag.Tag(2).ContextSpecific(): // onlyContainsCACerts
			if isTrue(part) && !c.IsCA {
				return false
			}
		default: // some reasons only, indirect, attribute certificates
			return false
		}
	}
	return true
}

func isTrue(b []byte) bool { return len(b) != 1 || b[0] != 0 }

// namesPlace compares the URIs of a DistributionPointName with those of the certificate.
func namesPlace(name cryptobyte.String, c *x509.Certificate) bool {
	var names cryptobyte.String
	if !name.ReadASN1(&names, tag.Tag(0).ContextSpecific().Constructed()) {
		return false
	}
	for !names.Empty() {
		var n cryptobyte.String
		var t tag.Tag
		if !names.ReadAnyASN1(&n, &t) {
			return false
		}
		if t == tag.Tag(6).ContextSpecific() && slices.Contains(c.CRLDistributionPoints, string(n)) {
			return true
		}
	}
	return false
}
