package verify

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"kartoteka/seal"
)

// Signer is who signed an envelope, as the policy knows him.
type Signer struct {
	Producer string // the producer's name in the policy
}

// Envelope judges an envelope's signature at a time: form, payload type, key, trust, signature, in this order. The
// time is when the signature is known to have existed: now at ingest, the event's time later; never the statement's
// own word.
func (p *Policy) Envelope(e seal.Envelope, at time.Time) (Signer, error) {
	if e.PayloadType != seal.PayloadType {
		return Signer{}, failed(CodePayloadType, "the envelope's payload type is not %s", seal.PayloadType)
	}
	if at.IsZero() { // crypto/x509 would take it for now
		return Signer{}, indeterminate(CodeTime, "judged at no time")
	}
	var late *Error
	for _, pr := range p.Producers {
		key, err := pr.key(e, at)
		if err != nil {
			late = err
		}
		if key == nil {
			continue
		}
		if !within(at, pr.From, pr.Until) {
			late = failed(CodeProducerTime, "producer %s was not trusted at %s", pr.Name, seal.At(at))
			continue
		}
		return Signer{pr.Name}, checkSignature(key, e)
	}
	if late != nil {
		return Signer{}, late
	}
	return Signer{}, indeterminate(CodeProducer, "no producer in the policy has the key that signed")
}

// key is the public key if this producer could have signed e; nil otherwise. An error says why a certificate that
// names this producer does not hold.
func (p Producer) key(e seal.Envelope, at time.Time) (crypto.PublicKey, *Error) {
	if p.Key != "" {
		key, err := loadKey([]byte(p.Key))
		if err != nil || len(e.Certificate) > 0 {
			return nil, nil
		}
		hint, err := seal.KeyHint(key)
		if err != nil || hint != e.Hint {
			return nil, nil
		}
		return key, nil
	}
	cert, err := x509.ParseCertificate(e.Certificate)
	if err != nil || cert.Subject.String() != p.Subject {
		return nil, nil
	}
	roots, inter, err := p.pools()
	if err != nil {
		return nil, nil
	}
	_, err = cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: inter, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return nil, failed(CodeProducerTime, "the certificate of producer %s does not hold at %s: %w", p.Name, seal.At(at), err)
	}
	if cert.KeyUsage != 0 && cert.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return nil, failed(CodeProducerTime, "the certificate of producer %s is not for signatures", p.Name)
	}
	if err := strong(cert.PublicKey); err != nil {
		return nil, err
	}
	return cert.PublicKey, nil
}

func checkSignature(key crypto.PublicKey, e seal.Envelope) error {
	v, err := signature.LoadVerifier(key, crypto.SHA256)
	if err != nil {
		return failed(CodeKeyWeak, "load the producer's key: %w", err)
	}
	pae := dsse.PAE(e.PayloadType, e.Payload)
	if err := v.VerifySignature(bytes.NewReader(e.Signature), bytes.NewReader(pae)); err != nil {
		return failed(CodeSignature, "the signature does not fit the statement and the producer's key")
	}
	return nil
}

// two judges that two officers with different keys signed: one person under two names is one.
func (p *Policy) two(r Role, list []seal.OfficerSignature, message []byte, at time.Time) error {
	signers := map[string]bool{} // by key
	for _, s := range list {
		hint, err := p.officer(r, s, message, at)
		if err != nil {
			return err
		}
		signers[hint] = true
	}
	if len(signers) < 2 {
		return failed(CodeOfficers, "two different officers must sign; %d did", len(signers))
	}
	return nil
}

// officer checks one signature and names the key it is of.
func (p *Policy) officer(r Role, s seal.OfficerSignature, message []byte, at time.Time) (hint string, err error) {
	for _, o := range p.Officers {
		if o.Name != s.Name || !o.may(r, at) {
			continue
		}
		key, err := loadKey([]byte(o.Key))
		if err != nil {
			return "", failed(CodeKeyWeak, "officer %s: %w", o.Name, err)
		}
		v, err := signature.LoadVerifier(key, crypto.SHA256)
		if err == nil {
			err = v.VerifySignature(bytes.NewReader(s.Signature), bytes.NewReader(message))
		}
		if err != nil {
			return "", failed(CodeOfficers, "the signature of officer %s does not hold", s.Name)
		}
		return seal.KeyHint(key)
	}
	return "", failed(CodeOfficers, "the policy trusts no officer %.40q for %s at %s", s.Name, r, seal.At(at))
}

// LoadKey reads a PEM public key and refuses what is too weak to last.
func LoadKey(pem []byte) (crypto.PublicKey, error) { return loadKey(pem) }

func loadKey(pem []byte) (crypto.PublicKey, error) {
	key, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
	if err != nil {
		return nil, err
	}
	if err := strong(key); err != nil {
		return nil, err
	}
	return key, nil
}

func strong(key crypto.PublicKey) *Error {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return nil
		}
	case ed25519.PublicKey:
		return nil
	case *rsa.PublicKey:
		if k.N.BitLen() >= 3072 {
			return nil
		}
	}
	return failed(CodeKeyWeak, "the key is not ECDSA P-256, Ed25519 or RSA of at least 3072 bits")
}
