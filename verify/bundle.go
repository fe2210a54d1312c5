package verify

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
	"kartoteka/seal/clinical"
	"kartoteka/seal/patient"
	"kartoteka/verify/container"
)

// Accepted is a bundle whose every digest, signature and trust was judged good. Only this package can make one, and
// it is the only thing an archive takes in. It holds the open file, and whoever stages it hashes again: a sender
// cannot change it in between.
type Accepted struct {
	raw        []byte
	envelope   seal.Envelope
	statement  seal.Statement
	signer     Signer
	unresolved bool
	documents  []AcceptedDocument
	contents   [][]byte // of the documents that stay in memory; the others are nil
	keep       int64    // bytes that may still join them
	container  *container.Container
}

// AcceptedDocument is one document of an accepted bundle, in the order of the statement's subjects.
type AcceptedDocument struct {
	Name   string
	Size   int64
	SHA256 seal.Digest
	Level  seal.Level // how hard compression should try, judged from the content
	Header clinical.Header
}

// Envelope gives the envelope file, byte for byte.
func (a *Accepted) Envelope() []byte { return a.raw }

// Payload gives the signed statement, byte for byte.
func (a *Accepted) Payload() []byte { return a.envelope.Payload }

// Statement gives what was signed.
func (a *Accepted) Statement() seal.Statement { return a.statement }

// Signer says who signed.
func (a *Accepted) Signer() Signer { return a.signer }

// Unresolved says that a document names another patient than the metadata does.
func (a *Accepted) Unresolved() bool { return a.unresolved }

// Documents lists the documents in the order of the statement's subjects.
func (a *Accepted) Documents() []AcceptedDocument { return a.documents }

// Open opens the i-th document. It may be called for different documents from several goroutines. What goes wrong, here
// or while reading, is an *Error: the bundle is no longer the one that was judged.
func (a *Accepted) Open(i int) (io.ReadCloser, error) {
	f, err := a.container.Open(a.documents[i].Name)
	if err != nil {
		return nil, fromContainer(err)
	}
	return judged{f}, nil
}

// Take gives the i-th document as it was judged if it stayed in memory, and lets go of it; nil otherwise.
func (a *Accepted) Take(i int) []byte {
	b := a.contents[i]
	a.contents[i] = nil
	return b
}

// judged gives a reader's errors their codes.
type judged struct{ io.ReadCloser }

func (j judged) Read(p []byte) (int, error) {
	n, err := j.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = fromContainer(err)
	}
	return n, err
}

// Unchanged says whether the file is still the one that was judged.
func (a *Accepted) Unchanged() error {
	if err := a.container.Unchanged(); err != nil {
		return fromContainer(err)
	}
	return nil
}

// Close closes the file.
func (a *Accepted) Close() error { return a.container.Close() }

// OpenBundle reads the bundle at path, ZIP or folder, once from end to end and judges it at a time. The envelope is
// judged first: nothing of a bundle whose signature is not trusted is ever decompressed. keep is how many bytes of its
// documents, smaller ones only, may stay in memory for Take; 0 is none.
func (p *Policy) OpenBundle(path string, at time.Time, keep int64) (*Accepted, error) {
	c, err := container.Open(path, container.Limits{})
	if err != nil {
		return nil, fromContainer(err)
	}
	a := &Accepted{container: c, keep: keep}
	if err := a.judge(p, at); err != nil {
		c.Close()
		return nil, err
	}
	return a, nil
}

func (a *Accepted) judge(p *Policy, at time.Time) error {
	var err error
	if a.raw, err = readEntry(a.container, seal.EnvelopeName, seal.MaxEnvelope); err != nil {
		return err
	}
	if a.envelope, err = seal.ParseEnvelope(a.raw); err != nil {
		return failed(CodeEnvelope, "%s: %w", seal.EnvelopeName, err)
	}
	if a.signer, err = p.Envelope(a.envelope, at); err != nil {
		return err
	}
	if a.statement, err = seal.ParseStatement(a.envelope.Payload); err != nil {
		return failed(CodeStatement, "%w", err)
	}
	if err := a.match(); err != nil {
		return err
	}
	a.contents = make([][]byte, len(a.documents))
	for i := range a.documents {
		if err := a.read(i); err != nil {
			return err
		}
	}
	return a.Unchanged()
}

// match pairs subjects and files: a subject without a document and a document without a subject are both refusals.
func (a *Accepted) match() error {
	files := map[string]int64{}
	for _, e := range a.container.Entries() {
		files[e.Name] = e.Size
	}
	delete(files, seal.EnvelopeName)
	for _, s := range a.statement.Subject {
		size, ok := files[s.Name]
		if !ok {
			return failed(CodeDocumentMissing, "%s is signed for but not there", s.Name)
		}
		if size == 0 {
			return failed(CodeDocumentEmpty, "%s has 0 bytes", s.Name)
		}
		if want := a.statement.Document(s.Name).Size; want != 0 && want != size {
			return failed(CodeDocumentDigest, "%s has %d bytes, %d were signed", s.Name, size, want)
		}
		delete(files, s.Name)
		a.documents = append(a.documents, AcceptedDocument{Name: s.Name, Size: size, SHA256: s.Digest.SHA256})
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		return failed(CodeDocumentExtra, "%s is there but not signed for", name)
	}
	return nil
}

