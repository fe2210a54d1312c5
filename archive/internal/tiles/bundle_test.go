package tiles

import "testing"

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
