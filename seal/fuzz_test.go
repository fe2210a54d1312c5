package seal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"filippo.io/age"

	"kartoteka/seal"
	"kartoteka/seal/fuzztest"
)

// seeds adds the vectors of a format, good and bad.
func seeds(f *testing.F, format string, more ...string) {
	for _, name := range append(good[format], more...) {
		f.Add(vector(f, name))
	}
	files, _ := filepath.Glob(filepath.Join(vectors, "bad", format+"-*.txt"))
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil {
			_, body, _ := bytes.Cut(data, []byte("\n\n"))
			f.Add(body)
		}
	}
}

// bounded is a reader that allocates by its input.
func bounded[T any](t testing.TB, data []byte, read func([]byte) (T, error)) (v T, err error) {
	t.Helper()
	fuzztest.Bounded(t, len(data), func() { v, err = read(data) })
	return v, err
}

// canonical fuzzes a reader of our own files: one spelling each.
func canonical[T any](f *testing.F, read func([]byte) (T, error), write func(T) ([]byte, error)) {
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := bounded(t, data, read); err == nil {
			fuzztest.Same(t, data, func() ([]byte, error) { return write(v) })
		}
	})
}

// settled fuzzes a reader of files that people lay out; limit is the reader's own, as what is written may be longer.
func settled[T any](f *testing.F, limit int, read func([]byte) (T, error), write func(T) ([]byte, error)) {
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := bounded(t, data, read); err == nil && len(data) < limit/16 {
			fuzztest.Settles(t, v, read, write)
		}
	})
}

func FuzzParseEvent(f *testing.F) {
	seeds(f, "event", "event-unknown.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := bounded(t, data, seal.ParseEvent)
		if errors.Is(err, seal.ErrUnknownKind) {
			if _, err := seal.ParseAccessionID(e.Accession.String()); err != nil {
				t.Error(err)
			}
		} else if err == nil {
			fuzztest.Same(t, data, e.Marshal)
		}
	})
}

func FuzzParseKeyfile(f *testing.F) {
	seeds(f, "keyfile")
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := bounded(t, data, seal.ParseKeyfile)
		if err != nil {
			return
		}
		fuzztest.Same(t, data, k.Marshal)
		if _, err := k.Sum(); err != nil {
			t.Error(err)
		}
		for n := range k.Records {
			if _, err := k.Record(n); err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzParseCheckpoint: what opens was signed for byte by byte, and the signature of somebody unknown beside it changes
// nothing.
func FuzzParseCheckpoint(f *testing.F) {
	seeds(f, "checkpoint")
	signer, verifier := logVerifier(f, "log", exampleOrigin)
	stranger := []byte("\u2014 witness.example/w " + base64.StdEncoding.EncodeToString(make([]byte, 4+8+64)) + "\n")
	f.Add(append(vector(f, "checkpoint-1.txt"), stranger...))
	f.Fuzz(func(t *testing.T, data []byte) {
		peek, err := bounded(t, data, seal.PeekCheckpoint)
		c, opened := seal.OpenCheckpoint(data, exampleOrigin, verifier)
		if opened != nil {
			return
		}
		if err != nil || peek != c {
			t.Errorf("peeked %+v, %v; opened %+v", peek, err, c)
		}
		if signed, err := c.Sign(signer); err != nil || !bytes.HasPrefix(data, signed[:bytes.Index(signed, []byte("\n\n"))]) {
			t.Errorf("%q is not signed for: %v", data, err)
		}
		if more, err := seal.OpenCheckpoint(append(bytes.Clone(data), stranger...), exampleOrigin, verifier); bytes.Count(data, []byte("\n")) < 50 && (err != nil || more != c) {
			t.Errorf("%q beside a stranger's signature: %+v, %v", data, more, err)
		}
	})
}

// FuzzParseProof: what holds is a leaf of the example's log, under one of its checkpoints.
func FuzzParseProof(f *testing.F) {
	seeds(f, "proof")
	_, verifier := logVerifier(f, "log", exampleOrigin)
	leaves := exampleLeaves(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := bounded(t, data, seal.ParseProof)
		if err != nil {
			return
		}
		fuzztest.Same(t, data, func() ([]byte, error) { return p.Marshal(), nil })
		for i, leaf := range leaves {
			if _, err := p.Check(leaf, exampleOrigin, verifier); err == nil && int(p.Index) != i {
				t.Errorf("event %d stands at %d", i, p.Index)
			}
		}
	})
}

// exampleLeaves are the example's log up to its release.
func exampleLeaves(t testing.TB) (leaves [][]byte) {
	for _, name := range exampleLog[:6] {
		leaves = append(leaves, vector(t, name))
	}
	return leaves
}

// FuzzParseReceipt: a receipt that holds is of an event of the example's log, byte for byte.
func FuzzParseReceipt(f *testing.F) {
	seeds(f, "receipt", "receipt-2.json")
	_, verifier := logVerifier(f, "log", exampleOrigin)
	leaves := exampleLeaves(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := bounded(t, data, seal.ParseReceipt)
		if err != nil {
			return
		}
		fuzztest.Settles(t, r, seal.ParseReceipt, seal.Receipt.Marshal)
		if r.Holds(exampleOrigin, verifier) == nil && r.Event != string(leaves[2]) && r.Event != string(leaves[4]) {
			t.Errorf("holds for %q", r.Event)
		}
		r.Check(r.Opening.SHA256, exampleOrigin, verifier)
	})
}

