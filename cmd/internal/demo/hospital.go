package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"kartoteka/cmd/internal/corpus"
)

// hospital is one controller with its archive. A region's hospitals share patients, never an archive.
type hospital struct {
	corpus.Hospital
	dir        string // folder of everything it has
	custodians [2]string

	bundles int
	persons map[int]int // its bundles by person
}

func (h *hospital) path(elem ...string) string {
	return filepath.Join(append([]string{h.dir}, elem...)...)
}

func (h *hospital) archive() string    { return h.path("archive") }
func (h *hospital) policy() string     { return h.path("policy.json") }
func (h *hospital) key(i int) string   { return h.path("keys", h.custodians[i]+".key") }
func (h *hospital) producer() string   { return h.path("keys", h.Producer+".pem") }
func (h *hospital) archiveArg() string { return "--archive=" + h.archive() }

func (d *demo) makeArchives() error {
	names := [2]string{"bialystok", "mukachevo"}
	custodians := [2][2]string{{"anna", "jonas"}, {"olena", "taras"}}
	for i, c := range corpus.Hospitals() {
		h := &hospital{Hospital: c, dir: d.path(names[i]), custodians: custodians[i], persons: map[int]int{}}
		d.hospitals = append(d.hospitals, h)
		if err := d.makeArchive(h, names[i]); err != nil {
			return err
		}
	}
	return nil
}

// makeArchive makes two custodians, since an archive whose only custodian is lost can never be read again.
func (d *demo) makeArchive(h *hospital, name string) error {
	if err := os.MkdirAll(h.path("keys"), 0o700); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"keygen", "custodian", "--plain", "-o", h.key(0)},
		{"keygen", "custodian", "--plain", "-o", h.key(1)},
		{"init", h.archive(), "--origin", "kartoteka." + name + ".example/2026", "--controller", h.Name, "--country", h.Country,
			"--controller-id", h.System + "=" + h.ID, "--recipient", h.key(0) + ".pub", "--recipient", h.key(1) + ".pub"},
		{"keygen", "producer", "--plain", "-o", h.producer()},
		{"policy", "add-producer", h.Producer, "--key", h.producer() + ".pub", h.archiveArg()},
		{"policy", "export", "-o", h.policy(), h.archiveArg()},
	} {
		if _, err := d.show(0, args...); err != nil {
			return err
		}
	}
	return nil
}

// makeBundles lays documents out as the hospitals' systems would, and signs them into the spools.
func (d *demo) makeBundles() error {
	options := corpus.Options{Seed: 2026, Scale: corpus.ScaleDemo}
	d.people = corpus.People(options)
	err := corpus.Generate(options, func(b corpus.Bundle) error {
		h := d.hospitals[0]
		if b.Hospital.ID != h.ID {
			h = d.hospitals[1]
		}
		return d.makeBundle(h, b)
	})
	for _, h := range d.hospitals {
		fmt.Printf("    %s: %d bundles wait in %s\n", h.Name, h.bundles, h.path("archive/spool/incoming"))
	}
	return err
}

func (d *demo) makeBundle(h *hospital, b corpus.Bundle) error {
	h.bundles++
	h.persons[b.Person]++
	dir := h.path("sent", fmt.Sprintf("%03d", h.bundles))
	if err := b.Save(dir); err != nil {
		return err
	}
	args := []string{"bundle", "create", "--meta", filepath.Join(dir, "meta.json"), "--key", h.producer(), "-o", h.path("archive/spool/incoming") + "/"}
	for _, doc := range b.Documents {
		args = append(args, filepath.Join(dir, "documents", doc.Name))
		d.documents++
		d.bytes += doc.Size
		d.kinds[doc.MediaType]++
	}
	if h.bundles > 1 {
		said, err := d.quiet("", 0, args...)
		if strings.Contains(said, "warning:") {
			return fmt.Errorf("kartoteka %s: %s", quoted(args), said)
		}
		return err
	}
	_, err := d.show(0, args...)
	fmt.Println("    … and one such command for each stay, visit or study")
	return err
}
