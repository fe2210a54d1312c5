package seal

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// Level is how hard zstd tries. Originals are kept whatever it is; it only trades time for bytes.
type Level int

const (
	LevelText   Level = iota // text repays a search
	LevelStored              // already compressed media: raw blocks, no search worth the name
	levels
)

// smallDocument is the size up to which a document is sealed in memory in one call; larger ones stream.
const smallDocument = 4 << 20

// window bounds the memory of a streaming encoder and of every decoder of our records: stock `zstd -d` takes it too.
const window = 4 << 20

// Secret is a keyfile's 256-bit secret. Its text form, 64 lower-case hex digits, is the passphrase of every record
// in the keyfile: stretching it would add nothing, so scrypt runs at work factor 1.
type Secret [32]byte

// NewSecret draws a secret.
func NewSecret() (s Secret) {
	rand.Read(s[:])
	return s
}

// Passphrase is the text form.
func (s Secret) Passphrase() string { return hex.EncodeToString(s[:]) }

// ParseSecret reads the text form: what a wrapped secret opens to.
func ParseSecret(text []byte) (s Secret, err error) {
	if decodeHex(s[:], text) != nil {
		return Secret{}, errors.New("what the wrapped secret opens to is not 64 lower-case hex digits")
	}
	return s, nil
}

// Sealed is one record as made by [Sealer.Seal].
type Sealed struct {
	Header []byte // goes to the keyfile
	Length int64  // bytes of payload written
	Size   int64  // bytes of the original
	SHA256 Digest // of the original
	SHA512 Digest512
}

// ErrReadBack says that what zstd gave did not decompress to what went in. The compressor is at fault or the memory
// is; klauspost/compress once corrupted data silently (restic#4523), so every frame is read back before it is kept.
var ErrReadBack = errors.New("the compressed frame does not give the original back")

// Sealer makes records: one zstd frame in one age file. It is safe for use by several goroutines and meant to be
// shared: a new encoder for every document would be ten times slower.
type Sealer struct {
	whole   [levels]*zstd.Encoder // for EncodeAll
	check   *zstd.Decoder         // for DecodeAll
	streams [levels]sync.Pool
	checks  sync.Pool
	buffers sync.Pool // *[]byte
}

// NewSealer makes a sealer for n goroutines at a time.
func NewSealer(n int) (*Sealer, error) {
	s := &Sealer{}
	var err error
	for l := range levels {
		if s.whole[l], err = zstd.NewWriter(nil, encoderOptions(l, n)...); err != nil {
			return nil, err
		}
	}
	s.check, err = zstd.NewReader(nil, decoderOptions(n)...)
	return s, err
}

// Close frees what the shared encoders hold.
func (s *Sealer) Close() {
	for _, e := range s.whole {
		e.Close()
	}
	s.check.Close()
}

func encoderOptions(l Level, n int) []zstd.EOption {
	speed := zstd.SpeedDefault
	if l == LevelStored {
		speed = zstd.SpeedFastest
	}
	return []zstd.EOption{zstd.WithEncoderLevel(speed), zstd.WithEncoderConcurrency(n), zstd.WithWindowSize(window), zstd.WithZeroFrames(true)}
}

func decoderOptions(n int) []zstd.DOption {
	return []zstd.DOption{zstd.WithDecoderConcurrency(n), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(64 << 20)}
}

// Seal reads src to its end and writes the payload of its record to dst. size is what src is expected to give and
// decides only how it is done. When Seal fails, what reached dst is worthless and must not be kept.
func (s *Sealer) Seal(dst io.Writer, src io.Reader, size int64, secret Secret, level Level) (Sealed, error) {
	if size <= smallDocument {
		var b bytes.Buffer
		b.Grow(int(size) + bytes.MinRead)
		n, err := io.Copy(&b, io.LimitReader(src, smallDocument+1))
		if err == nil && n > smallDocument {
			err = fmt.Errorf("more than the %d bytes announced", size)
		}
		if err != nil {
			return Sealed{}, err
		}
		return s.SealBytes(dst, b.Bytes(), secret, level)
	}
	d := &digester{sha256: sha256.New(), sha512: sha512.New()}
	det := &detacher{dst: dst}
	w, err := encryptTo(det, secret)
	if err == nil {
		err = s.sealStream(w, src, d, level)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return Sealed{}, err
	}
	return Sealed{Header: det.head, Length: det.n, Size: d.n, SHA256: Digest(d.sha256.Sum(nil)), SHA512: Digest512(d.sha512.Sum(nil))}, nil
}

