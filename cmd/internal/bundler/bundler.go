// Package bundler makes bundles of a producer's documents: it is what `bundle create` does, for the command line, the
// demo, tests and benchmarks alike.
//
// [Make] reads every document once: its digest, its size and what it says of itself. It completes the metadata from
// that, splits what may not stand in one bundle, and signs. [Part.WriteZip] and [Part.WriteFolder] read the documents
// a second time and refuse if a byte is not what was signed. Memory is bounded whatever the documents' size.
package bundler

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kartoteka/seal"
)

// Options say what to make bundles of.
type Options struct {
	Metadata  seal.Metadata // from ParseMetadata; bundle.id, created and documents may be missing
	Documents []Source      // in the order of the future subjects
	Signer    *Signer
	Now       func() time.Time            // default time.Now
	NewID     func() string               // default 130 random bits in base 32
	Progress  func(done, documents int64) // may be nil; called after each document's first reading
}

// Source is one document to be. Open is called twice and must give the same bytes both times.
type Source struct {
	Name string // base name; made safe, and told apart from others
	Open func() (io.ReadCloser, error)
	path string // where it comes from, if it is a file
}

// Batch is what Make made: one part, or several where the documents may not stand in one bundle.
type Batch struct {
	Parts    []*Part
	Warnings []string // for the producer's eyes: they may hold values
}

// Part is one bundle, signed and not yet written.
type Part struct {
	Statement seal.Statement
	Envelope  []byte

	documents []*document
}

// ID of the bundle.
func (p *Part) ID() string { return p.Statement.Predicate.Bundle.ID }

// ReceiptName is the name under which the archive will lay down this bundle's receipt.
func (p *Part) ReceiptName() string { return seal.ReceiptName(sha256.Sum256([]byte(p.ID()))) }

// Size of all documents, in bytes.
func (p *Part) Size() (n int64) {
	for _, d := range p.documents {
		n += d.size
	}
	return n
}

// File is a Source from disk. Folders, devices and pipes are refused: a bundle's documents are named one by one.
func File(path string) (Source, error) {
	i, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Source{}, fmt.Errorf("document %s: no such file", path)
	case err != nil:
		return Source{}, fmt.Errorf("document: %w", err)
	case i.IsDir():
		return Source{}, fmt.Errorf("document %s is a folder; name the documents in it", path)
	case !i.Mode().IsRegular():
		return Source{}, fmt.Errorf("document %s is not a regular file", path)
	case i.Size() == 0:
		return Source{}, fmt.Errorf("document %s is empty", path)
	}
	return Source{Name: filepath.Base(path), Open: func() (io.ReadCloser, error) { return os.Open(path) }, path: path}, nil
}

// Make reads the documents, completes the metadata, splits and signs.
func Make(ctx context.Context, o Options) (*Batch, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = rand.Text
	}
	m := &maker{o: o}
	documents, err := m.read(ctx)
	if err != nil {
		return nil, err
	}
	meta := m.complete(o.Metadata)
	if err := m.describe(meta, documents); err != nil {
		return nil, err
	}
	b := &Batch{}
	groups := split(documents)
	for i, group := range groups {
		p, err := m.part(meta, group, i+1, len(groups))
		if err != nil {
			return nil, err
		}
		b.Parts = append(b.Parts, p)
	}
	b.Warnings = m.warnings
	return b, nil
}

// maker carries what Make collects on its way.
type maker struct {
	o        Options
	warnings []string
}

func (m *maker) warn(format string, args ...any) {
	m.warnings = append(m.warnings, fmt.Sprintf(format, args...))
}

// part signs the n-th of all bundles. A given bundle id is numbered when the documents were split, so that the same
// call makes the same ids and what is sent twice is known by them.
func (m *maker) part(meta seal.Metadata, documents []*document, n, all int) (*Part, error) {
	switch {
	case meta.Bundle.ID == "":
		meta.Bundle.ID = m.o.NewID()
	case all > 1:
		meta.Bundle.ID = fmt.Sprintf("%s-%d", meta.Bundle.ID, n)
	}
	meta.Documents = nil
	s := seal.Statement{Type: seal.StatementType, PredicateType: seal.SpecBundle}
	for _, d := range documents {
		s.Subject = append(s.Subject, seal.Subject{Name: d.name, Digest: seal.SubjectDigest{SHA256: d.sum}})
		meta.Documents = append(meta.Documents, d.says)
	}
	s.Predicate = meta
	payload, err := seal.Marshal(s)
	if err != nil {
		return nil, err
	}
	if _, err := seal.ParseStatement(payload); err != nil { // as the archive will
		return nil, err
	}
	envelope, err := seal.Sign(s, m.o.Signer.signer, m.o.Signer.certificate)
	if err != nil {
		return nil, err
	}
	return &Part{Statement: s, Envelope: envelope, documents: documents}, nil
}
