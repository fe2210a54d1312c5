package seal_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/hex"
	"os"
	"testing"

	"kartoteka/seal"
)

// The example's bundle is stamped with its night, the night again with a wave, and then its hash tree is renewed: what stands
// in evidence/, and the events beside the example's log.
const (
	nightLeaf, waveLeaf, rehashLeaf, rewaveLeaf = 6, 9, 11, 14
	exampleLogSize                              = 11
)

// evidence writes nights, waves, renewals and their events. Nobody stamped them: a token's digest is that of a name.
func (w *world) evidence() {
	checkpoint := string(w.files["checkpoint-2.txt"])
	bundle, err := seal.ParseEvent(w.events[bundleLeaf])
	w.fatal(err)
	n := seal.Night{Origin: exampleOrigin, From: 0, To: nightLeaf, Checkpoint: checkpoint, Order: []seal.LeafIndex{bundleLeaf, -1}}
	night := seal.NightEvent{File: sha256.Sum256(w.put("night-1.json", first(n.Marshal()), nil)), From: 0, To: nightLeaf, Bundles: 1}
	sum256, sum512 := sha256.Sum256([]byte(checkpoint)), sha512.Sum512([]byte(checkpoint))
	copy(night.SHA256[:], sortedSHA256(bundle.Bundle.Commitment.SHA256[:], sum256[:]))
	copy(night.SHA512[:], sortedSHA512(bundle.Bundle.Commitment.SHA512[:], sum512[:]))

	token := fixed("token of the night")
	wave := seal.Wave{Origin: exampleOrigin, Family: seal.FamilySHA256, Nights: []seal.WaveNight{{Night: nightLeaf, Leaf: token[:]}}}
	root := sha512.Sum512([]byte("the root over the bundle's renewed values"))
	rehash := seal.Rehash{Origin: exampleOrigin, Family: seal.FamilySHA256, Hash: seal.FamilySHA512, Size: exampleLogSize,
		Nights: []seal.LeafIndex{nightLeaf}, Bundles: []seal.RehashBundle{{Leaf: bundleLeaf, Root: root[:]}}}
	leaf := sha512.Sum512([]byte("token of the renewal"))
	rewave := seal.Wave{Origin: exampleOrigin, Family: seal.FamilySHA256, Hash: seal.FamilySHA512, Nights: []seal.WaveNight{{Night: rehashLeaf, Leaf: leaf[:]}}}
	before := seal.LeafIndex(waveLeaf)
	for name, e := range map[string]seal.Event{
		"event-night.json": {Kind: seal.KindNight, Night: &night},
		"event-wave.json": {Kind: seal.KindWave, Wave: &seal.WaveEvent{File: sha256.Sum256(w.put("wave-1.json", first(wave.Marshal()), nil)),
			Family: seal.FamilySHA256, Nights: 1, Root: hex.EncodeToString(token[:])}},
		"event-rehash.json": {Kind: seal.KindRehash, Rehash: &seal.RehashEvent{File: sha256.Sum256(w.put("rehash-1.json", first(rehash.Marshal()), nil)),
			Family: seal.FamilySHA256, Hash: seal.FamilySHA512, From: bundleLeaf, To: bundleLeaf + 1, Bundles: 1, Root: hex.EncodeToString(root[:])}},
		"event-rewave.json": {Kind: seal.KindWave, Wave: &seal.WaveEvent{File: sha256.Sum256(w.put("wave-2.json", first(rewave.Marshal()), nil)),
			Family: seal.FamilySHA256, Hash: seal.FamilySHA512, Nights: 1, Root: hex.EncodeToString(leaf[:]), Before: &before}},
		"event-time-stamp.json": {Kind: seal.KindTimeStamp, TimeStamp: &seal.StampEvent{Covers: rehashLeaf, Family: seal.FamilySHA256, TSA: "first",
			Token: fixed("token of the renewal"), Time: at("2042-01-15T01:00:00Z"), Until: at("2044-12-31T00:00:00Z")}},
	} {
		e.Accession, e.Time = accession("2042/01/15-0001"), at("2042-01-15T00:59:00Z")
		w.put(name, first(e.Marshal()), nil)
	}
	w.put("refresh-1.json", first(seal.Refresh{Origin: exampleOrigin, Records: []seal.RefreshRecord{
		{Event: bundleLeaf, Item: 1, Family: seal.FamilySHA512, Record: []byte{0x30, 0x00}}}}.Marshal()), nil)
}

