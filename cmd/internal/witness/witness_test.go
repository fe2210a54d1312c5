package witness_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kartoteka/cmd/internal/witness"
	"kartoteka/seal"
	"kartoteka/verify"
)

const origin = "log.test.example/1"

// hospital is a log in memory, with its key.
type hospital struct {
	t      testing.TB
	signer note.Signer
	policy *verify.Policy
	stored []tlog.Hash
	size   int64
	salt   string // two logs of one key with other salts are forks of each other
}

func newHospital(t testing.TB, origin string) *hospital {
	skey, vkey, err := note.GenerateKey(bytes.NewReader(bytes.Repeat([]byte(origin), 32)), origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return &hospital{t: t, signer: signer, policy: &verify.Policy{Origin: origin, LogKeys: []verify.LogKey{{Key: vkey}}}}
}

func (h *hospital) ReadHashes(indexes []int64) (list []tlog.Hash, err error) {
	for _, i := range indexes {
		list = append(list, h.stored[i])
	}
	return list, nil
}

// grow logs n more events.
func (h *hospital) grow(n int) *hospital {
	for range n {
		hashes, err := tlog.StoredHashes(h.size, fmt.Appendf(nil, "event %d%s", h.size, h.salt), h)
		if err != nil {
			h.t.Fatal(err)
		}
		h.stored, h.size = append(h.stored, hashes...), h.size+1
	}
	return h
}

// forked is a log that went another way after n events.
func (h *hospital) forked(n, size int) *hospital {
	f := (&hospital{t: h.t, signer: h.signer, policy: h.policy}).grow(n)
	f.salt = " forked"
	return f.grow(size - n)
}

func (h *hospital) at(size int64) seal.Checkpoint {
	root, err := tlog.TreeHash(size, h)
	if err != nil {
		h.t.Fatal(err)
	}
	return seal.Checkpoint{Origin: h.policy.Origin, Size: size, Root: seal.Digest(root)}
}

func (h *hospital) signed(size int64) []byte {
	b, err := h.at(size).Sign(h.signer)
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func (h *hospital) proof(from, to int64) tlog.TreeProof {
	if from == 0 {
		return nil
	}
	p, err := tlog.ProveTree(to, from, h)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *hospital) request(from, to int64) seal.AddCheckpoint {
	return seal.AddCheckpoint{Old: from, Proof: h.proof(from, to), Checkpoint: h.signed(to)}
}

func newKey(t testing.TB, name string) *seal.Cosigner {
	sum := sha256.Sum256([]byte(name))
	skey, _, err := note.GenerateKey(bytes.NewReader(bytes.Repeat(sum[:], 4)), name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := seal.ParseCosigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var now = time.Date(2026, 11, 21, 21, 0, 0, 0, time.UTC)

func open(t testing.TB, file string, first bool, logs ...*verify.Policy) *witness.Witness {
	t.Helper()
	w, err := witness.Open(witness.Options{Key: newKey(t, "w"), File: file, Logs: logs, Now: func() time.Time { return now }, First: first})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func post(t testing.TB, h http.Handler, body []byte) (status int, kind, text string) {
	t.Helper()
	out := httptest.NewRecorder()
	h.ServeHTTP(out, httptest.NewRequest("POST", "/add-checkpoint", bytes.NewReader(body)))
	data, _ := io.ReadAll(out.Body)
	return out.Code, out.Header().Get("Content-Type"), string(data)
}

func TestAnswers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	log, stranger := newHospital(t, origin).grow(20), newHospital(t, "other.example/1").grow(20)
	w := open(t, file, true, log.policy)
	thief := &hospital{t: t, signer: stranger.signer, policy: log.policy, stored: log.stored, size: log.size}
	h := w.Handler()
	if code, _, text := post(t, h, log.request(0, 8).Marshal()); code != 200 {
		t.Fatal(code, text)
	}
	state := read(t, file)
	broken := log.proof(8, 12)
	broken[0][0] ^= 1
	mixed := log.request(8, 12)
	mixed.Checkpoint = bytes.Replace(mixed.Checkpoint, []byte("\n12\n"), []byte("\n13\n"), 1)
	for _, c := range []struct {
		name string
		body []byte
		code int
		kept int // files of evidence by then
	}{
		{"garbage", []byte("\x00\x01"), 400, 0},
		{"empty", nil, 400, 0},
		{"huge", make([]byte, 10<<20), 400, 0},
		{"cut", log.request(8, 12).Marshal()[:200], 400, 0},
		{"unknown log", stranger.request(0, 8).Marshal(), 404, 0},
		{"signed by another log", thief.request(8, 12).Marshal(), 403, 0},
		{"another size than was signed", mixed.Marshal(), 403, 0},
		{"old size above the checkpoint's", seal.AddCheckpoint{Old: 13, Checkpoint: log.signed(12)}.Marshal(), 400, 0},
		{"old size is too small", log.request(4, 12).Marshal(), 409, 0},
		{"old size is too large", log.request(9, 12).Marshal(), 409, 0},
		{"old size of nothing", log.request(0, 12).Marshal(), 409, 0},
		{"rolled back", log.request(4, 6).Marshal(), 409, 0},
		{"rolled back to what was cosigned", seal.AddCheckpoint{Old: 8, Checkpoint: log.signed(6)}.Marshal(), 400, 0},
		{"no proof", seal.AddCheckpoint{Old: 8, Checkpoint: log.signed(12)}.Marshal(), 422, 1},
		{"a broken proof", seal.AddCheckpoint{Old: 8, Proof: broken, Checkpoint: log.signed(12)}.Marshal(), 422, 1},
		{"a proof of other sizes", seal.AddCheckpoint{Old: 8, Proof: log.proof(8, 13), Checkpoint: log.signed(12)}.Marshal(), 422, 1},
		{"a proof too many", seal.AddCheckpoint{Old: 8, Proof: log.proof(7, 8), Checkpoint: log.signed(8)}.Marshal(), 422, 1},
		{"forked, of one size", log.forked(5, 8).request(8, 8).Marshal(), 409, 2},
		{"forked, of one size, once more", log.forked(5, 8).request(8, 8).Marshal(), 409, 2},
		{"forked, of one size, from nothing", log.forked(5, 8).request(0, 8).Marshal(), 409, 2},
		{"forked, larger", log.forked(5, 12).request(8, 12).Marshal(), 422, 3},
	} {
		code, kind, text := post(t, h, c.body)
		if code != c.code {
			t.Errorf("%s: %d, want %d: %s", c.name, code, c.code, text)
		}
		if code == 409 && (kind != "text/x.tlog.size" || text != "8\n") {
			t.Errorf("%s: %s %q", c.name, kind, text)
		}
		if s, err := witness.Show(file); err != nil || len(s.Evidence) != c.kept {
			t.Errorf("%s: kept %v, want %d: %v", c.name, s.Evidence, c.kept, err)
		}
		if got := read(t, file); got != state {
			t.Errorf("%s: the state became %s", c.name, got)
		}
	}
	good(t, w, log, 8, 8)
	good(t, w, log, 8, 20)
	out := httptest.NewRecorder()
	h.ServeHTTP(out, httptest.NewRequest("GET", "/add-checkpoint", nil))
	if out.Code != 405 {
		t.Errorf("GET: %d", out.Code)
	}
}

// good asks for a cosignature and checks it.
func good(t testing.TB, w *witness.Witness, log *hospital, from, to int64) {
	t.Helper()
	code, _, text := post(t, w.Handler(), log.request(from, to).Marshal())
	list, err := seal.Cosignatures(append(log.signed(to), text...), newKey(t, "w").Key())
	if code != 200 || err != nil || len(list) != 1 || !list[0].At.Time.Equal(now) {
		t.Errorf("from %d to %d: %d %q %v", from, to, code, text, err)
	}
}

func read(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEvidence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	log := newHospital(t, origin).grow(8)
	w := open(t, file, true, log.policy)
	good(t, w, log, 0, 8)
	fork := log.forked(3, 8)
	if _, err := w.Add(fork.request(0, 8)); err == nil {
		t.Fatal("cosigned")
	}
	s, err := witness.Show(file)
	if err != nil || len(s.Evidence) != 1 || !strings.HasPrefix(s.Evidence[0], "state.json.fork-") {
		t.Fatal(s, err)
	}
	var kept struct{ Schema, Kind, Reason, Time, Known, Offered, Request string }
	if err := json.Unmarshal([]byte(read(t, filepath.Join(filepath.Dir(file), s.Evidence[0]))), &kept); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{kept.Known, kept.Offered} {
		if _, err := log.policy.Checkpoint([]byte(n), now); err != nil {
			t.Error(err)
		}
	}
	if kept.Known != string(log.signed(8)) || kept.Offered != string(fork.signed(8)) {
		t.Error(kept)
	}
	for i := range 100 { // an old checkpoint with no proof, over and over: the disk must not fill
		c := log.forked(3, 9+i)
		w.Add(seal.AddCheckpoint{Old: 8, Checkpoint: c.signed(int64(9 + i))})
	}
	if s, err := witness.Show(file); err != nil || len(s.Evidence) != 1+64 {
		t.Error(len(s.Evidence), err)
	}
}

func TestState(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "state.json")
	log, other := newHospital(t, origin).grow(9), newHospital(t, "other.example/1").grow(3)
	o := witness.Options{Key: newKey(t, "w"), File: file, Logs: []*verify.Policy{log.policy}, Now: func() time.Time { return now }}
	if _, err := witness.Open(o); err == nil {
		t.Fatal("a lost state is begun anew")
	}
	w := open(t, file, true, log.policy, other.policy)
	good(t, w, log, 0, 5)
	good(t, w, other, 0, 3)
	if _, err := witness.Open(o); err == nil {
		t.Error("two have one state")
	}
	w.Close()
	w = open(t, file, false, log.policy)
	good(t, w, log, 5, 9)
	w.Close()
	o.First = true
	if _, err := witness.Open(o); err == nil {
		t.Error("begun over one that is there")
	}
	o.First, o.Key = false, newKey(t, "v")
	if _, err := witness.Open(o); err == nil {
		t.Error("another witness takes the state")
	}
	o.Key = newKey(t, "w")
	whole := read(t, file)
	for name, text := range map[string]string{
		"empty": "", "cut": whole[:len(whole)-9], "schema": strings.Replace(whole, "state/1", "state/2", 1), "unknown member": strings.Replace(whole, `"logs"`, `"more":1,"logs"`, 1),
		"another log's checkpoint": strings.Replace(whole, `"origin":"`+origin, `"origin":"x`, 1),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := witness.Open(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	o.Logs = append(o.Logs, log.policy)
	if _, err := witness.Open(o); err == nil {
		t.Error("two policies of one log")
	}
}

// A state that cannot be written means no cosignature, and what was known stays known.
func TestStateNotDurable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	log := newHospital(t, origin).grow(9)
	w := open(t, filepath.Join(dir, "state.json"), true, log.policy)
	good(t, w, log, 0, 5)
	if err := os.Rename(dir, dir+"2"); err != nil {
		t.Fatal(err)
	}
	var refused *witness.Refusal
	if _, err := w.Add(log.request(5, 9)); err == nil || errors.As(err, &refused) {
		t.Errorf("no disk: %v", err)
	}
	if code, _, text := post(t, w.Handler(), log.request(5, 9).Marshal()); code != 500 || strings.Contains(text, dir) {
		t.Error(code, text)
	}
	if err := os.Rename(dir+"2", dir); err != nil {
		t.Fatal(err)
	}
	good(t, w, log, 5, 9)
}

// Of many clients that extend one checkpoint at once, each with another, all that are cosigned extend each other.
func TestRace(t *testing.T) {
	log := newHospital(t, origin).grow(40)
	w := open(t, filepath.Join(t.TempDir(), "state.json"), true, log.policy)
	good(t, w, log, 0, 8)
	fork := log.forked(8, 40)
	var mu sync.Mutex
	var cosigned []string
	var wait sync.WaitGroup
	for i := range 32 {
		from := log
		if i%2 == 1 {
			from = fork
		}
		r := from.request(8, int64(9+i/2))
		wait.Go(func() {
			if _, err := w.Add(r); err == nil {
				mu.Lock()
				defer mu.Unlock()
				cosigned = append(cosigned, string(r.Checkpoint))
			}
		})
	}
	wait.Wait()
	if len(cosigned) != 1 {
		t.Errorf("%d checkpoints extend the first:\n%s", len(cosigned), strings.Join(cosigned, "\n"))
	}
}
