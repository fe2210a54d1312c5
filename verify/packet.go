package verify

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"kartoteka/seal"
	"kartoteka/verify/container"
)

// Packet judges a patient packet with nothing but the packet and a policy, at a time.
func (p *Policy) Packet(path string, at time.Time) *Report { return p.PacketWith(path, nil, at) }

// PacketWith judges a packet whose evidence was renewed since it was released: refresh is the file of the newer records, which
// its archive made ([seal.Refresh]); nil where there is none.
func (p *Policy) PacketWith(path string, refresh []byte, at time.Time) *Report {
	r := NewReport()
	fresh, err := p.refresh(refresh)
	if err != nil {
		r.Result(CodeEvidence, "refresh", err)
		return r
	}
	c, err := container.Open(path, container.Limits{MaxEntries: 1 << 20})
	if err != nil {
		r.Result(CodeContainer, path, fromContainer(err))
		return r
	}
	defer c.Close()
	v := &packetCheck{policy: p, at: at, c: c, report: r, digests: map[string]seal.Digest{}, leaves: map[seal.LeafIndex]bool{}, stamps: stampMemo{}, fresh: fresh}
	v.run()
	return r
}

type packetCheck struct {
	policy   *Policy
	at       time.Time
	c        *container.Container
	report   *Report
	released []seal.Digest           // event ids of the bundles, as the register entry names them
	made     time.Time               // when the packet says it was made: which log keys signed then
	digests  map[string]seal.Digest  // of every file, as read
	leaves   map[seal.LeafIndex]bool // of the bundles so far: each stands in the packet once
	stamps   stampMemo
	fresh    refreshed
}

func (v *packetCheck) run() {
	if !v.report.Result(CodeManifest, seal.PacketManifest, v.manifest()) {
		return
	}
	data, err := readEntry(v.c, seal.PacketHead, seal.MaxPacketHead)
	var head seal.Packet
	if err == nil {
		head, err = seal.ParsePacket(data)
	}
	if err == nil {
		err = v.layout(head)
	}
	if err != nil {
		v.report.Result(CodePacket, seal.PacketHead, failed(CodePacket, "%w", err))
		return
	}
	v.report.Pass(CodePacket, seal.PacketHead, "")
	v.made = head.Made.Time
	v.report.Result(CodeInclusion, seal.PacketReleaseProof, v.release(head))
	for i, b := range head.Bundles {
		v.bundle(i, b)
	}
	v.report.Count("bundles", len(head.Bundles))
}

// manifest hashes every file and compares: each must be listed once and none may be missing.
func (v *packetCheck) manifest() error {
	data, err := readEntry(v.c, seal.PacketManifest, 64<<20)
	if err != nil {
		return failed(CodeManifest, "%w", err)
	}
	want := map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		sum, name, ok := strings.Cut(s.Text(), "  ")
		if _, twice := want[name]; !ok || twice {
			return failed(CodeManifest, "a line is not «digest, two spaces, name», or names a file twice")
		}
		want[name] = sum
	}
	for _, e := range v.c.Entries() {
		if e.Name == seal.PacketManifest {
			continue
		}
		sum, err := v.hash(e.Name)
		if err != nil {
			return err
		}
		if want[e.Name] == "" {
			return failed(CodeManifest, "%s is in the packet but not in the manifest", e.Name)
		}
		if want[e.Name] != sum.String() {
			return failed(CodeManifest, "%s is not the file the manifest names", e.Name)
		}
		delete(want, e.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		return failed(CodeManifest, "%s is in the manifest but not in the packet", name)
	}
	return nil
}

func (v *packetCheck) hash(name string) (sum seal.Digest, err error) {
	f, err := v.c.Open(name)
	if err != nil {
		return sum, fromContainer(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, fromContainer(err)
	}
	v.digests[name] = seal.Digest(h.Sum(nil))
	return v.digests[name], nil
}

// layout says whether every document in the packet is spoken for, exactly once.
func (v *packetCheck) layout(p seal.Packet) error {
	if p.Origin != v.policy.Origin {
		return fmt.Errorf("packet is of %.80q, the policy is for %q", p.Origin, v.policy.Origin)
	}
	names := []string{seal.PacketIndex, seal.PacketReadme, seal.PacketRelease, seal.PacketHead, seal.PacketReleaseProof, seal.PacketRegister}
	for _, b := range p.Bundles {
		names = append(names, b.Folder+seal.ProofEvent, b.Folder+seal.ProofLog, b.Folder+seal.ProofOpenings)
		if b.Envelope {
			names = append(names, b.Folder+seal.ProofEnvelope)
		}
		for _, f := range b.Evidence {
			for _, item := range b.Items() {
				names = append(names, b.Folder+seal.ProofEvidence(item, f))
			}
		}
		for _, d := range b.Documents {
			names = append(names, d.Path)
		}
	}
	known := map[string]bool{} // ParsePacket has seen to it that no two are the same
	for _, n := range names {
		if _, ok := v.digests[n]; !ok {
			return fmt.Errorf("%s is missing", n)
		}
		known[n] = true
	}
	for _, name := range slices.Sorted(maps.Keys(v.digests)) {
		if !known[name] {
			return fmt.Errorf("%s is in the packet, but nothing in it is proven", name)
		}
	}
	return nil
}
