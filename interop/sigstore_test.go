package interop_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"

	ours "kartoteka/verify"

	"kartoteka/seal"
)

const predicateType = "urn:kartoteka:bundle:1"

const meta = `{"controller":{"name":"Szpital Testowy","country":"PL"},"producer":{"system":"his"},
 "patient":{"identifiers":[{"system":"pl.pesel","value":"44051401359","role":"own","country":"PL"}],
            "names":[{"family":"Kowalska","given":["Anna"]},{"family":"Коваль","given":["Олена"]}],"birth_date":"1944-05-14","sex":"F"},
 "encounter":{"id":"E-1","kind":"visit","start":"2024-03-01","end":"2024-03-01"},
 "facts":{"jurisdiction":"PL","last_entry_year":2024,"service_year":2024}}`

// algorithms are the three kinds of key that a policy may hold, by their names in Sigstore.
var algorithms = []protocommon.PublicKeyDetails{
	protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256,
	protocommon.PublicKeyDetails_PKIX_ED25519,
	protocommon.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256,
}

var documents = map[string][]byte{
	"karta informacyjna żółć.txt": []byte("Rozpoznanie: obserwacja bez zmian.\n"),
	"виписка.txt":                 []byte("Без змін.\n"),
	"wynik.bin":                   bytes.Repeat([]byte{0, 1, 2, 0xff}, 50_000),
}

// makeBundle has the command line make a bundle as a folder, and returns its envelope.
func makeBundle(t *testing.T, docs map[string][]byte, flags ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "meta.json"), []byte(meta))
	args := append([]string{"bundle", "create", "--quiet", "--folder", "--meta", filepath.Join(dir, "meta.json"), "-o", filepath.Join(dir, "bundle")}, flags...)
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		write(t, filepath.Join(dir, "in", name), docs[name])
		args = append(args, filepath.Join(dir, "in", name))
	}
	kartoteka(t, args...)
	return must(os.ReadFile(filepath.Join(dir, "bundle", "bundle.sigstore.json")))
}

func makeKey(t *testing.T, alg string) (private string, public crypto.PublicKey) {
	t.Helper()
	private = filepath.Join(t.TempDir(), "key.pem")
	kartoteka(t, "keygen", "producer", "--quiet", "--plain", "--alg", alg, "-o", private)
	return private, must(cryptoutils.UnmarshalPEMToPublicKey(must(os.ReadFile(private + ".pub"))))
}

// byKey trusts one key, under the hint of the bundle as sigstore's own signer makes it.
func byKey(key crypto.PublicKey) root.TrustedMaterial {
	return root.NewTrustedPublicKeyMaterialFromMapping(map[string]*root.ExpiringKey{
		must(seal.KeyHint(key)): root.NewExpiringKey(must(signature.LoadDefaultVerifier(key)), time.Time{}, time.Time{})})
}

// byAnyHint trusts one key whatever the hint says, as cosign does with --key.
func byAnyHint(key crypto.PublicKey) root.TrustedMaterial {
	return root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return root.NewExpiringKey(must(signature.LoadDefaultVerifier(key)), time.Time{}, time.Time{}), nil
	})
}

// judge does what `cosign verify-blob-attestation --bundle … --type … DOCUMENT` does without a transparency log.
func judge(envelope []byte, trust root.TrustedMaterial, time verify.VerifierOption, who verify.PolicyOption, docs ...[]byte) error {
	var b bundle.Bundle
	if err := b.UnmarshalJSON(envelope); err != nil {
		return err
	}
	v, err := verify.NewVerifier(trust, time)
	if err != nil {
		return err
	}
	var readers []io.Reader
	for _, d := range docs {
		readers = append(readers, bytes.NewReader(d))
	}
	result, err := v.Verify(&b, verify.NewPolicy(verify.WithArtifacts(readers), who))
	if err == nil && result.Statement.PredicateType != predicateType {
		err = errors.New("another predicate type")
	}
	return err
}

func judgeByKey(envelope []byte, trust root.TrustedMaterial, docs ...[]byte) error {
	return judge(envelope, trust, verify.WithNoObserverTimestamps(), verify.WithKey(), docs...)
}

// envelopeJSON is as much of a bundle as damage needs.
type envelopeJSON struct {
	MediaType string         `json:"mediaType"`
	Material  map[string]any `json:"verificationMaterial"`
	DSSE      struct {
		Payload     []byte `json:"payload"`
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			Sig []byte `json:"sig"`
		} `json:"signatures"`
	} `json:"dsseEnvelope"`
}

