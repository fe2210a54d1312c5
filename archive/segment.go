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

// sealing is a bundle on its way into an accession. Documents that are in memory are sealed from the moment it is made.
type sealing struct {
	s    *Accession
	b    *verify.Accepted
	jobs []*job // nil: not begun, or streamed
}

// job is one document being sealed in memory.
type job struct {
	done    chan struct{}
	payload bytes.Buffer
	sealed  seal.Sealed
	err     error
}

// seal begins with a bundle's documents. It may be called while another bundle is being added. The owner calls close,
// which closes the bundle too.
func (s *Accession) seal(b *verify.Accepted) *sealing {
	x := &sealing{s: s, b: b, jobs: make([]*job, len(b.Documents()))}
	for i := range x.jobs {
		if content := b.Take(i); content != nil {
			x.start(i, func(to *bytes.Buffer) (seal.Sealed, error) {
				return s.a.writer.sealer.SealBytes(to, content, s.secrets[seal.ClassContent], b.Documents()[i].Level)
			})
		}
	}
	return x
}

// close waits for the jobs: the container must not be closed under a running one.
func (x *sealing) close() error {
	for _, j := range x.jobs {
		if j != nil {
			<-j.done
		}
	}
	return x.b.Close()
}

// start has a document sealed as soon as a worker is free.
func (x *sealing) start(i int, seal func(to *bytes.Buffer) (seal.Sealed, error)) {
	j := &job{done: make(chan struct{})}
	x.jobs[i] = j
	go func() {
		defer close(j.done)
		workers := x.s.a.writer.workers
		workers <- struct{}{}
		defer func() { <-workers }()
		if j.sealed, j.err = seal(&j.payload); j.err == nil {
			j.err = same(x.b.Documents()[i], j.sealed)
		}
	}()
}

// documents writes the payloads in the order of the subjects.
func (x *sealing) documents() ([]sealedDocument, error) {
	docs := x.b.Documents()
	out := make([]sealedDocument, len(docs))
	started, again := 0, false
	for i := range docs {
		for ; started < len(docs) && started < i+2*x.s.a.opt.Workers; started++ {
			n := started
			if x.jobs[n] != nil {
				continue
			}
			if again = true; docs[n].Size <= inMemory {
				x.start(n, func(to *bytes.Buffer) (seal.Sealed, error) { return x.stream(to, n) })
			}
		}
		var err error
		if out[i], err = x.finish(i); err != nil {
			return nil, err
		}
	}
	if !again { // all was in memory, as it was judged
		return out, nil
	}
	return out, x.b.Unchanged()
}

// finish writes one document's payload.
func (x *sealing) finish(i int) (d sealedDocument, err error) {
	if err := x.s.room(); err != nil {
		return d, err
	}
	d.record = x.s.place()
	if j := x.jobs[i]; j == nil {
		d.Sealed, err = x.stream(x.s.segment.w, i)
	} else {
		<-j.done
		if d.Sealed, err = j.sealed, j.err; err == nil {
			_, err = x.s.segment.w.Write(j.payload.Bytes())
		}
		j.payload = bytes.Buffer{}
	}
	d.record.Length, d.record.Header = d.Sealed.Length, d.Sealed.Header
	return d, err
}

// stream reads a document a second time.
func (x *sealing) stream(dst io.Writer, i int) (sealed seal.Sealed, err error) {
	doc := x.b.Documents()[i]
	f, err := x.b.Open(i)
	if err != nil {
		return sealed, err
	}
	defer f.Close()
	if sealed, err = x.s.a.writer.sealer.Seal(dst, f, doc.Size, x.s.secrets[seal.ClassContent], doc.Level); err == nil {
		err = same(doc, sealed)
	}
	return sealed, err
}

// same makes sure that what is stored is what was judged, whatever the sender did in between.
func same(judged verify.AcceptedDocument, stored seal.Sealed) error {
	if stored.SHA256 != judged.SHA256 || stored.Size != judged.Size {
		return &verify.Error{Code: verify.CodeChanged, Reason: judged.Name + " changed while it was read"}
	}
	return nil
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
