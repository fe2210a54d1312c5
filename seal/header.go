package seal

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// HeaderSize is the length of every record's header: one age scrypt stanza at work factor 1.
const HeaderSize = 149

// nonceSize is the length of the nonce that follows an age header and begins the payload.
const nonceSize = 16

// minPayload is the shortest payload: the nonce, and one chunk with its tag.
const minPayload = nonceSize + 16

// headerForm is a header with a '_' for each character of base64. One that ends a group, ':' after 16 bytes and ';'
// after 32, has unused bits, and they are zero: nothing is left to choose. 16 bytes of salt, 32 of wrapped key, 32 of MAC.
var headerForm = "age-encryption.org/v1\n-> scrypt " + strings.Repeat("_", 21) + ": 1\n" + strings.Repeat("_", 42) + ";\n--- " + strings.Repeat("_", 42) + ";\n"

// CheckHeader says whether b has the one form a record's header can have. Its MAC can only be checked with the secret.
func CheckHeader(b []byte) error {
	ok := len(b) == HeaderSize
	for i := 0; ok && i < HeaderSize; i++ {
		switch headerForm[i] {
		case '_':
			ok = isBase64(b[i])
		case ':':
			ok = strings.IndexByte("AQgw", b[i]) >= 0
		case ';':
			ok = strings.IndexByte("AEIMQUYcgkosw048", b[i]) >= 0
		default:
			ok = b[i] == headerForm[i]
		}
	}
	if !ok {
		return errors.New("not an age header with one scrypt stanza at work factor 1")
	}
	return nil
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

// Attach puts header and payload together again: a standard age file.
func Attach(header []byte, payload io.Reader) io.Reader {
	return io.MultiReader(bytes.NewReader(header), payload)
}

// detacher takes an age file as age.Encrypt writes it, keeps the header and passes the rest on. Encrypt writes header
// and nonce before it returns, so begin must be called right after it.
type detacher struct {
	head []byte
	open bool // header and nonce are through
	dst  io.Writer
	n    int64 // payload bytes passed on
}

func (d *detacher) Write(p []byte) (int, error) {
	if !d.open {
		d.head = append(d.head, p...)
		return len(p), nil
	}
	n, err := d.dst.Write(p)
	d.n += int64(n)
	return n, err
}

func (d *detacher) begin() error {
	nonce := d.head[max(0, len(d.head)-nonceSize):]
	d.head = d.head[:len(d.head)-len(nonce)]
	if err := CheckHeader(d.head); err != nil {
		return err
	}
	d.open = true
	_, err := d.Write(nonce)
	return err
}
