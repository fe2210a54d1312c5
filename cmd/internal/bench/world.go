package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"kartoteka/cmd/internal/bundler"
	"kartoteka/cmd/internal/corpus"
	"kartoteka/seal"
	"kartoteka/seal/clinical"
	"kartoteka/seal/patient"
)

// What the list of documents says of each before its path.
const (
	levelText   = "text"
	levelStored = "stored"
)

// world is one scale: the documents, in signed bundles as folders (which the peers back up too) and as ZIPs, and an
// archive that trusts their producer.
type world struct {
	b     *bench
	dir   string
	scale string
	times int // of S, where the scale is a number

	bundles, documents int
	bytes              int64 // of the documents
	list               bytes.Buffer
	families           map[string]*family
	signer             *bundler.Signer
	sealer             *seal.Sealer
	patients           map[string]*patientAt // by id
	patient, largest   *patientAt            // of median size, and with the most bytes

	stored int64                    // bytes of the archive
	took   map[string]time.Duration // what later rows are ratios of
}

// family is one kind of documents.
type family struct {
	documents     int
	bytes, stored int64
}

// patientAt is a patient and the bundles that hold the documents.
type patientAt struct {
	id      string // SYSTEM=VALUE
	bundles []string
	bytes   int64
}

func (w *world) path(elem ...string) string {
	return filepath.Join(append([]string{w.dir}, elem...)...)
}

func newWorld(b *bench, scale string) (*world, error) {
	dir, err := filepath.Abs(filepath.Join(b.out, scale))
	if err != nil {
		return nil, err
	}
	w := &world{b: b, dir: dir, scale: scale, families: map[string]*family{}, patients: map[string]*patientAt{}, took: map[string]time.Duration{}}
	w.times, _ = strconv.Atoi(scale)
	if err := os.MkdirAll(w.path("keys"), 0o755); err != nil {
		return nil, err
	}
	if w.sealer, err = seal.NewSealer(limitWorkers); err != nil {
		return nil, err
	}
	defer w.sealer.Close()
	start := time.Now()
	if err := w.keys(); err != nil {
		return nil, err
	}
	if err := w.generate(); err != nil {
		return nil, err
	}
	w.choose()
	b.t.title("%s: %d documents in %d bundles, %s (made in %.0f s)", scale, w.documents, w.bundles, megabytes(w.bytes), time.Since(start).Seconds())
	return w, os.WriteFile(w.path("documents.list"), w.list.Bytes(), 0o644)
}

func (w *world) remove() error { return os.RemoveAll(w.dir) }

// program is a command of ours.
func (w *world) program(name string, args ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(w.b.bin, name), args...)
	for _, v := range os.Environ() { // the user's own archive must not get into this
		if !strings.HasPrefix(v, "KARTOTEKA_") {
			c.Env = append(c.Env, v)
		}
	}
	return c
}

func (w *world) kartoteka(args ...string) *exec.Cmd {
	return w.program("kartoteka", append(args, "--quiet")...)
}

