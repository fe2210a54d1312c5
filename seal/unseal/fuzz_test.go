package unseal_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/klauspost/compress/zstd"

	"kartoteka/seal"
	"kartoteka/seal/fuzztest"
	"kartoteka/seal/unseal"
)

// record makes a record of any bytes where a frame should be: only who has the secret can.
func record(t testing.TB, secret seal.Secret, frame []byte) (header, payload []byte) {
	t.Helper()
	r, err := age.NewScryptRecipient(secret.Passphrase())
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(1)
	var b bytes.Buffer
	w, err := age.Encrypt(&b, r)
	if err == nil {
		_, err = w.Write(frame)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()[:seal.HeaderSize], b.Bytes()[seal.HeaderSize:]
}

var errFull = errors.New("full")

// room takes 4 MiB.
type room struct{ bytes.Buffer }

func (r *room) Write(p []byte) (int, error) {
	if r.Len()+len(p) > 4<<20 {
		return 0, errFull
	}
	return r.Buffer.Write(p)
}

// FuzzDocument opens a record that holds any bytes: what comes out is what zstd makes of them, and a frame's word for its
// window and its size costs no memory.
func FuzzDocument(f *testing.F) {
	e, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "Karta informacyjna", strings.Repeat("temperatura ", 1<<15)} {
		f.Add(e.EncodeAll([]byte(s), nil))
	}
	var streamed bytes.Buffer // a frame that does not say its size, with the window of our records
	w, err := zstd.NewWriter(&streamed, zstd.WithWindowSize(4<<20))
	if err == nil {
		_, err = w.Write(bytes.Repeat([]byte("Karta "), 1<<19))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		f.Fatal(err)
	}
	f.Add(streamed.Bytes())
	f.Add([]byte("\x28\xb5\x2f\xfd\x10\x64\x03\x00\x03\x88"))                         // a window of 6 MiB
	f.Add([]byte("\x28\xb5\x2f\xfd\xe4\xff\xff\xff\xff\xff\xff\xff\x00\x01\x00\x00")) // claims 64 PiB
	f.Add([]byte("\x28\xb5\x2f\xfd\x00\x98\x03\x00\x10x"))                            // a window of 512 MiB
	secret := seal.Secret{1}
	key := keyOf(f, secret)
	d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(16<<20), zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderConcurrency(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		header, payload := record(t, secret, frame)
		out := &room{}
		out.Grow(4 << 20)
		var n int64
		var sum seal.Digest
		var err error
		fuzztest.Bounded(t, 8<<10, func() { n, sum, err = key.Document(out, header, bytes.NewReader(payload)) }) // and the window
		want, werr := d.DecodeAll(frame, nil)
		if (err == nil) != (werr == nil) && !errors.Is(err, errFull) {
			t.Fatalf("%x: %v, and zstd by itself %v", frame, err, werr)
		}
		if err == nil && (n != int64(out.Len()) || sum != sha256.Sum256(out.Bytes()) || !bytes.Equal(want, out.Bytes())) {
			t.Errorf("%x opens to %d bytes, %s, zstd makes %d of it", frame, n, sum, len(want))
		}
	})
}

// FuzzIdentities: an identity file is one or is not. No passphrase is given: its stretching is age's matter.
func FuzzIdentities(f *testing.F) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		f.Fatal(err)
	}
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("# public key: x\n" + id.String() + "\n\n" + classic.String()))
	f.Add([]byte(armor.Header + "\n" + armor.Footer))
	f.Add([]byte("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 22\n"))
	none := errors.New("no passphrase")
	f.Fuzz(func(t *testing.T, data []byte) {
		var ids []age.Identity
		var err error
		fuzztest.Bounded(t, len(data), func() {
			ids, err = unseal.Identities(data, func() (string, error) { return "", none })
		})
		if err == nil && len(ids) == 0 {
			t.Errorf("%q holds no identity and is none's fault", data)
		}
	})
}
