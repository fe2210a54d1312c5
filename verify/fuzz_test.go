package verify_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"kartoteka/seal"
	"kartoteka/seal/fuzztest"
	"kartoteka/verify"
	"kartoteka/verify/container"
)

func FuzzParsePolicy(f *testing.F) {
	f.Add(vector(f, "policy-1.json"))
	p := examplePolicy(f)
	root, leaf, _ := certified(f)
	p.Producers = append(p.Producers, verify.Producer{Name: "by chain", Chain: pemOf(root), Subject: leaf.Subject.String()})
	_, key := producer(f, "officer")
	p.Officers = []verify.Officer{{Name: "anna", Key: key, From: stamp("2026-01-01"), Until: stamp("2027-01-01")}}
	f.Add(must(p.Marshal()))
	files, _ := filepath.Glob("../seal/testdata/vectors/bad/policy-*.txt")
	for _, name := range files {
		_, body, _ := bytes.Cut(must(os.ReadFile(name)), []byte("\n\n"))
		f.Add(body)
	}
	envelope := exampleEnvelope(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var p *verify.Policy
		var err error
		fuzztest.Bounded(t, len(data), func() { p, err = verify.ParsePolicy(data) })
		if err != nil {
			return
		}
		if len(data) < verify.MaxPolicy/16 {
			fuzztest.Settles(t, p, verify.ParsePolicy, (*verify.Policy).Marshal)
		}
		p.Envelope(envelope, day("2026-11-21"))
		p.Checkpoint(nil, day("2026-11-21"))
	})
}

// certified is a producer that is known by its chain. The keys are the same in every process that fuzzes.
func certified(t testing.TB) (root, leaf *x509.Certificate, key crypto.Signer) {
	fixedKey := func(name string) ed25519.PrivateKey { seed := fixed(name); return ed25519.NewKeyFromSeed(seed[:]) }
	key = fixedKey("certified")
	root = (*authority)(nil).issue(t, "Root", true, fixedKey("root"), "2020-01-01", "2040-01-01", 0)
	leaf = (&authority{root, fixedKey("root")}).issue(t, "HIS seal", false, key, "2026-01-01", "2028-01-01", x509.KeyUsageDigitalSignature)
	return root, leaf, key
}

func FuzzLoadKey(f *testing.F) {
	_, key := producer(f, "producer")
	f.Add([]byte(key))
	root, _, _ := certified(f)
	f.Add(vector(f, "producer-key.pem"))
	f.Add([]byte(pemOf(root)))
	for _, key := range []crypto.Signer{must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)), must(rsa.GenerateKey(rand.Reader, 3072))} {
		f.Add(must(cryptoutils.MarshalPublicKeyToPEM(key.Public())))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := verify.LoadKey(data)
		if err != nil {
			return
		}
		text, err := cryptoutils.MarshalPublicKeyToPEM(key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := verify.LoadKey(text)
		if err != nil || must(seal.KeyHint(again)) != must(seal.KeyHint(key)) {
			t.Errorf("%q, written %q: %v", data, text, err)
		}
	})
}

// FuzzEnvelope: no envelope passes but one over the statement that was signed.
func FuzzEnvelope(f *testing.F) {
	signedStatement := exampleEnvelope(f).Payload
	f.Add(vector(f, "envelope-1.json"))
	root, leaf, key := certified(f)
	f.Add(must(seal.Sign(exampleStatement(f), must(signature.LoadSigner(key, crypto.SHA256)), leaf)))
	p := examplePolicy(f)
	p.Producers = append(p.Producers, verify.Producer{Name: "by chain", Chain: pemOf(root), Subject: leaf.Subject.String()})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := seal.ParseEnvelope(data)
		if err != nil {
			return
		}
		_, err = p.Envelope(e, day("2026-11-21"))
		var coded *verify.Error
		if err != nil && !errors.As(err, &coded) {
			t.Errorf("error without a code: %v", err)
		}
		if err == nil && !bytes.Equal(e.Payload, signedStatement) {
			t.Errorf("%q passes", e.Payload)
		}
	})
}

// onDisk writes a container where a fuzzed function may read it.
func onDisk(f *testing.F) func(data []byte) string {
	name := filepath.Join(f.TempDir(), "container.zip")
	return func(data []byte) string {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			panic(err)
		}
		return name
	}
}

// FuzzOpenBundle: arbitrary bytes as a bundle. What is accepted are the documents that the example's producer signed for.
func FuzzOpenBundle(f *testing.F) {
	good := exampleBundle(f)
	f.Add(packed(f, good))
	for _, change := range []func(map[string][]byte){
		func(m map[string][]byte) { delete(m, seal.EnvelopeName) },
		func(m map[string][]byte) { m["documents/more.txt"] = []byte("x") },
		func(m map[string][]byte) { m["documents/letter.txt"] = append(m["documents/letter.txt"], 'x') },
	} {
		m := exampleBundle(f)
		change(m)
		f.Add(packed(f, m))
	}
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	p, write := examplePolicy(f), onDisk(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		name := write(data)
		var a *verify.Accepted
		var err error
		fuzztest.Bounded(t, len(data), func() { a, err = p.OpenBundle(name, day("2026-11-21"), 0) })
		if err != nil {
			coded(t, err)
			return
		}
		defer a.Close()
		for i, d := range a.Documents() {
			if got := contents(t, a, i); !bytes.Equal(got, good[d.Name]) {
				t.Errorf("%s is %q", d.Name, got)
			}
		}
	})
}

