package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"kartoteka/cmd/internal/cli/jsonoutput"
)

// config is the daemon's file: a night that comes two seconds after the first bundle.
const config = `archive: %s
calendar:
  nightly: "00:30"
  max_wait: 2s
log:
  format: text
`

// patience is how long a night may take here.
const patience = 40 * time.Second

// running is a daemon at work.
type running struct {
	*exec.Cmd
	ended chan error // its exit, once
}

// night runs both daemons side by side until their spools are empty, then stops them as an init system does.
func (d *demo) night() error {
	var daemons []*running
	defer func() {
		for _, r := range daemons {
			r.Process.Kill() // those that ended do not mind
		}
	}()
	for _, h := range d.hospitals {
		r, err := d.daemon(h)
		if err != nil {
			return err
		}
		daemons = append(daemons, r)
	}
	for i, h := range d.hospitals {
		if err := d.awaitEmptySpool(h, daemons[i]); err != nil {
			return err
		}
		if _, err := d.show(0, "status", h.archiveArg()); err != nil {
			return err
		}
	}
	for i, h := range d.hospitals {
		fmt.Printf("$ kill -TERM %d   # kartotekad of %s\n", daemons[i].Process.Pid, h.City)
		if err := errors.Join(daemons[i].Process.Signal(syscall.SIGTERM), <-daemons[i].ended); err != nil {
			return fmt.Errorf("kartotekad of %s: %w; see %s", h.City, err, h.path("kartotekad.log"))
		}
	}
	return d.receipts()
}

func (d *demo) daemon(h *hospital) (*running, error) {
	file := h.path("kartotekad.yaml")
	archive, err := filepath.Abs(h.archive())
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, fmt.Appendf(nil, config, archive), 0o644); err != nil {
		return nil, err
	}
	log, err := os.Create(h.path("kartotekad.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the daemon has its own
	c, err := d.command("kartotekad", "", "--config", file)
	if err != nil {
		return nil, err
	}
	c.Stdout, c.Stderr = log, log
	fmt.Printf("$ kartotekad --config %s 2>%s &\n", file, log.Name())
	if err := c.Start(); err != nil {
		return nil, err
	}
	r := &running{c, make(chan error, 1)}
	go func() { r.ended <- c.Wait() }()
	return r, nil
}

func (d *demo) awaitEmptySpool(h *hospital, r *running) error {
	patience := time.After(patience)
	for {
		select {
		case err := <-r.ended:
			return fmt.Errorf("kartotekad of %s ended (%v); see %s", h.City, err, h.path("kartotekad.log"))
		case <-patience:
			return fmt.Errorf("%s: the spool is still not empty; see %s", h.City, h.path("kartotekad.log"))
		case <-time.After(200 * time.Millisecond):
		}
		var s jsonoutput.Status
		if err := d.ask(&s, "status", h.archiveArg()); err != nil {
			return err
		}
		if s.Rejected > 0 {
			return fmt.Errorf("%s: %d bundles were rejected; the reasons are in %s", h.City, s.Rejected, h.path("archive/spool/rejected"))
		}
		if s.Daemon && s.Waiting == 0 && !s.Taking && s.Size > int64(h.bundles) {
			return nil
		}
	}
}

// receipts counts: every bundle has one, and none is left in the spool.
func (d *demo) receipts() error {
	for _, h := range d.hospitals {
		receipts, err := os.ReadDir(h.path("archive/spool/receipts"))
		if err != nil {
			return err
		}
		left, err := os.ReadDir(h.path("archive/spool/incoming"))
		if err != nil {
			return err
		}
		if len(receipts) != h.bundles || len(left) > 0 {
			return fmt.Errorf("%s: %d receipts for %d bundles; %d files left in the spool", h.City, len(receipts), h.bundles, len(left))
		}
		fmt.Printf("    %s: %d receipts for %d bundles; the spool is empty\n", h.City, len(receipts), h.bundles)
	}
	return nil
}

// audit verifies without any key, then with a custodian's identity and every digest.
func (d *demo) audit() error {
	for i, h := range d.hospitals {
		args := []string{"verify", "archive", h.archiveArg(), "--policy", h.policy()}
		if _, err := d.show(0, args...); err != nil {
			return err
		}
		if _, err := d.show(0, append(args, "-i", h.key(i), "--all-digests")...); err != nil {
			return err
		}
	}
	return nil
}
