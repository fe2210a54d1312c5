package daemon

import (
	"os"
	"sync"
	"time"
)

// Places at the socket. A connection costs who makes it nothing, so no user gets so many that others find none.
const (
	perUser   = 8  // connections of one user
	perOwner  = 32 // of root, and of the daemon's own user: theirs are not taken from the others' places
	forOthers = 64 // of all users but those two: each may hold a line of wire.MaxLine in memory
)

// owner says whether a peer is root or the daemon's own user.
func (p peer) owner() bool { return p.uid == 0 || p.uid == os.Getuid() }

// places is how many connections a peer may have.
func (p peer) places() int {
	if p.owner() {
		return perOwner
	}
	return perUser
}

// door counts connections, and says at most once a minute of each user that it was turned away: who connects in a loop
// must not fill the disk with the journal.
type door struct {
	mu     sync.Mutex
	uids   map[int]int // connections by user, those that are still being judged among them
	seated int         // connections that have a role, without the owners'
	told   map[int]bool
	since  time.Time // of told
}

// enter takes one of a user's own places; leave gives it back.
func (d *door) enter(p peer) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.uids[p.uid] >= p.places() {
		return false
	}
	if d.uids == nil {
		d.uids = map[int]int{}
	}
	d.uids[p.uid]++
	return true
}

func (d *door) leave(p peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.uids[p.uid]--; d.uids[p.uid] == 0 {
		delete(d.uids, p.uid)
	}
}

// sit takes one of the places that all users share; rise gives it back. Only who has a role sits: whoever commands many
// user numbers without one takes no place from anybody.
func (d *door) sit(p peer) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.owner() {
		return true
	}
	if d.seated >= forOthers {
		return false
	}
	d.seated++
	return true
}

func (d *door) rise(p peer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !p.owner() {
		d.seated--
	}
}

// tell says whether it is time to tell of a user that was turned away.
func (d *door) tell(p peer, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.told == nil || now.Sub(d.since).Abs() >= time.Minute {
		d.told, d.since = map[int]bool{}, now
	}
	first := !d.told[p.uid]
	d.told[p.uid] = true
	return first
}
