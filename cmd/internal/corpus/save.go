package corpus

import (
	"io"
	"os"
	"path/filepath"
)

// Save writes meta.json and documents/NAME into dir, which it creates: what `bundle create --meta` wants.
func (b Bundle) Save(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "documents"), 0o755); err != nil {
		return err
	}
	for _, d := range b.Documents {
		if err := d.save(filepath.Join(dir, "documents", d.Name)); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "meta.json"), append(b.Meta, '\n'), 0o644)
}

func (d Document) save(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, d.Open()); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
