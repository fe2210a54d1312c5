package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify"
)

// The vectors are one small archive: its init, one bundle of two documents, one release, and the end of both. Keys and
// seeds are SHA-256 of a name; what age drew at random was drawn once and is kept. -update writes what is missing or follows from the rest.
var update = flag.Bool("update", false, "write testdata/vectors")

const vectors = "testdata/vectors"

func fixed(name string) [32]byte { return sha256.Sum256([]byte("kartoteka test vector: " + name)) }

func vector(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// world holds the parts of the example and collects its files.
type world struct {
	t        *testing.T
	files    map[string][]byte
	logKey   string // signer key
	logVKey  string // verifier key
	producer signature.Signer
	pem      string

	custodian, index *age.HybridIdentity
	statement        seal.Statement
	envelope         []byte
	capsule          seal.Capsule
	openings         []seal.Opening
	events           [][]byte
	release          seal.Release
}

const exampleOrigin = "kartoteka.hospital.example/2026"

var exampleDocuments = []struct{ name, title, media, class, body string }{
	{"documents/letter.txt", "Karta informacyjna", "text/plain", "discharge", "Karta informacyjna nr 1\nRozpoznanie: obserwacja bez zmian.\n"},
	{"documents/result.txt", "Morfologia", "text/plain", "laboratory", "HGB 13.2 g/dl\n"},
}

func buildWorld(t *testing.T) *world {
	w := &world{t: t, files: map[string][]byte{}}
	w.keys()
	w.bundle()
	w.acts()
	w.accession()
	w.keyfileRewritten()
	w.commitmentText()
	w.labelText()
	w.log()
	w.packet()
	w.disposal()
	w.evidence()
	w.otherEvents()
	return w
}

func (w *world) fatal(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) put(name string, data []byte, err error) []byte {
	w.t.Helper()
	w.fatal(err)
	w.files[name] = data
	return data
}

// once keeps what was drawn at random.
func (w *world) once(name string, draw func() []byte) []byte {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil && *update {
		data, err = draw(), nil
	}
	return w.put(name, data, err)
}

func noteKey(seed [32]byte, name string) (skey, vkey string) {
	public := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
	sum := sha256.Sum256(append([]byte(name+"\n\x01"), public...))
	hash := binary.BigEndian.Uint32(sum[:])
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, hash, b64(append([]byte{1}, seed[:]...))),
		fmt.Sprintf("%s+%08x+%s", name, hash, b64(append([]byte{1}, public...)))
}

func (w *world) keys() {
	w.logKey, w.logVKey = noteKey(fixed("log"), exampleOrigin)
	w.put("log-key.txt", []byte(w.logKey+"\n"), nil)
	seed := fixed("producer")
	key := ed25519.NewKeyFromSeed(seed[:])
	var err error
	w.producer, err = signature.LoadSigner(key, crypto.SHA256)
	w.fatal(err)
	pem, err := cryptoutils.MarshalPublicKeyToPEM(key.Public())
	w.fatal(err)
	w.pem = string(pem)
	private, err := cryptoutils.MarshalPrivateKeyToPEM(key)
	w.put("producer-key.pem", private, err)
	w.custodian = w.identity("identity-custodian.txt")
	w.index = w.identity("identity-index.txt")
	w.put("recipients-1.json", first(w.recipients().Marshal()), nil)
}

