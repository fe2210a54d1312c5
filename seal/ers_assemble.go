package seal

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"
)

// EvidenceOpening is what a capsule knows of one document's leaf in a bundle's tree.
type EvidenceOpening struct {
	Digest []byte   // h: of the document
	Blind  []byte   // r
	Path   [][]byte // to the bundle's root
}

// Evidence opens item's leaf in the tree of hash, SHA-256 or SHA-512.
func (c Capsule) Evidence(hash crypto.Hash, item int) (o EvidenceOpening, err error) {
	if item < 0 || item >= len(c.Items) {
		return o, fmt.Errorf("the capsule has no item %d", item)
	}
	var leaves [][]byte
	for i, it := range c.Items {
		h, r := it.SHA256[:], []byte(nil)
		switch hash {
		case crypto.SHA256:
			r = it.Seed.derive(useEvidence256, hash.Size())
		case crypto.SHA512:
			h, r = it.SHA512[:], it.Seed.derive(useEvidence512, hash.Size())
		default:
			return o, errors.New("a bundle has evidence trees of SHA-256 and SHA-512 only")
		}
		if i == item {
			o.Digest, o.Blind = bytes.Clone(h), r
		}
		leaves = append(leaves, BlindedLeaf(hash.New, h, r))
	}
	o.Path, err = EvidencePath(hash.New, leaves, item)
	return o, err
}

// NewEvidenceRecord assembles a document's record of one night: [h] [r], then one list for every sibling on the way to
// the bundle's root and from there to the night's, which token stamps. Verifiers agree on lists of one sibling only.
func NewEvidenceRecord(hash crypto.Hash, o EvidenceOpening, night [][]byte, token []byte) (*EvidenceRecord, error) {
	path := slices.Concat([][]byte{o.Blind}, o.Path, night)
	return (&EvidenceRecord{}).with(true, hash, [][]byte{o.Digest}, path, token)
}

// RenewalLeaf is what a night puts into the tree of a wave of renewals: the hash over the sorted hashes of all tokens of
// its last chain so far, one alone as it is.
func (e *EvidenceRecord) RenewalLeaf() ([]byte, error) {
	hash, hs, err := e.lastTokens()
	if err != nil {
		return nil, err
	}
	return groupHash(hash, hs), nil
}

// RenewStamp adds a time-stamp to the last chain, over the wave whose tree path leads from [EvidenceRecord.RenewalLeaf].
// RFC 4998 §5.2 asks for the hash of the last token; BouncyCastle looks for those of all earlier ones.
func (e *EvidenceRecord) RenewStamp(path [][]byte, token []byte) (*EvidenceRecord, error) {
	hash, hs, err := e.lastTokens()
	if err != nil {
		return nil, err
	}
	return e.with(false, hash, hs, path, token)
}

// RenewTree begins a chain with another hash: h is the document's digest with it, path leads from
// [EvidenceRecord.RenewedHash], of the same sorted, to what token stamps. Sorted is erratum 7411's form, which EU DSS
// and BouncyCastle refuse.
func (e *EvidenceRecord) RenewTree(hash crypto.Hash, h []byte, sorted bool, path [][]byte, token []byte) (*EvidenceRecord, error) {
	if len(e.Chains) == 0 {
		return nil, errors.New("evidence record: has nothing to renew")
	}
	return e.with(true, hash, [][]byte{e.RenewedHash(hash, h, sorted)}, path, token)
}

func (e *EvidenceRecord) lastTokens() (crypto.Hash, [][]byte, error) {
	if len(e.Chains) == 0 {
		return 0, nil, errors.New("evidence record: has nothing to renew")
	}
	last := e.Chains[len(e.Chains)-1]
	hash, err := last.Stamps[0].Hash()
	if err != nil || !hash.Available() {
		return 0, nil, errors.Join(errors.New("evidence record: its hash is not known here"), err)
	}
	hs := last.TokenHashes(hash)
	slices.SortFunc(hs, bytes.Compare)
	return hash, hs, nil
}

// with is the record and one time-stamp more, in a chain of its own or in the last one. The token must stamp what the
// lists lead to: a record that nobody can use is not made.
func (e *EvidenceRecord) with(chain bool, hash crypto.Hash, first, path [][]byte, token []byte) (*EvidenceRecord, error) {
	a, err := newArchiveTimeStamp(hash, first, path, token)
	if err != nil {
		return nil, fmt.Errorf("evidence record: %w", err)
	}
	if err := e.follows(token); err != nil {
		return nil, fmt.Errorf("evidence record: %w", err)
	}
	c := *e
	c.Algorithms, c.Chains = slices.Clone(e.Algorithms), slices.Clone(e.Chains)
	if chain {
		c.Chains = append(c.Chains, EvidenceChain{})
	}
	last := &c.Chains[len(c.Chains)-1]
	last.Stamps = append(slices.Clone(last.Stamps), a)
	if !slices.ContainsFunc(c.Algorithms, func(d DigestAlgorithm) bool { return d.Hash == hash }) {
		c.Algorithms = append(c.Algorithms, *a.Algorithm)
	}
	return &c, nil
}

// follows wants the token to be later than the last one: ErVerifyTool refuses equal times.
func (e *EvidenceRecord) follows(token []byte) error {
	if len(e.Chains) == 0 {
		return nil
	}
	stamps := e.Chains[len(e.Chains)-1].Stamps
	before, err := PeekToken(stamps[len(stamps)-1].Token)
	if err != nil {
		return err
	}
	if t, err := PeekToken(token); err != nil || !t.Time.After(before.Time) {
		return errors.Join(errors.New("the token is not later than the one before it"), err)
	}
	return nil
}

func newArchiveTimeStamp(hash crypto.Hash, first, path [][]byte, token []byte) (a ArchiveTimeStamp, err error) {
	alg, err := newDigestAlgorithm(hash)
	if err != nil {
		return a, err
	}
	t, err := PeekToken(token)
	if err != nil {
		return a, err
	}
	a = ArchiveTimeStamp{Algorithm: &alg, Lists: [][][]byte{first}, Token: token}
	for _, sibling := range path {
		a.Lists = append(a.Lists, [][]byte{sibling})
	}
	for _, list := range a.Lists {
		for _, v := range list {
			if len(v) != hash.Size() {
				return a, errors.New("a value of the tree is no hash of this algorithm")
			}
		}
	}
	switch {
	case !t.DER: // a verifier that encodes again would hash other bytes at the next renewal
		return a, errors.New("the token is not in strict DER")
	case t.Algorithm.Hash != hash || !bytes.Equal(t.Imprint, a.Root(hash, nil)):
		return a, errors.New("the token does not stamp the root of this path")
	}
	return a, nil
}
