package verify_test

import (
	"bytes"
	"crypto"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kartoteka/seal"
	"kartoteka/verify"
)

var updateERS = flag.Bool("update-ers", false, "write testdata/ers")

// ersVector is one line of testdata/ers/vectors.json: another language could run them. Anchors are in anchors.json.
type ersVector struct {
	Record   string         `json:"record"`
	Document string         `json:"document"`
	At       seal.Time      `json:"at"`
	Verdict  verify.Verdict `json:"verdict"`
	Codes    []verify.Code  `json:"codes,omitempty"`  // of the checks that do not pass
	Refuse   []string       `json:"refuse,omitempty"` // the other verifiers that would refuse the record
	Fault    string         `json:"fault,omitempty"`  // what is wrong with it
	bytes    []byte         // the record's
	document []byte
}

func ersVectors() []ersVector {
	l := ersLeaf{crypto.SHA256, ersText, 5, 2}
	e := l.fresh()
	e1 := renewed(e, crypto.SHA256, 1)
	e2 := renewed(e1, crypto.SHA256, 2)
	e3 := rehashed(e2, ersText, crypto.SHA512, false, 3)
	list := []ersVector{
		good("fresh", e, 1), good("fresh-sha512", ersLeaf{crypto.SHA512, ersText, 5, 2}.fresh(), 1),
		good("alone", ersLeaf{crypto.SHA256, ersText, 1, 0}.fresh(), 1), good("promoted-twice", ersLeaf{crypto.SHA256, ersText, 5, 4}.fresh(), 1),
		good("renewed", e1, 2), good("renewed-twice", e2, 3), good("rehashed", e3, 4), good("rehashed-at-once", rehashed(e, ersText, crypto.SHA512, false, 1), 2),
	}
	list = append(list, ersTakenByUsOnly(e, e1)...)
	return append(list, ersBad(e, e1, e3)...)
}

func good(name string, e *seal.EvidenceRecord, at int) ersVector {
	return ersVector{Record: name + ".ers", Document: "document.txt", At: seal.At(ersTime(at)), Verdict: verify.Passed, bytes: must(e.Marshal()), document: ersText}
}

func bad(name, fault string, v verify.Verdict, code verify.Code, e *seal.EvidenceRecord, at int) ersVector {
	b := good("bad-"+name, e, at)
	b.Verdict, b.Codes, b.Fault = v, []verify.Code{code}, fault
	return b
}

// changed is a deep copy of a record after a change.
func changed(e *seal.EvidenceRecord, change func(e *seal.EvidenceRecord)) *seal.EvidenceRecord {
	c := must(seal.ParseEvidenceRecord(must(e.Marshal())))
	change(c)
	return c
}

// ersTakenByUsOnly are sound by RFC 4998, and not in the profile that all verifiers take.
func ersTakenByUsOnly(e, e1 *seal.EvidenceRecord) []ersVector {
	sorted := good("rehashed-sorted", rehashed(e, ersText, crypto.SHA512, true, 1), 2)
	sorted.Refuse = []string{verify.ReaderDSS, verify.ReaderBSI, verify.ReaderBC}
	minimal := good("renewed-minimal", changed(renewed(e1, crypto.SHA256, 2), func(e *seal.EvidenceRecord) {
		h := sumOf(crypto.SHA256, e.Chains[0].Stamps[1].Token)
		token := ersTSAs()[2].Token(crypto.SHA256, h, ersTime(2))
		e.Chains[0].Stamps[2] = seal.ArchiveTimeStamp{Algorithm: e.Chains[0].Stamps[0].Algorithm, Lists: [][][]byte{{h}}, Token: token}
	}), 3)
	minimal.Refuse = []string{verify.ReaderBC}
	h, a, b := sumOf(crypto.SHA256, ersText), sumOf(crypto.SHA256, []byte("a")), sumOf(crypto.SHA256, []byte("b"))
	wide := changed(e, func(e *seal.EvidenceRecord) {
		s := &e.Chains[0].Stamps[0]
		s.Lists = [][][]byte{{h}, {a, b}}
		s.Token = ersTSAs()[0].Token(crypto.SHA256, s.Root(crypto.SHA256, h), ersTime(0))
	})
	two := good("two-siblings", wide, 1)
	two.Refuse = []string{verify.ReaderBC}
	attributes := good("attributes", changed(e, func(e *seal.EvidenceRecord) { e.Chains[0].Stamps[0].Attributes = []byte{0x30, 0} }), 1)
	attributes.Refuse = []string{verify.ReaderBSI}
	bare := good("without-lists", changed(e, func(e *seal.EvidenceRecord) {
		s := &e.Chains[0].Stamps[0]
		s.Lists, s.Token = nil, ersTSAs()[0].Token(crypto.SHA256, h, ersTime(0))
	}), 1)
	return []ersVector{sorted, minimal, two, attributes, bare}
}

