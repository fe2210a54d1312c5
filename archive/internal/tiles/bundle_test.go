package tiles

import (
	"bytes"
	"errors"
	"testing"
)

func FuzzParseBundle(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add([]byte{0, 0}, uint8(0))
	f.Add([]byte{0, 3, 'o', 'n', 'e', 0, 0, 0, 1, 'x'}, uint8(2))
	f.Add([]byte{255, 255, 0}, uint8(255))
	f.Fuzz(func(t *testing.T, data []byte, last uint8) {
		n := int(last) + 1
		leaves, err := parseBundle(data, n)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v is not ErrDamaged", err)
			}
			return
		}
		if len(leaves) != n {
			t.Fatalf("%d leaves, want %d", len(leaves), n)
		}
		var again []byte
		for _, leaf := range leaves {
			again = appendLeaf(again, leaf)
		}
		if !bytes.Equal(again, data) {
			t.Errorf("%x was read as %x", data, again)
		}
	})
}

func TestParseBundle(t *testing.T) {
	for _, test := range []struct {
		bundle string
		n      int
		ok     bool
	}{
		{"\x00\x00", 1, true},
		{"\x00\x01a\x00\x02bc", 2, true},
		{"", 1, false},
		{"\x00", 1, false},
		{"\x00\x02a", 1, false},
		{"\x00\x01ab", 1, false},
		{"\x00\x01a", 2, false},
		{"\x00\x01a\x00\x01b", 1, false},
	} {
		if _, err := parseBundle([]byte(test.bundle), test.n); (err == nil) != test.ok {
			t.Errorf("%x as %d leaves: %v", test.bundle, test.n, err)
		}
	}
}
