package witnesses_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kartoteka/archive"
	"kartoteka/archive/archivetest"
	"kartoteka/cmd/internal/witness"
	"kartoteka/cmd/internal/witnesses"
	"kartoteka/seal"
	"kartoteka/verify"
)

func keys(t testing.TB, name string) (skey, vkey string) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	return skey, vkey
}

func write(t testing.TB, a *archivetest.Archive, f func(*archive.Archive) error) {
	t.Helper()
	w := a.OpenWrite(t)
	defer w.Close()
	if err := f(w); err != nil {
		t.Fatal(err)
	}
}

// reader opens an archive at dir under the test archive's clock.
func reader(t testing.TB, a *archivetest.Archive, dir string) *archive.Archive {
	t.Helper()
	r, err := archive.Open(dir, archive.Options{Now: func() time.Time { return a.Now }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// collect asks the witnesses about the archive at dir and keeps what they sign.
func collect(t testing.TB, a *archivetest.Archive, dir string, list ...witnesses.Witness) []witnesses.Answer {
	t.Helper()
	r := reader(t, a, dir)
	defer r.Close()
	head, err := witnesses.HeadOf(r)
	if err != nil {
		t.Fatal(err)
	}
	answers := witnesses.Client{Now: func() time.Time { return a.Now }, Timeout: 5 * time.Second}.Collect(t.Context(), head, r.Policy(), list)
	for _, w := range answers {
		if w.Status != witnesses.Cosigned {
			continue
		}
		if err := r.KeepCosignatures(head.Signed, w.Cosignature); err != nil {
			t.Fatal(err)
		}
	}
	return answers
}

func statuses(answers []witnesses.Answer) (s string) {
	for _, a := range answers {
		s += string(a.Status) + " "
		if a.Err != nil {
			s += "(" + a.Err.Error() + ") "
		}
	}
	return strings.TrimSpace(s)
}

// judged is the verdict on the witnesses of the present checkpoint.
func judged(t testing.TB, a *archivetest.Archive, p *verify.Policy) verify.Check {
	t.Helper()
	r := reader(t, a, a.Dir)
	defer r.Close()
	report := verify.NewReport()
	if err := r.Witnessed(report, p, a.Now); err != nil || len(report.Checks) != 1 {
		t.Fatal(report.Verdict, err)
	}
	return report.Checks[0]
}

// TestYear: two witnesses in two processes cosign a year of nights, one of them killed and started again now and then. Then
// the archive goes on from an old copy, with another event: both refuse it, and keep the evidence.
func TestYear(t *testing.T) {
	nights := 365
	if testing.Short() {
		nights = 30
	}
	a := archivetest.New(t, archivetest.Options{Bundles: 1, Accessions: 1, InMemory: true})
	var list []witnesses.Witness
	var processes []*process
	for _, name := range []string{"w.north.example", "w.south.example"} {
		skey, vkey := keys(t, name)
		write(t, a, func(w *archive.Archive) error { return w.AddWitness(verify.LogKey{Key: vkey, Entity: name}) })
		processes = append(processes, newProcess(t, name, skey, nil))
	}
	write(t, a, func(w *archive.Archive) error { return w.SetWitnessQuorum(&verify.WitnessQuorum{K: 2, Entities: 2}) })
	policy, err := os.ReadFile(a.PolicyFile(t))
	if err != nil {
		t.Fatal(err)
	}
	pinned, err := verify.ParsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	tick := func() {
		for _, p := range processes {
			p.write("clock", a.Now.Format(time.RFC3339))
		}
	}
	tick()
	for _, p := range processes {
		p.write("policy", string(policy))
		p.start()
		list = append(list, witnesses.Witness{Name: p.name, URL: p.url})
	}
	if c := judged(t, a, pinned); c.Verdict != verify.Indeterminate {
		t.Errorf("before: %v", c)
	}
	var old string
	for night := range nights {
		if night == nights/2 {
			old = a.Copy(t)
		}
		a.Take(t, 1)
		tick()
		if night%50 == 7 {
			p := processes[night%2]
			p.kill()
			p.start()
			list[night%2].URL = p.url
		}
		if got := statuses(collect(t, a, a.Dir, list...)); got != "cosigned cosigned" {
			t.Fatalf("night %d: %s", night, got)
		}
	}
	if c := judged(t, a, pinned); c.Verdict != verify.Passed || !strings.Contains(c.Detail, "cosigned by 2") {
		t.Errorf("after: %v", c)
	}
	kept, err := os.ReadDir(filepath.Join(a.Dir, "cosignatures"))
	if err != nil || len(kept) != nights+1 {
		t.Errorf("%d files: %v", len(kept), err)
	}
	checkClean(t, a)

	live := a.Dir
	a.Dir = old
	if got := statuses(collect(t, a, old, list...)); strings.Count(got, "ahead (it cosigned") != 2 {
		t.Errorf("rolled back: %s", got)
	}
	r := reader(t, a, live)
	size := r.Head().Size
	r.Close()
	for size > 0 { // the copy goes on, until it is longer
		a.Take(t, 2)
		w := reader(t, a, old)
		if w.Head().Size > size {
			size = 0
		}
		w.Close()
	}
	tick()
	if got := statuses(collect(t, a, old, list...)); strings.Count(got, "forked (this log does not go on") != 2 {
		t.Errorf("forked: %s", got)
	}
	for _, p := range processes {
		s, err := witness.Show(filepath.Join(p.dir, "state.json"))
		if err != nil || len(s.Evidence) != 1 || !strings.Contains(s.Evidence[0], ".proof-") {
			t.Errorf("%s kept %v: %v", p.name, s.Evidence, err)
		}
	}
}

// checkClean: cosignatures are no stranger to the archive's own check, and receipts are what they were.
func checkClean(t *testing.T, a *archivetest.Archive) {
	t.Helper()
	report, err := archive.Check(t.Context(), a.Dir, archive.CheckOptions{At: a.Now})
	if err != nil || report.Verdict != verify.Passed {
		t.Fatal(report.Verdict, err)
	}
	before, err := os.ReadFile(a.Bundles[0].Receipt)
	if err != nil {
		t.Fatal(err)
	}
	w := a.OpenWrite(t)
	defer w.Close()
	err = w.Take(t.Context(), []archive.Source{{Path: a.Bundles[0].Path}}, func(o archive.Outcome) {
		if o.Status != archive.Known {
			t.Errorf("%v", o)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(a.Bundles[0].Receipt); err != nil || !bytes.Equal(before, again) {
		t.Errorf("the receipt changed: %v", err)
	}
}

// A witness is anybody: whatever it answers, only a cosignature of its key is taken.
func TestAnswers(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 2, InMemory: true})
	skey, vkey := keys(t, "w")
	key, err := seal.ParseCosigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := keys(t, "w")
	stranger, err := seal.ParseCosigner(other)
	if err != nil {
		t.Fatal(err)
	}
	write(t, a, func(w *archive.Archive) error { return w.AddWitness(verify.LogKey{Key: vkey}) })
	r := reader(t, a, a.Dir)
	signed, size := r.Checkpoint(), r.Head().Size
	r.Close()
	line := func(c *seal.Cosigner, at time.Time) string {
		s, err := c.Cosign(signed, at)
		if err != nil {
			t.Fatal(err)
		}
		return s.String()
	}
	say := func(status int, text string) http.HandlerFunc {
		return func(out http.ResponseWriter, in *http.Request) {
			io.Copy(io.Discard, in.Body)
			out.WriteHeader(status)
			io.WriteString(out, text)
		}
	}
	conflict := func(n int64) http.HandlerFunc { return say(409, strconv.FormatInt(n, 10)+"\n") }
	forged := []byte(line(key, a.Now))
	forged[len(forged)-10] ^= 1
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		want string
	}{
		"good":               {say(200, line(key, a.Now)), "cosigned"},
		"and a stranger's":   {say(200, line(stranger, a.Now)+line(key, a.Now)), "cosigned"},
		"only a stranger's":  {say(200, line(stranger, a.Now)), "refused"},
		"nothing":            {say(200, ""), "refused"},
		"forged":             {say(200, string(forged)), "refused"},
		"garbage":            {say(200, "\x00\x01"), "refused"},
		"its clock is ahead": {say(200, line(key, a.Now.Add(time.Hour))), "refused"},
		"endless":            {say(200, strings.Repeat("x", 1<<20)), "unreachable"},
		"unknown log":        {say(404, "no"), "refused"},
		"not signed":         {say(403, "no"), "refused"},
		"malformed":          {say(400, "no"), "refused"},
		"broken":             {say(500, "no"), "unreachable"},
		"busy":               {say(429, "later"), "unreachable"},
		"sends elsewhere": {func(out http.ResponseWriter, in *http.Request) {
			http.Redirect(out, in, "/elsewhere", http.StatusTemporaryRedirect)
		}, "refused"},
		"conflict without a size": {say(409, "no\n"), "refused"},
		"conflict below nothing":  {conflict(-1), "refused"},
		"always another size":     {conflict(1), "unreachable"},
		"the same size":           {conflict(size), "forked"},
		"more than there is":      {conflict(size + 1), "ahead"},
		"no consistency":          {say(422, "no"), "forked"},
	} {
		s := httptest.NewServer(c.h)
		dir := a.Copy(t)
		got := collect(t, a, dir, witnesses.Witness{Name: "w", URL: s.URL})
		s.Close()
		if string(got[0].Status) != c.want || (got[0].Err == nil) != (c.want == "cosigned") {
			t.Errorf("%s: %s, want %s", name, statuses(got), c.want)
		}
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, c := range map[string]struct {
		w    witnesses.Witness
		want witnesses.Status
	}{
		"nobody there": {witnesses.Witness{Name: "w", URL: gone.URL}, witnesses.Unreachable}, "no witness of the policy": {witnesses.Witness{Name: "v", URL: gone.URL}, witnesses.Refused},
		"a file": {witnesses.Witness{Name: "w", URL: "file:///etc/passwd"}, witnesses.Refused},
	} {
		if got := collect(t, a, a.Dir, c.w); got[0].Status != c.want {
			t.Errorf("%s: %s", name, statuses(got))
		}
	}
}

func TestKeep(t *testing.T) {
	a := archivetest.New(t, archivetest.Options{Bundles: 2, Accessions: 2, InMemory: true})
	skey, _ := keys(t, "w")
	key, err := seal.ParseCosigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	r := reader(t, a, a.Dir)
	defer r.Close()
	line, err := key.Cosign(r.Checkpoint(), a.Now)
	if err != nil {
		t.Fatal(err)
	}
	for name, signed := range map[string][]byte{
		"not signed": bytes.Replace(r.Checkpoint(), []byte("\n\n"), []byte("\n\nx"), 1), "nothing": nil,
		"another root": bytes.Replace(r.Checkpoint(), []byte("=\n\n"), []byte("A\n\n"), 1),
	} {
		if err := r.KeepCosignatures(signed, line); err == nil {
			t.Errorf("%s: kept", name)
		}
	}
	if err := r.KeepCosignatures(r.Checkpoint(), line); err != nil {
		t.Fatal(err)
	}
	if last, err := r.LastCosigned(); err != nil || string(last) != string(r.Checkpoint())+line.String() {
		t.Errorf("%q %v", last, err)
	}
	if _, err := r.ConsistencyProof(1, r.Head().Size+1); err == nil {
		t.Error("a proof beyond the head")
	}
	name := filepath.Join(a.Dir, "cosignatures", strconv.FormatInt(r.Head().Size, 10))
	if err := os.WriteFile(name, []byte("another\n1\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var bad *archive.Tampered
	if err := r.KeepCosignatures(r.Checkpoint(), line); !errors.As(err, &bad) {
		t.Errorf("over another checkpoint: %v", err)
	}
}
