package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// segmentFile is a segment being written. It stands under its own name at once: nobody looks into an accession that
// no checkpoint covers.
type segmentFile struct {
	n      int
	handle durable.Handle
	buf    *bufio.Writer
	w      *seal.SegmentWriter
}

// sealedDocument is a document whose payload stands in a segment.
type sealedDocument struct {
	seal.Sealed
	record seal.KeyRecord
}

// inMemory is the size up to which documents are sealed side by side in memory; larger ones stream, one at a time.
const inMemory = 4 << 20

// job is one document being sealed in memory.
type job struct {
	done    chan struct{}
	payload bytes.Buffer
	sealed  seal.Sealed
	err     error
}

// documents seals a bundle's documents side by side and writes their payloads in the order of the subjects.
func (s *Accession) documents(b *verify.Accepted) ([]sealedDocument, error) {
	docs := b.Documents()
	jobs := make([]*job, len(docs))
	out := make([]sealedDocument, len(docs))
	started := 0
	defer func() {
		for _, j := range jobs[:started] { // the container must not be closed under a running job
			if j != nil {
				<-j.done
			}
		}
	}()
	for i := range docs {
		for ; started < len(docs) && started < i+2*s.a.opt.Workers; started++ {
			jobs[started] = s.start(b, started)
		}
		var err error
		if out[i], err = s.finish(b, i, jobs[i]); err != nil {
			return nil, err
		}
		if jobs[i] != nil {
			jobs[i].payload = bytes.Buffer{}
		}
	}
	return out, b.Unchanged()
}

// start begins a small document's job; a large document has none.
func (s *Accession) start(b *verify.Accepted, i int) *job {
	if b.Documents()[i].Size > inMemory {
		return nil
	}
	j := &job{done: make(chan struct{})}
	secret := s.class(seal.ClassContent).secret
	go func() {
		defer close(j.done)
		j.sealed, j.err = s.seal(&j.payload, b, i, secret)
	}()
	return j
}

func (s *Accession) finish(b *verify.Accepted, i int, j *job) (d sealedDocument, err error) {
	if err := s.room(); err != nil {
		return d, err
	}
	d.record = s.place()
	if j == nil {
		d.Sealed, err = s.seal(s.segment.w, b, i, s.class(seal.ClassContent).secret)
	} else {
		<-j.done
		if d.Sealed, err = j.sealed, j.err; err == nil {
			_, err = s.segment.w.Write(j.payload.Bytes())
		}
	}
	d.record.Length, d.record.Header = d.Sealed.Length, d.Sealed.Header
	return d, err
}

// seal hashes the document again on its way: what is stored is what was judged, whatever the sender did in between.
func (s *Accession) seal(dst io.Writer, b *verify.Accepted, i int, secret seal.Secret) (seal.Sealed, error) {
	doc := b.Documents()[i]
	f, err := b.Open(i)
	if err != nil {
		return seal.Sealed{}, err
	}
	defer f.Close()
	sealed, err := s.a.writer.sealer.Seal(dst, f, doc.Size, secret, doc.Level)
	if err == nil && (sealed.SHA256 != doc.SHA256 || sealed.Size != doc.Size) {
		err = &verify.Error{Code: verify.CodeChanged, Reason: doc.Name + " changed while it was read"}
	}
	return sealed, err
}

// payload writes a payload that was sealed in memory.
func (s *Accession) payload(p []byte) (seal.KeyRecord, error) {
	if err := s.room(); err != nil {
		return seal.KeyRecord{}, err
	}
	place := s.place()
	_, err := s.segment.w.Write(p)
	return place, err
}

func (s *Accession) place() seal.KeyRecord {
	return seal.KeyRecord{Segment: s.segment.n, Offset: s.segment.w.Offset()}
}

// room makes sure that a segment is open and not full. A document never spans two segments.
func (s *Accession) room() error {
	if s.segment != nil && s.segment.w.Offset() < s.a.opt.Segment {
		return nil
	}
	if err := s.endSegment(); err != nil {
		return err
	}
	dir := path.Join(accessionsDir, s.id.String())
	if err := durable.MkdirAll(s.a.fs, dir, dirPerm); err != nil {
		return err
	}
	n := len(s.sealed) + 1
	h, err := s.a.fs.Create(path.Join(dir, seal.SegmentName(n)), filePerm)
	if err != nil {
		return fmt.Errorf("make a segment: %w", err)
	}
	buf := bufio.NewWriterSize(h, 256<<10)
	s.segment = &segmentFile{n: n, handle: h, buf: buf}
	s.segment.w, err = seal.NewSegmentWriter(buf)
	return err
}

// endSegment makes the open segment durable.
func (s *Accession) endSegment() error {
	f := s.segment
	if f == nil {
		return nil
	}
	s.segment = nil
	err := f.buf.Flush()
	if err == nil {
		err = f.handle.Sync()
	}
	if err = errors.Join(err, f.handle.Close()); err == nil {
		err = s.a.fs.SyncDir(path.Join(accessionsDir, s.id.String()))
	}
	s.sealed = append(s.sealed, f.w.Sum(f.n))
	if err != nil {
		return fmt.Errorf("make segment %d durable: %w", f.n, err)
	}
	return nil
}

func (f *segmentFile) close() error { return f.handle.Close() }

// discard removes a folder of an accession that was given up, and its files, for good: the next accession has the same
// id, and what a power cut brought back under it would be a file that no event names.
func (a *Archive) discard(dir string) error {
	names, err := a.list(dir)
	for _, n := range names {
		err = errors.Join(err, a.fs.Remove(path.Join(dir, n)))
	}
	rerr := a.fs.Remove(dir)
	if errors.Is(rerr, fs.ErrNotExist) {
		return err
	}
	return errors.Join(err, rerr, a.fs.SyncDir(path.Dir(dir)))
}
