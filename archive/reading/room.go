// Package reading is the reading room: everything that needs a person's identity. Only the CLI enters it; no code
// reachable from the daemon imports it.
package reading

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"filippo.io/age"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/seal/unseal"
	"kartoteka/verify"
)

// Room opens bundles of one archive with the identities of one person. Several goroutines may open bundles in it.
type Room struct {
	archive    *archive.Archive
	identities []age.Identity
	mu         sync.Mutex
	keys       map[string]*unseal.Key // by keyfile
}

// NewRoom makes a room. It opens nothing yet.
func NewRoom(a *archive.Archive, identities ...age.Identity) *Room {
	return &Room{archive: a, identities: identities, keys: map[string]*unseal.Key{}}
}

// cachedKeys bounds the keys a room holds at a time.
const cachedKeys = 64

func (r *Room) key(id seal.AccessionID, c seal.Class) (*seal.Keyfile, *unseal.Key, error) {
	file, err := r.archive.Keyfile(id, c)
	if err != nil {
		return nil, nil, err
	}
	name := id.String() + "/" + c.FileName()
	r.mu.Lock()
	defer r.mu.Unlock()
	if k := r.keys[name]; k != nil {
		return file, k, nil
	}
	k, err := unseal.Keyfile(file, r.identities...)
	if err != nil {
		return nil, nil, err
	}
	if len(r.keys) >= cachedKeys {
		clear(r.keys)
	}
	r.keys[name] = k
	return file, k, nil
}

// Secret opens a keyfile's secret, so that it can be wrapped to other people.
func (r *Room) Secret(k *seal.Keyfile) (s seal.Secret, err error) {
	key, err := unseal.Keyfile(k, r.identities...)
	if err != nil {
		return s, err
	}
	return key.Secret(k)
}

// Unseal opens the first of several files that this person's identities open: the private keys sealed to custodians.
func (r *Room) Unseal(files [][]byte) ([]byte, error) { return unseal.Sealed(files, r.identities...) }

// open opens one record to dst.
func (r *Room) open(dst io.Writer, id seal.RecordID) (n int64, sum seal.Digest, err error) {
	file, key, err := r.key(id.Accession, id.Class)
	if err != nil {
		return 0, sum, err
	}
	record, err := file.Record(id.N)
	if err != nil {
		return 0, sum, err
	}
	payload, err := r.archive.Payload(id.Accession, record)
	if err != nil {
		return 0, sum, err
	}
	defer payload.Close()
	return key.Document(dst, record.Header, payload)
}

// small opens a record of at most limit bytes whole.
func (r *Room) small(id seal.RecordID, limit int) ([]byte, error) {
	b := &buffer{limit: limit}
	_, _, err := r.open(b, id)
	return b.data, err
}

type buffer struct {
	data  []byte
	limit int
}

func (b *buffer) Write(p []byte) (int, error) {
	if len(b.data)+len(p) > b.limit {
		return 0, fmt.Errorf("record opens to more than %d bytes", b.limit)
	}
	b.data = append(b.data, p...)
	return len(p), nil
}

// Bundle is one bundle, opened and found to be what its event commits to.
type Bundle struct {
	Leaf      seal.LeafIndex
	Raw       []byte // the event's leaf
	Event     seal.Event
	Capsule   seal.Capsule
	Openings  []seal.Opening
	Envelope  []byte // the envelope file
	Statement seal.Statement

	room   *Room
	parsed seal.Envelope
}

// maxCapsule bounds a capsule, in bytes: 1,025 items of some 400.
const maxCapsule = 1 << 20

// Bundle opens the bundle of an event: capsule and envelope, not the documents.
func (r *Room) Bundle(leaf seal.LeafIndex) (*Bundle, error) {
	b := &Bundle{Leaf: leaf, room: r}
	var err error
	if b.Raw, b.Event, err = r.archive.Event(leaf); err != nil {
		return nil, err
	}
	if b.Event.Bundle == nil {
		return nil, fmt.Errorf("event %d is of no bundle", leaf)
	}
	if err := b.openCapsule(); err != nil {
		return nil, err
	}
	return b, b.openEnvelope()
}

