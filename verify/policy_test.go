package verify_test

import (
	"bytes"
	"strings"
	"testing"

	"kartoteka/verify"
)

func TestPolicyAgain(t *testing.T) {
	data, err := examplePolicy(t).Marshal()
	if err != nil || !bytes.Equal(data, vector(t, "policy-1.json")) {
		t.Errorf("got %s, %v", data, err)
	}
}

func TestParsePolicy(t *testing.T) {
	good := string(vector(t, "policy-1.json"))
	_, pem := producer(t, "producer")
	escaped := strings.ReplaceAll(pem, "\n", `\n`)
	for _, tt := range []struct{ name, old, new, want string }{
		{"as it is", "", "", ""},
		{"laid out another way", "\n  ", "", ""},
		{"no schema", "kartoteka/policy/1", "kartoteka/policy/2", "schema is not"},
		{"no origin", `"origin": "` + origin + `"`, `"origin": ""`, "origin or log key is missing"},
		{"unknown member", `"origin"`, `"trust": 1, "origin"`, "unknown field"},
		{"spelled another way", `"origin"`, `"Origin"`, "spelled another way"},
		{"twice", `"origin"`, `"origin": "x", "origin"`, "twice"},
		{"something after it", "\n}\n", "\n}\n{}", "goes on"},
		{"log key", "+496bf5c6+", "+496bf5c7+", "log key"},
		{"log key's window", `"log_keys": [
    {`, `"log_keys": [
    {"from": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z",`, "until is not after from"},
		{"producer without a name", `"name": "his"`, `"name": ""`, "needs a name"},
		{"key and chain", `"name": "his"`, `"name": "his", "chain": "x"`, "needs a name and either"},
		{"neither", escaped, "", "needs a name and either"},
		{"key of no kind", escaped, "-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\\n", "producer his"},
		{"chain without subject", `"key": "` + escaped + `"`, `"chain": "x"`, "needs the subject"},
		{"chain without root", `"key": "` + escaped + `"`, `"chain": "x", "subject": "CN=x"`, "no root"},
		{"window", `"name": "his"`, `"name": "his", "from": "2026-02-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"`, "until is not after from"},
		{"time", `"name": "his"`, `"name": "his", "from": "2026-02-01"`, "time is not of the form"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(good, tt.old) {
				t.Fatalf("no %q in the policy", tt.old)
			}
			_, err := verify.ParsePolicy([]byte(strings.Replace(good, tt.old, tt.new, 1)))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := verify.ParsePolicy(make([]byte, verify.MaxPolicy+1)); err == nil {
		t.Error("a policy of more than 4 MiB is accepted")
	}
}

// Keys follow each other: a checkpoint must carry every key that signs at its time, and no verdict is possible where
// none does.
func TestLogVerifiers(t *testing.T) {
	_, first := logKey(t, "log")
	_, second := logKey(t, "log 2")
	p := examplePolicy(t)
	p.LogKeys = []verify.LogKey{{Key: first, From: stamp("2026-01-01"), Until: stamp("2028-01-01")}, {Key: second, From: stamp("2027-01-01"), Until: stamp("2030-01-01")}}
	for _, tt := range []struct {
		at   string
		want int
	}{{"2025-12-31", 0}, {"2026-01-01", 1}, {"2027-01-01", 2}, {"2027-12-31", 2}, {"2028-01-01", 1}, {"2030-01-01", 0}} {
		vs, err := p.LogVerifiers(day(tt.at))
		if len(vs) != tt.want || (tt.want == 0) != (outcome(err) == "checkpoint indeterminate") {
			t.Errorf("%s: %d keys, %v; want %d", tt.at, len(vs), err, tt.want)
		}
	}
	if got := outcome(second2(p, vector(t, "checkpoint-1.txt"))); got != "checkpoint" {
		t.Errorf("a checkpoint without the second key: %s", got)
	}
}

func second2(p *verify.Policy, signed []byte) error {
	_, err := p.Checkpoint(signed, day("2027-06-01"))
	return err
}
