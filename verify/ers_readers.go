package verify

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"

	"kartoteka/seal"
)

// EvidenceReader is another verifier of records, and whether it would take this one. Its own trust in the authorities
// that stamped is not asked.
type EvidenceReader struct {
	Name    string   `json:"name"`
	Accepts bool     `json:"accepts"`
	Why     []string `json:"why,omitempty"` // what it refuses
}

// The verifiers of docs/format/evidence.md.
const (
	ReaderDSS = "EU DSS"
	ReaderBSI = "BSI ErVerifyTool (Basis-ERS)"
	ReaderBC  = "BouncyCastle"
)

func (j *evidenceJudge) readers() []EvidenceReader {
	wrong := j.wrong()
	var list []EvidenceReader
	for _, r := range []struct {
		name string
		why  []string
	}{{ReaderDSS, j.dss()}, {ReaderBSI, j.bsi()}, {ReaderBC, j.bouncyCastle()}} {
		why := slices.Concat(wrong, r.why)
		list = append(list, EvidenceReader{Name: r.name, Accepts: len(why) == 0, Why: why})
	}
	return list
}

// wrong is what all refuse: what failed here, but for the tokens, which every reader judges by its own anchors.
func (j *evidenceJudge) wrong() (why []string) {
	for _, c := range j.report.Checks {
		switch c.Code {
		case CodeEvidenceDocument, CodeEvidenceTree, CodeEvidenceOrder, CodeEvidenceRenewal, CodeEvidenceAlgorithm:
			if c.Verdict == Failed || c.Verdict != Passed && c.Code == CodeEvidenceDocument {
				why = append(why, c.Subject+": "+c.Detail)
			}
		}
	}
	return why
}

func (j *evidenceJudge) dss() (why []string) {
	for c, chain := range j.summary.Chains {
		if chain.Sorted {
			why = append(why, fmt.Sprintf("chain %d covers the chains before in the sorted form", c+1))
		}
	}
	return why
}

// bsi is TR-ESOR-ERS A3.4, which ErVerifyTool checks in its Basis-ERS profile.
func (j *evidenceJudge) bsi() (why []string) {
	if j.record.CryptoInfos != nil || j.record.EncryptionInfo != nil {
		why = append(why, "cryptoInfos or encryptionInfo are present")
	}
	for c, chain := range j.record.Chains {
		if !slices.ContainsFunc(j.record.Algorithms, func(a seal.DigestAlgorithm) bool { return a.Hash == j.hash(c) }) {
			why = append(why, fmt.Sprintf("digestAlgorithms does not list that of chain %d", c+1))
		}
		if j.summary.Chains[c].Sorted {
			why = append(why, fmt.Sprintf("chain %d covers the chains before in the sorted form: only if it is configured to take that", c+1))
		}
		for s, a := range chain.Stamps {
			for _, w := range bsiStamp(a, j.claims[c][s]) {
				why = append(why, place(c, s)+": "+w)
			}
		}
	}
	return why
}

func bsiStamp(a seal.ArchiveTimeStamp, t seal.TokenClaims) (why []string) {
	for _, o := range []struct {
		wrong bool
		what  string
	}{
		{a.Attributes != nil, "attributes are present"},
		{t.Version != 3 && t.Version != 5, "the token's version is not 3 (5 with OCSP answers)"},
		{!t.Certificates, "the token holds no certificates"},
		{!t.Revocations, "the token holds no revocation lists or OCSP answers"},
		{t.Signers != 1, "the token has not exactly one signer"},
		{t.Unsigned, "the token has unsigned attributes"},
		{!t.SigningCertV2, "the token has no SigningCertificateV2"},
	} {
		if o.wrong {
			why = append(why, o.what)
		}
	}
	return why
}

// bouncyCastle is org.bouncycastle.tsp.ers as 1.72 has it. It looks at the lists of the last chain only, and at every
// chain's renewals of time-stamps.
func (j *evidenceJudge) bouncyCastle() (why []string) {
	last := len(j.record.Chains) - 1
	for c, chain := range j.record.Chains {
		for s, a := range chain.Stamps {
			if s > 0 || c == last {
				why = append(why, j.bouncyCastleLists(c, s, a)...)
			}
		}
	}
	if j.summary.Chains[last].Sorted {
		why = append(why, "the last chain covers the chains before in the sorted form")
	}
	if stamps := j.record.Chains[last].Stamps; !coversAll(j.hash(last), stamps) {
		why = append(why, "the last time-stamp does not list the hashes of all earlier tokens of its chain")
	}
	return why
}

func (j *evidenceJudge) bouncyCastleLists(c, s int, a seal.ArchiveTimeStamp) (why []string) {
	for _, list := range a.Lists[min(1, len(a.Lists)):] {
		if len(list) > 1 {
			why = append(why, place(c, s)+": a list behind the first has more than one value, which it hashes before it adds the root so far")
			break
		}
	}
	if s == 0 {
		return why
	}
	if !bytes.Equal(j.identifier(c, s), j.identifier(c, 0)) {
		why = append(why, place(c, s)+": its algorithm identifier is not spelled as that of the chain's first time-stamp")
	}
	if !j.claims[c][s-1].DER {
		why = append(why, place(c, s)+": the token before is not in strict DER, so that it hashes other bytes")
	}
	return why
}

// identifier is the algorithm of a time-stamp as it is spelled.
func (j *evidenceJudge) identifier(c, s int) []byte {
	if a := j.record.Chains[c].Stamps[s].Algorithm; a != nil {
		return a.DER
	}
	return j.claims[c][s].Algorithm.DER
}

func coversAll(hash crypto.Hash, stamps []seal.ArchiveTimeStamp) bool {
	n := len(stamps) - 1
	if n == 0 || !hash.Available() {
		return true
	}
	for _, h := range (seal.EvidenceChain{Stamps: stamps[:n]}).TokenHashes(hash) {
		if !slices.ContainsFunc(stamps[n].First(), func(v []byte) bool { return bytes.Equal(v, h) }) {
			return n == 1 && stamps[n].Lists == nil // the token stamps the only one itself
		}
	}
	return true
}
