package stampertest

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"kartoteka/seal"
)

// Forge is a response before it is written. A test changes it; what stands in it is written as it stands.
type Forge struct {
	Version  int64 // of the TSTInfo
	Policy   string
	Hash     crypto.Hash
	Imprint  []byte
	Serial   *big.Int
	Time     time.Time
	GenTime  string // instead of Time
	Nonce    *big.Int
	Critical string // object identifier of a critical extension

	CMSVersion   int64
	ContentType  string
	SignedType   string      // in the signed attributes
	Digest       crypto.Hash // of content and signature
	Sum          []byte      // instead of the content's
	Named        *x509.Certificate
	NamedBySHA1  bool
	Unnamed      bool
	Certificates [][]byte
	CRLs         [][]byte // as they stand in crls
	Signers      int
	Extra        string // object identifier of one more signed attribute
	Unsorted     bool   // of the signed attributes
	PSS, Bare    bool   // RSA-PSS; PKCS #1 v1.5 without NULL
	Spoil        bool   // the signature

	BER    bool // indefinite lengths, octets in parts, certificates backwards
	After  []byte
	Status int64
	Text   string
	Bit    int // of PKIFailureInfo

	Token []byte // what was made of all that
}

// Token stamps an imprint without a server.
func (a *TSA) Token(alg crypto.Hash, imprint []byte) ([]byte, error) {
	f, err := a.forge(seal.StampRequest{Hash: alg, Imprint: imprint, Nonce: big.NewInt(7)})
	return f.Token, err
}

// Answer is the server's answer to a request.
func (a *TSA) Answer(request []byte) ([]byte, error) {
	q, err := seal.ParseStampRequest(request)
	if err != nil {
		return nil, err
	}
	f, err := a.forge(q)
	if err != nil {
		return nil, err
	}
	return f.response()
}

func (a *TSA) forge(q seal.StampRequest) (*Forge, error) {
	a.mu.Lock()
	a.serial++
	f := &Forge{Version: 1, Policy: "1.3.6.1.4.1.99999.1", Hash: q.Hash, Imprint: q.Imprint, Serial: big.NewInt(a.serial), Nonce: q.Nonce}
	a.mu.Unlock()
	if q.Policy != "" {
		f.Policy = q.Policy
	}
	f.Time, f.CMSVersion, f.ContentType, f.SignedType = a.Now(), 3, tstInfo, tstInfo
	f.Digest, f.Named, f.Signers = crypto.SHA256, a.Certificate, 1
	if _, ok := a.Key.(ed25519.PrivateKey); ok {
		f.Digest = crypto.SHA512
	}
	f.Certificates = [][]byte{a.Certificate.Raw, a.Authority.Raw}
	if a.Change != nil {
		a.Change(f)
	}
	var err error
	f.Token, err = a.write(f)
	return f, err
}

const tstInfo = "1.2.840.113549.1.9.16.1.4"

var hashes = map[crypto.Hash]string{
	crypto.SHA1: "1.3.14.3.2.26", crypto.SHA256: "2.16.840.1.101.3.4.2.1", crypto.SHA384: "2.16.840.1.101.3.4.2.2", crypto.SHA512: "2.16.840.1.101.3.4.2.3",
}

func (f *Forge) info() []byte {
	when := f.GenTime
	if when == "" {
		when = f.Time.UTC().Format("20060102150405Z")
	}
	parts := []piece{
		number(f.Version), oid(f.Policy), sequence(sequence(oid(hashes[f.Hash]), null), octets(f.Imprint)),
		func(b *cryptobyte.Builder) { b.AddASN1BigInt(f.Serial) },
		tagged(der.GeneralizedTime, raw([]byte(when))), sequence(number(1)),
	}
	if f.Nonce != nil {
		parts = append(parts, func(b *cryptobyte.Builder) { b.AddASN1BigInt(f.Nonce) })
	}
	if f.Critical != "" {
		parts = append(parts, tagged(specific(1), sequence(oid(f.Critical), func(b *cryptobyte.Builder) { b.AddASN1Boolean(true) }, octets(nil))))
	}
	return bytesOf(sequence(parts...))
}

// attributes are the signed ones, as a SET OF.
func (f *Forge) attributes(content []byte) []byte {
	sum := f.Sum
	if sum == nil {
		h := f.Digest.New()
		h.Write(content)
		sum = h.Sum(nil)
	}
	attribute := func(id string, value piece) piece { return sequence(oid(id), tagged(der.SET, value)) }
	list := []piece{attribute("1.2.840.113549.1.9.3", oid(f.SignedType)), attribute("1.2.840.113549.1.9.4", octets(sum))}
	switch {
	case f.Unnamed:
	case f.NamedBySHA1:
		sum := sha1.Sum(f.Named.Raw)
		list = append(list, attribute("1.2.840.113549.1.9.16.2.12", sequence(sequence(sequence(octets(sum[:]))))))
	default:
		h := crypto.SHA256.New()
		h.Write(f.Named.Raw)
		list = append(list, attribute("1.2.840.113549.1.9.16.2.47", sequence(sequence(sequence(octets(h.Sum(nil)))))))
	}
	if f.Extra != "" {
		list = append(list, attribute(f.Extra, number(1)))
	}
	if f.Unsorted {
		slices.Reverse(list)
		return bytesOf(tagged(der.SET, list...))
	}
	return bytesOf(set(der.SET, list...))
}

