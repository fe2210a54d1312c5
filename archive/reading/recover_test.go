package reading_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"kartoteka/archive"
	"kartoteka/seal"
	"kartoteka/seal/patient"
	"kartoteka/verify"
)

// The documents of a test archive: names in folders, with spaces and in three alphabets, bodies short and large.
var recoverBundles = []map[string][]byte{
	{"documents/karta informacyjna żółć.xml": []byte("<ClinicalDocument/>"), "documents/obrazy/TK/001.dcm": randomBytes(5 << 20), "documents/short.txt": []byte("\n")},
	{"documents/виписка Їжак.pdf": []byte("%PDF-1.7"), "documents/-n": bytes.Repeat([]byte("wynik "), 1<<20)},
	{"documents/išrašas 'č' $(id) `x` %s; &.txt": []byte("ą\n")},
	{"documents/envelope.json": []byte(`{"dsseEnvelope":{"payload":"e30="}}`), "documents/a/b/c/d": []byte("deep")},
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// recoverArchive is an archive with two custodians, one of them classic as --allow-classic lets in.
func recoverArchive(t *testing.T) (dir string, custodians []string) {
	t.Helper()
	hybrid, err := age.GenerateHybridIdentity()
	must(t, err)
	classic, err := age.GenerateX25519Identity()
	must(t, err)
	return recoverArchiveOf(t, hybrid.Recipient().String(), classic.Recipient().String()), []string{hybrid.String(), classic.String()}
}

// recoverArchiveOfPairs is an archive of three custodians, any two of whom open together. They come in the order of their
// recipients.
func recoverArchiveOfPairs(t *testing.T) (dir string, custodians []string) {
	t.Helper()
	var ids []*age.HybridIdentity
	for range 3 {
		id, err := age.GenerateHybridIdentity()
		must(t, err)
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b *age.HybridIdentity) int {
		return strings.Compare(a.Recipient().String(), b.Recipient().String())
	})
	var to []string
	for _, id := range ids {
		to, custodians = append(to, id.Recipient().String()), append(custodians, id.String())
	}
	return recoverArchiveOf(t, to[0]+"+"+to[1], to[0]+"+"+to[2], to[1]+"+"+to[2]), custodians
}

// recoverArchiveOf is an archive of these custodians, with two accessions of bundles and one of a release.
func recoverArchiveOf(t *testing.T, custodians ...string) (dir string) {
	t.Helper()
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	dir = filepath.Join(t.TempDir(), "archive")
	var recipients []seal.Recipient
	for i, c := range custodians {
		recipients = append(recipients, seal.Recipient{Name: fmt.Sprintf("custodian-%d", i+1), Role: seal.RecipientCustodian, Age: c})
	}
	must(t, archive.Init(dir, archive.InitOptions{Recipients: recipients, Now: func() time.Time { return now },
		Origin: "kartoteka.test.example/recover", Controller: seal.Controller{Name: "Szpital Testowy", Country: "PL"}}))
	a, err := archive.Open(dir, archive.Options{Write: true, Now: func() time.Time { return now }, Reserve: 1 << 20})
	must(t, err)
	defer a.Close()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	signer, err := signature.LoadSigner(key, crypto.SHA256)
	must(t, err)
	pem, err := cryptoutils.MarshalPublicKeyToPEM(key.Public())
	must(t, err)
	must(t, a.AddProducer(verify.Producer{Name: "his", Key: string(pem)}))
	var sources []archive.Source
	for i, docs := range recoverBundles {
		sources = append(sources, archive.Source{Path: recoverBundle(t, signer, i, docs)})
	}
	taken := func(o archive.Outcome) {
		if o.Status != archive.Taken {
			t.Fatalf("%s: %s %s", o.Status, o.Code, o.Reason)
		}
	}
	must(t, a.Take(t.Context(), sources[:3], taken))
	now = now.Add(24 * time.Hour)
	must(t, a.Take(t.Context(), sources[3:], taken))
	s, err := a.Begin()
	must(t, err)
	_, err = s.Release(seal.Release{Request: "R-1", Bundles: []seal.Digest{sha256.Sum256([]byte("recover-000000"))}, Seed: seal.NewSeed()}, seal.Fingerprint(custodians[0]))
	must(t, err)
	must(t, s.Commit())
	return dir
}

func recoverBundle(t *testing.T, signer signature.Signer, n int, docs map[string][]byte) string {
	t.Helper()
	s := seal.Statement{Type: seal.StatementType, PredicateType: seal.SpecBundle, Predicate: seal.Metadata{
		Bundle: seal.BundleID{ID: fmt.Sprintf("recover-%06d", n)}, Controller: seal.Controller{Name: "Szpital Testowy", Country: "PL"},
		Patient:   patient.Patient{Names: []patient.Name{{Family: "Testowa", Given: []string{"Anna"}}}, BirthDate: "1944-05-14", Sex: "F"},
		Encounter: seal.Encounter{Kind: "visit"}, Facts: seal.Facts{Jurisdiction: "PL", LastEntryYear: 2025, ServiceYear: 2025},
	}}
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		s.Subject = append(s.Subject, seal.Subject{Name: name, Digest: seal.SubjectDigest{SHA256: sha256.Sum256(docs[name])}})
	}
	envelope, err := seal.Sign(s, signer, nil)
	must(t, err)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, seal.EnvelopeName), envelope)
	for name, body := range docs {
		writeFile(t, filepath.Join(dir, name), body)
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o700))
	must(t, os.WriteFile(name, data, 0o600))
}

