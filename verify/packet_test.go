package verify_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/seal"
	"kartoteka/verify"
	"kartoteka/verify/container"
)

// examplePacket is the packet of the example's release, from the vectors of its parts.
func examplePacket(t testing.TB) map[string][]byte {
	return map[string][]byte{
		seal.PacketIndex: []byte("<!DOCTYPE html>\n"), seal.PacketReadme: []byte("README\n"), seal.PacketRelease: []byte("RELEASE\n"),
		seal.PacketHead: vector(t, "packet-1.json"), seal.PacketReleaseProof: vector(t, "receipt-2.json"),
		seal.PacketRegister:             vector(t, "release-1.json"),
		"IHE_XDM/SUBSET01/DOC00001.TXT": vector(t, "document-1.txt"), "IHE_XDM/SUBSET01/DOC00002.TXT": vector(t, "document-2.txt"),
		"PROOF/B00001/EVENT.JSN": vector(t, "event-2-bundle.json"), "PROOF/B00001/LOG.TXT": vector(t, "proof-2.txt"),
		"PROOF/B00001/OPENINGS.JSN": vector(t, "openings-1.json"), "PROOF/B00001/BUNDLE.JSN": vector(t, "envelope-1.json"),
	}
}

func manifest(files map[string][]byte) []byte {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name != seal.PacketManifest {
			fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(files[name]), name)
		}
	}
	return []byte(b.String())
}

