// Package interop_test lets the tools of others judge what kartoteka writes, and refuse it once it is damaged.
// docs/interop.md says what is checked against what. `make interop` runs it, after building the binaries.
//
// The module is one of its own, so that kartoteka's go.mod names none of these tools. Its path stands under
// kartoteka/archive because proofs are made in an internal package there.
package interop_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// kartoteka runs the binary that make built.
func kartoteka(t *testing.T, args ...string) {
	t.Helper()
	said, err := exec.Command("../bin/kartoteka", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("kartoteka %v: %v\n%s", args, err, said)
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(name), 0o700))
	check(t, os.WriteFile(name, data, 0o600))
}

// flipped is data with one bit of one byte changed.
func flipped(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 1
	return data
}

// edited is a JSON object after a change.
func edited[T any](t *testing.T, data []byte, change func(v *T)) []byte {
	t.Helper()
	var v T
	check(t, json.Unmarshal(data, &v))
	change(&v)
	return must(json.Marshal(v))
}