// evidenceGood and evidenceReaders join those of the other formats.
func evidenceReaders() map[string]func([]byte) error {
	return map[string]func([]byte) error{
		"night":   func(b []byte) error { _, err := seal.ParseNight(b); return err },
		"wave":    func(b []byte) error { _, err := seal.ParseWave(b); return err },
		"rehash":  func(b []byte) error { _, err := seal.ParseRehash(b); return err },
		"refresh": func(b []byte) error { _, err := seal.ParseRefresh(b); return err },
		"event":   func(b []byte) error { _, err := seal.ParseEvent(b); return err },
	}
}

var evidenceGood = map[string][]string{
	"night": {"night-1.json"}, "wave": {"wave-1.json", "wave-2.json"}, "rehash": {"rehash-1.json"}, "refresh": {"refresh-1.json"},
	"event": {"event-night.json", "event-wave.json", "event-rehash.json", "event-rewave.json", "event-time-stamp.json"},
}

// evidenceFaults are refused.
var evidenceFaults = []change{
	{"order-without-checkpoint", "night", "night-1.json", `"order":[2,-1]`, `"order":[2]`, "an order without the checkpoint"},
	{"order-twice", "night", "night-1.json", `"order":[2,-1]`, `"order":[2,2,-1]`, "a bundle twice"},
	{"order-beyond", "night", "night-1.json", `"order":[2,-1]`, `"order":[6,-1]`, "an event outside the range"},
	{"own-hash", "wave", "wave-1.json", `"family":"sha256",`, `"family":"sha256","hash":"sha256",`, "the family's own hash written out"},
	{"leaf-of-another-hash", "wave", "wave-2.json", `"hash":"sha512",`, ``, "a leaf that is no hash of the chains"},
	{"night-zero", "wave", "wave-1.json", `"night":6`, `"night":0`, "a wave of event 0"},
	{"family", "rehash", "rehash-1.json", `"family":"sha256"`, `"family":"sha1"`, "a family that there is not"},
	{"hash", "rehash", "rehash-1.json", `"hash":"sha512"`, `"hash":"sha256"`, "roots that are no hash of the new function"},
	{"size", "rehash", "rehash-1.json", `"size":11`, `"size":6`, "a night that the log had not yet"},
	{"no-night", "rehash", "rehash-1.json", `"nights":[6]`, `"nights":[]`, "in the place of nothing"},
	{"nights-order", "rehash", "rehash-1.json", `"nights":[6]`, `"nights":[6,6]`, "a night twice"},
	{"bundle-beyond", "rehash", "rehash-1.json", `"leaf":2`, `"leaf":11`, "a bundle that the log had not yet"},
	{"no-line-feed", "rehash", "rehash-1.json", "]}\n", "]}", "no line feed at the end"},
	{"twice", "refresh", "refresh-1.json", `"records":[`, `"records":[{"event":2,"item":1,"family":"sha512","record":"MAA="},`, "a record twice"},
	{"empty", "refresh", "refresh-1.json", `"record":"MAA="`, `"record":""`, "no record"},
	{"item", "refresh", "refresh-1.json", `"item":1`, `"item":1025`, "an item that no bundle has"},
	{"rehash-root", "event", "event-rehash.json", `"hash":"sha512"`, `"hash":"sha256"`, "a root that is no hash of the new function"},
	{"rehash-range", "event", "event-rehash.json", `"from":2,"to":3`, `"from":3,"to":3`, "no event in the range"},
	{"rehash-none", "event", "event-rehash.json", `"bundles":1`, `"bundles":0`, "a renewal of no bundle"},
	{"wave-own-hash", "event", "event-wave.json", `"family":"sha256",`, `"family":"sha256","hash":"sha256",`, "the family's own hash written out"},
	{"wave-root", "event", "event-rewave.json", `"hash":"sha512",`, ``, "a root that is no hash of the chains"},
	{"stamp-until", "event", "event-time-stamp.json", `"until":"2044`, `"until":"2041`, "a certificate that ended before"},
}

