package verify

import (
	"crypto"
	"fmt"
	"io"
	"slices"
	"time"

	"kartoteka/seal"
)

// evidence judges the evidence records of a bundle in one family. A record that proves nothing any more takes nothing from
// the log's proof, which stands beside it: it is indeterminate, and says what is missing. A record that was never good, or is
// of another document, is a forgery.
func (v *packetCheck) evidence(leaf seal.LeafIndex, b seal.PacketRecord, f seal.Family) {
	subject := b.Folder + string(f)
	var since time.Time
	for _, item := range b.Items() {
		report, said, err := v.record(leaf, b, f, item)
		if err != nil {
			v.report.Result(CodeEvidence, subject, err)
			return
		}
		if report.Verdict != Passed {
			v.report.Add(CodeEvidence, report.Verdict, subject, worst(report))
			return
		}
		since = said.Chains[0].Stamps[0].Time
	}
	v.report.Pass(CodeEvidence, subject, fmt.Sprintf("proves by time stamps that all of it existed before %s", seal.At(since)))
	v.report.Count("evidence_records", len(b.Items()))
}

// record judges an item's record: that of the packet, or a newer one where that does not hold any more. A newer one does not
// make up for a forged one.
func (v *packetCheck) record(leaf seal.LeafIndex, b seal.PacketRecord, f seal.Family, item int) (report *Report, said EvidenceSummary, err error) {
	open := OpenDocument(func() (io.ReadCloser, error) { return v.c.Open(itemPath(b, item)) })
	if slices.Contains(b.Evidence, f) {
		data, err := readEntry(v.c, b.Folder+seal.ProofEvidence(item, f), seal.MaxEvidenceRecord)
		if err != nil {
			return nil, said, err
		}
		if report, said = v.policy.judgeEvidence(data, open, v.at, v.stamps.judge(v.policy)); report.Verdict != Indeterminate {
			return report, said, nil
		}
	}
	if fresh, ok := v.fresh[freshItem{leaf, item, f}]; ok {
		report, said = v.policy.judgeEvidence(fresh, open, v.at, v.stamps.judge(v.policy))
	}
	return report, said, nil
}

// itemPath is where an item of the bundle stands in the packet.
func itemPath(b seal.PacketRecord, item int) string {
	for _, d := range b.Documents {
		if d.Index == item {
			return d.Path
		}
	}
	return b.Folder + seal.ProofEnvelope
}

// refreshed are the newer records of a packet's items.
type refreshed map[freshItem][]byte

type freshItem struct {
	leaf   seal.LeafIndex
	item   int
	family seal.Family
}

func (p *Policy) refresh(data []byte) (refreshed, error) {
	if data == nil {
		return nil, nil
	}
	f, err := seal.ParseRefresh(data)
	if err != nil {
		return nil, failed(CodeEvidence, "%w", err)
	}
	if f.Origin != p.Origin {
		return nil, failed(CodeEvidence, "refresh is of %.80q, the policy is for %q", f.Origin, p.Origin)
	}
	list := refreshed{}
	for _, r := range f.Records {
		list[freshItem{r.Event, r.Item, r.Family}] = r.Record
	}
	return list, nil
}

// families are those of the packet's records, and those that came since: of every item.
func (r refreshed) families(leaf seal.LeafIndex, b seal.PacketRecord) (list []seal.Family) {
	for _, f := range seal.Families() {
		all := true
		for _, item := range b.Items() {
			_, ok := r[freshItem{leaf, item, f}]
			all = all && ok
		}
		if all || slices.Contains(b.Evidence, f) {
			list = append(list, f)
		}
	}
	return list
}

// worst says what the first check that did not pass says.
func worst(r *Report) string {
	for _, c := range r.Checks {
		if c.Verdict != Passed && c.Verdict == r.Verdict {
			return string(c.Code) + ": " + c.Detail
		}
	}
	return ""
}

// stampMemo remembers judgements: all documents of a night have the same token.
type stampMemo map[stampAsked]stampJudged

type stampAsked struct {
	token, imprint string
	alg            crypto.Hash
	at             time.Time
}

type stampJudged struct {
	stamp Stamp
	err   error
}

func (m stampMemo) judge(p *Policy) tokenJudge {
	return func(token []byte, alg crypto.Hash, imprint []byte, at time.Time) (Stamp, error) {
		asked := stampAsked{string(token), string(imprint), alg, at}
		j, ok := m[asked]
		if !ok {
			j.stamp, j.err = p.Stamp(token, alg, imprint, at)
			m[asked] = j
		}
		return j.stamp, j.err
	}
}
