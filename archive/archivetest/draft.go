package archivetest

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/seal/patient"
)

// Draft is a bundle in the making: a test changes what it likes before it is signed, and after.
type Draft struct {
	Statement seal.Statement
	Files     []Document // what the container holds beside the envelope
}

// Draft begins a sound bundle of one person.
func (a *Archive) Draft(id string, person patient.Patient, files ...Document) *Draft {
	d := &Draft{Files: files, Statement: seal.Statement{Type: seal.StatementType, PredicateType: seal.SpecBundle, Predicate: seal.Metadata{
		Bundle: seal.BundleID{ID: id}, Controller: seal.Controller{Name: "Szpital Testowy", Country: "PL"},
		Producer: seal.Producer{System: "his"}, Created: seal.At(a.Now), Patient: person,
		Encounter: seal.Encounter{ID: "E-" + id, Kind: "visit", Start: "2025-05-05"},
		Facts:     seal.Facts{Jurisdiction: "PL", LastEntryYear: 2025, ServiceYear: 2025},
	}}}
	for _, f := range files {
		d.Statement.Subject = append(d.Statement.Subject, seal.Subject{Name: f.Name, Digest: seal.SubjectDigest{SHA256: sha256.Sum256(f.Body)}})
		d.Statement.Predicate.Documents = append(d.Statement.Predicate.Documents,
			seal.Document{Path: f.Name, Title: f.Title, MediaType: "text/plain", Class: "note"})
	}
	return d
}

// Sign makes the draft's envelope.
func (d *Draft) Sign(t testing.TB, p *Producer) []byte {
	t.Helper()
	envelope, err := seal.Sign(d.Statement, p.signer, nil)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}

// Zip packs envelope and files as a careless sender would: under any name, stored.
func (d *Draft) Zip(t testing.TB, envelope []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range append([]Document{{Name: seal.EnvelopeName, Body: envelope}}, d.Files...) {
		h := &zip.FileHeader{Name: f.Name, CRC32: crc32.ChecksumIEEE(f.Body), CompressedSize64: uint64(len(f.Body)), UncompressedSize64: uint64(len(f.Body))}
		w, err := z.CreateRaw(h)
		if err == nil {
			_, err = w.Write(f.Body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Spool signs and packs the draft into the spool of the archive under a name.
func (a *Archive) Spool(t testing.TB, name string, d *Draft) string {
	t.Helper()
	p := filepath.Join(a.Dir, "spool/incoming", name)
	if err := os.WriteFile(p, d.Zip(t, d.Sign(t, a.Producer)), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// Folder lays envelope and files out as a folder.
func (d *Draft) Folder(t testing.TB, dir string, envelope []byte) {
	t.Helper()
	for _, f := range append([]Document{{Name: seal.EnvelopeName, Body: envelope}}, d.Files...) {
		p := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, f.Body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TakeSpool takes in all that stands in the spool, and gives the events by file name.
func (a *Archive) TakeSpool(t testing.TB) map[string]seal.LeafIndex {
	t.Helper()
	w := a.OpenWrite(t)
	defer w.Close()
	list, err := w.Spooled()
	if err != nil {
		t.Fatal(err)
	}
	leaves := map[string]seal.LeafIndex{}
	err = w.Take(context.Background(), list, func(o archive.Outcome) {
		if o.Status != archive.Taken {
			t.Fatalf("%s: %s %s %s", o.Path, o.Status, o.Code, o.Reason)
		}
		leaves[filepath.Base(o.Path)] = o.Leaf
	})
	if err != nil {
		t.Fatal(err)
	}
	return leaves
}
