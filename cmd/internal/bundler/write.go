package bundler

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"kartoteka/seal"
	"kartoteka/verify/container"
)

// ErrChanged says that a document is no longer what was signed: it was written to between the two readings.
var ErrChanged = errors.New("changed while read")

// WriteZip writes the bundle as a ZIP. After an error what reached w is worthless.
func (p *Part) WriteZip(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<20)
	z := container.NewWriter(out)
	envelope, err := z.Create(seal.EnvelopeName, false)
	if err != nil {
		return err
	}
	if _, err := envelope.Write(p.Envelope); err != nil {
		return err
	}
	for _, d := range p.documents {
		entry, err := z.Create(d.name, d.header.Compressed)
		if err != nil {
			return err
		}
		if err := d.copy(ctx, entry); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return out.Flush()
}

// WriteFolder writes the bundle as files under dir, which exists and is empty, and makes them durable. After an error
// what is in dir is worthless.
func (p *Part) WriteFolder(ctx context.Context, dir string) error {
	if err := os.Mkdir(filepath.Join(dir, filepath.FromSlash(seal.DocumentsPath)), 0o755); err != nil {
		return err
	}
	err := writeFile(filepath.Join(dir, seal.EnvelopeName), func(w io.Writer) error {
		_, err := w.Write(p.Envelope)
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range p.documents {
		err := writeFile(filepath.Join(dir, filepath.FromSlash(d.name)), func(w io.Writer) error { return d.copy(ctx, w) })
		if err != nil {
			return err
		}
	}
	return nil
}

func writeFile(name string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if err := fill(f); err != nil {
		f.Close()
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// copy is the second reading; it stops as soon as there is more than was signed.
func (d *document) copy(ctx context.Context, w io.Writer) error {
	f, err := d.source.Open()
	if err != nil {
		return fmt.Errorf("document %s: %w", d.source.Name, err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), io.LimitReader(stoppable{ctx, f}, d.size+1))
	if err != nil {
		return fmt.Errorf("document %s: %w", d.source.Name, err)
	}
	if n != d.size || seal.Digest(h.Sum(nil)) != d.sum {
		return fmt.Errorf("document %s: %w", d.source.Name, ErrChanged)
	}
	return nil
}
