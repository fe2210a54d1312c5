package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"kartoteka/seal/unseal"
)

// typed is an Env at whose terminal somebody types these passphrases.
func typed(t *testing.T, answers ...string) (*Env, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	e := &Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, Getenv: func(string) string { return "" }}
	e.Passphrase = func(string) (string, error) {
		if len(answers) == 0 {
			return "", errors.New("asked once too often")
		}
		a := answers[0]
		answers = answers[1:]
		return a, nil
	}
	return e, &out
}

func TestKeygenPassphrase(t *testing.T) {
	for _, c := range []struct {
		name   string
		typed  []string
		status int
	}{
		{"twice the same", []string{"right-one", "right-one"}, exitOK},
		{"two", []string{"right-one", "left-one"}, exitFailed},
		{"empty", []string{""}, exitUsage},
		{"seven characters", []string{"seven77"}, exitUsage},
		{"seven characters of two bytes", []string{"żółćęąś"}, exitUsage},
		{"eight characters", []string{"żółćęąśń", "żółćęąśń"}, exitOK},
		{"gone away", []string{"right-one"}, exitFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "k")
			e, out := typed(t, c.typed...)
			if got := Main(context.Background(), e, []string{"keygen", "custodian", "-o", file}); got != c.status {
				t.Fatalf("status %d, want %d: %s", got, c.status, out)
			}
			for _, name := range []string{file, file + ".pub"} {
				if _, err := os.Stat(name); (err == nil) != (c.status == exitOK) {
					t.Errorf("%s: %v", filepath.Base(name), err)
				}
			}
		})
	}
}

// TestKeygenOpens: what keygen writes is an identity, protected by just that passphrase, of just that recipient.
func TestKeygenOpens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "k")
	e, out := typed(t, "right-one", "right-one")
	if got := Main(context.Background(), e, []string{"keygen", "evidence", "-o", file}); got != exitOK {
		t.Fatalf("status %d: %s", got, out)
	}
	secret, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unseal.Identities(secret, func() (string, error) { return "wrong", nil }); !errors.Is(err, unseal.ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	ids, err := unseal.Identities(secret, func() (string, error) { return "right-one", nil })
	if err != nil || len(ids) != 1 {
		t.Fatalf("%d identities, %v", len(ids), err)
	}
	public, err := os.ReadFile(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if got := ids[0].(*age.HybridIdentity).Recipient().String(); got != strings.TrimSpace(string(public)) {
		t.Error("the public half is another identity's")
	}
}

func TestRoff(t *testing.T) {
	for _, c := range [][2]string{{"a-b", `a\-b`}, {`\n`, `\en`}, {".so x", `\&.so x`}, {"'x", `\&'x`}} {
		if got := roff(c[0]); got != c[1] {
			t.Errorf("roff(%q) = %q, want %q", c[0], got, c[1])
		}
	}
}
