package archive

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"kartoteka/archive/internal/durable"
	"kartoteka/seal"
	"kartoteka/verify"
)

// Controller is who has the archive: the policy's, if it was passed on since it was made.
func (a *Archive) Controller() seal.Controller {
	if p := a.Policy(); p.Controller != nil {
		return *p.Controller
	}
	return a.Spec.Controller
}

// PlanTransfer is the transfer that Transfer would commit today.
func (a *Archive) PlanTransfer(to seal.Controller, basis string) (t seal.Transfer, file []byte, err error) {
	t = seal.Transfer{Schema: seal.SpecTransfer, Origin: a.Spec.Origin, From: a.Controller(), To: to, Basis: basis, On: a.Today()}
	if reflect.DeepEqual(t.From, t.To) {
		return t, nil, errors.New("transfer: the controller has the archive already")
	}
	file, err = t.Marshal()
	return t, file, err
}

// Transfer commits that the archive passes to another controller, which two officers sign. Who opens documents and who
// signs the log it does not change.
func (a *Archive) Transfer(to seal.Controller, basis string, officers []Officer) (t seal.Transfer, err error) {
	acc, err := a.Begin()
	if err != nil {
		return t, err
	}
	defer acc.Abort()
	t, file, err := a.PlanTransfer(to, basis)
	if err != nil {
		return t, err
	}
	e := seal.Event{Kind: seal.KindCustody, Time: acc.now, Custody: &seal.CustodyEvent{Transfer: verify.Digest(file)}}
	if e.Custody.Officers, err = signAll(officers, seal.TransferMessage(a.Spec.Origin, e.Custody.Transfer)); err != nil {
		return t, err
	}
	if err := a.trust.policy.Custody(e); err != nil {
		return t, err
	}
	// A crash from here to the commit leaves files in policy/ that nothing names.
	if err := durable.ReplaceFile(a.fs, transferName(e.Custody.Transfer), file, filePerm); err != nil {
		return t, err
	}
	acc.add(e)
	return t, acc.passTo(to)
}

// passTo puts the controller into the policy and commits.
func (s *Accession) passTo(to seal.Controller) error {
	before := s.trust.policySum
	err := s.editPolicy(func(p *verify.Policy) error {
		p.Controller = &to
		return nil
	})
	if err != nil {
		return err
	}
	s.add(seal.Event{Kind: seal.KindTrust, Trust: &seal.TrustEvent{Change: "custody_transferred", Before: before, After: s.trust.policySum}})
	return s.Commit()
}

// signAll has each officer sign, and lists the signatures as events do.
func signAll(officers []Officer, message []byte) (list []seal.OfficerSignature, err error) {
	for _, o := range officers {
		sig, err := o.Sign(message)
		if err != nil {
			return nil, err
		}
		list = append(list, seal.OfficerSignature{Name: o.Name, Signature: sig})
	}
	slices.SortFunc(list, func(x, y seal.OfficerSignature) int { return strings.Compare(x.Name, y.Name) })
	return list, nil
}
