package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// A limit program that left something out would be a limit that nobody could reach.
func TestLimitSealsWhole(t *testing.T) {
	l, err := newLimit()
	if err != nil {
		t.Fatal(err)
	}
	id, err := age.NewScryptIdentity(l.secret)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("wynik badania\n"), 20000)
	name := filepath.Join(t.TempDir(), "document")
	if err := os.WriteFile(name, want, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, level := range []string{levelText, levelStored} {
		n := 0
		for done := range l.start(level + " " + name + "\n" + level + " " + name + "\n") {
			s := <-done
			if s.err != nil {
				t.Fatal(s.err)
			}
			plain, err := age.Decrypt(bytes.NewReader(s.data), id)
			if err != nil {
				t.Fatal(err)
			}
			d, err := zstd.NewReader(plain)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(d); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes come back, want %d; %v", level, len(got), len(want), err)
			}
			n++
		}
		if n != 2 {
			t.Errorf("%d results for two documents", n)
		}
	}
}
