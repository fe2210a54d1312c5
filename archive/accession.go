package archive

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
	"kartoteka/verify"
)

// Accession is one intake being staged. Everything it writes lies beyond the checkpoint, where nobody reads, until
// Commit renames the new checkpoint into place.
type Accession struct {
	a       *Archive
	id      seal.AccessionID
	now     seal.Time
	trust   trust
	segment *segmentFile // open; nil before the first payload
	sealed  []seal.Segment
	secrets map[seal.Class]seal.Secret // made at once: documents are sealed before their bundle's turn
	keys    map[seal.Class]*staged
	events  []seal.Event
	added   map[seal.Digest]seal.Entry // by event id
	persons map[seal.Digest]int        // bundles added per person

	signer   note.Signer // of the checkpoint: the log key, or the one that follows it with this accession
	follow   bool        // there is more than bundles: the index reads it from the log
	appended bool        // tiles lie beyond the checkpoint
	done     bool
}

// staged is one keyfile being filled. Payloads of small records wait here, to stand together at the end of the last
// segment.
type staged struct {
	records  []seal.KeyRecord
	payloads map[int][]byte
}

// Duplicate says that a bundle is in the archive already, with the same statement.
type Duplicate struct{ Entry seal.Entry }

func (d *Duplicate) Error() string { return "the bundle is in the archive already" }

// Begin starts an accession. Only one is open at a time; it ends with Commit or Abort.
//
// It wants a clock that fits the log, with Options.AcceptClock too: only the event that accepts it may come before.
func (a *Archive) Begin() (*Accession, error) { return a.begin(a.clockFits) }

func (a *Archive) begin(clock func() error) (*Accession, error) {
	switch {
	case a.writer == nil:
		return nil, ErrReadOnly
	case a.writer.broken:
		return nil, ErrReopen
	}
	if err := clock(); err != nil {
		return nil, err
	}
	if err := a.index.catchUp(a); err != nil {
		return nil, err
	}
	now := a.opt.Now()
	if now.Before(a.last.Time.Time) && !a.opt.AcceptClock {
		now = a.last.Time.Time // a clock that is being set back a little never dates an event before the one before it
	}
	s := &Accession{
		a: a, id: seal.NextAccession(a.last.Accession, now), now: seal.At(now), trust: a.trust, secrets: map[seal.Class]seal.Secret{},
		signer: a.private.Log, keys: map[seal.Class]*staged{}, added: map[seal.Digest]seal.Entry{}, persons: map[seal.Digest]int{},
	}
	for _, c := range seal.Classes() {
		s.secrets[c] = seal.NewSecret()
	}
	return s, nil
}

// ID names the accession.
func (s *Accession) ID() seal.AccessionID { return s.id }

func (s *Accession) add(e seal.Event) seal.LeafIndex {
	e.Accession, e.Time = s.id, s.now
	s.events = append(s.events, e)
	return seal.LeafIndex(s.a.head.Size) + seal.LeafIndex(len(s.events)-1)
}

// admit stages a bundle. It returns *Duplicate when the bundle is in the archive, and a *verify.Error when it must be
// refused; then nothing of the accession may be committed, and the caller starts again without that bundle.
func (s *Accession) admit(x *sealing) (seal.LeafIndex, error) {
	b := x.b
	m := b.Statement().Predicate
	id := seal.Digest(sha256.Sum256([]byte(m.Bundle.ID)))
	if err := s.duplicate(id, b); err != nil {
		return 0, err
	}
	documents, err := x.documents()
	if err != nil {
		return 0, err
	}
	capsule := seal.Capsule{Bundle: m.Bundle.ID}
	first := len(s.class(seal.ClassContent).records)
	envelope, err := s.small(seal.ClassContent, b.Envelope())
	if err != nil {
		return 0, err
	}
	capsule.Items = append(capsule.Items, item(seal.RoleEnvelope, envelope))
	for _, d := range documents {
		s.record(seal.ClassContent, d.record)
		capsule.Items = append(capsule.Items, item(seal.RoleDocument, d.Sealed))
	}
	return s.describe(b, id, first, capsule)
}

// describe stages capsule, entry and event of a bundle whose content is staged.
func (s *Accession) describe(b *verify.Accepted, id seal.Digest, first int, c seal.Capsule) (seal.LeafIndex, error) {
	commitment, openings, err := c.Commit()
	if err != nil {
		return 0, err
	}
	e := seal.BundleEvent{ID: id, Commitment: commitment, Content: first,
		Capsule: len(s.class(seal.ClassEvidence).records), Entry: len(s.class(seal.ClassIndex).records)}
	data, err := c.Marshal()
	if err == nil {
		_, err = s.small(seal.ClassEvidence, data)
	}
	if err != nil {
		return 0, err
	}
	entry := newEntry(s.a.private.Key, b, openings[0])
	if e.Label, err = s.label(&entry); err != nil {
		return 0, err
	}
	leaf := s.add(seal.Event{Kind: seal.KindBundle, Bundle: &e})
	entry.Leaf = leaf
	if data, err = entry.Marshal(); err == nil {
		_, err = s.small(seal.ClassIndex, data)
	}
	s.added[id] = entry
	return leaf, err
}

