package seal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
)

func TestEventAgain(t *testing.T) {
	kinds := map[seal.Kind]bool{}
	for _, name := range good["event"] {
		e, err := seal.ParseEvent(vector(t, name))
		if err != nil {
			t.Fatal(err)
		}
		kinds[e.Kind] = true
		again, err := e.Marshal()
		if err != nil || !bytes.Equal(again, vector(t, name)) {
			t.Errorf("%s is marshalled another way: %v", name, err)
		}
	}
	for _, k := range []seal.Kind{seal.KindAccession, seal.KindBundle, seal.KindRejected, seal.KindRelease, seal.KindReleaseVoid, seal.KindTrust, seal.KindRetired, seal.KindClock,
		seal.KindFact, seal.KindHold, seal.KindHoldRelease, seal.KindStep, seal.KindDisposal, seal.KindCarried, seal.KindKey, seal.KindCustody} {
		if !kinds[k] {
			t.Errorf("no vector of kind %s", k)
		}
	}
}

func TestEventUnknown(t *testing.T) {
	e, err := seal.ParseEvent(vector(t, "event-unknown.json"))
	if !errors.Is(err, seal.ErrUnknownKind) || e.Kind != "stamp" || e.Accession.String() != "2026/11/23-0001" || e.Time.String() != "2026-11-23T08:00:00Z" {
		t.Errorf("got %+v, %v", e, err)
	}
	if _, err := e.Marshal(); !errors.Is(err, seal.ErrUnknownKind) {
		t.Errorf("an event of an unknown kind is written: %v", err)
	}
}

// An event stays below a kilobyte whatever the bundle.
func TestEventSize(t *testing.T) {
	c, _, err := capsuleOf(seal.MaxDocuments).Commit()
	if err != nil {
		t.Fatal(err)
	}
	e := seal.Event{Kind: seal.KindBundle, Accession: accession("2026/11/21-0001"), Time: at("2026-11-21T20:00:00Z"), Bundle: &seal.BundleEvent{Commitment: c, Content: 100000}}
	if leaf, err := e.Marshal(); err != nil || len(leaf) >= 1024 {
		t.Errorf("%d bytes, %v", len(leaf), err)
	}
	files := &seal.AccessionEvent{Segments: []seal.Segment{}, Keyfiles: []seal.KeyfileSum{}}
	for i := range 700 {
		files.Segments = append(files.Segments, seal.Segment{N: i + 1, Length: 1 << 40})
	}
	e = seal.Event{Kind: seal.KindAccession, Accession: e.Accession, Time: e.Time, Accessioned: files}
	if _, err := e.Marshal(); err == nil {
		t.Error("an event longer than a leaf is written")
	}
	if _, err := seal.ParseEvent([]byte(`{"schema":"` + strings.Repeat("x", seal.MaxLeaf) + `"}`)); err == nil {
		t.Error("an event longer than a leaf is read")
	}
}

