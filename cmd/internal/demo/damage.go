package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kartoteka/seal"
)

// damage changes one byte of the packet, then one of a copy of the archive.
func (d *demo) damage() error {
	changed := d.path("elsewhere", "packet-changed.zip")
	data, err := os.ReadFile(d.path("packet.zip"))
	if err != nil {
		return err
	}
	fmt.Printf("    byte %d of the packet is changed\n", flip(data))
	if err := os.WriteFile(changed, data, 0o644); err != nil {
		return err
	}
	if _, err := d.showIn(d.path("elsewhere"), 4, "verify", "packet", "packet-changed.zip", "--policy", "policy.json"); err != nil {
		return err
	}
	return d.damageArchive(d.hospitals[0])
}

func (d *demo) damageArchive(h *hospital) error {
	dir := d.path("damaged-copy")
	if err := copyFolder(dir, h.archive()); err != nil {
		return err
	}
	segments, err := filepath.Glob(filepath.Join(dir, "accessions/*/*/*/*.segment"))
	if err != nil || len(segments) == 0 {
		return errors.Join(err, fmt.Errorf("%s has no segment", dir))
	}
	data, err := os.ReadFile(segments[0])
	if err != nil {
		return err
	}
	name, _ := filepath.Rel(dir, segments[0])
	fmt.Printf("    byte %d of %s is changed, in a copy of the archive\n", flip(data), name)
	if err := os.WriteFile(segments[0], data, 0o640); err != nil {
		return err
	}
	said, err := d.show(4, "verify", "archive", "--archive="+dir, "--policy", h.policy())
	if err == nil && !strings.Contains(said, filepath.ToSlash(name)) {
		err = fmt.Errorf("verify does not name %s", name)
	}
	return err
}

// flip changes one bit of the byte in the middle and says which byte.
func flip(data []byte) int {
	i := len(data) / 2
	data[i] ^= 1
	return i
}

// copyFolder copies regular files; a socket for one is not.
func copyFolder(to, from string) error {
	return filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, name)
		target := filepath.Join(to, rel)
		switch {
		case e.IsDir():
			return os.MkdirAll(target, 0o755)
		case !e.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o600)
	})
}

func (d *demo) rebuild() error {
	for _, h := range d.hospitals {
		if _, err := d.show(0, "rebuild", "--check", h.archiveArg()); err != nil {
			return err
		}
	}
	return nil
}

// countPacket looks into the packet as any unzip does.
func (d *demo) countPacket(name string) error {
	z, err := zip.OpenReader(name)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		if strings.HasPrefix(f.Name, seal.PacketDocuments) {
			d.packet.documents++
		}
	}
	if d.packet.documents == 0 {
		return errors.New("the packet holds no document")
	}
	return nil
}
