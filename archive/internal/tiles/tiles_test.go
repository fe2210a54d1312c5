package tiles

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/archive/internal/durable"
)

// quick is a file system without fsyncs, which can also fail at a step.
type quick struct {
	durable.FS
	steps  int // counted down at each change, if positive
	broken bool
}

var errBroken = errors.New("file system broke")

func (q *quick) step() error {
	if q.steps > 0 {
		q.steps--
		q.broken = q.steps == 0
	}
	if q.broken {
		return errBroken
	}
	return nil
}

func (q *quick) Create(name string, perm fs.FileMode) (durable.Handle, error) {
	if err := q.step(); err != nil {
		return nil, err
	}
	h, err := q.FS.Create(name, perm)
	return quickHandle{h, q}, err
}

func (q *quick) Rename(from, to string) error {
	if err := q.step(); err != nil {
		return err
	}
	return q.FS.Rename(from, to)
}

func (q *quick) SyncDir(string) error { return q.step() }

func (q *quick) Remove(name string) error {
	if q.broken { // a dead process tidies nothing up
		return errBroken
	}
	return q.FS.Remove(name)
}

type quickHandle struct {
	durable.Handle
	q *quick
}

func (h quickHandle) Write(p []byte) (int, error) {
	if err := h.q.step(); err != nil {
		h.Handle.Write(p[:len(p)/2])
		return len(p) / 2, err
	}
	return h.Handle.Write(p)
}

func (quickHandle) Sync() error { return nil }

func newFS(t testing.TB) (*quick, string) {
	root := t.TempDir()
	return &quick{FS: durable.OS(root)}, root
}

// leaf is leaf i of a history; two histories differ in every leaf.
func leaf(history string, i int64) []byte { return fmt.Appendf(nil, "%s %d", history, i) }

func leavesOf(history string, from, to int64) [][]byte {
	var list [][]byte
	for i := from; i < to; i++ {
		list = append(list, leaf(history, i))
	}
	return list
}

func mustOpen(t testing.TB, fsys durable.FS, size int64) *Log {
	t.Helper()
	l, err := Open(fsys, "log", size)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// grow appends and publishes.
func grow(t testing.TB, l *Log, history string, to int64) Tree {
	t.Helper()
	tree, err := l.Append(leavesOf(history, l.published().size, to))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Publish(tree.Size); err != nil {
		t.Fatal(err)
	}
	return tree
}

func newLog(t testing.TB, fsys durable.FS) *Log {
	t.Helper()
	if err := durable.MkdirAll(fsys, "log", 0o755); err != nil {
		t.Fatal(err)
	}
	return mustOpen(t, fsys, 0)
}

// reference is the tree as tlog itself stores it.
type reference []tlog.Hash

func (r reference) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var list []tlog.Hash
	for _, x := range indexes {
		list = append(list, r[x])
	}
	return list, nil
}

func newReference(t testing.TB, history string, size int64) reference {
	var r reference
	for i := range size {
		hashes, err := tlog.StoredHashes(i, leaf(history, i), r)
		if err != nil {
			t.Fatal(err)
		}
		r = append(r, hashes...)
	}
	return r
}

