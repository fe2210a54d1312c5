package archive

import (
	"errors"
	"fmt"
	"io"
	"path"
	"sort"
	"sync"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// ErrShredded says that a record was disposed of: its header is gone for good, under an order.
var ErrShredded = errors.New("the record was disposed of")

// Shredded is ErrShredded with the disposal.
type Shredded struct{ Order seal.LeafIndex }

func (s *Shredded) Error() string {
	return fmt.Sprintf("%v under the order of event %d", ErrShredded, s.Order)
}
func (s *Shredded) Is(target error) bool { return target == ErrShredded }

// keyfileCache keeps the keyfiles read last: neighbours in time are asked for together.
type keyfileCache struct {
	mu    sync.Mutex
	files map[string]*seal.Keyfile
}

const cachedKeyfiles = 4

func (c *keyfileCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files = nil
}

// Keyfile reads an accession's keyfile of a class, or its second copy where the first does not hold.
func (a *Archive) Keyfile(id seal.AccessionID, c seal.Class) (*seal.Keyfile, error) {
	name := path.Join(id.String(), c.FileName())
	a.keys.mu.Lock()
	defer a.keys.mu.Unlock()
	if k := a.keys.files[name]; k != nil {
		return k, nil
	}
	k, err := a.readKeyfile(path.Join(keyfilesDir, name), id, c)
	if err != nil {
		var err2 error
		if k, err2 = a.readKeyfile(path.Join(keyfilesDir2, name), id, c); err2 != nil {
			return nil, err
		}
	}
	if a.keys.files == nil || len(a.keys.files) >= cachedKeyfiles {
		a.keys.files = map[string]*seal.Keyfile{}
	}
	a.keys.files[name] = k
	return k, nil
}

// readKeyfile believes a copy only when it is the file that its accession's event names, or what disposals and key events
// made of it: one that still parses may be damaged all the same.
func (a *Archive) readKeyfile(name string, id seal.AccessionID, c seal.Class) (*seal.Keyfile, error) {
	data, err := durable.ReadFile(a.fs, name, maxKeyfile)
	if err != nil {
		return nil, err
	}
	want, err := a.accessionEvent(id)
	if err != nil {
		return nil, err
	}
	for _, sum := range want.Keyfiles {
		if sum.Class != c {
			continue
		}
		k, err := a.checkKeyfile(data, id, sum, want.Segments)
		var meanwhile *verify.Error
		if errors.As(err, &meanwhile) && meanwhile.Indeterminate {
			return nil, err
		}
		if err != nil {
			return nil, &Tampered{Code: verify.CodeKeyfile, Subject: name, Reason: err.Error()}
		}
		return k, nil
	}
	return nil, &Tampered{Code: verify.CodeKeyfile, Subject: name, Reason: "no event names it"}
}

// accessionEvent finds what closed an accession. Accessions never go back, so the log is sorted by them.
func (a *Archive) accessionEvent(id seal.AccessionID) (seal.AccessionEvent, error) {
	var found seal.AccessionEvent
	var failed error
	size := a.Head().Size
	after := sort.Search(int(size), func(i int) bool {
		_, e, err := a.Event(seal.LeafIndex(i))
		if err != nil && !errors.Is(err, seal.ErrUnknownKind) {
			failed = err
			return true
		}
		return e.Accession.Compare(id) > 0
	})
	if failed != nil || after == 0 {
		return found, errors.Join(failed, fmt.Errorf("accession %s is not in the log", id))
	}
	_, e, err := a.Event(seal.LeafIndex(after - 1))
	if err == nil && (e.Accession != id || e.Accessioned == nil) {
		err = fmt.Errorf("accession %s is not in the log", id)
	}
	if err != nil {
		return found, err
	}
	return *e.Accessioned, nil
}

// Payload reads the payload of a record, still sealed.
func (a *Archive) Payload(id seal.AccessionID, r seal.KeyRecord) (io.ReadCloser, error) {
	if r.Shredded() {
		return nil, &Shredded{*r.Order}
	}
	f, err := a.fs.Open(segmentName(id, r.Segment))
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, r.Offset, r.Length), f}, nil
}

