package verify

import (
	"crypto"
	"fmt"
	"time"

	"kartoteka/seal"
)

// EvidenceSummary is what a record says, whatever the verdict: without a passed report it is a claim.
type EvidenceSummary struct {
	Chains  []EvidenceChain  `json:"chains"`
	Readers []EvidenceReader `json:"readers"` // which other verifiers would take the record
}

// EvidenceChain is one chain of a record: the time-stamps with one hash function.
type EvidenceChain struct {
	Algorithm string          `json:"algorithm"`
	Sorted    bool            `json:"sorted,omitempty"` // covers the chains before in the form of erratum 7411
	Stamps    []EvidenceStamp `json:"stamps"`
}

// EvidenceStamp is one time-stamp of a record.
type EvidenceStamp struct {
	Time   time.Time `json:"time"`          // as the token claims
	TSA    string    `json:"tsa,omitempty"` // its name in the policy, where the token was accepted
	Judged time.Time `json:"judged"`        // the time it was judged at: what the next one proves
}

// EvidenceRecord judges whether a record (RFC 4998) proves at a time that a document existed since the first of its
// time-stamps (§5.3, docs/format/evidence.md). No token is judged at its own time: whoever has the key of an authority
// that is no more could have made it yesterday.
func (p *Policy) EvidenceRecord(record []byte, doc EvidenceDocument, at time.Time) (*Report, EvidenceSummary) {
	return p.judgeEvidence(record, doc, at, p.Stamp)
}

// tokenJudge is [Policy.Stamp].
type tokenJudge func(token []byte, alg crypto.Hash, imprint []byte, at time.Time) (Stamp, error)

func (p *Policy) judgeEvidence(record []byte, doc EvidenceDocument, at time.Time, judge tokenJudge) (*Report, EvidenceSummary) {
	j := &evidenceJudge{policy: p, report: NewReport(), at: at, stamp: judge}
	if err := j.read(record); err != nil {
		j.report.Result(CodeEvidenceForm, "record", err)
		return j.report, j.summary
	}
	j.report.Pass(CodeEvidenceForm, "record", "")
	if !j.document(doc) {
		return j.report, j.summary
	}
	for c := range j.record.Chains {
		j.chain(c)
	}
	j.summary.Readers = j.readers()
	return j.report, j.summary
}

// evidenceJudge goes through one record, oldest time-stamp first.
type evidenceJudge struct {
	policy  *Policy
	report  *Report
	summary EvidenceSummary
	at      time.Time
	stamp   tokenJudge

	record  *seal.EvidenceRecord
	claims  [][]seal.TokenClaims // by chain and time-stamp
	digests map[crypto.Hash][]byte
}

func (j *evidenceJudge) read(record []byte) (err error) {
	if j.record, err = seal.ParseEvidenceRecord(record); err != nil {
		return err
	}
	for c, chain := range j.record.Chains {
		var claims []seal.TokenClaims
		for s, a := range chain.Stamps {
			t, err := seal.PeekToken(a.Token)
			if err != nil {
				return fmt.Errorf("%s: %w", place(c, s), err)
			}
			claims = append(claims, t)
		}
		j.claims = append(j.claims, claims)
	}
	for c, claims := range j.claims {
		sum := EvidenceChain{Algorithm: j.hash(c).String()}
		for s, t := range claims {
			sum.Stamps = append(sum.Stamps, EvidenceStamp{Time: t.Time, Judged: j.next(c, s)})
		}
		j.summary.Chains = append(j.summary.Chains, sum)
	}
	return nil
}

func place(c, s int) string { return fmt.Sprintf("chain %d, time-stamp %d", c+1, s+1) }

// hash is the function of a chain: that of its first time-stamp.
func (j *evidenceJudge) hash(c int) crypto.Hash {
	if a := j.record.Chains[c].Stamps[0].Algorithm; a != nil {
		return a.Hash
	}
	return j.claims[c][0].Algorithm.Hash
}

// last says whether no time-stamp follows.
func (j *evidenceJudge) last(c, s int) bool {
	return c+1 == len(j.claims) && s+1 == len(j.claims[c])
}

// next is the time that the following time-stamp proves, or the time of judgement for the last one.
func (j *evidenceJudge) next(c, s int) time.Time {
	switch {
	case s+1 < len(j.claims[c]):
		return j.claims[c][s+1].Time
	case c+1 < len(j.claims):
		return j.claims[c+1][0].Time
	}
	return j.at
}
