package interop_test

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"kartoteka/archive/stamper"
	"kartoteka/archive/stamper/stampertest"
	"kartoteka/seal"
	"kartoteka/verify"
)

// openssl runs in a folder and gives what it says.
func openssl(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("SKIP: no openssl (package openssl)")
	}
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	said, err := cmd.CombinedOutput()
	return string(said), err
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// What the stamper returns, normalized and with certificates and CRLs added, openssl verifies; and refuses over another
// digest, and with a flipped bit. `openssl ts` knows neither OCSP responses among the CRLs (RFC 5940) nor RSA-PSS, being
// written for PKCS #7; `openssl cms` does, and reads no TSTInfo. That is why the stamper fetches CRLs first.
func TestOpensslVerifiesStamps(t *testing.T) {
	sum := sha512.Sum512([]byte("night"))
	for name, c := range map[string]struct {
		key    string
		alg    crypto.Hash
		change func(f *stampertest.Forge)
		ts     bool // openssl ts knows the signature
	}{
		"ECDSA":         {"ecdsa", crypto.SHA256, nil, true},
		"RSA, from BER": {"rsa", crypto.SHA512, func(f *stampertest.Forge) { f.BER = true }, true},
		"RSA-PSS":       {"rsa", crypto.SHA384, func(f *stampertest.Forge) { f.PSS = true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := stampertest.New(t, stampertest.Options{Key: c.key})
			a.Change = c.change
			imprint := sum[:c.alg.Size()]
			token := must((&stamper.HTTP{URL: a.URL, TSA: stampertest.Name, Trust: a.Policy()}).Stamp(t.Context(), c.alg, imprint))
			if got := must(seal.ParseStampToken(token)); len(got.CRLs) != 2 || len(got.Certificates) != 2 {
				t.Fatalf("%d CRLs, %d certificates", len(got.CRLs), len(got.Certificates))
			}
			dir := t.TempDir()
			write(t, filepath.Join(dir, "root.pem"), certificatePEM(a.Root.Raw))
			root := must(seal.EnrichStamp(token, [][]byte{a.Root.Raw}, nil, nil))
			ocsp := must(seal.EnrichStamp(token, nil, nil, [][]byte{must(a.OCSP(a.Certificate.SerialNumber))}))
			for _, v := range []struct {
				what          string
				token, digest []byte
				ts, cms       bool
			}{
				{"as it came", token, imprint, c.ts, true}, {"with its root", root, imprint, c.ts, true}, {"with OCSP", ocsp, imprint, false, true},
				{"another digest", token, flipped(imprint, 3), false, true}, {"a flipped bit", flipped(token, len(token)-3), imprint, false, false},
			} {
				write(t, filepath.Join(dir, "token.der"), v.token)
				said, err := openssl(t, dir, "ts", "-verify", "-digest", hex.EncodeToString(v.digest), "-in", "token.der", "-token_in", "-CAfile", "root.pem")
				if (err == nil) != v.ts {
					t.Errorf("%s: ts: %v\n%s", v.what, err, said)
				}
				said, err = openssl(t, dir, "cms", "-verify", "-inform", "DER", "-in", "token.der", "-CAfile", "root.pem", "-purpose", "timestampsign", "-out", "info.der")
				if (err == nil) != v.cms {
					t.Errorf("%s: cms: %v\n%s", v.what, err, said)
				}
			}
		})
	}
}

const tsaConfig = `
[tsa]
default_tsa = tsa1
[tsa1]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1, millisecs:500
ordering = yes
tsa_name = yes
ess_cert_id_chain = yes
ess_cert_id_alg = sha256
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[unit]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[req]
distinguished_name = dn
[dn]
`

// opensslTSA makes a TSA of openssl's own, and gives a policy that trusts it.
func opensslTSA(t *testing.T, dir string, newKey ...string) *verify.Policy {
	t.Helper()
	run := func(args ...string) {
		t.Helper()
		if said, err := openssl(t, dir, args...); err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, said)
		}
	}
	write(t, filepath.Join(dir, "tsa.cnf"), []byte(tsaConfig))
	write(t, filepath.Join(dir, "serial"), []byte("01\n"))
	run(append([]string{"req", "-x509", "-nodes", "-config", "tsa.cnf", "-extensions", "ca", "-subj", "/O=Test/CN=Root", "-days", "30", "-keyout", "ca.key", "-out", "ca.pem"}, newKey...)...)
	run(append([]string{"req", "-new", "-nodes", "-config", "tsa.cnf", "-subj", "/O=Test/CN=Unit", "-keyout", "unit.key", "-out", "unit.csr"}, newKey...)...)
	run("x509", "-req", "-in", "unit.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "tsa.cnf", "-extensions", "unit", "-out", "unit.pem")
	return &verify.Policy{TSAs: []verify.Anchor{{Name: "openssl", Chain: string(must(os.ReadFile(filepath.Join(dir, "ca.pem"))))}}}
}

// A second TSA, independent of the tests' own: openssl answers our request, and we judge its token.
func TestStampByOpenssl(t *testing.T) {
	for name, newKey := range map[string][]string{
		"RSA":   {"-newkey", "rsa:3072"},
		"ECDSA": {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := opensslTSA(t, dir, newKey...)
			imprint := sha256.Sum256([]byte("night"))
			q := seal.StampRequest{Hash: crypto.SHA256, Imprint: imprint[:], Nonce: must(seal.ParseStampRequest(opensslRequest(t, dir))).Nonce}
			write(t, filepath.Join(dir, "request.der"), must(q.Marshal()))
			said, err := openssl(t, dir, "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa1", "-queryfile", "request.der", "-signer", "unit.pem", "-inkey", "unit.key", "-chain", "ca.pem", "-out", "response.der")
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			r := must(seal.ParseStampResponse(must(os.ReadFile(filepath.Join(dir, "response.der")))))
			token := must(seal.NormalizeStamp(r.Token))
			s, err := p.Stamp(token, crypto.SHA256, imprint[:], time.Now().Add(time.Second))
			if err != nil || s.TSA != "openssl" || s.Policy != "1.2.3.4.1" || s.Accuracy != 1500*time.Millisecond || len(s.Chain) != 2 {
				t.Fatalf("%v: %+v", err, s)
			}
			if got := must(seal.ParseStampToken(token)).Info.Nonce; got.Cmp(q.Nonce) != 0 {
				t.Errorf("nonce %v, sent %v", got, q.Nonce)
			}
			for i := range token { // no flipped bit gives a token of somebody else
				if s, err := p.Stamp(flipped(token, i), crypto.SHA256, imprint[:], time.Now().Add(time.Second)); err == nil && s.Signer.Subject.CommonName != "Unit" {
					t.Fatalf("byte %d", i)
				}
			}
		})
	}
}

// opensslRequest is openssl's request over the same text: ours reads it.
func opensslRequest(t *testing.T, dir string) []byte {
	t.Helper()
	write(t, filepath.Join(dir, "night"), []byte("night"))
	if said, err := openssl(t, dir, "ts", "-query", "-data", "night", "-sha256", "-cert", "-out", "theirs.der"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return must(os.ReadFile(filepath.Join(dir, "theirs.der")))
}