func first(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func (w *world) identity(name string) *age.HybridIdentity {
	text := w.once(name, func() []byte {
		id, err := age.GenerateHybridIdentity()
		w.fatal(err)
		return []byte(id.String() + "\n")
	})
	id, err := age.ParseHybridIdentity(strings.TrimSpace(string(text)))
	w.fatal(err)
	return id
}

func (w *world) recipients() seal.Recipients {
	return seal.Recipients{Recipients: []seal.Recipient{
		{Name: "custodian-1", Role: seal.RecipientCustodian, Age: w.custodian.Recipient().String()},
		{Name: "index", Role: seal.RecipientIndex, Age: w.index.Recipient().String()},
	}}
}

func (w *world) bundle() {
	s := seal.Statement{Type: seal.StatementType, PredicateType: seal.SpecBundle, Predicate: seal.Metadata{
		Bundle: seal.BundleID{ID: "4f1c9a52-6d1b-4a39-9f40-0d5a8a1c7e01"}, Created: at("2026-11-21T19:30:00Z"),
		Controller: seal.Controller{Name: "Szpital Testowy", Country: "PL", IDs: []patient.Identifier{{System: "pl.regon", Value: "192598184"}}},
		Producer:   seal.Producer{System: "his", Version: "1"},
		Patient: patient.Patient{
			Identifiers: []patient.Identifier{{System: "pl.pesel", Value: "44051401359", Role: patient.RoleOwn, Country: "PL"}},
			Names:       []patient.Name{{Family: "Kowalska", Given: []string{"Anna"}}}, BirthDate: "1944-05-14", Sex: "F"},
		Encounter: seal.Encounter{ID: "E-1", Kind: "inpatient", Start: "2026-11-01", End: "2026-11-05"},
		Facts:     seal.Facts{Jurisdiction: "PL", LastEntryYear: 2026, ServiceYear: 2026},
	}}
	for i, d := range exampleDocuments {
		w.put(fmt.Sprintf("document-%d.txt", i+1), []byte(d.body), nil)
		s.Subject = append(s.Subject, seal.Subject{Name: d.name, Digest: seal.SubjectDigest{SHA256: sha256.Sum256([]byte(d.body))}})
		s.Predicate.Documents = append(s.Predicate.Documents, seal.Document{Path: d.name, Size: int64(len(d.body)), MediaType: d.media, Class: d.class, Title: d.title, Language: "pl"})
	}
	w.statement = s
	w.put("statement-1.json", first(seal.Marshal(s)), nil)
	var err error
	w.envelope, err = seal.Sign(s, w.producer, nil)
	w.put("envelope-1.json", w.envelope, err)

	w.capsule = seal.Capsule{Bundle: s.Predicate.Bundle.ID}
	w.item(seal.RoleEnvelope, w.envelope)
	for _, d := range exampleDocuments {
		w.item(seal.RoleDocument, []byte(d.body))
	}
	w.put("capsule-1.json", first(w.capsule.Marshal()), nil)
	_, w.openings, err = w.capsule.Commit()
	w.fatal(err)
}

func (w *world) item(role string, data []byte) {
	seed := seal.Seed(fixed(fmt.Sprintf("seed %d", len(w.capsule.Items))))
	w.capsule.Items = append(w.capsule.Items, seal.CapsuleItem{Role: role, Size: int64(len(data)), SHA256: sha256.Sum256(data), SHA512: sha512.Sum512(data), Seed: seed})
}

func at(s string) (t seal.Time) {
	if err := t.UnmarshalJSON([]byte(`"` + s + `"`)); err != nil {
		panic(err)
	}
	return t
}

func accession(s string) seal.AccessionID {
	id, err := seal.ParseAccessionID(s)
	if err != nil {
		panic(err)
	}
	return id
}

func (w *world) entry() []byte {
	key := seal.NewIndexKey(w.index)
	m := w.statement.Predicate
	e := seal.Entry{Leaf: 2, Person: key.Person(m.Patient), Number: 1, Envelope: key.Statement(first(seal.Marshal(w.statement))), Opening: w.openings[0],
		Count: 2, Classes: []string{"discharge", "laboratory"}, Kind: m.Encounter.Kind, Month: "2026-11", Conf: "N", Facts: m.Facts, Versions: []seal.Version{}}
	for _, k := range patient.BlindKeys(m.Patient) {
		e.Blind = append(e.Blind, key.Blind(k))
	}
	sortDigests(e.Blind)
	return w.put("entry-1.json", first(e.Marshal()), nil)
}

func sortDigests(d []seal.Digest) {
	for i := range d {
		for j := i; j > 0 && bytes.Compare(d[j][:], d[j-1][:]) < 0; j-- {
			d[j], d[j-1] = d[j-1], d[j]
		}
	}
}

// accession seals the bundle's records into one segment and three keyfiles, the register entry and its act into their own,
// and the acts of later years into theirs.
func (w *world) accession() {
	w.release = seal.Release{Request: "R-1", Requester: seal.Requester{Name: "Anna Kowalska", Relation: "self"},
		Evidence: seal.IdentityEvidence{Kind: "id_card", Country: "PL", Last4: "1234", CheckedBy: "J. Nowak"}, Basis: "UPP art. 26 ust. 1", Way: "carrier", Fee: "first",
		Released: at("2026-11-22T10:00:00Z"), Bundles: []seal.Digest{sha256.Sum256([]byte(w.capsule.Bundle))}, Documents: 2, Seed: seal.Seed(fixed("release"))}
	data, _, _, err := w.release.Commit()
	w.put("release-1.json", data, err)
	content := [][]byte{w.envelope, []byte(exampleDocuments[0].body), []byte(exampleDocuments[1].body)}
	w.sealed("1", "2026/11/21-0002", map[seal.Class][][]byte{seal.ClassContent: content, seal.ClassEvidence: {w.files["capsule-1.json"]}, seal.ClassIndex: {w.entry()}})
	w.sealed("2", "2026/11/22-0001", map[seal.Class][][]byte{seal.ClassContent: {data}, seal.ClassIndex: {w.files["act-released.json"]}})
	w.sealed("3", "2046/11/05-0001", map[seal.Class][][]byte{seal.ClassIndex: {w.files["act-fact.json"], w.files["act-hold.json"], w.files["act-step.json"]}})

	k, err := seal.ParseKeyfile(w.files["content-1.keys"])
	w.fatal(err)
	r := k.Records[1]
	payload := w.files["segment-1.segment"][r.Offset : r.Offset+r.Length]
	w.put("record-1.age", append(bytes.Clone(r.Header), payload...), nil)
}

func keyfileSecret(n string, c seal.Class) seal.Secret { return fixed("secret " + string(c) + " " + n) }

func (w *world) sealed(n, id string, records map[seal.Class][][]byte) {
	var segment bytes.Buffer
	out, err := seal.NewSegmentWriter(&segment)
	w.fatal(err)
	files := map[string][]byte{}
	for _, c := range seal.Classes() {
		name := string(c) + "-" + n + ".keys"
		if records[c] == nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(vectors, name)); err == nil || !*update {
			files[name] = nil
			continue
		}
		k := seal.Keyfile{Head: seal.KeyfileHead{Accession: accession(id), Class: c}}
		s, err := seal.NewSealer(1)
		w.fatal(err)
		for i, data := range records[c] {
			offset := out.Offset()
			sealed, err := s.Seal(out, bytes.NewReader(data), int64(len(data)), keyfileSecret(n, c), seal.LevelText)
			w.fatal(err)
			k.Records = append(k.Records, seal.KeyRecord{N: i, Segment: 1, Offset: offset, Length: sealed.Length, Header: sealed.Header})
		}
		k.Secrets, err = w.recipients().Wrap(c, keyfileSecret(n, c))
		w.fatal(err)
		files[name] = first(k.Marshal())
	}
	w.once("segment-"+n+".segment", segment.Bytes)
	for name, data := range files {
		w.once(name, func() []byte { return data })
	}
}

