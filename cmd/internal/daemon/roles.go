package daemon

import (
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strconv"

	"kartoteka/cmd/internal/wire"
)

// Role is what a person is to the archive.
type Role string

const (
	RoleIngest  Role = "ingest"  // a sending system's account
	RoleStaff   Role = "staff"   // the archive's clerks
	RoleAuditor Role = "auditor" // looks at the archive, never for a person
	RoleOfficer Role = "officer" // hands records out, holds them, disposes of them, has them stamped
)

// ops lists what a role may ask for. An auditor counts and checks but looks nobody up: whether a person has a record
// here is health data already. A hold names who ordered it, and often why.
func (r Role) ops() []wire.Op {
	switch r {
	case RoleIngest:
		return []wire.Op{wire.OpStatus, wire.OpIngest}
	case RoleStaff:
		return []wire.Op{wire.OpStatus, wire.OpList, wire.OpFind}
	case RoleAuditor:
		return []wire.Op{wire.OpStatus, wire.OpList, wire.OpDue, wire.OpRenewals}
	case RoleOfficer:
		return []wire.Op{wire.OpStatus, wire.OpList, wire.OpFind, wire.OpRelease, wire.OpReleaseVoid, wire.OpFact, wire.OpHold, wire.OpHolds,
			wire.OpHoldRelease, wire.OpStep, wire.OpDue, wire.OpOrder, wire.OpExecute, wire.OpCertificate, wire.OpStamp, wire.OpRenewals, wire.OpRenew}
	}
	return nil
}

func (g Grant) check() error {
	n := 0
	for _, set := range []bool{g.UID != nil, g.User != "", g.GID != nil, g.Group != ""} {
		if set {
			n++
		}
	}
	switch {
	case n != 1:
		return errors.New("needs exactly one of uid, user, gid, group")
	case g.Role == "":
		return errors.New("role: is missing")
	case g.Role.ops() == nil:
		return fmt.Errorf("role: %q is none of ingest, staff, auditor, officer", g.Role)
	case g.UID != nil && *g.UID < 0, g.GID != nil && *g.GID < 0:
		return errors.New("uid, gid: is negative")
	}
	_, err := g.resolve()
	return err
}

// holder is a grant with its names looked up.
type holder struct {
	uid, gid int // -1 where the grant is by the other
	role     Role
}

// resolve looks names up once, at the start: a name that is given to someone else later gets nothing.
func (g Grant) resolve() (h holder, err error) {
	h = holder{-1, -1, g.Role}
	switch {
	case g.UID != nil:
		h.uid = *g.UID
	case g.GID != nil:
		h.gid = *g.GID
	case g.Group != "":
		if h.gid, err = lookupGroup(g.Group); err != nil {
			return h, fmt.Errorf("group: %w", err)
		}
	default:
		u, err := user.Lookup(g.User)
		if err != nil {
			return h, fmt.Errorf("user: no user %q on this machine", g.User)
		}
		if h.uid, err = strconv.Atoi(u.Uid); err != nil {
			return h, fmt.Errorf("user: %q has no number", g.User)
		}
	}
	return h, nil
}

func lookupGroup(name string) (int, error) {
	if gid, err := strconv.Atoi(name); err == nil && gid >= 0 {
		return gid, nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return -1, fmt.Errorf("no group %q on this machine", name)
	}
	return strconv.Atoi(g.Gid)
}

// peer is who asks, as the kernel says.
type peer struct{ uid, gid int }

// roles knows who may ask for what.
type roles struct {
	holders []holder
	groups  func(uid int) ([]int, error) // all groups of a user
}

func newRoles(grants []Grant) (*roles, error) {
	r := &roles{groups: userGroups}
	for _, g := range grants {
		h, err := g.resolve()
		if err != nil {
			return nil, err
		}
		r.holders = append(r.holders, h)
	}
	return r, nil
}

// allowed lists what a peer may ask for.
func (r *roles) allowed(p peer) []wire.Op {
	if p.owner() {
		return wire.Ops()
	}
	groups, err := r.groups(p.uid)
	if err != nil { // an account of a directory that does not answer: its primary group is known for sure
		groups = nil
	}
	groups = append(groups, p.gid)
	var ops []wire.Op
	for _, h := range r.holders {
		if h.uid == p.uid || (h.gid >= 0 && slices.Contains(groups, h.gid)) {
			ops = append(ops, h.role.ops()...)
		}
	}
	return ops
}

// userGroups asks the user database, not the process: who was taken out of a group loses its role at once.
func userGroups(uid int) (list []int, err error) {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return nil, err
	}
	ids, err := u.GroupIds()
	for _, id := range ids {
		if gid, err := strconv.Atoi(id); err == nil {
			list = append(list, gid)
		}
	}
	return list, err
}
