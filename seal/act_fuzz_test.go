package seal_test

import (
	"bytes"
	"testing"

	"kartoteka/seal"
	"kartoteka/seal/fuzztest"
)

func FuzzAct(f *testing.F) {
	seeds(f, "act")
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := bounded(t, data, seal.ParseAct)
		if err != nil {
			return
		}
		fuzztest.Same(t, data, a.Marshal)
		if a.Kind() == "" || (a.Person == nil) == (len(a.Bundles()) == 0) {
			t.Errorf("%q is about nobody", data)
		}
	})
}

// signed is what a reader of signed files gives.
type signed[T any] struct {
	value T
	file  seal.Signed
}

// fuzzSigned fuzzes a reader of signed files, and of the texts in them: a text that is no file is put into one.
func fuzzSigned[T any](f *testing.F, payloadType string, read func([]byte) (T, seal.Signed, error), sign func(T) (seal.Signed, error)) {
	f.Fuzz(func(t *testing.T, data []byte) {
		if !bytes.HasPrefix(data, []byte(`{"payload"`)) {
			data = first(seal.Signed{PayloadType: payloadType, Payload: bytes.Clone(data)}.Marshal())
		}
		v, err := bounded(t, data, func(b []byte) (s signed[T], err error) { s.value, s.file, err = read(b); return s, err })
		if err != nil {
			return
		}
		fuzztest.Same(t, data, v.file.Marshal)
		fuzztest.Same(t, v.file.Payload, func() ([]byte, error) { s, err := sign(v.value); return s.Payload, err })
	})
}

// payloads adds the signed texts of a format's files.
func payloads(f *testing.F, format, payloadType string) {
	seeds(f, format)
	s, err := seal.ParseSigned(vector(f, good[format][0]), payloadType)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Payload)
	for _, c := range changes {
		if c.format == format && bytes.Contains(s.Payload, []byte(c.old)) {
			f.Add(bytes.Replace(s.Payload, []byte(c.old), []byte(c.new), 1))
		}
	}
}

func FuzzOrder(f *testing.F) {
	payloads(f, "order", seal.OrderType)
	fuzzSigned(f, seal.OrderType, seal.ParseOrder, seal.Order.Sign)
}

func FuzzCertificateForm(f *testing.F) {
	payloads(f, "certificate", seal.CertificateType)
	fuzzSigned(f, seal.CertificateType, seal.ParseCertificate, seal.Certificate.Sign)
}

// FuzzSigned is the form alone, of any type.
func FuzzSigned(f *testing.F) {
	seeds(f, "order", "certificate-1.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, payloadType := range []string{seal.OrderType, seal.CertificateType} {
			s, err := bounded(t, data, func(b []byte) (seal.Signed, error) { return seal.ParseSigned(b, payloadType) })
			if err != nil {
				continue
			}
			fuzztest.Same(t, data, s.Marshal)
			if s.PayloadType != payloadType || !bytes.HasSuffix(s.Message(), s.Payload) {
				t.Errorf("%q read as %+v", data, s)
			}
			for _, sig := range s.Signatures {
				if s.Add(sig) == nil {
					t.Errorf("%q: %s signs twice", data, sig.KeyID)
				}
			}
		}
	})
}

func FuzzRewrapping(f *testing.F) {
	seeds(f, "rewrapping")
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := bounded(t, data, seal.ParseRewrapping)
		if err != nil || len(data) > 1<<16 {
			return
		}
		fuzztest.Settles(t, r, seal.ParseRewrapping, seal.Rewrapping.Marshal)
		for _, k := range r.Keyfiles {
			if d, ok := r.Find(k.Accession, k.Class); !ok || d != k.Secrets {
				t.Errorf("%q: %s of %s is not found", data, k.Class, k.Accession)
			}
		}
	})
}

func FuzzTransfer(f *testing.F) {
	seeds(f, "transfer")
	settled(f, 1<<20, seal.ParseTransfer, seal.Transfer.Marshal)
}
