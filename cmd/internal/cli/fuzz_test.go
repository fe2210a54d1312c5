package cli

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kartoteka/cmd/internal/cli/jsonoutput"
	"kartoteka/seal"
	"kartoteka/seal/fuzztest"
)

// FuzzInspect: whatever a file claims to be, inspect names its kind or calls it none of ours, and nothing it tells of it
// steers a terminal.
func FuzzInspect(f *testing.F) {
	vectors, err := filepath.Glob("../../../seal/testdata/vectors/*.*")
	if err != nil || len(vectors) == 0 {
		f.Fatal(err, len(vectors))
	}
	for _, name := range vectors {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		if strings.HasPrefix(filepath.Base(name), "event-") {
			f.Add(append(binary.BigEndian.AppendUint16(nil, uint16(len(data))), data...))
		}
	}
	f.Add([]byte(`{"schema":"kartoteka/hold/9"}`))
	f.Add([]byte(`{"schema":"kartoteka/private/1","log":"x"}`))
	f.Add([]byte("kartoteka/segment/2\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		i := &inspection{jsonoutput.Inspect{Facts: []jsonoutput.Fact{}}}
		var err error
		fuzztest.Bounded(t, len(data), func() {
			if begins(data, "kartoteka/segment/") {
				err = i.segment(strings.NewReader(string(data)))
			} else {
				err = i.small("x", data)
			}
		})
		if errors.Is(err, errNotOurs) {
			return
		}
		if i.Kind == "" {
			t.Errorf("%q is of no kind: %v", data, err)
		}
		for _, fact := range append(i.Facts, jsonoutput.Fact{Name: i.Kind, Value: clean(i.Version)}) {
			if clean(fact.Name) != fact.Name || clean(fact.Value) != fact.Value {
				t.Errorf("%q tells %q", data, fact)
			}
		}
		if strings.Contains(i.Kind, "secret") && len(i.Facts) > 0 {
			t.Errorf("tells %q of a secret", i.Facts)
		}
	})
}

// FuzzArguments: what a person may type where a share, a recipient or a file's limit is asked for.
func FuzzArguments(f *testing.F) {
	for _, s := range []string{"1%", "0.01", "NaN", "+Inf%", "1e-400", "", "age1pq1x", "0x1p-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := parseSample(s); err == nil && !(v >= 0 && v <= 1) {
			t.Errorf("%q is the share %v", s, v)
		}
		if r, err := readRecipient(s, seal.RecipientCustodian, 1); err == nil && r.Role != seal.RecipientCustodian {
			t.Errorf("%q is %+v", s, r)
		}
		if c := clean(s); clean(c) != c || strings.ContainsAny(c, "\x1b\n\x00\u202e") {
			t.Errorf("%q is cleaned to %q", s, c)
		}
	})
}

// FuzzReadList: whatever a spreadsheet made of a list, it names bundles or is refused.
func FuzzReadList(f *testing.F) {
	for _, s := range []string{"bundle,class\n7,x\n", "\xef\xbb\xbfbundle;class\r\n7;\"a;b\"\r\n", "7\n8\n", `{"schema":"kartoteka/due/1"}` + "\n" + `{"bundle":7}`, "bundle\n\"7\n8\"\n", "{", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var list []seal.LeafIndex
		var err error
		fuzztest.Bounded(t, len(data), func() { list, err = readList(bytes.NewReader(data)) })
		if err == nil && slices.ContainsFunc(list, func(l seal.LeafIndex) bool { return l < 0 }) {
			t.Errorf("%q: %v", data, list)
		}
	})
}
