package interop_test

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/seal"
	"kartoteka/seal/erstest"
	"kartoteka/verify"
)

// bouncyCastle lets org.bouncycastle.tsp.ers judge records, all in one run of Java.
type bouncyCastle struct {
	dir   string
	path  string // of classes
	lines bytes.Buffer
	want  []string // the name of every line, with "no " before it where it must be refused
}

// classPath finds BouncyCastle where Debian has it, or in CLASSPATH.
func classPath(t *testing.T) string {
	t.Helper()
	const jars = "/usr/share/java/bcpkix.jar:/usr/share/java/bcprov.jar:/usr/share/java/bcutil.jar"
	path := os.Getenv("CLASSPATH")
	if _, err := os.Stat("/usr/share/java/bcpkix.jar"); err == nil {
		path = jars
	}
	_, err := exec.LookPath("javac")
	if path == "" || err != nil {
		t.Skip("SKIP: no BouncyCastle or no javac: install libbcpkix-java default-jdk-headless")
	}
	return path
}

func newBouncyCastle(t *testing.T) *bouncyCastle {
	t.Helper()
	return &bouncyCastle{dir: t.TempDir(), path: classPath(t)}
}

func (b *bouncyCastle) add(t *testing.T, name string, accepted bool, record, document []byte, at time.Time) {
	t.Helper()
	file := filepath.Join(b.dir, fmt.Sprint(len(b.want)))
	write(t, file+".ers", record)
	write(t, file+".doc", document)
	fmt.Fprintf(&b.lines, "%s.ers\t%s.doc\t%d\n", file, file, at.Unix())
	if !accepted {
		name = "no " + name
	}
	b.want = append(b.want, name)
}

// judge compares every answer.
func (b *bouncyCastle) judge(t *testing.T) {
	t.Helper()
	classes := t.TempDir()
	if said, err := exec.Command("javac", "-cp", b.path, "-d", classes, "ers/Verify.java").CombinedOutput(); err != nil {
		t.Fatalf("javac: %v\n%s", err, said)
	}
	cmd := exec.Command("java", "-cp", b.path+":"+classes, "Verify")
	cmd.Stdin, cmd.Stderr = &b.lines, os.Stderr
	answers := strings.Split(strings.TrimSpace(string(must(cmd.Output()))), "\n")
	if len(answers) != len(b.want) {
		t.Fatalf("%d answers to %d records", len(answers), len(b.want))
	}
	for i, answer := range answers {
		if name, no := strings.CutPrefix(b.want[i], "no "); (answer == "ok") == no {
			t.Errorf("%s: BouncyCastle says %s", name, answer)
		}
	}
}

// evidence makes records of one document with authorities of the test.
type evidence struct {
	hash     crypto.Hash
	document []byte
	tsa      *erstest.TSA
}

var firstNight = time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC)

func newEvidence(hash crypto.Hash, document string) evidence {
	return evidence{hash, []byte(document), erstest.New("TSA", firstNight.AddDate(-1, 0, 0), firstNight.AddDate(20, 0, 0))}
}

func digest(h crypto.Hash, parts ...[]byte) []byte {
	s := h.New()
	s.Write(bytes.Join(parts, nil))
	return s.Sum(nil)
}

// tree puts value among n-1 others and gives its path and a token over the root.
func (e evidence) tree(hash crypto.Hash, value []byte, n, i, year int) (path [][]byte, token []byte) {
	var leaves [][]byte
	for k := range n {
		leaves = append(leaves, digest(hash, fmt.Appendf(nil, "leaf %d of %d", k, n)))
	}
	leaves[i] = value
	tree := must(seal.NewEvidenceTree(hash.New, leaves))
	return must(tree.Path(i)), e.tsa.Token(hash, tree.Root(), firstNight.AddDate(year, 0, 0))
}

func (e evidence) fresh(n, i int) *seal.EvidenceRecord {
	o := seal.EvidenceOpening{Digest: digest(e.hash, e.document), Blind: digest(e.hash, []byte("blind"), e.document)}
	path, token := e.tree(e.hash, seal.BlindedLeaf(e.hash.New, o.Digest, o.Blind), n, i, 0)
	return must(seal.NewEvidenceRecord(e.hash, o, path, token))
}