// damage is what must be refused with any key.
var damage = map[string]func(e *envelopeJSON){
	"signature, first bit": func(e *envelopeJSON) { e.DSSE.Signatures[0].Sig[0] ^= 0x80 },
	"signature, last bit": func(e *envelopeJSON) {
		s := e.DSSE.Signatures[0].Sig
		s[len(s)-1] ^= 1
	},
	"signature cut":  func(e *envelopeJSON) { e.DSSE.Signatures[0].Sig = e.DSSE.Signatures[0].Sig[1:] },
	"two signatures": func(e *envelopeJSON) { e.DSSE.Signatures = append(e.DSSE.Signatures, e.DSSE.Signatures[0]) },
	"no signature":   func(e *envelopeJSON) { e.DSSE.Signatures = nil },
	"statement": func(e *envelopeJSON) {
		e.DSSE.Payload = bytes.Replace(e.DSSE.Payload, []byte("1944-05-14"), []byte("1944-05-15"), 1)
	},
	"payload type": func(e *envelopeJSON) { e.DSSE.PayloadType += "x" },
}

func refusesDamage(t *testing.T, envelope []byte, doc []byte, judge func(envelope, doc []byte) error) {
	t.Helper()
	if err := judge(edited(t, envelope, func(*envelopeJSON) {}), doc); err != nil {
		t.Errorf("undamaged: %v", err)
	}
	for name, change := range damage {
		if judge(edited(t, envelope, change), doc) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, other := range map[string][]byte{"changed": flipped(doc, len(doc)/2), "longer": append(bytes.Clone(doc), '\n'), "empty": nil} {
		if judge(envelope, other) == nil {
			t.Errorf("a document that is %s: accepted", name)
		}
	}
}

func TestSigstoreByKey(t *testing.T) {
	_, stranger := makeKey(t, "ecdsa")
	for _, alg := range []string{"ecdsa", "ed25519", "rsa3072"} {
		t.Run(alg, func(t *testing.T) {
			private, public := makeKey(t, alg)
			envelope := makeBundle(t, documents, "--key", private)
			for name, doc := range documents {
				for _, trust := range []root.TrustedMaterial{byKey(public), byAnyHint(public)} {
					if err := judgeByKey(envelope, trust, doc); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
			for name, doc := range documents {
				refusesDamage(t, envelope, doc, func(e, d []byte) error { return judgeByKey(e, byAnyHint(public), d) })
				if judgeByKey(envelope, byKey(stranger), doc) == nil || judgeByKey(envelope, byAnyHint(stranger), doc) == nil {
					t.Errorf("%s: accepted with a stranger's key", name)
				}
			}
			hint := edited(t, envelope, func(e *envelopeJSON) {
				e.Material = map[string]any{"publicKey": map[string]string{"hint": must(seal.KeyHint(stranger))}}
			})
			if judgeByKey(hint, byKey(public), documents["wynik.bin"]) == nil {
				t.Error("another key's hint: accepted")
			}
		})
	}
}

// The largest bundle: sigstore-go takes no more than 1,024 subjects.
func TestSigstoreLargest(t *testing.T) {
	private, public := makeKey(t, "ed25519")
	docs := map[string][]byte{}
	for i := range 1024 {
		docs[fmt.Sprintf("wynik-%04d.txt", i)] = fmt.Appendf(nil, "wynik %d\n", i)
	}
	envelope := makeBundle(t, docs, "--key", private)
	all := slices.Collect(maps.Values(docs))
	check(t, judgeByKey(envelope, byKey(public), all...))
	all[500] = []byte("wynik 9999\n")
	if judgeByKey(envelope, byKey(public), all...) == nil {
		t.Error("a wrong document among 1,024: accepted")
	}
}

const san = "https://szpital.example/his"

// authority makes a root, an intermediate, and the certificate of a key.
func authority(t *testing.T, key crypto.PublicKey, leaf x509.Certificate) (root, intermediate, cert *x509.Certificate) {
	t.Helper()
	issue := func(c, parent *x509.Certificate, pub crypto.PublicKey, by crypto.Signer) *x509.Certificate {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		c.SerialNumber = big.NewInt(time.Now().UnixNano())
		return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, c, parent, pub, by))))
	}
	ca := func(name string) *x509.Certificate {
		return &x509.Certificate{Subject: pkix.Name{CommonName: name, Organization: []string{"CA"}}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	}
	k1, k2 := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := ca("root")
	root = issue(template, template, k1.Public(), k1)
	intermediate = issue(ca("intermediate"), root, k2.Public(), k1)
	return root, intermediate, issue(&leaf, intermediate, key, k2)
}

