package bundler

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/seal"
	"kartoteka/verify"
)

// smallest is the metadata of architecture.md §6, as it stands there.
const smallest = `{"controller":{"name":"Szpital Testowy","country":"PL","ids":[{"system":"pl.regon","value":"192598184"}]},"producer":{"system":"his","version":"1"},
            "patient":{"identifiers":[{"system":"pl.pesel","value":"44051401359","role":"own","country":"PL"}],"names":[{"family":"Kowalska","given":["Anna"]}],"birth_date":"1944-05-14","sex":"F"},
            "encounter":{"id":"E-1","kind":"inpatient","start":"2024-03-01","end":"2024-03-05"},"facts":{"jurisdiction":"PL","last_entry_year":2024,"service_year":2024}}`

var testTime = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)

// with changes the smallest metadata.
func with(t testing.TB, change ...string) seal.Metadata {
	t.Helper()
	text := strings.NewReplacer(change...).Replace(smallest)
	m, err := ParseMetadata([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// bytesSource is a document in memory.
func bytesSource(name, text string) Source {
	return Source{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

func cda(fields string) string {
	return `<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3">` + fields + `</ClinicalDocument>`
}

func testSigner(t testing.TB) (*Signer, string) {
	t.Helper()
	private, public, err := GenerateKey(ECDSA, "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := LoadSigner(private, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, string(public)
}

func mustMake(t testing.TB, m seal.Metadata, documents ...Source) *Batch {
	t.Helper()
	s, _ := testSigner(t)
	b, err := Make(context.Background(), Options{Metadata: m, Documents: documents, Signer: s, Now: func() time.Time { return testTime }})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func policyOf(p verify.Producer) *verify.Policy {
	return &verify.Policy{Producers: []verify.Producer{p}}
}

// accepted writes a part both ways and has each judged by the code that takes bundles in.
func accepted(t testing.TB, p *Part, trust verify.Producer) {
	t.Helper()
	dir := t.TempDir()
	folder, zip := filepath.Join(dir, "folder"), filepath.Join(dir, "b.zip")
	f, err := os.Create(zip)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.WriteZip(context.Background(), f), f.Close(), os.Mkdir(folder, 0o755), p.WriteFolder(context.Background(), folder)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{zip, folder} {
		a, err := policyOf(trust).OpenBundle(name, testTime, 0)
		if err != nil {
			t.Fatalf("%s: %v", filepath.Base(name), err)
		}
		if got, want := len(a.Documents()), len(p.Statement.Subject); got != want {
			t.Errorf("%d documents, want %d", got, want)
		}
		a.Close()
	}
}

func TestSmallest(t *testing.T) {
	s, public := testSigner(t)
	b, err := Make(context.Background(), Options{Metadata: with(t), Signer: s, Now: func() time.Time { return testTime },
		Documents: []Source{bytesSource("note.txt", "note\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Parts) != 1 {
		t.Fatalf("%d parts, want 1", len(b.Parts))
	}
	p := b.Parts[0]
	m := p.Statement.Predicate
	if len(p.ID()) != 26 || m.Created != seal.At(testTime) || *m.Facts.Under2AtService {
		t.Errorf("id %q, created %s, under two %v", p.ID(), m.Created, m.Facts.Under2AtService)
	}
	d := m.Documents[0]
	if d.Path != "documents/note.txt" || d.Size != 5 || d.MediaType != "text/plain; charset=utf-8" || d.Signature.Kind != "none" {
		t.Errorf("document %+v", d)
	}
	accepted(t, p, verify.Producer{Name: "his", Key: public})
}

func TestKeys(t *testing.T) {
	for _, alg := range []string{ECDSA, Ed25519, RSA} {
		for _, passphrase := range []string{"", "right"} {
			t.Run(alg+passphrase, func(t *testing.T) {
				private, public, err := GenerateKey(alg, passphrase)
				if err != nil {
					t.Fatal(err)
				}
				s, err := LoadSigner(private, nil, func() (string, error) { return passphrase, nil })
				if err != nil {
					t.Fatal(err)
				}
				b, err := Make(context.Background(), Options{Metadata: with(t), Documents: []Source{bytesSource("a", "a")}, Signer: s})
				if err != nil {
					t.Fatal(err)
				}
				accepted(t, b.Parts[0], verify.Producer{Name: "p", Key: string(public)})
				if passphrase == "" {
					return
				}
				if _, err := LoadSigner(private, nil, func() (string, error) { return "wrong", nil }); !errors.Is(err, ErrPassphrase) {
					t.Errorf("wrong passphrase: %v", err)
				}
				if _, err := LoadSigner(private, nil, func() (string, error) { return "", nil }); !errors.Is(err, ErrPassphrase) {
					t.Errorf("empty passphrase: %v", err)
				}
				none := errors.New("no terminal")
				if _, err := LoadSigner(private, nil, func() (string, error) { return "", none }); !errors.Is(err, none) {
					t.Errorf("no passphrase: %v", err)
				}
			})
		}
	}
	if _, _, err := GenerateKey("dsa", ""); err == nil {
		t.Error("made a DSA key")
	}
}

func pemKey(t *testing.T, key crypto.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestKeysRefused(t *testing.T) {
	weak, _ := rsa.GenerateKey(rand.Reader, 2048)
	other, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	_, public, _ := GenerateKey(ECDSA, "")
	for _, c := range []struct {
		name, want string
		key        []byte
	}{
		{"weak RSA", "3072", pemKey(t, weak)},
		{"P-384", "P-256", pemKey(t, other)},
		{"public key", "no signing key", public},
		{"text", "not a PEM", []byte("hello")},
		{"empty", "not a PEM", nil},
		{"damaged", "", []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")},
	} {
		_, err := LoadSigner(c.key, nil, func() (string, error) { return "", errors.New("asked") })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// chain makes a root and a leaf for a key.
func chain(t *testing.T, public crypto.PublicKey) (root, leaf []byte, subject string) {
	t.Helper()
	ca, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rootCert := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: testTime.AddDate(-1, 0, 0), NotAfter: testTime.AddDate(9, 0, 0), KeyUsage: x509.KeyUsageCertSign}
	leafCert := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "his", Organization: []string{"Szpital Testowy"}, Country: []string{"PL"}},
		NotBefore: testTime.AddDate(-1, 0, 0), NotAfter: testTime.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature}
	rootDER, err := x509.CreateCertificate(rand.Reader, rootCert, rootCert, ca.Public(), ca)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leafCert, rootCert, public, ca)
	if err != nil {
		t.Fatal(err)
	}
	toPEM := func(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }
	return toPEM(rootDER), toPEM(leafDER), leafCert.Subject.String()
}

func TestCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root, leaf, subject := chain(t, key.Public())
	s, err := LoadSigner(pemKey(t, key), leaf, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Make(context.Background(), Options{Metadata: with(t), Documents: []Source{bytesSource("a", "a")}, Signer: s})
	if err != nil {
		t.Fatal(err)
	}
	accepted(t, b.Parts[0], verify.Producer{Name: "his", Chain: string(root), Subject: subject})

	other, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if _, err := LoadSigner(pemKey(t, other), leaf, nil); err == nil {
		t.Error("took a certificate of another key")
	}
	if _, err := LoadSigner(pemKey(t, key), []byte("x"), nil); err == nil {
		t.Error("took a certificate that is none")
	}
}

func TestNames(t *testing.T) {
	long := strings.Repeat("ż", 127) + ".xml" // 258 bytes
	for _, c := range []struct{ in, want []string }{
		{[]string{"a.xml", "b.xml"}, []string{"a.xml", "b.xml"}},
		{[]string{"a.xml", "a.xml", "a.xml"}, []string{"a.xml", "a-2.xml", "a-3.xml"}},
		{[]string{"a.xml", "A.XML"}, []string{"a.xml", "A-2.XML"}},
		{[]string{"a.xml", "a.xml", "a-2.xml"}, []string{"a.xml", "a-3.xml", "a-2.xml"}},
		{[]string{"CON.txt", "x:y", "..", ""}, []string{"CON_.txt", "x_y", "_", "_-2"}},
		{[]string{".profile", ".profile"}, []string{".profile", ".profile-2"}},
		{[]string{long, long}, []string{strings.Repeat("ż", 125) + ".xml", strings.Repeat("ż", 124) + "-2.xml"}},
	} {
		m := &maker{}
		for _, name := range c.in {
			m.o.Documents = append(m.o.Documents, Source{Name: name})
		}
		if got := m.names(); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestSplit(t *testing.T) {
	restricted := cda(`<confidentialityCode code="R"/>`)
	m := with(t, `{"controller"`, `{"bundle":{"id":"bundle-1"},"documents":[{"path":"r.txt","class":"referral"}],"controller"`)
	b := mustMake(t, m, bytesSource("1.txt", "1"), bytesSource("2.xml", restricted), bytesSource("3.txt", "3"), bytesSource("r.txt", "r"))
	var got []string
	for _, p := range b.Parts {
		var names []string
		for _, s := range p.Statement.Subject {
			names = append(names, strings.TrimPrefix(s.Name, seal.DocumentsPath))
		}
		got = append(got, p.ID()+": "+strings.Join(names, " "))
	}
	want := []string{"bundle-1-1: 1.txt 3.txt", "bundle-1-2: 2.xml", "bundle-1-3: r.txt"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSplitMany(t *testing.T) {
	var documents []Source
	for i := range seal.MaxDocuments + 1 {
		documents = append(documents, bytesSource(fmt.Sprintf("%04d", i), "x"))
	}
	b := mustMake(t, with(t), documents...)
	if len(b.Parts) != 2 || len(b.Parts[0].Statement.Subject) != seal.MaxDocuments || len(b.Parts[1].Statement.Subject) != 1 {
		t.Errorf("%d parts", len(b.Parts))
	}
	if b.Parts[0].ID() == b.Parts[1].ID() {
		t.Error("two parts with one id")
	}
}

// TestChanged: a document that is another at the second reading never becomes a bundle.
func TestChanged(t *testing.T) {
	for _, second := range []string{"notE", "note and more", "no", ""} {
		opened := 0
		s := Source{Name: "note", Open: func() (io.ReadCloser, error) {
			opened++
			if opened > 1 {
				return io.NopCloser(strings.NewReader(second)), nil
			}
			return io.NopCloser(strings.NewReader("note")), nil
		}}
		b := mustMake(t, with(t), s)
		if err := b.Parts[0].WriteZip(context.Background(), io.Discard); !errors.Is(err, ErrChanged) {
			t.Errorf("%q: %v", second, err)
		}
	}
}

func TestRefused(t *testing.T) {
	note := bytesSource("note", "note")
	broken := Source{Name: "broken", Open: func() (io.ReadCloser, error) { return nil, errors.New("disk on fire") }}
	for _, c := range []struct {
		name, want string
		meta       seal.Metadata
		documents  []Source
	}{
		{"no documents", "at least one", with(t), nil},
		{"empty", "e is empty", with(t), []Source{bytesSource("e", "")}},
		{"unreadable", "broken: disk on fire", with(t), []Source{broken}},
		{"stranger", "none of the documents", with(t, `{"controller"`, `{"documents":[{"path":"documents/x"}],"controller"`), []Source{note}},
		{"described twice", "twice", with(t, `{"controller"`, `{"documents":[{"path":"documents/note"},{"path":"note"}],"controller"`), []Source{note}},
		{"kind", "encounter.kind", with(t, `"inpatient"`, `"holiday"`), []Source{note}},
		{"short id", "bundle.id", with(t, `{"controller"`, `{"bundle":{"id":"7"},"controller"`), []Source{note}},
		{"dates", "ends before", with(t, `"2024-03-05"`, `"2024-02-05"`), []Source{note}},
		{"country", "jurisdiction", with(t, `"jurisdiction":"PL"`, `"jurisdiction":"XX"`), []Source{note}},
	} {
		s, _ := testSigner(t)
		_, err := Make(context.Background(), Options{Metadata: c.meta, Documents: c.documents, Signer: s})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestStopped(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	s, _ := testSigner(t)
	_, err := Make(ctx, Options{Metadata: with(t), Documents: []Source{bytesSource("a", "a")}, Signer: s})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestParseMetadata(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "ends too early"},
		{"{", "ends too early"},
		{`{"a":1}`, `unknown member "a"`},
		{`{"patient":{"identifiers":[{"sistem":"x"}]}}`, `unknown member "sistem"`},
		{`{"facts":{},"Facts":{}}`, "twice"},
		{"[]", "cannot unmarshal"},
		{"{} {}", "goes on"},
		{"{\"controller\":{\"name\":\"\xff\"}}", "UTF-8"},
		{`{"created":"yesterday"}`, "time"},
		{strings.Repeat(" ", MaxMetadata+1), "more than"},
	} {
		if _, err := ParseMetadata([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.40q: %v, want %q", c.text, err, c.want)
		}
	}
	if _, err := ParseMetadata([]byte("\ufeff" + smallest)); err != nil {
		t.Errorf("with a byte order mark: %v", err)
	}
}

// TestLarge: memory does not grow with a document.
func TestLarge(t *testing.T) {
	const size = 256 << 20
	zeros := Source{Name: "z.bin", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(zero{}, size)), nil
	}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b := mustMake(t, with(t), zeros)
	if err := b.Parts[0].WriteZip(context.Background(), io.Discard); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("allocated %d bytes for a document of %d", used, size)
	}
	if b.Parts[0].Size() != size {
		t.Errorf("%d bytes", b.Parts[0].Size())
	}
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }
