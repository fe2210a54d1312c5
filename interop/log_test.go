package interop_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"

	"kartoteka/archive/archivetest"
	"kartoteka/archive/internal/durable"
	"kartoteka/archive/internal/tiles"
	"kartoteka/seal"
)

// testLog is a log on disk as others know it: a folder and a key.
type testLog struct {
	dir, origin string
	key         note.Verifier
	size        uint64
	root        []byte
}

// archiveLog is the log of a small archive: full and partial tiles and bundles.
func archiveLog(t *testing.T) (testLog, *archivetest.Archive) {
	t.Helper()
	a := archivetest.New(t, archivetest.Options{Bundles: 270, Accessions: 3})
	var policy struct {
		Origin string
		Keys   []struct{ Key string } `json:"log_keys"`
	}
	check(t, json.Unmarshal(must(os.ReadFile(a.PolicyFile(t))), &policy))
	l := testLog{dir: filepath.Join(a.Dir, "log"), origin: policy.Origin, key: must(note.NewVerifier(policy.Keys[0].Key))}
	l.size, l.root = peek(t, must(os.ReadFile(filepath.Join(l.dir, "checkpoint"))))
	return l, a
}

// largeLog is three levels of tiles high, and grown in steps.
func largeLog(t *testing.T) (testLog, *tiles.Log, [][]byte) {
	t.Helper()
	const size, origin = 66_000, "kartoteka.test.example/large"
	dir := t.TempDir()
	check(t, os.Mkdir(filepath.Join(dir, "log"), 0o700))
	fsys := durable.OS(dir)
	l := must(tiles.Open(fsys, "log", 0))
	var leaves [][]byte
	for _, to := range []int{1, 300, 65_000, size} {
		from := len(leaves)
		for i := from; i < to; i++ {
			leaves = append(leaves, fmt.Appendf(nil, `{"kind":"test","leaf":%d}`, i))
		}
		check(t, l.Publish(must(l.Append(leaves[from:])).Size))
	}
	private, public, err := note.GenerateKey(rand.Reader, origin)
	check(t, err)
	signed := must(seal.Checkpoint{Origin: origin, Size: size, Root: seal.Digest(must(l.Tree()).Root)}.Sign(must(note.NewSigner(private))))
	write(t, filepath.Join(dir, "log", "checkpoint"), signed)
	_, root := peek(t, signed)
	return testLog{filepath.Join(dir, "log"), origin, must(note.NewVerifier(public)), size, root}, l, leaves
}

// peek reads a checkpoint by hand.
func peek(t *testing.T, signed []byte) (size uint64, root []byte) {
	t.Helper()
	lines := strings.Split(string(signed), "\n")
	if len(lines) < 5 || lines[3] != "" {
		t.Fatalf("no checkpoint of three lines: %q", signed)
	}
	return must(strconv.ParseUint(lines[1], 10, 63)), must(base64.StdEncoding.DecodeString(lines[2]))
}

// leafHashes reads an entry bundle the way tessera's own fsck command does.
func leafHashes(data []byte) (hashes [][]byte, err error) {
	var b api.EntryBundle
	if err := b.UnmarshalText(data); err != nil {
		return nil, err
	}
	for _, e := range b.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(e))
	}
	return hashes, nil
}

// fsck has tessera check the log. Each of its workers ends at the first bad tile, and without workers it hangs: hence
// 8, and a deadline.
func (l testLog) fsck(t *testing.T, from fsck.Fetcher) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- fsck.New(l.origin, l.key, from, leafHashes, fsck.Opts{N: 8}).Check(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		t.Fatal("tessera's fsck hangs")
		return nil
	}
}

func (l testLog) files() client.FileFetcher { return client.FileFetcher{Root: l.dir} }

func TestFsck(t *testing.T) {
	large, _, _ := largeLog(t)
	small, _ := archiveLog(t)
	for name, l := range map[string]testLog{"archive": small, "large": large} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.FileServer(http.Dir(l.dir)))
			defer server.Close()
			if err := l.fsck(t, must(client.NewHTTPFetcher(must(url.Parse(server.URL)), server.Client()))); err != nil {
				t.Errorf("over HTTP: %v", err)
			}
			if err := l.fsck(t, l.files()); err != nil {
				t.Errorf("from the folder: %v", err)
			}
			files := archivetest.Files(t, l.dir, ".")
			if name == "large" { // one of each kind
				files = []string{"checkpoint", "tile/0/000", "tile/0/257.p/208", "tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1", "tile/entries/100", "tile/entries/257.p/208"}
			}
			for _, file := range files {
				l.refuses(t, file)
			}
		})
	}
}

