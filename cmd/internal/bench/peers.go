package main

import (
	"fmt"
	"os"
	"os/exec"
	"time"
)

// peer is another program that stores the same folders: compressed, encrypted, readable one patient at a time or not.
// Each command is a shell line run in the world's folder; $ONE stands for one bundle that is not in the store yet, $WHO
// for the folders of one patient.
type peer struct {
	name    string
	needs   []string // programs
	store   string   // what it makes
	prepare string   // before each run
	ingest  string
	check   string // reads everything back, with the key
	patient string
	more    string
}

func peers() []peer {
	return []peer{
		{"tar", []string{"tar", "zstd", "age"}, "tar.age",
			"rm -f tar.age; test -f tar.key || age-keygen -o tar.key 2>tar.pub; sed -i 's/.*: //' tar.pub",
			"tar cf - folders | zstd -q -3 -T2 | age -r $(cat tar.pub) >tar.age && sync tar.age",
			"age -d -i tar.key tar.age | zstd -q -d | tar tf - >/dev/null",
			"rm -rf got && mkdir got && age -d -i tar.key tar.age | zstd -q -d | tar xf - -C got $WHO",
			"tar cf - $ONE | zstd -q -3 -T2 | age -r $(cat tar.pub) >more.age && sync more.age"},
		{"restic", []string{"restic"}, "restic",
			"rm -rf restic && restic init -q",
			"restic backup -q --no-cache folders",
			"restic check -q --no-cache --read-data",
			"rm -rf got && restic restore -q --no-cache latest --target got $INCLUDE",
			"restic backup -q --no-cache $ONE"},
		{"borg", []string{"borg"}, "borg",
			"rm -rf borg && borg init -e repokey",
			"borg create -C zstd,3 ::all folders",
			"borg check --verify-data",
			"rm -rf got && mkdir got && cd got && borg extract ::all $WHO",
			"borg create -C zstd,3 ::more$RANDOM $ONE"},
	}
}

func (p peer) there() bool {
	for _, n := range p.needs {
		if _, err := exec.LookPath(n); err != nil {
			return false
		}
	}
	return true
}

// peers measures those that are installed.
func (w *world) peers() error {
	if w.times > 0 || w.b.alone {
		return nil
	}
	for _, p := range peers() {
		if !p.there() {
			w.b.t.note(p.name, "not installed")
			continue
		}
		if err := w.peer(p); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) peer(p peer) error {
	sh := func(line string) func() (cost, error) {
		return func() (cost, error) {
			k, err := run(w.shell(line))
			k.rss = 0 // the shell's
			return k, err
		}
	}
	prepare := func() error { _, err := run(w.shell(p.prepare)); return err }
	k, err := median(w.runs(), prepare, sh(p.ingest))
	if err != nil {
		return err
	}
	w.took["ingest "+p.name] = k.wall
	n, err := size(w.path(p.store))
	if err != nil {
		return err
	}
	r := w.b.t.row(p.name+": ingest", k, megabytes(n))
	w.compare(p, r, k.wall, n)
	for _, job := range []struct{ name, line string }{{"check", p.check}, {"patient", p.patient}, {"more", p.more}} {
		if k, err = median(w.runs(), nil, sh(job.line)); err != nil {
			return err
		}
		w.took[job.name+" "+p.name] = k.wall
		w.b.t.row(p.name+": "+map[string]string{"check": "check, with the key", "patient": "one patient", "more": "one bundle more"}[job.name], k, "")
	}
	return os.RemoveAll(w.path(p.store))
}

// compare holds our ingest against the peer's.
func (w *world) compare(p peer, r *row, took time.Duration, stored int64) {
	target := map[string]float64{"restic": 1, "borg": 0.85}[p.name]
	if target == 0 {
		return
	}
	for _, form := range []string{"folders", "zips"} {
		r.most("our ingest of "+form+" / "+p.name, w.took["ingest "+form].Seconds()/took.Seconds(), target, "")
	}
	if p.name == "restic" {
		r.most("our stored bytes / restic", float64(w.stored)/float64(stored), 1.02, "")
	}
}

func (w *world) shell(line string) *exec.Cmd {
	c := exec.Command("bash", "-c", "set -euo pipefail; "+line)
	c.Dir = w.dir
	who, include := "", ""
	for _, b := range w.patient.bundles {
		who += " folders/" + b
		include += fmt.Sprintf(" --include %s/%s", w.path("folders"), b)
	}
	c.Env = append(os.Environ(), "RESTIC_REPOSITORY="+w.path("restic"), "RESTIC_PASSWORD=bench", "BORG_REPO="+w.path("borg"), "BORG_PASSPHRASE=bench",
		"BORG_BASE_DIR="+w.path("borg-cache"), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes", "WHO="+who, "INCLUDE="+include, "ONE=folders/000001")
	return c
}
