package reading_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"kartoteka/archive/archivetest"
	"kartoteka/seal"
	"kartoteka/verify"
	"kartoteka/verify/container"
)

// TestPacketFlips changes single bytes of a packet: 300 anywhere, and every one of what lies under PROOF/. It fails, or it
// was a bit of the ZIP that says nothing (a time, padding of a deflate stream): then every file is still the same.
func TestPacketFlips(t *testing.T) {
	o := newOffice(t, archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1}))
	name, _ := o.mustPacket(t, o.export(1))
	good, err := os.ReadFile(name)
	must(t, err)
	z, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	must(t, err)
	places := map[int]bool{}
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, seal.PacketProof) {
			continue
		}
		at, err := f.DataOffset()
		must(t, err)
		for i := range int(f.CompressedSize64) {
			places[int(at)+i] = true
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		places[rng.IntN(len(good))] = true
	}
	var wg sync.WaitGroup
	var harmless atomic.Int32
	files, work := unpack(t, name), make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			name := filepath.Join(t.TempDir(), "flipped.zip")
			for at := range work {
				data := bytes.Clone(good)
				data[at] ^= byte(1 << (at % 8))
				if err := os.WriteFile(name, data, 0o600); err != nil {
					t.Error(err)
				}
				r := judge(o, name)
				if r.Verdict == verify.Indeterminate || r.Verdict == verify.Passed && !maps.EqualFunc(unpack(t, name), files, bytes.Equal) {
					t.Errorf("byte %d: %s", at, r.Verdict)
				}
				if r.Verdict == verify.Passed {
					harmless.Add(1)
				}
			}
		})
	}
	for at := range places {
		work <- at
	}
	close(work)
	wg.Wait()
	if n := int(harmless.Load()); n > len(places)/50 {
		t.Errorf("%d of %d flips are not noticed", n, len(places))
	}
	for _, n := range []int{0, 1, len(good) / 2, len(good) - 1} {
		must(t, os.WriteFile(name, good[:n], 0o600))
		if r := judge(o, name); r.Verdict != verify.Failed {
			t.Errorf("cut to %d bytes: %s", n, r.Verdict)
		}
	}
}

// repack writes a packet of these files under a manifest that fits them: a forger can do that.
func repack(t *testing.T, name string, files map[string][]byte) {
	t.Helper()
	f, err := os.Create(name)
	must(t, err)
	defer f.Close()
	w := container.NewWriter(f)
	var manifest strings.Builder
	names := slices.Sorted(func(yield func(string) bool) {
		for n := range files {
			if n != seal.PacketManifest && !yield(n) {
				return
			}
		}
	})
	put := func(n string, data []byte) {
		e, err := w.Create(n, true)
		must(t, err)
		_, err = e.Write(data)
		must(t, err)
	}
	for _, n := range names {
		put(n, files[n])
		fmt.Fprintf(&manifest, "%x  %s\n", sha256.Sum256(files[n]), n)
	}
	put(seal.PacketManifest, []byte(manifest.String()))
	must(t, w.Close())
}

// TestPacketForged changes files of a packet and mends the manifest: what is evidence must notice.
func TestPacketForged(t *testing.T) {
	o := newOffice(t, archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 1}))
	made, _ := o.mustPacket(t, o.export(0, 1))
	good, name := unpack(t, made), filepath.Join(t.TempDir(), "forged.zip")
	repack(t, name, good)
	if r := judge(o, name); r.Verdict != verify.Passed {
		t.Fatalf("repacked as it was: %v", notPassed(r))
	}
	try := func(what string, change func(files map[string][]byte)) {
		t.Helper()
		files := map[string][]byte{}
		for n, data := range good {
			files[n] = bytes.Clone(data)
		}
		change(files)
		repack(t, name, files)
		if r := judge(o, name); r.Verdict == verify.Passed {
			t.Errorf("%s: passed", what)
		}
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for n, data := range good {
		if n == seal.PacketManifest || n == seal.PacketIndex || n == seal.PacketReadme || n == seal.PacketRelease {
			continue // for people; what is proven stands elsewhere
		}
		for range 40 {
			at, mask := rng.IntN(len(data)), byte(1<<rng.IntN(8))
			if n == seal.PacketHead && unproven(data, at) {
				continue
			}
			try(fmt.Sprintf("%s byte %d ^ %#02x", n, at, mask), func(f map[string][]byte) { f[n][at] ^= mask })
		}
		try(n+" removed", func(f map[string][]byte) { delete(f, n) })
		try(n+" and a byte", func(f map[string][]byte) { f[n] = append(f[n], 'x') })
	}
	swap := func(a, b string) func(map[string][]byte) {
		return func(f map[string][]byte) { f[a], f[b] = f[b], f[a] }
	}
	b1, b2 := seal.PacketBundle(1), seal.PacketBundle(2)
	for _, n := range []string{seal.ProofEvent, seal.ProofLog, seal.ProofOpenings, seal.ProofEnvelope} {
		try(n+" swapped", swap(b1+n, b2+n))
	}
	try("documents swapped", swap(seal.PacketDocument(1, "x.txt"), seal.PacketDocument(2, "x.txt")))
	try("a file more", func(f map[string][]byte) { f["IHE_XDM/SUBSET01/DOC00099.TXT"] = []byte("forged") })
	head := func(old, new string) func(map[string][]byte) {
		return func(f map[string][]byte) {
			changed := bytes.Replace(f[seal.PacketHead], []byte(old), []byte(new), 1)
			if bytes.Equal(changed, f[seal.PacketHead]) {
				t.Errorf("%q is not in %s", old, seal.PacketHead)
			}
			f[seal.PacketHead] = changed
		}
	}
	try("another title", head(`"title":"Morfologia"`, `"title":"Glukoza"`))
	try("another class", head(`"class":"lab"`, `"class":"note"`))
	try("another name", head(`"name":"result.txt"`, `"name":"other.txt"`))
	try("another origin", head(archivetest.Origin, "elsewhere.example/1"))
	try("made before it was archived", head(`"made":"2026`, `"made":"2025`))
	try("made later than now", head(`"made":"2026`, `"made":"2056`))
	try("no envelope", head(`"envelope":true`, `"envelope":false`))
	try("less left out", head(`"left_out":`, `"left_out":1`))
	try("another release", head(`"release":`, `"release":1`))
}

// unproven is what PACKET.JSN only says: when the packet was made, between the release and now.
func unproven(head []byte, at int) bool {
	field := []byte(`"made":"`)
	from := bytes.Index(head, field) + len(field)
	return at >= from && at < from+20
}
