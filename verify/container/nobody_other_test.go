//go:build unix && !linux

package container

import (
	"os"
	"testing"
)

func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() == 0 {
		t.Skip("SKIP: root is refused nothing; run the tests as an ordinary user")
	}
	f()
}