func derive(seed seal.Seed, use string, n int) []byte {
	return first(hkdf.Key(sha256.New, seed[:], nil, use, n))
}

// commitmentText is the worked example of commitment.md, computed here without package seal.
func (w *world) commitmentText() {
	var b bytes.Buffer
	for i, it := range w.capsule.Items {
		salt := derive(it.Seed, "kartoteka/commitment/1", 32)
		preimage := fmt.Sprintf("kartoteka/commitment/1\n%d\n%s\n%x\n%s\n", i, it.Role, salt, it.SHA256)
		leaf := sha256.Sum256(append([]byte{0}, preimage...))
		r256, r512 := derive(it.Seed, "kartoteka/evidence/1 sha256", 32), derive(it.Seed, "kartoteka/evidence/1 sha512", 64)
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "item %d\nseed        %x\nsalt        %x\nleaf        %x\nr sha256    %x\nblinded 256 %x\nr sha512    %x\nblinded 512 %x\n",
			i, it.Seed, salt, leaf, r256, sortedSHA256(it.SHA256[:], r256), r512, sortedSHA512(it.SHA512[:], r512))
	}
	w.put("commitment-1.txt", b.Bytes(), nil)
}

func sortedSHA256(a, b []byte) []byte {
	if bytes.Compare(a, b) > 0 {
		a, b = b, a
	}
	d := sha256.Sum256(append(bytes.Clone(a), b...))
	return d[:]
}

func sortedSHA512(a, b []byte) []byte {
	if bytes.Compare(a, b) > 0 {
		a, b = b, a
	}
	d := sha512.Sum512(append(bytes.Clone(a), b...))
	return d[:]
}

func (w *world) labelText() {
	key := seal.NewIndexKey(w.index)
	person := key.Person(w.statement.Predicate.Patient)
	kp := key.PersonKey(*person)
	w.put("label-1.txt", fmt.Appendf(nil, "index key  %x\nperson     %s\nk_p        %s\nlabel 1    %s\nlabel 2    %s\nlabel 3    %s\n",
		key[:], person, kp, seal.Label(kp, 1), seal.Label(kp, 2), seal.Label(kp, 3)), nil)
}