// SealBytes is [Sealer.Seal] for a document that is in memory.
func (s *Sealer) SealBytes(dst io.Writer, document []byte, secret Secret, level Level) (Sealed, error) {
	frame, err := s.frame(document, level)
	if err != nil {
		return Sealed{}, err
	}
	defer s.buffers.Put(frame)
	if b, ok := dst.(*bytes.Buffer); ok {
		b.Grow(payloadSize(len(*frame)))
	}
	det := &detacher{dst: dst}
	w, err := encryptTo(det, secret)
	if err == nil {
		_, err = w.Write(*frame)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return Sealed{}, err
	}
	return Sealed{Header: det.head, Length: det.n, Size: int64(len(document)), SHA256: sha256.Sum256(document), SHA512: sha512.Sum512(document)}, nil
}

// payloadSize is the nonce and what age makes of n bytes: a tag for each chunk of 64 KiB.
func payloadSize(n int) int { return nonceSize + n + 16*(n/(64<<10)+1) }

// frame compresses a document and reads it back. The caller gives the buffer back.
func (s *Sealer) frame(document []byte, level Level) (*[]byte, error) {
	frame, back := s.buffer(), s.buffer()
	defer s.buffers.Put(back)
	*frame = s.whole[level].EncodeAll(document, (*frame)[:0])
	if cap(*back) < len(document) {
		*back = make([]byte, 0, len(document))
	}
	got, err := s.check.DecodeAll(*frame, (*back)[:0])
	if err != nil || !bytes.Equal(got, document) {
		return nil, ErrReadBack
	}
	return frame, nil
}

// buffer is for a frame or what it decompresses to; it may hold another document's clear text.
func (s *Sealer) buffer() *[]byte {
	if b, ok := s.buffers.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

func encryptTo(det *detacher, secret Secret) (io.WriteCloser, error) {
	r, err := age.NewScryptRecipient(secret.Passphrase())
	if err != nil {
		return nil, err
	}
	r.SetWorkFactor(1)
	w, err := age.Encrypt(det, r)
	if err != nil {
		return nil, err
	}
	return w, det.begin()
}

// sealStream holds no more than the encoder's and the decoder's windows, whatever the document's size.
func (s *Sealer) sealStream(w io.Writer, src io.Reader, d *digester, level Level) error {
	pr, pw := io.Pipe()
	back := make(chan Digest, 1)
	go func() { back <- s.readBack(pr) }()

	e, err := s.stream(level, io.MultiWriter(w, pw))
	if err == nil {
		_, err = io.Copy(e, io.TeeReader(src, d))
		if cerr := e.Close(); err == nil {
			err = cerr
		}
		e.Reset(nil)
		s.streams[level].Put(e)
	}
	pw.CloseWithError(err)
	got := <-back
	if err == nil && got != Digest(d.sha256.Sum(nil)) {
		err = ErrReadBack
	}
	return err
}

// readBack decompresses what the encoder gives and returns the digest of it; the zero digest when it cannot.
func (s *Sealer) readBack(frames *io.PipeReader) (got Digest) {
	dec, _ := s.checks.Get().(*zstd.Decoder)
	var err error
	if dec == nil {
		dec, err = zstd.NewReader(frames, decoderOptions(1)...)
	} else {
		err = dec.Reset(frames)
	}
	h := sha256.New()
	if err == nil {
		if _, err = io.Copy(h, dec); err == nil {
			h.Sum(got[:0])
		}
		dec.Reset(nil)
		s.checks.Put(dec)
	}
	frames.CloseWithError(ErrReadBack) // a writer must not wait for a reader that gave up
	return got
}

func (s *Sealer) stream(level Level, w io.Writer) (*zstd.Encoder, error) {
	if e, ok := s.streams[level].Get().(*zstd.Encoder); ok {
		e.Reset(w)
		return e, nil
	}
	return zstd.NewWriter(w, encoderOptions(level, 1)...)
}

// digester takes the original's digests on its way through.
type digester struct {
	sha256, sha512 hash.Hash
	n              int64
}

func (d *digester) Write(p []byte) (int, error) {
	d.sha256.Write(p)
	d.sha512.Write(p)
	d.n += int64(len(p))
	return len(p), nil
}
