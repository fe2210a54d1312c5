package bundler

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"testing"

	"kartoteka/seal"
	"kartoteka/seal/clinical"
	"kartoteka/seal/fuzztest"
)

// FuzzParseMetadata: what was understood of a metadata file is understood the same once written.
func FuzzParseMetadata(f *testing.F) {
	f.Add([]byte(`{"controller": {"name": "Szpital Testowy", "country": "PL"}, "producer": {"system": "his"},
 "patient": {"identifiers": [{"system": "pl.pesel", "value": "44051401359", "role": "own"}], "names": [{"family": "Kowalski", "given": ["Jan"]}], "birth_date": "1944-05-14", "sex": "M"},
 "encounter": {"kind": "inpatient", "start": "2024-03-01", "end": "2024-03-05"}, "facts": {"jurisdiction": "PL", "last_entry_year": 2024, "service_year": 2024}}`))
	f.Add([]byte("\ufeff{\"bundle\":{\"id\":\"12345678\"},\"created\":\"2026-11-21T20:00:00Z\",\"documents\":[{\"path\":\"a\",\"codes\":{\"loinc\":\"1\"},\"relation\":{\"kind\":\"replaces\",\"target\":\"x\"}}],\"digitisation\":{\"operator\":\"x\",\"scanned_at\":\"2026\",\"paper\":\"kept\"}}"))
	f.Add([]byte(`{"patient":{"nn":true},"facts":{"under_2_at_service":false}}`))
	f.Add([]byte(`{"documents":[{"Path":"a"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var m seal.Metadata
		var err error
		fuzztest.Bounded(t, len(data), func() { m, err = ParseMetadata(data) })
		if err == nil && len(data) < MaxMetadata/16 {
			fuzztest.Settles(t, m, ParseMetadata, func(m seal.Metadata) ([]byte, error) { return seal.Marshal(m) })
		}
	})
}

// FuzzMarks: a trace of a signature is found wherever it lies across the writes, and only where it is.
func FuzzMarks(f *testing.F) {
	f.Add([]byte("<x xmlns='http://uri.etsi.org/01903/v1.3.2#'/>"), uint8(7), uint8(3))
	f.Add([]byte("/SubFilter/ETSI.CAdES.detached adbe.pkcs7.detached"), uint8(1), uint8(1))
	f.Add([]byte("adbe.pkcs7.detache d"), uint8(40), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, a, b uint8) {
		m := &marks{}
		for rest, big := data, true; len(rest) > 0; big = !big {
			n := int(b) + 1
			if big {
				n = int(a) + 1
			}
			n = min(n, len(rest))
			if _, err := io.Copy(m, bytes.NewReader(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if m.xades != bytes.Contains(data, xadesMark) || m.pades != (bytes.Contains(data, padesMark) || bytes.Contains(data, pkcs7Mark)) {
			t.Errorf("%q in writes of %d and %d: %+v", data, a+1, b+1, m)
		}
		if s := m.format(clinical.Header{Format: clinical.PDF}); (s == "pades") != m.pades {
			t.Errorf("%+v is %q", m, s)
		}
	})
}

// FuzzLoadSigner: what is taken for a signing key signs. No passphrase is given: stretching one takes a second.
func FuzzLoadSigner(f *testing.F) {
	for _, algorithm := range []string{ECDSA, Ed25519} {
		for _, passphrase := range []string{"", "x"} {
			private, public, err := GenerateKey(algorithm, passphrase)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(private, []byte(nil))
			f.Add(private, public)
		}
	}
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte{0x30, 0}}), []byte(nil))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{0x30, 0}}), []byte(nil))
	none := errors.New("no passphrase")
	f.Fuzz(func(t *testing.T, key, certificate []byte) {
		var s *Signer
		var err error
		fuzztest.Bounded(t, len(key)+len(certificate), func() {
			s, err = LoadSigner(key, certificate, func() (string, error) { return "", none })
		})
		if err != nil {
			return
		}
		if sig, err := s.Sign([]byte("x")); err != nil || len(sig) == 0 {
			t.Errorf("%q does not sign: %v", key, err)
		}
	})
}
