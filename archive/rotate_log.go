package archive

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// LogKeyChange is a change of the log key, planned or done.
type LogKeyChange struct {
	Before string // verifier keys
	After  string
	From   seal.Time // from which the new one signs; zero while it is a plan
}

// PlanLogKey says which key would follow, and does nothing. It opens what a custodian's identity opens, so that a plan
// which was shown can be carried out.
func (a *Archive) PlanLogKey(unseal Unsealer) (c LogKeyChange, err error) {
	s, err := a.openSealed(unseal)
	if err != nil {
		return c, err
	}
	return a.logKeyChange(s)
}

func (a *Archive) logKeyChange(s SealedPrivate) (c LogKeyChange, err error) {
	if c.After, err = verifierKey(s.Successor); err != nil {
		return c, err
	}
	for _, k := range a.trust.policy.LogKeys {
		if k.Until == nil {
			c.Before = k.Key
		}
	}
	return c, nil
}

// RotateLogKey lets the successor that the policy commits to sign the log from now on, and commits to a new one. What the
// old key signed stays good for its time. A policy pinned before does not know the new key: its holder gets the new
// policy, and sees that it names the successor committed to in the old.
func (a *Archive) RotateLogKey(unseal Unsealer) (c LogKeyChange, err error) {
	if err := a.newSecond(); err != nil {
		return c, err
	}
	private, err := a.openSealed(unseal)
	if err != nil {
		return c, err
	}
	if c, err = a.logKeyChange(private); err != nil {
		return c, err
	}
	acc, err := a.Begin()
	if err != nil {
		return c, err
	}
	defer acc.Abort()
	c.From = acc.now
	if err := acc.rotateLogKey(c, private); err != nil {
		return c, errors.Join(err, a.clearSealed())
	}
	// A crash up to here leaves files in policy/ that nothing names; the next opening clears those with keys in them.
	return c, a.commitLogKey(acc, private.Successor)
}

// rotateLogKey stages the new policy and seals its keys to the custodians.
func (s *Accession) rotateLogKey(c LogKeyChange, private SealedPrivate) error {
	skey, vkey, err := note.GenerateKey(rand.Reader, s.a.Spec.Origin)
	if err != nil {
		return err
	}
	before := s.trust.policySum
	err = s.editPolicy(func(p *verify.Policy) error {
		for i := range p.LogKeys {
			if p.LogKeys[i].Until == nil {
				p.LogKeys[i].Until = &c.From
			}
		}
		p.LogKeys = append(p.LogKeys, verify.LogKey{Key: c.After, From: &c.From})
		p.Successor = verify.Digest([]byte(vkey))
		return nil
	})
	if err != nil {
		return err
	}
	private.Log, private.Successor = private.Successor, skey
	files, err := s.sealPrivate(private)
	if err != nil {
		return err
	}
	s.add(seal.Event{Kind: seal.KindTrust, Trust: &seal.TrustEvent{Change: "log_key_rotated", Before: before, After: s.trust.policySum, Files: files}})
	return nil
}

// commitLogKey commits under the new key. At every moment log.key or log.key.next is the key that the policy wants.
func (a *Archive) commitLogKey(acc *Accession, skey string) (err error) {
	if acc.signer, err = note.NewSigner(skey); err != nil {
		return err
	}
	private := a.opt.files(a.opt.Private)
	if err := durable.ReplaceFile(private, logKeyNext, []byte(skey+"\n"), secretPerm); err != nil {
		return err
	}
	// A crash here leaves log.key.next, which the next opening removes: it was never committed.
	err = acc.Commit()
	var after *AfterCommit
	switch {
	case err == nil, errors.As(err, &after): // the index catches up before the next accession
	case errors.Is(err, ErrReopen): // it may have been committed
		return err
	default:
		return errors.Join(err, private.Remove(logKeyNext))
	}
	// A crash here leaves log.key.next, which the next opening puts into place.
	if err := errors.Join(private.Rename(logKeyNext, logKeyName), private.SyncDir(".")); err != nil {
		return fmt.Errorf("%w; the next opening for writing goes on: %w", ErrUnfinished, err)
	}
	return nil
}

// newSecond waits until the clock shows a later second than that of the last event: a key is good from one whole second
// to another, and all that the old one signed lies before.
func (a *Archive) newSecond() error {
	wait := a.last.Time.Add(time.Second).Sub(a.opt.Now())
	if wait > 0 && wait <= time.Second {
		time.Sleep(wait)
	}
	if now := seal.At(a.opt.Now()); !now.After(a.last.Time.Time) {
		return fmt.Errorf("%w: it says %s, and the last event is dated %s; wait until it is past that", ErrClock, now, a.last.Time)
	}
	return nil
}

// editPolicy changes the policy that the accession puts in force and writes its file.
func (s *Accession) editPolicy(edit func(*verify.Policy) error) error {
	data, err := s.a.PolicyFile()
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
	if policy, err = verify.ParsePolicy(data); err != nil {
		return err
	}
	sum := verify.Digest(data)
	s.trust.policy, s.trust.policySum = policy, sum
	// An attempt before this one may have left the file, its name not durable: it is written again, to the same bytes.
	return durable.ReplaceFile(s.a.fs, policyName(sum), data, filePerm)
}
