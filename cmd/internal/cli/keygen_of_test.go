package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"kartoteka/seal/unseal"
)

// TestKeygenOf: each custodian is asked for a passphrase of his own, and one who fails leaves nothing of the others.
func TestKeygenOf(t *testing.T) {
	for _, c := range []struct {
		name   string
		typed  []string
		status int
	}{
		{"three", []string{"anna-anna", "anna-anna", "jonas-jonas", "jonas-jonas", "olena-olena", "olena-olena"}, exitOK},
		{"the third mistypes", []string{"anna-anna", "anna-anna", "jonas-jonas", "jonas-jonas", "olena-olena", "olena"}, exitFailed},
		{"the second's is short", []string{"anna-anna", "anna-anna", "jonas"}, exitUsage},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			e, out := typed(t, c.typed...)
			if got := Main(context.Background(), e, []string{"keygen", "custodian", "--of", "2/3", "-o", filepath.Join(dir, "k")}); got != c.status {
				t.Fatalf("status %d, want %d: %s", got, c.status, out)
			}
			if c.status == exitOK {
				custodiansOpen(t, filepath.Join(dir, "k"), c.typed)
			} else if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
				t.Errorf("%v, %v", files, err)
			}
		})
	}
}

// custodiansOpen: identity i opens with its own passphrase only, and stands in the order of the recipients.
func custodiansOpen(t *testing.T, name string, typed []string) {
	t.Helper()
	before := ""
	for i := range 3 {
		data, err := os.ReadFile(name + "-" + string(rune('1'+i)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := unseal.Identities(data, func() (string, error) { return typed[(2*i+2)%6], nil }); !errors.Is(err, unseal.ErrPassphrase) {
			t.Errorf("identity %d opens with another's passphrase: %v", i+1, err)
		}
		ids, err := unseal.Identities(data, func() (string, error) { return typed[2*i], nil })
		if err != nil || len(ids) != 1 {
			t.Fatalf("%d identities, %v", len(ids), err)
		}
		public := ids[0].(*age.HybridIdentity).Recipient().String()
		if public <= before {
			t.Errorf("identity %d is not in its place", i+1)
		}
		before = public
		if got, err := os.ReadFile(name + "-" + string(rune('1'+i)) + ".pub"); err != nil || strings.TrimSpace(string(got)) != public {
			t.Errorf("public half %d is another's: %v", i+1, err)
		}
	}
}
