package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"kartoteka/seal"
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

// again says that what was read is written as it was.
func again(t *testing.T, data []byte, write func() ([]byte, error)) {
	t.Helper()
	if got, err := write(); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %q, written %q, %v", data, got, err)
	}
}

func FuzzParseEvent(f *testing.F) {
	seeds(f, "event", "event-unknown.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := seal.ParseEvent(data)
		if errors.Is(err, seal.ErrUnknownKind) {
			if _, err := seal.ParseAccessionID(e.Accession.String()); err != nil {
				t.Error(err)
			}
		} else if err == nil {
			again(t, data, e.Marshal)
		}
	})
}

func FuzzParseKeyfile(f *testing.F) {
	seeds(f, "keyfile")
	f.Fuzz(func(t *testing.T, data []byte) {
		if k, err := seal.ParseKeyfile(data); err == nil {
			again(t, data, k.Marshal)
			if _, err := k.Sum(data); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	seeds(f, "checkpoint")
	signer, verifier := logVerifier(f, "log", exampleOrigin)
	f.Fuzz(func(t *testing.T, data []byte) {
		peek, err := seal.PeekCheckpoint(data)
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
	})
}

func FuzzParseProof(f *testing.F) {
	seeds(f, "proof")
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := seal.ParseProof(data); err == nil {
			again(t, data, func() ([]byte, error) { return p.Marshal(), nil })
		}
	})
}

func FuzzParseEnvelope(f *testing.F) {
	seeds(f, "envelope")
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := seal.ParseEnvelope(data)
		if err == nil && (len(e.Signature) == 0 || e.Hint != "" && len(e.Certificate) > 0) {
			t.Errorf("read as %+v", e)
		}
	})
}

func FuzzParseStatement(f *testing.F) {
	seeds(f, "statement")
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := seal.ParseStatement(data)
		if err != nil {
			return
		}
		// The sender's bytes are kept as they are; what was understood can be written and is understood the same way.
		written, err := seal.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if len(written) > seal.MaxStatement {
			return
		}
		back, err := seal.ParseStatement(written)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		again(t, written, func() ([]byte, error) { return seal.Marshal(back) })
	})
}

func FuzzParsePacket(f *testing.F) {
	seeds(f, "packet")
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := seal.ParsePacket(data); err == nil {
			again(t, data, p.Marshal)
		}
	})
}

func FuzzParseOpenings(f *testing.F) {
	seeds(f, "openings")
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := seal.ParseOpenings(data); err == nil {
			again(t, data, o.Marshal)
		}
	})
}

func FuzzParseRecords(f *testing.F) { // capsule, entry and register entry: what is sealed
	seeds(f, "capsule")
	seeds(f, "entry")
	seeds(f, "release")
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := seal.ParseCapsule(data); err == nil {
			again(t, data, c.Marshal)
			if _, _, err := c.Commit(); err != nil {
				t.Error(err)
			}
		}
		if e, err := seal.ParseEntry(data); err == nil {
			again(t, data, e.Marshal)
		}
		if r, err := seal.ParseReleaseEntry(data); err == nil {
			again(t, data, func() ([]byte, error) { b, _, _, err := r.Commit(); return b, err })
		}
	})
}