// A certificate of a hospital's own authority stands in sigstore-go where Fulcio's would, with the time of judging.
// It takes only certificates for code signing with a URI or e-mail address as alternative name, which our policy does
// not ask for; and it knows signers by that name, not by subject.
func TestSigstoreByCertificate(t *testing.T) {
	for _, alg := range []string{"ecdsa", "ed25519", "rsa3072"} {
		t.Run(alg, func(t *testing.T) {
			private, public := makeKey(t, alg)
			signed := func(leaf x509.Certificate) (envelope []byte, trust *trustedCA) {
				leaf.Subject, leaf.KeyUsage = pkix.Name{CommonName: "his", Organization: []string{"Szpital Testowy"}}, x509.KeyUsageDigitalSignature
				r, i, c := authority(t, public, leaf)
				file := filepath.Join(t.TempDir(), "cert.pem")
				write(t, file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
				return makeBundle(t, documents, "--key", private, "--certificate", file), &trustedCA{root: r, intermediate: i}
			}
			full := x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, URIs: []*url.URL{must(url.Parse(san))}}
			envelope, trust := signed(full)
			byName := verify.WithCertificateIdentity(identity(san))
			now := verify.WithCurrentTime()
			for name, doc := range documents {
				if err := judge(envelope, trust, now, byName, doc); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			doc := documents["wynik.bin"]
			refusesDamage(t, envelope, doc, func(e, d []byte) error { return judge(e, trust, now, byName, d) })
			_, stranger := signed(full)
			for name, err := range map[string]error{
				"another root":      judge(envelope, stranger, now, byName, doc),
				"no intermediate":   judge(envelope, &trustedCA{root: trust.root}, now, byName, doc),
				"another name":      judge(envelope, trust, now, verify.WithCertificateIdentity(identity(san+"2")), doc),
				"after the chain":   judge(envelope, &trustedCA{root: trust.root, intermediate: trust.intermediate, at: time.Hour * 2}, now, byName, doc),
				"a key is asked of": judge(envelope, trust, now, verify.WithKey(), doc),
			} {
				if err == nil {
					t.Errorf("%s: accepted", name)
				}
			}
			for want, leaf := range map[string]x509.Certificate{
				"leaf certificate verification failed": {ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}, URIs: full.URIs},
				"no Subject Alternative Name found":    {ExtKeyUsage: full.ExtKeyUsage},
			} {
				envelope, trust := signed(leaf)
				if err := judge(envelope, trust, now, verify.WithoutIdentitiesUnsafe(), doc); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("sigstore-go no longer says %q but %v: docs/interop.md", want, err)
				}
			}
		})
	}
}

func identity(name string) verify.CertificateIdentity {
	return must(verify.NewShortCertificateIdentity("", ".*", name, ""))
}

// trustedCA is a hospital's authority as sigstore-go's trusted material.
type trustedCA struct {
	root.BaseTrustedMaterial
	root, intermediate *x509.Certificate
	at                 time.Duration // by which its clock is ahead
}

func (c *trustedCA) FulcioCertificateAuthorities() []root.CertificateAuthority {
	ca := &root.FulcioCertificateAuthority{Root: c.root}
	if c.intermediate != nil {
		ca.Intermediates = []*x509.Certificate{c.intermediate}
	}
	return []root.CertificateAuthority{later{ca, c.at}}
}

type later struct {
	root.CertificateAuthority
	by time.Duration
}

func (l later) Verify(cert *x509.Certificate, at time.Time) ([][]*x509.Certificate, error) {
	return l.CertificateAuthority.Verify(cert, at.Add(l.by))
}

// The other way round: a sender may sign our statement with sigstore-go (or cosign), and we take it.
func TestSigstoreSigns(t *testing.T) {
	private, _ := makeKey(t, "ecdsa")
	statement := must(seal.ParseEnvelope(makeBundle(t, documents, "--key", private))).Payload
	for _, alg := range algorithms {
		t.Run(alg.String(), func(t *testing.T) {
			pair := must(sign.NewEphemeralKeypair(&sign.EphemeralKeypairOptions{Algorithm: alg}))
			b := must(sign.Bundle(&sign.DSSEData{Data: statement, PayloadType: seal.PayloadType}, pair, sign.BundleOptions{Context: context.Background()}))
			e, err := seal.ParseEnvelope(must(protojson.Marshal(b)))
			check(t, err)
			p := &ours.Policy{Producers: []ours.Producer{{Name: "his", Key: must(pair.GetPublicKeyPem())}}}
			if _, err := p.Envelope(e, time.Now()); err != nil {
				t.Error(err)
			}
			e.Signature = flipped(e.Signature, len(e.Signature)-1)
			if _, err := p.Envelope(e, time.Now()); err == nil {
				t.Error("a flipped signature: accepted")
			}
		})
	}
}
