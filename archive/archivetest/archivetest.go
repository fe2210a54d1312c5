// Package archivetest makes small archives for tests: a hybrid custodian, one producer, a handful of made-up bundles
// taken in over several accessions under a clock of its own. Nothing in it is anybody's record.
package archivetest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Origin of the log of every test archive.
const Origin = "kartoteka.test.example/1"

// Start is when a test archive is made; every accession is a day later than the one before it.
var Start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// Options of New. Zero is a small archive.
type Options struct {
	Bundles    int // default 6
	Accessions int // over which they are spread; default 3
	Origin     string
	InMemory   bool // where there is such a folder: for tests of which none asks what a power cut leaves
}

func (o Options) withDefaults() Options {
	if o.Bundles == 0 {
		o.Bundles = 6
	}
	if o.Accessions == 0 {
		o.Accessions = 3
	}
	if o.Origin == "" {
		o.Origin = Origin
	}
	return o
}

// Archive is a test archive, closed: tests open it as they need.
type Archive struct {
	Dir       string
	Custodian *age.HybridIdentity
	Producer  *Producer
	Bundles   []*Bundle // in the order they were taken in
	Now       time.Time // the clock after the last accession

	officers []*Officer
	sources  string // folder of the bundles as sent
}

// New makes an archive and takes its bundles in.
func New(t testing.TB, o Options) *Archive {
	t.Helper()
	o = o.withDefaults()
	dir := t.TempDir
	if o.InMemory {
		dir = func() string { return Memory(t) }
	}
	a := &Archive{Dir: filepath.Join(dir(), "archive"), Producer: NewProducer(t), Now: Start, sources: t.TempDir()}
	var err error
	if a.Custodian, err = age.GenerateHybridIdentity(); err != nil {
		t.Fatal(err)
	}
	err = archive.Init(a.Dir, archive.InitOptions{
		Origin: o.Origin, Controller: seal.Controller{Name: "Szpital Testowy", Country: "PL"}, Now: a.clock,
		Recipients: []seal.Recipient{{Name: "custodian", Role: seal.RecipientCustodian, Age: a.Custodian.Recipient().String()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := a.OpenWrite(t)
	defer w.Close()
	if err := w.AddProducer(verify.Producer{Name: "his", Key: a.Producer.PEM}); err != nil {
		t.Fatal(err)
	}
	for i := range o.Accessions {
		n := o.Bundles*(i+1)/o.Accessions - o.Bundles*i/o.Accessions
		a.take(t, w, n)
	}
	return a
}

// Memory is a temporary folder in memory, or where there is no such thing, on disk: fsyncs take most of the time of an
// archive that is opened a thousand times.
func Memory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "kartoteka-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (a *Archive) clock() time.Time { return a.Now }

// OpenWrite opens the archive for writing under its own clock. The caller closes it.
func (a *Archive) OpenWrite(t testing.TB) *archive.Archive {
	t.Helper()
	w, err := archive.Open(a.Dir, archive.Options{Write: true, Now: a.clock, Reserve: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Take makes n more bundles and takes them in with one accession.
func (a *Archive) Take(t testing.TB, n int) {
	t.Helper()
	w := a.OpenWrite(t)
	defer w.Close()
	a.take(t, w, n)
}

func (a *Archive) take(t testing.TB, w *archive.Archive, n int) {
	t.Helper()
	a.Now = a.Now.Add(24 * time.Hour)
	made := map[string]*Bundle{}
	var sources []archive.Source
	for range n {
		b := a.Make(t, len(a.Bundles))
		a.Bundles = append(a.Bundles, b)
		made[b.Path] = b
		sources = append(sources, archive.Source{Path: b.Path})
	}
	err := w.Take(context.Background(), sources, func(o archive.Outcome) {
		if o.Status != archive.Taken {
			t.Fatalf("%s: %s %s %s", o.Path, o.Status, o.Code, o.Reason)
		}
		made[o.Path].Leaf, made[o.Path].Receipt = o.Leaf, o.Receipt
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Make makes the n-th bundle as a ZIP and signs it; it is not taken in.
func (a *Archive) Make(t testing.TB, n int) *Bundle {
	t.Helper()
	b := a.Producer.bundle(t, n, a.Now)
	b.Path = filepath.Join(a.sources, b.ID+".zip")
	b.write(t)
	return b
}

// CustodianFile writes the custodian's identity as an age identity file.
func (a *Archive) CustodianFile(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "custodian.key")
	if err := os.WriteFile(name, []byte(a.Custodian.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// PolicyFile writes the policy in force, as a verifier elsewhere pins it.
func (a *Archive) PolicyFile(t testing.TB) string {
	t.Helper()
	r, err := archive.Open(a.Dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := r.PolicyFile()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Copy copies the archive into a folder of its own, so that a test can damage it.
func (a *Archive) Copy(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(dir, os.DirFS(a.Dir)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Files lists the regular files under folders of an archive at dir, by path below dir.
func Files(t testing.TB, dir string, folders ...string) (names []string) {
	t.Helper()
	for _, f := range folders {
		err := filepath.WalkDir(filepath.Join(dir, f), func(p string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				rel, _ := filepath.Rel(dir, p)
				names = append(names, filepath.ToSlash(rel))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// Edit changes one file of an archive at dir.
func Edit(t testing.TB, dir, name string, edit func([]byte) []byte) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(name))
	data, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, edit(data), 0o640); err != nil {
		t.Fatal(err)
	}
}
