package corpus

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

// census is what Generate made.
type census struct {
	bundles, documents, shared int
	bytes                      int64
	kinds                      map[string]int64
	counts                     map[string]int
	sum                        string
}

func count(t testing.TB, o Options) census {
	t.Helper()
	c := census{kinds: map[string]int64{}, counts: map[string]int{}}
	hash := sha256.New()
	err := Generate(o, func(b Bundle) error {
		c.bundles++
		if b.Shared {
			c.shared++
		}
		hash.Write(b.Meta)
		for _, d := range b.Documents {
			c.documents++
			n, err := io.Copy(hash, d.Open())
			if err != nil || n != d.Size {
				t.Fatalf("document %s: read %d of %d bytes: %v", d.Name, n, d.Size, err)
			}
			c.bytes += n
			c.kinds[d.MediaType] += n
			c.counts[d.MediaType]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.sum = hex.EncodeToString(hash.Sum(nil))
	return c
}

func TestSameSeedSameBytes(t *testing.T) {
	o := Options{Seed: 7, Patients: 12, Full: true}
	a, b := count(t, o), count(t, o)
	if a.sum != b.sum {
		t.Errorf("the same seed made %s and %s", a.sum, b.sum)
	}
	o.Seed = 8
	if c := count(t, o); c.sum == a.sum {
		t.Error("another seed made the same bytes")
	}
}

func TestScales(t *testing.T) {
	tests := []struct {
		scale                       Scale
		lowDocuments, highDocuments int
		lowMegabytes, highMegabytes int64
		lowBundles, highBundles     int
		long                        bool
	}{
		{scale: ScaleDemo, lowDocuments: 500, highDocuments: 1000, lowMegabytes: 10, highMegabytes: 30, lowBundles: 85, highBundles: 120},
		{scale: ScaleS, lowDocuments: 1600, highDocuments: 2500, lowMegabytes: 100, highMegabytes: 170, lowBundles: 230, highBundles: 310},
		{scale: ScaleM, lowDocuments: 17000, highDocuments: 23000, lowMegabytes: 1200, highMegabytes: 1700, lowBundles: 2400, highBundles: 2900, long: true},
	}
	for _, tt := range tests {
		t.Run(string(tt.scale), func(t *testing.T) {
			if tt.long && testing.Short() {
				t.Skip("1.5 GB: not with -short")
			}
			start := time.Now()
			c := count(t, Options{Seed: 1, Scale: tt.scale})
			t.Logf("%d bundles, %d documents, %.1f MB, %d bundles of shared persons, %v with SHA-256", c.bundles, c.documents, float64(c.bytes)/1e6, c.shared, time.Since(start))
			for kind, n := range c.kinds {
				t.Logf("  %-22s %6d  %8.1f MB", kind, c.counts[kind], float64(n)/1e6)
			}
			if c.documents < tt.lowDocuments || c.documents > tt.highDocuments {
				t.Errorf("documents: got %d, want %d to %d", c.documents, tt.lowDocuments, tt.highDocuments)
			}
			if mb := c.bytes / 1e6; mb < tt.lowMegabytes || mb > tt.highMegabytes {
				t.Errorf("size: got %d MB, want %d to %d", mb, tt.lowMegabytes, tt.highMegabytes)
			}
			if c.bundles < tt.lowBundles || c.bundles > tt.highBundles {
				t.Errorf("bundles: got %d, want %d to %d", c.bundles, tt.lowBundles, tt.highBundles)
			}
		})
	}
}

func TestErrorEndsGenerate(t *testing.T) {
	stop := errors.New("enough")
	calls := 0
	err := Generate(Options{Patients: 5}, func(Bundle) error { calls++; return stop })
	if err != stop || calls != 1 {
		t.Errorf("got %v after %d calls, want %v after 1", err, calls, stop)
	}
}

func TestMeta(t *testing.T) {
	people := People(Options{Seed: 3, Patients: 60})
	hospitals := map[int][]string{}
	err := Generate(Options{Seed: 3, Patients: 60, Full: true}, func(b Bundle) error {
		var m meta
		if err := json.Unmarshal(b.Meta, &m); err != nil {
			return err
		}
		p := people[b.Person]
		if m.Patient.BirthDate != p.Birth.Format("2006-01-02") || len(m.Patient.Identifiers) == 0 || len(m.Patient.Names) == 0 {
			t.Errorf("person %d: patient %+v", b.Person, m.Patient)
		}
		for _, name := range m.Patient.Names {
			if cyrillic := strings.ContainsFunc(name.Family, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }); cyrillic != (name.Script == "Cyrl") {
				t.Errorf("name %q has script %s", name.Family, name.Script)
			}
		}
		if m.Controller.Country != m.Facts.Jurisdiction || m.Controller.IDs[0].Value != b.Hospital.ID {
			t.Errorf("controller %+v, facts %+v", m.Controller, m.Facts)
		}
		if got, want := m.Facts.Under2, m.Encounter.Start < p.Birth.AddDate(2, 0, 0).Format("2006-01-02"); got != want {
			t.Errorf("born %s, treated %s: under 2 is %v", m.Patient.BirthDate, m.Encounter.Start, got)
		}
		if m.Encounter.Start < m.Patient.BirthDate || m.Encounter.End < m.Encounter.Start || len(m.Documents) != len(b.Documents) || len(b.Documents) == 0 {
			t.Errorf("encounter %+v, born %s, %d documents", m.Encounter, m.Patient.BirthDate, len(b.Documents))
		}
		if !slices.Contains(hospitals[b.Person], b.Hospital.ID) {
			hospitals[b.Person] = append(hospitals[b.Person], b.Hospital.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range people {
		if p.Shared != (len(hospitals[i]) == 2) {
			t.Errorf("person %d: shared %v, treated in %v", i, p.Shared, hospitals[i])
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		var size int64
		err := Generate(Options{Seed: 1, Scale: ScaleS}, func(bundle Bundle) error {
			for _, d := range bundle.Documents {
				size += d.Size
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(size)
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	n := 0
	err := Generate(Options{Patients: 3}, func(b Bundle) error {
		n++
		into := filepath.Join(dir, strconv.Itoa(n))
		if err := b.Save(into); err != nil {
			return err
		}
		for _, d := range b.Documents {
			got, err := os.ReadFile(filepath.Join(into, "documents", d.Name))
			if err != nil || !bytes.Equal(got, d.Bytes) {
				t.Errorf("saved %s: %d bytes, want %d; %v", d.Name, len(got), d.Size, err)
			}
		}
		if b.Save(into) == nil {
			t.Error("saving over a saved bundle succeeded")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkHuge(b *testing.B) {
	const size = 256 << 20
	b.SetBytes(size)
	for b.Loop() {
		if n, err := io.Copy(io.Discard, Huge(size)); n != size || err != nil {
			b.Fatalf("read %d bytes: %v", n, err)
		}
	}
}
