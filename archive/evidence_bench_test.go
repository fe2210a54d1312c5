package archive_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"testing"

	"kartoteka/archive/stamper/stampertest"
	"kartoteka/seal"
)

// A big hospital's night, and thirty years of nights.
const (
	benchBundles = 40_000 // of 100,000 documents
	benchNights  = 11_000
)

// BenchmarkNight measures what evidence costs, with made-up bundles: the trees of a night of 100,000 documents, a record of
// one of them, the renewal of 11,000 nights with one token, and the renewal of hash trees for 1,000 bundles.
func BenchmarkNight(b *testing.B) {
	capsule := benchCapsule(b)
	own, _, err := capsule.Commit()
	if err != nil {
		b.Fatal(err)
	}
	night, commitments := benchNight(own)
	tsa := stampertest.New(b, stampertest.Options{})
	trees := map[seal.Family]*seal.EvidenceTree{}
	b.Run("gather", func(b *testing.B) {
		var size int
		for b.Loop() {
			for _, f := range seal.Families() {
				if trees[f], err = night.Tree(f, func(i seal.LeafIndex) (seal.Commitment, error) { return commitments[i], nil }); err != nil {
					b.Fatal(err)
				}
			}
			data, err := night.Marshal()
			if err != nil {
				b.Fatal(err)
			}
			size = len(data)
		}
		b.ReportMetric(float64(size), "file-bytes")
		b.ReportMetric(float64(len(seal.Families())), "TSA-calls")
	})
	token := benchToken(b, tsa, crypto.SHA256, trees[seal.FamilySHA256].Root())
	b.Run("record", func(b *testing.B) {
		var size int
		for b.Loop() {
			size = len(benchMarshal(b, benchRecord(b, capsule, trees[seal.FamilySHA256], token)))
		}
		b.ReportMetric(float64(size), "record-bytes")
		b.ReportMetric(float64(len(token)), "token-bytes")
	})
	record := benchRecord(b, capsule, trees[seal.FamilySHA256], token)
	b.Run("wave", func(b *testing.B) { benchWave(b, record) })
	b.Run("rehash", func(b *testing.B) { benchRehash(b, capsule, record) })
}

func benchCapsule(b *testing.B) (c seal.Capsule) {
	b.Helper()
	c.Bundle = "4f1c9a52-6d1b-4a39-9f40-0d5a8a1c7e01"
	for i := range 4 {
		data := bytes.Repeat([]byte{byte(i)}, 100)
		it := seal.CapsuleItem{Role: seal.RoleDocument, Size: 100, SHA256: sha256.Sum256(data), SHA512: sha512.Sum512(data), Seed: seal.NewSeed()}
		if i == 0 {
			it.Role = seal.RoleEnvelope
		}
		c.Items = append(c.Items, it)
	}
	return c
}

func benchNight(own seal.Commitment) (n seal.Night, commitments []seal.Commitment) {
	n = seal.Night{Origin: "bench.example/1", To: benchBundles, Checkpoint: "checkpoint", Order: []seal.LeafIndex{-1}}
	for i := range benchBundles {
		c := own
		if i > 0 {
			rand.Read(c.SHA256[:])
			rand.Read(c.SHA512[:])
		}
		commitments = append(commitments, c)
		n.Order = append(n.Order, seal.LeafIndex(i))
	}
	return n, commitments
}

func benchToken(b *testing.B, tsa *stampertest.TSA, hash crypto.Hash, imprint []byte) []byte {
	b.Helper()
	token, err := tsa.Token(hash, imprint)
	if err == nil {
		token, err = seal.NormalizeStamp(token)
	}
	if err != nil {
		b.Fatal(err)
	}
	return token
}

func benchRecord(b *testing.B, c seal.Capsule, tree *seal.EvidenceTree, token []byte) *seal.EvidenceRecord {
	b.Helper()
	path, err := tree.Path(1)
	if err != nil {
		b.Fatal(err)
	}
	o, err := c.Evidence(crypto.SHA256, 1)
	if err != nil {
		b.Fatal(err)
	}
	r, err := seal.NewEvidenceRecord(crypto.SHA256, o, path, token)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func benchMarshal(b *testing.B, r *seal.EvidenceRecord) []byte {
	b.Helper()
	data, err := r.Marshal()
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// benchWave hashes every night's token, builds the tree and writes the file.
func benchWave(b *testing.B, record *seal.EvidenceRecord) {
	size := 0
	for b.Loop() {
		w := seal.Wave{Origin: "bench.example/1", Family: seal.FamilySHA256}
		for n := range benchNights {
			leaf, err := record.RenewalLeaf()
			if err != nil {
				b.Fatal(err)
			}
			w.Nights = append(w.Nights, seal.WaveNight{Night: seal.LeafIndex(n + 1), Leaf: leaf})
		}
		if _, err := w.Tree(); err != nil {
			b.Fatal(err)
		}
		data, err := w.Marshal()
		if err != nil {
			b.Fatal(err)
		}
		size = len(data)
	}
	b.ReportMetric(float64(size), "file-bytes")
	b.ReportMetric(1, "TSA-calls")
}

// benchRehash computes the roots of 1,000 bundles of three documents, without the opening of their capsules.
func benchRehash(b *testing.B, c seal.Capsule, record *seal.EvidenceRecord) {
	hs, err := c.Digests(crypto.SHA512)
	if err != nil {
		b.Fatal(err)
	}
	size := 0
	for b.Loop() {
		r := seal.Rehash{Origin: "bench.example/1", Family: seal.FamilySHA256, Hash: seal.FamilySHA512, Size: 2000, Nights: []seal.LeafIndex{1500}}
		for n := range 1000 {
			root, _, err := seal.RenewedRoot(crypto.SHA512, hs, []*seal.EvidenceRecord{record, record, record, record})
			if err != nil {
				b.Fatal(err)
			}
			r.Bundles = append(r.Bundles, seal.RehashBundle{Leaf: seal.LeafIndex(n), Root: root})
		}
		data, err := r.Marshal()
		if err != nil {
			b.Fatal(err)
		}
		size = len(data)
	}
	b.ReportMetric(float64(size), "file-bytes")
	b.ReportMetric(1, "TSA-calls")
}
