// Package fuzztest holds what the fuzz targets of every reader ask for alike.
package fuzztest

import (
	"bytes"
	"runtime/metrics"
	"testing"
)

// What a reader may allocate: buffers and decoders of a fixed size, and a multiple of what it was given. encoding/json,
// yaml and encoding/xml each make some hundred bytes of values from a few bytes of text.
const (
	perReader = 8 << 20
	perByte   = 2 << 10
)

// Bounded runs a reader over n bytes of input and fails the test if it allocated more than input of that length can
// account for: then it took a length, a count or a size from the input at its word.
func Bounded(t testing.TB, n int, read func()) {
	t.Helper()
	before := allocated()
	read()
	if got := allocated() - before; got > perReader+uint64(n)*perByte {
		t.Errorf("reading %d bytes allocated %d KiB", n, got>>10)
	}
}

// allocated is what the process ever allocated, in bytes. Small values are counted a span at a time, large ones at
// once, and it is the large ones that a claim asks for.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// Same fails the test unless write gives what was read.
func Same(t testing.TB, data []byte, write func() ([]byte, error)) {
	t.Helper()
	if got, err := write(); err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %q, written %q, %v", data, got, err)
	}
}

// Settles is for files that a person may lay out: what was read, once written, is read and written the same again.
func Settles[T any](t testing.TB, v T, read func([]byte) (T, error), write func(T) ([]byte, error)) {
	t.Helper()
	written, err := write(v)
	if err != nil {
		t.Fatal(err)
	}
	back, err := read(written)
	if err != nil {
		t.Fatalf("written %q: %v", written, err)
	}
	Same(t, written, func() ([]byte, error) { return write(back) })
}