// refuses damages one file of the log in several ways, and mends it.
func (l testLog) refuses(t *testing.T, file string) {
	t.Helper()
	path := filepath.Join(l.dir, file)
	whole := must(os.ReadFile(path))
	for _, at := range []int{0, 5, len(whole) / 2, len(whole) - 10} {
		check(t, os.WriteFile(path, flipped(whole, at), 0o600))
		if l.fsck(t, l.files()) == nil {
			t.Errorf("%s with a flipped bit in byte %d: accepted", file, at)
		}
	}
	check(t, os.WriteFile(path, whole[:len(whole)-1], 0o600))
	if l.fsck(t, l.files()) == nil {
		t.Errorf("%s cut: accepted", file)
	}
	check(t, os.Remove(path))
	if l.fsck(t, l.files()) == nil {
		t.Errorf("%s removed: accepted", file)
	}
	check(t, os.WriteFile(path, whole, 0o600))
}

// What fsck lets pass, our own check names: bytes behind what a log of the size has.
func TestFsckPasses(t *testing.T) {
	l, a := archiveLog(t)
	partial := must(filepath.Glob(filepath.Join(l.dir, "tile/0/001.p/*")))
	for file, more := range map[string][]byte{filepath.Join(l.dir, "tile/entries/000"): {0, 1, 'x'}, partial[0]: make([]byte, 32)} {
		whole := must(os.ReadFile(file))
		check(t, os.WriteFile(file, append(bytes.Clone(whole), more...), 0o600))
		if err := l.fsck(t, l.files()); err != nil {
			t.Errorf("%s, longer: fsck now says %v: docs/interop.md", file, err)
		}
		if _, problems, err := tiles.Check(durable.OS(a.Dir), "log", int64(l.size), nil); err != nil || len(problems) == 0 {
			t.Errorf("%s, longer: we accept it, %v", file, err)
		}
		check(t, os.WriteFile(file, whole, 0o600))
	}
}

// Every bit of a checkpoint counts for tessera too, but for one that base64 leaves unused in the signature: that note
// readers let pass, and we do not (docs/format/log.md).
func TestFsckCheckpoint(t *testing.T) {
	l, _ := archiveLog(t)
	path := filepath.Join(l.dir, "checkpoint")
	whole := must(os.ReadFile(path))
	var accepted []int
	for at := range whole {
		check(t, os.WriteFile(path, flipped(whole, at), 0o600))
		if _, _, _, err := client.FetchCheckpoint(t.Context(), l.files().ReadCheckpoint, l.key, l.origin); err == nil {
			accepted = append(accepted, at)
			if _, err := seal.OpenCheckpoint(flipped(whole, at), l.origin, l.key); err == nil {
				t.Errorf("byte %d of the checkpoint: we accept it too", at)
			}
		}
	}
	check(t, os.WriteFile(path, whole, 0o600))
	if len(accepted) > 1 || len(accepted) == 1 && accepted[0] < len(whole)-4 {
		t.Errorf("bytes %v of the checkpoint do not count", accepted)
	}
	other := l
	_, public, err := note.GenerateKey(rand.Reader, l.origin)
	check(t, err)
	other.key = must(note.NewVerifier(public))
	if other.fsck(t, l.files()) == nil {
		t.Error("another key: accepted")
	}
	other = l
	other.origin += "x"
	if other.fsck(t, l.files()) == nil {
		t.Error("another origin: accepted")
	}
}

// inclusion is one RFC 6962 inclusion proof as transparency-dev/merkle takes it.
type inclusion struct {
	index, size uint64
	leaf        []byte // hash
	path        [][]byte
	root        []byte
}

func (p inclusion) verify() error {
	return proof.VerifyInclusion(rfc6962.DefaultHasher, p.index, p.size, p.leaf, p.path, p.root)
}

func (p inclusion) refusesChanges(t *testing.T) {
	t.Helper()
	twins := map[string]inclusion{
		"leaf": {p.index, p.size, flipped(p.leaf, 7), p.path, p.root}, "root": {p.index, p.size, p.leaf, p.path, flipped(p.root, 7)},
		"index": {p.index ^ 1, p.size, p.leaf, p.path, p.root}, "longer": {p.index, p.size, p.leaf, append(slices.Clone(p.path), p.root), p.root},
	}
	for name, path := range changedPaths(p.path) {
		twins[name] = inclusion{p.index, p.size, p.leaf, path, p.root}
	}
	for name, twin := range twins {
		if twin.verify() == nil {
			t.Errorf("leaf %d of %d, changed %s: accepted", p.index, p.size, name)
		}
	}
}

func changedPaths(path [][]byte) map[string][][]byte {
	m := map[string][][]byte{}
	for i := range path {
		changed := slices.Clone(path)
		changed[i] = flipped(path[i], 31)
		m[fmt.Sprint("hash ", i)] = changed
		m[fmt.Sprint("without hash ", i)] = slices.Delete(slices.Clone(path), i, i+1)
	}
	return m
}

// The receipts of every bundle, their tlog-proofs read by hand.
func TestReceipts(t *testing.T) {
	_, a := archiveLog(t)
	for _, b := range a.Bundles {
		var receipt struct{ Event, Proof string }
		check(t, json.Unmarshal(must(os.ReadFile(b.Receipt)), &receipt))
		p := readProof(t, receipt.Proof)
		p.leaf = rfc6962.DefaultHasher.HashLeaf([]byte(receipt.Event))
		if err := p.verify(); err != nil || p.index != uint64(b.Leaf) {
			t.Errorf("bundle at leaf %d: proof of leaf %d: %v", b.Leaf, p.index, err)
		}
		p.refusesChanges(t)
	}
}

