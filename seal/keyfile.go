package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Class of a keyfile decides who may read its records.
type Class string

const (
	ClassContent  Class = "content"  // envelopes, documents, release entries: custodians
	ClassEvidence Class = "evidence" // capsules: custodians and evidence officers
	ClassIndex    Class = "index"    // index entries: index identity and custodians
)

// Classes in the order in which an accession lists its keyfiles.
var classes = [...]Class{ClassContent, ClassEvidence, ClassIndex}

// Classes gives all classes in the order in which an accession lists its keyfiles.
func Classes() []Class { return classes[:] }

// FileName is the class's file name in its accession's folder.
func (c Class) FileName() string { return string(c) + ".keys" }

// UnmarshalText takes a known class.
func (c *Class) UnmarshalText(b []byte) error {
	if !slices.Contains(Classes(), Class(b)) {
		return fmt.Errorf("unknown keyfile class %.20q", b)
	}
	*c = Class(b)
	return nil
}

// Keyfile holds the headers of one accession's records of one class, and the secret that opens them, wrapped to each
// person who may. It is the only kind of file that is ever rewritten: whole, as a new generation.
type Keyfile struct {
	Head    KeyfileHead
	Secrets []WrappedSecret
	Records []KeyRecord
}

// KeyfileHead is the second line of a keyfile.
type KeyfileHead struct {
	Accession  AccessionID `json:"accession"`
	Class      Class       `json:"class"`
	Generation LeafIndex   `json:"generation"`        // the event that last rewrote the file; 0 as it was committed
	Wrapped    *LeafIndex  `json:"wrapped,omitempty"` // the key event that names its secrets; none: the accession's event does
	Secrets    int         `json:"secrets"`           // lines that follow
	Records    int         `json:"records"`           // lines that follow those
}

// WrappedSecret is the keyfile's secret in an ordinary age file to one recipient. age refuses to mix post-quantum and
// classic recipients in one file: hence a list of files.
type WrappedSecret struct {
	To  string `json:"to"`  // the recipient's fingerprint, see [Fingerprint]
	Age []byte `json:"age"` // base64 of the age file; it holds 64 lower-case hex digits, or, of a pair, an age file that does
}

// KeyRecord is one record's line. A shredded record keeps number and leaf, so that every other record's proof stands,
// and names the disposal.
type KeyRecord struct {
	N       int    `json:"n"`                 // counts from 0
	Segment int    `json:"segment,omitempty"` // where the payload is
	Offset  int64  `json:"offset,omitempty"`
	Length  int64  `json:"length,omitempty"`
	Header  []byte `json:"header,omitempty"`

	Leaf  *Digest    `json:"leaf,omitempty"`  // shredded: the leaf hash of the line as it was
	Order *LeafIndex `json:"order,omitempty"` // shredded: the disposal event
}

// Shredded says whether the header is gone for good.
func (r KeyRecord) Shredded() bool { return r.Leaf != nil }

// leafHash is the record's leaf in the keyfile's header root: the hash of its line without the line feed.
func (r KeyRecord) leafHash() (Digest, error) {
	if r.Shredded() {
		return *r.Leaf, nil
	}
	line, err := r.line()
	return LeafHash(line), err
}

// line is what [Marshal] gives. A keyfile has thousands of them, so the usual form is put together by hand.
func (r KeyRecord) line() ([]byte, error) {
	if r.Leaf != nil || r.Order != nil || len(r.Header) == 0 {
		return Marshal(r)
	}
	b := make([]byte, 0, 320)
	b = strconv.AppendInt(append(b, `{"n":`...), int64(r.N), 10)
	b = strconv.AppendInt(append(b, `,"segment":`...), int64(r.Segment), 10)
	b = strconv.AppendInt(append(b, `,"offset":`...), r.Offset, 10)
	b = strconv.AppendInt(append(b, `,"length":`...), r.Length, 10)
	b = base64.StdEncoding.AppendEncode(append(b, `,"header":"`...), r.Header)
	return append(b, `"}`...), nil
}

// recordPattern is the usual form of a record's line, loosely: what it reads into must give the line back.
var recordPattern = [...]string{`{"n":`, `,"segment":`, `,"offset":`, `,"length":`, `,"header":"`, `"}`}