func FuzzParseEnvelope(f *testing.F) {
	seeds(f, "envelope")
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := bounded(t, data, seal.ParseEnvelope)
		if err == nil && (len(e.Signature) == 0 || e.Hint != "" && len(e.Certificate) > 0) {
			t.Errorf("read as %+v", e)
		}
	})
}

// FuzzParseStatement: the sender's bytes are kept as they are; what was understood can be written and is understood the
// same way.
func FuzzParseStatement(f *testing.F) {
	seeds(f, "statement")
	s, err := seal.ParseStatement(vector(f, "statement-1.json"))
	if err != nil {
		f.Fatal(err)
	}
	s.Predicate.Digitisation = &seal.Digitisation{Operator: "x", ScannedAt: "2024-03-01", DPI: 300, Paper: "destroyed"}
	for i := range s.Predicate.Documents {
		d := &s.Predicate.Documents[i]
		d.Author, d.Relation = &seal.Author{Name: "Adam Testowy", ID: "1.2^3"}, &seal.Relation{Kind: "replaces", Target: "1.2^4"}
		d.Signature, d.Codes = &seal.DocumentSigning{Kind: "qes", Format: "xades"}, map[string]string{"loinc": "18842-5"}
		d.Confidentiality, d.Class, d.SetID, d.Version = "V", "transfusion", "1.2^5", "2"
	}
	rich, err := seal.Marshal(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(rich)
	settled(f, seal.MaxStatement, seal.ParseStatement, func(s seal.Statement) ([]byte, error) { return seal.Marshal(s) })
}

func FuzzParsePacket(f *testing.F) {
	seeds(f, "packet")
	p := seal.Packet{Origin: "o", Release: 1, Bundles: []seal.PacketRecord{{Folder: seal.PacketBundle(1)}}}
	for i, name := range []string{"a.json", "a.jpeg", "a.tiff", "a.html", "a.Xml", "a.tar.gz2", "a", "a.ó", ".dcm"} {
		p.Bundles[0].Documents = append(p.Bundles[0].Documents, seal.PacketEntry{Path: seal.PacketDocument(i+1, name), Index: i + 1, Name: name})
	}
	data, err := p.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	canonical(f, seal.ParsePacket, seal.Packet.Marshal)
}

func FuzzParseOpenings(f *testing.F) {
	seeds(f, "openings")
	canonical(f, seal.ParseOpenings, seal.Openings.Marshal)
}

func FuzzParseCapsule(f *testing.F) {
	seeds(f, "capsule")
	canonical(f, seal.ParseCapsule, func(c seal.Capsule) ([]byte, error) {
		if _, _, err := c.Commit(); err != nil {
			return nil, err
		}
		return c.Marshal()
	})
}

func FuzzParseEntry(f *testing.F) {
	seeds(f, "entry")
	canonical(f, seal.ParseEntry, seal.Entry.Marshal)
}

func FuzzParseReleaseEntry(f *testing.F) {
	seeds(f, "release")
	canonical(f, seal.ParseReleaseEntry, func(r seal.Release) ([]byte, error) { b, _, _, err := r.Commit(); return b, err })
}

// FuzzParseRelease is the officer's file.
func FuzzParseRelease(f *testing.F) {
	f.Add([]byte(`{"request": "R-1", "requester": {"name": "Jan Kowalski", "relation": "self"},
 "evidence": {"kind": "passport", "country": "PL", "last4": "1234", "checked_by": "release desk"},
 "basis": "UPP art. 26 ust. 1", "way": "carrier", "fee": "first"}`))
	seeds(f, "release")
	settled(f, seal.MaxRelease, seal.ParseRelease, func(r seal.Release) ([]byte, error) { return seal.Marshal(r) })
}

func FuzzParseRecipients(f *testing.F) {
	seeds(f, "recipients")
	settled(f, 1<<20, seal.ParseRecipients, seal.Recipients.Marshal)
}

// FuzzParseID: each id has one text form.
func FuzzParseID(f *testing.F) {
	for _, s := range []string{"2026/11/21-0001", "2026/11/21-123456", "2026/02/30-0001", strings.Repeat("0a", 32), strings.Repeat("0a", 64), "2026-11-21T20:00:00Z", "2026-11-21T20:00:00+01:00", "2024-02-29", "0000-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := seal.ParseAccessionID(s); err == nil && a.String() != s {
			t.Errorf("accession %q read as %s", s, a)
		}
		if d, err := seal.ParseDigest(s); err == nil && d.String() != s {
			t.Errorf("digest %q read as %s", s, d)
		}
		if x, err := seal.ParseSecret([]byte(s)); err == nil && x.Passphrase() != s {
			t.Errorf("secret %q read as %s", s, x.Passphrase())
		}
		var d seal.Digest512
		if d.UnmarshalText([]byte(s)) == nil && d.String() != s {
			t.Errorf("digest %q read as %s", s, d)
		}
		if d, err := seal.ParseDate(s); err == nil && d.String() != s {
			t.Errorf("date %q read as %s", s, d)
		}
		var at seal.Time
		if at.UnmarshalJSON([]byte(`"`+s+`"`)) == nil && at.String() != s {
			t.Errorf("time %q read as %s", s, at)
		}
	})
}