// Event reads one leaf of the log.
func (a *Archive) Event(i seal.LeafIndex) (leaf []byte, e seal.Event, err error) {
	if size := a.Head().Size; i < 0 || int64(i) >= size {
		return nil, e, fmt.Errorf("event %d is not in a log of %d", i, size)
	}
	if leaf, err = a.log.Leaf(int64(i)); err != nil {
		return nil, e, err
	}
	e, err = seal.ParseEvent(leaf)
	return leaf, e, err
}

// Events calls f with every event from one on, in order. An event of an unknown kind comes with its kind only.
func (a *Archive) Events(from seal.LeafIndex, f func(seal.LeafIndex, seal.Event) error) error {
	return a.log.Leaves(int64(from), a.Head().Size, func(i int64, leaf []byte) error {
		e, err := seal.ParseEvent(leaf)
		if err != nil && !errors.Is(err, seal.ErrUnknownKind) {
			return fmt.Errorf("event %d: %w", i, err)
		}
		return f(seal.LeafIndex(i), e)
	})
}

// Proof shows that an event stands in the log under the present checkpoint.
func (a *Archive) Proof(i seal.LeafIndex) (seal.Proof, error) {
	return a.proofUnder(i, a.head.Size, a.signed)
}

func (a *Archive) proofUnder(i seal.LeafIndex, size int64, signed []byte) (seal.Proof, error) {
	path, err := a.log.Inclusion(int64(i), size)
	if err != nil {
		return seal.Proof{}, err
	}
	p := seal.Proof{Index: i, Checkpoint: signed}
	for _, h := range path {
		p.Path = append(p.Path, seal.Digest(h))
	}
	return p, nil
}

// receipt makes a bundle's receipt under the checkpoint that committed it: Ed25519 signs the same text to the same
// bytes, so a bundle that is sent again gets the receipt it got the first time.
func (a *Archive) receipt(e seal.Entry) (name string, data []byte, err error) {
	leaf, event, err := a.Event(e.Leaf)
	if err != nil || event.Bundle == nil {
		return "", nil, fmt.Errorf("receipt: event %d: %w", e.Leaf, err)
	}
	size, err := a.closing(e.Leaf)
	if err != nil {
		return "", nil, err
	}
	signed, err := a.signedAt(size)
	if err != nil {
		return "", nil, err
	}
	proof, err := a.proofUnder(e.Leaf, size, signed)
	if err != nil {
		return "", nil, err
	}
	data, err = seal.Receipt{Event: string(leaf), Proof: string(proof.Marshal()), Opening: e.Opening}.Marshal()
	return seal.ReceiptName(event.Bundle.ID), data, err
}

// signedAt gives the checkpoint of a size again, as it was first signed: beside the file's own signature there may be
// others by now.
func (a *Archive) signedAt(size int64) ([]byte, error) {
	if size == a.head.Size {
		return a.head.Sign(a.private.Log)
	}
	root, err := a.log.RootAt(size)
	if err != nil {
		return nil, err
	}
	return seal.Checkpoint{Origin: a.Spec.Origin, Size: size, Root: seal.Digest(root)}.Sign(a.private.Log)
}

// closing is the log's size right after the accession of an event was committed. For the last accession, whose
// receipts are all given at once, that is known without reading its thousand events for each of them.
func (a *Archive) closing(i seal.LeafIndex) (size int64, err error) {
	if int64(i) >= a.head.Size-1-int64(a.last.Accessioned.Events) {
		return a.head.Size, nil
	}
	stop := errors.New("found")
	err = a.Events(i, func(j seal.LeafIndex, e seal.Event) error {
		if e.Accessioned == nil {
			return nil
		}
		size = int64(j) + 1
		return stop
	})
	if errors.Is(err, stop) {
		err = nil
	}
	return size, err
}
