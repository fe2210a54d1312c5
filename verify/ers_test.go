package verify_test

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"kartoteka/seal"
	"kartoteka/verify"
)

// Its SHA-512 is greater than that of the chains it is rehashed with here: the two ways of joining them differ.
var ersText = []byte("Karta informacyjna nr 4\nRozpoznanie: obserwacja bez zmian.\n")

// Every leaf of every tree has a record that is read as it was written and passes, and passes for nothing else.
func TestEvidenceRecordOfEveryLeaf(t *testing.T) {
	p := ersPolicy()
	check := func(l ersLeaf) {
		e := l.fresh()
		data := must(e.Marshal())
		if again := must(must(seal.ParseEvidenceRecord(data)).Marshal()); !bytes.Equal(again, data) {
			t.Fatalf("leaf %d of %d: read and written again it is another record", l.i, l.n)
		}
		r, sum := p.EvidenceRecord(data, document(l.document), ersTime(1))
		if r.Verdict != verify.Passed {
			t.Fatalf("leaf %d of %d: %+v", l.i, l.n, r.Checks)
		}
		for _, reader := range sum.Readers {
			if !reader.Accepts {
				t.Fatalf("leaf %d of %d: %+v", l.i, l.n, reader)
			}
		}
		if r, _ := p.EvidenceRecord(data, document([]byte("another")), ersTime(1)); faults(r) != "[evidence_document]" {
			t.Fatalf("leaf %d of %d, of another document: %+v", l.i, l.n, r.Checks)
		}
	}
	for n := 1; n <= 33; n++ {
		for i := range n {
			check(ersLeaf{crypto.SHA256, ersText, n, i})
		}
	}
	for range 8 {
		n := 34 + rand.IntN(967)
		for range 5 {
			check(ersLeaf{crypto.SHA512, ersText, n, rand.IntN(n)})
		}
	}
}

// A record without lists of siblings, renewed and rehashed; all readers take each.
func TestEvidenceRecordRenewed(t *testing.T) {
	e := ersLeaf{crypto.SHA256, ersText, 7, 6}.fresh()
	e1 := renewed(e, crypto.SHA256, 1)
	e2 := renewed(e1, crypto.SHA256, 2)
	e3 := rehashed(e2, ersText, crypto.SHA512, false, 3)
	for i, r := range []*seal.EvidenceRecord{e, e1, e2, e3} {
		report, sum := judged(t, must(r.Marshal()), ersText, ersTime(i).AddDate(1, 0, 0))
		if report.Verdict != verify.Passed {
			t.Errorf("renewed %d times: %+v", i, report.Checks)
		}
		for _, reader := range sum.Readers {
			if !reader.Accepts {
				t.Errorf("renewed %d times: %+v", i, reader)
			}
		}
		last := sum.Chains[len(sum.Chains)-1].Stamps
		if got := last[len(last)-1]; got.TSA != fmt.Sprintf("Test TSA %d", i+1) || !got.Time.Equal(ersTime(i)) || !got.Judged.Equal(ersTime(i).AddDate(1, 0, 0)) {
			t.Errorf("renewed %d times: last stamp %+v", i, got)
		}
	}
	if _, sum := judged(t, must(e3.Marshal()), ersText, ersTime(4)); len(sum.Chains) != 2 || sum.Chains[1].Algorithm != "SHA-512" || !sum.Chains[0].Stamps[2].Judged.Equal(ersTime(3)) {
		t.Errorf("%+v", sum)
	}
}

// Every bit of a record counts, but for what the token's signature does not cover and nothing else leads to: where it is
// still the last token. Once it is renewed, every bit of it counts too.
func TestEvidenceRecordFlippedBits(t *testing.T) {
	e := ersLeaf{crypto.SHA256, ersText, 5, 2}.fresh()
	for name, tt := range map[string]struct {
		record *seal.EvidenceRecord
		at     int
	}{"fresh": {e, 1}, "renewed": {renewed(e, crypto.SHA256, 1), 2}, "rehashed": {rehashed(e, ersText, crypto.SHA512, false, 1), 2}} {
		data := must(tt.record.Marshal())
		last := tt.record.Chains[len(tt.record.Chains)-1].Stamps
		token := last[len(last)-1].Token
		free := freeBytes(t, data, token, tt.at-1)
		var passed []int
		stride := 3
		if name == "fresh" {
			stride = 1
		}
		for at := 0; at < len(data); at += stride {
			bad := bytes.Clone(data)
			bad[at] ^= 1 << (at % 8)
			if r, _ := judged(t, bad, ersText, ersTime(tt.at)); r.Verdict == verify.Passed && !free(at) {
				passed = append(passed, at)
			}
		}
		if len(passed) > 0 {
			t.Errorf("%s, %d bytes: passed with a flipped bit at %v; the last token begins at %d", name, len(data), passed, bytes.Index(data, token))
		}
	}
}

// freeBytes are those nothing binds: the record's list of algorithms; in the last token the digestAlgorithms of
// SignedData, the authority's own root, which the policy brings, and the revocation list, whose absence is a note.
func freeBytes(t *testing.T, data, token []byte, tsa int) func(at int) bool {
	start := bytes.Index(data, token)
	root := bytes.Index(token, ersTSAs()[tsa].Root.Raw)
	cert := bytes.Index(token, ersTSAs()[tsa].Cert.Raw)
	signers := bytes.LastIndex(token, []byte{2, 1, 1, 0x30}) // SignerInfo's version and sid
	if start < 0 || root < 0 || cert < 0 || signers < 0 {
		t.Fatal("the token is not laid out as it was")
	}
	revocations := max(root+len(ersTSAs()[tsa].Root.Raw), cert+len(ersTSAs()[tsa].Cert.Raw))
	algorithms := bytes.Index(data, []byte{0xa0, 11}) // [0] of the first time-stamp
	return func(at int) bool {
		in := at - start
		return at > 5 && at < algorithms || in >= root && in < root+len(ersTSAs()[tsa].Root.Raw) ||
			in >= revocations && in < signers || in >= 26 && in < 43
	}
}

