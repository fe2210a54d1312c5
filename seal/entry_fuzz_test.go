package seal

import (
	"bytes"
	"testing"

	"github.com/klauspost/compress/zstd"

	"kartoteka/seal/fuzztest"
)

// FuzzIndexReader opens a record that holds any bytes where an entry's or an act's frame should be: the one thing an ingest host
// decrypts. What a frame says of its size and window is not taken at its word beyond maxEntry.
func FuzzIndexReader(f *testing.F) {
	e, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	entry := Entry{Blind: []Digest{{1}}, Opening: Opening{Role: RoleEnvelope, Path: []Digest{}}, Count: 1, Classes: []string{}, Versions: []Version{}}
	good, err := entry.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(e.EncodeAll(good, nil))
	act, err := Act{Released: []LeafIndex{2}}.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(e.EncodeAll(act, nil))
	f.Add(e.EncodeAll(bytes.Repeat([]byte("x"), 8<<20), nil))
	f.Add([]byte("\x28\xb5\x2f\xfd\xa0\x00\x00\x40\x00\x01\x00\x00"))                 // claims 4 MiB
	f.Add([]byte("\x28\xb5\x2f\xfd\xe4\xff\xff\xff\xff\xff\xff\xff\x00\x01\x00\x00")) // claims 64 PiB
	secret := Secret{1}
	r, err := newIndexReader(secret)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var payload bytes.Buffer
		det := &detacher{dst: &payload}
		w, err := encryptTo(det, secret)
		if err == nil {
			_, err = w.Write(frame)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		var got Entry
		sealed := payload.Bytes()
		fuzztest.Bounded(t, len(frame)+maxEntry>>10, func() { got, err = r.Entry(det.head, bytes.NewReader(sealed)) })
		if err == nil {
			fuzztest.Settles(t, got, ParseEntry, Entry.Marshal)
		}
		if act, aerr := r.Act(det.head, bytes.NewReader(sealed)); aerr == nil {
			fuzztest.Settles(t, act, ParseAct, Act.Marshal)
			if err == nil {
				t.Errorf("%q is an entry and an act", frame)
			}
		}
	})
}
