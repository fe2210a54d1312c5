package seal_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"kartoteka/seal"
)

// cosigner is the witness of the worked example in docs/format/cosignature.md.
func cosigner(t testing.TB, name string) *seal.Cosigner {
	t.Helper()
	skey, _ := noteKey(fixed("witness"), name)
	c, err := seal.ParseCosigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A cosignature by another implementation (sunlight) holds, and only under its own key.
func TestCosignatureOfOthers(t *testing.T) {
	const vkey = "witness.example.org+b8a2cf20+BFLN3yikSfFkVAJtrnh/CiY3Zozkoy7clp+P7XB28qUN"
	const signed = "rome2026h1.example.org\n300\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n\n" +
		"\u2014 rome2026h1.example.org kVB1JgAAAZtxtEwABAMARzBFAiEAi+mTa2xjL1IdWpH82OeciGsGvwRAP+f1WkfKaSZCfFECIHoNPZ/Q3y6UNzvKOO9cuLr6V16vPNfhwhle9f6r5H/Z\n" +
		"\u2014 witness.example.org uKLPIAAAAABpVGeAhm2bOvKc3LaB9PFN1ruG19Y5yqslmcAAbhftnn1Zznmo0LXFZq4LGvqKqLX8jWlwLKasxEGTLIqAVusneCBmBw==\n"
	key, err := seal.ParseWitnessKey(vkey)
	if err != nil || key.String() != vkey {
		t.Fatal(key, err)
	}
	list, err := seal.Cosignatures([]byte(signed), key, key)
	if err != nil || len(list) != 1 || list[0].At.Time.Unix() != 0x69546780 {
		t.Fatal(list, err)
	}
	if !strings.HasSuffix(signed, list[0].String()) {
		t.Errorf("the line is %q", list[0])
	}
	if list, err := seal.Cosignatures([]byte(signed), cosigner(t, "witness.example.org").Key()); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
	if _, err := seal.Cosignatures([]byte(strings.Replace(signed, "\n300\n", "\n301\n", 1)), key); err == nil {
		t.Error("a cosignature of another size holds")
	}
}

func TestCosign(t *testing.T) {
	c, at := cosigner(t, "witness.example/w"), time.Date(2026, 11, 21, 21, 0, 0, 0, time.UTC)
	signed := vector(t, "checkpoint-1.txt")
	got, err := c.Cosign(signed, at)
	if err != nil {
		t.Fatal(err)
	}
	both, err := seal.WithCosignatures(signed, got, got)
	if err != nil || string(both) != string(signed)+got.String() {
		t.Fatalf("%q %v", both, err)
	}
	later, err := c.Cosign(signed, at.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := seal.WithCosignatures(both, later); err != nil || string(again) != string(both) {
		t.Errorf("the later word took the earlier one's place: %q %v", again, err)
	}
	list, err := seal.Cosignatures(both, c.Key())
	if err != nil || len(list) != 1 || !list[0].At.Time.Equal(at) || list[0].String() != got.String() {
		t.Fatal(list, err)
	}
	if !seal.SameCheckpoint(signed, both) || seal.SameCheckpoint(signed, vector(t, "checkpoint-2.txt")) {
		t.Error("SameCheckpoint")
	}
	page, err := os.ReadFile(filepath.Join(formatPages, "cosignature.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{got.String(), c.Key().String()} {
		if !strings.Contains(string(page), strings.TrimSpace(want)) {
			t.Errorf("cosignature.md does not show %s", want)
		}
	}
}

func TestCosignatureFaults(t *testing.T) {
	c := cosigner(t, "witness.example/w")
	signed := vector(t, "checkpoint-1.txt")
	good, err := c.Cosign(signed, time.Unix(1<<31, 0))
	if err != nil {
		t.Fatal(err)
	}
	line := func(edit func([]byte) []byte) string {
		f := strings.Fields(good.String())
		raw, _ := base64.StdEncoding.DecodeString(f[2])
		return f[0] + " " + f[1] + " " + base64.StdEncoding.EncodeToString(edit(raw)) + "\n"
	}
	for name, l := range map[string]string{
		"another time":   line(func(b []byte) []byte { b[11] ^= 1; return b }),
		"time is zero":   line(func(b []byte) []byte { clear(b[4:12]); return b }),
		"time above":     line(func(b []byte) []byte { b[4] = 0x80; return b }),
		"cut":            line(func(b []byte) []byte { return b[:len(b)-1] }),
		"longer":         line(func(b []byte) []byte { return append(b, 0) }),
		"a bit":          line(func(b []byte) []byte { b[40] ^= 4; return b }),
		"no line feed":   strings.TrimSuffix(good.String(), "\n"),
		"unused bits":    strings.Replace(good.String(), "=\n", "=\n", 1)[:len(good.String())-4] + "B==\n",
		"not a line":     "witness\n",
		"plain Ed25519":  line(func(b []byte) []byte { return append(b[:4], b[12:]...) }),
		"spaces between": strings.Replace(good.String(), " ", "  ", 2),
	} {
		if list, err := seal.Cosignatures(append(signed[:len(signed):len(signed)], l...), c.Key()); err == nil && len(list) > 0 {
			t.Errorf("%s: holds", name)
		}
	}
	if _, err := c.Cosign(signed, time.Unix(0, 0)); err == nil {
		t.Error("cosigns in 1970")
	}
	if _, err := c.Cosign([]byte("no checkpoint"), time.Unix(1, 0)); err == nil {
		t.Error("cosigns anything")
	}
}

func TestWitnessKeys(t *testing.T) {
	skey, vkey := noteKey(fixed("witness"), "w.example/1")
	as4, err := seal.ParseWitnessKey(vkey)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := seal.ParseWitnessKey(as4.String()); err != nil || again.String() != as4.String() || !again.Equal(as4) {
		t.Error(again, err)
	}
	if v, _ := note.NewVerifier(vkey); v.KeyHash() == as4.KeyHash() {
		t.Error("one hash for two algorithms")
	}
	name, rest, _ := strings.Cut(vkey, "+")
	hash, b64, _ := strings.Cut(rest, "+")
	for what, text := range map[string]string{
		"empty": "", "no name": "+" + rest, "a space": "w example+" + rest, "another name": "v" + vkey, "hash": name + "+00000000+" + b64,
		"upper case": name + "+" + strings.ToUpper(hash) + "+" + b64, "short": name + "+" + hash + "+AQ==", "algorithm": name + "+" + hash + "+Ag" + b64[2:],
		"trailing": vkey + "\n", "private": skey,
	} {
		if _, err := seal.ParseWitnessKey(text); err == nil && !(what == "upper case" && strings.ToUpper(hash) == hash) {
			t.Errorf("%s: taken", what)
		}
	}
	for _, text := range []string{vkey, "PRIVATE+KEY+" + vkey, skey + "x", strings.Replace(skey, "w.example", "v.example", 1)} {
		if _, err := seal.ParseCosigner(text); err == nil {
			t.Errorf("%s: taken", text)
		}
	}
}

func addCheckpoint(t testing.TB, old string, lines ...string) []byte {
	body := "old " + old + "\n"
	for _, l := range lines {
		body += l + "\n"
	}
	return []byte(body + "\n" + string(vector(t, "checkpoint-1.txt")))
}

func TestAddCheckpoint(t *testing.T) {
	hash := base64.StdEncoding.EncodeToString(make([]byte, 32))
	good := addCheckpoint(t, "2", hash, hash)
	r, err := seal.ParseAddCheckpoint(good)
	if err != nil || r.Old != 2 || len(r.Proof) != 2 || string(r.Marshal()) != string(good) {
		t.Fatal(r, err)
	}
	many := strings.Split(strings.Repeat(hash+" ", 64), " ")[:64]
	if _, err := seal.ParseAddCheckpoint(addCheckpoint(t, "2", many[:63]...)); err != nil {
		t.Error(err)
	}
	for name, body := range map[string][]byte{
		"empty": nil, "garbage": []byte("\x00\xff"), "no old": addCheckpoint(t, "", hash), "sign": addCheckpoint(t, "+2"), "negative": addCheckpoint(t, "-1"),
		"leading zero": addCheckpoint(t, "02"), "too large": addCheckpoint(t, "9223372036854775808"), "space": addCheckpoint(t, "2 "),
		"short hash": addCheckpoint(t, "2", "AAAA"), "unused bits": addCheckpoint(t, "2", hash[:42]+"B="), "no base64": addCheckpoint(t, "2", strings.Repeat("*", 44)),
		"64 lines": addCheckpoint(t, "2", many...), "carriage return": []byte(strings.ReplaceAll(string(good), "\n", "\r\n")),
		"no checkpoint": []byte("old 2\n\n"), "no empty line": []byte(fmt.Sprintf("old 2\n%s\n", hash)), "huge": make([]byte, seal.MaxAddCheckpoint+1),
	} {
		if _, err := seal.ParseAddCheckpoint(body); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzAddCheckpoint(f *testing.F) {
	f.Add(addCheckpoint(f, "0"))
	f.Add(addCheckpoint(f, "2", base64.StdEncoding.EncodeToString(make([]byte, 32))))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := seal.ParseAddCheckpoint(data)
		if err == nil && string(r.Marshal()) != string(data) {
			t.Errorf("%q is read as %q", data, r.Marshal())
		}
	})
}
