package verify

import (
	"crypto"
)

// algorithm wants a chain's hash function to be acceptable when the next chain begins, or at the time of judgement
// (RFC 4998 §5.3 step 2). Later nothing shows that the tree was not made afterwards; that is no proof of forgery.
func (j *evidenceJudge) algorithm(c int, hash crypto.Hash) error {
	a, ok := j.policy.HashAlgorithm(hash)
	if !ok {
		return indeterminate(CodeEvidenceAlgorithm, "%v is not in the table of algorithms: it carries nothing", hash)
	}
	if last := len(j.claims[c]) - 1; a.Until == nil || j.next(c, last).Before(a.Until.Time) {
		return nil
	}
	return indeterminate(CodeEvidenceAlgorithm, "%v carries evidence until %s, and no chain with another hash function begins before: a renewal of the hash tree is missing",
		hash, a.Until)
}
