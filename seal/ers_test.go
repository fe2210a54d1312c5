package seal_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"fmt"
	"hash"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/seal"
	"kartoteka/seal/erstest"
	"kartoteka/seal/fuzztest"
)

var ersNight = time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC)

func ersTSA(name string) *erstest.TSA {
	return erstest.New(name, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC))
}

func ersLeaves(h crypto.Hash, n int) (leaves [][]byte) {
	for i := range n {
		leaves = append(leaves, sumOf(h, fmt.Appendf(nil, "leaf %d of %d", i, n)))
	}
	return leaves
}

func sumOf(h crypto.Hash, data []byte) []byte {
	s := h.New()
	s.Write(data)
	return s.Sum(nil)
}

// fold goes up a path by hand: RFC 4998 §4.3 for lists of one sibling.
func fold(new func() hash.Hash, leaf []byte, path [][]byte) []byte {
	for _, sibling := range path {
		leaf = seal.BlindedLeaf(new, leaf, sibling)
	}
	return leaf
}

func TestEvidencePath(t *testing.T) {
	sizes := []int{1000}
	for n := 1; n <= 33; n++ {
		sizes = append(sizes, n)
	}
	for range 5 {
		sizes = append(sizes, 34+rand.IntN(966))
	}
	for _, n := range sizes {
		leaves := ersLeaves(crypto.SHA256, n)
		root, err := seal.EvidenceRoot(sha256.New, leaves)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := seal.NewEvidenceTree(sha256.New, leaves)
		if err != nil || !bytes.Equal(tree.Root(), root) {
			t.Errorf("size %d: root %x, want %x (%v)", n, tree.Root(), root, err)
		}
		for i := range leaves {
			if path, err := tree.Path(i); err != nil || !bytes.Equal(fold(sha256.New, leaves[i], path), root) {
				t.Errorf("leaf %d of %d: its path does not lead to the root (%v)", i, n, err)
			}
		}
		for _, i := range []int{-1, n} {
			if _, err := tree.Path(i); err == nil {
				t.Errorf("leaf %d of %d has a path", i, n)
			}
		}
	}
	if _, err := seal.NewEvidenceTree(sha256.New, nil); err == nil {
		t.Error("a tree without leaves")
	}
}

// exampleRecord is one fresh record over a tree of five leaves.
func exampleRecord(t testing.TB, h crypto.Hash) (*seal.EvidenceRecord, []byte) {
	o := seal.EvidenceOpening{Digest: sumOf(h, []byte("document")), Blind: sumOf(h, []byte("blind"))}
	leaves := ersLeaves(h, 5)
	leaves[2] = fold(h.New, o.Digest, [][]byte{o.Blind})
	tree, err := seal.NewEvidenceTree(h.New, leaves)
	if err != nil {
		t.Fatal(err)
	}
	path, _ := tree.Path(2)
	e, err := seal.NewEvidenceRecord(h, o, path, ersTSA("one").Token(h, tree.Root(), ersNight))
	if err != nil {
		t.Fatal(err)
	}
	data, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return e, data
}

// A record's bytes are those of RFC 4998's module, put together here by hand.
func TestEvidenceRecordBytes(t *testing.T) {
	e, data := exampleRecord(t, crypto.SHA256)
	s := e.Chains[0].Stamps[0]
	tlv := func(tag byte, parts ...[]byte) []byte {
		content := bytes.Join(parts, nil)
		switch n := len(content); {
		case n < 0x80:
			return append([]byte{tag, byte(n)}, content...)
		case n < 0x100:
			return append([]byte{tag, 0x81, byte(n)}, content...)
		default:
			return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
		}
	}
	oid := []byte{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1}
	var lists []byte
	for _, l := range s.Lists {
		lists = append(lists, tlv(0x30, tlv(4, l[0]))...)
	}
	want := tlv(0x30, []byte{2, 1, 1}, tlv(0x30, tlv(0x30, oid)), tlv(0x30, tlv(0x30, tlv(0x30, tlv(0xa0, oid), tlv(0xa2, lists), s.Token))))
	if !bytes.Equal(data, want) {
		t.Errorf("written\n%x\nwant\n%x", data, want)
	}
	if got := len(data) - len(s.Token); got != 5*36+50 { // h, r and three siblings
		t.Errorf("%d bytes beside the token", got)
	}
}

