package bundler

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"kartoteka/verify"
)

// ErrPassphrase says that a passphrase does not open a signing key.
var ErrPassphrase = errors.New("wrong passphrase")

// Algorithms of signing keys.
const (
	ECDSA   = "ecdsa"   // P-256
	Ed25519 = "ed25519" //
	RSA     = "rsa3072" // RSASSA-PKCS1-v1_5
)

// Signer signs bundles: a key, and a certificate if the policy trusts the producer by its chain.
type Signer struct {
	signer      signature.Signer
	certificate *x509.Certificate
}

// NewSigner takes a private key that is strong enough to last, and the signer's certificate or nil.
func NewSigner(key crypto.PrivateKey, certificate *x509.Certificate) (*Signer, error) {
	s, err := signature.LoadSigner(key, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	pub, err := s.PublicKey()
	if err != nil {
		return nil, err
	}
	text, err := cryptoutils.MarshalPublicKeyToPEM(pub)
	if err != nil {
		return nil, err
	}
	if _, err := verify.LoadKey(text); err != nil { // what no archive would take is not signed with
		return nil, err
	}
	if certificate != nil && cryptoutils.EqualKeys(pub, certificate.PublicKey) != nil {
		return nil, errors.New("the certificate is not of this key")
	}
	return &Signer{s, certificate}, nil
}

// Sign signs a message that is not a bundle: an officer's decision.
func (s *Signer) Sign(message []byte) ([]byte, error) {
	return s.signer.SignMessage(bytes.NewReader(message))
}

// LoadSigner reads a PEM private key (PKCS #8, SEC 1, PKCS #1; plain, or protected as cosign, sigstore or openssl do)
// and, if it is not nil, a PEM certificate. The passphrase is asked for only if the key needs one.
func LoadSigner(key, certificate []byte, passphrase func() (string, error)) (*Signer, error) {
	private, err := loadPrivate(key, passphrase)
	if err != nil {
		return nil, err
	}
	if certificate == nil {
		return NewSigner(private, nil)
	}
	certs, err := cryptoutils.UnmarshalCertificatesFromPEM(certificate)
	if err != nil || len(certs) == 0 {
		return nil, errors.New("the certificate file holds no PEM certificate")
	}
	return NewSigner(private, certs[0]) // a Sigstore bundle v0.3 carries the leaf alone; the policy has the chain
}

func loadPrivate(text []byte, passphrase func() (string, error)) (crypto.PrivateKey, error) {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("not a PEM file")
	case strings.Contains(block.Type, "PUBLIC KEY"), block.Type == "CERTIFICATE":
		return nil, fmt.Errorf("a %s is no signing key; name the private key", strings.ToLower(block.Type))
	}
	var asked, failed error
	ask := func(bool) ([]byte, error) {
		asked = ErrPassphrase
		p, err := passphrase()
		failed = err
		return append([]byte{}, p...), err
	}
	key, err := cryptoutils.UnmarshalPEMToPrivateKey(text, ask)
	switch {
	case failed != nil:
		return nil, failed
	case err != nil && asked != nil:
		return nil, asked
	case err != nil:
		return nil, err
	}
	return key, nil
}

// GenerateKey makes a signing key and gives both halves in PEM: the private one in PKCS #8, protected in sigstore's
// way if there is a passphrase.
func GenerateKey(algorithm, passphrase string) (private, public []byte, err error) {
	key, err := generate(algorithm)
	if err != nil {
		return nil, nil, err
	}
	if public, err = cryptoutils.MarshalPublicKeyToPEM(key.Public()); err != nil {
		return nil, nil, err
	}
	if passphrase == "" {
		private, err = cryptoutils.MarshalPrivateKeyToPEM(key)
		return private, public, err
	}
	der, err := cryptoutils.MarshalPrivateKeyToEncryptedDER(key, cryptoutils.StaticPasswordFunc([]byte(passphrase)))
	if err != nil {
		return nil, nil, err
	}
	return cryptoutils.PEMEncode(cryptoutils.EncryptedSigstorePrivateKeyPEMType, der), public, nil
}

func generate(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case RSA:
		return rsa.GenerateKey(rand.Reader, 3072)
	}
	return nil, fmt.Errorf("algorithm is none of %s, %s, %s", ECDSA, Ed25519, RSA)
}
