// Package erstest holds a time-stamping authority for tests, whose clock is the caller's. All it makes is the same in
// every run: keys come from names, and ECDSA is deterministic (RFC 6979).
package erstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"time"
)

// TSA issues tokens in the profile of BSI TR-ESOR-ERS: certificates and a revocation list inside, no unsigned attributes.
type TSA struct {
	Root, Cert *x509.Certificate

	key ecdsa.PrivateKey
	crl []byte
}

// New makes the authority of this name, whose certificate holds from one time until another.
func New(name string, from, until time.Time) *TSA {
	rootKey, key := keyOf(name+" root"), keyOf(name)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Country: []string{"PL"}, CommonName: name + " root"},
		NotBefore: from.AddDate(-1, 0, 0), NotAfter: until.AddDate(30, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte("root of " + name),
	}
	a := &TSA{Root: issue(root, root, rootKey, rootKey), key: *key}
	a.Cert = issue(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{Country: []string{"PL"}, CommonName: name}, NotBefore: from, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, SubjectKeyId: []byte(name),
		// Critical, as RFC 3161 §2.3 wants it; x509 alone would leave it uncritical.
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true,
			Value: must(asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}))}},
	}, a.Root, key, rootKey)
	a.crl = must(x509.CreateRevocationList(nil, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: from, NextUpdate: until.AddDate(30, 0, 0),
	}, a.Root, rootKey))
	return a
}

func keyOf(name string) *ecdsa.PrivateKey {
	seed := sha256.Sum256([]byte("kartoteka test vector: tsa " + name))
	return must(ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:]))
}

func issue(c, by *x509.Certificate, key, byKey *ecdsa.PrivateKey) *x509.Certificate {
	return must(x509.ParseCertificate(must(x509.CreateCertificate(nil, c, by, key.Public(), byKey))))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Chain is the authority's root in PEM.
func (a *TSA) Chain() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Root.Raw}))
}

type algorithm struct {
	Name       asn1.ObjectIdentifier
	Parameters asn1.RawValue `asn1:"optional"`
}

type tstInfo struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint struct {
		Hash  algorithm
		Value []byte
	}
	Serial *big.Int
	Time   time.Time `asn1:"generalized"`
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

type signerInfo struct {
	Version int
	ID      struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	Digest    algorithm
	Signed    asn1.RawValue
	Signature algorithm
	Value     []byte
}

type signedData struct {
	Version int
	Digests []algorithm `asn1:"set"`
	Content struct {
		Type  asn1.ObjectIdentifier
		Value []byte `asn1:"explicit,tag:0"`
	}
	Certificates asn1.RawValue
	Revocations  asn1.RawValue
	Signers      []signerInfo `asn1:"set"`
}

var (
	oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidTST    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	null      = asn1.RawValue{Tag: asn1.TagNull}
)

func hashOID(h crypto.Hash) asn1.ObjectIdentifier {
	return map[crypto.Hash]asn1.ObjectIdentifier{
		crypto.SHA1: {1, 3, 14, 3, 2, 26}, crypto.SHA256: oidSHA256,
		crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
		crypto.SHA3_512: {2, 16, 840, 1, 101, 3, 4, 2, 10},
	}[h]
}

// Token stamps imprint at a time, in whole seconds.
func (a *TSA) Token(hash crypto.Hash, imprint []byte, at time.Time) []byte {
	tst := tstInfo{Version: 1, Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Serial: big.NewInt(at.Unix()), Time: at.UTC().Truncate(time.Second)}
	tst.Imprint.Hash, tst.Imprint.Value = algorithm{hashOID(hash), null}, imprint
	content := must(asn1.Marshal(tst))
	s := signedData{Version: 3, Digests: []algorithm{{oidSHA256, null}}, Signers: []signerInfo{a.sign(content)}}
	s.Content.Type, s.Content.Value = oidTST, content
	s.Certificates = context(0, sorted(a.Cert.Raw, a.Root.Raw)...)
	s.Revocations = context(1, a.crl)
	return must(asn1.Marshal(struct {
		Type    asn1.ObjectIdentifier
		Content signedData `asn1:"explicit,tag:0"`
	}{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, s}))
}

func (a *TSA) sign(content []byte) signerInfo {
	digest, cert := sha256.Sum256(content), sha256.Sum256(a.Cert.Raw)
	attributes := must(asn1.MarshalWithParams([]attribute{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, []asn1.RawValue{raw(oidTST)}},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, []asn1.RawValue{raw(digest[:])}},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}, []asn1.RawValue{raw(struct{ Certs []struct{ Hash []byte } }{[]struct{ Hash []byte }{{cert[:]}}})}},
	}, "set"))
	signed := sha256.Sum256(attributes) // the SET; in the structure it stands as [0] (RFC 5652 §5.4)
	s := signerInfo{Version: 1, Digest: algorithm{oidSHA256, null}, Signature: algorithm{Name: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}}
	s.ID.Issuer, s.ID.Serial = asn1.RawValue{FullBytes: a.Cert.RawIssuer}, a.Cert.SerialNumber
	attributes[0] = 0xa0
	s.Signed = asn1.RawValue{FullBytes: attributes}
	s.Value = must(a.key.Sign(nil, signed[:], crypto.SHA256))
	return s
}

func raw(v any) asn1.RawValue { return asn1.RawValue{FullBytes: must(asn1.Marshal(v))} }

func sorted(a, b []byte) [][]byte {
	if string(a) > string(b) {
		a, b = b, a
	}
	return [][]byte{a, b}
}

// context is a [tag] IMPLICIT SET OF.
func context(tag int, values ...[]byte) asn1.RawValue {
	var content []byte
	for _, v := range values {
		content = append(content, v...)
	}
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: content}
}
