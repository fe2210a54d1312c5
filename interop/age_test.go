package interop_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"filippo.io/age"

	"kartoteka/archive/archivetest"
	"kartoteka/seal"
)

// typescript opens the records of a keyfile with age-encryption, another implementation of age in another language.
func typescript(t *testing.T, archive, accession, class, identity string) (records [][]byte, err error) {
	t.Helper()
	out := t.TempDir()
	cmd := exec.Command("node", "age.mjs", archive, accession, class, identity, out)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Logf("%.200s", bytes.TrimSpace(said))
		return nil, err
	}
	for n := 0; ; n++ {
		data, err := os.ReadFile(filepath.Join(out, strconv.Itoa(n)))
		if os.IsNotExist(err) {
			return records, nil
		}
		records = append(records, data)
	}
}

func TestAgeInTypeScript(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 6, Accessions: 2})
	want := map[string]int{} // by content
	for _, b := range a.Bundles {
		want[string(b.Envelope)]++
		for _, d := range b.Documents {
			want[string(d.Body)]++
		}
	}
	accessions := keyfiles(t, a.Dir)
	for _, accession := range accessions {
		records, err := typescript(t, a.Dir, accession, "content", a.Custodian.String())
		check(t, err)
		for _, r := range records {
			want[string(r)]--
		}
		for _, class := range []string{"evidence", "index"} { // also for custodians
			more, err := typescript(t, a.Dir, accession, class, a.Custodian.String())
			if check(t, err); len(more) == 0 || !json.Valid(more[0]) {
				t.Errorf("%s: %d records of %s", accession, len(more), class)
			}
		}
	}
	for content, n := range want {
		if n != 0 {
			t.Errorf("%.60q: %d times too few", content, n)
		}
	}
	refusesDamagedRecords(t, a, accessions[0])
}

// keyfiles lists the accessions that have a content.keys with records.
func keyfiles(t *testing.T, dir string) (accessions []string) {
	t.Helper()
	for _, name := range archivetest.Files(t, dir, "keyfiles") {
		k, err := seal.ParseKeyfile(must(os.ReadFile(filepath.Join(dir, name))))
		check(t, err)
		if accession, ok := strings.CutSuffix(strings.TrimPrefix(name, "keyfiles/"), "/content.keys"); ok && len(k.Records) > 0 {
			accessions = append(accessions, accession)
		}
	}
	if len(accessions) == 0 {
		t.Fatal("no keyfile with records")
	}
	return accessions
}

func refusesDamagedRecords(t *testing.T, a *archivetest.Archive, accession string) {
	t.Helper()
	name := "keyfiles/" + accession + "/content.keys"
	edit := func(change func(k *seal.Keyfile)) func([]byte) []byte {
		return func(data []byte) []byte {
			k := must(seal.ParseKeyfile(data))
			change(k)
			return must(k.Marshal())
		}
	}
	first := must(seal.ParseKeyfile(must(os.ReadFile(filepath.Join(a.Dir, name))))).Records[0]
	stranger := must(age.GenerateHybridIdentity()).String()
	if _, err := typescript(t, a.Dir, accession, "content", stranger); err == nil {
		t.Error("a stranger's identity: accepted")
	}
	for _, twin := range []struct {
		name, file string
		edit       func([]byte) []byte
	}{
		{"the wrapped secret", name, edit(func(k *seal.Keyfile) { k.Secrets[0].Age[len(k.Secrets[0].Age)-1] ^= 1 })},
		{"the wrapped secret's header", name, edit(func(k *seal.Keyfile) { k.Secrets[0].Age[500] ^= 1 })},
		{"a record's salt", name, edit(func(k *seal.Keyfile) { k.Records[0].Header[35] ^= 1 })},
		{"a record's MAC", name, edit(func(k *seal.Keyfile) { k.Records[0].Header[120] ^= 1 })},
		{"two headers, changed over", name, edit(func(k *seal.Keyfile) {
			k.Records[0].Header, k.Records[1].Header = k.Records[1].Header, k.Records[0].Header
		})},
		{"a payload", "accessions/" + accession + "/000001.segment", func(s []byte) []byte {
			return flipped(s, int(first.Offset+first.Length/2))
		}},
	} {
		dir := a.Copy(t)
		archivetest.Edit(t, dir, twin.file, twin.edit)
		if _, err := typescript(t, dir, accession, "content", a.Custodian.String()); err == nil {
			t.Errorf("%s is damaged: accepted", twin.name)
		}
	}
}