func (w *world) event(name string, e seal.Event) {
	w.events = append(w.events, w.put(name, first(e.Marshal()), nil))
}

func (w *world) sums(n string, classes ...seal.Class) (sums []seal.KeyfileSum) {
	for _, c := range classes {
		k, err := seal.ParseKeyfile(w.files[string(c)+"-"+n+".keys"])
		w.fatal(err)
		sum, err := k.Sum()
		w.fatal(err)
		sums = append(sums, sum)
	}
	return sums
}

func (w *world) segment(n string) seal.Segment {
	s, err := seal.NewSegmentWriter(&bytes.Buffer{})
	w.fatal(err)
	s.Write(w.files["segment-"+n+".segment"][len(seal.SegmentMagic):])
	return s.Sum(1)
}

func (w *world) log() {
	p := verify.Policy{Origin: exampleOrigin, LogKeys: []verify.LogKey{{Key: w.logVKey}}, Successor: fixed("successor"),
		Producers: []verify.Producer{{Name: "his", Key: w.pem}}, TSAs: []verify.Anchor{}, Witnesses: []verify.LogKey{}}
	policy := verify.Digest(w.put("policy-1.json", first(p.Marshal()), nil))
	to := seal.Digest(sha256.Sum256(w.files["recipients-1.json"]))
	commitment, _, err := w.capsule.Commit()
	w.fatal(err)
	_, _, root, err := w.release.Commit()
	w.fatal(err)
	key := seal.NewIndexKey(w.index)
	label := seal.Label(key.PersonKey(*key.Person(w.statement.Predicate.Patient)), 1)

	a1, a2, a3 := accession("2026/11/21-0001"), accession("2026/11/21-0002"), accession("2026/11/22-0001")
	t1, t2, t3 := at("2026-11-21T18:00:00Z"), at("2026-11-21T20:00:00Z"), at("2026-11-22T10:00:00Z")
	w.event("event-0-trust.json", seal.Event{Kind: seal.KindTrust, Accession: a1, Time: t1, Trust: &seal.TrustEvent{Change: "init", After: policy}})
	w.event("event-1-accession.json", seal.Event{Kind: seal.KindAccession, Accession: a1, Time: t1, Accessioned: &seal.AccessionEvent{Events: 1,
		Segments: []seal.Segment{}, Keyfiles: []seal.KeyfileSum{}, Policy: policy, To: to}})
	w.event("event-2-bundle.json", seal.Event{Kind: seal.KindBundle, Accession: a2, Time: t2, Bundle: &seal.BundleEvent{ID: sha256.Sum256([]byte(w.capsule.Bundle)),
		Commitment: commitment, Label: label}})
	w.event("event-3-accession.json", seal.Event{Kind: seal.KindAccession, Accession: a2, Time: t2, Accessioned: &seal.AccessionEvent{Events: 1,
		Segments: []seal.Segment{w.segment("1")}, Keyfiles: w.sums("1", seal.Classes()...), Policy: policy, To: to}})
	w.event("event-4-release.json", seal.Event{Kind: seal.KindRelease, Accession: a3, Time: t3, Release: &seal.ReleaseEvent{Commitment: root, Bundles: 1, Documents: 2,
		Custodian: seal.Fingerprint(w.custodian.Recipient().String())}})
	w.event("event-5-accession.json", seal.Event{Kind: seal.KindAccession, Accession: a3, Time: t3, Accessioned: &seal.AccessionEvent{Events: 1,
		Segments: []seal.Segment{w.segment("2")}, Keyfiles: w.sums("2", seal.ClassContent, seal.ClassIndex), Policy: policy, To: to}})

	w.checkpoint("checkpoint-1.txt", 4)
	w.checkpoint("checkpoint-2.txt", 6)
	w.put("proof-1.txt", w.proof(2, 4, "checkpoint-1.txt").Marshal(), nil)
	w.put("receipt-1.json", first(seal.Receipt{Event: string(w.events[2]), Proof: string(w.files["proof-1.txt"]), Opening: w.openings[0]}.Marshal()), nil)
}

func (w *world) leaves(n int) (leaves []seal.Digest) {
	for _, e := range w.events[:n] {
		leaves = append(leaves, seal.LeafHash(e))
	}
	return leaves
}

func (w *world) checkpoint(name string, size int) {
	signer, err := note.NewSigner(w.logKey)
	w.fatal(err)
	w.put(name, first(seal.Checkpoint{Origin: exampleOrigin, Size: int64(size), Root: seal.TreeRoot(w.leaves(size))}.Sign(signer)), nil)
}