func (r reference) root(t testing.TB, size int64) tlog.Hash {
	t.Helper()
	h, err := tlog.TreeHash(size, r)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

const largest = 66_000

func TestAgainstReference(t *testing.T) {
	ref := newReference(t, "a", largest)
	rng := rand.New(rand.NewPCG(1, 2))
	sizes := []int64{0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000, 2000, 65_535, 65_536, 65_537, largest}
	for range 20 {
		sizes = append(sizes, rng.Int64N(2000))
	}
	for _, size := range sizes {
		fsys, _ := newFS(t)
		l := newLog(t, fsys)
		for at := int64(0); at < size; {
			at += min(size-at, 1+rng.Int64N(1+size/(1+rng.Int64N(20))))
			if rng.IntN(3) == 0 {
				l = mustOpen(t, fsys, l.published().size)
			}
			if got := grow(t, l, "a", at); got.Root != ref.root(t, at) {
				t.Fatalf("size %d on the way to %d: wrong root", at, size)
			}
		}
		l = mustOpen(t, fsys, size)
		tree, err := l.Tree()
		if err != nil || tree != (Tree{size, ref.root(t, size)}) {
			t.Fatalf("Tree at %d = %v, %v", size, tree, err)
		}
		checkClean(t, fsys, tree)
		checkProofs(t, l, ref, rng)
	}
}

func checkClean(t testing.TB, fsys durable.FS, want Tree) {
	t.Helper()
	next := int64(0)
	tree, problems, err := Check(fsys, "log", want.Size, func(i int64, b []byte) error {
		if i != next {
			return fmt.Errorf("leaf %d, want %d", i, next)
		}
		next++
		return nil
	})
	if err != nil || len(problems) > 0 || tree != want || next != want.Size {
		t.Fatalf("Check at %d = %v, %v, %v; %d leaves", want.Size, tree, problems, err, next)
	}
}

func checkProofs(t *testing.T, l *Log, ref reference, rng *rand.Rand) {
	t.Helper()
	size := l.published().size
	for range min(size, 40) {
		at := 1 + rng.Int64N(size)
		root, err := l.RootAt(at)
		if err != nil || root != ref.root(t, at) {
			t.Fatalf("RootAt(%d) of %d: wrong, %v", at, size, err)
		}
		i := rng.Int64N(at)
		p, err := l.Inclusion(i, at)
		if err == nil {
			err = tlog.CheckRecord(p, at, root, i, tlog.RecordHash(leaf("a", i)))
		}
		if err != nil {
			t.Fatalf("Inclusion(%d, %d): %v", i, at, err)
		}
		old := 1 + rng.Int64N(at)
		c, err := l.Consistency(old, at)
		if err == nil {
			err = tlog.CheckTree(c, at, root, old, ref.root(t, old))
		}
		if err != nil {
			t.Fatalf("Consistency(%d, %d): %v", old, at, err)
		}
		b, err := l.Leaf(i)
		if err != nil || !bytes.Equal(b, leaf("a", i)) {
			t.Fatalf("Leaf(%d) = %q, %v", i, b, err)
		}
	}
}

func TestOutOfRange(t *testing.T) {
	fsys, _ := newFS(t)
	l := newLog(t, fsys)
	grow(t, l, "a", 300)
	none := func(int64, []byte) error { return nil }
	for name, err := range map[string]error{
		"open negative":        second(Open(fsys, "log", -1)),
		"open absurd":          second(Open(fsys, "log", 1<<62+1)),
		"open too large":       second(Open(fsys, "log", 301)),
		"root negative":        second(l.RootAt(-1)),
		"root beyond":          second(l.RootAt(301)),
		"inclusion beyond":     second(l.Inclusion(300, 300)),
		"inclusion negative":   second(l.Inclusion(-1, 300)),
		"inclusion empty":      second(l.Inclusion(0, 0)),
		"consistency beyond":   second(l.Consistency(301, 300)),
		"consistency negative": second(l.Consistency(-1, 300)),
		"leaf beyond":          second(l.Leaf(300)),
		"leaf negative":        second(l.Leaf(-1)),
		"leaf before negative": second(l.Leaf(-1 << 63)),
		"leaves backwards":     l.Leaves(7, 6, none),
		"publish unstaged":     l.Publish(301),
		"leaf too long":        second(l.Append([][]byte{make([]byte, MaxLeaf+1)})),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if p, err := l.Consistency(0, 300); err != nil || len(p) != 0 {
		t.Errorf("Consistency(0, 300) = %v, %v; want an empty proof", p, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestLongestLeaves(t *testing.T) {
	fsys, _ := newFS(t)
	l := newLog(t, fsys)
	want := make([][]byte, 260)
	for i := range want {
		want[i] = bytes.Repeat([]byte{byte(i)}, MaxLeaf)
	}
	want[5] = []byte{}
	if _, err := l.Append(want); err != nil {
		t.Fatal(err)
	}
	if err := l.Publish(260); err != nil {
		t.Fatal(err)
	}
	err := mustOpen(t, fsys, 260).Leaves(0, 260, func(i int64, b []byte) error {
		if !bytes.Equal(b, want[i]) {
			return fmt.Errorf("leaf %d differs", i)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Staging changes nothing for readers at the published size, and the staged
// tree can be proven before its checkpoint is published.
func TestStagedIsUnseen(t *testing.T) {
	fsys, _ := newFS(t)
	l := newLog(t, fsys)
	before := grow(t, l, "a", 300)
	staged, err := l.Append(leavesOf("a", 300, 700))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Log{l, mustOpen(t, fsys, 300)} {
		if tree, err := r.Tree(); err != nil || tree != before {
			t.Errorf("Tree after Append = %v, %v", tree, err)
		}
	}
	p, err := l.Consistency(300, 700)
	if err == nil {
		err = tlog.CheckTree(p, 700, staged.Root, 300, before.Root)
	}
	if err != nil {
		t.Errorf("consistency with the staged tree: %v", err)
	}
}

func TestAppendNothing(t *testing.T) {
	fsys, _ := newFS(t)
	l := newLog(t, fsys)
	want := grow(t, l, "a", 10)
	if got := grow(t, l, "a", 10); got != want {
		t.Errorf("tree %v, want %v", got, want)
	}
	checkClean(t, fsys, want)
}

// A run that stops at any step leaves the log at its old size as it was; the
// next run, with other leaves, succeeds whatever the first one left.
func TestInterruptedAppend(t *testing.T) {
	for _, sizes := range [][3]int64{{0, 3, 2}, {250, 700, 300}, {300, 310, 900}, {256, 257, 257}, {300, 900, 301}} {
		want := Tree{sizes[2], newReference(t, "a", sizes[2]).root(t, sizes[2])}
		for steps := 1; ; steps++ {
			fsys, root := newFS(t)
			l := newLog(t, fsys)
			old := grow(t, l, "a", sizes[0])
			fsys.steps = steps
			_, err := l.Append(leavesOf("b", sizes[0], sizes[1]))
			done := !fsys.broken
			if done != (err == nil) {
				t.Fatalf("%v, step %d: Append = %v", sizes, steps, err)
			}
			fsys.steps, fsys.broken = 0, false

			l = mustOpen(t, fsys, sizes[0])
			if tree, err := l.Tree(); err != nil || tree != old {
				t.Fatalf("%v, step %d: tree changed", sizes, steps)
			}
			if steps%2 == 0 { // as the caller should
				quarantine(t, fsys, l)
				checkClean(t, fsys, old)
				grow(t, l, "a", sizes[2])
				checkClean(t, fsys, want)
			} else {
				grow(t, l, "a", sizes[2])
				checkLitter(t, fsys, want)
			}
			os.RemoveAll(root)
			if done {
				break
			}
		}
	}
}

// checkLitter allows for files too many, and for nothing else.
func checkLitter(t testing.TB, fsys durable.FS, want Tree) {
	t.Helper()
	tree, problems, err := Check(fsys, "log", want.Size, nil)
	if err != nil || tree != want {
		t.Fatalf("Check at %d = %v, %v", want.Size, tree, err)
	}
	for _, p := range problems {
		if p.Code != TileUnexpected && p.Code != TileSuperseded {
			t.Fatalf("%v", p)
		}
	}
}

func quarantine(t testing.TB, fsys durable.FS, l *Log) {
	t.Helper()
	list, err := l.Beyond()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if _, err := durable.MoveAside(fsys, p, "quarantine"); err != nil {
			t.Fatal(err)
		}
	}
}

// A crash after the checkpoint and before Publish leaves superseded partial
// tiles; publishing the same size again after Open removes them.
func TestPublishAgain(t *testing.T) {
	fsys, _ := newFS(t)
	l := newLog(t, fsys)
	grow(t, l, "a", 300)
	tree, err := l.Append(leavesOf("a", 300, 1100))
	if err != nil {
		t.Fatal(err)
	}
	_, problems, err := Check(fsys, "log", 1100, nil)
	if err != nil || len(problems) != 3 || problems[0].Code != TileSuperseded {
		t.Errorf("before: %v, %v", problems, err)
	}
	if err := mustOpen(t, fsys, 1100).Publish(1100); err != nil {
		t.Fatal(err)
	}
	checkClean(t, fsys, tree)
}

// A partial tile may be the last copy of its hashes.
func TestPublishKeepsLastCopy(t *testing.T) {
	fsys, root := newFS(t)
	l := newLog(t, fsys)
	grow(t, l, "a", 100)
	if _, err := l.Append(leavesOf("a", 100, 300)); err != nil {
		t.Fatal(err)
	}
	os.Remove(filepath.Join(root, "log/tile/entries/000"))
	if err := l.Publish(300); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Publish = %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, "log/tile/entries/000.p/100")); err != nil {
		t.Error(err)
	}
	if got := l.published().size; got != 300 {
		t.Errorf("size %d, want 300", got)
	}
}

// Damage in a published bundle must not be copied into the next one.
func TestAppendRefusesDamage(t *testing.T) {
	fsys, root := newFS(t)
	grow(t, newLog(t, fsys), "a", 300)
	flip(t, filepath.Join(root, "log/tile/entries/001.p/44"), 5)
	l := mustOpen(t, fsys, 300)
	if _, err := l.Append(leavesOf("a", 300, 301)); !errors.Is(err, ErrDamaged) {
		t.Errorf("Append = %v, want ErrDamaged", err)
	}
	if _, err := l.Leaf(256); !errors.Is(err, ErrDamaged) {
		t.Errorf("Leaf = %v, want ErrDamaged", err)
	}
	if b, err := l.Leaf(7); err != nil || !bytes.Equal(b, leaf("a", 7)) {
		t.Errorf("Leaf in a good bundle = %q, %v", b, err)
	}
}

func flip(t testing.TB, file string, at int) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data = slices.Clone(data)
	data[at] ^= 1
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
