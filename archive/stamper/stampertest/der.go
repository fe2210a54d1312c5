package stampertest

import (
	"bytes"
	"crypto/x509"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// piece writes one value.
type piece = func(b *cryptobyte.Builder)

func raw(data []byte) piece { return func(b *cryptobyte.Builder) { b.AddBytes(data) } }

func tagged(tag der.Tag, parts ...piece) piece {
	return func(b *cryptobyte.Builder) {
		b.AddASN1(tag, func(b *cryptobyte.Builder) {
			for _, p := range parts {
				p(b)
			}
		})
	}
}

func sequence(parts ...piece) piece { return tagged(der.SEQUENCE, parts...) }

func set(tag der.Tag, parts ...piece) piece {
	var list [][]byte
	for _, p := range parts {
		list = append(list, bytesOf(p))
	}
	slices.SortFunc(list, bytes.Compare)
	return tagged(tag, raw(bytes.Join(list, nil)))
}

func specific(n int) der.Tag { return der.Tag(n).ContextSpecific().Constructed() }

func number(n int64) piece { return func(b *cryptobyte.Builder) { b.AddASN1Int64(n) } }

func octets(data []byte) piece { return func(b *cryptobyte.Builder) { b.AddASN1OctetString(data) } }

func null(b *cryptobyte.Builder) { b.AddASN1NULL() }

func oid(id string) piece {
	return func(b *cryptobyte.Builder) {
		o, err := x509.ParseOID(id)
		if err != nil {
			b.SetError(err)
			return
		}
		content, _ := o.MarshalBinary()
		b.AddASN1(der.OBJECT_IDENTIFIER, raw(content))
	}
}

func bytesOf(p piece) []byte {
	var b cryptobyte.Builder
	p(&b)
	return b.BytesOrPanic()
}