// sign gives signature and algorithm.
func (a *TSA) sign(f *Forge, message []byte) (signature []byte, algorithm piece, err error) {
	h := f.Digest.New()
	h.Write(message)
	digest := h.Sum(nil)
	switch key := a.Key.(type) {
	case ed25519.PrivateKey:
		return ed25519.Sign(key, message), sequence(oid("1.3.101.112")), nil
	case *rsa.PrivateKey:
		return signRSA(f, key, digest)
	default:
		names := map[crypto.Hash]string{crypto.SHA1: "1.2.840.10045.4.1", crypto.SHA256: "1.2.840.10045.4.3.2", crypto.SHA384: "1.2.840.10045.4.3.3", crypto.SHA512: "1.2.840.10045.4.3.4"}
		signature, err = key.Sign(rand.Reader, digest, f.Digest)
		return signature, sequence(oid(names[f.Digest])), err
	}
}

func signRSA(f *Forge, key *rsa.PrivateKey, digest []byte) (signature []byte, algorithm piece, err error) {
	id := oid(hashes[f.Digest])
	switch {
	case f.PSS:
		signature, err = rsa.SignPSS(rand.Reader, key, f.Digest, digest, &rsa.PSSOptions{SaltLength: len(digest)})
		algorithm = sequence(oid("1.2.840.113549.1.1.10"), sequence(tagged(specific(0), sequence(id, null)),
			tagged(specific(1), sequence(oid("1.2.840.113549.1.1.8"), sequence(id, null))), tagged(specific(2), number(int64(len(digest))))))
	case f.Bare:
		signature, err = rsa.SignPKCS1v15(rand.Reader, key, 0, bytesOf(sequence(sequence(id), octets(digest))))
		algorithm = sequence(oid("1.2.840.113549.1.1.1"), null)
	default:
		signature, err = rsa.SignPKCS1v15(rand.Reader, key, f.Digest, digest)
		algorithm = sequence(oid("1.2.840.113549.1.1.1"), null)
	}
	return signature, algorithm, err
}

// write makes the token.
func (a *TSA) write(f *Forge) ([]byte, error) {
	content := f.info()
	attributes := f.attributes(content)
	signature, algorithm, err := a.sign(f, attributes)
	if err != nil {
		return nil, err
	}
	if f.Spoil {
		signature[len(signature)-1] ^= 1
	}
	signed := bytes.Clone(attributes)
	signed[0] = byte(specific(0))
	digest := sequence(oid(hashes[f.Digest]), null)
	signer := sequence(number(1), sequence(raw(a.Certificate.RawIssuer), func(b *cryptobyte.Builder) { b.AddASN1BigInt(a.Certificate.SerialNumber) }),
		digest, raw(signed), algorithm, octets(signature))
	parts := []piece{number(f.CMSVersion), set(der.SET, digest), sequence(oid(f.ContentType), tagged(specific(0), octets(content)))}
	for n, list := range [][][]byte{f.Certificates, f.CRLs} {
		var values []piece
		for _, v := range list {
			values = append(values, raw(v))
		}
		if len(values) > 0 {
			parts = append(parts, set(specific(n), values...))
		}
	}
	parts = append(parts, set(der.SET, slices.Repeat([]piece{signer}, f.Signers)...))
	if f.BER {
		return f.ber(content, bytesOf(signer), bytesOf(set(der.SET, digest))), nil
	}
	return append(bytesOf(sequence(oid("1.2.840.113549.1.7.2"), tagged(specific(0), sequence(parts...)))), f.After...), nil
}

// ber is the same token as streaming writers make it.
func (f *Forge) ber(content, signer, digests []byte) []byte {
	open := func(tag byte, parts ...[]byte) []byte {
		return slices.Concat([]byte{tag, 0x80}, bytes.Join(parts, nil), []byte{0, 0})
	}
	half := len(content) / 2
	parts := open(0x24, bytesOf(octets(content[:half])), bytesOf(octets(content[half:])))
	certificates := slices.Clone(f.Certificates)
	slices.SortFunc(certificates, func(a, b []byte) int { return bytes.Compare(b, a) })
	return open(0x30, bytesOf(oid("1.2.840.113549.1.7.2")), open(0xa0, open(0x30, bytesOf(number(f.CMSVersion)), digests,
		open(0x30, bytesOf(oid(f.ContentType)), open(0xa0, parts)), open(0xa0, certificates...), open(0x31, signer))))
}

// response wraps the token.
func (f *Forge) response() ([]byte, error) {
	status := []piece{number(f.Status)}
	if f.Text != "" {
		status = append(status, sequence(tagged(der.UTF8String, raw([]byte(f.Text)))))
	}
	if f.Status < 2 {
		return bytesOf(sequence(sequence(status...), raw(f.Token))), nil
	}
	bits := make([]byte, f.Bit/8+1)
	bits[f.Bit/8] = 0x80 >> (f.Bit % 8)
	word, err := asn1.Marshal(asn1.BitString{Bytes: bits, BitLength: f.Bit + 1})
	if err != nil {
		return nil, errors.New("failure info")
	}
	return bytesOf(sequence(sequence(append(status, raw(word))...))), nil
}