// stock is docs/recover.md as a script, and the folder of the age commands of the version that go.mod pins.
type stock struct{ script, age string }

func newStock(t *testing.T) stock {
	t.Helper()
	for _, tool := range []string{"bash", "zstd", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIP: %s is missing; package %s brings it", tool, tool)
		}
	}
	page, err := os.ReadFile("../../docs/recover.md")
	must(t, err)
	block := regexp.MustCompile("(?s)\n```sh recover\n(.*?\n)```\n").FindSubmatch(page)
	if block == nil {
		t.Fatal("docs/recover.md has no block marked recover")
	}
	s := stock{age: t.TempDir(), script: filepath.Join(t.TempDir(), "recover.sh")}
	writeFile(t, s.script, block[1])
	build := exec.Command("go", "build", "-o", s.age, "filippo.io/age/cmd/age", "filippo.io/age/cmd/age-plugin-batchpass")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build age: %v\n%s", err, said)
	}
	return s
}

// run gives what the script wrote and said; it must end with status. Two identities are joined by a plus sign.
func (s stock) run(t *testing.T, archive, identity string, status int) (out, said string) {
	t.Helper()
	work := t.TempDir()
	out = filepath.Join(work, "out")
	var names []string
	for i, id := range strings.Split(identity, "+") {
		names = append(names, fmt.Sprintf("custodian %d.key", i+1))
		writeFile(t, filepath.Join(work, names[i]), []byte("# as age-keygen writes\n"+id)) // its last line unended
	}
	cmd := exec.Command("bash", s.script, archive, strings.Join(names, "+"), out)
	cmd.Dir = work
	cmd.Env = []string{"PATH=" + s.age + ":" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir()}
	text, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != status {
		t.Fatalf("exit status %d, want %d:\n%s", got, status, text)
	}
	return out, string(text)
}

// tree reads every file below dir.
func tree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[name], err = os.ReadFile(filepath.Join(dir, name))
		return err
	}))
	return files
}

// recoveredFolders are where the bundles come out: accession and number of the first record.
var recoveredFolders = []string{"2026/11/21-0003/000000", "2026/11/21-0003/000004", "2026/11/21-0003/000007", "2026/11/22-0001/000000"}

// wantTree is all that comes out of a whole archive.
func wantTree() map[string][]byte {
	want := map[string][]byte{"2026/11/22-0002/000000-release.json": nil}
	for i, docs := range recoverBundles {
		want[recoveredFolders[i]+"/bundle.sigstore.json"] = nil
		for name, body := range docs {
			want[recoveredFolders[i]+"/"+name] = body
		}
	}
	return want
}

// compare says what differs; a nil body stands for any.
func compare(t *testing.T, got, want map[string][]byte) {
	t.Helper()
	for name, body := range want {
		if g, ok := got[name]; !ok || body != nil && !bytes.Equal(g, body) {
			t.Errorf("%s: there: %v, %d bytes; want %d", name, ok, len(g), len(body))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: came out of nothing", name)
		}
	}
}

func TestRecover(t *testing.T) {
	s := newStock(t)
	dir, custodians := recoverArchive(t)
	for i, c := range custodians {
		t.Run(fmt.Sprintf("custodian %d", i+1), func(t *testing.T) {
			out, said := s.run(t, dir, c, 0)
			compare(t, tree(t, out), wantTree())
			if want := "4 bundles, 8 documents, 1 entries"; !strings.Contains(said, want) {
				t.Errorf("said %q, want %q", said, want)
			}
		})
	}
	t.Run("segments and one copy of the keyfiles are enough", func(t *testing.T) {
		for _, copy := range []string{"keyfiles", "keyfiles.2"} {
			bare := t.TempDir()
			for _, folder := range []string{"accessions", copy} {
				must(t, os.CopyFS(filepath.Join(bare, folder), os.DirFS(filepath.Join(dir, folder))))
			}
			out, _ := s.run(t, bare, custodians[0], 0)
			compare(t, tree(t, out), wantTree())
		}
	})
	t.Run("a stranger's identity", func(t *testing.T) {
		stranger, err := age.GenerateHybridIdentity()
		must(t, err)
		out, said := s.run(t, dir, stranger.String(), 1)
		if files := tree(t, out); len(files) > 0 || !strings.Contains(said, "FAILED 2026/11/21-0003: the identity opens none") {
			t.Errorf("%d files; said %s", len(files), said)
		}
	})
}

