package tiles

import (
	"encoding/binary"
	"fmt"
)

// An entry bundle is its leaves one after the other, each behind its length in
// two big-endian bytes.

func appendLeaf(bundle, leaf []byte) []byte {
	bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(leaf)))
	return append(bundle, leaf...)
}

// parseBundle cuts a bundle into exactly n leaves, which share its memory.
// Every bundle has one reading, and is made of its leaves in one way.
func parseBundle(bundle []byte, n int) ([][]byte, error) {
	leaves := make([][]byte, 0, n)
	for rest := bundle; len(leaves) < n; {
		if len(rest) < 2 {
			return nil, fmt.Errorf("bundle ends at leaf %d of %d: %w", len(leaves), n, ErrDamaged)
		}
		size := int(binary.BigEndian.Uint16(rest))
		rest = rest[2:]
		if len(rest) < size {
			return nil, fmt.Errorf("bundle ends within leaf %d of %d: %w", len(leaves), n, ErrDamaged)
		}
		leaves = append(leaves, rest[:size:size])
		rest = rest[size:]
		if len(leaves) == n && len(rest) > 0 {
			return nil, fmt.Errorf("bundle has %d bytes after its %d leaves: %w", len(rest), n, ErrDamaged)
		}
	}
	return leaves, nil
}
