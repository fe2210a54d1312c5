package verify

import (
	"bytes"
	"crypto"
	"hash"
	"io"
	"slices"
	"unicode/utf8"
)

// EvidenceDocument is the document a record is judged for.
type EvidenceDocument interface {
	// Digests reads the document once. A digest that cannot be had is left out.
	Digests(hashes []crypto.Hash) (map[crypto.Hash][]byte, error)
	// Small gives a document of at most max bytes; nil where it is longer, or where only its digests are known.
	Small(max int) ([]byte, error)
}

// OpenDocument opens the document's bytes; it is called twice, and may be called at the same time.
type OpenDocument func() (io.ReadCloser, error)

// Digests streams the document.
func (open OpenDocument) Digests(hashes []crypto.Hash) (map[crypto.Hash][]byte, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	states, writers := map[crypto.Hash]hash.Hash{}, []io.Writer{}
	for _, h := range hashes {
		if h.Available() && states[h] == nil {
			states[h] = h.New()
			writers = append(writers, states[h])
		}
	}
	if _, err := io.Copy(io.MultiWriter(writers...), r); err != nil {
		return nil, err
	}
	digests := map[crypto.Hash][]byte{}
	for h, state := range states {
		digests[h] = state.Sum(nil)
	}
	return digests, nil
}

// Small reads a short document.
func (open OpenDocument) Small(max int) ([]byte, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, int64(max)+1))
	if err != nil || len(data) > max {
		return nil, err
	}
	return data, nil
}

// DocumentDigests are digests of a document that is not at hand, from a capsule that was checked: whoever takes them
// from elsewhere is not warned of a document that is made of hashes.
type DocumentDigests map[crypto.Hash][]byte

// Digests gives all of them.
func (d DocumentDigests) Digests([]crypto.Hash) (map[crypto.Hash][]byte, error) { return d, nil }

// Small gives nothing.
func (d DocumentDigests) Small(int) ([]byte, error) { return nil, nil }

// maxNode is the longest inner node that is looked for, in bytes.
const maxNode = 1 << 20

// document digests the document, and refuses one that is made of hashes.
func (j *evidenceJudge) document(doc EvidenceDocument) bool {
	var hashes []crypto.Hash
	for c := range j.record.Chains {
		hashes = append(hashes, j.hash(c))
	}
	small, err := doc.Small(maxNode)
	if err == nil {
		j.digests, err = doc.Digests(hashes)
	}
	if err != nil {
		return j.report.Result(CodeEvidenceDocument, "document", indeterminate(CodeEvidenceDocument, "the document cannot be read: %w", err))
	}
	if first := j.hash(0); first.Available() && joinsHashes(small, first.Size()) {
		return j.report.Result(CodeEvidenceNode, "document", failed(CodeEvidenceNode,
			"the document is %d hashes of %v in a row, as an inner node of a tree is: records of such bytes prove nothing", len(small)/first.Size(), first))
	}
	return true
}

// joinsHashes says whether data could be what a node of a tree is the hash of: RFC 4998 has no domain separation, and a
// record that begins one level up would prove that "document". The hashes stand in ascending order, but for the two that
// the renewal of a hash tree joins unsorted (§5.2 step 4). Text is none: that hashes spell UTF-8 does not happen.
func joinsHashes(data []byte, size int) bool {
	if len(data) < 2*size || len(data)%size != 0 || utf8.Valid(data) {
		return false
	}
	chunks := slices.Collect(slices.Chunk(data, size))
	return len(chunks) == 2 || slices.IsSortedFunc(chunks, bytes.Compare)
}
