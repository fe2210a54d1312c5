package seal

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func newSealer(t testing.TB) *Sealer {
	t.Helper()
	s, err := NewSealer(2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestSealForm(t *testing.T) {
	s := newSealer(t)
	var one, two bytes.Buffer
	secret := NewSecret()
	a, err := s.Seal(&one, strings.NewReader("a document"), 10, secret, LevelText)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Seal(&two, strings.NewReader("a document"), 10, secret, LevelText)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Header) != HeaderSize || CheckHeader(a.Header) != nil || a.Length != int64(one.Len()) || a.Length < minPayload || a.Size != 10 {
		t.Errorf("got %+v", a)
	}
	if bytes.Equal(a.Header, b.Header) || bytes.Equal(one.Bytes(), two.Bytes()) || a.SHA256 != b.SHA256 {
		t.Error("the same document twice gives the same record")
	}
}

func TestCheckHeader(t *testing.T) {
	s := newSealer(t)
	sealed, err := s.Seal(io.Discard, strings.NewReader("x"), 1, NewSecret(), LevelText)
	if err != nil {
		t.Fatal(err)
	}
	good := string(sealed.Header)
	if err := CheckHeader([]byte(good)); err != nil {
		t.Error(err)
	}
	lines := strings.SplitAfter(good, "\n")
	spare := func(line string) string { // the last digit with its spare bits set
		i := len(strings.TrimRight(line, "\n"))
		if j := strings.Index(line, " 1\n"); j > 0 {
			i = j
		}
		return line[:i-1] + "/" + line[i:]
	}
	for name, bad := range map[string]string{
		"empty": "", "cut": good[:len(good)-1], "longer": good + "\n", "work factor": strings.Replace(good, " 1\n", " 9\n", 1),
		"two digits":      strings.Replace(good, " 1\n", " 11\n", 1),
		"stanza":          strings.Replace(good, "scrypt", "X25519", 1),
		"version":         strings.Replace(good, "/v1", "/v2", 1),
		"crlf":            strings.Replace(good, "\n", "\r", 1),
		"salt spare bits": lines[0] + spare(lines[1]) + lines[2] + lines[3],
		"body spare bits": lines[0] + lines[1] + spare(lines[2]) + lines[3],
		"mac spare bits":  lines[0] + lines[1] + lines[2] + spare(lines[3]),
		"url base64":      lines[0] + lines[1] + "-" + lines[2][1:] + lines[3],
	} {
		if CheckHeader([]byte(bad)) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// weakDecoder stands for a compressor that corrupts: it cannot read what the encoder writes.
func weakDecoder(t *testing.T) *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<10))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestErrReadBackWhole(t *testing.T) {
	s := newSealer(t)
	s.check.Close()
	s.check = weakDecoder(t)
	_, err := s.Seal(io.Discard, bytes.NewReader(make([]byte, 1<<20)), 1<<20, NewSecret(), LevelText)
	if !errors.Is(err, ErrReadBack) {
		t.Errorf("got %v", err)
	}
}

func TestErrReadBackStream(t *testing.T) {
	s := newSealer(t)
	s.checks.New = func() any { return weakDecoder(t) }
	for _, size := range []int64{smallDocument + 1, 20 << 20} {
		_, err := s.Seal(io.Discard, io.LimitReader(noise{}, size), size, NewSecret(), LevelText)
		if !errors.Is(err, ErrReadBack) {
			t.Errorf("%d bytes: got %v", size, err)
		}
	}
}

// noise does not compress.
type noise struct{}

func (noise) Read(p []byte) (int, error) {
	x := uint64(88172645463325252)
	for i := range p {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		p[i] = byte(x)
	}
	return len(p), nil
}

func TestReadBackOfGarbage(t *testing.T) {
	s := newSealer(t)
	for name, frame := range map[string]string{"garbage": "no frame at all", "nothing": "", "cut": "\x28\xb5\x2f\xfd\x04\x00"} {
		pr, pw := io.Pipe()
		go func() { io.WriteString(pw, frame); pw.Close() }()
		got := s.readBack(pr)
		if name == "nothing" {
			continue // no frame: the digest of nothing, which no document has
		}
		if got != (Digest{}) {
			t.Errorf("%s: digest %s", name, got)
		}
	}
}

// A source that gives more than was announced is refused where it would not fit into memory.
func TestSealMoreThanAnnounced(t *testing.T) {
	s := newSealer(t)
	if _, err := s.Seal(io.Discard, io.LimitReader(noise{}, smallDocument+1), 10, NewSecret(), LevelText); err == nil {
		t.Error("accepted")
	}
	sealed, err := s.Seal(io.Discard, io.LimitReader(noise{}, 20), 10, NewSecret(), LevelText)
	if err != nil || sealed.Size != 20 {
		t.Errorf("got %+v, %v", sealed, err)
	}
}

func TestSealSourceFails(t *testing.T) {
	s := newSealer(t)
	broken := errors.New("broken")
	for _, size := range []int64{10, smallDocument + 10} {
		src := io.MultiReader(io.LimitReader(noise{}, size/2), failing{broken})
		if _, err := s.Seal(io.Discard, src, size, NewSecret(), LevelText); !errors.Is(err, broken) {
			t.Errorf("%d bytes: got %v", size, err)
		}
		if _, err := s.Seal(full{broken}, io.LimitReader(noise{}, size), size, NewSecret(), LevelText); !errors.Is(err, broken) {
			t.Errorf("%d bytes, full disk: got %v", size, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

func TestSecret(t *testing.T) {
	s := NewSecret()
	back, err := ParseSecret([]byte(s.Passphrase()))
	if err != nil || back != s {
		t.Errorf("got %v, %v", back, err)
	}
	for _, bad := range []string{"", s.Passphrase() + "\n", s.Passphrase()[1:], strings.ToUpper("abcdef") + s.Passphrase()[6:]} {
		if _, err := ParseSecret([]byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
