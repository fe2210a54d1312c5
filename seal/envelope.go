package seal

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/dsse"
)

// EnvelopeType is the media type of a Sigstore bundle v0.3, the only one we read or write.
const EnvelopeType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// MaxEnvelope bounds an envelope file, in bytes: base64 of the longest statement and a certificate.
const MaxEnvelope = MaxStatement*4/3 + 64<<10

// Envelope is a DSSE envelope in a Sigstore bundle v0.3, read but not verified: package verify does that.
type Envelope struct {
	PayloadType string
	Payload     []byte
	Signature   []byte
	Hint        string // base64 of SHA-256 over the signer's SubjectPublicKeyInfo; empty with a certificate
	Certificate []byte // DER of the signer's certificate; empty with a hint
}

type sigstoreBundle struct {
	MediaType            string               `json:"mediaType"`
	VerificationMaterial verificationMaterial `json:"verificationMaterial"`
	DSSE                 *dsseEnvelope        `json:"dsseEnvelope"`
	Message              json.RawMessage      `json:"messageSignature,omitempty"`
}

type verificationMaterial struct {
	PublicKey   *publicKeyHint   `json:"publicKey,omitempty"`
	Certificate *certificateDER  `json:"certificate,omitempty"`
	Chain       *json.RawMessage `json:"x509CertificateChain,omitempty"` // forbidden in v0.3
}

type publicKeyHint struct {
	Hint string `json:"hint"`
}

type certificateDER struct {
	RawBytes []byte `json:"rawBytes"`
}

type dsseEnvelope struct {
	Payload     []byte          `json:"payload"`
	PayloadType string          `json:"payloadType"`
	Signatures  []dsseSignature `json:"signatures"`
}

type dsseSignature struct {
	Sig   []byte `json:"sig"`
	KeyID string `json:"keyid,omitempty"`
}

// ParseEnvelope reads an envelope. It checks form only; nothing in the result may be believed before package verify
// has seen it. Transparency log entries and timestamps of others are left alone.
func ParseEnvelope(data []byte) (Envelope, error) {
	var b sigstoreBundle
	if len(data) > MaxEnvelope {
		return Envelope{}, fmt.Errorf("envelope has more than %d bytes", MaxEnvelope)
	}
	if err := unmarshalLoose(data, &b); err != nil {
		return Envelope{}, fmt.Errorf("envelope: %w", err)
	}
	switch vm := b.VerificationMaterial; {
	case b.MediaType != EnvelopeType:
		return Envelope{}, fmt.Errorf("envelope: media type is not %s", EnvelopeType)
	case b.DSSE == nil || b.Message != nil:
		return Envelope{}, errors.New("envelope: holds no DSSE envelope, or something beside it")
	case len(b.DSSE.Signatures) != 1:
		return Envelope{}, fmt.Errorf("envelope: %d signatures; a Sigstore bundle has exactly one", len(b.DSSE.Signatures))
	case len(b.DSSE.Signatures[0].Sig) == 0:
		return Envelope{}, errors.New("envelope: the signature is empty")
	case vm.Chain != nil:
		return Envelope{}, errors.New("envelope: a v0.3 bundle carries one certificate, never a chain")
	case (vm.PublicKey == nil) == (vm.Certificate == nil):
		return Envelope{}, errors.New("envelope: needs either a public key hint or a certificate")
	}
	e := Envelope{PayloadType: b.DSSE.PayloadType, Payload: b.DSSE.Payload, Signature: b.DSSE.Signatures[0].Sig}
	if vm := b.VerificationMaterial; vm.PublicKey != nil {
		e.Hint = vm.PublicKey.Hint
	} else {
		e.Certificate = vm.Certificate.RawBytes
	}
	return e, nil
}

// Sign makes a bundle's envelope over the statement, with the signer's certificate if it has one.
func Sign(s Statement, signer signature.Signer, certificate *x509.Certificate) ([]byte, error) {
	payload, err := Marshal(s)
	if err != nil {
		return nil, err
	}
	wrapped, err := dsse.WrapSigner(signer, PayloadType).SignMessage(bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("sign the statement: %w", err)
	}
	b := sigstoreBundle{MediaType: EnvelopeType}
	if err := json.Unmarshal(wrapped, &b.DSSE); err != nil {
		return nil, err
	}
	if certificate != nil {
		b.VerificationMaterial.Certificate = &certificateDER{certificate.Raw}
		return Marshal(b)
	}
	pub, err := signer.PublicKey()
	if err != nil {
		return nil, err
	}
	hint, err := KeyHint(pub)
	if err != nil {
		return nil, err
	}
	b.VerificationMaterial.PublicKey = &publicKeyHint{hint}
	return Marshal(b)
}

// KeyHint is how cosign names a public key: base64 of SHA-256 over its SubjectPublicKeyInfo.
func KeyHint(pub crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}
