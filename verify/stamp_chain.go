package verify

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"kartoteka/seal"
)

// certificates reads the PEM of an anchor.
func (a Anchor) certificates() (list []*x509.Certificate, err error) {
	for rest := []byte(a.Chain); ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			break
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("chain of TSA %.40q: %w", a.Name, err)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("chain of TSA %.40q: no certificate", a.Name)
	}
	return list, nil
}

// pools sorts the chain: what no other certificate of it issued is an anchor. That is the root, or, as in the EU's
// trusted lists, the certificate of an authority or of the time-stamping unit itself.
func (a Anchor) pools() (roots, inter *x509.CertPool, err error) {
	list, err := a.certificates()
	if err != nil {
		return nil, nil, err
	}
	roots, inter = x509.NewCertPool(), x509.NewCertPool()
	for _, c := range list {
		above := slices.ContainsFunc(list, func(o *x509.Certificate) bool { return o != c && bytes.Equal(o.RawSubject, c.RawIssuer) })
		if above && !bytes.Equal(c.RawIssuer, c.RawSubject) {
			inter.AddCert(c)
		} else {
			roots.AddCert(c)
		}
	}
	return roots, inter, nil
}

// anchor looks for a chain from the signer to an anchor of the policy that holds at the time of judging, and at the
// token's own: what was made before its certificate began was not made with it.
func (j *stampJudge) anchor(p *Policy) *Error {
	var late, broken error
	held := false // when the token says it was made
	for _, a := range p.TSAs {
		roots, inter, err := a.pools()
		if err != nil {
			broken = err
			continue
		}
		for _, c := range j.pool {
			inter.AddCert(c)
		}
		chain, err := j.verify(roots, inter, j.at)
		if err == nil {
			return j.anchored(a.Name, chain)
		}
		if expired(err) && j.reaches(roots, inter) {
			late = fmt.Errorf("TSA %s: %w", a.Name, err)
			_, then := j.verify(roots, inter, j.token.Info.Time)
			held = held || then == nil
		}
	}
	switch {
	case late != nil && held:
		return indeterminate(CodeStampChain, "the token's certificates have ended since, and nothing here shows that it was there before: %w", late)
	case late != nil:
		return failed(CodeStampChain, "the token's certificates do not hold at %s: %w", seal.At(j.at), late)
	case broken != nil:
		return indeterminate(CodeTSA, "%w", broken)
	}
	return indeterminate(CodeTSA, "no TSA of the policy is above the token's certificate")
}

func (j *stampJudge) verify(roots, inter *x509.CertPool, at time.Time) ([]*x509.Certificate, error) {
	chains, err := j.Signer.Verify(x509.VerifyOptions{Roots: roots, Intermediates: inter, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}})
	if err != nil {
		return nil, err
	}
	return slices.MinFunc(chains, func(a, b []*x509.Certificate) int { return len(a) - len(b) }), nil
}

func expired(err error) bool {
	var invalid x509.CertificateInvalidError
	return errors.As(err, &invalid) && invalid.Reason == x509.Expired
}

// reaches tells a chain that ended from a certificate that nobody vouches for: crypto/x509 looks at a certificate's
// time before it looks for its issuer.
func (j *stampJudge) reaches(roots, inter *x509.CertPool) bool {
	for _, at := range []time.Time{j.token.Info.Time, j.Signer.NotBefore, j.Signer.NotAfter} {
		if _, err := j.verify(roots, inter, at); err == nil {
			return true
		}
	}
	return false
}

func (j *stampJudge) anchored(name string, chain []*x509.Certificate) *Error {
	if t := j.token.Info.Time; t.Before(j.Signer.NotBefore) {
		return failed(CodeStampChain, "the token is of %s, before its certificate began", t.Format(time.RFC3339))
	}
	j.TSA, j.Chain, j.NotAfter = name, chain, chain[0].NotAfter
	for _, c := range chain {
		if c.NotAfter.Before(j.NotAfter) {
			j.NotAfter = c.NotAfter
		}
	}
	return nil
}
