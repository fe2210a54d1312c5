package seal_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"kartoteka/seal"
)

// recipient is the text form of a vector's identity.
func recipient(t testing.TB, name string) string { return identity(t, name).Recipient().String() }

// The pair of the two identities among the vectors: its text form and fingerprint hold for ever.
func TestPairVector(t *testing.T) {
	one, other := recipient(t, "identity-custodian.txt"), recipient(t, "identity-index.txt")
	pair := min(one, other) + "+" + max(one, other)
	p, err := seal.ParseRecipient(pair, false)
	if err != nil || p.String() != pair {
		t.Fatalf("%v, %v", p, err)
	}
	if got := seal.Fingerprint(pair); got != "e56fd24c24b10973" {
		t.Errorf("fingerprint %s", got)
	}
}

func TestParseRecipient(t *testing.T) {
	made, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	two := []string{recipient(t, "identity-custodian.txt"), recipient(t, "identity-index.txt")}
	slices.Sort(two)
	a, b, classic := two[0], two[1], made.Recipient().String()
	mixed := min(a, classic) + "+" + max(a, classic)
	for _, tt := range []struct {
		name, text  string
		classic, ok bool
	}{
		{"one", a, false, true},
		{"pair", a + "+" + b, false, true},
		{"pair, classic ones allowed", a + "+" + b, true, true},
		{"pair with a classic one", mixed, false, false},
		{"pair with a classic one, allowed", mixed, true, true},
		{"not sorted", b + "+" + a, true, false},
		{"twice the same", a + "+" + a, true, false},
		{"three", a + "+" + b + "+" + b + "x", true, false},
		{"first only", a + "+", true, false},
		{"second only", "+" + a, true, false},
		{"nothing joined", "+", true, false},
		{"blank", a + " + " + b, true, false},
		{"line end", a + "+" + b + "\n", true, false},
		{"capitals", strings.ToUpper(a) + "+" + b, true, false},
		{"second cut", a + "+" + b[:len(b)-1], true, false},
	} {
		got, err := seal.ParseRecipient(tt.text, tt.classic)
		if (err == nil) != tt.ok || err == nil && got.String() != tt.text {
			t.Errorf("%s: %v", tt.name, err)
		}
		if sealed, err := seal.SealTo(tt.text, []byte("x")); err != nil && tt.ok || err == nil && !bytes.HasPrefix(sealed, []byte("age-encryption.org/v1\n")) {
			t.Errorf("%s: sealed to: %v", tt.name, err)
		}
	}
}

// Three pairs stand for two of three; the list takes each pair once.
func TestRecipientsOfPairs(t *testing.T) {
	var ids []string
	for range 3 {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id.Recipient().String())
	}
	slices.Sort(ids)
	custodian := func(i, j int) seal.Recipient {
		return seal.Recipient{Name: "pair", Role: seal.RecipientCustodian, Age: ids[i] + "+" + ids[j]}
	}
	index := seal.Recipient{Name: "index", Role: seal.RecipientIndex, Age: recipient(t, "identity-index.txt")}
	for _, tt := range []struct {
		name string
		list []seal.Recipient
		ok   bool
	}{
		{"two of three", []seal.Recipient{custodian(0, 1), custodian(0, 2), custodian(1, 2), index}, true},
		{"two of two", []seal.Recipient{custodian(0, 1), index}, true},
		{"a pair twice", []seal.Recipient{custodian(0, 1), custodian(0, 1), index}, false},
		{"twice the same", []seal.Recipient{custodian(1, 1), index}, false},
		{"not sorted", []seal.Recipient{custodian(2, 1), index}, false},
	} {
		data, err := seal.Recipients{Recipients: tt.list}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		r, err := seal.ParseRecipients(data)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil {
			continue
		}
		wrapped, err := r.Wrap(seal.ClassContent, seal.NewSecret())
		if err != nil || len(wrapped) != len(tt.list)-1 || wrapped[0].To != seal.Fingerprint(tt.list[0].Age) {
			t.Errorf("%s: wrapped %d times, %v", tt.name, len(wrapped), err)
		}
	}
}
