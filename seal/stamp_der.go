package seal

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Tags of what is tagged in the structures of RFC 3161 and RFC 5652.
var (
	tag0 = asn1.Tag(0).ContextSpecific().Constructed()
	tag1 = asn1.Tag(1).ContextSpecific().Constructed()
)

// der reads DER values one after another. The first that is not what it should be is remembered, and what is read after
// it is empty: a reader asks once, at the end. Readers of parts share the fault.
type der struct {
	rest  cryptobyte.String
	fault *error
}

func newDER(data []byte) *der { return &der{rest: data, fault: new(error)} }

func (r *der) fail(format string, args ...any) {
	if *r.fault == nil {
		*r.fault = fmt.Errorf(format, args...)
	}
	r.rest = nil
}

func (r *der) err() error { return *r.fault }

// more says whether anything follows. After a fault nothing does.
func (r *der) more() bool { return *r.fault == nil && len(r.rest) > 0 }

func (r *der) next(tag asn1.Tag) bool { return *r.fault == nil && r.rest.PeekASN1Tag(tag) }

// end refuses what follows the last value.
func (r *der) end(what string) {
	if r.more() {
		r.fail("%s goes on after its last value", what)
	}
}

// open gives the inside of a value.
func (r *der) open(tag asn1.Tag, what string) *der {
	in := &der{fault: r.fault}
	if *r.fault == nil && !r.rest.ReadASN1(&in.rest, tag) {
		r.fail("%s is missing or not DER", what)
	}
	return in
}

// element gives a value with its tag and length.
func (r *der) element(tag asn1.Tag, what string) []byte {
	var out cryptobyte.String
	if *r.fault == nil && !r.rest.ReadASN1Element(&out, tag) {
		r.fail("%s is missing or not DER", what)
	}
	return out
}

// any gives an element of whatever tag.
func (r *der) any(what string) []byte {
	var out cryptobyte.String
	var tag asn1.Tag
	if *r.fault == nil && !r.rest.ReadAnyASN1Element(&out, &tag) {
		r.fail("%s is missing or not DER", what)
	}
	return out
}

func (r *der) octets(what string) []byte {
	return r.open(asn1.OCTET_STRING, what).rest
}

// integer reads one of any size; the bytes are checked to be the shortest.
func (r *der) integer(tag asn1.Tag, what string) *big.Int {
	n := new(big.Int)
	element := r.element(tag, what)
	if len(element) == 0 {
		return n
	}
	whole := bytes.Clone(element)
	whole[0] = byte(asn1.INTEGER)
	if s := cryptobyte.String(whole); !s.ReadASN1Integer(n) {
		r.fail("%s is not an integer", what)
	}
	return n
}

// small reads an integer of a few values.
func (r *der) small(tag asn1.Tag, low, high int64, what string) int {
	n := r.integer(tag, what)
	if *r.fault == nil && (!n.IsInt64() || n.Int64() < low || n.Int64() > high) {
		r.fail("%s is not from %d to %d", what, low, high)
	}
	return int(n.Int64())
}

// oid reads an object identifier, in dots. The numbers in it may be of any size, as in policies made from a UUID.
func (r *der) oid(what string) string {
	in := r.open(asn1.OBJECT_IDENTIFIER, what)
	if *r.fault != nil {
		return ""
	}
	var id x509.OID
	if err := id.UnmarshalBinary(in.rest); err != nil {
		r.fail("%s is not an object identifier", what)
	}
	return id.String()
}

// boolean reads an optional BOOLEAN whose default is false.
func (r *der) boolean(what string) (v bool) {
	if r.next(asn1.BOOLEAN) && !r.rest.ReadASN1Boolean(&v) {
		r.fail("%s is not TRUE or FALSE", what)
	}
	return v
}

// setOf gives the elements of a SET OF; none after a fault.
func (r *der) setOf(tag asn1.Tag, limit int, what string) (list [][]byte) {
	in := r.open(tag, what)
	for in.more() {
		if list = append(list, in.any(what)); len(list) > limit {
			r.fail("%s has more than %d values", what, limit)
		}
	}
	if *r.fault != nil {
		return nil
	}
	return list
}

// sortedSetOf is a SET OF in the order of DER: by the bytes of its elements (X.690 §11.6).
func (r *der) sortedSetOf(tag asn1.Tag, limit int, what string) [][]byte {
	list := r.setOf(tag, limit, what)
	if !slices.IsSortedFunc(list, bytes.Compare) {
		r.fail("%s is not in the order of DER", what)
	}
	return list
}

// wholeDER is a reader of data that is one value with nothing after it.
func wholeDER(data []byte, tag asn1.Tag, what string) *der {
	r := newDER(data)
	in := r.open(tag, what)
	if *r.fault == nil && len(r.rest) > 0 {
		r.fail("%s is followed by %d bytes", what, len(r.rest))
		in.rest = nil
	}
	return in
}

// addOID writes an object identifier that is known to be one.
func addOID(b *cryptobyte.Builder, id string) {
	b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) {
		oid, err := x509.ParseOID(id)
		if err != nil {
			b.SetError(fmt.Errorf("object identifier %.40q: %w", id, err))
			return
		}
		content, err := oid.MarshalBinary()
		if err != nil {
			b.SetError(err)
		}
		b.AddBytes(content)
	})
}

// addSetOf writes elements in the order of DER.
func addSetOf(b *cryptobyte.Builder, tag asn1.Tag, list [][]byte) {
	list = slices.SortedFunc(slices.Values(list), bytes.Compare)
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, e := range list {
			b.AddBytes(e)
		}
	})
}

// build gives what f wrote.
func build(f func(b *cryptobyte.Builder)) ([]byte, error) {
	var b cryptobyte.Builder
	f(&b)
	return b.Bytes()
}