// readProof reads a c2sp.org/tlog-proof.
func readProof(t *testing.T, text string) (p inclusion) {
	t.Helper()
	head, checkpoint, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		t.Fatalf("no tlog-proof: %q", text)
	}
	p.index = must(strconv.ParseUint(lines[1][len("index "):], 10, 63))
	for _, line := range lines[2:] {
		p.path = append(p.path, must(base64.StdEncoding.DecodeString(line)))
	}
	p.size, p.root = peek(t, []byte(checkpoint))
	return p
}

// Proofs between all kinds of sizes: transparency-dev/merkle takes ours, under roots that it computes from the leaves,
// and tessera's client makes the same ones from our tiles.
func TestProofs(t *testing.T) {
	published, l, leaves := largeLog(t)
	sizes := []uint64{1, 2, 3, 255, 256, 257, 512, 1000, 65_535, 65_536, 65_537, published.size}
	rng := mathrand.New(mathrand.NewPCG(6962, 9162))
	for range 10 {
		sizes = append(sizes, 1+rng.Uint64N(published.size))
	}
	slices.Sort(sizes)
	roots := merkleRoots(leaves, sizes)
	if !bytes.Equal(roots[published.size], published.root) {
		t.Fatal("the checkpoint's root is not merkle's")
	}
	sizes = slices.Compact(sizes)
	for i, size := range sizes {
		builder := must(client.NewProofBuilder(t.Context(), size, widest{published.files(), published}.ReadTile))
		for range 5 {
			index := rng.Uint64N(size)
			path := hashes(must(l.Inclusion(int64(index), int64(size))))
			p := inclusion{index, size, rfc6962.DefaultHasher.HashLeaf(leaves[index]), path, roots[size]}
			if err := p.verify(); err != nil {
				t.Errorf("leaf %d of %d: %v", index, size, err)
			}
			if theirs, err := builder.InclusionProof(t.Context(), index); err != nil || !same(theirs, path) {
				t.Errorf("leaf %d of %d: tessera makes another proof, %v", index, size, err)
			}
			p.refusesChanges(t)
		}
		for _, old := range sizes[:i] {
			checkConsistency(t, l, builder, old, size, roots)
		}
	}
}

// widest serves a log of a smaller size: it reads the widest partial tile there is where a narrower one was superseded.
type widest struct {
	fsck.Fetcher
	log testLog
}

func (w widest) ReadTile(ctx context.Context, level, index uint64, p uint8) ([]byte, error) {
	data, err := w.Fetcher.ReadTile(ctx, level, index, p)
	if !errors.Is(err, os.ErrNotExist) {
		return data, err
	}
	width := (w.log.size >> (8 * level)) - 256*index
	data, err = w.Fetcher.ReadTile(ctx, level, index, uint8(width))
	if err != nil {
		return nil, err
	}
	return data[:32*int(p)], nil
}

func merkleRoots(leaves [][]byte, sizes []uint64) map[uint64][]byte {
	roots := map[uint64][]byte{}
	tree := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for i, leaf := range leaves {
		if err := tree.Append(rfc6962.DefaultHasher.HashLeaf(leaf), nil); err != nil {
			panic(err)
		}
		if slices.Contains(sizes, uint64(i)+1) {
			roots[uint64(i)+1] = must(tree.GetRootHash(nil))
		}
	}
	return roots
}

func checkConsistency(t *testing.T, l *tiles.Log, builder *client.ProofBuilder, old, size uint64, roots map[uint64][]byte) {
	t.Helper()
	path := hashes(must(l.Consistency(int64(old), int64(size))))
	if theirs, err := builder.ConsistencyProof(t.Context(), old, size); err != nil || !same(theirs, path) {
		t.Errorf("%d to %d: tessera makes another proof, %v", old, size, err)
	}
	verify := func(old, size uint64, path [][]byte, a, b []byte) error {
		return proof.VerifyConsistency(rfc6962.DefaultHasher, old, size, path, a, b)
	}
	a, b := roots[old], roots[size]
	if err := verify(old, size, path, a, b); err != nil {
		t.Errorf("%d to %d: %v", old, size, err)
	}
	for name, twin := range changedPaths(path) {
		if verify(old, size, twin, a, b) == nil {
			t.Errorf("%d to %d, changed %s: accepted", old, size, name)
		}
	}
	if verify(old, size, path, flipped(a, 0), b) == nil || verify(old, size, path, a, flipped(b, 0)) == nil || verify(old, size, append(slices.Clone(path), a), a, b) == nil {
		t.Errorf("%d to %d, another root or a longer proof: accepted", old, size)
	}
}

func hashes[H ~[32]byte](list []H) (path [][]byte) {
	for _, h := range list {
		path = append(path, bytes.Clone(h[:]))
	}
	return path
}

func same(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }
