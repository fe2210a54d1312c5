package archive

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// CustodianChange says to whom the archive is given from now on, and by whose identity.
type CustodianChange struct {
	Recipients  []seal.Recipient                         // custodians and evidence officers, also those who stay: nobody else opens anything any more
	Secret      func(*seal.Keyfile) (seal.Secret, error) // opens a keyfile's secret with a person's identity
	Unseal      Unsealer                                 // opens the private keys sealed to the custodians
	Officers    []Officer                                // two or more with the role custody; a plan needs none
	SkipDamaged bool                                     // go on past keyfiles of which no copy holds: they are lost to everybody
	Step        func(done, all int64)                    // progress in keyfiles; may be nil
}

// CustodianPlan is what a change of custodians would do.
type CustodianPlan struct {
	Stay     []seal.Recipient
	Come     []seal.Recipient
	Leave    []seal.Recipient
	Keyfiles int      // to be wrapped anew
	Officers []string // who may sign it now: it takes two
}

// CustodiansRotated is what a change of custodians did.
type CustodiansRotated struct {
	Event    seal.LeafIndex // the first of its events
	Keyfiles int
	Damaged  []error // keyfiles that were passed over
}

// PlanCustodians says what a change would do, and does nothing. It opens the private keys with the person's identity, so
// that a plan which was shown is not refused for that.
func (a *Archive) PlanCustodians(c CustodianChange) (p CustodianPlan, err error) {
	if _, _, err := a.newRecipients(c.Recipients); err != nil {
		return p, err
	}
	if _, err := a.openSealed(c.Unseal); err != nil {
		return p, err
	}
	p = a.compared(c.Recipients)
	p.Officers = a.trust.policy.Trusted(verify.RoleCustody, a.opt.Now())
	names, err := a.allKeyfiles()
	p.Keyfiles = len(names)
	return p, err
}

// compared says who stays, comes and leaves.
func (a *Archive) compared(recipients []seal.Recipient) (p CustodianPlan) {
	same := func(x, y seal.Recipient) bool { return x.Role == y.Role && x.Age == y.Age }
	has := func(list []seal.Recipient, r seal.Recipient) bool {
		return slices.ContainsFunc(list, func(x seal.Recipient) bool { return same(x, r) })
	}
	for _, r := range recipients {
		if has(a.trust.recipients.Recipients, r) {
			p.Stay = append(p.Stay, r)
		} else {
			p.Come = append(p.Come, r)
		}
	}
	for _, r := range a.trust.recipients.Recipients {
		if r.Role != seal.RecipientIndex && !has(recipients, r) {
			p.Leave = append(p.Leave, r)
		}
	}
	return p
}

// newRecipients is the list that will be in force: the index identity stays as it is.
func (a *Archive) newRecipients(list []seal.Recipient) (r seal.Recipients, data []byte, err error) {
	for _, x := range list {
		if x.Role == seal.RecipientIndex {
			return r, nil, errors.New("the index identity is not changed here")
		}
		r.Recipients = append(r.Recipients, x)
	}
	for _, x := range a.trust.recipients.Recipients {
		if x.Role == seal.RecipientIndex {
			r.Recipients = append(r.Recipients, x)
		}
	}
	if data, err = r.Marshal(); err == nil {
		r, err = seal.ParseRecipients(data)
	}
	return r, data, err
}

// RotateCustodians wraps the secret of every keyfile to other people and seals the private keys to them. Two officers sign:
// the log key alone must not give the archive away. Documents are not sealed anew: whoever opened a keyfile before may have
// kept its secret.
//
// The commit decides. Before it nothing happened; after it whatever a crash left undone is done by the next Open. Secrets
// wrapped to the people before are then overwritten in both copies.
func (a *Archive) RotateCustodians(c CustodianChange) (done CustodiansRotated, err error) {
	acc, err := a.Begin()
	if err != nil {
		return done, err
	}
	defer acc.Abort()
	if err := acc.maySign(c); err != nil {
		return done, err
	}
	private, err := a.openSealed(c.Unseal)
	if err == nil {
		err = a.clearRewrap() // an attempt before this one may have left it
	}
	if err != nil {
		return done, err
	}
	if done, err = acc.rotateCustodians(c, private); err != nil {
		return done, errors.Join(err, a.clearRewrap())
	}
	// A crash up to here leaves rewrap/ and files in policy/ that nothing names; the next opening clears the former.
	return done, a.commitAndCarryOut(acc)
}

// rotateCustodians stages everything.
func (s *Accession) rotateCustodians(c CustodianChange, private SealedPrivate) (done CustodiansRotated, err error) {
	done.Event = s.next()
	if err := s.putRecipients(c.Recipients); err != nil {
		return done, err
	}
	list, damaged, err := s.rewrap(c)
	if err != nil {
		return done, err
	}
	done.Keyfiles, done.Damaged = len(list.Keyfiles), damaged
	if err := s.putRewrapping(list, c.Officers); err != nil {
		return done, err
	}
	files, err := s.sealPrivate(private)
	if err != nil {
		return done, err
	}
	s.add(seal.Event{Kind: seal.KindTrust, Trust: &seal.TrustEvent{
		Change: "custodians_rotated", Before: s.trust.policySum, After: s.trust.policySum, Files: files}})
	return done, nil
}

func (s *Accession) putRecipients(list []seal.Recipient) error {
	recipients, data, err := s.a.newRecipients(list)
	if err != nil {
		return err
	}
	sum := verify.Digest(data)
	s.trust.recipients, s.trust.toSum = recipients, sum
	// An attempt before this one may have left the file, its name not durable: it is written again, to the same bytes.
	return durable.ReplaceFile(s.a.fs, recipientsName(sum), data, filePerm)
}

// maySign has the officers sign a change of no keyfile, which is thrown away: what they sign in the end is known only when
// every keyfile is wrapped, and until it is known that they may nothing is written.
func (s *Accession) maySign(c CustodianChange) error {
	_, data, err := s.a.newRecipients(c.Recipients)
	if err != nil {
		return err
	}
	_, err = s.keyEvent(seal.KeyEvent{To: verify.Digest(data)}, c.Officers)
	return err
}

// keyEvent has the officers sign a key event, and judges whether they may.
func (s *Accession) keyEvent(k seal.KeyEvent, officers []Officer) (e seal.Event, err error) {
	e = seal.Event{Kind: seal.KindKey, Accession: s.id, Time: s.now, Key: &k}
	if k.Officers, err = signAll(officers, e.RewrapMessage(s.a.Spec.Origin)); err != nil {
		return e, err
	}
	return e, s.trust.policy.Key(e)
}

// putRewrapping stages the event that gives the archive to the recipients to be. Where there is no keyfile it names no list.
func (s *Accession) putRewrapping(list seal.Rewrapping, officers []Officer) error {
	k := seal.KeyEvent{To: s.trust.toSum, Keyfiles: len(list.Keyfiles)}
	if k.Keyfiles > 0 {
		data, err := list.Marshal()
		if err != nil {
			return err
		}
		k.List = verify.Digest(data)
		if err := durable.ReplaceFile(s.a.fs, rewrappingName(k.List), data, filePerm); err != nil {
			return err
		}
	}
	e, err := s.keyEvent(k, officers)
	if err != nil {
		return err
	}
	s.add(e)
	s.follow = true
	return nil
}

// allKeyfiles lists every keyfile of the archive.
func (a *Archive) allKeyfiles() (names []keyfileID, err error) {
	err = a.Events(0, func(_ seal.LeafIndex, e seal.Event) error {
		if e.Accessioned != nil {
			for _, k := range e.Accessioned.Keyfiles {
				names = append(names, keyfileID{e.Accession, k.Class})
			}
		}
		return nil
	})
	return names, err
}

// roomFor says whether a second set of keyfiles fits beside the one there is.
func (a *Archive) roomFor(names []keyfileID) error {
	free, total, err := durable.FreeSpace(a.dir)
	if err != nil {
		return nil // a file system that cannot tell will say so when it is full
	}
	var need uint64
	for _, n := range names {
		i, err := a.fs.Stat(n.name(keyfilesDir))
		if err != nil {
			continue // its second copy may be there
		}
		need += uint64(i.Size())
	}
	if need += need / 8; free < need || free-need < a.reserve(total) {
		return fmt.Errorf("%w: keyfiles take up to %d MiB for a while, %d are free", ErrSpace, cmp.Or(need>>20, 1), free>>20)
	}
	return nil
}