// zipped writes files as a packet.
func zipped(t testing.TB, files map[string][]byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "packet.zip")
	f := must(os.Create(name))
	z := container.NewWriter(f)
	for _, n := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(n, false)
		if err == nil {
			_, err = w.Write(files[n])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// summary lists what did not pass.
func summary(r *verify.Report) string {
	var list []string
	for _, c := range r.Checks {
		if c.Verdict != verify.Passed {
			s := string(c.Code)
			if c.Verdict == verify.Indeterminate {
				s += " indeterminate"
			}
			list = append(list, s)
		}
	}
	return strings.Join(list, ", ")
}

func TestPacket(t *testing.T) {
	old := func(s, a, b string) []byte {
		if !strings.Contains(s, a) {
			panic("no " + a)
		}
		return []byte(strings.Replace(s, a, b, 1))
	}
	const doc1, doc2, proof = "IHE_XDM/SUBSET01/DOC00001.TXT", "IHE_XDM/SUBSET01/DOC00002.TXT", "PROOF/B00001/"
	text := func(t *testing.T, name string) string { return string(vector(t, name)) }
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, f map[string][]byte) // before the manifest is written
		after  func(t *testing.T, f map[string][]byte) // after
		at     string
		want   string
	}{
		{name: "good"},
		{name: "judged at once", at: "2026-11-22T10:00:00Z"},
		{name: "judged before it was made", at: "2026-11-22T09:59:59Z", want: "log_inclusion,"},

		{name: "no manifest", after: func(t *testing.T, f map[string][]byte) { delete(f, seal.PacketManifest) }, want: "manifest"},
		{name: "file missing", after: func(t *testing.T, f map[string][]byte) { delete(f, doc2) }, want: "manifest"},
		{name: "file added", after: func(t *testing.T, f map[string][]byte) { f["X.TXT"] = []byte("x") }, want: "manifest"},
		{name: "file changed", after: func(t *testing.T, f map[string][]byte) { f[seal.PacketReadme] = []byte("x") }, want: "manifest"},
		{name: "manifest with a line twice", after: func(t *testing.T, f map[string][]byte) {
			m := f[seal.PacketManifest]
			f[seal.PacketManifest] = append(m, m...)
		}, want: "manifest"},
		{name: "manifest with upper case", after: func(t *testing.T, f map[string][]byte) {
			f[seal.PacketManifest] = []byte(strings.ToUpper(string(f[seal.PacketManifest])))
		}, want: "manifest"},
		{name: "manifest that is none", after: func(t *testing.T, f map[string][]byte) { f[seal.PacketManifest] = []byte("hello\n") }, want: "manifest"},

		{name: "head missing", change: func(t *testing.T, f map[string][]byte) { delete(f, seal.PacketHead) }, want: "packet_form"},
		{name: "head of another log", change: func(t *testing.T, f map[string][]byte) {
			f[seal.PacketHead] = old(text(t, "packet-1.json"), "hospital.example", "other.example")
		}, want: "packet_form"},
		{name: "head laid out another way", change: func(t *testing.T, f map[string][]byte) { f[seal.PacketHead] = append(f[seal.PacketHead], '\n') }, want: "packet_form"},
		{name: "document missing", change: func(t *testing.T, f map[string][]byte) { delete(f, doc2) }, want: "packet_form"},
		{name: "document added", change: func(t *testing.T, f map[string][]byte) { f["IHE_XDM/SUBSET01/DOC00003.TXT"] = []byte("x") }, want: "packet_form"},
		{name: "page added", change: func(t *testing.T, f map[string][]byte) { f["VIEW/PL/DOC00001.HTM"] = []byte("x") }, want: "packet_form"},
		{name: "proof missing", change: func(t *testing.T, f map[string][]byte) { delete(f, proof+seal.ProofLog) }, want: "packet_form"},
		{name: "release missing", change: func(t *testing.T, f map[string][]byte) { delete(f, seal.PacketReleaseProof) }, want: "packet_form"},
		{name: "envelope missing", change: func(t *testing.T, f map[string][]byte) { delete(f, proof+seal.ProofEnvelope) }, want: "packet_form"},
		{name: "envelope not announced", change: func(t *testing.T, f map[string][]byte) {
			f[seal.PacketHead] = old(text(t, "packet-1.json"), `"envelope":true`, `"envelope":false`)
		}, want: "packet_form"},

		{name: "document flipped", change: func(t *testing.T, f map[string][]byte) { f[doc1] = flip(f[doc1], 0) }, want: "document_digest, document_digest"},
		{name: "documents swapped", change: func(t *testing.T, f map[string][]byte) { f[doc1], f[doc2] = f[doc2], f[doc1] }, want: "document_digest, document_digest, document_digest"},
		{name: "opening of another document", change: func(t *testing.T, f map[string][]byte) {
			f[proof+seal.ProofOpenings] = old(old2(text(t, "openings-1.json"), `"index":1,`, `"index":7,`), `"index":2,`, `"index":8,`)
		}, want: "commitment"},
		{name: "opening missing", change: func(t *testing.T, f map[string][]byte) { openings(t, f, 0, 1) }, want: "commitment"},
		{name: "opening of the envelope missing", change: func(t *testing.T, f map[string][]byte) { openings(t, f, 1, 2) }, want: "commitment"},
		{name: "opening flipped", change: func(t *testing.T, f map[string][]byte) {
			f[proof+seal.ProofOpenings] = old(text(t, "openings-1.json"), `"salt":"0`, `"salt":"1`)
		}, want: "commitment"},

		{name: "event of another log", change: func(t *testing.T, f map[string][]byte) { otherLog(t, f) }, want: "log_inclusion"},
		{name: "event changed", change: func(t *testing.T, f map[string][]byte) {
			f[proof+seal.ProofEvent] = old(text(t, "event-2-bundle.json"), `"label":"1`, `"label":"2`)
		}, want: "log_inclusion"},
		{name: "event of no bundle", change: func(t *testing.T, f map[string][]byte) {
			f[proof+seal.ProofEvent], f[proof+seal.ProofLog] = vector(t, "event-4-release.json"), releaseProof(t)
		}, want: "event"},
		{name: "proof of another event", change: func(t *testing.T, f map[string][]byte) { f[proof+seal.ProofLog] = releaseProof(t) }, want: "log_inclusion"},
		{name: "proof that is none", change: func(t *testing.T, f map[string][]byte) { f[proof+seal.ProofLog] = []byte("x") }, want: "log_inclusion"},

		{name: "release that is none", change: func(t *testing.T, f map[string][]byte) { f[seal.PacketReleaseProof] = []byte("{}") }, want: "log_inclusion"},
		{name: "release is a bundle's receipt", change: func(t *testing.T, f map[string][]byte) { f[seal.PacketReleaseProof] = vector(t, "receipt-1.json") }, want: "log_inclusion"},
		{name: "release with another opening", change: func(t *testing.T, f map[string][]byte) {
			f[seal.PacketReleaseProof] = old(text(t, "receipt-2.json"), `"salt":"`, `"salt":"0000`)
		}, want: "log_inclusion"},
		{name: "release with another digest", change: func(t *testing.T, f map[string][]byte) {
			r := must(seal.ParseReceipt(f[seal.PacketReleaseProof]))
			r.Opening.SHA256[0] ^= 1
			f[seal.PacketReleaseProof] = must(r.Marshal())
		}, want: "commitment"},
		{name: "release of another number", change: func(t *testing.T, f map[string][]byte) {
			f[seal.PacketHead] = old(text(t, "packet-1.json"), `"release":4`, `"release":2`)
		}, want: "log_inclusion"},

		{name: "envelope swapped", change: func(t *testing.T, f map[string][]byte) { f[proof+seal.ProofEnvelope] = otherEnvelope(t) }, want: "commitment"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := examplePacket(t)
			if tt.change != nil {
				tt.change(t, files)
			}
			files[seal.PacketManifest] = manifest(files)
			if tt.after != nil {
				tt.after(t, files)
			}
			at := day("2027-01-01")
			if tt.at != "" {
				at = must(time.Parse(time.RFC3339, tt.at))
			}
			r := examplePolicy(t).Packet(zipped(t, files), at)
			got := summary(r)
			if tt.name == "judged before it was made" {
				tt.want = "time indeterminate"
			}
			if got != tt.want || (r.Verdict == verify.Passed) != (got == "") {
				t.Errorf("%s: got %q, want %q: %+v", r.Verdict, got, tt.want, r.Checks)
			}
		})
	}
}

