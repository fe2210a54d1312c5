package unseal_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"kartoteka/seal"
	"kartoteka/seal/unseal"
)

// three are identities in the order of their recipients.
func three(t *testing.T) (ids []*age.HybridIdentity, to []string) {
	t.Helper()
	for range 3 {
		ids = append(ids, hybrid(t))
	}
	slices.SortFunc(ids, func(a, b *age.HybridIdentity) int {
		return strings.Compare(a.Recipient().String(), b.Recipient().String())
	})
	for _, id := range ids {
		to = append(to, id.Recipient().String())
	}
	return ids, to
}

// Two of three: any two open, in whatever order they come, and nobody alone.
func TestPairs(t *testing.T) {
	ids, to := three(t)
	a, b, c := ids[0], ids[1], ids[2]
	stranger, secret := hybrid(t), seal.NewSecret()
	pairs := []string{to[0] + "+" + to[1], to[0] + "+" + to[2], to[1] + "+" + to[2]}
	ab, ac, bc := seal.Fingerprint(pairs[0]), seal.Fingerprint(pairs[1]), seal.Fingerprint(pairs[2])
	foreign, half := unseal.ErrForeign.Error(), unseal.ErrHalf.Error()
	for _, tt := range []struct {
		name   string
		ids    []age.Identity
		damage int    // 1 for the first secret
		want   string // fingerprint, or the beginning of an error
	}{
		{"first and second", []age.Identity{a, b}, 0, ab},
		{"second and first", []age.Identity{b, a}, 0, ab},
		{"first and third", []age.Identity{a, c}, 0, ac},
		{"second and third", []age.Identity{c, b}, 0, bc},
		{"all", []age.Identity{a, b, c}, 0, ab},
		{"all, a secret is damaged", []age.Identity{a, b, c}, 1, ac},
		{"first and third, another's secret is damaged", []age.Identity{a, c}, 1, ac},
		{"a stranger and two", []age.Identity{stranger, a, c}, 0, ac},
		{"first alone", []age.Identity{a}, 0, half},
		{"first twice", []age.Identity{a, a}, 0, half},
		{"second alone", []age.Identity{b}, 0, half},
		{"third alone: never the first of a pair", []age.Identity{c}, 0, foreign},
		{"first and a stranger", []age.Identity{a, stranger}, 0, half},
		{"third and a stranger", []age.Identity{stranger, c}, 0, foreign},
		{"stranger", []age.Identity{stranger}, 0, foreign},
		{"nobody", nil, 0, foreign},
		{"first and second, theirs is damaged", []age.Identity{a, b}, 1, "open content.keys"},
		{"first alone, a secret is damaged", []age.Identity{a}, 1, "open content.keys"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := &seal.Keyfile{Head: seal.KeyfileHead{Class: seal.ClassContent}, Secrets: wrap(t, secret.Passphrase(), pairs...)}
			if tt.damage > 0 {
				w := &k.Secrets[tt.damage-1]
				w.Age = flip(w.Age, len(w.Age)-1)
			}
			got, err := unseal.Keyfile(k, tt.ids...)
			if err == nil && got.To != tt.want || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %+v, %v, want %s", got, err, tt.want)
			}
			if (tt.want == half || tt.want == foreign) && (!errors.Is(err, unseal.ErrForeign) || errors.Is(err, unseal.ErrHalf) != (tt.want == half)) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A pair's secret and one person's stand side by side, as after a change of mind about custody.
func TestPairBesideOne(t *testing.T) {
	ids, to := three(t)
	k := &seal.Keyfile{Secrets: wrap(t, seal.NewSecret().Passphrase(), to[0]+"+"+to[1], to[2])}
	for i, want := range []string{"", "", seal.Fingerprint(to[2])} {
		key, err := unseal.Keyfile(k, ids[i])
		if want == "" && !errors.Is(err, unseal.ErrForeign) || want != "" && (err != nil || key.To != want) {
			t.Errorf("identity %d: %+v, %v", i, key, err)
		}
	}
}

// What stands in two age files and is no secret: neither three layers nor another text are ErrForeign.
func TestPairOfNoSecret(t *testing.T) {
	ids, to := three(t)
	pair, secret := to[0]+"+"+to[1], seal.NewSecret().Passphrase()
	nested, err := seal.SealTo(to[2], []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"three layers": string(nested), "a password": "a password", "nothing": "",
		"more than a secret": secret + "0", "the beginning of an age file": "age-encryption.org/v1\n", "much": strings.Repeat("0", 1<<20)} {
		_, err := unseal.Keyfile(&seal.Keyfile{Secrets: wrap(t, text, pair)}, ids[0], ids[1], ids[2])
		if err == nil || errors.Is(err, unseal.ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A secret sealed once to a pair (testdata/pair): it must open for ever.
func TestPairVector(t *testing.T) {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata", "pair", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var ids []age.Identity
	for _, name := range []string{"first.key", "second.key"} {
		list, err := unseal.Identities(read(name), nil)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, list...)
	}
	pair := strings.TrimSpace(string(read("pair.pub")))
	k := &seal.Keyfile{Secrets: []seal.WrappedSecret{{To: seal.Fingerprint(pair), Age: read("secret.age")}}}
	if key, err := unseal.Keyfile(k, ids...); err != nil || key.To != "007967c513ece1a8" {
		t.Errorf("%+v, %v", key, err)
	}
	for i, want := range []error{unseal.ErrHalf, unseal.ErrForeign} {
		if _, err := unseal.Keyfile(k, ids[i]); err != want {
			t.Errorf("identity %d: %v, want %v", i, err, want)
		}
	}
}