// FuzzCheckHeader: what we take for a header age takes for one too, and for the same bytes.
func FuzzCheckHeader(f *testing.F) {
	header := vector(f, "record-1.age")[:seal.HeaderSize]
	f.Add(header)
	f.Add(bytes.Replace(header, []byte(" 1\n"), []byte(" 2\n"), 1))
	f.Add(append(bytes.Clone(header[:seal.HeaderSize-2]), '1', '\n'))
	f.Fuzz(func(t *testing.T, data []byte) {
		if seal.CheckHeader(data) != nil {
			return
		}
		got, err := age.ExtractHeader(seal.Attach(data, strings.NewReader(strings.Repeat("x", 64))))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%q: age reads %q, %v", data, got, err)
		}
	})
}

// FuzzCheckSegment: a segment is the one its event names, however the bytes come in, and one bit more is another.
func FuzzCheckSegment(f *testing.F) {
	f.Add(vector(f, "segment-1.segment"), uint16(1))
	f.Add(vector(f, "segment-2.segment"), uint16(40))
	f.Add([]byte(seal.SegmentMagic), uint16(7))
	f.Add([]byte(seal.SegmentMagic+strings.Repeat("x", seal.BlockSize)), uint16(9))
	f.Fuzz(func(t *testing.T, data []byte, flip uint16) {
		var leaves []seal.Digest
		for b := data; len(b) > 0; b = b[min(len(b), seal.BlockSize):] {
			sum := sha256.Sum256(b[:min(len(b), seal.BlockSize)])
			leaves = append(leaves, seal.LeafHash(sum[:]))
		}
		want := seal.Segment{N: 1, Length: int64(len(data)), Root: seal.TreeRoot(leaves)}
		ours := bytes.HasPrefix(data, []byte(seal.SegmentMagic))
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.HalfReader(iotest.DataErrReader(bytes.NewReader(data)))} {
			if err := seal.CheckSegment(r, want); (err == nil) != ours {
				t.Fatalf("%q: %v", data, err)
			}
		}
		if len(data) == 0 {
			return
		}
		other := bytes.Clone(data)
		other[int(flip)%len(data)] ^= 1 << (flip >> 13)
		if seal.CheckSegment(bytes.NewReader(other), want) == nil {
			t.Errorf("%q passes for %q", other, data)
		}
	})
}

