package archive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/archive/internal/durable"
	"kartoteka/verify"
)

func check(t testing.TB, dir string, o archive.CheckOptions) *verify.Report {
	t.Helper()
	r, err := archive.Check(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantCode(t testing.TB, r *verify.Report, v verify.Verdict, code verify.Code) {
	t.Helper()
	for _, c := range r.Checks {
		if c.Verdict == v && c.Code == code && r.Verdict == v {
			return
		}
	}
	t.Errorf("report is %s, want %s with code %s; not passed: %v", r.Verdict, v, code, notPassed(r))
}

func notPassed(r *verify.Report) (list []verify.Check) {
	for _, c := range r.Checks {
		if c.Verdict != verify.Passed {
			list = append(list, c)
		}
	}
	return list
}

var committed = []string{"accessions", "keyfiles", "keyfiles.2", "log"}

func TestCheckUntouched(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	r := check(t, a.Dir, archive.CheckOptions{})
	if r.Verdict != verify.Passed || r.Counts["bundles"] != 6 || r.Counts["accessions"] != 5 {
		t.Errorf("%s %v %v", r.Verdict, r.Counts, notPassed(r))
	}
}

// Sixty single-byte changes anywhere in what is committed: each is found without a key.
func TestCheckFindsEveryFlip(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	files := archivetest.Files(t, a.Dir, committed...)
	rng := rand.New(rand.NewPCG(2026, 11))
	for range 60 {
		name := files[rng.IntN(len(files))]
		at, mask := rng.Int(), byte(1+rng.IntN(255))
		flip := func(b []byte) []byte { b[at%len(b)] ^= mask; return b }
		archivetest.Edit(t, a.Dir, name, flip)
		if r := check(t, a.Dir, archive.CheckOptions{}); r.Verdict != verify.Failed {
			t.Errorf("%s byte %d ^ %#02x: %s", name, at, mask, r.Verdict)
		}
		archivetest.Edit(t, a.Dir, name, flip)
	}
	if r := check(t, a.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed {
		t.Errorf("mended: %v", notPassed(r))
	}
}

// Every byte of the checkpoint and of a keyfile counts.
func TestCheckFindsFlipOfEveryByte(t *testing.T) {
	if testing.Short() {
		t.Skip("exhaustive")
	}
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	keyfile := archivetest.Files(t, a.Dir, "keyfiles.2")[1]
	data, err := os.ReadFile(filepath.Join(a.Dir, keyfile))
	if err != nil {
		t.Fatal(err)
	}
	everyByte(t, a, "log/checkpoint", 0, 1<<20, 0x01, 0x20, 0x80)
	for part := range 4 { // side by side: each on a copy of its own
		from, to := len(data)*part/4, len(data)*(part+1)/4
		t.Run("", func(t *testing.T) {
			t.Parallel()
			everyByte(t, a, keyfile, from, to, 0x01)
		})
	}
}

func everyByte(t *testing.T, a *archivetest.Archive, name string, from, to int, masks ...byte) {
	dir := a.Copy(t)
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, changed []byte) {
		archivetest.Edit(t, dir, name, func([]byte) []byte { return changed })
		if r := check(t, dir, archive.CheckOptions{}); r.Verdict != verify.Failed {
			t.Errorf("%s %s: %s %v", name, what, r.Verdict, notPassed(r))
		}
	}
	for i := from; i < min(to, len(data)); i++ {
		for _, mask := range masks {
			changed := bytes.Clone(data)
			changed[i] ^= mask
			try(fmt.Sprintf("byte %d ^ %#02x", i, mask), changed)
		}
	}
	for _, n := range []int{0, 1, len(data) / 2, len(data) - 1} {
		try(fmt.Sprint("cut to ", n), data[:n])
	}
	try("and a byte more", append(bytes.Clone(data), '\n'))
}

func TestCheckRemoved(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 3})
	for _, name := range archivetest.Files(t, a.Dir, committed...) {
		p, aside := filepath.Join(a.Dir, name), filepath.Join(t.TempDir(), "aside")
		if err := os.Rename(p, aside); err != nil {
			t.Fatal(err)
		}
		for _, o := range []archive.CheckOptions{{}, {Sample: 1e-12}} {
			if r := check(t, a.Dir, o); r.Verdict != verify.Failed {
				t.Errorf("without %s, %+v: %s", name, o, r.Verdict)
			}
		}
		if err := os.Rename(aside, p); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCheckStrays(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 2})
	for _, name := range []string{"accessions/2026/03/03-0001/stray", "accessions/2026/03/stray", "keyfiles/1999/stray", "keyfiles.2/stray", "log/stray", "log/tile/stray", "log/tile/0/stray"} {
		p := filepath.Join(a.Dir, name)
		os.MkdirAll(filepath.Dir(p), 0o755)
		if err := os.WriteFile(p, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := check(t, a.Dir, archive.CheckOptions{}); r.Verdict != verify.Failed {
			t.Errorf("with %s: %s", name, r.Verdict)
		}
		os.Remove(p)
	}
}

// What lies beyond the checkpoint is a writer's staging while one lives, and doubtful when none does.
func TestCheckBeyond(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 2})
	put := func(name string) {
		p := filepath.Join(a.Dir, name)
		os.MkdirAll(filepath.Dir(p), 0o755)
		if err := os.WriteFile(p, []byte("staged"), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	put("accessions/2026/03/09-0001/000001.segment")
	put("keyfiles/2026/03/09-0001/content.keys")
	put("log/tile/0/000.p/200")
	put("log/tile/0/.tmp-1234")
	r := check(t, a.Dir, archive.CheckOptions{})
	wantCode(t, r, verify.Indeterminate, verify.CodeBeyond)
	if r.Counts["beyond"] != 4 {
		t.Errorf("beyond: %d, want 4: %v", r.Counts["beyond"], notPassed(r))
	}
	lock, err := durable.TryLock(filepath.Join(a.Dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, check(t, a.Dir, archive.CheckOptions{}), verify.Passed, verify.CodeBeyond)
	lock.Unlock()
	os.Remove(filepath.Join(a.Dir, "lock"))
	wantCode(t, check(t, a.Dir, archive.CheckOptions{}), verify.Indeterminate, verify.CodeBeyond)
	if _, err := os.Stat(filepath.Join(a.Dir, "lock")); err == nil {
		t.Error("the check made a lock file")
	}
	a.OpenWrite(t).Close() // quarantines
	if r := check(t, a.Dir, archive.CheckOptions{}); r.Verdict != verify.Passed {
		t.Errorf("after quarantine: %v", notPassed(r))
	}
}

// A check of a living archive finds nothing wrong.
func TestCheckWhileWriting(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 2})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 12 {
			a.Take(t, 1)
		}
	}()
	for n := 0; ; n++ {
		r, err := archive.Check(context.Background(), a.Dir, archive.CheckOptions{})
		if err != nil || r.Verdict != verify.Passed {
			t.Errorf("check %d: %v %v", n, err, notPassed(r))
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

func TestCheckSince(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{})
	before := a.Copy(t)
	old, err := os.ReadFile(filepath.Join(a.Dir, "log/checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	a.Take(t, 1)
	receipt, err := os.ReadFile(a.Bundles[6].Receipt)
	if err != nil {
		t.Fatal(err)
	}
	other := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	foreign, err := os.ReadFile(other.Bundles[0].Receipt)
	if err != nil {
		t.Fatal(err)
	}
	since := func(dir string, data []byte) *verify.Report {
		return check(t, dir, archive.CheckOptions{LogOnly: true, Since: data, SinceName: "since"})
	}
	wantCode(t, since(a.Dir, old), verify.Passed, verify.CodeLogConsistency)
	wantCode(t, since(a.Dir, receipt), verify.Passed, verify.CodeLogConsistency)
	wantCode(t, since(before, receipt), verify.Failed, verify.CodeLogRolledBack)
	wantCode(t, since(a.Dir, foreign), verify.Failed, verify.CodeCheckpoint)
	wantCode(t, since(a.Dir, []byte("nonsense")), verify.Failed, verify.CodeCheckpoint)
	forged := bytes.Replace(receipt, []byte(`\"content\":0`), []byte(`\"content\":1`), 1)
	if bytes.Equal(forged, receipt) {
		t.Fatal("nothing forged")
	}
	wantCode(t, since(a.Dir, forged), verify.Failed, verify.CodeReceipt)
}

func TestCheckForeignPolicyAndTime(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1})
	other := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1, Origin: "elsewhere.example/1"})
	wantCode(t, check(t, a.Dir, archive.CheckOptions{Policy: policyOf(t, a)}), verify.Passed, verify.CodeAnchors)
	wantCode(t, check(t, a.Dir, archive.CheckOptions{Policy: policyOf(t, other)}), verify.Failed, verify.CodeCheckpoint)
	wantCode(t, check(t, a.Dir, archive.CheckOptions{At: archivetest.Start.AddDate(-1, 0, 0)}), verify.Indeterminate, verify.CodeTime)
	if r := check(t, a.Dir, archive.CheckOptions{At: time.Now().AddDate(30, 0, 0)}); r.Verdict != verify.Passed {
		t.Errorf("in thirty years: %v", notPassed(r))
	}
	archivetest.Edit(t, a.Dir, "archive.json", func(b []byte) []byte {
		return bytes.Replace(b, []byte(archivetest.Origin), []byte("elsewhere.example/1"), 1)
	})
	wantCode(t, check(t, a.Dir, archive.CheckOptions{}), verify.Failed, verify.CodeArchive)
	archivetest.Edit(t, a.Dir, "archive.json", func(b []byte) []byte { return b[:20] })
	wantCode(t, check(t, a.Dir, archive.CheckOptions{}), verify.Failed, verify.CodeArchive)
}

