package verify

import (
	"slices"
	"time"

	"kartoteka/seal"
)

// Role of an officer: what the signature may decide.
type Role string

// The roles. An officer of whom the policy names none has all of them.
const (
	RoleClock    Role = "clock"    // accept a clock
	RoleHold     Role = "hold"     // end a hold
	RoleDisposal Role = "disposal" // order a disposal
	RoleCustody  Role = "custody"  // pass the archive on, or give it to other custodians
)

// Roles lists them all.
func Roles() []Role { return []Role{RoleClock, RoleHold, RoleDisposal, RoleCustody} }

// may says whether the officer may sign for a role at a time.
func (o Officer) may(r Role, at time.Time) bool {
	return within(at, o.From, o.Until) && (len(o.Roles) == 0 || slices.Contains(o.Roles, r))
}

// Clock judges that two different officers accepted the clock at the time of the event.
func (p *Policy) Clock(e seal.Event) error {
	return p.two(RoleClock, e.Clock.Officers, e.ClockMessage(p.Origin), e.Time.Time)
}

// HoldRelease judges that two different officers ended a hold at the time of the event.
func (p *Policy) HoldRelease(e seal.Event) error {
	return p.two(RoleHold, e.HoldRelease.Officers, seal.HoldReleaseMessage(p.Origin, e.HoldRelease.Hold, e.HoldRelease.Log), e.Time.Time)
}

// Custody judges that two different officers passed the archive on at the time of the event.
func (p *Policy) Custody(e seal.Event) error {
	return p.two(RoleCustody, e.Custody.Officers, seal.TransferMessage(p.Origin, e.Custody.Transfer), e.Time.Time)
}

// Key judges that two different officers gave the archive to other recipients at the time of the event.
func (p *Policy) Key(e seal.Event) error {
	return p.two(RoleCustody, e.Key.Officers, e.RewrapMessage(p.Origin), e.Time.Time)
}

// Trusted lists the officers who may sign for a role at a time.
func (p *Policy) Trusted(r Role, at time.Time) (names []string) {
	for _, o := range p.Officers {
		if o.may(r, at) {
			names = append(names, o.Name)
		}
	}
	return names
}

// Order reads a disposal order and judges that two different officers signed it, who were trusted with disposals at the
// time of its execution, and that it is of this log. Every signature on it must hold.
func (p *Policy) Order(data []byte, at time.Time) (o seal.Order, officers []string, err error) {
	o, signed, err := seal.ParseOrder(data)
	if err != nil {
		return o, nil, failed(CodeOrder, "%w", err)
	}
	if o.Origin != p.Origin {
		return o, nil, failed(CodeOrder, "the order is for log %.80q, not %s", o.Origin, p.Origin)
	}
	var list []seal.OfficerSignature
	for _, s := range signed.Signatures {
		list = append(list, seal.OfficerSignature{Name: s.KeyID, Signature: s.Sig})
	}
	if err := p.two(RoleDisposal, list, signed.Message(), at); err != nil {
		return o, nil, err
	}
	for _, s := range list {
		officers = append(officers, s.Name)
	}
	return o, officers, nil
}
