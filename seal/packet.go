package seal

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Names inside a packet: one ZIP, names of at most 8.3 characters in upper case, as IHE XDM and DICOM media ask.
const (
	PacketIndex     = "INDEX.HTM"
	PacketReadme    = "README.TXT"
	PacketRelease   = "RELEASE.TXT"
	PacketDocuments = "IHE_XDM/SUBSET01/"
	PacketProof     = "PROOF/"
	PacketManifest  = PacketProof + "MANIFEST.TXT" // sha256sum of every other file
	PacketHead      = PacketProof + "PACKET.JSN"

	// PacketReleaseProof shows, as a receipt does, that the release stands in the log.
	PacketReleaseProof = PacketProof + "RELEASE.JSN"

	// PacketRegister is the register entry that the release commits to: it names the packet's bundles.
	PacketRegister = PacketProof + "REGISTER.JSN"
)

// PacketDocument is the path of the n-th document of a packet, counting from 1 over all its bundles. The ending is
// taken from the document's own name where it is short and plain.
func PacketDocument(n int, name string) string {
	ext := strings.ToUpper(strings.TrimPrefix(path.Ext(name), "."))
	switch ext {
	case "JSON":
		ext = "JSN"
	case "JPEG":
		ext = "JPG"
	case "TIFF":
		ext = "TIF"
	case "HTML":
		ext = "HTM"
	}
	if len(ext) == 0 || len(ext) > 3 || strings.Trim(ext, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		ext = "BIN"
	}
	return fmt.Sprintf("%sDOC%05d.%s", PacketDocuments, n, ext)
}

// MaxPacketHead bounds PROOF/PACKET.JSN, in bytes: 99,999 documents, as many as a patient's imaging may have, with
// generous titles.
const MaxPacketHead = 64 << 20

// PacketBundle is the folder of the proofs of a packet's n-th bundle, counting from 1.
func PacketBundle(n int) string { return fmt.Sprintf("%sB%05d/", PacketProof, n) }

// Names in a PacketBundle folder.
const (
	ProofEvent    = "EVENT.JSN"    // the leaf, byte for byte
	ProofLog      = "LOG.TXT"      // c2sp.org/tlog-proof with its checkpoint
	ProofOpenings = "OPENINGS.JSN" // of the released documents, and of the envelope if it is there
	ProofEnvelope = "BUNDLE.JSN"   // the envelope, only when every document of the bundle is released
)

// ProofEvidence is the name of the evidence record of an item of the bundle, 0 being the envelope, in a family.
func ProofEvidence(index int, f Family) string {
	if f == FamilySHA256 {
		return fmt.Sprintf("D%04dS2.ERS", index)
	}
	return fmt.Sprintf("D%04dS5.ERS", index)
}

// Items lists the items of the bundle that the packet holds: 0 the envelope, if it is there.
func (r PacketRecord) Items() (list []int) {
	if r.Envelope {
		list = append(list, 0)
	}
	for _, d := range r.Documents {
		list = append(list, d.Index)
	}
	return list
}

// Packet is PROOF/PACKET.JSN: what the packet holds.
type Packet struct {
	Schema  string         `json:"schema"`
	Origin  string         `json:"origin"`
	Made    Time           `json:"made"`
	Release LeafIndex      `json:"release"` // the release event
	Bundles []PacketRecord `json:"bundles"`
	LeftOut int            `json:"left_out"` // documents of the patient that were not selected
}

// PacketRecord is one bundle of a packet.
type PacketRecord struct {
	Folder    string        `json:"folder"`
	Envelope  bool          `json:"envelope"`           // the producer's signed envelope is there
	Evidence  []Family      `json:"evidence,omitempty"` // families of the evidence records that are there, of each document and of the envelope
	Documents []PacketEntry `json:"documents"`
}

// PacketEntry is one document of a packet.
type PacketEntry struct {
	Path      string `json:"path"`
	Index     int    `json:"index"` // in the bundle's commitment
	Name      string `json:"name"`  // its own name
	Title     string `json:"title,omitempty"`
	MediaType string `json:"media_type,omitempty"`
	Class     string `json:"class,omitempty"`
	Authored  string `json:"authored,omitempty"`
	Language  string `json:"language,omitempty"`
}

// PacketEntry describes the n-th document of a packet, the index-th of its bundle, in the words of the bundle's statement.
func (s Statement) PacketEntry(n, index int) PacketEntry {
	name := s.Subject[index-1].Name
	d := s.Document(name)
	return PacketEntry{Path: PacketDocument(n, name), Index: index, Name: strings.TrimPrefix(name, DocumentsPath),
		Title: d.Title, MediaType: d.MediaType, Class: d.Class, Authored: d.Authored, Language: d.Language}
}

// Openings is PROOF/B…/OPENINGS.JSN.
type Openings struct {
	Schema   string    `json:"schema"`
	Openings []Opening `json:"openings"`
}

// Marshal gives the file.
func (p Packet) Marshal() ([]byte, error) {
	p.Schema = SpecPacket
	return Marshal(p)
}

// ParsePacket reads PROOF/PACKET.JSN.
func ParsePacket(data []byte) (Packet, error) {
	var p Packet
	if err := UnmarshalCanonical(data, &p); err != nil {
		return p, fmt.Errorf("packet: %w", err)
	}
	return p, p.check()
}

// check says whether folders and paths are the ones that number and name give, so that nothing can stand in two places
// and no document is counted twice.
func (p Packet) check() error {
	switch {
	case p.Schema != SpecPacket:
		return fmt.Errorf("packet: schema is not %s", SpecPacket)
	case len(p.Bundles) == 0:
		return errors.New("packet: holds no bundle")
	case p.Origin == "" || p.Release < 0 || p.LeftOut < 0:
		return errors.New("packet: origin is missing, or numbers out of range")
	}
	documents := 0
	for i, b := range p.Bundles {
		if b.Folder != PacketBundle(i+1) || len(b.Documents) == 0 {
			return fmt.Errorf("packet: bundle %d has another folder than %s, or no document", i+1, PacketBundle(i+1))
		}
		if !ascending(b.Evidence, func(a, b Family) int { return strings.Compare(string(a), string(b)) }) || slices.ContainsFunc(b.Evidence, func(f Family) bool { return f.Hash() == 0 }) {
			return fmt.Errorf("packet: bundle %d: families of evidence are not known, or not in order", i+1)
		}
		last := 0
		for _, d := range b.Documents {
			documents++
			if d.Index <= last || d.Index > MaxDocuments {
				return fmt.Errorf("packet: documents of bundle %d are not in the order of their index, each once", i+1)
			}
			if want := PacketDocument(documents, d.Name); d.Path != want {
				return fmt.Errorf("packet: document %d does not stand at %s", documents, want)
			}
			last = d.Index
		}
	}
	return nil
}

// Marshal gives the file.
func (o Openings) Marshal() ([]byte, error) {
	o.Schema = SpecOpenings
	return Marshal(o)
}

// ParseOpenings reads PROOF/B…/OPENINGS.JSN.
func ParseOpenings(data []byte) (Openings, error) {
	var o Openings
	if err := UnmarshalCanonical(data, &o); err != nil {
		return o, fmt.Errorf("openings: %w", err)
	}
	if o.Schema != SpecOpenings || len(o.Openings) == 0 {
		return o, fmt.Errorf("openings: schema is not %s, or there are none", SpecOpenings)
	}
	for i, x := range o.Openings {
		if x.Index < 0 || i > 0 && x.Index <= o.Openings[i-1].Index {
			return o, errors.New("openings: not in the order of their index, each once")
		}
	}
	return o, nil
}
