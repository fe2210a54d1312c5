package seal

import (
	"bytes"
	"errors"
	"fmt"
)

// The tags of X.690 that RFC 4998, RFC 3161 and RFC 5652 use here.
const (
	derBoolean     = 0x01
	derInteger     = 0x02
	derOctets      = 0x04
	derOID         = 0x06
	derGeneralized = 0x18
	derSequence    = 0x30
	derSet         = 0x31
	derContext     = 0xa0 // [0], constructed; [n] is derContext+n
)

const maxDER = 64 // levels of nesting

var errNotStrict = errors.New("is BER, not DER")

// appendDER writes one value.
func appendDER(b []byte, tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b = append(b, tag)
	if n < 0x80 {
		b = append(b, byte(n))
	} else {
		var length []byte
		for m := n; m > 0; m >>= 8 {
			length = append([]byte{byte(m)}, length...)
		}
		b = append(append(b, 0x80|byte(len(length))), length...)
	}
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func derValue(tag byte, parts ...[]byte) []byte { return appendDER(nil, tag, parts...) }

// derHead reads tag and length: how long both are, and how long the content is. The first octet of the tag tells what
// the readers here ask for; a tag of more octets is stepped over.
func derHead(b []byte) (head, content int, err error) {
	if len(b) < 2 {
		return 0, 0, errors.New("ends within a value")
	}
	head = 1
	if b[0]&0x1f == 0x1f {
		for head < len(b) && b[head]&0x80 != 0 {
			head++
		}
		head++
	}
	if head >= len(b) {
		return 0, 0, errors.New("ends within a tag")
	}
	first := b[head]
	head++
	switch n := int(first & 0x7f); {
	case first < 0x80:
		content = int(first)
	case n == 0:
		return 0, 0, fmt.Errorf("%w: a value of indefinite length", errNotStrict)
	case n > 3 || len(b)-head < n: // three octets count to 16 MiB, the longest record
		return 0, 0, errors.New("has a length that nothing follows")
	default:
		for _, c := range b[head : head+n] {
			content = content<<8 | int(c)
		}
		if content < 0x80 || content>>(8*(n-1)) == 0 {
			return 0, 0, fmt.Errorf("%w: a length longer than it must be", errNotStrict)
		}
		head += n
	}
	if content > len(b)-head {
		return 0, 0, errors.New("ends within a value")
	}
	return head, content, nil
}

// derReader reads values one after another; after the first fault it gives nothing more.
type derReader struct {
	rest []byte
	err  error
}

// take gives the next value whole and its content.
func (r *derReader) take() (whole, content []byte) {
	if r.err != nil {
		return nil, nil
	}
	head, n, err := derHead(r.rest)
	if err != nil {
		r.err = err
		return nil, nil
	}
	whole, r.rest = r.rest[:head+n], r.rest[head+n:]
	return whole, whole[head:]
}

// at says whether the next value has this tag.
func (r *derReader) at(tag byte) bool { return r.err == nil && len(r.rest) > 0 && r.rest[0] == tag }

// value gives the content of the next value, which must have this tag.
func (r *derReader) value(tag byte, what string) []byte {
	_, content := r.valueWhole(tag, what)
	return content
}

func (r *derReader) valueWhole(tag byte, what string) (whole, content []byte) {
	if r.err == nil && !r.at(tag) {
		r.err = fmt.Errorf("has no %s where one must be", what)
	}
	return r.take()
}

// inside reads the content of the next value, which must have this tag.
func (r *derReader) inside(tag byte, what string) *derReader {
	return &derReader{rest: r.value(tag, what), err: r.err}
}

// optional gives the next value whole and its content if it has this tag.
func (r *derReader) optional(tag byte) (whole, content []byte, ok bool) {
	if !r.at(tag) {
		return nil, nil, false
	}
	whole, content = r.take()
	return whole, content, r.err == nil
}

// end takes over another reader's fault and refuses what is left.
func (r *derReader) end() error {
	if r.err == nil && len(r.rest) > 0 {
		r.err = errors.New("goes on after its last value")
	}
	return r.err
}

// checkDER looks for what DER forbids in any ASN.1, whatever it means: indefinite and padded lengths, strings in pieces,
// booleans of another value. With sorted it also wants the members of every SET in order, which some TSAs do not keep.
func checkDER(b []byte, sorted bool) error { return checkDERAt(b, sorted, 0) }

func checkDERAt(b []byte, sorted bool, depth int) error {
	if depth > maxDER {
		return fmt.Errorf("nests deeper than %d levels", maxDER)
	}
	r := &derReader{rest: b}
	for len(r.rest) > 0 {
		tag := r.rest[0]
		_, content := r.take()
		if r.err != nil {
			return r.err
		}
		if err := checkDERValue(tag, content, sorted, depth); err != nil {
			return err
		}
	}
	return nil
}

func checkDERValue(tag byte, content []byte, sorted bool, depth int) error {
	switch {
	case tag == derBoolean && !(len(content) == 1 && (content[0] == 0 || content[0] == 0xff)):
		return fmt.Errorf("%w: a boolean that is neither 00 nor ff", errNotStrict)
	case tag&0x20 == 0: // primitive
		return nil
	case tag&0xc0 == 0 && tag != derSequence && tag != derSet: // all else that is universal here is a string, whole in DER
		return fmt.Errorf("%w: a string in pieces", errNotStrict)
	case tag == derSet && sorted && !setSorted(content):
		return fmt.Errorf("%w: a SET whose members are out of order", errNotStrict)
	}
	return checkDERAt(content, sorted, depth+1)
}

// setSorted is X.690 §11.6: ascending as octet strings, a shorter one padded with zeros.
func setSorted(content []byte) bool {
	r := &derReader{rest: content}
	var before []byte
	for len(r.rest) > 0 {
		whole, _ := r.take()
		if r.err != nil || bytes.Compare(before, whole) > 0 {
			return false
		}
		before = whole
	}
	return true
}
