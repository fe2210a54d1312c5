package verify_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kartoteka/seal"
	"kartoteka/verify"
)

var cosignedAt = day("2026-11-22").Add(11 * time.Hour)

// witnessKey is a witness by its name.
func witnessKey(t testing.TB, name string) *seal.Cosigner {
	t.Helper()
	seed := fixed("witness " + name)
	public := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
	sum := sha256.Sum256(append([]byte(name+"\n\x04"), public...))
	return must(seal.ParseCosigner(fmt.Sprintf("PRIVATE+KEY+%s+%x+%s", name, sum[:4], base64.StdEncoding.EncodeToString(append([]byte{4}, seed[:]...)))))
}

// sameKey is the key of a under another name.
func sameKey() string {
	seed := fixed("witness a")
	public := ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
	sum := sha256.Sum256(append([]byte("b\n\x04"), public...))
	return fmt.Sprintf("b+%x+%s", sum[:4], base64.StdEncoding.EncodeToString(append([]byte{4}, public...)))
}

func witnessLine(t testing.TB, name, entity string) verify.LogKey {
	return verify.LogKey{Key: witnessKey(t, name).Key().String(), Entity: entity}
}

func cosignedBy(t testing.TB, signed []byte, at time.Time, names ...string) []byte {
	for _, n := range names {
		signed = must(seal.WithCosignatures(signed, must(witnessKey(t, n).Cosign(signed, at))))
	}
	return signed
}

func TestWitnessed(t *testing.T) {
	signed := vector(t, "checkpoint-1.txt")
	broken := cosignedBy(t, signed, cosignedAt, "a")
	broken[len(broken)-20] ^= 1
	three := []verify.LogKey{witnessLine(t, "a", ""), witnessLine(t, "b", "North"), witnessLine(t, "c", "South")}
	ended := slices.Clone(three)
	ended[1].Until = stamp("2026-11-22")
	q := func(k, entities int) *verify.WitnessQuorum { return &verify.WitnessQuorum{K: k, Entities: entities} }
	made := day("2026-11-21")
	for _, c := range []struct {
		name      string
		witnesses []verify.LogKey
		quorum    *verify.WitnessQuorum
		signed    []byte
		want      verify.Verdict
		count     int
	}{
		{"no witnesses", nil, nil, signed, "", 0},
		{"no quorum, none", three, nil, signed, verify.Passed, 0},
		{"no quorum, one", three, nil, cosignedBy(t, signed, cosignedAt, "a"), verify.Passed, 1},
		{"two of three", three, q(2, 0), cosignedBy(t, signed, cosignedAt, "a", "c"), verify.Passed, 2},
		{"one of two", three, q(2, 0), cosignedBy(t, signed, cosignedAt, "a"), verify.Indeterminate, 1},
		{"one twice", three, q(2, 0), append(cosignedBy(t, signed, cosignedAt, "a"), must(witnessKey(t, "a").Cosign(signed, cosignedAt.Add(time.Second))).String()...), verify.Indeterminate, 1},
		{"a stranger", three, q(1, 0), cosignedBy(t, signed, cosignedAt, "stranger"), verify.Indeterminate, 0},
		{"only our own", three, q(1, 1), cosignedBy(t, signed, cosignedAt, "a"), verify.Indeterminate, 1},
		{"another entity", three, q(1, 1), cosignedBy(t, signed, cosignedAt, "b"), verify.Passed, 1},
		{"ended before", ended, q(1, 0), cosignedBy(t, signed, cosignedAt, "b"), verify.Indeterminate, 0},
		{"before it ended", ended, q(1, 0), cosignedBy(t, signed, cosignedAt.Add(-12*time.Hour), "b"), verify.Passed, 1},
		{"after the judgement", three, q(1, 0), cosignedBy(t, signed, day("2031-01-01"), "b"), verify.Indeterminate, 0},
		{"a broken line", three, q(1, 0), broken, verify.Failed, 0},
		{"a broken line, of nobody", three[1:], q(1, 0), broken, verify.Indeterminate, 0},
		{"not asked then", three, &verify.WitnessQuorum{K: 3, From: stamp("2026-12-01")}, signed, verify.Passed, 0},
		{"asked from then on", three, &verify.WitnessQuorum{K: 3, From: stamp("2026-01-01")}, signed, verify.Indeterminate, 0},
	} {
		p := examplePolicy(t)
		p.Witnesses, p.WitnessQuorum = c.witnesses, c.quorum
		r := verify.NewReport()
		p.Witnessed(r, "x", c.signed, made, day("2030-01-01"))
		if c.want == "" {
			if len(r.Checks) != 0 {
				t.Errorf("%s: %v", c.name, r.Checks)
			}
			continue
		}
		if len(r.Checks) != 1 || r.Checks[0].Code != verify.CodeWitness || r.Verdict != c.want || r.Counts["cosigners"] != c.count {
			t.Errorf("%s: %v %v, want %s and %d", c.name, r.Checks, r.Counts, c.want, c.count)
		}
	}
}