// parseRecord reads a record's line: by hand where it has the usual form, which takes a fiftieth of the time.
func parseRecord(line []byte, headers *[]byte) (r KeyRecord, err error) {
	if quick, ok := quickRecord(line, headers); ok {
		return quick, nil
	}
	return r, UnmarshalCanonical(line, &r)
}

func quickRecord(line []byte, headers *[]byte) (r KeyRecord, ok bool) {
	var fields [len(recordPattern) - 1][]byte
	rest, ok := bytes.CutPrefix(line, []byte(recordPattern[0]))
	for i := range fields {
		if ok {
			fields[i], rest, ok = bytes.Cut(rest, []byte(recordPattern[i+1]))
		}
	}
	if !ok {
		return r, false
	}
	var errs [5]error
	r.N, errs[0] = strconv.Atoi(string(fields[0]))
	r.Segment, errs[1] = strconv.Atoi(string(fields[1]))
	r.Offset, errs[2] = strconv.ParseInt(string(fields[2]), 10, 64)
	r.Length, errs[3] = strconv.ParseInt(string(fields[3]), 10, 64)
	n := len(*headers)
	*headers, errs[4] = base64.StdEncoding.AppendDecode(*headers, fields[4])
	r.Header = (*headers)[n:len(*headers):len(*headers)]
	if errors.Join(errs[:]...) != nil {
		return KeyRecord{}, false
	}
	again, err := r.line()
	return r, err == nil && bytes.Equal(again, line)
}

// Shred makes the record's header unreadable from this copy on: the disposal event of the order is named instead. A
// record that was shredded before keeps what disposed of it.
func (k *Keyfile) Shred(n int, order LeafIndex) error {
	r, err := k.Record(n)
	if err != nil || r.Shredded() {
		return err
	}
	leaf, err := r.leafHash()
	if err != nil {
		return err
	}
	k.Records[n] = KeyRecord{N: n, Leaf: &leaf, Order: &order}
	k.Head.Generation = max(k.Head.Generation, order)
	return nil
}

// Rewrap puts other wrapped secrets in the place of those there are: the same secret, for other people. The key event
// names them.
func (k *Keyfile) Rewrap(secrets []WrappedSecret, event LeafIndex) {
	k.Secrets, k.Head.Wrapped = secrets, &event
	k.Head.Generation = max(k.Head.Generation, event)
}

// SecretsSum is SHA-256 over the lines of the wrapped secrets.
func (k *Keyfile) SecretsSum() (Digest, error) {
	h := sha256.New()
	for _, s := range k.Secrets {
		line, err := Marshal(s)
		if err != nil {
			return Digest{}, err
		}
		h.Write(append(line, '\n'))
	}
	return Digest(h.Sum(nil)), nil
}

// generation is what the head must say, given the rest.
func (k *Keyfile) generation() (g LeafIndex) {
	if k.Head.Wrapped != nil {
		g = *k.Head.Wrapped
	}
	for _, r := range k.Records {
		if r.Order != nil {
			g = max(g, *r.Order)
		}
	}
	return g
}

// HeaderRoot is the RFC 6962 root over the records' lines. Shredding a record does not change it.
func (k *Keyfile) HeaderRoot() (Digest, error) {
	leaves := make([]Digest, len(k.Records))
	for i, r := range k.Records {
		var err error
		if leaves[i], err = r.leafHash(); err != nil {
			return Digest{}, err
		}
	}
	return TreeRoot(leaves), nil
}

// Record finds a record by number.
func (k *Keyfile) Record(n int) (KeyRecord, error) {
	if n < 0 || n >= len(k.Records) {
		return KeyRecord{}, fmt.Errorf("keyfile %s of accession %s has no record %d", k.Head.Class, k.Head.Accession, n)
	}
	return k.Records[n], nil
}

// KeyfileSum is what an accession event says of a keyfile. With the disposals and key events that came after, it leaves
// no byte of the file open: root and secrets fix the lines, orders say which are shredded.
type KeyfileSum struct {
	Class   Class  `json:"class"`
	Records int    `json:"records"`
	Root    Digest `json:"root"`    // header root: for ever
	Secrets Digest `json:"secrets"` // [Keyfile.SecretsSum], until a key event names others
}

// Sum describes the keyfile.
func (k *Keyfile) Sum() (KeyfileSum, error) {
	root, err := k.HeaderRoot()
	if err != nil {
		return KeyfileSum{}, err
	}
	secrets, err := k.SecretsSum()
	return KeyfileSum{Class: k.Head.Class, Records: len(k.Records), Root: root, Secrets: secrets}, err
}

