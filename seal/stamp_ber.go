package seal

import (
	"errors"
	"fmt"
)

// CMS may be written in BER (RFC 5652 §1.2), and some TSAs do. This reader is for [NormalizeStamp] and for responses
// only: whatever is judged is DER.

// maxBERDepth bounds nesting: an indefinite length is found by reading what is inside.
const maxBERDepth = 32

// The tag bytes, with the bit of constructed values.
const (
	berInteger           = 0x02
	berBitString         = 0x03
	berOctets            = 0x04
	berUTF8String        = 0x0c
	berConstructed       = 0x20
	berConstructedOctets = berOctets | berConstructed
	berSequence          = 0x30
	berSet               = 0x31
	berTagged0           = 0xa0
	berTagged1           = 0xa1
)

// berElement is one value as it stands in its encoding.
type berElement struct {
	tag        byte
	raw        []byte // all of it
	content    []byte // without tag, length and end-of-contents
	indefinite bool
}

var errBER = errors.New("a length does not fit")

// readBER reads the first value of data.
func readBER(data []byte, depth int) (e berElement, rest []byte, err error) {
	if depth > maxBERDepth {
		return e, nil, fmt.Errorf("values nest deeper than %d levels", maxBERDepth)
	}
	if len(data) < 2 {
		return e, nil, errBER
	}
	if data[0]&0x1f == 0x1f {
		return e, nil, errors.New("a tag has a number above 30")
	}
	if data[1] == 0x80 {
		return readIndefinite(data, depth)
	}
	n, head, err := berLength(data)
	if err != nil || n > len(data)-head {
		return e, nil, errBER
	}
	return berElement{tag: data[0], raw: data[:head+n], content: data[head : head+n]}, data[head+n:], nil
}

// berLength reads a definite length, which may be longer than it need be, and says where the content begins.
func berLength(data []byte) (n, head int, err error) {
	if data[1] < 0x80 {
		return int(data[1]), 2, nil
	}
	count := int(data[1] & 0x7f)
	if count > 8 || len(data) < 2+count {
		return 0, 0, errBER
	}
	for _, b := range data[2 : 2+count] {
		if n > MaxStampToken {
			return 0, 0, errBER
		}
		n = n<<8 | int(b)
	}
	return n, 2 + count, nil
}

// readIndefinite reads values until the two zero bytes that end this one.
func readIndefinite(data []byte, depth int) (e berElement, rest []byte, err error) {
	if data[0]&berConstructed == 0 {
		return e, nil, errors.New("a primitive value has no length")
	}
	rest = data[2:]
	for len(rest) < 2 || rest[0] != 0 || rest[1] != 0 {
		if _, rest, err = readBER(rest, depth+1); err != nil {
			return e, nil, err
		}
	}
	end := len(data) - len(rest)
	return berElement{tag: data[0], raw: data[:end+2], content: data[2:end], indefinite: true}, rest[2:], nil
}

// children gives the values inside a value of the given tag.
func (e berElement) children(tag byte, limit int) (list []berElement, err error) {
	if e.tag != tag {
		return nil, fmt.Errorf("tag %02x where %02x must be", e.tag, tag)
	}
	for rest := e.content; len(rest) > 0; {
		var c berElement
		if c, rest, err = readBER(rest, 0); err != nil {
			return nil, err
		}
		if list = append(list, c); len(list) > limit {
			return nil, fmt.Errorf("more than %d values", limit)
		}
	}
	return list, nil
}

// readAll gives the values inside the one value that data is.
func readAll(data []byte, tag byte, limit int) ([]berElement, error) {
	e, rest, err := readBER(data, 0)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow", len(rest))
	}
	return e.children(tag, limit)
}

// octets joins the parts of an OCTET STRING (X.690 §8.7).
func (e berElement) octets(depth int) ([]byte, error) {
	if e.tag == berOctets {
		return e.content, nil
	}
	parts, err := e.children(berConstructedOctets, len(e.content))
	if err != nil || depth > maxBERDepth {
		return nil, errors.New("not an octet string")
	}
	var all []byte
	for _, p := range parts {
		b, err := p.octets(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, b...)
	}
	return all, nil
}