func TestEvidenceDocument(t *testing.T) {
	data := must(ersLeaf{crypto.SHA256, ersText, 3, 1}.fresh().Marshal())
	p := ersPolicy()
	if r, _ := p.EvidenceRecord(data, verify.DocumentDigests{crypto.SHA256: sumOf(crypto.SHA256, ersText)}, ersTime(1)); r.Verdict != verify.Passed {
		t.Errorf("by its digest: %+v", r.Checks)
	}
	if r, sum := p.EvidenceRecord(data, verify.DocumentDigests{crypto.SHA512: sumOf(crypto.SHA512, ersText)}, ersTime(1)); r.Verdict != verify.Indeterminate || sum.Readers[0].Accepts {
		t.Errorf("without the digest: %+v", r.Checks)
	}
	broken := verify.OpenDocument(func() (io.ReadCloser, error) { return nil, errors.New("no such file") })
	if r, _ := p.EvidenceRecord(data, broken, ersTime(1)); r.Verdict != verify.Indeterminate || !strings.Contains(r.Checks[len(r.Checks)-1].Detail, "no such file") {
		t.Errorf("not readable: %+v", r.Checks)
	}
	if r, _ := (&verify.Policy{}).EvidenceRecord(data, document(ersText), ersTime(1)); r.Verdict != verify.Indeterminate {
		t.Errorf("without anchors: %+v", r.Checks)
	}
}

// The inner nodes of a tree, as documents: h and r, two siblings, the hashes of three tokens, a digest and that of the
// chains before. A record for each can be cut out of an honest one, and must not pass.
func TestEvidenceNodesAsDocuments(t *testing.T) {
	l := ersLeaf{crypto.SHA256, ersText, 4, 1}
	honest := l.fresh()
	stamp := honest.Chains[0].Stamps[0]
	leaf := seal.BlindedLeaf(l.hash.New, l.opening().Digest, l.opening().Blind)
	sorted := func(a, b []byte) []byte {
		if bytes.Compare(a, b) > 0 {
			a, b = b, a
		}
		return append(bytes.Clone(a), b...)
	}
	for from, fake := range map[int][]byte{1: sorted(l.opening().Digest, l.opening().Blind), 2: sorted(leaf, stamp.Lists[2][0])} {
		cut := stamp
		cut.Lists = append([][][]byte{{sumOf(l.hash, fake)}}, stamp.Lists[from+1:]...)
		record := must((&seal.EvidenceRecord{Algorithms: honest.Algorithms, Chains: []seal.EvidenceChain{{Stamps: []seal.ArchiveTimeStamp{cut}}}}).Marshal())
		if r, _ := judged(t, record, fake, ersTime(1)); faults(r) != "[evidence_node]" {
			t.Errorf("node %d as a document: %+v", from, r.Checks)
		}
		// The cut record itself is sound: a verifier that does not look at the document takes it.
		if r, _ := ersPolicy().EvidenceRecord(record, verify.DocumentDigests{l.hash: sumOf(l.hash, fake)}, ersTime(1)); r.Verdict != verify.Passed {
			t.Errorf("node %d by its digest: %+v", from, r.Checks)
		}
	}
	for name, tt := range map[string]struct {
		document []byte
		made     bool
	}{
		"two, descending":         {append(bytes.Repeat([]byte{0xfe}, 32), make([]byte, 32)...), true}, // as a renewed tree joins them
		"three, ascending":        {slicesOf(1, 0x90, 0xfe), true},
		"three, descending":       {slicesOf(0xfe, 0x90, 1), false},
		"one":                     {slicesOf(0xfe), false},
		"text of 64 bytes":        {[]byte(strings.Repeat("Karta informacyjna nr 1: zdrowy\n", 2)), false},
		"bytes of another length": {append(slicesOf(1, 0xfe), 0xff), false},
	} {
		l := ersLeaf{crypto.SHA256, tt.document, 4, 1}
		if r, _ := judged(t, must(l.fresh().Marshal()), tt.document, ersTime(1)); (faults(r) == "[evidence_node]") != tt.made {
			t.Errorf("%s: %+v", name, r.Checks)
		}
	}
}

func slicesOf(first ...byte) (data []byte) {
	for _, b := range first {
		data = append(data, bytes.Repeat([]byte{b}, 32)...)
	}
	return data
}

func FuzzEvidenceRecord(f *testing.F) {
	e := ersLeaf{crypto.SHA256, ersText, 5, 2}.fresh()
	for _, r := range []*seal.EvidenceRecord{e, renewed(e, crypto.SHA256, 1), rehashed(e, ersText, crypto.SHA512, true, 1)} {
		f.Add(must(r.Marshal()), ersText)
	}
	f.Add(must(ersLeaf{crypto.SHA256, slicesOf(1, 0xfe), 3, 2}.fresh().Marshal()), slicesOf(1, 0xfe))
	p := ersPolicy()
	f.Fuzz(func(t *testing.T, record, data []byte) {
		r, sum := p.EvidenceRecord(record, document(data), ersTime(2))
		for _, c := range r.Checks {
			if c.Code == "" || c.Verdict != verify.Passed && c.Detail == "" {
				t.Errorf("check %+v", c)
			}
		}
		if r.Verdict == verify.Passed && !bytes.Equal(data, ersText) {
			t.Errorf("passes for %q: %+v", data, sum)
		}
	})
}
