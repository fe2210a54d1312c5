package unseal_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/klauspost/compress/zstd"

	"kartoteka/seal"
	"kartoteka/seal/unseal"
)

// shared finds shared/data/sub beside the module or above it.
func shared(t *testing.T, sub string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		found := filepath.Join(dir, "shared", "data", sub)
		if _, err := os.Stat(found); err == nil {
			return found
		}
		if up := filepath.Dir(dir); up != dir {
			dir = up
			continue
		}
		t.Skipf("SKIP: no folder shared/data/%s in any folder above", sub)
	}
}

func hybrid(t testing.TB) *age.HybridIdentity {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func wrap(t testing.TB, s string, to ...string) (list []seal.WrappedSecret) {
	t.Helper()
	for _, r := range to {
		b, err := seal.SealTo(r, []byte(s))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, seal.WrappedSecret{To: seal.Fingerprint(r), Age: b})
	}
	return list
}

// keyOf gives the key of a keyfile with one secret.
func keyOf(t testing.TB, secret seal.Secret) *unseal.Key {
	t.Helper()
	id := hybrid(t)
	k, err := unseal.Keyfile(&seal.Keyfile{Secrets: wrap(t, secret.Passphrase(), id.Recipient().String())}, id)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealer(t testing.TB) *seal.Sealer {
	t.Helper()
	s, err := seal.NewSealer(2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// source gives size bytes, half text and half noise.
type source struct{ left, x uint64 }

func newSource(size int64) *source { return &source{uint64(size), 88172645463325252} }

func (s *source) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(uint64(len(p)), s.left)]
	for i := range p {
		s.x ^= s.x << 13
		s.x ^= s.x >> 7
		s.x ^= s.x << 17
		p[i] = "temperatura "[s.x%12]
		if s.x>>40&0x1000 != 0 {
			p[i] = byte(s.x >> 20)
		}
	}
	s.left -= uint64(len(p))
	return len(p), nil
}

func TestRoundTrip(t *testing.T) {
	s, secret := sealer(t), seal.NewSecret()
	key := keyOf(t, secret)
	for _, level := range []seal.Level{seal.LevelText, seal.LevelStored} {
		for _, size := range []int64{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 4<<20 - 1, 4 << 20, 4<<20 + 1, 9 << 20} {
			t.Run(fmt.Sprintf("level %d, %d bytes", level, size), func(t *testing.T) {
				var payload, out bytes.Buffer
				h256, h512 := sha256.New(), sha512.New()
				sealed, err := s.Seal(&payload, io.TeeReader(newSource(size), io.MultiWriter(h256, h512)), size, secret, level)
				if err != nil {
					t.Fatal(err)
				}
				if sealed.Size != size || sealed.Length != int64(payload.Len()) || sealed.SHA256 != seal.Digest(h256.Sum(nil)) || sealed.SHA512 != seal.Digest512(h512.Sum(nil)) {
					t.Errorf("sealed %+v", sealed)
				}
				n, sum, err := key.Document(&out, sealed.Header, &payload)
				if err != nil || n != size || sum != sealed.SHA256 || int64(out.Len()) != size {
					t.Errorf("opened %d bytes, %s, %v", n, sum, err)
				}
			})
		}
	}
}

// heap samples the bytes of live objects and of those not yet collected.
func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

type watch struct{ peak uint64 }

func (w *watch) Write(p []byte) (int, error) {
	w.peak = max(w.peak, heap())
	return len(p), nil
}

// A study of 256 MiB is sealed and opened in a heap below 64 MiB.
func TestBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("256 MiB")
	}
	const size, limit = 256 << 20, 64 << 20
	s, secret := sealer(t), seal.NewSecret()
	key := keyOf(t, secret)
	file, err := os.Create(filepath.Join(t.TempDir(), "payload"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	runtime.GC()
	before, w := heap(), &watch{}
	sealed, err := s.Seal(io.MultiWriter(file, w), newSource(size), size, secret, seal.LevelStored)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	_, sum, err := key.Document(w, sealed.Header, file)
	if err != nil || sum != sealed.SHA256 {
		t.Fatalf("opened to %s, %v", sum, err)
	}
	if w.peak > before+limit {
		t.Errorf("the heap grew from %d to %d MiB", before>>20, w.peak>>20)
	}
}

// Every byte counts: nothing of a record can be changed, cut or added unseen.
func TestDamaged(t *testing.T) {
	s, secret := sealer(t), seal.NewSecret()
	key := keyOf(t, secret)
	var payload bytes.Buffer
	sealed, err := s.Seal(&payload, strings.NewReader("Karta informacyjna"), 18, secret, seal.LevelText)
	if err != nil {
		t.Fatal(err)
	}
	open := func(header, payload []byte) error {
		_, _, err := key.Document(io.Discard, header, bytes.NewReader(payload))
		return err
	}
	if err := open(sealed.Header, payload.Bytes()); err != nil {
		t.Fatal(err)
	}
	for i := range sealed.Header {
		bad := bytes.Clone(sealed.Header)
		bad[i] ^= 1
		if open(bad, payload.Bytes()) == nil {
			t.Errorf("header byte %d", i)
		}
	}
	for i := range payload.Bytes() {
		bad := bytes.Clone(payload.Bytes())
		bad[i] ^= 1
		if open(sealed.Header, bad) == nil {
			t.Errorf("payload byte %d", i)
		}
		if open(sealed.Header, payload.Bytes()[:i]) == nil {
			t.Errorf("payload cut to %d", i)
		}
	}
	if open(sealed.Header, append(bytes.Clone(payload.Bytes()), 0)) == nil {
		t.Error("a byte more")
	}
	other := keyOf(t, seal.NewSecret())
	if _, _, err := other.Document(io.Discard, sealed.Header, &payload); err == nil {
		t.Error("opened with another keyfile's secret")
	}
}

func TestBytesLimit(t *testing.T) {
	s, secret := sealer(t), seal.NewSecret()
	key := keyOf(t, secret)
	var payload bytes.Buffer
	sealed, err := s.Seal(&payload, newSource(1000), 1000, secret, seal.LevelText)
	if err != nil {
		t.Fatal(err)
	}
	for limit, ok := range map[int]bool{999: false, 1000: true, 2000: true} {
		b, err := key.Bytes(sealed.Header, bytes.NewReader(payload.Bytes()), limit)
		if (err == nil) != ok || ok && len(b) != 1000 {
			t.Errorf("limit %d: %d bytes, %v", limit, len(b), err)
		}
	}
}

// One damaged wrapped secret must not lock the others out.
func TestKeyfileSecrets(t *testing.T) {
	first, second, stranger, secret := hybrid(t), hybrid(t), hybrid(t), seal.NewSecret()
	to := []string{first.Recipient().String(), second.Recipient().String()}
	for _, tt := range []struct {
		name   string
		damage func([]byte) []byte
		id     age.Identity
		want   string // fingerprint, or the beginning of an error
	}{
		{"first", nil, first, seal.Fingerprint(to[0])},
		{"second", nil, second, seal.Fingerprint(to[1])},
		{"stranger", nil, stranger, unseal.ErrForeign.Error()},
		{"first cut, second asks", func(b []byte) []byte { return b[:40] }, second, seal.Fingerprint(to[1])},
		{"first empty, second asks", func(b []byte) []byte { return nil }, second, seal.Fingerprint(to[1])},
		{"first's MAC flipped, second asks", func(b []byte) []byte { return flip(b, bytes.Index(b, []byte("--- "))+5) }, second, seal.Fingerprint(to[1])},
		{"first's payload flipped, first asks", func(b []byte) []byte { return flip(b, len(b)-1) }, first, "open content.keys"},
		{"first cut, stranger asks", func(b []byte) []byte { return b[:40] }, stranger, "open content.keys"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := &seal.Keyfile{Head: seal.KeyfileHead{Class: seal.ClassContent}, Secrets: wrap(t, secret.Passphrase(), to...)}
			if tt.damage != nil {
				k.Secrets[0].Age = tt.damage(k.Secrets[0].Age)
			}
			got, err := unseal.Keyfile(k, tt.id)
			if err == nil && got.To != tt.want || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %+v, %v, want %s", got, err, tt.want)
			}
		})
	}
	k := &seal.Keyfile{Secrets: wrap(t, "a password", to...)}
	if _, err := unseal.Keyfile(k, first); err == nil || errors.Is(err, unseal.ErrForeign) {
		t.Errorf("a secret that is none: %v", err)
	}
}