func (w *world) keys() error {
	for _, args := range [][]string{
		{"keygen", "custodian", "--plain", "-o", w.path("keys/one.key")},
		{"keygen", "custodian", "--plain", "-o", w.path("keys/two.key")},
		{"keygen", "producer", "--plain", "-o", w.path("keys/his.pem")},
	} {
		if _, err := run(w.kartoteka(args...)); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(w.path("keys/his.pem"))
	if err == nil {
		w.signer, err = bundler.LoadSigner(text, nil, nil)
	}
	return err
}

// newArchive makes an empty archive with its daemon's configuration.
func (w *world) newArchive() error {
	a := w.path("archive")
	if err := os.RemoveAll(a); err != nil {
		return err
	}
	h := corpus.Hospitals()[0]
	for _, args := range [][]string{
		{"init", a, "--origin", "bench.example/1", "--controller", h.Name, "--country", h.Country, "--controller-id", h.System + "=" + h.ID,
			"--recipient", w.path("keys/one.key.pub"), "--recipient", w.path("keys/two.key.pub")},
		{"policy", "add-producer", "his", "--key", w.path("keys/his.pem.pub"), "--archive", a},
	} {
		if _, err := run(w.kartoteka(args...)); err != nil {
			return err
		}
	}
	return os.WriteFile(w.path("kartotekad.yaml"), fmt.Appendf(nil, "archive: %s\nlog: {level: error}\n", a), 0o644)
}

// generate makes the bundles, once as folders and once as ZIPs. A scale that is a number goes without folders.
func (w *world) generate() error {
	if w.times == 0 {
		return corpus.Generate(corpus.Options{Seed: 1, Scale: corpus.Scale(w.scale)}, w.add)
	}
	for i := range w.times {
		if err := corpus.Generate(corpus.Options{Seed: uint64(1 + i), Scale: corpus.ScaleS}, w.add); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) add(b corpus.Bundle) error {
	levels := map[string]seal.Level{}
	for _, d := range b.Documents {
		var err error
		if levels[seal.DocumentsPath+d.Name], err = w.count(d); err != nil {
			return err
		}
	}
	parts, err := w.parts(b)
	if err != nil {
		return err
	}
	for _, p := range parts {
		w.bundles++
		name := fmt.Sprintf("%06d", w.bundles)
		if err := w.zip(p, w.path("zips", name+".zip")); err != nil {
			return err
		}
		if err := w.folder(p, w.path("folders", name), levels); err != nil {
			return err
		}
		w.follow(p, name)
	}
	return nil
}

// parts makes signed bundles of one of the corpus.
func (w *world) parts(b corpus.Bundle) ([]*bundler.Part, error) {
	meta, err := bundler.ParseMetadata(b.Meta)
	if err != nil {
		return nil, err
	}
	o := bundler.Options{Metadata: meta, Signer: w.signer}
	for _, d := range b.Documents {
		o.Documents = append(o.Documents, bundler.Source{Name: d.Name, Open: func() (io.ReadCloser, error) { return io.NopCloser(d.Open()), nil }})
	}
	batch, err := bundler.Make(context.Background(), o)
	if err != nil {
		return nil, err
	}
	return batch.Parts, nil
}

func (w *world) zip(p *bundler.Part, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(p.WriteZip(context.Background(), f), f.Close())
}

// folder writes the bundle for the peers, and lists its documents for the limit program.
func (w *world) folder(p *bundler.Part, dir string, levels map[string]seal.Level) error {
	if w.times > 0 {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, s := range p.Statement.Subject {
		level := levelText
		if levels[s.Name] == seal.LevelStored {
			level = levelStored
		}
		fmt.Fprintf(&w.list, "%s %s\n", level, filepath.Join(dir, s.Name))
	}
	return p.WriteFolder(context.Background(), dir)
}

// follow notes whose bundle it is, by the first number of the patient's own.
func (w *world) follow(p *bundler.Part, name string) {
	for _, i := range p.Statement.Predicate.Patient.Identifiers {
		if i.Role != patient.RoleOwn {
			continue
		}
		id := i.System + "=" + i.Value
		if w.patients[id] == nil {
			w.patients[id] = &patientAt{id: id}
		}
		w.patients[id].bundles = append(w.patients[id].bundles, name)
		w.patients[id].bytes += p.Size()
		return
	}
}

// choose picks the patients whose packets are measured.
func (w *world) choose() {
	all := slices.SortedFunc(maps.Values(w.patients), func(x, y *patientAt) int {
		return cmp.Or(cmp.Compare(x.bytes, y.bytes), strings.Compare(x.id, y.id))
	})
	w.patient, w.largest = all[len(all)/2], all[len(all)-1]
}

// count adds a document to its family, and weighs what it takes up when sealed.
func (w *world) count(d corpus.Document) (seal.Level, error) {
	f := w.families[d.MediaType]
	if f == nil {
		f = &family{}
		w.families[d.MediaType] = f
	}
	w.documents++
	w.bytes += d.Size
	f.documents++
	f.bytes += d.Size
	if w.times > 0 {
		return 0, nil
	}
	h, err := clinical.Read(d.Name, d.Open())
	if err != nil {
		return 0, err
	}
	level := seal.LevelText
	if h.Compressed {
		level = seal.LevelStored
	}
	s, err := w.sealer.Seal(io.Discard, d.Open(), d.Size, seal.NewSecret(), level)
	f.stored += s.Length + int64(len(s.Header))
	return level, err
}
