// Package unseal opens documents, envelopes, capsules and register entries with people's identities. It is the only
// package that does, and no code reachable from the daemon imports it (a test says so).
//
// age hands out bytes before the last chunk is authenticated, so whoever takes bytes from here reads to the end and
// compares the digest before releasing anything: [Document] and [Bytes] do.
package unseal

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"kartoteka/seal"
)

// maxWindow is the largest window of a frame we open; version 1 writes 4 MiB.
const maxWindow = 8 << 20

// ErrForeign says that the identities given open none of a keyfile's wrapped secrets. Whose recipient stands second in a
// pair learns no more when he comes alone: an age file does not say to whom it is.
var ErrForeign = errors.New("the identity is none of those the keyfile is wrapped to, or one that opens only together with another custodian's")

// ErrHalf is the [ErrForeign] of who comes with the first identity of a pair alone.
var ErrHalf error = half{}

type half struct{}

func (half) Error() string {
	return "the identity opens the outer half of the keyfile's secret: a second custodian's is needed too"
}

func (half) Unwrap() error { return ErrForeign }

// Key opens the records of one keyfile.
type Key struct {
	identity *age.ScryptIdentity
	To       string // fingerprint of the recipient whose identity opened it
	secret   seal.Secret
}

// Keyfile unwraps a keyfile's secret with the first identity that fits. A wrapped secret that is damaged does not keep
// the others from being tried: each is there so that one loss is no loss.
func Keyfile(k *seal.Keyfile, identities ...age.Identity) (*Key, error) {
	cause := ErrForeign
	if len(identities) == 0 { // age takes that for an error of its own
		return nil, cause
	}
	for _, w := range k.Secrets {
		secret, err := unwrap(w.Age, identities)
		switch {
		case err == nil:
			return newKey(secret, w.To)
		case err == ErrHalf && errors.Is(cause, ErrForeign): // damage says more
			cause = ErrHalf
		case !errors.Is(err, ErrForeign):
			cause = fmt.Errorf("open %s of accession %s: %w", k.Head.Class.FileName(), k.Head.Accession, err)
		}
	}
	return nil, cause
}

func newKey(s seal.Secret, to string) (*Key, error) {
	id, err := age.NewScryptIdentity(s.Passphrase())
	if err != nil {
		return nil, err
	}
	id.SetMaxWorkFactor(1)
	return &Key{id, to, s}, nil
}

// ageMagic is the first line of an age file.
const ageMagic = "age-encryption.org/v1\n"

// unwrap opens a wrapped secret; where that gives an age file again, it was to a pair, and this is opened too.
func unwrap(file []byte, identities []age.Identity) (s seal.Secret, err error) {
	text, err := unwrapped(file, identities)
	if err != nil {
		return s, err
	}
	return seal.ParseSecret(text)
}

func unwrapped(file []byte, identities []age.Identity) (text []byte, err error) {
	text, err = open(file, identities)
	if err == nil && bytes.HasPrefix(text, []byte(ageMagic)) {
		if text, err = open(text, identities); err == ErrForeign {
			err = ErrHalf
		}
	}
	return text, err
}

// maxSecret bounds what a wrapped secret opens to, in bytes: the inner file of a pair has some 1,800, and some 3,000
// where it holds the private keys of an archive.
const maxSecret = 8 << 10

func open(file []byte, identities []age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(file), identities...)
	var no *age.NoIdentityMatchError
	if errors.As(err, &no) {
		return nil, ErrForeign
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxSecret))
}

// Document writes the original of a record to dst and returns its size and digest. When it returns an error, what
// reached dst is worthless.
func (k *Key) Document(dst io.Writer, header []byte, payload io.Reader) (n int64, sum seal.Digest, err error) {
	if err := seal.CheckHeader(header); err != nil {
		return 0, sum, err
	}
	plain, err := age.Decrypt(seal.Attach(header, payload), k.identity)
	if err != nil {
		return 0, sum, err
	}
	w := spare.Get().(*workplace)
	defer spare.Put(w)
	w.frame.Reset()
	if _, err := w.frame.ReadFrom(io.LimitReader(plain, wholeFrame+1)); err != nil {
		return 0, sum, err
	}
	if w.frame.Len() <= wholeFrame { // read to its end, and so authenticated
		if document, err := w.whole.DecodeAll(w.frame.Bytes(), w.document[:0]); err == nil {
			w.document = document
			n, err := dst.Write(document)
			return int64(n), sha256.Sum256(document), err
		}
	} // what is larger, or wrong, the stream tells
	return w.streamed(dst, io.MultiReader(&w.frame, plain))
}

// wholeFrame is the size up to which a frame, and what it opens to, is held in memory, in bytes.
const wholeFrame = 2 << 20

// workplace is what opening a record needs, used again for the next: to make it costs as much as to open a small one.
type workplace struct {
	frame    bytes.Buffer
	document []byte
	whole    *zstd.Decoder
	stream   *zstd.Decoder
}

var spare = sync.Pool{New: func() any {
	w := &workplace{}
	// With these options there is nothing to go wrong.
	w.whole, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(wholeFrame))
	w.stream, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	return w
}}

// streamed holds no more than the frame's window, whatever the document's size.
func (w *workplace) streamed(dst io.Writer, frame io.Reader) (n int64, sum seal.Digest, err error) {
	if err := w.stream.Reset(frame); err != nil {
		return 0, sum, err
	}
	defer w.stream.Reset(nil)
	h := sha256.New()
	if n, err = io.Copy(io.MultiWriter(dst, h), w.stream); err != nil {
		return n, sum, err
	}
	if _, err := io.Copy(io.Discard, frame); err != nil { // the last chunk authenticates the whole
		return n, sum, err
	}
	h.Sum(sum[:0])
	return n, sum, nil
}

// Bytes opens a record of at most limit bytes whole.
func (k *Key) Bytes(header []byte, payload io.Reader, limit int) ([]byte, error) {
	b := &limited{limit: limit}
	_, _, err := k.Document(b, header, payload)
	return b.Bytes(), err
}

type limited struct {
	bytes.Buffer
	limit int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.limit {
		return 0, fmt.Errorf("record opens to more than %d bytes", l.limit)
	}
	return l.Buffer.Write(p)
}

// Secret gives the secret itself, to be wrapped to other people. It was tried on a record first: those who have it now
// will not have it any more.
func (k *Key) Secret(f *seal.Keyfile) (s seal.Secret, err error) {
	for _, r := range f.Records {
		if r.Shredded() {
			continue
		}
		if _, err := age.DecryptHeader(r.Header, k.identity); err != nil {
			return s, fmt.Errorf("the secret of %s of accession %s does not open record %d: %w", f.Head.Class.FileName(), f.Head.Accession, r.N, err)
		}
		break
	}
	return k.secret, nil
}

// Sealed opens the first of several age files, each to one recipient or a pair, that the identities open.
func Sealed(files [][]byte, identities ...age.Identity) (plain []byte, err error) {
	cause := ErrForeign
	if len(identities) == 0 { // age takes that for an error of its own
		return nil, cause
	}
	for _, f := range files {
		plain, err := unwrapped(f, identities)
		switch {
		case err == nil:
			return plain, nil
		case err == ErrHalf && errors.Is(cause, ErrForeign): // damage says more
			cause = ErrHalf
		case !errors.Is(err, ErrForeign):
			cause = err
		}
	}
	return nil, cause
}
