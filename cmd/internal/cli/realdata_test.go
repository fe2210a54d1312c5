package cli

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/reading"
	"kartoteka/cmd/internal/bundler"
	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify"
)

// collected finds the folder of collected documents beside the project.
func collected(t *testing.T, set string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		dir = filepath.Dir(dir)
		if name := filepath.Join(dir, "shared", "data", set); isFolder(name) {
			return name
		}
	}
	t.Skipf("SKIP: no folder shared/data/%s above the project (the collected documents)", set)
	return ""
}

func isFolder(name string) bool {
	i, err := os.Stat(name)
	return err == nil && i.IsDir()
}

// collectedFile is a document of the collection, and the made-up patient it is filed under.
type collectedFile struct {
	path, pesel string
	leaf        seal.LeafIndex
}

// TestRealData: every collected document is bundled, taken in, found and handed over, byte for byte.
func TestRealData(t *testing.T) {
	for _, set := range []string{"01-cda", "02-fhir", "03-dicom"} {
		t.Run(set, func(t *testing.T) {
			dir := collected(t, set)
			a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
			a.Now = a.Now.Add(24 * time.Hour)
			w := a.OpenWrite(t)
			defer w.Close()
			files, unresolved := ingestFolder(t, a, w, dir), 0
			d := &desk{archive: w}
			room := reading.NewRoom(w, a.Custodian)
			for _, f := range files {
				unresolved += handOver(t, a, d, room, f)
			}
			t.Logf("%d documents, %d of them name another patient than the made-up one", len(files), unresolved)
			if r, err := reading.Check(t.Context(), a.Dir, []age.Identity{a.Custodian}, reading.CheckOptions{AllDigests: true}); err != nil || r.Verdict != verify.Passed {
				t.Errorf("%v %v", r.Verdict, err)
			}
		})
	}
}

// ingestFolder bundles every file of a folder, one to a bundle, and takes all in.
func ingestFolder(t *testing.T, a *archivetest.Archive, w *archive.Archive, dir string) (files []*collectedFile) {
	t.Helper()
	private, public, err := bundler.GenerateKey(bundler.Ed25519, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := bundler.LoadSigner(private, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AddProducer(verify.Producer{Name: "collection", Key: string(public)}); err != nil {
		t.Fatal(err)
	}
	out, bundles := t.TempDir(), map[string]*collectedFile{}
	var sources []archive.Source
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if i, err := d.Info(); err != nil || i.Size() == 0 { // bundler refuses it
			return err
		}
		f := &collectedFile{path: path, pesel: fmt.Sprintf("%011d", 10000+len(files))}
		name := filepath.Join(out, f.pesel+".zip")
		bundleFile(t, a, signer, f, name)
		bundles[name] = f
		files, sources = append(files, f), append(sources, archive.Source{Path: name})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = w.Take(t.Context(), sources, func(o archive.Outcome) {
		f := bundles[o.Path]
		if f.leaf = o.Leaf; o.Status != archive.Taken {
			t.Errorf("%s: %s %s %s", f.path, o.Status, o.Code, o.Reason)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func bundleFile(t *testing.T, a *archivetest.Archive, signer *bundler.Signer, f *collectedFile, name string) {
	t.Helper()
	source, err := bundler.File(f.path)
	if err != nil {
		t.Fatal(err)
	}
	made, err := bundler.Make(t.Context(), bundler.Options{Signer: signer, Documents: []bundler.Source{source}, Now: func() time.Time { return a.Now },
		Metadata: seal.Metadata{Controller: seal.Controller{Name: "Szpital Testowy", Country: "PL"}, Producer: seal.Producer{System: "collection"},
			Patient: patient.Patient{Identifiers: []patient.Identifier{{System: "pl.pesel", Value: f.pesel, Role: patient.RoleOwn, Country: "PL"}},
				Names: []patient.Name{{Family: "Zmyślona", Given: []string{"Osoba"}}}, BirthDate: "1951-02-03", Sex: "F"},
			Encounter: seal.Encounter{Kind: "visit", Start: "2024-03-01"}}})
	if err != nil {
		t.Fatalf("%s: %v", f.path, err)
	}
	z, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(made.Parts[0].WriteZip(t.Context(), z), z.Close()); err != nil {
		t.Fatalf("%s: %v", f.path, err)
	}
}

// handOver finds a document under its patient, releases it and compares; it says whether it names another patient.
func handOver(t *testing.T, a *archivetest.Archive, d *desk, room *reading.Room, f *collectedFile) (unresolved int) {
	t.Helper()
	o := &exportOptions{id: "pl.pesel=" + f.pesel, unresolved: true, restricted: true}
	q, err := o.query()
	if err != nil {
		t.Fatal(err)
	}
	found, err := d.find(t.Context(), q)
	if err != nil || len(found) != 1 || found[0].Leaf != f.leaf {
		t.Errorf("%s: found %+v, %v", f.path, found, err)
		return 0
	}
	chosen, left, err := o.choose(found)
	if err != nil {
		t.Errorf("%s: %v", f.path, err)
		return 0
	}
	entry, err := seal.ParseRelease(fmt.Appendf(nil, request, `,"reason":"a test"`))
	if err != nil {
		t.Fatal(err)
	}
	packet, err := os.Create(filepath.Join(t.TempDir(), "packet.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer packet.Close()
	_, err = room.Packet(t.Context(), packet, reading.Export{Select: chosen, LeftOut: left, Release: entry, Now: func() time.Time { return a.Now },
		Commit: func(r seal.Release, custodian string) (seal.LeafIndex, error) {
			return d.release(context.Background(), r, custodian)
		},
		Void: func(leaf seal.LeafIndex, code string) error { return d.void(context.Background(), leaf, code) }})
	if err != nil {
		t.Errorf("%s: %v", f.path, err)
		return 0
	}
	wantDocument(t, packet.Name(), f.path)
	return len(found[0].Flags)
}

// wantDocument compares the packet's one document with the file it was.
func wantDocument(t *testing.T, packet, path string) {
	t.Helper()
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(packet)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r, err := z.Open(seal.PacketDocument(1, filepath.Base(path)))
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: came out as %d bytes, want %d, %v", path, len(got), len(want), err)
	}
}
