package seal

import (
	"bytes"
	"crypto"
	"encoding/hex"
	"errors"
	"slices"

	_ "crypto/sha1" // to judge old records of others; nothing here is written with it
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
)

// DigestAlgorithm is an AlgorithmIdentifier as it stands in a record. Some writers put NULL after the name and some
// nothing, so the bytes are kept.
type DigestAlgorithm struct {
	Hash crypto.Hash // 0: not known here
	DER  []byte
}

// digestNames are the object identifiers, without tag and length: RFC 5754 §2, RFC 8702 §2, FIPS 202, RFC 3279 §2.1.
func digestNames() map[string]crypto.Hash {
	const nist = "6086480165030402" // 2.16.840.1.101.3.4.2
	return map[string]crypto.Hash{
		"2b0e03021a": crypto.SHA1,
		nist + "01":  crypto.SHA256, nist + "02": crypto.SHA384, nist + "03": crypto.SHA512, nist + "04": crypto.SHA224,
		nist + "05": crypto.SHA512_224, nist + "06": crypto.SHA512_256,
		nist + "07": crypto.SHA3_224, nist + "08": crypto.SHA3_256, nist + "09": crypto.SHA3_384, nist + "0a": crypto.SHA3_512,
	}
}

// newDigestAlgorithm is what this package writes: RFC 5754 §2 wants no parameters.
func newDigestAlgorithm(hash crypto.Hash) (DigestAlgorithm, error) {
	for name, h := range digestNames() {
		if h == hash && hash.Available() {
			oid, _ := hex.DecodeString(name)
			return DigestAlgorithm{Hash: hash, DER: derValue(derSequence, derValue(derOID, oid))}, nil
		}
	}
	return DigestAlgorithm{}, errors.New("a hash that no record is written with")
}

// parseDigestAlgorithm reads the content of an AlgorithmIdentifier; whole is all of it, or nil where the tag is another.
func parseDigestAlgorithm(content []byte) (DigestAlgorithm, error) {
	r := &derReader{rest: content}
	name := r.value(derOID, "algorithm name")
	if len(r.rest) > 0 {
		r.take() // parameters: NULL, or what another algorithm has
	}
	if err := r.end(); err != nil {
		return DigestAlgorithm{}, err
	}
	return DigestAlgorithm{Hash: digestNames()[hex.EncodeToString(name)], DER: derValue(derSequence, content)}, nil
}

// joinedHash is the digest of parts, joined.
func joinedHash(hash crypto.Hash, parts ...[]byte) []byte {
	h := hash.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// groupHash is RFC 4998 §4.3 step 2: one value stands for itself, several are sorted, joined and hashed.
func groupHash(hash crypto.Hash, values [][]byte) []byte {
	if len(values) == 1 {
		return values[0]
	}
	values = slices.Clone(values)
	slices.SortFunc(values, bytes.Compare)
	return joinedHash(hash, values...)
}