func ersBad(e, e1, e3 *seal.EvidenceRecord) []ersVector {
	stamps := func(e *seal.EvidenceRecord) []seal.ArchiveTimeStamp { return e.Chains[0].Stamps }
	list := []ersVector{
		bad("other-document", "the record is of another document", verify.Failed, verify.CodeEvidenceDocument, ersLeaf{crypto.SHA256, []byte("another"), 5, 2}.fresh(), 1),
		bad("sibling", "one bit of a sibling is another", verify.Failed, verify.CodeEvidenceTree, changed(e, func(e *seal.EvidenceRecord) { stamps(e)[0].Lists[2][0][7] ^= 1 }), 1),
		bad("without-blinding", "the list of r is missing", verify.Failed, verify.CodeEvidenceTree, changed(e, func(e *seal.EvidenceRecord) {
			stamps(e)[0].Lists = append(stamps(e)[0].Lists[:1], stamps(e)[0].Lists[2:]...)
		}), 1),
		bad("short-value", "a list has a value that is no hash of the chain's function", verify.Failed, verify.CodeEvidenceTree, changed(e, func(e *seal.EvidenceRecord) {
			s := &stamps(e)[0]
			s.Lists[1][0] = s.Lists[1][0][:20]
			s.Token = ersTSAs()[0].Token(crypto.SHA256, s.Root(crypto.SHA256, nil), ersTime(0))
		}), 1),
		bad("signature", "one bit of the token's signature is another", verify.Failed, verify.CodeStampSignature, changed(e, func(e *seal.EvidenceRecord) { token := stamps(e)[0].Token; token[len(token)-1] ^= 1 }), 1),
		bad("future", "judged before the token was made", verify.Failed, verify.CodeTime, e, 1),
		bad("no-renewal", "the authority's certificate ended and nothing renewed the token", verify.Indeterminate, verify.CodeStampChain, e, 2),
		bad("late-renewal", "the token was renewed after the authority's certificate ended", verify.Indeterminate, verify.CodeStampChain, changed(e, func(e *seal.EvidenceRecord) { *e = *renewed(e, crypto.SHA256, 2) }), 3),
		bad("renewal-of-another", "the second time-stamp covers a token of another record", verify.Failed, verify.CodeEvidenceRenewal, changed(e1, func(x *seal.EvidenceRecord) {
			x.Chains[0].Stamps[0] = ersLeaf{crypto.SHA256, ersText, 4, 2}.fresh().Chains[0].Stamps[0]
		}), 2),
		bad("rehashed-without-chains", "the second chain covers the document alone", verify.Failed, verify.CodeEvidenceRenewal, changed(e, func(e *seal.EvidenceRecord) {
			h := sumOf(crypto.SHA512, ersText)
			s := rehashed(e, ersText, crypto.SHA512, false, 1).Chains[1].Stamps[0]
			s.Lists, s.Token = [][][]byte{{h}}, ersTSAs()[1].Token(crypto.SHA512, h, ersTime(1))
			e.Chains = append(e.Chains, seal.EvidenceChain{Stamps: []seal.ArchiveTimeStamp{s}})
		}), 2),
		bad("rehashed-other-chains", "the chains before the second one are another record's", verify.Failed, verify.CodeEvidenceRenewal, changed(e3, func(x *seal.EvidenceRecord) { x.Chains[0].Stamps = x.Chains[0].Stamps[:2] }), 4),
		bad("first-chain", "the first chain is of another document, the second one of both", verify.Failed, verify.CodeEvidenceDocument,
			rehashed(ersLeaf{crypto.SHA256, []byte("another"), 5, 2}.fresh(), ersText, crypto.SHA512, false, 1), 2),
		bad("mixed", "the second time-stamp has another hash function in the same chain", verify.Failed, verify.CodeEvidenceAlgorithm, changed(e1, func(x *seal.EvidenceRecord) {
			x.Chains[0].Stamps[1].Algorithm = ersLeaf{crypto.SHA512, ersText, 1, 0}.fresh().Chains[0].Stamps[0].Algorithm
		}), 2),
		bad("swapped", "the two time-stamps stand in the other order", verify.Failed, verify.CodeEvidenceOrder, changed(e1, func(x *seal.EvidenceRecord) { s := stamps(x); s[0], s[1] = s[1], s[0] }), 2),
		bad("chains-swapped", "the two chains stand in the other order", verify.Failed, verify.CodeEvidenceOrder, changed(e3, func(x *seal.EvidenceRecord) { x.Chains[0], x.Chains[1] = x.Chains[1], x.Chains[0] }), 4),
		bad("stranger", "the policy does not know the authority", verify.Indeterminate, verify.CodeTSA, changed(e, func(e *seal.EvidenceRecord) {
			s := &e.Chains[0].Stamps[0]
			s.Token = strangerTSA().Token(crypto.SHA256, s.Root(crypto.SHA256, nil), ersTime(0))
		}), 1),
	}
	for i := range list {
		switch list[i].Record {
		case "bad-future.ers":
			list[i].At = seal.At(ersTime(0).AddDate(0, 0, -1))
		case "bad-stranger.ers", "bad-no-renewal.ers", "bad-late-renewal.ers", "bad-signature.ers":
			list[i].Refuse = []string{} // other verifiers judge tokens by anchors of their own
		}
	}
	return append(list, ersBadForm(e)...)
}

