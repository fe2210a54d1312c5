package bundler

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"kartoteka/seal"
	"kartoteka/seal/clinical"
)

// document is a source after its first reading.
type document struct {
	source Source
	name   string // the subject's: documents/NAME
	size   int64
	sum    seal.Digest
	header clinical.Header
	signed string        // format of a signature seen in the bytes, "" for none
	says   seal.Document // what the statement will say
}

// read gives every source its name and reads it once.
func (m *maker) read(ctx context.Context) ([]*document, error) {
	if len(m.o.Documents) == 0 {
		return nil, errors.New("a bundle needs at least one document")
	}
	if err := twice(m.o.Documents); err != nil {
		return nil, err
	}
	var documents []*document
	names := m.names()
	for i, s := range m.o.Documents {
		d := &document{source: s, name: seal.DocumentsPath + names[i]}
		if err := d.read(ctx); err != nil {
			return nil, err
		}
		documents = append(documents, d)
		if m.o.Progress != nil {
			m.o.Progress(int64(i+1), int64(len(m.o.Documents)))
		}
	}
	return documents, nil
}

// twice finds a file that was named twice: a slip, never a wish.
func twice(sources []Source) error {
	seen := map[string]bool{}
	for _, s := range sources {
		if s.path == "" {
			continue
		}
		path, err := filepath.Abs(s.path)
		if err != nil {
			return err
		}
		if seen[path] {
			return fmt.Errorf("document %s is named twice", s.path)
		}
		seen[path] = true
	}
	return nil
}

// read takes digest, size, header and traces of a signature in one pass.
func (d *document) read(ctx context.Context) error {
	f, err := d.source.Open()
	if err != nil {
		return fmt.Errorf("document %s: %w", d.source.Name, err)
	}
	defer f.Close()
	h, marks := sha256.New(), &marks{}
	all := &counter{w: io.MultiWriter(h, marks)}
	tee := io.TeeReader(stoppable{ctx, f}, all)
	if d.header, err = clinical.Read(d.source.Name, tee); err == nil {
		_, err = io.Copy(io.Discard, tee)
	}
	if err != nil {
		return fmt.Errorf("document %s: %w", d.source.Name, err)
	}
	if all.n == 0 {
		return fmt.Errorf("document %s is empty", d.source.Name)
	}
	d.size = all.n
	h.Sum(d.sum[:0])
	d.signed = marks.format(d.header)
	return nil
}

// stoppable ends a long reading when the person presses Ctrl-C.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