func old2(s, a, b string) string { return strings.Replace(s, a, b, 1) }

// openings keeps some of the openings.
func openings(t *testing.T, f map[string][]byte, keep ...int) {
	o := must(seal.ParseOpenings(vector(t, "openings-1.json")))
	var kept seal.Openings
	for _, i := range keep {
		kept.Openings = append(kept.Openings, o.Openings[i])
	}
	f["PROOF/B00001/OPENINGS.JSN"] = must(kept.Marshal())
}

func releaseProof(t *testing.T) []byte {
	return []byte(must(seal.ParseReceipt(vector(t, "receipt-2.json"))).Proof)
}

// otherLog proves the event in a log of another key.
func otherLog(t *testing.T, f map[string][]byte) {
	var leaves []seal.Digest
	for _, leaf := range exampleLeaves(t) {
		leaves = append(leaves, seal.LeafHash(leaf))
	}
	signer, _ := logKey(t, "stolen")
	signed := must(seal.Checkpoint{Origin: origin, Size: 6, Root: seal.TreeRoot(leaves)}.Sign(signer))
	f["PROOF/B00001/LOG.TXT"] = seal.Proof{Index: 2, Path: seal.TreePath(leaves, 2), Checkpoint: signed}.Marshal()
}

func otherEnvelope(t *testing.T) []byte {
	s := exampleStatement(t)
	s.Predicate.Documents[0].Title = "Inny tytuł"
	signer, _ := producer(t, "producer")
	return must(seal.Sign(s, signer, nil))
}

// A packet of a part of a bundle: no envelope, and no opening of what was left out.
func TestPacketPart(t *testing.T) {
	files := examplePacket(t)
	delete(files, "IHE_XDM/SUBSET01/DOC00002.TXT")
	delete(files, "PROOF/B00001/BUNDLE.JSN")
	head := must(seal.ParsePacket(files[seal.PacketHead]))
	head.Bundles[0].Envelope, head.Bundles[0].Documents, head.LeftOut = false, head.Bundles[0].Documents[:1], 1
	files[seal.PacketHead] = must(head.Marshal())
	openings(t, files, 1)
	release(t, files, func(r *seal.Release) { r.Documents, r.LeftOut = 1, 1 })
	judge := func() string {
		files[seal.PacketManifest] = manifest(files)
		return summary(examplePolicy(t).Packet(zipped(t, files), day("2027-01-01")))
	}
	if got := judge(); got != "" {
		t.Errorf("a part: %s", got)
	}
	openings(t, files, 1, 2)
	if got := judge(); got != "commitment" {
		t.Errorf("with the digest of a document that was not released: %s", got)
	}
	openings(t, files, 1)
	files["PROOF/B00001/BUNDLE.JSN"] = vector(t, "envelope-1.json")
	if got := judge(); got != "packet_form" {
		t.Errorf("with the envelope: %s", got)
	}
	head.Bundles[0].Envelope = true
	files[seal.PacketHead] = must(head.Marshal())
	openings(t, files, 0, 1)
	if got := judge(); got != "document_missing" {
		t.Errorf("with the envelope, announced: %s", got)
	}
}

