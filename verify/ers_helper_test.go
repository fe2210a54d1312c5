package verify_test

import (
	"bytes"
	"crypto"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"kartoteka/seal"
	"kartoteka/seal/erstest"
	"kartoteka/verify"
)

// Four authorities, each of whose certificates ends after the next one's began: a record can be renewed in the years
// that two have in common.
var ersTSAs = sync.OnceValue(func() (list []*erstest.TSA) {
	for i, from := range []string{"2026-01-01", "2029-01-01", "2032-01-01", "2035-01-01"} {
		list = append(list, erstest.New(fmt.Sprintf("Test TSA %d", i+1), day(from), day(from).AddDate(5, 0, 0)))
	}
	return list
})

func ersPolicy() *verify.Policy {
	p := &verify.Policy{}
	for _, a := range ersTSAs() {
		p.TSAs = append(p.TSAs, verify.Anchor{Name: a.Cert.Subject.CommonName, Chain: a.Chain()})
	}
	return p
}

func sumOf(h crypto.Hash, parts ...[]byte) []byte {
	s := h.New()
	s.Write(bytes.Join(parts, nil))
	return s.Sum(nil)
}

// ersLeaf is one leaf of a tree of n, which the document stands behind.
type ersLeaf struct {
	hash     crypto.Hash
	document []byte
	n, i     int
}

func (l ersLeaf) opening() seal.EvidenceOpening {
	return seal.EvidenceOpening{Digest: sumOf(l.hash, l.document), Blind: sumOf(l.hash, []byte("blind"), l.document)}
}

// tree is the night's: all leaves but i are neighbours'.
func (l ersLeaf) tree() *seal.EvidenceTree {
	var leaves [][]byte
	for k := range l.n {
		leaves = append(leaves, sumOf(l.hash, fmt.Appendf(nil, "neighbour %d of %d", k, l.n)))
	}
	leaves[l.i] = seal.BlindedLeaf(l.hash.New, l.opening().Digest, l.opening().Blind)
	return must(seal.NewEvidenceTree(l.hash.New, leaves))
}

// fresh is the record of the night of 21 November 2026.
func (l ersLeaf) fresh() *seal.EvidenceRecord {
	tree := l.tree()
	token := ersTSAs()[0].Token(l.hash, tree.Root(), ersTime(0))
	return must(seal.NewEvidenceRecord(l.hash, l.opening(), must(tree.Path(l.i)), token))
}

// ersTime is when authority number i stamps.
func ersTime(i int) time.Time { return day("2026-11-21").AddDate(3*i, 0, 0).Add(22 * time.Hour) }

// wave gives the path of value through a tree of three, and the token over it.
func wave(h crypto.Hash, value []byte, tsa int) (path [][]byte, token []byte) {
	tree := must(seal.NewEvidenceTree(h.New, [][]byte{sumOf(h, []byte("a night")), value, sumOf(h, []byte("another"))}))
	return must(tree.Path(1)), ersTSAs()[tsa].Token(h, tree.Root(), ersTime(tsa))
}

// renewed renews the last chain with authority tsa.
func renewed(e *seal.EvidenceRecord, h crypto.Hash, tsa int) *seal.EvidenceRecord {
	path, token := wave(h, must(e.RenewalLeaf()), tsa)
	return must(e.RenewStamp(path, token))
}

// rehashed begins a chain with another hash.
func rehashed(e *seal.EvidenceRecord, document []byte, h crypto.Hash, sorted bool, tsa int) *seal.EvidenceRecord {
	digest := sumOf(h, document)
	path, token := wave(h, e.RenewedHash(h, digest, sorted), tsa)
	return must(e.RenewTree(h, digest, sorted, path, token))
}

func document(data []byte) verify.EvidenceDocument {
	return verify.OpenDocument(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
}

func judged(t testing.TB, record, data []byte, at time.Time) (*verify.Report, verify.EvidenceSummary) {
	t.Helper()
	return ersPolicy().EvidenceRecord(record, document(data), at)
}

// faults are the codes of a report's checks that did not pass.
func faults(r *verify.Report) string {
	var codes []verify.Code
	for _, c := range r.Checks {
		if c.Verdict != verify.Passed {
			codes = append(codes, c.Code)
		}
	}
	return fmt.Sprint(codes)
}

// strangerTSA is an authority that no policy names.
func strangerTSA() *erstest.TSA {
	return erstest.New("Stranger", day("2026-01-01"), day("2031-01-01"))
}