func TestEvidenceFilesRead(t *testing.T) {
	read := evidenceReaders()
	for format, names := range evidenceGood {
		for _, name := range names {
			data := vector(t, name)
			if err := read[format](data); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for n := range data {
				if read[format](data[:n]) == nil {
					t.Fatalf("%s cut to %d bytes of %d is accepted", name, n, len(data))
				}
			}
		}
	}
	for _, c := range evidenceFaults {
		data := vector(t, c.base)
		if !bytes.Contains(data, []byte(c.old)) {
			t.Errorf("%s-%s: %s has no %q", c.format, c.name, c.base, c.old)
		}
		if read[c.format](bytes.Replace(data, []byte(c.old), []byte(c.new), 1)) == nil {
			t.Errorf("%s-%s is accepted: %s", c.format, c.name, c.why)
		}
	}
}

// The root over renewed values is what the RFC's text gives: H'( H'(document) ‖ H'(archiveTimeStampSequence) ), unsorted, and
// above it the tree of sorted pairs. The sequence is cut out of the record by another reader of DER.
func TestRenewedRoot(t *testing.T) {
	var records []*seal.EvidenceRecord
	var hs, values [][]byte
	for _, name := range []string{"fresh", "renewed", "promoted-twice"} {
		data, err := os.ReadFile("../verify/testdata/ers/" + name + ".ers")
		if err != nil {
			t.Fatal(err)
		}
		r, err := seal.ParseEvidenceRecord(data)
		if err != nil {
			t.Fatal(err)
		}
		var parts struct {
			Version              int
			Algorithms, Sequence asn1.RawValue
		}
		if _, err := asn1.Unmarshal(data, &parts); err != nil {
			t.Fatal(err)
		}
		h, s := sha512.Sum512([]byte(name)), sha512.Sum512(parts.Sequence.FullBytes)
		v := sha512.Sum512(append(h[:], s[:]...))
		records, hs, values = append(records, r), append(hs, h[:]), append(values, v[:])
	}
	want := sortedSHA512(sortedSHA512(values[0], values[1]), values[2])
	if got, _, err := seal.RenewedRoot(crypto.SHA512, hs, records); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%x, %v; want %x", got, err, want)
	}
	if _, _, err := seal.RenewedRoot(crypto.SHA512, hs[:2], records); err == nil {
		t.Error("two digests for three records")
	}
}

func FuzzParseNight(f *testing.F) {
	f.Add(vector(f, "night-1.json"))
	canonical(f, seal.ParseNight, seal.Night.Marshal)
}

func FuzzParseWave(f *testing.F) {
	f.Add(vector(f, "wave-1.json"))
	f.Add(vector(f, "wave-2.json"))
	canonical(f, seal.ParseWave, seal.Wave.Marshal)
}

func FuzzParseRehash(f *testing.F) {
	f.Add(vector(f, "rehash-1.json"))
	canonical(f, seal.ParseRehash, seal.Rehash.Marshal)
}

func FuzzParseRefresh(f *testing.F) {
	f.Add(vector(f, "refresh-1.json"))
	canonical(f, seal.ParseRefresh, seal.Refresh.Marshal)
}
