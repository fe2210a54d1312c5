// Command bench is `make bench`: one table, made in one run, of what the main jobs cost on a deterministic made-up
// corpus, beside what the machine can do at best (the limit program) and beside tar | zstd | age, restic and borg where
// they are installed. The targets are ratios between rows of the same run, since times differ between machines.
//
// world.go makes corpus, bundles and archive; ingest.go, check.go, one.go and dispose.go run the jobs; limit.go is the
// limit program; peers.go runs the others; measure.go runs one command and weighs it; table.go prints.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	b := &bench{}
	scales := flag.String("scales", "S,M", "sizes of the corpus, one after another: S, M, or a number of times S")
	limit := flag.String("limit", "", "run the limit program on the documents that this file lists")
	flag.StringVar(&b.bin, "bin", "bin", "folder of kartoteka and kartotekad")
	flag.StringVar(&b.out, "out", "bench-out", "folder to work in; one that an earlier run made is removed first")
	flag.IntVar(&b.runs, "runs", 3, "runs of what takes seconds; the median counts")
	flag.BoolVar(&b.disposal, "disposal", false, "measure disposals alone")
	flag.BoolVar(&b.alone, "alone", false, "leave the peers out")
	flag.Parse()
	var err error
	if *limit != "" {
		err = limitProgram(*limit, flag.Arg(0))
	} else {
		err = b.run(strings.Split(*scales, ","))
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	bin, out string
	runs     int
	alone    bool
	disposal bool
	t        table
}

func (b *bench) run(scales []string) error {
	if err := fresh(b.out); err != nil {
		return err
	}
	for _, s := range scales {
		w, err := newWorld(b, s)
		if err != nil {
			return err
		}
		jobs := []func() error{w.ingests, w.limit, w.peers, w.checks, w.one, w.disposals}
		if b.disposal {
			jobs = jobs[len(jobs)-1:]
		}
		for _, job := range jobs {
			if err := job(); err != nil {
				b.t.print(os.Stdout, w) // what was measured is not lost
				return err
			}
		}
		b.t.print(os.Stdout, w)
		if err := w.remove(); err != nil {
			return err
		}
	}
	return nil
}

const marker = ".kartoteka-bench"

// fresh makes the folder anew, and removes nothing that another program made.
func fresh(dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
			return fmt.Errorf("%s is there and no benchmark made it; it is not removed", dir)
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, marker), nil, 0o644)
}
