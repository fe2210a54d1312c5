package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"kartoteka/archive"
	"kartoteka/cmd/internal/corpus"
	"kartoteka/cmd/internal/wire"
)

// again is how often what takes milliseconds is done.
const again = 20

// one is what a running daemon is asked for by day: one bundle more, one patient's packet. It is started for that, and
// the starts are measured too.
func (w *world) one() error {
	k, err := median(5, nil, func() (cost, error) {
		d, k, err := w.daemon()
		return k, errors.Join(err, d.stop())
	})
	if err != nil {
		return err
	}
	w.b.t.row("restart until it answers", k, "").most("", float64(k.wall.Milliseconds()), 100, "ms")
	d, _, err := w.daemon()
	if err != nil {
		return err
	}
	return errors.Join(w.onePatient(), w.oneBundle(), d.stop())
}

// daemon is a running kartotekad.
type daemon struct {
	cmd  *exec.Cmd
	said *bytes.Buffer
}

func (w *world) socket() string { return w.path("archive/kartotekad.sock") }

// daemon starts one and waits until it answers.
func (w *world) daemon() (*daemon, cost, error) {
	d := &daemon{cmd: w.program("kartotekad", "--config", w.path("kartotekad.yaml")), said: &bytes.Buffer{}}
	d.cmd.Stderr = d.said
	syscall.Sync()
	start := time.Now()
	if err := d.cmd.Start(); err != nil {
		return nil, cost{}, err
	}
	for time.Since(start) < 20*time.Second {
		if c, err := wire.Dial(w.socket()); err == nil {
			defer c.Close()
			_, err := c.Status(context.Background())
			return d, cost{wall: time.Since(start)}, err
		}
		time.Sleep(time.Millisecond)
	}
	return d, cost{}, fmt.Errorf("kartotekad does not answer: %s", d.said)
}

func (d *daemon) stop() error {
	if d == nil {
		return nil
	}
	err := d.cmd.Process.Signal(syscall.SIGTERM)
	if werr := d.cmd.Wait(); werr != nil {
		err = errors.Join(err, fmt.Errorf("kartotekad: %w: %s", werr, d.said))
	}
	return err
}

// oneBundle hands bundles in one after another, each until its receipt is durable.
func (w *world) oneBundle() error {
	if err := w.more(); err != nil {
		return err
	}
	c, err := wire.Dial(w.socket())
	if err != nil {
		return err
	}
	defer c.Close()
	n := 0
	k, err := median(again, nil, func() (cost, error) {
		n++
		start := time.Now()
		name := fmt.Sprintf("%06d.zip", n)
		if err := os.Rename(w.path("more", name), w.path("archive/spool/incoming", name)); err != nil {
			return cost{}, err
		}
		taken := 0
		err := c.Ingest(context.Background(), func(o archive.Outcome) {
			if o.Status == archive.Taken {
				taken++
			}
		})
		if err == nil && taken != 1 {
			err = errors.New("one bundle more was not taken in")
		}
		return cost{wall: time.Since(start)}, err
	})
	if err != nil {
		return err
	}
	w.b.t.row("one bundle more, until its receipt", k, "").most("", k.wall.Seconds()*1e3, 20, "ms")
	return nil
}

// more makes bundles that the archive does not have: a visit's or a laboratory's each.
func (w *world) more() error {
	enough := errors.New("enough")
	n := 0
	err := corpus.Generate(corpus.Options{Seed: 1 << 20, Scale: corpus.ScaleS}, func(b corpus.Bundle) error {
		parts, err := w.parts(b)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if n++; n > again {
				return enough
			}
			if err := w.zip(p, w.path("more", fmt.Sprintf("%06d.zip", n))); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, enough) {
		return nil
	}
	return err
}

// release is the entry of the register for the benchmark's packets.
const release = `{"request": "bench/1", "requester": {"name": "Bench", "relation": "self"},
 "evidence": {"kind": "passport", "country": "PL", "last4": "0001", "checked_by": "bench"}, "basis": "bench", "way": "carrier", "fee": "first"}
`

// onePatient exports the packet of one patient, from the command line's start to its end.
func (w *world) onePatient() error {
	if err := os.WriteFile(w.path("release.json"), []byte(release), 0o644); err != nil {
		return err
	}
	err := w.packet("packet of the median patient", w.patient, nil, 50)
	if err == nil {
		err = w.packet("packet of the largest patient", w.largest, nil, 0)
	}
	if err == nil {
		err = w.packet("packet of the median patient, cold", w.patient, cold, 0)
	}
	if errors.Is(err, os.ErrPermission) {
		w.b.t.note("packet of the median patient, cold", "only root may empty the page cache")
		return nil
	}
	return err
}

// packet exports a patient's packet some times, each after prepare. limit is in milliseconds; 0 is none.
func (w *world) packet(name string, p *patientAt, prepare func() error, limit float64) error {
	out := w.path("packet.zip")
	clean := func() error {
		if err := os.RemoveAll(out); err != nil || prepare == nil {
			return err
		}
		return prepare()
	}
	k, err := median(5, clean, func() (cost, error) {
		return run(w.kartoteka("export", "--archive", w.path("archive"), "--id", p.id, "-i", w.path("keys/one.key"), "--release", w.path("release.json"), "-o", out))
	})
	if err != nil {
		return err
	}
	n, err := size(out)
	r := w.b.t.row(name, k, fmt.Sprintf("%d bundles, %s in the packet", len(p.bundles), megabytes(n)))
	if limit > 0 {
		r.most("", k.wall.Seconds()*1e3, limit, "ms")
	}
	return err
}
