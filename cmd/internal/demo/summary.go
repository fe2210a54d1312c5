package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// summary is for somebody who sees this for the first time.
func (d *demo) summary() error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	shared, bundles := 0, 0
	for _, p := range d.people {
		if p.Shared {
			shared++
		}
	}
	for _, h := range d.hospitals {
		bundles += h.bundles
	}
	line("What happened (all patients are made up)")
	line("  %d patients, %d of them treated in both hospitals; %d signed bundles with %d documents:", len(d.people), shared, bundles, d.documents)
	line("  %s.", d.kindList())
	line("  Each bundle was checked, compressed, encrypted and recorded in a signed log in one night, and has a receipt.")
	line("  Both archives verify against the policy pinned before the night: without any key, and opening every document.")
	for _, f := range d.found {
		line("  Bundles found of one patient: %s.", f)
	}
	line("  The packet: %d documents, %s, verified in another folder with the policy file alone.", d.packet.documents, size(d.packet.bytes))
	line("  One changed byte in the packet: refused. One changed byte in a copy of the archive: its segment was named.")
	line("")
	line("Sizes")
	for _, h := range d.hospitals {
		parts, err := d.sizes(h)
		if err != nil {
			return err
		}
		line("  %-10s %s", h.City, parts)
	}
	line("")
	line("Where to look")
	for _, p := range [][2]string{
		{"bialystok/archive/", "an archive; its README.txt says how to read it without kartoteka"},
		{"bialystok/policy.json", "the policy a verifier pins: the log's key and the trusted senders"},
		{"bialystok/keys/", "custodians' identities (in earnest: not on this machine) and the sender's signing key"},
		{"bialystok/sent/", "the documents before they were signed into bundles"},
		{"bialystok/kartotekad.log", "what the daemon said"},
		{"packet.zip", "what the patient got; start with INDEX.HTM"},
		{"elsewhere/", "the same packet, and one with a changed byte"},
		{"damaged-copy/", "a copy of the archive with a changed byte"},
	} {
		line("  %-36s %s", d.path(p[0]), p[1])
	}
	line("  mukachevo/ has the same of the other hospital. Get all documents out without kartoteka: docs/recover.md")
	if err := os.WriteFile(d.path("SUMMARY.txt"), []byte(b.String()), 0o644); err != nil {
		return err
	}
	fmt.Printf("\n════\n%s\nAll as it should be, in %s. This text is in %s.\n", b.String(), time.Since(d.start).Round(time.Second), d.path("SUMMARY.txt"))
	return nil
}

func (d *demo) kindList() string {
	names := map[string]string{"application/xml": "CDA", "application/fhir+json": "FHIR", "application/pdf": "PDF",
		"application/dicom": "DICOM", "image/jpeg": "scanned JPEG", "image/png": "scanned PNG"}
	var list []string
	for _, kind := range slices.Sorted(maps.Keys(d.kinds)) {
		name, ok := names[kind]
		if !ok {
			name = kind
		}
		list = append(list, fmt.Sprintf("%d %s", d.kinds[kind], name))
	}
	return strings.Join(list, ", ")
}

// sizes of an archive's parts beside what was sent.
func (d *demo) sizes(h *hospital) (string, error) {
	var list []string
	for _, p := range [][2]string{{"sent", "documents as sent"}, {"archive/accessions", "in the archive"}, {"archive/keyfiles", "keyfiles (kept twice)"},
		{"archive/log", "log"}, {"archive/index.db", "index"}} {
		n, err := bytesUnder(h.path(p[0]))
		if err != nil {
			return "", err
		}
		list = append(list, p[1]+" "+size(n))
	}
	return strings.Join(list, ", "), nil
}

func bytesUnder(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}

func size(n int64) string {
	if n >= 10e6 {
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	if n >= 100e3 {
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.0f kB", float64(n)/1e3)
}