func coded(t *testing.T, err error) {
	t.Helper()
	var e *verify.Error
	if !errors.As(err, &e) || e.Code == "" {
		t.Errorf("error without a code: %v", err)
	}
}

func contents(t *testing.T, a *verify.Accepted, i int) []byte {
	t.Helper()
	r, err := a.Open(i)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// FuzzBundle is behind the signature: a trusted producer signs whatever statement, which may name the documents' true
// digests by {1} and {2}. What is accepted has a sound statement and exactly its documents, in memory or not.
func FuzzBundle(f *testing.F) {
	statement := string(vector(f, "statement-1.json"))
	for i, name := range []string{"document-1.txt", "document-2.txt"} {
		sum := sha256.Sum256(vector(f, name))
		statement = strings.ReplaceAll(statement, hex.EncodeToString(sum[:]), []string{"{1}", "{2}"}[i])
	}
	f.Add([]byte(statement), "documents/letter.txt", "documents/result.txt", vector(f, "document-1.txt"), vector(f, "document-2.txt"), int64(0))
	f.Add([]byte(strings.ReplaceAll(statement, "letter.txt", "ó.xml")), "documents/ó.xml", "documents/result.txt",
		[]byte(`<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole><id root="2.16.840.1.113883.3.4424.1.1.616" extension="1"/></patientRole></recordTarget></ClinicalDocument>`), []byte("MSH|^~\\&|\rPID|||1||A^B||20200101|M\r"), int64(20))
	f.Add([]byte(strings.ReplaceAll(statement, `"size":`, `"size":1,"Size":`)), "documents/letter.txt", "documents/result.txt", []byte("x"), []byte("y"), int64(1<<20))
	seed := fixed("producer")
	key := ed25519.NewKeyFromSeed(seed[:])
	_, text := producer(f, "producer")
	p, write := examplePolicy(f), onDisk(f)
	hint := hintOf(f, text)
	f.Fuzz(func(t *testing.T, statement []byte, name1, name2 string, doc1, doc2 []byte, keep int64) {
		for i, doc := range [][]byte{doc1, doc2} {
			sum := sha256.Sum256(doc)
			statement = bytes.ReplaceAll(statement, []byte([]string{"{1}", "{2}"}[i]), []byte(hex.EncodeToString(sum[:])))
		}
		envelope := must(json.Marshal(map[string]any{
			"mediaType": seal.EnvelopeType, "verificationMaterial": map[string]any{"publicKey": map[string]string{"hint": hint}},
			"dsseEnvelope": map[string]any{"payload": statement, "payloadType": seal.PayloadType, "signatures": []any{map[string]any{"sig": ed25519.Sign(key, dsse.PAE(seal.PayloadType, statement))}}},
		}))
		data, err := zipOf(map[string][]byte{seal.EnvelopeName: envelope, name1: doc1, name2: doc2})
		if err != nil {
			return
		}
		a, err := p.OpenBundle(write(data), day("2026-11-21"), keep)
		if err != nil {
			coded(t, err)
			return
		}
		defer a.Close()
		if s := a.Statement(); len(s.Subject) != len(a.Documents()) || s.Check() != nil || !bytes.Equal(a.Payload(), statement) {
			t.Errorf("accepted %+v", s)
		}
		for i, d := range a.Documents() {
			if got := contents(t, a, i); seal.Digest(sha256.Sum256(got)) != d.SHA256 || d.SHA256 != a.Statement().Subject[i].Digest.SHA256 || int64(len(got)) != d.Size {
				t.Errorf("%s is %q", d.Name, got)
			}
		}
	})
}

// packed writes files as a container.
func packed(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	data, err := zipOf(files)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func zipOf(files map[string][]byte) ([]byte, error) {
	var names []string
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	var b bytes.Buffer
	z := container.NewWriter(&b)
	for _, n := range names {
		w, err := z.Create(n, true)
		if err == nil {
			_, err = w.Write(files[n])
		}
		if err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

// FuzzPacket: arbitrary bytes as a packet.
func FuzzPacket(f *testing.F) {
	files := examplePacket(f)
	files[seal.PacketManifest] = manifest(files)
	f.Add(packed(f, files))
	delete(files, seal.PacketManifest)
	f.Add(packed(f, files))
	p, write := examplePolicy(f), onDisk(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		name := write(data)
		var r *verify.Report
		fuzztest.Bounded(t, len(data), func() { r = p.Packet(name, day("2026-11-23")) })
		if len(r.Checks) == 0 {
			t.Error("judged nothing")
		}
	})
}

// FuzzPacketFiles is behind the container and the manifest: whatever a packet's files say, it passes only with the
// documents, the event and the register entry that the log commits to.
func FuzzPacketFiles(f *testing.F) {
	const doc1, doc2, proof = "IHE_XDM/SUBSET01/DOC00001.TXT", "IHE_XDM/SUBSET01/DOC00002.TXT", "PROOF/B00001/"
	fuzzed := []string{seal.PacketHead, seal.PacketReleaseProof, seal.PacketRegister, doc1, proof + seal.ProofEvent, proof + seal.ProofLog, proof + seal.ProofOpenings, proof + seal.ProofEnvelope}
	committed := []string{seal.PacketRegister, doc1, doc2, proof + seal.ProofEvent, proof + seal.ProofEnvelope}
	good := examplePacket(f)
	add := func(m map[string][]byte, manifest string) {
		f.Add(m[fuzzed[0]], m[fuzzed[1]], m[fuzzed[2]], m[fuzzed[3]], m[fuzzed[4]], m[fuzzed[5]], m[fuzzed[6]], m[fuzzed[7]], manifest)
	}
	add(good, "")
	add(good, string(manifest(good)))
	half := examplePacket(f)
	half[seal.PacketHead] = bytes.Replace(half[seal.PacketHead], []byte(`"envelope":true`), []byte(`"envelope":false`), 1)
	half[proof+seal.ProofEnvelope] = nil
	add(half, "")
	p, write := examplePolicy(f), onDisk(f)
	f.Fuzz(func(t *testing.T, a, b, c, d, e, g, h, i []byte, listed string) {
		files := examplePacket(t)
		for n, data := range [][]byte{a, b, c, d, e, g, h, i} {
			files[fuzzed[n]] = data
		}
		if len(i) == 0 {
			delete(files, proof+seal.ProofEnvelope)
		}
		files[seal.PacketManifest] = []byte(listed)
		if listed == "" {
			files[seal.PacketManifest] = manifest(files)
		}
		r := p.Packet(write(packed(t, files)), day("2026-11-23"))
		if r.Verdict != verify.Passed {
			return
		}
		for _, name := range committed {
			if got, there := files[name]; there && !bytes.Equal(got, good[name]) {
				t.Errorf("passes with %s %q", name, got)
			}
		}
	})
}

// acceptedClock gives the leaves of an accession in which two officers of p, who are added to it, accept the clock.
func acceptedClock(t testing.TB, p *verify.Policy) (leaves [][]byte) {
	last := must(seal.ParseEvent(vector(t, "event-5-accession.json")))
	e := must(seal.ParseEvent(vector(t, "event-clock.json")))
	e.Clock.Before = last.Time
	for i := range e.Clock.Officers {
		o := &e.Clock.Officers[i]
		signer, key := producer(t, o.Name)
		p.Officers = append(p.Officers, verify.Officer{Name: o.Name, Key: key})
		o.Signature = must(signer.SignMessage(bytes.NewReader(e.ClockMessage(p.Origin))))
	}
	end := *last.Accessioned
	end.Events, end.Segments, end.Keyfiles = 1, []seal.Segment{}, []seal.KeyfileSum{}
	last.Accession, last.Time, last.Accessioned = e.Accession, e.Time, &end
	return [][]byte{must(e.Marshal()), must(last.Marshal())}
}

// FuzzEvents reads a log, a leaf a line: whatever the leaves say, what is counted adds up.
func FuzzEvents(f *testing.F) {
	leaves := bytes.Join(exampleLeaves(f), []byte("\n"))
	f.Add(leaves)
	var more [][]byte
	for _, name := range []string{"event-0-trust.json", "event-rejected.json", "event-unknown.json", "event-clock.json", "event-segment-retired.json", "event-release-void.json", "event-1-accession.json"} {
		more = append(more, vector(f, name))
	}
	f.Add(bytes.Join(more, []byte("\n")))
	f.Add(bytes.Join([][]byte{leaves, leaves}, []byte("\n")))
	f.Add(bytes.Join(wholeLeaves(f), []byte("\n")))
	p := laterPolicy(f)
	f.Add(bytes.Join(append(exampleLeaves(f), acceptedClock(f, p)...), []byte("\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, bundles := int64(0), 0
		v := &verify.Events{Policy: p, Done: func(in verify.Intake) {
			events += int64(in.Files.Events) + 1
			bundles += in.Bundles
			if int64(in.Leaf)+1 != events {
				t.Errorf("accession %s ends at %d, after %d events", in.ID, in.Leaf, events)
			}
		}}
		n := 0
		for leaf := range bytes.SplitSeq(data, []byte("\n")) {
			if err := v.Leaf(leaf); err != nil {
				coded(t, err)
				return
			}
			n++
		}
		if _, unknown, err := v.End(); err == nil && (events != int64(n) || bundles+unknown > n) {
			t.Errorf("%d leaves, %d events, %d bundles, %d unknown", n, events, bundles, unknown)
		}
	})
}
