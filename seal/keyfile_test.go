package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"kartoteka/seal"
)

func exampleKeyfile(t testing.TB, name string) *seal.Keyfile {
	t.Helper()
	k, err := seal.ParseKeyfile(vector(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeyfileAgain(t *testing.T) {
	for _, name := range good["keyfile"] {
		again, err := exampleKeyfile(t, name).Marshal()
		if err != nil || !bytes.Equal(again, vector(t, name)) {
			t.Errorf("%s is marshalled another way: %v", name, err)
		}
	}
}

// Whatever is shredded and to whomever it is rewrapped, the header root that the accession's event names stays.
func TestKeyfileRoot(t *testing.T) {
	k, shredded := exampleKeyfile(t, "content-1.keys"), exampleKeyfile(t, "content-1-shredded.keys")
	before, err := k.Sum()
	if err != nil {
		t.Fatal(err)
	}
	after, err := shredded.Sum()
	if err != nil {
		t.Fatal(err)
	}
	if before.Root != after.Root || before.Records != after.Records || before.Secrets == after.Secrets || !shredded.Records[1].Shredded() {
		t.Errorf("before %+v, after %+v", before, after)
	}
	var leaves []seal.Digest
	for line := range bytes.Lines(vector(t, "content-1.keys")) {
		if bytes.HasPrefix(line, []byte(`{"n":`)) {
			leaves = append(leaves, seal.LeafHash(bytes.TrimSuffix(line, []byte("\n"))))
		}
	}
	if root := seal.TreeRoot(leaves); root != before.Root {
		t.Errorf("root over the lines is %s, not %s", root, before.Root)
	}
	for i := range k.Records { // a header exchanged for another one shows
		k := exampleKeyfile(t, "content-1.keys")
		k.Records[i].Header = k.Records[(i+1)%3].Header
		if root, err := k.HeaderRoot(); err != nil || root == before.Root {
			t.Errorf("record %d: root %s, %v", i, root, err)
		}
	}
}

func TestKeyfileRecord(t *testing.T) {
	k := exampleKeyfile(t, "content-1.keys")
	for _, n := range []int{-1, 3} {
		if _, err := k.Record(n); err == nil {
			t.Errorf("record %d", n)
		}
	}
	if r, err := k.Record(2); err != nil || r.N != 2 {
		t.Errorf("record 2: %+v, %v", r, err)
	}
}

func recipientsOf(t *testing.T, extra ...seal.Recipient) seal.Recipients {
	r, err := seal.ParseRecipients(vector(t, "recipients-1.json"))
	if err != nil {
		t.Fatal(err)
	}
	r.Recipients = append(r.Recipients, extra...)
	return r
}

func TestRecipients(t *testing.T) {
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	officer, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.ParseRecipient(classic.Recipient().String(), false); err == nil {
		t.Error("a classic recipient is accepted")
	}
	if _, err := seal.ParseRecipient(classic.Recipient().String(), true); err != nil {
		t.Error(err)
	}
	if _, err := seal.ParseRecipient(classic.String(), true); err == nil {
		t.Error("an identity is accepted for a recipient")
	}
	r := recipientsOf(t, seal.Recipient{Name: "officer", Role: seal.RecipientEvidence, Age: officer.Recipient().String()})
	for c, want := range map[seal.Class]string{seal.ClassContent: "custodian-1", seal.ClassEvidence: "custodian-1 officer", seal.ClassIndex: "custodian-1 index"} {
		var got []string
		for _, x := range r.For(c) {
			got = append(got, x.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", c, got, want)
		}
	}
	r.Recipients = append(r.Recipients, r.Recipients[0])
	data, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.ParseRecipients(data); err == nil {
		t.Error("a recipient listed twice is accepted")
	}
	list, err := recipientsOf(t).Wrap(seal.ClassContent, seal.NewSecret())
	if err != nil || len(list) != 1 || list[0].To != seal.Fingerprint(r.Recipients[0].Age) {
		t.Errorf("wrap: %v, %v", list, err)
	}
}

func identity(t testing.TB, name string) *age.HybridIdentity {
	t.Helper()
	id, err := age.ParseHybridIdentity(strings.TrimSpace(string(vector(t, name))))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// payloadOf cuts a record's payload out of the example's segment.
func payloadOf(t testing.TB, r seal.KeyRecord) *bytes.Reader {
	return bytes.NewReader(vector(t, "segment-1.segment")[r.Offset : r.Offset+r.Length])
}

func TestOpenIndex(t *testing.T) {
	k := exampleKeyfile(t, "index-1.keys")
	r, err := seal.OpenIndex(k, identity(t, "identity-index.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	record := k.Records[0]
	e, err := r.Entry(record.Header, payloadOf(t, record))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := e.Marshal(); err != nil || !bytes.Equal(data, vector(t, "entry-1.json")) {
		t.Errorf("got %s, %v", data, err)
	}

	if _, err := seal.OpenIndex(k, must(age.GenerateHybridIdentity())); err == nil {
		t.Error("a stranger's identity opens the index keyfile")
	}
	if _, err := seal.OpenIndex(exampleKeyfile(t, "content-1.keys"), identity(t, "identity-index.txt")); err == nil {
		t.Error("the index identity opens a content keyfile")
	}
	lied := exampleKeyfile(t, "content-1.keys") // a content keyfile that calls itself an index keyfile
	lied.Head.Class = seal.ClassIndex
	lied.Secrets[0].To = seal.Fingerprint(identity(t, "identity-index.txt").Recipient().String())
	var no *age.NoIdentityMatchError
	if _, err := seal.OpenIndex(lied, identity(t, "identity-index.txt")); !errors.As(err, &no) {
		t.Errorf("a content keyfile that calls itself an index keyfile: %v", err)
	}
	content := exampleKeyfile(t, "content-1.keys").Records[0]
	if _, err := r.Entry(content.Header, payloadOf(t, content)); err == nil {
		t.Error("the index secret opens an envelope")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Every byte of header and payload counts.
func TestEntryDamaged(t *testing.T) {
	k := exampleKeyfile(t, "index-1.keys")
	r, err := seal.OpenIndex(k, identity(t, "identity-index.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	record := k.Records[0]
	payload := vector(t, "segment-1.segment")[record.Offset : record.Offset+record.Length]
	for i := range len(record.Header) + len(payload) {
		whole := append(bytes.Clone(record.Header), payload...)
		whole[i] ^= 1
		if _, err := r.Entry(whole[:seal.HeaderSize], bytes.NewReader(whole[seal.HeaderSize:])); err == nil {
			t.Fatalf("byte %d changed and nothing said", i)
		}
	}
	for n := range payload {
		if _, err := r.Entry(record.Header, bytes.NewReader(payload[:n])); err == nil {
			t.Fatalf("cut to %d bytes and nothing said", n)
		}
	}
	if _, err := r.Entry(record.Header, bytes.NewReader(append(bytes.Clone(payload), 0))); err == nil {
		t.Error("a byte more and nothing said")
	}
}

// A secret that was wrapped with something else than 64 hex digits in it opens nothing.
func TestOpenIndexSecretForm(t *testing.T) {
	index := identity(t, "identity-index.txt").Recipient().String()
	for _, text := range []string{"", "password", strings.Repeat("a", 63), strings.Repeat("a", 65), strings.Repeat("A", 64)} {
		k := exampleKeyfile(t, "index-1.keys")
		data, err := seal.SealTo(index, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		k.Secrets = []seal.WrappedSecret{{To: seal.Fingerprint(index), Age: data}}
		if _, err := seal.OpenIndex(k, identity(t, "identity-index.txt")); err == nil {
			t.Errorf("a secret of %d characters is accepted", len(text))
		}
	}
}

// OpenIndex against the age vectors of C2SP/CCTV: a keyfile whose wrapped secret is the vector's file. Only hybrid
// identities apply: the index identity has no other kind, so vectors of X25519 and scrypt must not open, and armoured
// files are no keyfile's. No vector holds 64 hex digits, so nothing may open in the end.
func TestAgeVectorsAsSecrets(t *testing.T) {
	dir := shared(t, "07-age/CCTV")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			continue // a folder
		}
		head, body, ok := bytes.Cut(data, []byte("\n\n"))
		if !ok || bytes.Contains(head, []byte("compressed:")) || !bytes.HasPrefix(head, []byte("expect:")) {
			continue
		}
		id := identity(t, "identity-index.txt")
		for line := range strings.Lines(string(head) + "\n") {
			if text, ok := strings.CutPrefix(strings.TrimSpace(line), "identity: "); ok && strings.HasPrefix(text, "AGE-SECRET-KEY-PQ-") {
				if parsed, err := age.ParseHybridIdentity(text); err == nil {
					id = parsed
				}
			}
		}
		n++
		k := exampleKeyfile(t, "index-1.keys")
		k.Secrets = []seal.WrappedSecret{{To: seal.Fingerprint(id.Recipient().String()), Age: body}}
		_, err = seal.OpenIndex(k, id)
		success := bytes.HasPrefix(head, []byte("expect: success")) && strings.HasPrefix(filepath.Base(f), "hybrid")
		if err == nil || success != strings.Contains(err.Error(), "64 lower-case hex digits") {
			t.Errorf("%s: %v", filepath.Base(f), err)
		}
	}
	if n < 60 {
		t.Errorf("only %d vectors", n)
	}
}
