package seal

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"slices"
)

// MaxEvidenceRecord bounds a record, in bytes. A token with the revocation lists of its chain may have megabytes.
const MaxEvidenceRecord = 16<<20 - 1

// EvidenceRecord is RFC 4998's proof that a document existed: one chain of time-stamps for every hash function that was
// in use, each chain covering all that stands before it. What kartoteka writes is one profile of it
// (docs/format/evidence.md); the reader takes every record that is DER.
type EvidenceRecord struct {
	Algorithms     []DigestAlgorithm // digestAlgorithms
	CryptoInfos    []byte            // content of [0]; nil: absent
	EncryptionInfo []byte            // content of [1]; nil: absent
	Chains         []EvidenceChain   // archiveTimeStampSequence; never empty
}

// EvidenceChain is an ArchiveTimeStampChain: time-stamps with one hash function, each covering the ones before.
type EvidenceChain struct {
	Stamps []ArchiveTimeStamp // never empty
}

// ArchiveTimeStamp is one token, and the way from what it covers to the value it stamps.
type ArchiveTimeStamp struct {
	Algorithm  *DigestAlgorithm // nil: that of the token's imprint
	Attributes []byte           // content of [1]; nil: absent
	Lists      [][][]byte       // reducedHashtree; nil: the token stamps the value itself
	Token      []byte           // ContentInfo, as it stands
}

// Marshal writes the record. The bytes of what was written once never change: the renewal of a hash tree hashes them.
func (e *EvidenceRecord) Marshal() ([]byte, error) {
	if len(e.Chains) == 0 {
		return nil, errors.New("evidence record: has no time-stamp")
	}
	var algorithms []byte
	for _, a := range e.Algorithms {
		algorithms = append(algorithms, a.DER...)
	}
	parts := [][]byte{derValue(derInteger, []byte{1}), derValue(derSequence, algorithms)}
	for i, o := range [][]byte{e.CryptoInfos, e.EncryptionInfo} {
		if o != nil {
			parts = append(parts, derValue(derContext+byte(i), o))
		}
	}
	b := derValue(derSequence, append(parts, e.sequence())...)
	if len(b) > MaxEvidenceRecord {
		return nil, fmt.Errorf("evidence record: has more than %d bytes", MaxEvidenceRecord)
	}
	return b, nil
}

// sequence is archiveTimeStampSequence.
func (e *EvidenceRecord) sequence() []byte {
	var chains []byte
	for _, c := range e.Chains {
		var stamps []byte
		for _, a := range c.Stamps {
			stamps = append(stamps, a.marshal()...)
		}
		chains = appendDER(chains, derSequence, stamps)
	}
	return derValue(derSequence, chains)
}

func (a ArchiveTimeStamp) marshal() []byte {
	var parts [][]byte
	if a.Algorithm != nil { // [0] IMPLICIT: the sequence's content under another tag
		head, _, _ := derHead(a.Algorithm.DER)
		parts = append(parts, derValue(derContext, a.Algorithm.DER[head:]))
	}
	if a.Attributes != nil {
		parts = append(parts, derValue(derContext+1, a.Attributes))
	}
	if a.Lists != nil {
		var lists []byte
		for _, values := range a.Lists {
			var list []byte
			for _, v := range values {
				list = appendDER(list, derOctets, v)
			}
			lists = appendDER(lists, derSequence, list)
		}
		parts = append(parts, derValue(derContext+2, lists))
	}
	return derValue(derSequence, append(parts, a.Token)...)
}

// Hash is the function of the time-stamp's tree: its own, else that of the token's imprint (RFC 4998 §4.1).
func (a ArchiveTimeStamp) Hash() (crypto.Hash, error) {
	if a.Algorithm != nil {
		return a.Algorithm.Hash, nil
	}
	t, err := PeekToken(a.Token)
	return t.Algorithm.Hash, err
}

// First is the list a covered value must be in; without a tree there is none, and the token stamps the value itself.
func (a ArchiveTimeStamp) First() [][]byte {
	if a.Lists == nil {
		return nil
	}
	return a.Lists[0]
}

// Root is what the token must stamp if a covers value (RFC 4998 §4.3 step 2): every list with the hash of the one
// before it, sorted, joined and hashed.
func (a ArchiveTimeStamp) Root(hash crypto.Hash, value []byte) []byte {
	if a.Lists == nil {
		return value
	}
	h := groupHash(hash, a.Lists[0])
	for _, list := range a.Lists[1:] {
		h = groupHash(hash, append(slices.Clone(list), h))
	}
	return h
}

// Before is the record without the chains from number n on: what chain n covers.
func (e *EvidenceRecord) Before(n int) *EvidenceRecord {
	return &EvidenceRecord{Chains: e.Chains[:n]}
}

// RenewedHash is the value that a new chain covers (RFC 4998 §5.2): h is the document's digest with the new hash. The
// text joins the two digests as they are; erratum 7411 sorts them, as figure 4 does.
func (e *EvidenceRecord) RenewedHash(hash crypto.Hash, h []byte, sorted bool) []byte {
	parts := [][]byte{h, joinedHash(hash, e.sequence())}
	if sorted {
		slices.SortFunc(parts, bytes.Compare)
	}
	return joinedHash(hash, parts...)
}

// TokenHashes are the digests of the chain's tokens, in their order.
func (c EvidenceChain) TokenHashes(hash crypto.Hash) (hs [][]byte) {
	for _, a := range c.Stamps {
		hs = append(hs, joinedHash(hash, a.Token))
	}
	return hs
}
