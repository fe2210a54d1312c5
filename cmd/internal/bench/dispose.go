package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	bolt "go.etcd.io/bbolt"

	"kartoteka/archive"
	"kartoteka/cmd/internal/appraisal"
	"kartoteka/cmd/internal/bundler"
	"kartoteka/cmd/internal/corpus"
	"kartoteka/seal"
	"kartoteka/verify"
)

// What is disposed of, and over how many bundles the law is asked.
const (
	disposed  = 10_000
	appraised = 1_000_000
)

// disposals measures an order over 10,000 small bundles of 4,000 patients, and what is due of a million.
func (w *world) disposals() error {
	if err := w.oldArchive(); err != nil {
		return err
	}
	if err := w.dispose(); err != nil {
		return err
	}
	if err := w.compaction(); err != nil {
		return err
	}
	return w.due()
}

// oldArchive has bundles whose terms are over.
func (w *world) oldArchive() error {
	if err := w.newArchive(); err != nil {
		return err
	}
	for n := range disposed {
		if err := w.oldBundle(n); err != nil {
			return err
		}
	}
	k, err := run(w.kartoteka("ingest", "--archive", w.path("archive")))
	w.b.t.row(fmt.Sprintf("ingest of %d small bundles", disposed), k, fmt.Sprintf("%.2f ms a bundle", k.wall.Seconds()*1e3/disposed))
	return err
}

func (w *world) oldBundle(n int) error {
	h := corpus.Hospitals()[0]
	meta, err := bundler.ParseMetadata(fmt.Appendf(nil, `{"controller":{"name":%q,"country":"PL"},"producer":{"system":"his","version":"1"},
"patient":{"identifiers":[{"system":"local.bench","value":"%d","role":"own","country":"PL"}],"names":[{"family":"Testowy","given":["Jan"]}],"birth_date":"1944-05-14","sex":"M"},
"encounter":{"id":"E-%d","kind":"visit","start":"1999-03-01"},
"facts":{"jurisdiction":"PL","last_entry_year":1999,"service_year":1999,"under_2_at_service":false}}`, h.Name, n%(disposed*2/5), n))
	if err != nil {
		return err
	}
	text := fmt.Appendf(nil, "Wizyta %d. Stan dobry.\n", n)
	o := bundler.Options{Metadata: meta, Signer: w.signer, Documents: []bundler.Source{{Name: "visit.txt",
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}}}
	batch, err := bundler.Make(context.Background(), o)
	if err != nil {
		return err
	}
	return w.zip(batch.Parts[0], w.path("archive/spool/incoming", fmt.Sprintf("%06d.zip", n)))
}

func (w *world) open() (*archive.Archive, error) {
	return archive.Open(w.path("archive"), archive.Options{Write: true})
}

// dispose makes, signs and executes one order over all.
func (w *world) dispose() error {
	a, err := w.open()
	if err != nil {
		return err
	}
	defer a.Close()
	signers, err := w.officers(a)
	if err != nil {
		return err
	}
	order, err := w.order(a, signers)
	if err != nil {
		return err
	}
	start := time.Now()
	p, err := appraisal.New(a)
	if err == nil {
		_, err = p.Execute(order)
	}
	took := time.Since(start)
	w.b.t.row(fmt.Sprintf("disposal of %d bundles", disposed), cost{wall: took}, fmt.Sprintf("%.2f ms a bundle: judged again, committed, shredded in both copies, index written anew", took.Seconds()*1e3/disposed))
	return err
}

func (w *world) officers(a *archive.Archive) (signers []*bundler.Signer, err error) {
	for _, name := range []string{"archivist", "director"} {
		file := w.path("keys", name+".pem")
		if _, err := run(w.kartoteka("keygen", "officer", "--plain", "-o", file)); err != nil {
			return nil, err
		}
		private, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		public, err := os.ReadFile(file + ".pub")
		if err != nil {
			return nil, err
		}
		s, err := bundler.LoadSigner(private, nil, nil)
		if err != nil {
			return nil, err
		}
		signers = append(signers, s)
		if err := a.AddOfficer(verify.Officer{Name: name, Key: string(public)}); err != nil {
			return nil, err
		}
	}
	return signers, a.SetRetention(verify.Retention{Controller: "clinic"}, nil)
}