// Marshal gives the file: spec line, head, secrets, records, one JSON object a line.
func (k *Keyfile) Marshal() ([]byte, error) {
	k.Head.Secrets, k.Head.Records = len(k.Secrets), len(k.Records)
	lines := make([]any, 0, 1+len(k.Secrets))
	lines = append(lines, k.Head)
	for _, s := range k.Secrets {
		lines = append(lines, s)
	}
	b := bytes.NewBufferString(SpecKeyfile + "\n")
	for _, l := range lines {
		line, err := Marshal(l)
		if err != nil {
			return nil, err
		}
		b.Write(append(line, '\n'))
	}
	for _, r := range k.Records {
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes(), nil
}

// ParseKeyfile reads a keyfile and refuses every spelling but the one Marshal gives.
func ParseKeyfile(data []byte) (*Keyfile, error) {
	rest, ok := bytes.CutPrefix(data, []byte(SpecKeyfile+"\n"))
	if !ok {
		return nil, errors.New("not a keyfile: its first line is not " + SpecKeyfile)
	}
	k := &Keyfile{}
	rest, err := parseLine(rest, &k.Head)
	if err != nil {
		return nil, fmt.Errorf("keyfile head: %w", err)
	}
	if k.Head.Generation < 0 || k.Head.Secrets < 1 || k.Head.Records < 0 || k.Head.Wrapped != nil && *k.Head.Wrapped < 1 {
		return nil, errors.New("keyfile head: numbers out of range")
	}
	for i := range k.Head.Secrets {
		var s WrappedSecret
		if rest, err = parseLine(rest, &s); err == nil && (!fingerprintPattern.MatchString(s.To) || len(s.Age) == 0) {
			err = errors.New("names no recipient, or holds no age file")
		}
		if err != nil {
			return nil, fmt.Errorf("keyfile secret %d: %w", i, err)
		}
		k.Secrets = append(k.Secrets, s)
	}
	headers := make([]byte, 0, len(rest)) // one allocation for all: base64 is longer than what it stands for
	for i := range k.Head.Records {
		var r KeyRecord
		line, after, ok := bytes.Cut(rest, []byte("\n"))
		if rest = after; !ok {
			err = errCutShort
		} else if r, err = parseRecord(line, &headers); err == nil {
			err = r.check(i)
		}
		if err != nil {
			return nil, fmt.Errorf("keyfile record %d: %w", i, err)
		}
		k.Records = append(k.Records, r)
	}
	if len(rest) > 0 {
		return nil, errors.New("keyfile goes on after its last record")
	}
	if k.Head.Generation != k.generation() {
		return nil, errors.New("keyfile head: the generation is not that of the event that last rewrote it")
	}
	return k, nil
}

func (r KeyRecord) check(i int) error {
	if r.Shredded() {
		if r.N != i || r.Order == nil || *r.Order < 1 || r.Header != nil || r.Segment != 0 || r.Offset != 0 || r.Length != 0 {
			return errors.New("a shredded record has its number, its leaf and its order, and nothing else")
		}
		return nil
	}
	if r.N != i || r.Segment < 1 || r.Offset < int64(len(SegmentMagic)) || r.Length < minPayload || r.Offset > 1<<60 || r.Length > 1<<60 {
		return errors.New("numbers out of range")
	}
	if r.Order != nil {
		return errors.New("a record with a header names no order")
	}
	return CheckHeader(r.Header)
}

var errCutShort = errors.New("file is cut short")

func parseLine(data []byte, v any) (rest []byte, err error) {
	line, rest, ok := bytes.Cut(data, []byte("\n"))
	if !ok {
		return nil, errCutShort
	}
	return rest, UnmarshalCanonical(line, v)
}

// PeekGeneration reads the generation from the first bytes of a keyfile, and checks nothing.
func PeekGeneration(data []byte) (LeafIndex, error) {
	rest, ok := bytes.CutPrefix(data, []byte(SpecKeyfile+"\n"))
	if !ok {
		return 0, errors.New("not a keyfile: its first line is not " + SpecKeyfile)
	}
	var head KeyfileHead
	_, err := parseLine(rest, &head)
	return head.Generation, err
}
