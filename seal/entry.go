package seal

import (
	"bytes"
	"cmp"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"kartoteka/seal/patient"
)

// Entry is a bundle's line in the index: what the daemon may know of a bundle once it is sealed. It is fixed in
// version 1 and holds no name, number, title or day.
type Entry struct {
	Schema   string    `json:"schema"`
	Leaf     LeafIndex `json:"leaf"`     // the bundle's event
	Blind    []Digest  `json:"blind"`    // sorted: identifiers, and birth date with each name code
	Person   *Digest   `json:"person"`   // blind id of the primary identifier; null where there is none
	Number   int       `json:"number"`   // this person's running number, from 1; 0 without a person
	Envelope Digest    `json:"envelope"` // HMAC of the statement: knows the same bundle sent again
	Opening  Opening   `json:"opening"`  // of the envelope, for the receipt
	Count    int       `json:"count"`    // documents
	Classes  []string  `json:"classes"`  // of the documents, sorted, each once
	Kind     string    `json:"kind"`     // of the encounter
	Month    string    `json:"month"`    // of the encounter's start: YYYY-MM
	Conf     string    `json:"confidentiality"`
	Facts    Facts     `json:"facts"`
	Informed int       `json:"informed,omitempty"` // year in which the patient was told of a digitisation
	Versions []Version `json:"versions"`           // documents that name their set
	Flags    []string  `json:"flags,omitempty"`    // unresolved_identity
}

// FlagUnresolved marks a bundle whose documents name another patient than its metadata. It is kept, and exported only
// with a named reason.
const FlagUnresolved = "unresolved_identity"

// Version places one document in its set. All ids are blind.
type Version struct {
	Document int     `json:"document"`           // 1… in the order of the subjects
	Set      *Digest `json:"set,omitempty"`      // set id
	Number   string  `json:"version,omitempty"`  // version in the set, as the sender wrote it
	ID       *Digest `json:"id,omitempty"`       // document id
	Replaces *Digest `json:"replaces,omitempty"` // document id of the one it replaces
}

// IndexKey makes blind ids and labels. Whoever has it can find out whether a number known to him is in the archive:
// it never leaves the ingest host's private folder, but sealed to the custodians.
type IndexKey [32]byte

// NewIndexKey derives the key from the index identity's text form.
func NewIndexKey(id *age.HybridIdentity) (k IndexKey) {
	b, err := hkdf.Key(sha256.New, []byte(id.String()), nil, "kartoteka/index-key/1", len(k))
	if err != nil {
		panic(err) // only lengths beyond 255 hashes fail
	}
	return IndexKey(b)
}

func (k IndexKey) mac(use string, parts ...[]byte) (d Digest) {
	m := hmac.New(sha256.New, k[:])
	m.Write([]byte(use))
	for _, p := range parts {
		m.Write([]byte{0})
		m.Write(p)
	}
	m.Sum(d[:0])
	return d
}

// Blind hides a search key of package patient.
func (k IndexKey) Blind(key string) Digest { return k.mac("kartoteka/blind/1", []byte(key)) }

// BlindDocument hides a document id or set id.
func (k IndexKey) BlindDocument(id string) Digest { return k.mac("kartoteka/document/1", []byte(id)) }

// Statement is the keyed digest by which the same statement is known again.
func (k IndexKey) Statement(payload []byte) Digest {
	sum := sha256.Sum256(payload)
	return k.mac("kartoteka/statement/1", sum[:])
}

// PersonKey is k_p of docs/format/label.md: disclosing it with the count lets anyone find all the person's bundle
// events, and see that there is no further one.
func (k IndexKey) PersonKey(person Digest) Digest { return k.mac("kartoteka/person/1", person[:]) }

// Label of a person's n-th bundle.
func Label(personKey Digest, n int) Digest {
	return IndexKey(personKey).mac("kartoteka/label/1", fmt.Appendf(nil, "%d", n))
}

// Person gives the blind id of the patient's primary identifier.
func (k IndexKey) Person(p patient.Patient) *Digest {
	id, ok := patient.Primary(p.Identifiers)
	if !ok {
		return nil
	}
	d := k.Blind(patient.SearchKey(id))
	return &d
}

// FactRow is what retention reads of the bundle; taken is the year of its accession in the controller's time zone.
func (e Entry) FactRow(taken int) FactRow {
	return FactRow{Facts: e.Facts, Classes: e.Classes, TakenYear: taken, Informed: e.Informed, Unresolved: e.Person == nil || e.Has(FlagUnresolved)}
}

// Marshal gives the record's bytes.
func (e Entry) Marshal() ([]byte, error) {
	e.Schema = SpecEntry
	return Marshal(e)
}

// ParseEntry reads an entry.
func ParseEntry(data []byte) (Entry, error) {
	var e Entry
	if err := UnmarshalCanonical(data, &e); err != nil {
		return e, fmt.Errorf("index entry: %w", err)
	}
	return e, e.check()
}

