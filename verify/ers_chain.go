package verify

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"kartoteka/seal"
)

// chain judges the time-stamps of one chain: each covers the one before, the first one all earlier chains.
func (j *evidenceJudge) chain(c int) {
	hash := j.hash(c)
	if !hash.Available() {
		j.report.Result(CodeEvidenceAlgorithm, place(c, 0), indeterminate(CodeEvidenceAlgorithm, "the hash function is not known here"))
		return
	}
	j.report.Result(CodeEvidenceAlgorithm, fmt.Sprintf("chain %d", c+1), j.algorithm(c, hash))
	for s, a := range j.record.Chains[c].Stamps {
		value, err := j.covered(c, s, hash)
		if c == 0 && s == 0 {
			j.report.Result(CodeEvidenceDocument, place(c, s), err)
		} else {
			j.report.Result(CodeEvidenceRenewal, place(c, s), err)
		}
		if value == nil {
			value = a.Root(hash, nil) // still see whether the lists lead to the token; without lists there is nothing to see
		}
		j.report.Result(CodeEvidenceTree, place(c, s), j.tree(c, s, hash, value))
		j.report.Result(CodeEvidenceOrder, place(c, s), j.order(c, s))
		j.token(c, s, hash)
	}
}

// covered looks for what a time-stamp must cover, and gives it.
func (j *evidenceJudge) covered(c, s int, hash crypto.Hash) ([]byte, error) {
	h := j.digests[hash]
	switch {
	case s > 0:
		return j.renewed(c, s, hash)
	case h == nil:
		return nil, indeterminate(CodeEvidenceDocument, "the document's %v digest is not at hand", hash)
	case c > 0:
		return j.rehashed(c, hash, h)
	case !j.holds(c, 0, h):
		return nil, failed(CodeEvidenceDocument, "the %v digest of the document is not in the first list: the record is of another document", hash)
	}
	return h, nil
}

// rehashed looks for the document together with all chains before (RFC 4998 §5.2 steps 2 to 4).
func (j *evidenceJudge) rehashed(c int, hash crypto.Hash, h []byte) ([]byte, error) {
	before := j.record.Before(c)
	if v := before.RenewedHash(hash, h, false); j.holds(c, 0, v) {
		return v, nil
	}
	if v := before.RenewedHash(hash, h, true); j.holds(c, 0, v) {
		j.summary.Chains[c].Sorted = true
		return v, nil
	}
	if j.holds(c, 0, h) {
		return nil, failed(CodeEvidenceRenewal, "this chain covers the document but not the chains before it, which prove nothing without it")
	}
	return nil, failed(CodeEvidenceRenewal, "this chain does not cover the document together with the chains before it")
}

// renewed looks for the hash of the token before (RFC 4998 §5.2).
func (j *evidenceJudge) renewed(c, s int, hash crypto.Hash) ([]byte, error) {
	before := j.record.Chains[c].Stamps[s-1 : s]
	if v := (seal.EvidenceChain{Stamps: before}).TokenHashes(hash)[0]; j.holds(c, s, v) {
		return v, nil
	}
	return nil, failed(CodeEvidenceRenewal, "the token of time-stamp %d is not in the first list: this time-stamp does not renew it", s)
}

// holds says whether a time-stamp's first list has the value; without lists the token must stamp it.
func (j *evidenceJudge) holds(c, s int, value []byte) bool {
	a := j.record.Chains[c].Stamps[s]
	if a.Lists == nil {
		return bytes.Equal(j.claims[c][s].Imprint, value)
	}
	return slices.ContainsFunc(a.First(), func(v []byte) bool { return bytes.Equal(v, value) })
}

// tree follows the lists to the value that the token stamps (RFC 4998 §4.3 steps 2 and 3).
func (j *evidenceJudge) tree(c, s int, hash crypto.Hash, value []byte) error {
	a, t := j.record.Chains[c].Stamps[s], j.claims[c][s]
	switch own, err := a.Hash(); {
	case err != nil:
		return err
	case own != hash:
		return failed(CodeEvidenceAlgorithm, "another hash function than the chain's first time-stamp has")
	case t.Algorithm.Hash != hash:
		return failed(CodeEvidenceAlgorithm, "the token stamps a value of another hash function")
	case !ofSize(a.Lists, hash.Size()): // what is joined could be cut elsewhere
		return failed(CodeEvidenceTree, "a list has a value that is no %v", hash)
	case value != nil && !bytes.Equal(a.Root(hash, value), t.Imprint):
		return failed(CodeEvidenceTree, "the lists do not lead to the value that the token stamps")
	}
	return nil
}

// order wants times strictly ascending (RFC 4998 §5.3 step 2), and none after the time of judgement.
func (j *evidenceJudge) order(c, s int) error {
	t := j.claims[c][s].Time
	if next := j.next(c, s); !j.last(c, s) && !t.Before(next) {
		return failed(CodeEvidenceOrder, "its time %s is not before that of the next one, %s", seal.At(t), seal.At(next))
	}
	if t.After(j.at) {
		return failed(CodeTime, "judged at %s, before it was stamped", seal.At(j.at))
	}
	return nil
}

// token has the token judged at the time the next one proves.
func (j *evidenceJudge) token(c, s int, hash crypto.Hash) {
	at := j.next(c, s)
	st, err := j.stamp(j.record.Chains[c].Stamps[s].Token, hash, j.claims[c][s].Imprint, at)
	if err == nil {
		j.summary.Chains[c].Stamps[s].TSA = st.TSA
		j.report.Pass(CodeEvidenceStamp, place(c, s), "")
		return
	}
	says := "the time the next time-stamp proves"
	if j.last(c, s) {
		says = "after which no renewal follows"
	}
	e := failed(CodeEvidenceStamp, "judged at %s, %s: %w", seal.At(at), says, err)
	if was := (*Error)(nil); errors.As(err, &was) {
		e.Code, e.Indeterminate = was.Code, was.Indeterminate
	}
	j.report.Result(CodeEvidenceStamp, place(c, s), e)
}

func ofSize(lists [][][]byte, size int) bool {
	for _, v := range slices.Concat(lists...) {
		if len(v) != size {
			return false
		}
	}
	return true
}
