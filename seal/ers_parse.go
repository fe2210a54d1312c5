package seal

import (
	"bytes"
	"errors"
	"fmt"
)

// maxStamps bounds the time-stamps of a record: every chain hashes all that stands before it. One a year is many.
const maxStamps = 256

// ParseEvidenceRecord reads a record, ours or another's.
func ParseEvidenceRecord(data []byte) (*EvidenceRecord, error) {
	e, err := parseEvidenceRecord(data)
	if err != nil {
		return nil, fmt.Errorf("evidence record: %w", err)
	}
	return e, nil
}

func parseEvidenceRecord(data []byte) (*EvidenceRecord, error) {
	if len(data) > MaxEvidenceRecord {
		return nil, fmt.Errorf("has more than %d bytes", MaxEvidenceRecord)
	}
	if err := checkDER(data, false); err != nil {
		return nil, err
	}
	file := &derReader{rest: data}
	r := file.inside(derSequence, "EvidenceRecord")
	if err := file.end(); err != nil {
		return nil, err
	}
	if v := r.value(derInteger, "version"); r.err == nil && !bytes.Equal(v, []byte{1}) {
		return nil, errors.New("is of another version than 1")
	}
	e := &EvidenceRecord{}
	algorithms := r.inside(derSequence, "digestAlgorithms")
	for algorithms.err == nil && len(algorithms.rest) > 0 {
		a, err := parseDigestAlgorithm(algorithms.value(derSequence, "algorithm"))
		if err != nil {
			return nil, err
		}
		e.Algorithms = append(e.Algorithms, a)
	}
	_, e.CryptoInfos, _ = r.optional(derContext)
	_, e.EncryptionInfo, _ = r.optional(derContext + 1)
	chains := r.inside(derSequence, "archiveTimeStampSequence")
	if err := errors.Join(algorithms.err, chains.err); err != nil {
		return nil, err
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	var err error
	e.Chains, err = parseChains(chains)
	return e, err
}

func parseChains(r *derReader) (chains []EvidenceChain, err error) {
	total := 0
	for len(r.rest) > 0 {
		stamps := r.inside(derSequence, "ArchiveTimeStampChain")
		var c EvidenceChain
		for stamps.err == nil && len(stamps.rest) > 0 {
			s, err := parseArchiveTimeStamp(stamps.inside(derSequence, "ArchiveTimeStamp"))
			if err != nil {
				return nil, fmt.Errorf("chain %d, time-stamp %d: %w", len(chains)+1, len(c.Stamps)+1, err)
			}
			c.Stamps = append(c.Stamps, s)
		}
		if stamps.err != nil {
			return nil, stamps.err
		}
		if len(c.Stamps) == 0 {
			return nil, errors.New("has an empty chain")
		}
		if total += len(c.Stamps); total > maxStamps {
			return nil, fmt.Errorf("has more than %d time-stamps", maxStamps)
		}
		chains = append(chains, c)
	}
	if len(chains) == 0 {
		return nil, errors.New("has no time-stamp")
	}
	return chains, nil
}

func parseArchiveTimeStamp(r *derReader) (a ArchiveTimeStamp, err error) {
	if _, content, ok := r.optional(derContext); ok {
		alg, err := parseDigestAlgorithm(content)
		if err != nil {
			return a, err
		}
		a.Algorithm = &alg
	}
	_, a.Attributes, _ = r.optional(derContext + 1)
	if _, content, ok := r.optional(derContext + 2); ok {
		if a.Lists, err = parseLists(content); err != nil {
			return a, err
		}
	}
	a.Token, _ = r.valueWhole(derSequence, "timeStamp")
	return a, r.end()
}

func parseLists(content []byte) (lists [][][]byte, err error) {
	for r := (&derReader{rest: content}); len(r.rest) > 0; {
		list := r.inside(derSequence, "PartialHashtree")
		var values [][]byte
		for list.err == nil && len(list.rest) > 0 {
			if v := list.value(derOctets, "hash value"); list.err == nil && len(v) >= 16 && len(v) <= 64 {
				values = append(values, v)
			} else {
				list.err = errors.Join(list.err, errors.New("has a hash of a length that no hash has"))
			}
		}
		if list.err != nil {
			return nil, list.err
		}
		if len(values) == 0 {
			return nil, errors.New("has an empty PartialHashtree")
		}
		lists = append(lists, values)
	}
	if len(lists) == 0 {
		return nil, errors.New("has an empty reducedHashtree")
	}
	return lists, nil
}