func (b *Bundle) openCapsule() error {
	data, err := b.room.small(b.record(seal.ClassEvidence, b.Event.Bundle.Capsule), maxCapsule)
	if err != nil {
		return b.unopened(err)
	}
	if b.Capsule, err = seal.ParseCapsule(data); err != nil {
		return b.bad(verify.CodeRecord, "%w", err)
	}
	commitment, openings, err := b.Capsule.Commit()
	if err != nil {
		return err
	}
	if commitment != b.Event.Bundle.Commitment || seal.Digest(sha256.Sum256([]byte(b.Capsule.Bundle))) != b.Event.Bundle.ID {
		return b.bad(verify.CodeCommitment, "the capsule is not the one the event commits to")
	}
	b.Openings = openings
	return nil
}

func (b *Bundle) openEnvelope() error {
	var err error
	if b.Envelope, err = b.room.small(b.record(seal.ClassContent, b.Event.Bundle.Content), seal.MaxEnvelope); err != nil {
		return b.unopened(err)
	}
	if seal.Digest(sha256.Sum256(b.Envelope)) != b.Capsule.Items[0].SHA256 {
		return b.bad(verify.CodeRecord, "the envelope is not the one the event commits to")
	}
	if b.parsed, err = seal.ParseEnvelope(b.Envelope); err == nil {
		b.Statement, err = seal.ParseStatement(b.parsed.Payload)
	}
	if err == nil && len(b.Statement.Subject) != len(b.Capsule.Items)-1 {
		err = errors.New("envelope and capsule differ in the number of documents")
	}
	if err != nil {
		return b.bad(verify.CodeRecord, "%w", err)
	}
	return nil
}

func (b *Bundle) record(c seal.Class, n int) seal.RecordID {
	return seal.RecordID{Accession: b.Event.Accession, Class: c, N: n}
}

// signed judges the producer's signature at the time the log proves it existed.
func (b *Bundle) signed(p *verify.Policy) error {
	if _, err := p.Envelope(b.parsed, b.Event.Time.Time); err != nil {
		return err
	}
	for n, s := range b.Statement.Subject {
		if s.Digest.SHA256 != b.Capsule.Items[n+1].SHA256 {
			return b.bad(verify.CodeDocumentDigest, "document %d is not the one that was signed", n+1)
		}
	}
	return nil
}

// Document writes the i-th document, counting from 1, to dst. When it returns an error, what reached dst is worthless.
func (b *Bundle) Document(dst io.Writer, i int) error {
	if i < 1 || i >= len(b.Capsule.Items) {
		return fmt.Errorf("the bundle of event %d has no document %d", b.Leaf, i)
	}
	want := b.Capsule.Items[i]
	to := &destination{w: dst, left: want.Size}
	n, sum, err := b.room.open(to, b.record(seal.ClassContent, b.Event.Bundle.Content+i))
	if to.err != nil {
		return to.err
	}
	if err != nil {
		return b.unopened(err)
	}
	if n != want.Size || sum != want.SHA256 {
		return b.bad(verify.CodeRecord, "document %d does not open to what the event commits to", i)
	}
	return nil
}

// destination keeps its error: a full disk is not a damaged record. What a record opens to beyond its size it refuses:
// room was only made for so much.
type destination struct {
	w    io.Writer
	left int64
	err  error
}

func (d *destination) Write(p []byte) (n int, err error) {
	if int64(len(p)) > d.left {
		return 0, errors.New("it is longer than the event commits to")
	}
	n, err = d.w.Write(p)
	d.left -= int64(n)
	d.err = err
	return n, err
}

func (b *Bundle) bad(c verify.Code, format string, args ...any) error {
	return &verify.Error{Code: c, Reason: fmt.Sprintf("event %d: %v", b.Leaf, fmt.Errorf(format, args...))}
}

// unopened tells a missing identity or permission and a shredded record from a damaged one.
func (b *Bundle) unopened(err error) error {
	var t *archive.Tampered
	switch {
	case errors.Is(err, unseal.ErrForeign), errors.Is(err, archive.ErrShredded), errors.Is(err, fs.ErrPermission), errors.As(err, &t):
		return fmt.Errorf("event %d: %w", b.Leaf, err)
	}
	return b.bad(verify.CodeRecord, "a record does not open: %w", err)
}

// Custodian is the fingerprint of the recipient whose identity opened the bundle's content.
func (b *Bundle) Custodian() string {
	_, k, err := b.room.key(b.Event.Accession, seal.ClassContent)
	if err != nil {
		return ""
	}
	return k.To
}
