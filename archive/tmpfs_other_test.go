//go:build !linux

package archive_test

import "testing"

func tmpfs(t *testing.T, _ string) string {
	t.Helper()
	t.Skip("SKIP: a tmpfs is mounted on Linux only")
	return ""
}
