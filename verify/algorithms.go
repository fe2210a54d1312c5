package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"kartoteka/seal"
)

// SpecAlgorithms is the schema of the table of algorithms.
const SpecAlgorithms = "kartoteka/algorithms/1"

// Algorithm is a hash, or a kind of key of at least so many bits, and until when it carries evidence.
type Algorithm struct {
	Name   string     `json:"name"`
	Bits   int        `json:"bits,omitempty"`
	Until  *seal.Time `json:"until,omitempty"`
	Source string     `json:"source"`
	Verify bool       `json:"verify,omitempty"` // the end must be compared with the source's text
}

// String names it: sha256, rsa-3000.
func (a Algorithm) String() string {
	if a.Bits == 0 || a.Name == "ed25519" {
		return a.Name
	}
	return fmt.Sprintf("%s-%d", a.Name, a.Bits)
}

//go:embed algorithms.json
var algorithmsJSON []byte

// Algorithms is the table, verify/algorithms.json.
func Algorithms() []Algorithm { return algorithmTable() }

// The file is a part of the program: a test parses it.
var algorithmTable = sync.OnceValue(func() []Algorithm {
	var t struct {
		Schema     string      `json:"schema"`
		Note       string      `json:"note"`
		Algorithms []Algorithm `json:"algorithms"`
	}
	if err := seal.UnmarshalStrict(algorithmsJSON, &t); err != nil || t.Schema != SpecAlgorithms {
		panic(fmt.Sprintf("algorithms.json: %v", err))
	}
	return t.Algorithms
})

// algorithms is the table that the policy's holder judges by.
func (p *Policy) algorithms() []Algorithm {
	if p.Algorithms != nil {
		return p.Algorithms
	}
	return algorithmTable()
}

// algorithm finds the strongest row that fits. One that is not in the table carries nothing.
func (p *Policy) algorithm(name string, bits int) (found Algorithm, ok bool) {
	for _, a := range p.algorithms() {
		if a.Name == name && a.Bits <= bits && (!ok || a.Bits >= found.Bits) {
			found, ok = a, true
		}
	}
	return found, ok
}

// HashAlgorithm gives the row of a hash function.
func (p *Policy) HashAlgorithm(h crypto.Hash) (Algorithm, bool) {
	if h == 0 {
		return Algorithm{}, false
	}
	return p.algorithm(strings.ToLower(strings.ReplaceAll(h.String(), "-", "")), 0)
}

func (p *Policy) keyAlgorithm(key crypto.PublicKey) (Algorithm, bool) {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return p.algorithm("rsa", k.N.BitLen())
	case *ecdsa.PublicKey:
		return p.algorithm("ecdsa", k.Curve.Params().BitSize)
	case ed25519.PublicKey:
		return p.algorithm("ed25519", 256)
	}
	return Algorithm{}, false
}

// certificateHash is the hash under a certificate's own signature; 0 for Ed25519, which has its own.
func certificateHash(a x509.SignatureAlgorithm) (crypto.Hash, bool) {
	switch a {
	case x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.ECDSAWithSHA256:
		return crypto.SHA256, true
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		return crypto.SHA384, true
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		return crypto.SHA512, true
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1:
		return crypto.SHA1, true
	case x509.PureEd25519:
		return 0, true
	}
	return 0, false
}

// tokenAlgorithms judges what the token itself rests on at the time of judging: the imprint's hash, the content's, the
// signature's, and the signer's key.
func (j *stampJudge) tokenAlgorithms(p *Policy) *Error {
	t := j.token
	hashes := []crypto.Hash{t.Info.Hash, t.Digest}
	if t.Algorithm.Hash != 0 { // else it is the content's
		hashes = append(hashes, t.Algorithm.Hash)
	}
	for _, h := range hashes {
		if err := j.restsOnHash(p, h, "a hash of the token"); err != nil {
			return err
		}
	}
	return j.restsOnKey(p, j.Signer, "the signer's key")
}

// chainAlgorithms judges every key of the chain, and the hash under every certificate but the anchor's, which the policy
// vouches for.
func (j *stampJudge) chainAlgorithms(p *Policy) *Error {
	for i, c := range j.Chain {
		if err := j.restsOnKey(p, c, "a key of the chain"); err != nil {
			return err
		}
		h, ok := certificateHash(c.SignatureAlgorithm)
		if i == len(j.Chain)-1 || ok && h == 0 {
			continue
		}
		if err := j.restsOnHash(p, h, "a hash of the chain"); err != nil {
			return err
		}
	}
	return nil
}

func (j *stampJudge) restsOnHash(p *Policy, h crypto.Hash, what string) *Error {
	a, ok := p.HashAlgorithm(h)
	return j.rests(a, ok, what)
}

func (j *stampJudge) restsOnKey(p *Policy, c *x509.Certificate, what string) *Error {
	a, ok := p.keyAlgorithm(c.PublicKey)
	return j.rests(a, ok, what)
}

func (j *stampJudge) rests(a Algorithm, ok bool, what string) *Error {
	if !ok {
		return failed(CodeStampAlgorithm, "%s is of no algorithm in the table", what)
	}
	if a.Until != nil && !j.at.Before(a.Until.Time) {
		if j.token.Info.Time.Before(a.Until.Time) { // good when it says it was made; what shows that it was, is not here
			return indeterminate(CodeStampAlgorithm, "%s is %s, which carries no evidence from %s on; nothing here shows that the token was there before", what, a, a.Until)
		}
		return failed(CodeStampAlgorithm, "%s is %s, which carries no evidence from %s on", what, a, a.Until)
	}
	for _, known := range j.Algorithms {
		if known.String() == a.String() {
			return nil
		}
	}
	j.Algorithms = append(j.Algorithms, a)
	return nil
}