func (w *world) proof(i, size int, checkpoint string) seal.Proof {
	return seal.Proof{Index: seal.LeafIndex(i), Path: seal.TreePath(w.leaves(size), i), Checkpoint: w.files[checkpoint]}
}

func (w *world) packet() {
	p := seal.Packet{Origin: exampleOrigin, Made: at("2026-11-22T10:00:00Z"), Release: 4, Bundles: []seal.PacketRecord{{Folder: seal.PacketBundle(1), Envelope: true}}}
	for i, d := range exampleDocuments {
		p.Bundles[0].Documents = append(p.Bundles[0].Documents, seal.PacketEntry{Path: seal.PacketDocument(i+1, d.name), Index: i + 1,
			Name: strings.TrimPrefix(d.name, seal.DocumentsPath), Title: d.title, MediaType: d.media, Class: d.class, Language: "pl"})
	}
	w.put("packet-1.json", first(p.Marshal()), nil)
	w.put("openings-1.json", first(seal.Openings{Openings: w.openings}.Marshal()), nil)
	w.put("proof-2.txt", w.proof(2, 6, "checkpoint-2.txt").Marshal(), nil)
	_, opening, _, err := w.release.Commit()
	w.fatal(err)
	w.put("receipt-2.json", first(seal.Receipt{Event: string(w.events[4]), Proof: string(w.proof(4, 6, "checkpoint-2.txt").Marshal()), Opening: opening}.Marshal()), nil)
}

// otherEvents are of the kinds that the example's log has not, and one of a kind to come.
func (w *world) otherEvents() {
	a, t := accession("2026/11/23-0001"), at("2026-11-23T08:00:00Z")
	clock := seal.Event{Kind: seal.KindClock, Accession: a, Time: t, Clock: &seal.ClockEvent{Before: at("2026-11-22T10:00:00Z")}}
	clock.Clock.Officers = officersSign(w.t, clock.ClockMessage(exampleOrigin))
	for name, e := range map[string]seal.Event{
		"event-rejected.json":        {Kind: seal.KindRejected, Rejected: &seal.RejectedEvent{ID: "0123456789abcdef", Code: "signature"}},
		"event-release-void.json":    {Kind: seal.KindReleaseVoid, ReleaseVoid: &seal.ReleaseVoidEvent{Release: 4, Code: "packet_failed"}},
		"event-segment-retired.json": {Kind: seal.KindRetired, Retired: &seal.RetiredEvent{Accession: accession("2026/11/21-0002"), Segment: 1, Order: 5}},
		"event-carried.json":         {Kind: seal.KindCarried, Act: &seal.ActEvent{Record: 0}},
		"event-clock.json":           clock,
	} {
		e.Accession, e.Time = a, t
		w.put(name, first(e.Marshal()), nil)
	}
	w.put("archive-1.json", []byte(`{"schema":"kartoteka/archive/1","origin":"`+exampleOrigin+`","created":"2026-11-21T18:00:00Z","controller":{"name":"Szpital Testowy","country":"PL"},"time_zone":"Europe/Warsaw"}`+"\n"), nil)
	w.put("event-unknown.json", []byte(`{"schema":"kartoteka/event/1","kind":"stamp","accession":"2026/11/23-0001","time":"2026-11-23T08:00:00Z","stamp":{"tsa":"example"}}`), nil)
	r := verify.NewReport()
	r.Pass(verify.CodeCheckpoint, "log/checkpoint", "")
	r.Add(verify.CodeEventUnknown, verify.Indeterminate, "log", "1 events of kinds this version does not know")
	r.Count("events", 7)
	w.put("report-1.json", first(seal.Marshal(r)), nil)
}

// TestVectors builds the example again and compares.
func TestVectors(t *testing.T) {
	w := buildWorld(t)
	for name, data := range w.files {
		file := filepath.Join(vectors, name)
		if *update {
			w.fatal(os.WriteFile(file, data, 0o644))
		}
		if got := vector(t, name); !bytes.Equal(got, data) {
			t.Errorf("%s is not what this version writes:\n%s\nwant\n%s", name, data, got)
		}
	}
	entries, err := os.ReadDir(vectors)
	w.fatal(err)
	for _, e := range entries {
		if _, ok := w.files[e.Name()]; !ok && !e.IsDir() && e.Name() != "README.md" {
			t.Errorf("%s: no test knows it", e.Name())
		}
	}
}
