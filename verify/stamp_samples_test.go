package verify_test

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/seal"
	"kartoteka/verify"
)

// Samples of other projects, with the verdicts of their manifest. A name of a chain is what the policy has; no name: no
// TSA at all, so that what parses is indeterminate. The imprint is the token's own, unless a request stands beside it.
var stampSamples = []struct {
	file, chain, request string
	code                 verify.Code // empty: passed
	ber                  bool        // has to be normalized first
}{
	{file: "digidoc4j/digidoc4j/src/test/resources/testFiles/tst/timestamp.tst", code: verify.CodeTSA, ber: true},
	{file: "dss/dss-spi/archive_timestamp.tst", code: verify.CodeTSA},
	{file: "dss/dss-spi/d-trust.tsr", code: verify.CodeTSA},
	{file: "dss/dss-spi/disig.tst", code: verify.CodeTSA},
	{file: "rekor/pkg/types/rfc3161/tests/test.tsr", code: verify.CodeStampForm}, // its SignedData has version 1; as a response it parses
	{file: sigstage + "response-sha256.tsr", chain: sigstage + "ts_chain.pem"},
	{file: sigstage + "response-sha384.tsr", chain: sigstage + "ts_chain.pem"},
	{file: sigstage + "response-no-embedded-cert.tsr", chain: sigstage + "ts_chain.pem"},
	{file: sigstage + "response-invalid-signature.tsr", chain: sigstage + "ts_chain.pem", code: verify.CodeStampSignature},
	{file: testTSA + "response.tsr", chain: testTSA + "ts_chain.pem", request: testTSA + "request.der"},
	// Over the same imprint, under another root than the chain's, whatever the request; the nonces differ, too.
	{file: testTSA + "other_response.tsr", chain: testTSA + "ts_chain.pem", request: testTSA + "request.der", code: verify.CodeTSA},
	{file: testTSA + "other_response.tsr", chain: testTSA + "ts_chain.pem", request: testTSA + "other_request.der", code: verify.CodeTSA},
	{file: testTSA + "response-injected-certs.tsr", chain: testTSA + "ts_chain.pem"},
	{file: "timestamp-authority/pkg/verification/testdata/response-injected-certs.tsr", chain: testTSA + "ts_chain.pem"},
	{file: globalSign + "TimeStampToken.p7s", chain: globalSign + "GlobalSignRootCA.crt"},
	{file: globalSign + "TimeStampTokenWithInvalidSignature.p7s", chain: globalSign + "GlobalSignRootCA.crt", code: verify.CodeStampSignature},
	{file: globalSign + "TimeStampTokenWithSignedAttributeSHA1.p7s", chain: globalSign + "GlobalSignRootCA.crt", code: verify.CodeStampAlgorithm},
	{file: globalSign + "TimeStampTokenWithUnknownSignerIssuer.p7s", chain: globalSign + "GlobalSignRootCA.crt", code: verify.CodeStampSigner},
	{file: globalSign + "TimeStampTokenWithoutCertificate.p7s", chain: globalSign + "GlobalSignRootCA.crt", code: verify.CodeStampSigner},
	{file: globalSign + "TimeStampTokenWithoutSigner.p7s", chain: globalSign + "GlobalSignRootCA.crt", code: verify.CodeStampForm},
	{file: "tspclient-go/testdata/TimeStampTokenWithTSTInfoVersion2.p7s", chain: globalSign + "GlobalSignRootCA.crt", code: verify.CodeStampForm},
	{file: "tspclient-go/testdata/granted.tsq", chain: globalSign + "GlobalSignRootCA.crt"},
	{file: "asn1crypto/tests/fixtures/tsp_response", request: "asn1crypto/tests/fixtures/tsp_request", code: verify.CodeStampSigner},
}

const (
	sigstage   = "rfc3161-client/sigstage/"
	testTSA    = "rfc3161-client/test_tsa/"
	globalSign = "tspclient-go/internal/cms/testdata/"
)

// What the manifest has beside tokens.
var noStampSamples = map[string]string{
	"asn1crypto/tests/fixtures/tsp_request": "a request, used with its response",
	sigstage + "README.md":                  "text",
	sigstage + "request.der":                "a request for another response than those here",
	sigstage + "ts_chain.pem":               "a chain, used above",
	testTSA + "README.md":                   "text",
	testTSA + "request.der":                 "a request, used above",
	testTSA + "other_request.der":           "a request, used above",
	testTSA + "ts_chain.pem":                "a chain, used above",
	globalSign + "GlobalSignRootCA.crt":     "a chain, used above",
	"tspclient-go/testdata/rejection.tsq":   "a response without a token: TestStampRejection",
}