func (w *world) order(a *archive.Archive, signers []*bundler.Signer) ([]byte, error) {
	p, err := appraisal.New(a)
	if err != nil {
		return nil, err
	}
	var all []seal.LeafIndex
	if err := p.Each(a.Today(), func(d appraisal.Due) error { all = append(all, d.Leaf); return nil }); err != nil {
		return nil, err
	}
	step, err := p.Step(seal.Step{Kind: seal.StepHandedOver, Officer: "archivist"}, slices.Clone(all))
	if err != nil {
		return nil, err
	}
	if _, err := appraisal.Commit(a, []seal.Act{step}); err != nil {
		return nil, err
	}
	o, err := p.Order("bench/1", a.Today().AddDays(1), all)
	if err != nil {
		return nil, err
	}
	signed, err := o.Sign()
	for i, name := range []string{"archivist", "director"} {
		if err != nil {
			return nil, err
		}
		var sig []byte
		if sig, err = signers[i].Sign(signed.Message()); err == nil {
			err = signed.Add(seal.Signature{KeyID: name, Sig: sig})
		}
	}
	if err != nil {
		return nil, err
	}
	return signed.Marshal()
}

// compaction is what an opening takes longer when the index is to be written anew.
func (w *world) compaction() error {
	opening := func() (cost, error) {
		start := time.Now()
		a, err := w.open()
		k := cost{wall: time.Since(start)}
		if err != nil {
			return k, err
		}
		return k, a.Close()
	}
	plain, err := median(3, nil, opening)
	if err != nil {
		return err
	}
	again, err := median(3, func() error { return os.Remove(w.path("archive/index.db.compacted")) }, opening)
	again.wall -= plain.wall
	w.b.t.row("of it, the index written anew", again, "")
	return err
}

// due asks the law about a million bundles: an index grown by as many rows of facts, of 400,000 patients.
func (w *world) due() error {
	if err := w.growIndex(); err != nil {
		return err
	}
	k, err := median(3, nil, func() (cost, error) {
		c := w.kartoteka("retention", "due", "--csv", "--archive", w.path("archive"))
		c.Stdout = io.Discard
		return run(c)
	})
	if err != nil {
		return err
	}
	w.b.t.row(fmt.Sprintf("retention due over %d bundles", appraised), k, "").most("", k.wall.Seconds(), 20, "s").most("peak RSS", float64(k.rss)/(1<<20), 256, "MiB")
	return nil
}

// growIndex writes rows of facts as the index has them, past the archive: a million real bundles would take an hour.
func (w *world) growIndex() error {
	db, err := bolt.Open(w.path("archive/index.db"), 0o600, nil)
	if err != nil {
		return err
	}
	chance := rand.New(rand.NewPCG(1, 2))
	keys := make([][40]byte, appraised)
	var patient [32]byte
	for i := range keys {
		if i%5 == 0 || i%5 == 2 {
			for n := range 4 {
				binary.BigEndian.PutUint64(patient[8*n:], chance.Uint64())
			}
		}
		copy(keys[i][:], patient[:])
		binary.BigEndian.PutUint64(keys[i][32:], uint64(i))
	}
	slices.SortFunc(keys, func(a, b [40]byte) int { return bytes.Compare(a[:], b[:]) })
	err = db.Update(func(tx *bolt.Tx) error {
		facts := tx.Bucket([]byte("facts"))
		facts.FillPercent = 0.69 // as patients who come in any order leave the pages of a B+ tree
		for _, k := range keys {
			row, err := someFacts(chance).Append(nil)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(row)
			if err := facts.Put(k[:], append(sum[:8:8], row...)); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, db.Close())
}

func someFacts(chance *rand.Rand) seal.FactRow {
	year := 1995 + chance.IntN(31)
	under2, class := chance.IntN(10) == 0, ""
	f := seal.Facts{Jurisdiction: "PL", LastEntryYear: year, ServiceYear: year, Under2AtService: &under2}
	if chance.IntN(5) == 0 {
		provided := true
		class, f.ReferralProvided = "referral", &provided
	}
	f.Class = class
	return seal.FactRow{Facts: f, Classes: []string{"discharge", "lab"}, TakenYear: year}
}