func (e evidence) renewed(r *seal.EvidenceRecord, hash crypto.Hash, n, i, year int) *seal.EvidenceRecord {
	path, token := e.tree(hash, must(r.RenewalLeaf()), n, i, year)
	return must(r.RenewStamp(path, token))
}

func (e evidence) rehashed(r *seal.EvidenceRecord, hash crypto.Hash, n, i, year int) *seal.EvidenceRecord {
	h := digest(hash, e.document)
	path, token := e.tree(hash, r.RenewedHash(hash, h, false), n, i, year)
	return must(r.RenewTree(hash, h, false, path, token))
}

// BouncyCastle takes every record we make, and none for another document.
func TestBouncyCastleEvidence(t *testing.T) {
	b := newBouncyCastle(t)
	both := func(name string, e evidence, r *seal.EvidenceRecord) {
		data, at := must(r.Marshal()), firstNight.AddDate(10, 0, 0)
		b.add(t, name, true, data, e.document, at)
		b.add(t, name+", another document", false, data, append([]byte("x"), e.document...), at)
	}
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA512} {
		e := newEvidence(hash, "Karta informacyjna nr 4")
		for n := 1; n <= 33; n++ {
			for i := range n {
				if i < 3 || i > n-4 || hash == crypto.SHA256 {
					both(fmt.Sprintf("leaf %d of %d, %v", i, n, hash), e, e.fresh(n, i))
				}
			}
		}
		for range 5 {
			n := 34 + rand.IntN(967)
			both(fmt.Sprintf("of %d", n), e, e.fresh(n, rand.IntN(n)))
		}
	}
	for n := 1; n <= 9; n++ { // documents whose digests are greater and smaller than that of the chains
		e := newEvidence(crypto.SHA256, fmt.Sprintf("document %d", n))
		r := e.fresh(n, n-1)
		for year := 1; year <= 3; year++ {
			r = e.renewed(r, crypto.SHA256, n, n/2, year)
			both(fmt.Sprintf("renewed %d times, %d nights", year, n), e, r)
		}
		r = e.rehashed(r, crypto.SHA512, n, n/3, 4)
		both(fmt.Sprintf("rehashed among %d", n), e, r)
		r = e.renewed(r, crypto.SHA512, n, 0, 5)
		both(fmt.Sprintf("rehashed and renewed, %d", n), e, r)
		r = e.renewed(r, crypto.SHA512, n, n-1, 6)
		both(fmt.Sprintf("rehashed and renewed twice, %d", n), e, r)
		r = e.rehashed(r, crypto.SHA384, n, 0, 7)
		both(fmt.Sprintf("rehashed twice, %d", n), e, r)
	}
	b.judge(t)
}

// The vectors of package verify: our own word of what BouncyCastle takes is held to what it does.
func TestBouncyCastleVectors(t *testing.T) {
	const dir = "../verify/testdata/ers"
	var vectors []struct{ Record, Document, At string }
	check(t, json.Unmarshal(must(os.ReadFile(filepath.Join(dir, "vectors.json"))), &vectors))
	p := &verify.Policy{}
	check(t, json.Unmarshal(must(os.ReadFile(filepath.Join(dir, "anchors.json"))), &p.TSAs))
	b := newBouncyCastle(t)
	for _, v := range vectors {
		if v.Record == "bad-signature.ers" || v.Record == "bad-inner-node.ers" || v.Record == "bad-future.ers" {
			continue // what we find there is no matter of what other readers read
		}
		record, document := must(os.ReadFile(filepath.Join(dir, v.Record))), must(os.ReadFile(filepath.Join(dir, v.Document)))
		at := must(time.Parse(time.RFC3339, v.At))
		accepted := lenient[v.Record]
		_, sum := p.EvidenceRecord(record, verify.OpenDocument(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(document)), nil }), at)
		for _, r := range sum.Readers {
			accepted = accepted || r.Name == verify.ReaderBC && r.Accepts
		}
		b.add(t, v.Record, accepted, record, document, at)
	}
	b.judge(t)
}

// lenient are records that BouncyCastle takes and we do not: BER, values that are no hashes, and a first chain of another
// document, which it does not look at where a second one is (docs/interop.md).
var lenient = map[string]bool{"bad-indefinite.ers": true, "bad-padded.ers": true, "bad-short-value.ers": true, "bad-first-chain.ers": true}