func TestEvidenceRecordRenewals(t *testing.T) {
	e, _ := exampleRecord(t, crypto.SHA256)
	tsa := ersTSA("two")
	for i := 1; i <= 2; i++ {
		leaf, err := e.RenewalLeaf()
		if err != nil {
			t.Fatal(err)
		}
		if e, err = e.RenewStamp(nil, tsa.Token(crypto.SHA256, leaf, ersNight.AddDate(i, 0, 0))); err != nil {
			t.Fatal(err)
		}
		if got := len(e.Chains[0].Stamps[i].First()); got != i {
			t.Errorf("renewal %d lists %d tokens", i, got)
		}
	}
	h := sumOf(crypto.SHA512, []byte("document"))
	for _, sorted := range []bool{false, true} {
		value := e.RenewedHash(crypto.SHA512, h, sorted)
		leaves := append(ersLeaves(crypto.SHA512, 2), value)
		tree, _ := seal.NewEvidenceTree(crypto.SHA512.New, leaves)
		path, _ := tree.Path(2)
		r, err := e.RenewTree(crypto.SHA512, h, sorted, path, tsa.Token(crypto.SHA512, tree.Root(), ersNight.AddDate(3, 0, 0)))
		if err != nil {
			t.Fatal(err)
		}
		data, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		back, err := seal.ParseEvidenceRecord(data)
		if err != nil || len(back.Chains) != 2 || len(back.Chains[0].Stamps) != 3 || len(back.Algorithms) != 2 {
			t.Errorf("%+v, %v", back, err)
		}
		fuzztest.Same(t, data, back.Marshal)
		if !bytes.Equal(back.RenewedHash(crypto.SHA512, h, sorted), r.RenewedHash(crypto.SHA512, h, sorted)) || len(e.Chains) != 1 {
			t.Error("the record that was renewed changed")
		}
	}
}

func TestEvidenceRecordRefusesToAssemble(t *testing.T) {
	e, _ := exampleRecord(t, crypto.SHA256)
	tsa := ersTSA("two")
	leaf, _ := e.RenewalLeaf()
	good := func(at time.Time) []byte { return tsa.Token(crypto.SHA256, leaf, at) }
	for name, try := range map[string]func() (*seal.EvidenceRecord, error){
		"same time": func() (*seal.EvidenceRecord, error) { return e.RenewStamp(nil, good(ersNight)) },
		"earlier":   func() (*seal.EvidenceRecord, error) { return e.RenewStamp(nil, good(ersNight.AddDate(0, 0, -1))) },
		"another root": func() (*seal.EvidenceRecord, error) {
			return e.RenewStamp([][]byte{leaf}, good(ersNight.AddDate(1, 0, 0)))
		},
		"another hash": func() (*seal.EvidenceRecord, error) {
			return e.RenewTree(crypto.SHA512, sumOf(crypto.SHA512, nil), false, nil, good(ersNight.AddDate(1, 0, 0)))
		},
		"a short digest": func() (*seal.EvidenceRecord, error) {
			return e.RenewTree(crypto.SHA512, leaf, false, [][]byte{leaf}, good(ersNight.AddDate(1, 0, 0)))
		},
		"no hash": func() (*seal.EvidenceRecord, error) {
			return e.RenewTree(crypto.MD5, leaf, false, nil, good(ersNight.AddDate(1, 0, 0)))
		},
		"no token":    func() (*seal.EvidenceRecord, error) { return e.RenewStamp(nil, []byte{0x30, 0}) },
		"nothing yet": func() (*seal.EvidenceRecord, error) { return (&seal.EvidenceRecord{}).RenewStamp(nil, nil) },
	} {
		if r, err := try(); err == nil || r != nil {
			t.Errorf("%s: made", name)
		}
	}
	if _, err := e.RenewStamp(nil, good(ersNight.AddDate(1, 0, 0))); err != nil {
		t.Error(err)
	}
}

