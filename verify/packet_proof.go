package verify

import (
	"time"

	"kartoteka/seal"
)

// bundle proves one bundle's documents: the event is in the log, the openings fit the event, the documents fit the
// openings, and where the producer's envelope is there, its signature and its subjects fit too.
func (v *packetCheck) bundle(i int, b seal.PacketRecord) {
	leaf, event, then, err := v.event(b)
	if !v.report.Result(CodeInclusion, b.Folder+seal.ProofLog, err) {
		return
	}
	if v.released == nil {
		return // the release has failed, and said so
	}
	if v.released[i] != event.Bundle.ID {
		v.report.Fail(CodeCommitment, b.Folder+seal.ProofEvent, "is not of the bundle that was released")
		return
	}
	openings, err := v.openings(b, event)
	if !v.report.Result(CodeCommitment, b.Folder+seal.ProofOpenings, err) {
		return
	}
	for _, d := range b.Documents {
		o, ok := openings[d.Index]
		if !ok || d.Index == 0 || o.SHA256 != v.digests[d.Path] {
			v.report.Fail(CodeDocumentDigest, d.Path, "is not the document that was archived")
			continue
		}
		v.report.Pass(CodeDocumentDigest, d.Path, "archived "+event.Time.String())
		v.report.Count("documents", 1)
	}
	if b.Envelope {
		v.report.Result(CodeSignature, b.Folder+seal.ProofEnvelope, v.envelope(b, event, openings, then))
	}
	for _, f := range v.fresh.families(leaf, b) {
		v.evidence(leaf, b, f)
	}
}

func (v *packetCheck) event(b seal.PacketRecord) (i seal.LeafIndex, e seal.Event, then time.Time, err error) {
	leaf, err := readEntry(v.c, b.Folder+seal.ProofEvent, seal.MaxLeaf)
	if err != nil {
		return i, e, then, err
	}
	data, err := readEntry(v.c, b.Folder+seal.ProofLog, seal.MaxProof)
	if err != nil {
		return i, e, then, err
	}
	proof, err := seal.ParseProof(data)
	if err != nil {
		return i, e, then, failed(CodeInclusion, "%w", err)
	}
	if v.leaves[proof.Index] {
		return i, e, then, failed(CodePacket, "event %d is that of another bundle of the packet", proof.Index)
	}
	v.leaves[proof.Index] = true
	i = proof.Index
	if e, err = seal.ParseEvent(leaf); err != nil {
		return i, e, then, failed(CodeEvent, "%w", err)
	}
	if e.Bundle == nil {
		return i, e, then, failed(CodeEvent, "the event is not of a bundle")
	}
	if v.at.Before(v.made) || v.made.Before(e.Time.Time) {
		return i, e, then, indeterminate(CodeTime, "judged at %s, but archived %s and released %s", seal.At(v.at), e.Time, seal.At(v.made))
	}
	keys, err := v.policy.LogVerifiers(v.made)
	if err != nil {
		return i, e, then, err
	}
	if _, err := proof.Check(leaf, v.policy.Origin, keys...); err != nil {
		return i, e, then, failed(CodeInclusion, "%w", err)
	}
	return i, e, e.Time.Time, nil
}

// release judges that the log holds the release of these bundles: the register entry in the packet is the one the event
// commits to, and says what the packet says.
func (v *packetCheck) release(head seal.Packet) error {
	data, err := readEntry(v.c, seal.PacketReleaseProof, seal.MaxReceipt)
	if err != nil {
		return err
	}
	receipt, err := seal.ParseReceipt(data)
	if err != nil {
		return failed(CodeInclusion, "%w", err)
	}
	proof, err := seal.ParseProof([]byte(receipt.Proof))
	if err != nil {
		return failed(CodeInclusion, "%w", err)
	}
	keys, err := v.policy.LogVerifiers(v.made)
	if err != nil {
		return err
	}
	if _, err := proof.Check([]byte(receipt.Event), v.policy.Origin, keys...); err != nil {
		return failed(CodeInclusion, "%w", err)
	}
	e, err := seal.ParseEvent([]byte(receipt.Event))
	if err != nil || e.Release == nil || proof.Index != head.Release {
		return failed(CodeInclusion, "the log's release is not of this packet")
	}
	if err := receipt.Opening.Check(1, e.Release.Commitment); err != nil {
		return failed(CodeCommitment, "the release: %w", err)
	}
	return v.register(head, *e.Release, receipt.Opening.SHA256)
}

