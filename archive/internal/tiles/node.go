package tiles

import "golang.org/x/mod/sumdb/tlog"

// node is a hash that may have been lost.
type node struct {
	hash  tlog.Hash
	known bool
}

func unpack(tile []byte) []node {
	nodes := make([]node, len(tile)/tlog.HashSize)
	for k := range nodes {
		nodes[k] = node{hashAt(tile, k), true}
	}
	return nodes
}

func pack(nodes []node) (tile []byte, whole bool) {
	for _, n := range nodes {
		if !n.known {
			return nil, false
		}
		tile = append(tile, n.hash[:]...)
	}
	return tile, true
}

// join is the node above a full tile.
func join(nodes []node) node {
	tile, whole := pack(nodes)
	if !whole || len(nodes) != width {
		return node{}
	}
	return node{subtree(tile), true}
}

// verdict says which of two forms of a tile to believe.
type verdict int

const (
	agreed        verdict = iota // or one of them is missing
	storedRight                  // the tile above has the stored one's hash
	computedRight                // the tile above has the computed one's hash
	undecided                    // nothing above, or it agrees with neither
)

// doubt ends the detail of a problem of which two files may be the cause.
func (v verdict) doubt() string {
	if v == undecided {
		return "; nothing above says which of bundle and tile is right"
	}
	return ""
}

// settle decides between the stored hashes of a tile, nil if it could not be
// read, and those computed from below, and fills in what one side lacks. above
// is what the tile above has for this one, or nil.
func settle(stored, computed []node, above *tlog.Hash) ([]node, verdict) {
	if stored == nil {
		return computed, agreed
	}
	if len(differing(stored, computed)) == 0 {
		return stored, agreed
	}
	vouched := func(nodes []node) bool {
		n := join(nodes)
		return above != nil && n.known && n.hash == *above
	}
	filled := make([]node, len(stored))
	for k := range filled {
		filled[k] = stored[k]
		if computed[k].known {
			filled[k] = computed[k]
		}
	}
	switch {
	case vouched(stored):
		return stored, storedRight
	case vouched(filled):
		return filled, computedRight
	}
	return filled, undecided
}

// differing lists where both hashes are known and not the same.
func differing(stored, computed []node) []int {
	var at []int
	for k := range stored {
		if computed[k].known && computed[k] != stored[k] {
			at = append(at, k)
		}
	}
	return at
}
