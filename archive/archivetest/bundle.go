package archivetest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify/container"
)

// Producer signs bundles.
type Producer struct {
	PEM    string // its public key, as a policy names it
	signer signature.Signer
}

// NewProducer makes a producer with a key of its own.
func NewProducer(t testing.TB) *Producer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := signature.LoadSigner(key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := cryptoutils.MarshalPublicKeyToPEM(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return &Producer{string(pem), s}
}

// Bundle is one made-up bundle.
type Bundle struct {
	ID        string
	Path      string
	Person    patient.Patient
	Documents []Document
	Envelope  []byte
	Leaf      seal.LeafIndex // once taken in
	Receipt   string         // path of its receipt
}

// Document is one document of a bundle.
type Document struct {
	Name  string // documents/…
	Title string
	Body  []byte
}

// People are the patients of every test archive; bundle n is of People[n%len(People)].
var People = []patient.Patient{
	person("44051401359", "Kowalska-Testowa", "Anna", "1944-05-14", "F"),
	person("02070803628", "Wiśniewski", "Bolesław", "1902-07-08", "M"),
	person("90010112345", "Шевченко-Проба", "Оксана", "1990-01-01", "F"),
	person("85121254321", "Žemaitytė", "Ona", "1985-12-12", "F"),
}

func person(pesel, family, given, born, sex string) patient.Patient {
	return patient.Patient{
		Identifiers: []patient.Identifier{{System: "pl.pesel", Value: pesel, Role: patient.RoleOwn, Country: "PL"}},
		Names:       []patient.Name{{Family: family, Given: []string{given}}}, BirthDate: born, Sex: sex,
	}
}

// bundle makes the n-th bundle: a discharge letter that replaces the same patient's last one, and a laboratory
// result; every fifth bundle has a document of several blocks.
func (p *Producer) bundle(t testing.TB, n int, now time.Time) *Bundle {
	t.Helper()
	person := People[n%len(People)]
	b := &Bundle{ID: fmt.Sprintf("test-bundle-%06d", n), Person: person}
	name := person.Names[0]
	letter := fmt.Sprintf("Karta informacyjna nr %d\nPacjent: %s %s, PESEL %s\nRozpoznanie: %s\n",
		n, name.Given[0], name.Family, person.Identifiers[0].Value, strings.Repeat("obserwacja bez zmian. ", 20))
	b.add("letter.txt", "Karta informacyjna "+name.Family, []byte(letter))
	b.add("result.txt", "Morfologia", fmt.Appendf(nil, "HGB %d.%d g/dl\n%s\n", 10+n%5, n%10, name.Family))
	if n%5 == 0 {
		scan := make([]byte, 150<<10)
		rand.Read(scan)
		b.add("scan.bin", "Skan", scan)
	}
	b.sign(t, p, n, now)
	return b
}

func (b *Bundle) add(name, title string, body []byte) {
	b.Documents = append(b.Documents, Document{seal.DocumentsPath + name, title, body})
}

func (b *Bundle) sign(t testing.TB, p *Producer, n int, now time.Time) {
	t.Helper()
	s := seal.Statement{Type: seal.StatementType, PredicateType: seal.SpecBundle, Predicate: seal.Metadata{
		Bundle: seal.BundleID{ID: b.ID}, Controller: seal.Controller{Name: "Szpital Testowy", Country: "PL"},
		Producer: seal.Producer{System: "his"}, Created: seal.At(now), Patient: b.Person,
		Encounter: seal.Encounter{ID: fmt.Sprint("E-", n), Kind: "inpatient", Start: fmt.Sprintf("2025-%02d-01", n%12+1)},
		Facts:     seal.Facts{Jurisdiction: "PL", LastEntryYear: 2025, ServiceYear: 2025},
	}}
	for _, d := range b.Documents {
		s.Subject = append(s.Subject, seal.Subject{Name: d.Name, Digest: seal.SubjectDigest{SHA256: sha256.Sum256(d.Body)}})
		m := seal.Document{Path: d.Name, Size: int64(len(d.Body)), Title: d.Title, MediaType: "text/plain", Class: "lab"}
		if strings.HasSuffix(d.Name, "letter.txt") {
			m.Class, m.SetID, m.Version = "discharge", "letters-"+b.Person.Identifiers[0].Value, fmt.Sprint(n/len(People)+1)
		}
		s.Predicate.Documents = append(s.Predicate.Documents, m)
	}
	var err error
	if b.Envelope, err = seal.Sign(s, p.signer, nil); err != nil {
		t.Fatal(err)
	}
}

func (b *Bundle) write(t testing.TB) {
	t.Helper()
	var z bytes.Buffer
	w := container.NewWriter(&z)
	put := func(name string, body []byte) {
		f, err := w.Create(name, true)
		if err == nil {
			_, err = f.Write(body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put(seal.EnvelopeName, b.Envelope)
	for _, d := range b.Documents {
		put(d.Name, d.Body)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.Path, z.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