func TestPolicyWitnesses(t *testing.T) {
	two := func() []verify.LogKey { return []verify.LogKey{witnessLine(t, "a", ""), witnessLine(t, "b", "North")} }
	for name, change := range map[string]func(*verify.Policy){
		"no key":             func(p *verify.Policy) { p.Witnesses[0].Key = "a+b" },
		"two names, one key": func(p *verify.Policy) { p.Witnesses[1].Key = sameKey() },
		"two entities":       func(p *verify.Policy) { p.Witnesses = append(p.Witnesses, witnessLine(t, "a", "South")) },
		"the log's key":      func(p *verify.Policy) { p.Witnesses[0].Key = p.LogKeys[0].Key },
		"until before from": func(p *verify.Policy) {
			p.Witnesses[0].From, p.Witnesses[0].Until = stamp("2027-01-01"), stamp("2026-01-01")
		},
		"log key of an entity": func(p *verify.Policy) { p.LogKeys[0].Entity = "North" },
		"quorum of nobody":     func(p *verify.Policy) { p.WitnessQuorum = &verify.WitnessQuorum{} },
		"quorum of too many":   func(p *verify.Policy) { p.WitnessQuorum = &verify.WitnessQuorum{K: 3} },
		"too many entities":    func(p *verify.Policy) { p.WitnessQuorum = &verify.WitnessQuorum{K: 2, Entities: 2} },
		"more entities than k": func(p *verify.Policy) {
			p.Witnesses[0].Entity = "South"
			p.WitnessQuorum = &verify.WitnessQuorum{K: 1, Entities: 2}
		},
		"negative": func(p *verify.Policy) { p.WitnessQuorum = &verify.WitnessQuorum{K: 1, Entities: -1} },
	} {
		p := examplePolicy(t)
		p.Witnesses = two()
		p.WitnessQuorum = &verify.WitnessQuorum{K: 2, Entities: 1}
		if _, err := verify.ParsePolicy(must(p.Marshal())); err != nil {
			t.Fatal(err)
		}
		change(p)
		if _, err := verify.ParsePolicy(must(p.Marshal())); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// against compares two packets and gives the verdict of the comparison and how much evidence there is.
func against(t *testing.T, a, b string) (verify.Verdict, int, string) {
	t.Helper()
	r := verify.NewReport()
	forks := examplePolicy(t).Against(r, a, b, day("2027-01-01"))
	var details []string
	for _, c := range r.Checks {
		if c.Code != verify.CodeFork {
			t.Errorf("%v", c)
		}
		details = append(details, c.Detail)
	}
	for _, f := range forks {
		for _, n := range f.Notes {
			if _, err := examplePolicy(t).Checkpoint(n, day("2026-11-22")); err != nil {
				t.Error(err)
			}
		}
	}
	return r.Verdict, len(forks), strings.Join(details, "; ")
}

func TestAgainst(t *testing.T) {
	made := func(change func(leaves [][]byte) [][]byte) string {
		files := examplePacket(t)
		leaves := change(exampleLeaves(t))
		relog(t, files, leaves)
		files[seal.PacketManifest] = manifest(files)
		return zipped(t, files)
	}
	as := made(func(l [][]byte) [][]byte { return l })
	more := func(n int, at int, word string) string {
		return made(func(l [][]byte) [][]byte {
			for range n {
				l = append(l, []byte("later"))
			}
			if at >= 0 {
				l[at] = []byte(word)
			}
			return l
		})
	}
	junk := examplePacket(t)
	otherLog(t, junk)
	junk[seal.PacketReleaseProof] = []byte("{}")
	for _, c := range []struct {
		name  string
		b     string
		want  verify.Verdict
		forks int
	}{
		{"itself", as, verify.Passed, 0},
		{"the same checkpoint", made(func(l [][]byte) [][]byte { return l }), verify.Passed, 0},
		{"one size, another event", more(0, 5, "forked"), verify.Failed, 1},
		{"larger, both halves known", more(2, -1, ""), verify.Passed, 0},
		{"larger, of another past", more(2, 0, "forked"), verify.Failed, 1},
		{"larger, of another event beside", more(2, 3, "forked"), verify.Failed, 1},
		{"larger, of another last event", more(2, 5, "forked"), verify.Failed, 1},
		{"no proofs at all", zipped(t, junk), verify.Indeterminate, 0},
		{"no packet", "nowhere.zip", verify.Indeterminate, 0},
	} {
		for _, pair := range [][2]string{{as, c.b}, {c.b, as}} {
			if got, forks, detail := against(t, pair[0], pair[1]); got != c.want || forks != c.forks {
				t.Errorf("%s: %s, %d forks: %s", c.name, got, forks, detail)
			}
		}
	}
}

func TestPacketWitnesses(t *testing.T) {
	files := examplePacket(t)
	files[seal.PacketManifest] = manifest(files)
	bare := zipped(t, files)
	receipt := must(seal.ParseReceipt(files[seal.PacketReleaseProof]))
	p := must(seal.ParseProof([]byte(receipt.Proof)))
	p.Checkpoint = cosignedBy(t, p.Checkpoint, cosignedAt, "a")
	receipt.Proof = string(p.Marshal())
	files[seal.PacketReleaseProof] = must(receipt.Marshal())
	l := must(seal.ParseProof(files["PROOF/B00001/LOG.TXT"]))
	l.Checkpoint = cosignedBy(t, l.Checkpoint, cosignedAt, "a")
	files["PROOF/B00001/LOG.TXT"] = l.Marshal()
	files[seal.PacketManifest] = manifest(files)
	cosigned := zipped(t, files)
	policy := examplePolicy(t)
	policy.Witnesses = []verify.LogKey{witnessLine(t, "a", "")}
	policy.WitnessQuorum = &verify.WitnessQuorum{K: 1}
	for name, want := range map[string]verify.Verdict{bare: verify.Indeterminate, cosigned: verify.Passed} {
		r := policy.Packet(name, day("2027-01-01"))
		if r.Verdict != verify.Passed {
			t.Fatal(r.Checks)
		}
		policy.PacketWitnesses(r, name, day("2027-01-01"))
		if r.Verdict != want {
			t.Errorf("%s: %v", r.Verdict, r.Checks)
		}
	}
}