// maxKept is the size up to which a document may stay in memory.
const maxKept = 4 << 20

// read takes one document's digest and what it says of itself in one pass.
func (a *Accepted) read(i int) error {
	d := &a.documents[i]
	f, err := a.container.Open(d.Name)
	if err != nil {
		return fromContainer(err)
	}
	defer f.Close()
	var sum seal.Digest
	if d.Size <= min(a.keep, maxKept) {
		sum, err = a.readKept(i, f)
	} else {
		sum, err = d.read(f)
	}
	if err != nil {
		return fromContainer(err)
	}
	if sum != d.SHA256 {
		return failed(CodeDocumentDigest, "%s is not the document that was signed", d.Name)
	}
	if d.Header.Compressed {
		d.Level = seal.LevelStored
	}
	for _, p := range d.Header.Patients {
		if patient.SamePerson(a.statement.Predicate.Patient, p) == patient.VerdictMismatch {
			a.unresolved = true
		}
	}
	return nil
}

// readKept reads it into memory.
func (a *Accepted) readKept(i int, f io.Reader) (seal.Digest, error) {
	d := &a.documents[i]
	b := make([]byte, d.Size)
	if _, err := io.ReadFull(f, b); err != nil {
		return seal.Digest{}, err
	}
	if _, err := io.Copy(io.Discard, f); err != nil { // only its end says whether the container holds what it claims
		return seal.Digest{}, err
	}
	a.contents[i] = b
	a.keep -= d.Size
	var err error
	d.Header, err = clinical.Read(d.Name, bytes.NewReader(b))
	return sha256.Sum256(b), err
}

func (d *AcceptedDocument) read(f io.Reader) (sum seal.Digest, err error) {
	h := sha256.New()
	tee := io.TeeReader(f, h)
	if d.Header, err = clinical.Read(d.Name, tee); err == nil {
		_, err = io.Copy(io.Discard, tee)
	}
	h.Sum(sum[:0])
	return sum, err
}

// readEntry reads one small file of a container whole.
func readEntry(c *container.Container, name string, limit int64) ([]byte, error) {
	f, err := c.Open(name)
	var ce *container.Error
	if errors.As(err, &ce) && ce.Code == container.CodeNotFound {
		return nil, failed(CodeEnvelope, "%s is not there", name)
	}
	if err != nil {
		return nil, fromContainer(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fromContainer(err)
	}
	if int64(len(b)) > limit {
		return nil, failed(CodeEnvelope, "%s has more than %d bytes", name, limit)
	}
	return b, nil
}

// fromContainer gives a container's error its code; the path is left to whoever prints it.
func fromContainer(err error) error {
	var ce *container.Error
	if !errors.As(err, &ce) {
		return failed(CodeContainer, "read: %w", err)
	}
	reason := ce.Err.Error()
	if ce.Entry != "" {
		reason = strconv.Quote(ce.Entry) + ": " + reason
	}
	return &Error{Code: Code(ce.Code), Reason: reason, Err: err}
}

// Bundle judges a bundle and reports every step.
//
// With a receipt, which is what a sender keeps, it also judges whether the log holds the bundle; nil leaves that out.
func (p *Policy) Bundle(path string, receipt []byte, at time.Time) *Report {
	r := NewReport()
	a, err := p.OpenBundle(path, at, 0)
	if !r.Result(CodeContainer, path, err) {
		return r
	}
	defer a.Close()
	r.Pass(CodeEnvelope, seal.EnvelopeName, "")
	r.Pass(CodeSignature, seal.EnvelopeName, "signed by "+a.signer.Producer)
	r.Pass(CodeStatement, seal.EnvelopeName, "")
	for _, d := range a.documents {
		r.Pass(CodeDocumentDigest, d.Name, "")
	}
	r.Count("documents", len(a.documents))
	if receipt != nil {
		e, err := p.receipt(receipt, a.raw, at)
		if r.Result(CodeReceipt, path, err) {
			r.Checks[len(r.Checks)-1].Detail = fmt.Sprintf("archived %s, accession %s", e.Time, e.Accession)
		}
	}
	return r
}

// receipt judges that the event of this envelope is in the log.
func (p *Policy) receipt(data, envelope []byte, at time.Time) (seal.Event, error) {
	r, err := seal.ParseReceipt(data)
	if err != nil {
		return seal.Event{}, failed(CodeReceipt, "%w", err)
	}
	var e seal.Event
	err = p.ReceiptBy(r, at, func(keys ...note.Verifier) (err error) {
		e, _, err = r.Check(sha256.Sum256(envelope), p.Origin, keys...)
		return err
	})
	return e, err
}

// ReceiptBy judges a receipt by the keys of now, or else by those of its event's time: it may have been given before the log
// changed its key.
func (p *Policy) ReceiptBy(r seal.Receipt, at time.Time, check func(...note.Verifier) error) error {
	keys, err := p.LogVerifiers(at)
	if err != nil {
		return err
	}
	if err = check(keys...); err == nil {
		return nil
	}
	if e, perr := seal.ParseEvent([]byte(r.Event)); perr == nil {
		if then, terr := p.LogVerifiers(e.Time.Time); terr == nil && check(then...) == nil {
			return nil
		}
	}
	return failed(CodeReceipt, "%w", err)
}