func TestCapsuleEvidence(t *testing.T) {
	c, err := seal.ParseCapsule(vector(t, "capsule-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	commitment, _, err := c.Commit()
	if err != nil {
		t.Fatal(err)
	}
	for h, root := range map[crypto.Hash][]byte{crypto.SHA256: commitment.SHA256[:], crypto.SHA512: commitment.SHA512[:]} {
		for i := range c.Items {
			o, err := c.Evidence(h, i)
			if err != nil || !bytes.Equal(fold(h.New, o.Digest, append([][]byte{o.Blind}, o.Path...)), root) {
				t.Errorf("item %d does not lead to the bundle's %v root: %v", i, h, err)
			}
		}
	}
	for _, bad := range []struct {
		h crypto.Hash
		i int
	}{{crypto.SHA384, 0}, {crypto.SHA256, -1}, {crypto.SHA256, 3}} {
		if _, err := c.Evidence(bad.h, bad.i); err == nil {
			t.Errorf("%v of item %d", bad.h, bad.i)
		}
	}
}

// What a reader must refuse in the form, and what it says.
func TestEvidenceRecordForm(t *testing.T) {
	e, data := exampleRecord(t, crypto.SHA256)
	edit := func(change func(e *seal.EvidenceRecord)) []byte {
		c, _ := seal.ParseEvidenceRecord(data)
		change(c)
		b, _ := c.Marshal()
		return b
	}
	token := e.Chains[0].Stamps[0].Token
	indefinite := append(append([]byte{0x30, 0x80}, data[4:]...), 0, 0)
	padded := append([]byte{0x30, 0x83, 0}, data[2:]...)
	for name, tt := range map[string]struct {
		data []byte
		want string
	}{
		"empty":             {nil, "no EvidenceRecord"},
		"a set":             {append([]byte{0x31}, data[1:]...), "no EvidenceRecord"},
		"cut":               {data[:len(data)-1], "ends within"},
		"longer":            {append(bytes.Clone(data), 5, 0), "goes on"},
		"indefinite length": {indefinite, "BER"},
		"padded length":     {padded, "BER"},
		"version 2":         {bytes.Replace(data, []byte{2, 1, 1}, []byte{2, 1, 2}, 1), "version"},
		"empty hash tree":   {edit(func(e *seal.EvidenceRecord) { e.Chains[0].Stamps[0].Lists = [][][]byte{} }), "empty reducedHashtree"},
		"empty list":        {edit(func(e *seal.EvidenceRecord) { e.Chains[0].Stamps[0].Lists[1] = nil }), "empty PartialHashtree"},
		"short hash":        {edit(func(e *seal.EvidenceRecord) { e.Chains[0].Stamps[0].Lists[1][0] = token[:8] }), "length"},
		"empty chain":       {edit(func(e *seal.EvidenceRecord) { e.Chains[0].Stamps = nil }), "empty chain"},
		"many time-stamps":  {edit(func(e *seal.EvidenceRecord) { e.Chains[0].Stamps = slices.Repeat(e.Chains[0].Stamps, 257) }), "more than 256"},
		"string in pieces":  {edit(func(e *seal.EvidenceRecord) { e.Chains[0].Stamps[0].Token = []byte{0x30, 4, 0x24, 2, 4, 0} }), "BER"},
		"deep":              {bytes.Repeat([]byte{0x30, 0x7e}, 70), "ends within"},
	} {
		if _, err := seal.ParseEvidenceRecord(tt.data); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// Every optional field of RFC 4998 is read and written again.
func TestEvidenceRecordForeign(t *testing.T) {
	_, data := exampleRecord(t, crypto.SHA256)
	e, _ := seal.ParseEvidenceRecord(data)
	e.CryptoInfos, e.EncryptionInfo = []byte{0x30, 0}, []byte{}
	s := &e.Chains[0].Stamps[0]
	s.Algorithm, s.Attributes = nil, []byte{0x30, 2, 5, 0}
	s.Lists[1] = append(s.Lists[1], s.Lists[2][0], make([]byte, 20))
	e.Algorithms[0].DER = append([]byte{0x30, 13}, append(e.Algorithms[0].DER[2:], 5, 0)...)
	foreign, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := seal.ParseEvidenceRecord(foreign)
	if err != nil {
		t.Fatal(err)
	}
	fuzztest.Same(t, foreign, back.Marshal)
	if h, err := back.Chains[0].Stamps[0].Hash(); h != crypto.SHA256 || err != nil || back.EncryptionInfo == nil || len(back.Chains[0].Stamps[0].Lists[1]) != 3 {
		t.Errorf("%v %v %+v", h, err, back)
	}
}

func FuzzParseEvidenceRecord(f *testing.F) {
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA512} {
		_, data := exampleRecord(f, h)
		f.Add(data)
	}
	files, _ := os.ReadDir("../verify/testdata/ers")
	for _, file := range files {
		if data, err := os.ReadFile("../verify/testdata/ers/" + file.Name()); err == nil && strings.HasSuffix(file.Name(), ".ers") {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var e *seal.EvidenceRecord
		var err error
		fuzztest.Bounded(t, len(data), func() { e, err = seal.ParseEvidenceRecord(data) })
		if err != nil {
			return
		}
		fuzztest.Same(t, data, e.Marshal)
		e.RenewalLeaf()
		for _, c := range e.Chains {
			for _, s := range c.Stamps {
				fuzztest.Bounded(t, len(data), func() { seal.PeekToken(s.Token) })
				s.Root(crypto.SHA256, nil)
			}
		}
	})
}