// Where any two of three open together, any two get everything out, and nobody alone.
func TestRecoverPairs(t *testing.T) {
	s := newStock(t)
	dir, c := recoverArchiveOfPairs(t)
	for _, pair := range []string{c[0] + "+" + c[1], c[2] + "+" + c[0], c[1] + "+" + c[2], c[2] + "+" + c[1] + "+" + c[0]} {
		out, _ := s.run(t, dir, pair, 0)
		compare(t, tree(t, out), wantTree())
	}
	stranger, err := age.GenerateHybridIdentity()
	must(t, err)
	for _, few := range []string{c[0], c[1], c[2], c[0] + "+" + stranger.String(), c[0] + "+" + c[0]} {
		out, said := s.run(t, dir, few, 1)
		if files := tree(t, out); len(files) > 0 || !strings.Contains(said, "is a second custodian's needed?") {
			t.Errorf("%d files; said %s", len(files), said)
		}
	}
	t.Run("by hand", func(t *testing.T) { s.byHand(t, filepath.Join(dir, "keyfiles/2026/11/21-0003/content.keys"), c[:2]) })
}

// byHand runs the page's two commands that open one secret of a pair.
func (s stock) byHand(t *testing.T, keyfile string, custodians []string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/recover.md")
	must(t, err)
	lines := regexp.MustCompile(`(?m)^ +sed -n 3p content.keys .*\n +age -d .*$`).Find(page)
	if lines == nil {
		t.Fatal("docs/recover.md does not open a secret by hand")
	}
	keys, err := os.ReadFile(keyfile)
	must(t, err)
	work := t.TempDir()
	writeFile(t, filepath.Join(work, "content.keys"), keys)
	writeFile(t, filepath.Join(work, "A.key"), []byte(custodians[1]+"\n")) // in the wrong order
	writeFile(t, filepath.Join(work, "B.key"), []byte(custodians[0]+"\n"))
	cmd := exec.Command("bash", "-c", string(lines))
	cmd.Dir, cmd.Env = work, []string{"PATH=" + s.age + ":" + os.Getenv("PATH")}
	if text, err := cmd.CombinedOutput(); err != nil || !regexp.MustCompile(`^[0-9a-f]{64}$`).Match(text) {
		t.Errorf("%v: %s", err, text)
	}
}

// What is damaged or disposed of is named, and all else comes out.
func TestRecoverDamaged(t *testing.T) {
	s := newStock(t)
	dir, custodians := recoverArchive(t)
	const keys = "2026/11/21-0003/content.keys"
	second := recoveredFolders[1] + "/"
	tests := []struct {
		name   string
		damage func(t *testing.T, dir string)
		status int
		said   string
		lost   []string
	}{
		{"a header in one copy", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "keyfiles", keys), func(k *seal.Keyfile) { k.Records[1].Header[60] ^= 1 })
		}, 0, "0 failures", nil},
		{"a header in both copies", func(t *testing.T, dir string) {
			for _, copy := range []string{"keyfiles", "keyfiles.2"} {
				edit(t, filepath.Join(dir, copy, keys), func(k *seal.Keyfile) { k.Records[5].Header[60] ^= 1 })
			}
		}, 1, "FAILED 2026/11/21-0003 record 5: does not open\n         it was " + second + "documents/-n", []string{second + "documents/-n"}},
		{"a payload", func(t *testing.T, dir string) {
			name := filepath.Join(dir, "accessions/2026/11/21-0003/000001.segment")
			data, err := os.ReadFile(name)
			must(t, err)
			data[100] ^= 1 // large documents stand first
			must(t, os.WriteFile(name, data, 0o600))
		}, 1, "record 2: does not open", []string{recoveredFolders[0] + "/documents/obrazy/TK/001.dcm"}},
		{"a shredded document", func(t *testing.T, dir string) {
			order := seal.LeafIndex(17)
			for _, copy := range []string{"keyfiles", "keyfiles.2"} {
				edit(t, filepath.Join(dir, copy, keys), func(k *seal.Keyfile) { must(t, k.Shred(5, order)) })
			}
		}, 0, "shredded 2026/11/21-0003 record 5: disposed of by event 17", []string{second + "documents/-n"}},
		{"keyfiles of an accession", func(t *testing.T, dir string) {
			must(t, os.RemoveAll(filepath.Join(dir, "keyfiles/2026/11/22-0002")))
			must(t, os.RemoveAll(filepath.Join(dir, "keyfiles.2/2026/11/22-0002")))
		}, 1, "FAILED 2026/11/22-0002: content.keys is missing", []string{"2026/11/22-0002/000000-release.json"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			damaged := filepath.Join(t.TempDir(), "archive")
			must(t, os.CopyFS(damaged, os.DirFS(dir)))
			test.damage(t, damaged)
			out, said := s.run(t, damaged, custodians[0], test.status)
			want := wantTree()
			for _, name := range test.lost {
				delete(want, name)
			}
			compare(t, tree(t, out), want)
			if !strings.Contains(said, test.said) {
				t.Errorf("said %s, want %s", said, test.said)
			}
		})
	}
}

// edit changes a keyfile.
func edit(t *testing.T, name string, change func(*seal.Keyfile)) {
	t.Helper()
	data, err := os.ReadFile(name)
	must(t, err)
	k, err := seal.ParseKeyfile(data)
	must(t, err)
	change(k)
	data, err = k.Marshal()
	must(t, err)
	must(t, os.WriteFile(name, data, 0o600))
}