func ersBadForm(e *seal.EvidenceRecord) []ersVector {
	data := must(e.Marshal())
	form := func(name, fault string, data []byte) ersVector {
		b := bad(name, fault, verify.Failed, verify.CodeEvidenceForm, e, 1)
		b.bytes = data
		return b
	}
	node := bad("inner-node", "the document is two hashes of the tree", verify.Failed, verify.CodeEvidenceNode, ersLeaf{crypto.SHA256, slicesOf(1, 0xfe), 5, 2}.fresh(), 1)
	node.Document, node.document = "node.bin", slicesOf(1, 0xfe)
	return []ersVector{
		form("indefinite", "the outer length is indefinite: BER", append(append([]byte{0x30, 0x80}, data[4:]...), 0, 0)),
		form("padded", "the outer length is longer than it must be: BER", append([]byte{0x30, 0x83, 0}, data[2:]...)),
		form("cut", "the last byte is missing", data[:len(data)-1]), form("longer", "a byte follows", append(bytes.Clone(data), 0)),
		form("version-2", "another version", bytes.Replace(data, []byte{2, 1, 1}, []byte{2, 1, 2}, 1)),
		node,
	}
}

func TestEvidenceVectors(t *testing.T) {
	const dir = "testdata/ers"
	vectors, policy := ersVectors(), ersPolicy()
	files := map[string][]byte{"document.txt": ersText, "anchors.json": must(json.MarshalIndent(policy.TSAs, "", "  "))}
	for _, v := range vectors {
		files[v.Record], files[v.Document] = v.bytes, v.document
		r, sum := judged(t, v.bytes, v.document, v.At.Time)
		if codes := codesOf(r); r.Verdict != v.Verdict || !includes(codes, v.Codes) {
			t.Errorf("%s: %s %v, want %s %v: %+v", v.Record, r.Verdict, codes, v.Verdict, v.Codes, r.Checks)
		}
		for _, reader := range sum.Readers {
			refuses := v.Verdict != verify.Passed && v.Refuse == nil && v.Codes[0] != verify.CodeTime || strings.Contains(strings.Join(v.Refuse, ";"), reader.Name)
			if refuses == reader.Accepts {
				t.Errorf("%s: %s %+v", v.Record, reader.Name, reader.Why)
			}
		}
	}
	files["vectors.json"] = must(json.MarshalIndent(vectors, "", "  "))
	for name, data := range files {
		path := filepath.Join(dir, name)
		if *updateERS {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s is not what is written today: %v", path, err)
		}
	}
}

func codesOf(r *verify.Report) (codes []verify.Code) {
	for _, c := range r.Checks {
		if c.Verdict != verify.Passed {
			codes = append(codes, c.Code)
		}
	}
	return codes
}

// includes says whether all codes that a vector names are there, and none where it names none.
func includes(codes, want []verify.Code) bool {
	found := 0
	for _, w := range want {
		if strings.Contains(" "+strings.Join(texts(codes), " ")+" ", " "+string(w)+" ") {
			found++
		}
	}
	return found == len(want) && (len(want) > 0 || len(codes) == 0)
}

func texts(codes []verify.Code) (list []string) {
	for _, c := range codes {
		list = append(list, string(c))
	}
	return list
}
