package verify

import (
	"time"

	"kartoteka/seal"
	"kartoteka/verify/container"
)

// held is one proof that a packet carries, with the leaf it is of. Nothing of it is judged.
type held struct {
	subject string
	leaf    []byte
	proof   seal.Proof
}

// heldProofs reads all proofs of a packet, and when it says that it was made.
func heldProofs(path string) (list []held, made time.Time, err error) {
	c, err := container.Open(path, container.Limits{MaxEntries: 1 << 20})
	if err != nil {
		return nil, made, fromContainer(err)
	}
	defer c.Close()
	data, err := readEntry(c, seal.PacketHead, seal.MaxPacketHead)
	if err != nil {
		return nil, made, err
	}
	head, err := seal.ParsePacket(data)
	if err != nil {
		return nil, made, failed(CodePacket, "%w", err)
	}
	h, err := heldRelease(c)
	if err != nil {
		return nil, made, err
	}
	list = append(list, h)
	for _, b := range head.Bundles {
		if h, err = heldBundle(c, b.Folder); err != nil {
			return nil, made, err
		}
		list = append(list, h)
	}
	return list, head.Made.Time, nil
}

func heldRelease(c *container.Container) (h held, err error) {
	data, err := readEntry(c, seal.PacketReleaseProof, seal.MaxReceipt)
	if err != nil {
		return h, err
	}
	r, err := seal.ParseReceipt(data)
	if err != nil {
		return h, failed(CodeInclusion, "%w", err)
	}
	return newHeld(seal.PacketReleaseProof, []byte(r.Event), []byte(r.Proof))
}

func heldBundle(c *container.Container, folder string) (h held, err error) {
	leaf, err := readEntry(c, folder+seal.ProofEvent, seal.MaxLeaf)
	if err != nil {
		return h, err
	}
	data, err := readEntry(c, folder+seal.ProofLog, seal.MaxProof)
	if err != nil {
		return h, err
	}
	return newHeld(folder+seal.ProofLog, leaf, data)
}

func newHeld(subject string, leaf, proof []byte) (held, error) {
	p, err := seal.ParseProof(proof)
	if err != nil {
		return held{}, failed(CodeInclusion, "%w", err)
	}
	return held{subject, leaf, p}, nil
}

// PacketWitnesses judges, where the policy has witnesses, how many cosigned the checkpoints of a packet. It adds to a
// report that Packet began: a packet that cannot be read has failed there. It is not part of Packet, by which an archive
// judges its own packet in the moment it is made: nobody can have cosigned that checkpoint yet.
func (p *Policy) PacketWitnesses(r *Report, path string, at time.Time) {
	if len(p.Witnesses) == 0 {
		return
	}
	list, made, err := heldProofs(path)
	if err != nil {
		return
	}
	seen := map[string]bool{}
	for _, h := range list {
		if note := string(h.proof.Checkpoint); !seen[note] {
			seen[note] = true
			p.Witnessed(r, h.subject, h.proof.Checkpoint, made, at)
		}
	}
}