func logVerifier(t testing.TB, name, origin string) (note.Signer, note.Verifier) {
	t.Helper()
	skey, vkey := noteKey(fixed(name), origin)
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

func TestCheckpoint(t *testing.T) {
	signer, verifier := logVerifier(t, "log", exampleOrigin)
	other, otherVerifier := logVerifier(t, "other", exampleOrigin)
	stranger, _ := logVerifier(t, "stranger", "witness.example")
	signed := string(vector(t, "checkpoint-1.txt"))
	c, err := seal.OpenCheckpoint([]byte(signed), exampleOrigin, verifier)
	if err != nil || c.Size != 4 {
		t.Fatalf("got %+v, %v", c, err)
	}
	if again, err := c.Sign(signer); err != nil || string(again) != signed {
		t.Errorf("signed again it differs: %v", err)
	}
	if peek, err := seal.PeekCheckpoint([]byte(signed)); err != nil || peek != c {
		t.Errorf("peek: %+v, %v", peek, err)
	}
	both := string(first(c.Sign(signer, other)))
	grease := string(first(c.Sign(signer, stranger)))
	junk := signed + "— junk.example AAAAAAAA\n"
	for _, tt := range []struct {
		name, text string
		keys       []note.Verifier
		ok         bool
	}{
		{"both asked for, both there", both, []note.Verifier{verifier, otherVerifier}, true},
		{"one asked for, both there", both, []note.Verifier{verifier}, true},
		{"both asked for, one there", signed, []note.Verifier{verifier, otherVerifier}, false},
		{"only the other", string(first(c.Sign(other))), []note.Verifier{verifier}, false},
		{"a signature nobody knows", grease, []note.Verifier{verifier}, true},
		{"a signature of an unknown algorithm", junk, []note.Verifier{verifier}, true},
		{"no key to check with", signed, nil, false},
		{"signature flipped", strings.Replace(signed, "M56FBwc=", "M56FBxc=", 1), []note.Verifier{verifier}, false},
		{"key hash flipped", strings.Replace(signed, " SWv1x", " SWv1w", 1), []note.Verifier{verifier}, false},
		{"root flipped", strings.Replace(signed, "gZgp", "gZgq", 1), []note.Verifier{verifier}, false},
		{"spare bits", strings.Replace(signed, "FBwc=", "FBwd=", 1), []note.Verifier{verifier}, false},
		{"spare bits in junk", signed + "— junk.example AAAAAAB=\n", []note.Verifier{verifier}, false},
		{"crlf", strings.ReplaceAll(signed, "\n", "\r\n"), []note.Verifier{verifier}, false},
		{"too long", signed + strings.Repeat("x", seal.MaxCheckpoint), []note.Verifier{verifier}, false},
		{"negative size", string(first((seal.Checkpoint{Origin: exampleOrigin, Size: -1}).Sign(signer))), []note.Verifier{verifier}, false},
	} {
		if _, err := seal.OpenCheckpoint([]byte(tt.text), exampleOrigin, tt.keys...); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if _, err := seal.OpenCheckpoint([]byte(signed), "another.example", verifier); err == nil {
		t.Error("of another origin: accepted")
	}
}

func TestProof(t *testing.T) {
	_, verifier := logVerifier(t, "log", exampleOrigin)
	p, err := seal.ParseProof(vector(t, "proof-1.txt"))
	if err != nil {
		t.Fatal(err)
	}
	leaf := vector(t, "event-2-bundle.json")
	if c, err := p.Check(leaf, exampleOrigin, verifier); err != nil || c.Size != 4 || p.Index != 2 {
		t.Errorf("got %+v, %v", c, err)
	}
	for name, change := range map[string]func(p *seal.Proof){
		"index":            func(p *seal.Proof) { p.Index = 1 },
		"hash":             func(p *seal.Proof) { p.Path = []seal.Digest{p.Path[1], p.Path[0]} },
		"short":            func(p *seal.Proof) { p.Path = p.Path[:1] },
		"long":             func(p *seal.Proof) { p.Path = append(p.Path, p.Path[0]) },
		"other checkpoint": func(p *seal.Proof) { p.Checkpoint = vector(t, "checkpoint-2.txt") },
		"no checkpoint":    func(p *seal.Proof) { p.Checkpoint = nil },
	} {
		bad := p
		change(&bad)
		if _, err := bad.Check(leaf, exampleOrigin, verifier); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for _, other := range []string{"event-0-trust.json", "event-3-accession.json"} {
		if _, err := p.Check(vector(t, other), exampleOrigin, verifier); err == nil {
			t.Errorf("%s is proven by another event's proof", other)
		}
	}
}

func TestReceipt(t *testing.T) {
	_, verifier := logVerifier(t, "log", exampleOrigin)
	r, err := seal.ParseReceipt(vector(t, "receipt-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.Marshal(); err != nil || !bytes.Equal(again, vector(t, "receipt-1.json")) {
		t.Errorf("marshalled another way: %v", err)
	}
	envelope := seal.Digest(sum(vector(t, "envelope-1.json")))
	e, c, err := r.Check(envelope, exampleOrigin, verifier)
	if err != nil || e.Bundle == nil || c.Size != 4 || seal.ReceiptName(e.Bundle.ID) != e.Bundle.ID.String()+".receipt.json" {
		t.Errorf("got %+v, %+v, %v", e, c, err)
	}
	if _, _, err := r.Check(seal.Digest(sum([]byte("another envelope"))), exampleOrigin, verifier); err == nil {
		t.Error("is a receipt of another envelope too")
	}
	release, err := seal.ParseReceipt(vector(t, "receipt-2.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := release.Check(release.Opening.SHA256, exampleOrigin, verifier); err == nil {
		t.Error("a release's proof passes for a receipt")
	}
}

func TestParseRelease(t *testing.T) {
	const written = `{
  "request": "R-1", "requester": {"name": "Anna Kowalska", "relation": "self"},
  "evidence": {"kind": "passport", "country": "UA", "last4": "1234", "checked_by": "J. Nowak"},
  "basis": "UPP art. 26 ust. 1", "way": "carrier", "fee": "first"
}`
	if _, err := seal.ParseRelease([]byte(written)); err != nil {
		t.Error(err)
	}
	for _, more := range []string{`"documents": 5`, `"bundles": ["` + strings.Repeat("0", 64) + `"]`, `"left_out": 1`, `"seed": "` + strings.Repeat("1", 64) + `"`,
		`"released": "2026-11-22T10:00:00Z"`, `"schema": "kartoteka/release/2"`, `"requestor": {}`} {
		if _, err := seal.ParseRelease([]byte(strings.Replace(written, `"request"`, more+`, "request"`, 1))); err == nil {
			t.Errorf("with %s: accepted", more)
		}
	}
	if _, err := seal.ParseRelease([]byte(strings.Replace(written, "R-1", "", 1))); err == nil {
		t.Error("without a request number: accepted")
	}
}
