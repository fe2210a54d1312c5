package reading

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"kartoteka/archive"
	"kartoteka/seal"
)

func (p *packet) bundle(i int) error {
	b, chosen := p.bundles[i], p.x.Select[i].Documents
	record := seal.PacketRecord{Folder: seal.PacketBundle(i + 1), Envelope: len(chosen) == len(b.Capsule.Items)-1}
	openings := seal.Openings{}
	if record.Envelope {
		openings.Openings = append(openings.Openings, b.Openings[0])
	}
	for _, n := range chosen {
		e := p.entry(b, n)
		record.Documents = append(record.Documents, e)
		openings.Openings = append(openings.Openings, b.Openings[n])
		if err := p.file(e.Path, storedMedia(e.MediaType), func(w io.Writer) error { return p.document(w, b, n) }); err != nil {
			return err
		}
		if p.done++; p.x.Step != nil {
			p.x.Step(p.done, p.all)
		}
	}
	var err error
	if record.Evidence, err = p.families(b); err != nil {
		return err
	}
	p.head.Bundles = append(p.head.Bundles, record)
	return p.proofs(b, record, openings)
}

// entry describes the n-th document of the bundle being written.
func (p *packet) entry(b *Bundle, n int) seal.PacketEntry {
	number := 1
	for _, r := range p.head.Bundles {
		number += len(r.Documents)
	}
	for _, m := range p.x.Select[len(p.head.Bundles)].Documents {
		if m == n {
			break
		}
		number++
	}
	return b.Statement.PacketEntry(number, n)
}

// storedMedia says whether deflate would find nothing.
func storedMedia(mediaType string) bool {
	return strings.HasPrefix(mediaType, "image/") || strings.HasPrefix(mediaType, "video/") || mediaType == "application/zip"
}

func (p *packet) proofs(b *Bundle, record seal.PacketRecord, openings seal.Openings) error {
	proof, err := p.room.archive.Proof(b.Leaf)
	if err != nil {
		return err
	}
	open, err := openings.Marshal()
	if err != nil {
		return err
	}
	files := []namedFile{
		{record.Folder + seal.ProofEvent, b.Raw},
		{record.Folder + seal.ProofLog, proof.Marshal()},
		{record.Folder + seal.ProofOpenings, open},
	}
	if record.Envelope {
		files = append(files, namedFile{record.Folder + seal.ProofEnvelope, b.Envelope})
	}
	evidence, err := p.evidence(b, record)
	if err != nil {
		return err
	}
	return p.files(append(files, evidence...))
}

// evidence gives the evidence records of a bundle's items, in each family that has a stamp.
func (p *packet) evidence(b *Bundle, record seal.PacketRecord) (files []namedFile, err error) {
	for _, f := range record.Evidence {
		e, err := p.room.archive.Evidence(b.Leaf, f)
		if err != nil {
			return nil, err
		}
		for _, item := range record.Items() {
			r, err := e.Record(b.Capsule, item)
			if err != nil {
				return nil, err
			}
			data, err := r.Marshal()
			if err != nil {
				return nil, err
			}
			files = append(files, namedFile{record.Folder + seal.ProofEvidence(item, f), data})
		}
	}
	return files, nil
}

// families of evidence that a bundle has.
func (p *packet) families(b *Bundle) (list []seal.Family, err error) {
	for _, f := range seal.Families() {
		_, err := p.room.archive.Evidence(b.Leaf, f)
		if errors.Is(err, archive.ErrNotStamped) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

type namedFile struct {
	name string
	data []byte
}

func (p *packet) files(list []namedFile) error {
	for _, f := range list {
		err := p.file(f.name, false, func(w io.Writer) error { _, err := w.Write(f.data); return err })
		if err != nil {
			return err
		}
	}
	return nil
}

// file writes one file and its line of the manifest.
func (p *packet) file(name string, stored bool, write func(io.Writer) error) error {
	w, err := p.zip.Create(name, stored)
	if err != nil {
		return err
	}
	h := sha256.New()
	if err := write(io.MultiWriter(w, h)); err != nil {
		return err
	}
	fmt.Fprintf(&p.manifest, "%x  %s\n", h.Sum(nil), name)
	return nil
}

// cover writes what stands around the documents, the manifest last.
func (p *packet) cover() error {
	head, err := p.head.Marshal()
	if err != nil {
		return err
	}
	entry, receipt, err := p.proofOfRelease()
	if err != nil {
		return err
	}
	controller := p.room.archive.Controller()
	index, err := indexPage(p.head, controller)
	if err != nil {
		return err
	}
	err = p.files([]namedFile{
		{seal.PacketHead, head}, {seal.PacketReleaseProof, receipt}, {seal.PacketRegister, entry},
		{seal.PacketRelease, releasePage(p.x.Release, p.release)},
		{seal.PacketIndex, index}, {seal.PacketReadme, readmePage(p.head, controller)},
	})
	if err != nil {
		return err
	}
	w, err := p.zip.Create(seal.PacketManifest, false)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, p.manifest.String())
	return err
}

// proofOfRelease gives the register entry and proves that its release stands in the log.
func (p *packet) proofOfRelease() (entry, receipt []byte, err error) {
	leaf, e, err := p.room.archive.Event(p.release)
	if err != nil {
		return nil, nil, err
	}
	entry, opening, root, err := p.x.Release.Commit()
	if err != nil {
		return nil, nil, err
	}
	if e.Release == nil || e.Release.Commitment != root {
		return nil, nil, errors.New("the release event is not of this packet")
	}
	proof, err := p.room.archive.Proof(p.release)
	if err != nil {
		return nil, nil, err
	}
	receipt, err = seal.Receipt{Event: string(leaf), Proof: string(proof.Marshal()), Opening: opening}.Marshal()
	return entry, receipt, err
}