func policyOf(t *testing.T, a *archivetest.Archive) *verify.Policy {
	t.Helper()
	data, err := os.ReadFile(a.PolicyFile(t))
	if err != nil {
		t.Fatal(err)
	}
	p, err := verify.ParsePolicy(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// No file of an archive, outside the spool's clear text, names a patient or lets a document be guessed.
func TestNothingNamesAnybody(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 12, Accessions: 3})
	secrets := map[string]string{}
	add := func(what, s string) {
		if len(s) >= 6 { // fewer bytes stand in a ciphertext by chance
			secrets[what+" "+s] = s
		}
	}
	for _, p := range archivetest.People {
		add("name", p.Names[0].Family)
		add("name", p.Names[0].Given[0]+" ")
		add("number", p.Identifiers[0].Value)
		add("born", p.BirthDate)
	}
	digest := func(what string, sum []byte) {
		add(what, string(sum))
		add(what, hex.EncodeToString(sum))
		add(what, strings.ToUpper(hex.EncodeToString(sum)))
		add(what, base64.RawStdEncoding.EncodeToString(sum))
		add(what, base64.RawURLEncoding.EncodeToString(sum))
	}
	for _, b := range a.Bundles {
		add("bundle id", b.ID)
		sum := sha256.Sum256(b.Envelope)
		digest("envelope", sum[:])
		for _, d := range b.Documents {
			sum := sha256.Sum256(d.Body)
			digest("document", sum[:])
			add("title", d.Title)
			add("text", string(d.Body[:30]))
		}
	}
	files := archivetest.Files(t, a.Dir, ".")
	seen := 0
	for _, name := range files {
		if strings.HasPrefix(name, "spool/") {
			continue
		}
		seen++
		data, err := os.ReadFile(filepath.Join(a.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for what, s := range secrets {
			// The index keeps the envelope's digest for receipts; the envelope holds a random id and signature, so
			// nobody can guess it.
			if name == "index.db" && strings.HasPrefix(what, "envelope") {
				continue
			}
			if bytes.Contains(data, []byte(s)) || strings.Contains(name, s) {
				t.Errorf("%s holds %q", name, what)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d files", seen)
	}

}