func TestStampSamples(t *testing.T) {
	dir := shared(t, "05-rfc3161")
	judged := map[string]bool{}
	for _, c := range stampSamples {
		judged[c.file] = true
		t.Run(filepath.Base(c.file), func(t *testing.T) {
			token := sampleToken(t, filepath.Join(dir, c.file))
			if c.ber {
				if _, err := seal.ParseStampToken(token); err == nil {
					t.Error("is DER already")
				}
				token = must(seal.NormalizeStamp(token))
			}
			s, err := judgeSample(t, dir, token, c.chain, c.request)
			var e *verify.Error
			switch {
			case err == nil && c.code == "":
				if strings.Contains(s.Signer.Subject.String(), "Spoofed") {
					t.Error("the injected certificate is taken for the signer's")
				}
			case !errors.As(err, &e) || e.Code != c.code || e.Indeterminate != (c.code == verify.CodeTSA):
				t.Errorf("got %v, want %q", err, c.code)
			}
		})
	}
	for _, line := range strings.Split(string(must(os.ReadFile(filepath.Join(dir, "MANIFEST.tsv")))), "\n")[1:] {
		name, _, _ := strings.Cut(line, "\t")
		if name != "" && !judged[name] && noStampSamples[name] == "" {
			t.Errorf("%s of the manifest is not judged", name)
		}
	}
}

// sampleToken reads a token, or the response it stands in.
func sampleToken(t *testing.T, file string) []byte {
	t.Helper()
	data := must(os.ReadFile(file))
	if r, err := seal.ParseStampResponse(data); err == nil {
		return r.Token
	}
	return data
}

// judgeSample judges an hour after the token's own time: the certificates of samples end.
func judgeSample(t *testing.T, dir string, token []byte, chain, request string) (verify.Stamp, error) {
	t.Helper()
	p, at := &verify.Policy{}, time.Date(2021, 9, 18, 0, 0, 0, 0, time.UTC)
	if chain != "" {
		data := must(os.ReadFile(filepath.Join(dir, chain)))
		if !bytes.Contains(data, []byte("-----BEGIN")) {
			data = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: data})
		}
		p.TSAs = []verify.Anchor{{Name: "sample", Chain: string(data)}}
	}
	parsed, err := seal.ParseStampToken(token)
	if err == nil {
		at = parsed.Info.Time.Add(time.Hour)
	}
	alg, imprint := parsed.Info.Hash, parsed.Info.Imprint
	if request != "" {
		q, err := seal.ParseStampRequest(must(os.ReadFile(filepath.Join(dir, request))))
		if err != nil {
			t.Fatal(err)
		}
		alg, imprint = q.Hash, q.Imprint
	}
	return p.Stamp(token, alg, imprint, at)
}

func TestStampRejection(t *testing.T) {
	r, err := seal.ParseStampResponse(must(os.ReadFile(filepath.Join(shared(t, "05-rfc3161"), "tspclient-go/testdata/rejection.tsq"))))
	if err != nil || r.Granted() || r.Token != nil {
		t.Errorf("%+v, %v", r, err)
	}
	t.Log(r)
}

// The example of docs/format/stamp.md, made once: what was accepted is accepted for ever.
func TestStampVector(t *testing.T) {
	dir := filepath.Join("testdata", "stamp")
	q, err := seal.ParseStampRequest(must(os.ReadFile(filepath.Join(dir, "request.der"))))
	if err != nil {
		t.Fatal(err)
	}
	if again := must(q.Marshal()); !bytes.Equal(again, must(os.ReadFile(filepath.Join(dir, "request.der")))) {
		t.Errorf("the request is written as %x", again)
	}
	if page := must(os.ReadFile("../docs/format/stamp.md")); !bytes.Contains(page, []byte(hex.EncodeToString(must(q.Marshal())))) {
		t.Error("the page does not show the request")
	}
	p := &verify.Policy{TSAs: []verify.Anchor{{Name: "example", Chain: string(must(os.ReadFile(filepath.Join(dir, "root.pem"))))}}}
	at := time.Date(2026, 11, 21, 21, 0, 0, 0, time.UTC)
	s, err := p.Stamp(must(os.ReadFile(filepath.Join(dir, "token.der"))), q.Hash, q.Imprint, at)
	if err != nil || s.Revocation != verify.RevocationGood || !s.Time.Equal(time.Date(2026, 11, 21, 20, 5, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", s, err)
	}
}