func (v *packetCheck) register(head seal.Packet, e seal.ReleaseEvent, sum seal.Digest) error {
	data, err := readEntry(v.c, seal.PacketRegister, seal.MaxRelease)
	if err != nil {
		return err
	}
	if v.digests[seal.PacketRegister] != sum {
		return failed(CodeCommitment, "%s is not the entry the release commits to", seal.PacketRegister)
	}
	entry, err := seal.ParseReleaseEntry(data)
	if err != nil {
		return failed(CodeCommitment, "%w", err)
	}
	documents := 0
	for _, b := range head.Bundles {
		documents += len(b.Documents)
	}
	if e.Documents != documents || e.Bundles != len(head.Bundles) || entry.Documents != documents || entry.LeftOut != head.LeftOut || len(entry.Bundles) != len(head.Bundles) {
		return failed(CodeCommitment, "the register entry is of another packet")
	}
	v.released = entry.Bundles
	return nil
}

func (v *packetCheck) openings(b seal.PacketRecord, e seal.Event) (map[int]seal.Opening, error) {
	data, err := readEntry(v.c, b.Folder+seal.ProofOpenings, 4<<20)
	if err != nil {
		return nil, err
	}
	list, err := seal.ParseOpenings(data)
	if err != nil {
		return nil, failed(CodeCommitment, "%w", err)
	}
	byIndex := map[int]seal.Opening{}
	for _, o := range list.Openings {
		if err := e.Bundle.Commitment.Check(o); err != nil {
			return nil, failed(CodeCommitment, "opening %d: %w", o.Index, err)
		}
		byIndex[o.Index] = o
	}
	want := len(b.Documents)
	if b.Envelope {
		want++
	}
	if len(byIndex) != want { // each one too many tells the digest of something that was not released
		return nil, failed(CodeCommitment, "%d openings for %d files", len(byIndex), want)
	}
	return byIndex, nil
}

func (v *packetCheck) envelope(b seal.PacketRecord, e seal.Event, openings map[int]seal.Opening, then time.Time) error {
	name := b.Folder + seal.ProofEnvelope
	if o, ok := openings[0]; !ok || o.SHA256 != v.digests[name] {
		return failed(CodeCommitment, "is not the envelope that was archived")
	}
	data, err := readEntry(v.c, name, seal.MaxEnvelope)
	if err != nil {
		return err
	}
	env, err := seal.ParseEnvelope(data)
	if err != nil {
		return failed(CodeEnvelope, "%w", err)
	}
	if _, err := v.policy.Envelope(env, then); err != nil {
		return err
	}
	s, err := seal.ParseStatement(env.Payload)
	if err != nil {
		return failed(CodeStatement, "%w", err)
	}
	if len(s.Subject) != e.Bundle.Commitment.Count || len(b.Documents) != len(s.Subject) {
		return failed(CodeDocumentMissing, "the envelope signs for %d documents, the packet has %d", len(s.Subject), len(b.Documents))
	}
	for _, d := range b.Documents {
		if d.Index < 1 || d.Index > len(s.Subject) || s.Subject[d.Index-1].Digest.SHA256 != v.digests[d.Path] {
			return failed(CodeDocumentDigest, "%s is not the document that was signed", d.Path)
		}
		said := s.PacketEntry(0, d.Index)
		if said.Path = d.Path; d != said {
			return failed(CodePacket, "%s is described in other words than were signed", d.Path)
		}
	}
	return nil
}
