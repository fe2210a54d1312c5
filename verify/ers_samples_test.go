package verify_test

import (
	"archive/zip"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/seal"
	"kartoteka/verify"
)

// Records of others, valid and invalid twins, with the verdict that MANIFEST.tsv expects of each. They come without a
// policy, so every anchor is taken from the tokens themselves, which shows nothing of who stamped: for this test only.
const (
	ersDSS  = "dss/dss-evidence-record-asn1/"
	ersBSI  = "TR-ESOR-C.2-Testbed/"
	ersBC   = "bc-test-data/BSI TR-ESOR C.2 TestData/"
	ersTool = "bc-test-data/Testdaten_ERS-Testool/rfc4998/"
	doc1    = "sha256:nOLX01D5QYQHQ58MoR3MEquffNsV+ezF7Kk1SCYCuHI=" // known by its digest only
	doc2    = "sha256:7sxNM1LA6WX9iHle39GmDFrAmzwRAMBS67auC9NDKyY="
)

type ersSample struct {
	record   string // "ZIP!MEMBER" for one inside a container
	document string // a file, "=" and the bytes, or "sha256:" and the digest
	verdict  verify.Verdict
	expected string // stands in the manifest's last column
}

func ersSamples() []ersSample {
	const passed, failed = verify.Passed, verify.Failed
	const ok, nok, held = "OK verify", "must fail", "default DSS asserts hold"
	const intact, notIntact = "isMessageImprintDataIntact()=true", "DataIntact()=false"
	return []ersSample{
		{ersDSS + "1_0_Initial.er", "=123456", passed, held},
		{ersDSS + "1_1_Renew_Unsorted.er", "=123456", passed, held},
		{ersDSS + "BIN-1_ER.ers", ersDSS + "BIN-1.bin", passed, intact},
		{ersDSS + "er-asn1-full-renewal.ers", "=\x01", passed, intact},
		{ersDSS + "er-asn1-full-renewal.ers", "=\x03", passed, intact},
		{ersDSS + "er-asn1-full-renewal-tst-renewal-chain-renewal.ers", "=\x03", passed, intact},
		{ersDSS + "er-asn1-one-level-hashtree.ers", "=\x02", passed, intact},
		{ersDSS + "er-asn1-on-tst.ers", ersDSS + "d-trust.tsr", passed, intact},
		{ersDSS + "er-asn1-simple.ers", "=1", passed, held},
		{ersDSS + "er-asn1-simple-invalid.ers", "sha256:nOPX01D5QYQHQ58MoR3MEquffNsV+ezF7Kk1SCYCuHI=", failed, notIntact},
		{ersDSS + "er-asn1-tst-renewal.ers", doc1, passed, held},
		{ersDSS + "er-asn1-tst-renewal.ers", doc2, passed, held},
		{ersDSS + "er-asn1-tst-renewal-invalid.ers", doc1, failed, notIntact},
		{ersBSI + "ASIC_E_ER_OK.asice!META-INF/evidencerecord.ers", ersBSI + "ASIC_E_ER_OK.asice!test-01.txt", passed, "OK: must verify"},
		{ersBSI + "ASIC_E_ER_OK.asice!META-INF/evidencerecord.ers", ersBSI + "ASIC_E_ER_OK.asice!test-02.txt", passed, "OK: must verify"},
		{ersBSI + "ASIC_E_ER_NOK.asice!META-INF/evidencerecord.ers", ersBSI + "ASIC_E_ER_NOK.asice!test-01.txt", failed, "NOK: must FAIL"},
		{"dss/dss-asic-cades/tst-with-asn1-er.sce!META-INF/evidencerecord.ers", "dss/dss-asic-cades/tst-with-asn1-er.sce!META-INF/timestamp.tst", passed, intact},
		{ersBC + "ER_OK_INIT.ers", doc1, passed, ok}, {ersBC + "ER_OK_INIT.ers", doc2, passed, ok},
		{ersBC + "ER_OK_CHAIN.ers", doc1, passed, ok}, {ersBC + "ER_OK_CHAIN.ers", doc2, passed, ok},
		{ersBC + "ER_NOK_INIT.ers", doc1, failed, nok}, {ersBC + "ER_NOK_CHAIN.ers", doc1, failed, nok},
		{ersTool + "1Chain1ATS/BIN_ER.ers", ersTool + "1Chain1ATS/BIN.bin", passed, ok},
		{ersTool + "1Chain2ATS/BIN_ER.ers", ersTool + "1Chain2ATS/BIN.bin", passed, ok},
		{ersTool + "1Chain2ATS/testRenewal.ers", ersTool + "1Chain2ATS/BIN.bin", passed, ok},
	}
}

// tokens is what [verify.Policy.Stamp] refuses in tokens of these samples, of which the manifest says only that they are
// intact, or nothing. The rest of the record is judged all the same, and compared.
var tokens = []string{
	"a hash of the token is sha1",  // the third token of testRenewal.ers, of 2018
	"is after 2023-02-02T09:16:53", // chain 2 of er-asn1-full-renewal-tst-renewal-chain-renewal.ers was renewed a year after its certificate ended
}

