// Command demo is `make demo`: two hospitals that share patients, a night of signed bundles, an archive each, and what
// staff and auditors do with it the next day. It runs the real kartoteka and kartotekad, shows each command line before
// it runs it, and ends with 1 at the first thing that is not as it should be. All patients are made up.
//
// The story reads from top to bottom: hospital.go makes keys, archives and bundles; night.go is the daemons' work;
// patient.go finds a patient and hands over a packet; damage.go changes single bytes; summary.go says what happened.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kartoteka/cmd/internal/corpus"
)

func main() {
	bin := flag.String("bin", "bin", "folder of kartoteka and kartotekad")
	out := flag.String("out", "demo-out", "folder to make; one that an earlier demo made is removed first")
	flag.Parse()
	d := &demo{bin: filepath.Clean(*bin), out: filepath.Clean(*out), start: time.Now(), kinds: map[string]int{}}
	if err := d.run(); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: FAILED: %v\n", err)
		os.Exit(1)
	}
}

// demo is one run.
type demo struct {
	bin, out  string
	start     time.Time
	hospitals []*hospital

	documents int
	bytes     int64          // of all documents, as they were sent
	kinds     map[string]int // documents by media type
	people    []corpus.Person
	found     []string // what the summary says of the search
	packet    packetFacts
}

func (d *demo) run() error {
	if err := d.fresh(); err != nil {
		return err
	}
	for _, step := range []struct {
		title string
		do    func() error
	}{
		{"Two hospitals make keys and an archive each", d.makeArchives},
		{"Their systems sign what the day brought", d.makeBundles},
		{"The night: kartotekad takes it in", d.night},
		{"An auditor verifies both archives against a pinned policy", d.audit},
		{"Staff find a patient, whatever alphabet the name is written in", d.find},
		{"The patient gets a packet", d.export},
		{"Anybody can verify the packet, with the policy file alone", d.verifyElsewhere},
		{"One changed byte is found", d.damage},
		{"The index is disposable", d.rebuild},
	} {
		fmt.Printf("\n── %s\n", step.title)
		if err := step.do(); err != nil {
			return err
		}
	}
	return d.summary()
}

const marker = ".kartoteka-demo"

// fresh removes what an earlier demo left, and nothing else.
func (d *demo) fresh() error {
	entries, err := os.ReadDir(d.out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(d.path(marker)); err != nil {
			return fmt.Errorf("%s is there and no demo made it; it is not removed", d.out)
		}
		if err := os.RemoveAll(d.out); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(d.out, 0o755); err != nil {
		return err
	}
	return os.WriteFile(d.path(marker), nil, 0o644)
}

// path is a path in the output folder.
func (d *demo) path(elem ...string) string {
	return filepath.Join(append([]string{d.out}, elem...)...)
}
