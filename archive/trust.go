package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// trust is what the last accession event names: the policy and the recipients in force. Their files are written once,
// under their digest, before the event that names them: there is nothing that could be half changed.
type trust struct {
	policy     *verify.Policy
	policySum  seal.Digest
	recipients seal.Recipients
	toSum      seal.Digest
}

func policyName(d seal.Digest) string { return path.Join(policyDir, d.String()+".policy.json") }

func recipientsName(d seal.Digest) string { return path.Join(policyDir, d.String()+".recipients.json") }

func (a *Archive) readTrust() error {
	e := a.last.Accessioned
	if a.trust.policy != nil && a.trust.policySum == e.Policy && a.trust.toSum == e.To {
		return nil
	}
	data, err := a.readNamed(policyName(e.Policy), e.Policy)
	if err != nil {
		return err
	}
	t := trust{policySum: e.Policy, toSum: e.To}
	if t.policy, err = verify.ParsePolicy(data); err != nil {
		return &Tampered{Code: verify.CodePolicy, Subject: policyName(e.Policy), Reason: err.Error()}
	}
	if data, err = a.readNamed(recipientsName(e.To), e.To); err != nil {
		return err
	}
	if t.recipients, err = seal.ParseRecipients(data); err != nil {
		return &Tampered{Code: verify.CodePolicy, Subject: recipientsName(e.To), Reason: err.Error()}
	}
	a.trust = t
	return nil
}

// readNamed reads a file that is named by its digest.
func (a *Archive) readNamed(name string, sum seal.Digest) ([]byte, error) {
	data, err := durable.ReadFile(a.fs, name, maxRewrapping) // the largest that is named so
	if errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if err != nil {
		return nil, &Tampered{Code: verify.CodePolicy, Subject: name, Reason: "cannot be read: " + err.Error()}
	}
	if verify.Digest(data) != sum {
		return nil, &Tampered{Code: verify.CodePolicy, Subject: name, Reason: "is not the file the log names"}
	}
	return data, nil
}

// PolicyFile is the policy in force, byte for byte: what a verifier elsewhere pins.
func (a *Archive) PolicyFile() ([]byte, error) {
	return a.readNamed(policyName(a.trust.policySum), a.trust.policySum)
}

// AddProducer trusts a producer from now on.
func (a *Archive) AddProducer(p verify.Producer) error {
	return a.changePolicy("producer_added", func(policy *verify.Policy) error {
		for _, old := range policy.Producers {
			if old.Name == p.Name && (old.Until == nil || old.Until.After(a.opt.Now())) {
				return fmt.Errorf("producer %s is trusted already; end it first to give it another key", p.Name)
			}
		}
		policy.Producers = append(policy.Producers, p)
		return nil
	})
}

// AddTSA trusts a time-stamp authority from now on. It is never taken back: what it stamped is judged by it for ever, and
// whom to ask is the configuration's matter.
func (a *Archive) AddTSA(t verify.Anchor) error {
	return a.changePolicy("tsa_added", func(policy *verify.Policy) error {
		if err := t.Check(); err != nil {
			return err
		}
		for _, old := range policy.TSAs {
			if old.Name == t.Name {
				return fmt.Errorf("time-stamp authority %s is trusted already; give the new chain another name", t.Name)
			}
		}
		policy.TSAs = append(policy.TSAs, t)
		return nil
	})
}

// EndProducer ends the trust in a producer at a time. What it signed before stays good.
func (a *Archive) EndProducer(name string, at seal.Time) error {
	return a.changePolicy("producer_ended", func(policy *verify.Policy) error {
		for i := range policy.Producers {
			if p := &policy.Producers[i]; p.Name == name && p.Until == nil {
				p.Until = &at
				return nil
			}
		}
		return fmt.Errorf("no producer %s is trusted without an end", name)
	})
}

// changePolicy writes the new policy under its digest, then commits the event that puts it in force and names the files
// that were written with it. A crash in between leaves files that nothing names.
func (a *Archive) changePolicy(change string, edit func(*verify.Policy) error, files ...seal.NamedDigest) error {
	data, err := a.PolicyFile()
	if err != nil {
		return err
	}
	policy, err := verify.ParsePolicy(data)
	if err != nil {
		return err
	}
	if err := edit(policy); err != nil {
		return err
	}
	if data, err = policy.Marshal(); err != nil {
		return err
	}
	if _, err := verify.ParsePolicy(data); err != nil {
		return err
	}
	acc, err := a.Begin()
	if err != nil {
		return err
	}
	defer acc.Abort()
	after := verify.Digest(data)
	// An attempt before this one may have left the file, its name not durable: it is written again, to the same bytes.
	if err := durable.ReplaceFile(a.fs, policyName(after), data, filePerm); err != nil {
		return err
	}
	acc.trust.policy, acc.trust.policySum = policy, after
	acc.add(seal.Event{Kind: seal.KindTrust, Trust: &seal.TrustEvent{Change: change, Before: a.trust.policySum, After: after, Files: sorted(files)}})
	return acc.Commit()
}

func sorted(files []seal.NamedDigest) []seal.NamedDigest {
	slices.SortFunc(files, func(a, b seal.NamedDigest) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(files)
}