func TestEvidenceSamples(t *testing.T) {
	dir := shared(t, "04-signatures")
	expected, refused := ersManifest(t, dir), 0
	for _, s := range ersSamples() {
		file, _, _ := strings.Cut(s.record, "!")
		if !strings.Contains(expected[file], s.expected) {
			t.Errorf("%s: the manifest expects %q", s.record, expected[file])
		}
		record := sampleBytes(t, dir, s.record)
		r, _ := anchorsOf(record).EvidenceRecord(record, sampleDocument(t, dir, s.document), afterAll(record))
		rest := verify.NewReport()
		for _, c := range r.Checks {
			if strings.HasPrefix(string(c.Code), "stamp_") && slices.ContainsFunc(tokens, func(why string) bool { return strings.Contains(c.Detail, why) }) {
				refused++
				continue
			}
			rest.Add(c.Code, c.Verdict, c.Subject, c.Detail)
		}
		if rest.Verdict != s.verdict {
			t.Errorf("%s for %.40q: %s, want %s: %+v", path.Base(s.record), s.document, rest.Verdict, s.verdict, r.Checks)
		}
	}
	t.Logf("%d records and documents; %d tokens do not hold", len(ersSamples()), refused)
}

// The other records: their documents are not at hand, or the manifest expects no verdict. Whether the lists lead to the
// token can still be seen, for the first value of the first list.
func TestEvidenceSamplesWithoutDocuments(t *testing.T) {
	dir := shared(t, "04-signatures")
	const xaip = "the documents are canonicalised parts of a XAIP" // XML canonicalisation is no part of this program
	for _, s := range []struct {
		record, why string
		tree        verify.Verdict // none: it does not parse
	}{
		{ersBSI + "ER_OK_SHA1_DFN_XAIP_OK_SIG_OK.ers", xaip, verify.Passed},
		{ersBSI + "ER_OK_SHA256_DGN_XAIP_OK_SIG_OK.ers", xaip, verify.Passed},
		{ersBSI + "ER_NOK_SHA256_DGN_XAIP_OK_SIG_OK.ers", xaip, verify.Failed},
		{ersBSI + "ER_OK_SHA3-256_OPENSSL_XAIP_OK_SIG_OK.ers", xaip, verify.Passed},
		{ersBSI + "ER_NOK_SHA3-256_OPENSSL_XAIP_OK_SIG_OK.ers", xaip, verify.Failed},
		{ersDSS + "BIN-2_ER.ers", "no verdict is asserted", verify.Passed},
		{ersDSS + "BIN-1_ER_malformed.ers", "no verdict is asserted; it is a SET", ""},
	} {
		record := sampleBytes(t, dir, s.record)
		e, err := seal.ParseEvidenceRecord(record)
		if (err != nil) != (s.tree == "") {
			t.Errorf("%s: %v", s.record, err)
		}
		if err != nil {
			continue
		}
		first := e.Chains[0].Stamps[0]
		hash := must(first.Hash())
		r, _ := anchorsOf(record).EvidenceRecord(record, verify.DocumentDigests{hash: first.First()[0]}, afterAll(record))
		for _, c := range r.Checks {
			if c.Code == verify.CodeEvidenceTree && c.Verdict != s.tree {
				t.Errorf("%s (%s): %+v, want %s", path.Base(s.record), s.why, c, s.tree)
			}
		}
	}
}

// ersManifest gives the last column of MANIFEST.tsv by file.
func ersManifest(t *testing.T, dir string) map[string]string {
	data, err := os.ReadFile(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	expected := map[string]string{}
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(strings.TrimSpace(line), "\t")
		expected[cells[0]] = cells[len(cells)-1]
	}
	return expected
}

func sampleBytes(t *testing.T, dir, name string) []byte {
	t.Helper()
	file, member, inside := strings.Cut(name, "!")
	name = filepath.Join(dir, filepath.FromSlash(file))
	if !inside {
		return must(os.ReadFile(name))
	}
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open(member)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return must(io.ReadAll(f))
}

func sampleDocument(t *testing.T, dir, name string) verify.EvidenceDocument {
	if text, ok := strings.CutPrefix(name, "="); ok {
		return document([]byte(text))
	}
	if digest, ok := strings.CutPrefix(name, "sha256:"); ok {
		return verify.DocumentDigests{crypto.SHA256: must(base64.StdEncoding.DecodeString(digest))}
	}
	return document(sampleBytes(t, dir, name))
}

// anchorsOf trusts whoever a record's tokens bring.
func anchorsOf(record []byte) *verify.Policy {
	p := &verify.Policy{}
	e, err := seal.ParseEvidenceRecord(record)
	if err != nil {
		return p
	}
	for _, c := range e.Chains {
		for _, s := range c.Stamps {
			token, err := seal.ParseStampToken(s.Token)
			if err != nil {
				continue
			}
			for _, raw := range token.Certificates {
				if cert, err := x509.ParseCertificate(raw); err == nil {
					p.TSAs = append(p.TSAs, verify.Anchor{Name: cert.Subject.CommonName, Chain: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))})
				}
			}
		}
	}
	return p
}

// afterAll is a minute after the record's last time-stamp.
func afterAll(record []byte) time.Time {
	e, err := seal.ParseEvidenceRecord(record)
	if err != nil {
		return day("2026-11-21")
	}
	stamps := e.Chains[len(e.Chains)-1].Stamps
	t, _ := seal.PeekToken(stamps[len(stamps)-1].Token)
	return t.Time.Add(time.Minute)
}