// duplicate looks for the bundle's id in the index and in this accession.
func (s *Accession) duplicate(id seal.Digest, b *verify.Accepted) error {
	known, ok := s.added[id]
	if !ok {
		var err error
		known, ok, err = s.a.index.byID(id)
		if errors.Is(err, errDisposed) {
			return s.again()
		}
		if err != nil || !ok {
			return err
		}
	}
	if known.Envelope == s.a.private.Key.Statement(b.Payload()) {
		return &Duplicate{known}
	}
	return &verify.Error{Code: verify.CodeDuplicate, Reason: "the archive has another bundle of the same id; a new version is a new bundle with an id of its own"}
}

// again says whether a bundle that was disposed of may come in once more.
func (s *Accession) again() error {
	if s.a.opt.Again {
		return nil
	}
	return &verify.Error{Code: verify.CodeDisposed, Reason: "the archive had this bundle and disposed of it under an order; it is taken in again only when told so (--again)"}
}

// label gives the entry its running number and returns the event's label: random where there is no patient.
func (s *Accession) label(e *seal.Entry) (d seal.Digest, err error) {
	if e.Person == nil {
		rand.Read(d[:])
		return d, nil
	}
	n, ok := s.persons[*e.Person]
	if !ok {
		if n, err = s.a.index.lastNumber(s.a.private.Key, *e.Person); err != nil {
			return d, err
		}
	}
	n++
	s.persons[*e.Person] = n
	e.Number = n
	return seal.Label(s.a.private.Key.PersonKey(*e.Person), n), nil
}

// Reject stages the event of a refused bundle and returns the id that the reason file carries too.
func (s *Accession) Reject(code verify.Code) string {
	var b [8]byte
	rand.Read(b[:])
	id := hex.EncodeToString(b[:])
	s.add(seal.Event{Kind: seal.KindRejected, Rejected: &seal.RejectedEvent{ID: id, Code: string(code)}})
	return id
}

// Release stages the entry of the register of releases and its event.
func (s *Accession) Release(r seal.Release, custodian string) (seal.LeafIndex, error) {
	data, _, root, err := r.Commit()
	if err != nil {
		return 0, err
	}
	released, err := s.released(r.Bundles)
	if err != nil {
		return 0, err
	}
	act, err := s.actRecord(seal.Act{Event: s.next(), Released: released})
	if err != nil {
		return 0, err
	}
	n := len(s.class(seal.ClassContent).records)
	if _, err := s.small(seal.ClassContent, data); err != nil {
		return 0, err
	}
	return s.add(seal.Event{Kind: seal.KindRelease, Release: &seal.ReleaseEvent{
		Commitment: root, Bundles: len(r.Bundles), Documents: r.Documents, Custodian: custodian, Content: n, Act: act}}), nil
}

// released finds the bundles of a release: their disposal will have to say that there are copies in other hands.
func (s *Accession) released(ids []seal.Digest) (leaves []seal.LeafIndex, err error) {
	for _, id := range ids {
		e, ok, err := s.a.index.byID(id)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("release: bundle %s is not in the archive", id)
		}
		leaves = append(leaves, e.Leaf)
	}
	slices.Sort(leaves)
	return slices.Compact(leaves), nil
}

// ReleaseVoid stages the event that says that a packet was not handed over after all.
func (s *Accession) ReleaseVoid(release seal.LeafIndex, code string) seal.LeafIndex {
	return s.add(seal.Event{Kind: seal.KindReleaseVoid, ReleaseVoid: &seal.ReleaseVoidEvent{Release: release, Code: code}})
}

func item(role string, s seal.Sealed) seal.CapsuleItem {
	return seal.CapsuleItem{Role: role, Size: s.Size, SHA256: s.SHA256, SHA512: s.SHA512, Seed: seal.NewSeed()}
}

func (s *Accession) class(c seal.Class) *staged {
	k := s.keys[c]
	if k == nil {
		k = &staged{payloads: map[int][]byte{}}
		s.keys[c] = k
	}
	return k
}

// record gives a header its number in its keyfile.
func (s *Accession) record(c seal.Class, r seal.KeyRecord) int {
	k := s.class(c)
	r.N = len(k.records)
	k.records = append(k.records, r)
	return r.N
}

// small seals a record whose payload waits for the end of the last segment.
func (s *Accession) small(c seal.Class, data []byte) (seal.Sealed, error) {
	var payload bytes.Buffer
	sealed, err := s.a.writer.sealer.SealBytes(&payload, data, s.secrets[c], seal.LevelText)
	if err != nil {
		return sealed, err
	}
	n := s.record(c, seal.KeyRecord{Length: sealed.Length, Header: sealed.Header})
	s.class(c).payloads[n] = payload.Bytes()
	return sealed, nil
}
