package seal

import (
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// NormalizeStamp gives the DER of a token that may be BER: definite lengths, whole octet strings, sorted sets. What is
// signed stays byte for byte: the TSTInfo and the signed attributes; so do certificates, CRLs and OCSP responses. A
// token is normalized once, when it comes, judged after that, and never touched again: evidence renewal hashes these
// very bytes.
func NormalizeStamp(token []byte) ([]byte, error) {
	if len(token) > MaxStampToken {
		return nil, fmt.Errorf("stamp token has more than %d bytes", MaxStampToken)
	}
	t := StampToken{}
	if err := t.loose(token); err != nil {
		return nil, fmt.Errorf("normalize a stamp token: %w", err)
	}
	out, err := t.marshal()
	if err != nil {
		return nil, fmt.Errorf("normalize a stamp token: %w", err)
	}
	if _, err := ParseStampToken(out); err != nil {
		return nil, fmt.Errorf("normalize a stamp token: %w", err)
	}
	return out, nil
}

// loose reads the parts of a token in BER and makes DER of them.
func (t *StampToken) loose(token []byte) error {
	outer, err := readAll(token, berSequence, 2)
	if err != nil {
		return err
	}
	if len(outer) != 2 || !isOID(outer[0], oidStampSigned) {
		return errors.New("it is not signed data")
	}
	wrapped, err := outer[1].only(berTagged0)
	if err != nil {
		return err
	}
	parts, err := wrapped.children(berSequence, 6)
	if err != nil {
		return err
	}
	if len(parts) < 4 {
		return errors.New("parts of the signed data are missing")
	}
	return t.looseParts(parts[1], parts[2], parts[3:len(parts)-1], parts[len(parts)-1])
}

func (t *StampToken) looseParts(digests, content berElement, sets []berElement, signers berElement) (err error) {
	if t.parts.digests, err = digests.sorted(berSet, berElement.opaque); err != nil {
		return fmt.Errorf("digest algorithms: %w", err)
	}
	if t.parts.content, err = content.encapsulated(); err != nil {
		return fmt.Errorf("content: %w", err)
	}
	for _, s := range sets {
		if err := t.looseSet(s); err != nil {
			return err
		}
	}
	if t.parts.signers, err = signers.sorted(berSet, berElement.signer); err != nil {
		return fmt.Errorf("signers: %w", err)
	}
	return nil
}

// looseSet reads certificates or revocation lists.
func (t *StampToken) looseSet(set berElement) error {
	list, err := set.children(set.tag, maxTokenRevocations)
	if err != nil {
		return err
	}
	fault := new(error)
	for _, e := range list {
		raw, err := e.opaque()
		switch {
		case err != nil:
			return err
		case set.tag == berTagged0 && t.CRLs == nil && t.OCSP == nil:
			t.Certificates = append(t.Certificates, raw)
		case set.tag == berTagged1:
			t.revocations(&der{fault: fault}, [][]byte{raw})
		default:
			return fmt.Errorf("tag %02x in the signed data", set.tag)
		}
	}
	return *fault
}

func isOID(e berElement, id string) bool {
	r := newDER(e.raw)
	return r.oid("") == id && r.err() == nil
}

// only gives the one value inside.
func (e berElement) only(tag byte) (berElement, error) {
	list, err := e.children(tag, 1)
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("tag %02x holds nothing", tag)
	}
	if err != nil {
		return e, err
	}
	return list[0], nil
}

// opaque is a value that stays as it is, so its length must be definite.
func (e berElement) opaque() ([]byte, error) {
	if e.indefinite {
		return nil, errors.New("a part that must stay as it is has an indefinite length")
	}
	return e.raw, nil
}

func wrap(tag byte, content []byte) ([]byte, error) {
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddBytes(content) })
	})
}

// sorted writes a SET OF.
func (e berElement) sorted(tag byte, write func(berElement) ([]byte, error)) ([]byte, error) {
	list, err := e.children(tag, maxTokenRevocations)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for _, c := range list {
		b, err := write(c)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return build(func(b *cryptobyte.Builder) { addSetOf(b, asn1.Tag(tag), all) })
}

// encapsulated writes the content, whose octets may come in parts.
func (e berElement) encapsulated() ([]byte, error) {
	list, err := e.children(berSequence, 2)
	if err != nil || len(list) != 2 {
		return nil, errors.New("it is not a type and a value")
	}
	wrapped, err := list[1].only(berTagged0)
	if err != nil {
		return nil, err
	}
	octets, err := wrapped.octets(0)
	if err != nil {
		return nil, err
	}
	return build(func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(list[0].raw)
			b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddASN1OctetString(octets) })
		})
	})
}

// signer writes a SignerInfo. All in it stays as it is but the signature's octets, which may come in parts, and the order
// of unsigned attributes: the signed ones are signed, and the others name what was signed and how.
func (e berElement) signer() ([]byte, error) {
	list, err := e.children(berSequence, 7)
	if err != nil {
		return nil, err
	}
	var content []byte
	for _, part := range list {
		b, err := part.signerPart()
		if err != nil {
			return nil, err
		}
		content = append(content, b...)
	}
	return wrap(berSequence, content)
}

func (e berElement) signerPart() ([]byte, error) {
	switch e.tag {
	case berTagged1:
		return e.sorted(berTagged1, berElement.opaque)
	case berOctets, berConstructedOctets:
		octets, err := e.octets(0)
		if err != nil {
			return nil, err
		}
		return wrap(berOctets, octets)
	}
	return e.opaque()
}
