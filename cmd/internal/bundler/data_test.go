package bundler

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kartoteka/cmd/internal/corpus"
	"kartoteka/verify"
)

// sharedData finds the folder of collected documents beside the project.
func sharedData(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		dir = filepath.Dir(dir)
		if data := filepath.Join(dir, "shared", "data"); isDir(data) {
			return data
		}
	}
	t.Skip("SKIP: no folder shared/data above the project (the collected documents)")
	return ""
}

func isDir(name string) bool {
	i, err := os.Stat(name)
	return err == nil && i.IsDir()
}

// TestSharedData: whatever a hospital has can be bundled, and the bundle is taken in.
func TestSharedData(t *testing.T) {
	data := sharedData(t)
	signer, public := testSigner(t)
	for _, set := range []string{"01-cda", "02-fhir", "03-dicom"} {
		t.Run(set, func(t *testing.T) {
			dir := filepath.Join(data, set)
			if !isDir(dir) {
				t.Skipf("SKIP: no folder %s", dir)
			}
			sources, empty := files(t, dir)
			b, err := Make(context.Background(), Options{Metadata: with(t), Documents: sources, Signer: signer})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, p := range b.Parts {
				accepted(t, p, verify.Producer{Name: "p", Key: public})
				n += len(p.Statement.Subject)
			}
			if n != len(sources) {
				t.Errorf("%d documents in the bundles, want %d", n, len(sources))
			}
			t.Logf("%d documents, %d bundles, %d warnings, %d empty files refused", n, len(b.Parts), len(b.Warnings), empty)
		})
	}
}

func files(t *testing.T, dir string) (sources []Source, empty int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if i, err := d.Info(); err != nil || i.Size() == 0 {
			empty++
			return err
		}
		s, err := File(path)
		sources = append(sources, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources, empty
}

// TestCorpus: what the demo and the benchmarks make is taken as it is, with documents[] listed or not.
func TestCorpus(t *testing.T) {
	signer, public := testSigner(t)
	for _, full := range []bool{false, true} {
		err := corpus.Generate(corpus.Options{Seed: 1, Patients: 4, Bundles: 12, Full: full}, func(c corpus.Bundle) error {
			meta, err := ParseMetadata(c.Meta)
			if err != nil {
				return err
			}
			b, err := Make(context.Background(), Options{Metadata: meta, Documents: corpusSources(c), Signer: signer})
			if err != nil {
				return err
			}
			for _, p := range b.Parts { // a referral is kept for another time than the rest of the file
				accepted(t, p, verify.Producer{Name: "p", Key: public})
			}
			for _, w := range b.Warnings {
				if !strings.Contains(w, "class is") && !strings.Contains(w, "title is") {
					t.Errorf("full %t: %s", full, w)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatalf("full %t: %v", full, err)
		}
	}
}

func corpusSources(c corpus.Bundle) (sources []Source) {
	for _, d := range c.Documents {
		sources = append(sources, Source{Name: d.Name, Open: func() (io.ReadCloser, error) { return io.NopCloser(d.Open()), nil }})
	}
	return sources
}