// release makes the log's release and its register entry say something else, in a log of its own under the policy's key.
func release(t *testing.T, f map[string][]byte, change func(*seal.Release)) {
	r := must(seal.ParseReleaseEntry(vector(t, "release-1.json")))
	change(&r)
	entry, opening, root, err := r.Commit()
	if err != nil {
		t.Fatal(err)
	}
	leaves := exampleLeaves(t)
	edit(t, leaves, 4, func(e *seal.Event) {
		e.Release.Documents, e.Release.Bundles, e.Release.Commitment = r.Documents, len(r.Bundles), root
	})
	relog(t, f, leaves)
	receipt := must(seal.ParseReceipt(f[seal.PacketReleaseProof]))
	receipt.Opening = opening
	f[seal.PacketReleaseProof], f[seal.PacketRegister] = must(receipt.Marshal()), entry
}

func relog(t *testing.T, f map[string][]byte, leaves [][]byte) {
	var digests []seal.Digest
	for _, l := range leaves {
		digests = append(digests, seal.LeafHash(l))
	}
	signer, _ := logKey(t, "log")
	signed := must(seal.Checkpoint{Origin: origin, Size: int64(len(leaves)), Root: seal.TreeRoot(digests)}.Sign(signer))
	prove := func(i int) []byte {
		return seal.Proof{Index: seal.LeafIndex(i), Path: seal.TreePath(digests, i), Checkpoint: signed}.Marshal()
	}
	f["PROOF/B00001/EVENT.JSN"], f["PROOF/B00001/LOG.TXT"] = leaves[2], prove(2)
	receipt := must(seal.ParseReceipt(vector(t, "receipt-2.json")))
	receipt.Event, receipt.Proof = string(leaves[4]), string(prove(4))
	f[seal.PacketReleaseProof] = must(receipt.Marshal())
}

// A packet is of the bundles that its register entry names, and of no others.
func TestPacketOfAnotherRelease(t *testing.T) {
	for name, change := range map[string]func(*seal.Release){
		"another bundle": func(r *seal.Release) { r.Bundles[0][0] ^= 1 },
		"more bundles":   func(r *seal.Release) { r.Bundles = append(r.Bundles, r.Bundles[0]) },
		"more documents": func(r *seal.Release) { r.Documents++ },
		"other left out": func(r *seal.Release) { r.LeftOut++ },
	} {
		files := examplePacket(t)
		release(t, files, change)
		files[seal.PacketManifest] = manifest(files)
		if got := summary(examplePolicy(t).Packet(zipped(t, files), day("2027-01-01"))); got != "commitment" {
			t.Errorf("%s: %s", name, got)
		}
	}
	files := examplePacket(t)
	files[seal.PacketRegister] = bytes.Replace(files[seal.PacketRegister], []byte("Kowalska"), []byte("Nowacka"), 1)
	files[seal.PacketManifest] = manifest(files)
	if got := summary(examplePolicy(t).Packet(zipped(t, files), day("2027-01-01"))); got != "commitment" {
		t.Errorf("another requester: %s", got)
	}
}

// The same bundle twice in one packet is one bundle.
func TestPacketBundleTwice(t *testing.T) {
	files := examplePacket(t)
	head := must(seal.ParsePacket(files[seal.PacketHead]))
	second := head.Bundles[0]
	second.Folder, second.Documents = seal.PacketBundle(2), slices.Clone(second.Documents)
	for i := range second.Documents {
		second.Documents[i].Path = seal.PacketDocument(i+3, second.Documents[i].Name)
		files[second.Documents[i].Path] = vector(t, fmt.Sprintf("document-%d.txt", i+1))
	}
	head.Bundles = append(head.Bundles, second)
	files[seal.PacketHead] = must(head.Marshal())
	release(t, files, func(r *seal.Release) { r.Documents, r.Bundles = 4, append(r.Bundles, r.Bundles[0]) })
	for _, n := range []string{seal.ProofEvent, seal.ProofLog, seal.ProofOpenings, seal.ProofEnvelope} {
		files["PROOF/B00002/"+n] = files["PROOF/B00001/"+n]
	}
	files[seal.PacketManifest] = manifest(files)
	if got := summary(examplePolicy(t).Packet(zipped(t, files), day("2027-01-01"))); got != "packet_form" {
		t.Errorf("got %s", got)
	}
}

func TestPacketIsNone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.zip")
	if err := os.WriteFile(name, []byte("no zip at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := examplePolicy(t).Packet(name, day("2027-01-01")); r.Verdict != verify.Failed || summary(r) != container.CodeNotZip && summary(r) != container.CodeTruncated {
		t.Errorf("got %s: %s", r.Verdict, summary(r))
	}
}