func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

// The example of docs/format/record.md, sealed once: it must open for ever.
func TestRecordVector(t *testing.T) {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("..", "testdata", "vectors", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	id, err := age.ParseHybridIdentity(strings.TrimSpace(string(read("identity-custodian.txt"))))
	if err != nil {
		t.Fatal(err)
	}
	k, err := seal.ParseKeyfile(read("content-1.keys"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := unseal.Keyfile(k, id)
	if err != nil || key.To != k.Secrets[0].To {
		t.Fatalf("got %+v, %v", key, err)
	}
	want := [][]byte{read("envelope-1.json"), read("document-1.txt"), read("document-2.txt")}
	segment := read("segment-1.segment")
	for i, r := range k.Records {
		got, err := key.Bytes(r.Header, bytes.NewReader(segment[r.Offset:r.Offset+r.Length]), 1<<20)
		if err != nil || !bytes.Equal(got, want[i]) {
			t.Errorf("record %d: %q, %v", i, got, err)
		}
	}
	whole := read("record-1.age")
	got, err := key.Bytes(whole[:seal.HeaderSize], bytes.NewReader(whole[seal.HeaderSize:]), 1<<20)
	if err != nil || !bytes.Equal(got, want[1]) {
		t.Errorf("record-1.age: %q, %v", got, err)
	}
}

func TestIdentities(t *testing.T) {
	id := hybrid(t)
	plain := []byte("# a comment\n" + id.String() + "\n")
	protect := func(armoured bool) []byte {
		var b bytes.Buffer
		var dst io.Writer = &b
		var end io.Closer = io.NopCloser(nil)
		if armoured {
			a := armor.NewWriter(&b)
			dst, end = a, a
		}
		r, err := age.NewScryptRecipient("correct")
		if err != nil {
			t.Fatal(err)
		}
		r.SetWorkFactor(2)
		w, err := age.Encrypt(dst, r)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(plain)
		if err := errors.Join(w.Close(), end.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	say := func(p string) func() (string, error) { return func() (string, error) { return p, nil } }
	for _, tt := range []struct {
		name string
		data []byte
		ask  func() (string, error)
		want error
	}{
		{"plain", plain, nil, nil},
		{"protected", protect(false), say("correct"), nil},
		{"armoured", protect(true), say("correct"), nil},
		{"wrong", protect(false), say("wrong"), unseal.ErrPassphrase},
		{"empty", protect(true), say(""), unseal.ErrPassphrase},
		{"nobody to ask", protect(false), nil, unseal.ErrNeedsPassphrase},
	} {
		list, err := unseal.Identities(tt.data, tt.ask)
		if !errors.Is(err, tt.want) || tt.want == nil && (err != nil || len(list) != 1) {
			t.Errorf("%s: %d identities, %v", tt.name, len(list), err)
		}
	}
	for name, data := range map[string][]byte{"nothing": nil, "text": []byte("hello\n"), "too long": make([]byte, 1<<20+1)} {
		if _, err := unseal.Identities(data, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// The age vectors of C2SP/CCTV as records. A record's header has one form: one scrypt stanza at work factor 1. No
// vector has that work factor, so CheckHeader must refuse every one of them: of those that age opens, these are the
// reasons. What is left of them for us, wrapped secrets and the payload stream, follows below.
var recordRefuses = map[string]string{
	"armor":  "records and wrapped secrets are binary",
	"scrypt": "work factor 10: ours is 1, and the maximum", "stream": "one X25519 stanza", "x25519": "one X25519 stanza",
	"hybrid": "one or more mlkem768x25519 stanzas", "p256tag": "another stanza", "mlkem768p256tag": "another stanza",
	"header": "no age header of ours", "hmac": "no age header of ours", "stanza": "no age header of ours", "version": "no age header of ours", "empty": "no age header of ours",
}

type ageVector struct {
	name, expect, identity, passphrase, payload string
	body                                        []byte
	armoured, compressed                        bool
}

func ageVectors(t *testing.T) (list []ageVector) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shared(t, "07-age/CCTV"), "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil || !bytes.HasPrefix(data, []byte("expect: ")) {
			continue // a folder or a text about them
		}
		head, body, _ := bytes.Cut(data, []byte("\n\n"))
		v := ageVector{name: filepath.Base(f), body: body}
		for line := range strings.Lines(string(head) + "\n") {
			switch k, x, _ := strings.Cut(strings.TrimSpace(line), ": "); k {
			case "expect":
				v.expect = x
			case "identity":
				v.identity += x + "\n"
			case "passphrase":
				v.passphrase = x
			case "payload":
				v.payload = x
			case "armored":
				v.armoured = true
			case "compressed":
				v.compressed = true
			}
		}
		list = append(list, v)
	}
	if len(list) < 70 {
		t.Fatalf("only %d vectors", len(list))
	}
	return list
}

func TestAgeVectorsAsRecords(t *testing.T) {
	key := keyOf(t, seal.NewSecret())
	for _, v := range ageVectors(t) {
		n := min(len(v.body), seal.HeaderSize)
		if i := bytes.Index(v.body, []byte("\n--- ")); i >= 0 {
			if j := bytes.IndexByte(v.body[i+1:], '\n'); j >= 0 {
				n = i + 1 + j + 1
			}
		}
		if seal.CheckHeader(v.body[:n]) == nil {
			t.Errorf("%s: CheckHeader takes it", v.name)
		}
		if _, _, err := key.Document(io.Discard, v.body[:n], bytes.NewReader(v.body[n:])); err == nil {
			t.Errorf("%s: opens", v.name)
		}
		kind, _, _ := strings.Cut(v.name, "_")
		if v.expect == "success" && recordRefuses[kind] == "" {
			t.Errorf("%s: age opens it and no reason is written down why we do not", v.name)
		}
	}
}

// As wrapped secrets the vectors do apply: Keyfile must get exactly as far as the vector's verdict says. No vector
// holds 64 hex digits, so a success shows as the complaint about the secret's form, and "no match" as ErrForeign.
func TestAgeVectorsAsSecrets(t *testing.T) {
	tried := 0
	for _, v := range ageVectors(t) {
		if v.armoured || v.compressed || v.identity == "" && v.passphrase == "" {
			continue // armoured: wrapped secrets are binary; compressed: of 16 MiB, no secret; no identity: cut before a recipient
		}
		ids, err := age.ParseIdentities(strings.NewReader(v.identity))
		if v.passphrase != "" {
			var id *age.ScryptIdentity
			id, err = age.NewScryptIdentity(v.passphrase)
			ids = []age.Identity{id}
		}
		if err != nil {
			continue // an identity of a kind our libraries do not know
		}
		tried++
		k := &seal.Keyfile{Secrets: []seal.WrappedSecret{{To: "0123456789abcdef", Age: v.body}}}
		_, err = unseal.Keyfile(k, ids...)
		got := "failure"
		switch {
		case err == nil:
			got = "opened"
		case errors.Is(err, unseal.ErrForeign):
			got = "no match"
		case strings.Contains(err.Error(), "64 lower-case hex digits"):
			got = "success"
		}
		want := v.expect
		if strings.HasSuffix(want, " failure") {
			want = "failure"
		}
		// A payload that fails after 65 bytes is not read that far: the form of the secret is refused first.
		if got != want && !(v.expect == "payload failure" && got == "success") {
			t.Errorf("%s: got %s (%v), want %s", v.name, got, err, v.expect)
		}
	}
	if tried < 40 {
		t.Errorf("only %d vectors", tried)
	}
}

// The zstd vectors reach our decoder as the frame of a record. The golden inputs must round-trip, the golden frames must
// open, the bad ones must be refused or end in another digest, and never hang, panic or take memory by claim.
//
//	delta/target.txt.zst   needs a dictionary: version 1 has none, so it must be refused
//	off0.bin.zst           Debian's zstd and klauspost decode it: either verdict, the digest decides
//	fuzz/decode-oss.zip    no verdicts: no panic and no hang
func TestZstdVectors(t *testing.T) {
	dir := shared(t, "11-zstd")
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	open := opener(t)
	for name, size := range map[string]int64{"zstd/golden-decompression/block-128k.zst": -1, "zstd/golden-decompression/empty-block.zst": -1,
		"zstd/golden-decompression/rle-first-block.zst": -1, "zstd/golden-decompression/zeroSeq_2B.zst": 13, "compress/z000028.zst": int64(len(read("compress/z000028")))} {
		n, err := open(read(name))
		if err != nil || size >= 0 && n != size {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
	for _, name := range []string{"zstd/golden-decompression-errors/truncated_huff_state.zst", "compress/delta/target.txt.zst"} {
		if n, err := open(read(name)); err == nil {
			t.Errorf("%s: opens to %d bytes", name, n)
		}
	}
	open(read("zstd/golden-decompression-errors/off0.bin.zst"))
	s, secret := sealer(t), seal.NewSecret()
	key := keyOf(t, secret)
	for _, name := range []string{"zstd/golden-compression/http", "zstd/golden-compression/huffman-compressed-larger"} {
		var payload, out bytes.Buffer
		data := read(name)
		sealed, err := s.Seal(&payload, bytes.NewReader(data), int64(len(data)), secret, seal.LevelText)
		if err == nil {
			_, _, err = key.Document(&out, sealed.Header, &payload)
		}
		if err != nil || !bytes.Equal(out.Bytes(), data) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]string{"compress/good.zip": "open", "compress/bad.zip": "refuse", "compress/fuzz/decode-oss.zip": ""} {
		zipped(t, filepath.Join(dir, name), want, open)
	}
}

// opener makes a record of any frame and opens it; what it gives is bounded.
func opener(t *testing.T) func(frame []byte) (int64, error) {
	secret := seal.NewSecret()
	key := keyOf(t, secret)
	r, err := age.NewScryptRecipient(secret.Passphrase())
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(1)
	return func(frame []byte) (int64, error) {
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
		out := &bounded{left: 256 << 20}
		n, _, err := key.Document(out, b.Bytes()[:seal.HeaderSize], bytes.NewReader(b.Bytes()[seal.HeaderSize:]))
		return n, err
	}
}

type bounded struct{ left int }

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errors.New("more than 256 MiB")
	}
	return len(p), nil
}

func zipped(t *testing.T, name, want string, open func([]byte) (int64, error)) {
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := z.File
	if len(files) > 600 {
		files = files[:600]
	}
	for _, f := range files {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			t.Fatal(err)
		}
		if want == "open" && !strings.HasSuffix(f.Name, ".zst") {
			continue // the original of the frame beside it
		}
		_, err = open(data)
		if errors.Is(err, zstd.ErrWindowSizeExceeded) {
			continue // a window above ours: refused by design
		}
		if want == "open" && err != nil || want == "refuse" && err == nil && len(data) > 0 {
			t.Errorf("%s in %s: %v, want %s", f.Name, filepath.Base(name), err, want)
		}
	}
}
