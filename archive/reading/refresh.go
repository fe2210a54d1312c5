package reading

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/verify/container"
)

// ErrOtherArchive says that a packet is not of this archive.
var ErrOtherArchive = errors.New("the packet is not of this archive")

// Refresh gathers the evidence records, as they are now, of what a packet holds: whoever has the packet cannot renew them. It
// opens capsules, so that an evidence officer's identity is enough; no document leaves the archive. Bundles that were disposed
// of since are left out, and counted.
func (r *Room) Refresh(packet string) (f seal.Refresh, gone int, err error) {
	c, err := container.Open(packet, container.Limits{MaxEntries: 1 << 20})
	if err != nil {
		return f, 0, err
	}
	defer c.Close()
	head, err := packetHead(c)
	if err != nil {
		return f, 0, err
	}
	f.Origin = r.archive.Spec.Origin
	if head.Origin != f.Origin {
		return f, 0, fmt.Errorf("%w: it is of %.80q", ErrOtherArchive, head.Origin)
	}
	for _, b := range head.Bundles {
		records, err := r.refresh(c, b)
		if errors.Is(err, archive.ErrShredded) {
			gone++
			continue
		}
		if err != nil {
			return f, gone, fmt.Errorf("%s: %w", b.Folder, err)
		}
		f.Records = append(f.Records, records...)
	}
	f.Sort()
	return f, gone, nil
}

func packetHead(c *container.Container) (head seal.Packet, err error) {
	data, err := packetFile(c, seal.PacketHead, seal.MaxPacketHead)
	if err != nil {
		return head, err
	}
	return seal.ParsePacket(data)
}

func packetFile(c *container.Container, name string, limit int64) ([]byte, error) {
	f, err := c.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", name, limit)
	}
	return data, err
}

// refresh gives the records of one of the packet's bundles.
func (r *Room) refresh(c *container.Container, p seal.PacketRecord) (list []seal.RefreshRecord, err error) {
	leaf, err := r.packetLeaf(c, p)
	if err != nil {
		return nil, err
	}
	b, err := r.Capsule(leaf)
	if err != nil {
		return nil, err
	}
	records, _, err := b.Evidence(p.Items()...)
	if errors.Is(err, archive.ErrNotStamped) {
		return nil, nil
	}
	for _, e := range records {
		list = append(list, seal.RefreshRecord{Event: leaf, Item: e.Item, Family: e.Family, Record: e.Data})
	}
	return list, err
}

// packetLeaf finds a bundle's event, which must be the one in the packet.
func (r *Room) packetLeaf(c *container.Container, p seal.PacketRecord) (seal.LeafIndex, error) {
	event, err := packetFile(c, p.Folder+seal.ProofEvent, seal.MaxLeaf)
	if err != nil {
		return 0, err
	}
	data, err := packetFile(c, p.Folder+seal.ProofLog, seal.MaxProof)
	if err != nil {
		return 0, err
	}
	proof, err := seal.ParseProof(data)
	if err != nil {
		return 0, err
	}
	raw, _, err := r.archive.Event(proof.Index)
	if err == nil && !bytes.Equal(raw, event) {
		err = fmt.Errorf("%w: event %d is another one here", ErrOtherArchive, proof.Index)
	}
	return proof.Index, err
}