// FuzzCheckJSON: what is taken is what a slow walk with encoding/json's own decoder takes, and encoding/json makes the
// same of it when it was written again.
func FuzzCheckJSON(f *testing.F) {
	seeds(f, "event", "policy-1.json")
	for _, s := range []string{`[]`, `null`, `"\ud83d\ude00"`, `"\ud83d"`, `"\\ud83d"`, `{"a":1,"A":2}`, `{"ſ":1,"s":2}`, `{"\u0061":1,"a":2}`, `{"a":{"a":{}},"b":[{"a":1},{"a":1}]}`, `[1,2`, `{"a":1}{}`,
		`[1,]`, `{"a" 1}`, `{"":"\"\\"," ":-1.5e+3}`, `1e999`, "\"\xff\"", " [ null , true\t,\"x\" ]\r\n", strings.Repeat("[", 70) + strings.Repeat("]", 70), strings.Repeat("[", 64) + "1" + strings.Repeat("]", 64)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := bounded(t, data, func(b []byte) (struct{}, error) { return struct{}{}, seal.CheckJSON(b) })
		if slow := checkSlowly(data); (err == nil) != (slow == nil) && (slow != nil || !strings.Contains(err.Error(), "surrogate")) {
			t.Fatalf("%q: %v, slowly %v", data, err, slow)
		}
		if err != nil {
			return
		}
		v := decode(t, data)
		written, err := seal.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := seal.CheckJSON(written); err != nil || !reflect.DeepEqual(decode(t, written), v) {
			t.Errorf("%q, written %q: %v", data, written, err)
		}
	})
}

// checkSlowly is CheckJSON but for surrogates.
func checkSlowly(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if !utf8.Valid(data) || !json.Valid(data) {
		return errors.New("not JSON")
	}
	return valueSlowly(d, 0)
}

func valueSlowly(d *json.Decoder, depth int) error {
	open, err := d.Token()
	if depth > 64 {
		return errors.New("too deep")
	}
	if _, ok := open.(json.Delim); err != nil || !ok {
		return err
	}
	seen := map[string]bool{}
	for d.More() {
		if open == json.Delim('{') {
			name, err := d.Token()
			if err != nil {
				return err
			}
			folded := strings.ToLower(strings.ToUpper(name.(string)))
			if seen[folded] {
				return errors.New("named twice")
			}
			seen[folded] = true
		}
		if err := valueSlowly(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// decode reads JSON with its numbers as they are written.
func decode(t testing.TB, data []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// FuzzParseRecipient is one age recipient on a command line or in a file.
func FuzzParseRecipient(f *testing.F) {
	r, err := seal.ParseRecipients(vector(f, "recipients-1.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, x := range r.Recipients {
		f.Add(x.Age)
	}
	f.Add("age1" + base64.RawStdEncoding.EncodeToString(make([]byte, 40)))
	f.Fuzz(func(t *testing.T, s string) {
		got, err := seal.ParseRecipient(s, true)
		if err != nil {
			return
		}
		if text, ok := got.(interface{ String() string }); !ok || text.String() != s {
			t.Errorf("%q read as %v", s, got)
		}
	})
}
