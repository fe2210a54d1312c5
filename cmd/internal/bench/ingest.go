package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ingests takes the corpus in: as ZIPs, then as folders, which are the very files that the peers read. The archive of
// the last run stays.
func (w *world) ingests() error {
	forms := []string{"folders", "zips"}
	if w.times > 0 {
		forms = forms[1:]
	}
	for _, form := range forms {
		k, err := median(w.runs(), func() error { return w.fill(form) }, w.once)
		if err != nil {
			return err
		}
		w.took["ingest "+form] = k.wall
		w.b.t.row("ingest, bundles as "+form, k, fmt.Sprintf("%s/s, %.0f documents/s", megabytes(int64(float64(w.bytes)/k.wall.Seconds())), float64(w.documents)/k.wall.Seconds())).
			most("peak RSS", float64(k.rss)/(1<<20), 96, "MiB")
	}
	a := w.path("archive")
	var err error
	w.stored, err = size(filepath.Join(a, "accessions"), filepath.Join(a, "keyfiles"), filepath.Join(a, "keyfiles.2"), filepath.Join(a, "log"), filepath.Join(a, "index.db"))
	w.b.t.note("stored", fmt.Sprintf("%s, %.3f of the documents", megabytes(w.stored), float64(w.stored)/float64(w.bytes)))
	return err
}

func (w *world) runs() int {
	if w.times > 0 {
		return 1
	}
	return w.b.runs
}

// fill makes an empty archive and puts the bundles into its spool.
func (w *world) fill(form string) error {
	if err := w.newArchive(); err != nil {
		return err
	}
	return link(w.path(form), w.path("archive/spool/incoming"))
}

func (w *world) once() (cost, error) {
	k, err := run(w.program("kartotekad", "--config", w.path("kartotekad.yaml"), "--once"))
	if err != nil {
		return k, err
	}
	if refused, err := os.ReadDir(w.path("archive/spool/rejected")); err != nil || len(refused) > 0 {
		return k, fmt.Errorf("bundles were refused: see %s (%v)", w.path("archive/spool/rejected"), err)
	}
	return k, nil
}

// limit runs the limit program on the same documents.
func (w *world) limit() error {
	if w.times > 0 {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out := w.path("limit.out")
	k, err := median(w.runs(), func() error { return removed(out) }, func() (cost, error) {
		return run(exec.Command(self, "-limit", w.path("documents.list"), out))
	})
	if err != nil {
		return err
	}
	n, err := size(out)
	if err != nil {
		return err
	}
	r := w.b.t.row("limit program", k, megabytes(n))
	for _, form := range []string{"folders", "zips"} {
		r.most("ingest of "+form+" / limit", w.took["ingest "+form].Seconds()/k.wall.Seconds(), 1.25, "")
	}
	return removed(out)
}

func removed(path string) error { return os.RemoveAll(path) }