func (e Entry) check() error {
	switch {
	case e.Schema != SpecEntry || e.Leaf < 0 || e.Count < 1 || e.Count > MaxDocuments || e.Number < 0 || (e.Person == nil) != (e.Number == 0):
		return errors.New("index entry: schema or numbers out of range")
	case !ascending(e.Blind, func(a, b Digest) int { return bytes.Compare(a[:], b[:]) }), !ascending(e.Classes, strings.Compare),
		!ascending(e.Versions, func(a, b Version) int { return cmp.Compare(a.Document, b.Document) }), !ascending(e.Flags, strings.Compare):
		return errors.New("index entry: a list is not sorted, or has something twice")
	case len(e.Versions) > 0 && (e.Versions[0].Document < 1 || e.Versions[len(e.Versions)-1].Document > e.Count):
		return errors.New("index entry: a version is of no document")
	case e.Opening.Index != 0 || e.Opening.Role != RoleEnvelope:
		return errors.New("index entry: the opening is not of the envelope")
	}
	if e.Informed != 0 && (e.Informed < factFirstYear || e.Informed > factLastYear) {
		return errors.New("index entry: informed is no year")
	}
	if _, err := time.Parse("2006-01", e.Month); e.Month != "" && err != nil {
		return errors.New("index entry: month is not YYYY-MM")
	}
	return nil
}

// ascending says whether a list is sorted and has nothing twice: its one order.
func ascending[T any](list []T, compare func(a, b T) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}

// Has says whether the entry carries a flag.
func (e Entry) Has(flag string) bool {
	for _, f := range e.Flags {
		if f == flag {
			return true
		}
	}
	return false
}

// maxEntry bounds a decompressed index entry, in bytes.
const maxEntry = 4 << 20

// IndexReader opens the records of index keyfiles, entries and acts, and nothing else: this is the only opening an ingest
// host can do, and with package unseal the only place that decrypts (a lint check says so).
type IndexReader struct {
	secret *age.ScryptIdentity
	zstd   *zstd.Decoder
}

// OpenIndex unwraps the secret of an index keyfile with the index identity.
func OpenIndex(k *Keyfile, id *age.HybridIdentity) (*IndexReader, error) {
	if k.Head.Class != ClassIndex {
		return nil, fmt.Errorf("keyfile of class %s holds no index entries", k.Head.Class)
	}
	to := Fingerprint(id.Recipient().String())
	for _, w := range k.Secrets {
		if w.To != to {
			continue
		}
		r, err := age.Decrypt(bytes.NewReader(w.Age), id)
		if err != nil {
			return nil, fmt.Errorf("index keyfile of accession %s: %w", k.Head.Accession, err)
		}
		b, err := io.ReadAll(io.LimitReader(r, 65))
		if err != nil {
			return nil, fmt.Errorf("index keyfile of accession %s: %w", k.Head.Accession, err)
		}
		secret, err := ParseSecret(b)
		if err != nil {
			return nil, fmt.Errorf("index keyfile of accession %s: %w", k.Head.Accession, err)
		}
		return newIndexReader(secret)
	}
	return nil, fmt.Errorf("index keyfile of accession %s is not wrapped to this index identity", k.Head.Accession)
}

func newIndexReader(secret Secret) (*IndexReader, error) {
	id, err := age.NewScryptIdentity(secret.Passphrase())
	if err != nil {
		return nil, err
	}
	id.SetMaxWorkFactor(1)
	d, err := zstd.NewReader(nil, append(decoderOptions(1), zstd.WithDecoderMaxMemory(maxEntry))...)
	return &IndexReader{id, d}, err
}

// Entry opens one entry.
func (r *IndexReader) Entry(header []byte, payload io.Reader) (Entry, error) {
	b, err := r.open(header, payload)
	if err != nil {
		return Entry{}, err
	}
	return ParseEntry(b)
}

// Act opens one act.
func (r *IndexReader) Act(header []byte, payload io.Reader) (Act, error) {
	b, err := r.open(header, payload)
	if err != nil {
		return Act{}, err
	}
	return ParseAct(b)
}

func (r *IndexReader) open(header []byte, payload io.Reader) ([]byte, error) {
	if err := CheckHeader(header); err != nil {
		return nil, err
	}
	plain, err := age.Decrypt(Attach(header, payload), r.secret)
	if err != nil {
		return nil, err
	}
	frame, err := io.ReadAll(io.LimitReader(plain, maxEntry+1))
	if err != nil {
		return nil, err
	}
	if len(frame) > maxEntry {
		return nil, fmt.Errorf("index record has more than %d bytes", maxEntry)
	}
	return r.zstd.DecodeAll(frame, nil)
}

// Close frees the decoder.
func (r *IndexReader) Close() { r.zstd.Close() }
